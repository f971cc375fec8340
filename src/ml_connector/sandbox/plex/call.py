"""One call of the resource API on its way to the operation that answers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.answers import json_answer, malformed
from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.switches import Switches
from ml_connector.sandbox.plex.tables import Tables


@dataclass(frozen=True)
class Call:
    """
    A call let in.

    *record_id* is the id in the path, `""` where there is none. Reads look at `seen`, which may lag; writes change
    `tables`.
    """

    request: Request
    pcn: str
    record_id: str
    enterprise: Enterprise
    switches: Switches

    @property
    def query(self) -> Mapping[str, list[str]]:
        """The query, repeated names kept."""
        return self.request.query

    @property
    def tables(self) -> Tables:
        """The plant's tables as they are."""
        return self.enterprise.plants[self.pcn]

    @property
    def seen(self) -> Tables:
        """The plant's tables as a read sees them now."""
        return self.enterprise.seen(self.pcn)

    def json(self) -> Any:
        """
        Read the body; numbers with a fraction become `Decimal`.

        Raises:
            RefusedError: 400 REQUEST_MALFORMED.
        """
        try:
            return json.loads(self.request.body, parse_float=Decimal)
        except ValueError:
            raise malformed("The body is not JSON.") from None

    def answer(self, value: Any, *, status: int = 200) -> Response:
        """Answer with JSON, empty fields in the form the switches ask for."""
        return json_answer(_emptied(value, self.switches.empty_form), status=status)


def _emptied(value: Any, form: str) -> Any:
    if isinstance(value, list):
        return [_emptied(each, form) for each in value]
    if not isinstance(value, dict) or form == "null":
        return value
    fields = {name: _emptied(each, form) for name, each in value.items() if each is not None or form == "empty"}
    return {name: "" if each is None else each for name, each in fields.items()}
