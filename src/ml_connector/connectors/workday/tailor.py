"""
Fits a WQL query to what this tenant grants: fields it refuses are left out and remembered, never guessed.

A refused query does not say reliably which of its fields is the reason, so the fields are then tried one by one.
"""

from __future__ import annotations

import threading
from datetime import date

import msgspec

from ml_connector.connectors.workday.ahead import Wish
from ml_connector.connectors.workday.json_answers import Collection
from ml_connector.connectors.workday.rest import RestClient
from ml_connector.connectors.workday.wql import Source, build_query
from ml_connector.errors import ConfigurationError

_REFUSALS = 2


class SourceRefusedError(ConfigurationError):
    """The tenant carries no query of a data source out, whatever its fields."""


class FieldRefusedError(ConfigurationError):
    """The tenant refuses a field of a source that cannot be done without."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A source with the fields the tenant takes, those it refused, and whether it takes an effective date."""

    source: Source
    refused: tuple[str, ...] = ()
    dated: bool = True


class Tailor:
    """Remembers per source what fits; safe to share between threads."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._fitted: dict[tuple[str, tuple[str, ...], bool], Fitted] = {}

    def fit(self, source: Source, *, effective_on: date | None) -> Fitted:
        """
        Find out what of *source* the tenant takes; asked once.

        Raises:
            SourceRefusedError: no such source is granted. FieldRefusedError: an indispensable field is refused.
        """
        key = (source.type, tuple(source.fields), effective_on is not None)
        with self._lock:
            if key not in self._fitted:
                self._fitted[key] = self._try_on(source, effective_on)
            return self._fitted[key]

    def known(self, kind: str) -> tuple[str, ...]:
        """The fields of a type that were refused so far."""
        return tuple(dict.fromkeys(n for (t, *_), fitted in self._fitted.items() if t == kind for n in fitted.refused))

    def _try_on(self, source: Source, effective_on: date | None) -> Fitted:
        for alias in (source.alias, *source.other_aliases):
            candidate = msgspec.structs.replace(source, alias=alias)
            if self._takes(candidate, None, effective_on):
                return Fitted(source=candidate)
            if self._takes(candidate, candidate.needed[:1], None):
                return self._try_fields(candidate, effective_on)
        named = " or ".join((source.alias, *source.other_aliases))
        raise SourceRefusedError(
            f"Workday refuses the data source {named}, or its field {source.fields[source.needed[0]]}",
            remedy=f"grant the API client Workday Query Language and the source, or set workday.wql.{source.type}",
        )

    def _try_fields(self, source: Source, effective_on: date | None) -> Fitted:
        """The source is there: find out whether it takes a date, and each field one by one."""
        dated = effective_on is None or self._takes(source, source.needed[:1], effective_on)
        on = effective_on if dated else None
        fields, refused = {}, []
        for name, alias in source.fields.items():
            for candidate in (alias, *source.other_names.get(name, ())):
                if self._takes(msgspec.structs.replace(source, fields={name: candidate}), (name,), on):
                    fields[name] = candidate
                    break
            else:
                refused.append(name)
        indispensable = [name for name in source.needed if name in refused]
        if indispensable:
            named = ", ".join(f"{source.fields[name]} ({name})" for name in indispensable)
            raise FieldRefusedError(
                f"Workday refuses of the data source {source.alias} the field {named}",
                remedy=f"grant its domain, or set workday.wql.{source.type}.fields to the tenant's own alias",
            )
        taken = msgspec.structs.replace(source, fields=fields)
        return Fitted(source=taken, refused=tuple(refused), dated=dated)

    def _takes(self, source: Source, names: tuple[str, ...] | None, effective_on: date | None) -> bool:
        """A refusal counts when it is repeated: one stray answer must not cost a field for as long as we run."""
        query = build_query(source, effective_on=effective_on, names=names)
        return any(self._client.takes_query(query, task=f"wql.{source.alias}") for _ in range(_REFUSALS))

    def ask(self, source: Source, wish: Wish, *, effective_on: date | None) -> Collection:
        """One page of the source. Raises as `RestClient.ask_data`."""
        query = build_query(source, effective_on=effective_on)
        return self._client.ask_data(query, wish, task=f"wql.{source.alias}")
