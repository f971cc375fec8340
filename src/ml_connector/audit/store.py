"""
The audit trail: appended to in the transaction of what it tells, checked as a stream, exported, anchored.

Three tables: the chain itself, its sealed head, and the ids behind the chain's pseudonyms, which may be forgotten
without breaking the chain. Nothing is appended to a trail whose end is not as we left it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from ml_connector.audit import chain, verifier
from ml_connector.audit.event import (
    AuditAction,
    AuditEvent,
    disguise,
    pseudonym,
    pseudonyms_in,
    reveal,
    storable,
)
from ml_connector.audit.files import append_line, begin_file, write_whole
from ml_connector.audit.verifier import Head, TrailVerdict
from ml_connector.errors import ConfigurationError
from ml_connector.storage.database import Database, Transaction, insert_for, insert_many, insert_or, metadata

_PAGE = 1000
_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("seq", _Number, primary_key=True, autoincrement=False),
    *[
        sa.Column(name, sa.Text, nullable=name not in ("at", "action", "actor", "fields", "detail"))
        for name in chain.COLUMNS
    ],
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("seal", sa.String(32), nullable=False),
    sa.Index("ix_audit_event_action", "action"),
)
_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("events", _Number, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("seal", sa.String(64), nullable=False),
)
_subject = sa.Table(
    "audit_subject",
    metadata,
    sa.Column("pseudonym", sa.String(40), primary_key=True),
    sa.Column("identity", sa.Text, nullable=False),
)


_KEEP = sa.insert(_event)


@cache
def _know(dialect: str) -> sa.Insert:
    return insert_for(dialect, _subject).on_conflict_do_nothing()


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it can be shown: ids put back where we still have them, hashes as commitments."""

    seq: int
    event: AuditEvent


class AuditTrail:
    """
    Who did what. *seal_key* is a derived key that lasts (`Vault.derive`), *anchor_file* lies where the database's
    writer cannot edit. Without the key the trail can be listed and its chain checked, and nothing is appended.
    """

    def __init__(
        self, database: Database, *, seal_key: bytes | None, anchor_file: str | os.PathLike[str] | None
    ) -> None:
        self._database = database
        self._kept_seal_key = seal_key
        self._kept_key = None if seal_key is None else chain.head_key(seal_key)
        self._appended = False
        self._anchor_file = Path(anchor_file) if anchor_file is not None else None

    def append(self, tx: Transaction, events: Sequence[AuditEvent]) -> None:
        """
        Add *events* in their order, in the transaction that does what they tell: both are kept or neither is.

        Raises:
            ConfigurationError: the end of the trail is not as we left it. Nothing may be written then.
        """
        if not events:
            return
        head = self._lock_head(tx)
        if not head.events and self._anchor_file is not None:
            begin_file(self._anchor_file)  # before the first event is kept: from then on, no file means that it is gone
        last, rows, subjects = head.hash, [], {}
        for seq, event in enumerate(events, start=head.events + 1):
            hidden, people = disguise(event, seal_key=self._seal_key)
            entry = chain.link(hidden, seq=seq, previous=last, key=self._key)
            rows.append((seq, *map(entry.columns.__getitem__, chain.COLUMNS), entry.hash, entry.seal))
            subjects.update(people)
            last = entry.hash
        insert_many(tx, _KEEP, rows, names=("seq", *chain.COLUMNS, "hash", "seal"))
        if subjects:
            insert_many(tx, _know(tx.dialect.name), subjects.items(), names=("pseudonym", "identity"))
        count = head.events + len(events)
        seal = chain.seal_of("head", seq=count, digest=last, key=self._key)
        tx.execute(sa.update(_head).values(events=count, hash=last, seal=seal))
        self._appended = True

    def verify(self) -> TrailVerdict:
        """Check every event, the head, the anchors and whose events they were, in constant memory."""
        anchors = self._anchors()  # before the view opens: later ones speak of events it does not show
        with self._database.reading() as tx:
            return self._judge(tx, anchors)

    def go_on_without(self, tx: Transaction, event: AuditEvent) -> None:
        """
        Append *event*, which tells that the old seal key is lost, as the first one under the new key.

        It seals everything before it anew, so that is checked first, as far as it can be without the old key.

        Raises:
            ConfigurationError: the trail was altered. Nothing is sealed over.
        """
        head = self._read_head(tx, lock=True)
        verdict = verifier.verify(self._stream(tx), head=lambda: head, anchors=self._anchors() or ())
        if not verdict.ok:
            raise ConfigurationError(
                f"the audit trail was altered, and a new key must not cover that up: {verdict.problem}",
                remedy="restore the database from a backup",
            )
        if head is not None:
            seal = chain.seal_of("head", seq=head.events, digest=head.hash, key=self._key)
            tx.execute(sa.update(_head).values(seal=seal))
        self.append(tx, [event])

    def list(self, limit: int = 100, *, action: AuditAction | None = None, key: str | None = None) -> list[StoredEvent]:
        """The newest events first; *key* finds those about one record (a worker's id, a plan's digest, a run)."""
        query = sa.select(_event).order_by(_event.c.seq.desc()).limit(limit)
        if action is not None:
            query = query.where(_event.c.action == action.value)
        if key is not None:
            query = query.where(self._about(key))
        with self._database.reading() as tx:
            found = [(row["seq"], _event_from(row)) for row in tx.execute(query).mappings()]
            stand_ins = set().union(*(pseudonyms_in(event) for _, event in found))
            subjects = self._subjects(tx, sorted(stand_ins))
        return [StoredEvent(seq=seq, event=reveal(event, subjects=subjects)) for seq, event in found]

    def export(self, path: str | os.PathLike[str]) -> int:
        """
        Write the chain as JSON Lines that the stand-alone verifier checks; returns how many events.

        Pseudonyms stay pseudonyms. The file is readable by its owner only, and there whole or not at all.
        """
        with self._database.reading() as tx:
            head = self._read_head(tx)
            lines = self._export_lines(tx, head)
            write_whole(Path(path), lines)
        return head.events if head is not None else 0

    def write_anchor(self, *, only_if_appended: bool = False) -> None:
        """
        Note the sealed head in the anchor file; without one, or with nothing new, do nothing.

        *only_if_appended*: by this object, since it was made.

        Raises:
            ConfigurationError: the file cannot be written, or the end of the trail is not as we left it.
        """
        if self._anchor_file is None or (only_if_appended and not self._appended):
            return
        with self._database.transaction() as tx:  # the head's lock keeps two processes' anchors in order
            head = self._lock_head(tx)
            if head.events:
                seal = chain.seal_of("anchor", seq=head.events, digest=head.hash, key=self._key)
                append_line(self._anchor_file, _line({"events": head.events, "hash": head.hash, "seal": seal}))

    def forget(self, tx: Transaction, identity: str) -> bool:
        """Lose the id behind a pseudonym for good; the chain still verifies. False when it was not known."""
        stand_in = pseudonym(self._seal_key, identity)
        return tx.execute(sa.delete(_subject).where(_subject.c.pseudonym == stand_in)).rowcount > 0

    def auditor_key(self) -> str:
        """The head key in hex, for `verifier.py --key-file`: checks seals, and opens no pseudonym or commitment."""
        return self._key.hex()

    @property
    def _seal_key(self) -> bytes:
        if self._kept_seal_key is None:
            raise _without_key()
        return self._kept_seal_key

    @property
    def _key(self) -> bytes:
        if self._kept_key is None:
            raise _without_key()
        return self._kept_key

    # Judging ---------------------------------------------------------------------------------------------------------

    def _judge(self, tx: Transaction, anchors: Iterator[verifier.Anchor] | None) -> TrailVerdict:
        present = set(sa.inspect(tx).get_table_names())
        lost = [table.name for table in (_event, _head, _subject) if table.name not in present]
        if lost:
            first_bad = 1 if _event.name in lost else None
            return _altered(0, f"the table {' and '.join(lost)} is gone", first_bad=first_bad)
        head, key = self._read_head(tx), self._kept_key
        told = sa.select(_event).where(_event.c.action == verifier.KEY_LOST).order_by(_event.c.seq)
        since = verifier.key_changed_at((dict(row) for row in tx.execute(told).mappings()), key=key)
        verdict = verifier.verify(
            self._stream(tx), head=lambda: head, anchors=anchors or (), key=key, sealed_from=since
        )
        # A first event may have come with its file since we looked: only a file that is still not there is gone.
        if verdict.ok and verdict.events and anchors is None and self._anchors() is None:
            problem = f"the anchor file {self._anchor_file} is gone, and the trail has {verdict.events} events: it may "
            problem += "be an older copy. Where the file was only just configured, the next run begins it"
            return _altered(verdict.events, problem, first_bad=None)
        return self._judge_subjects(tx, verdict) if verdict.ok and key is not None else verdict

    def _judge_subjects(self, tx: Transaction, verdict: TrailVerdict) -> TrailVerdict:
        """A pseudonym is computed from the id: another id beside it means that somebody changed whose event it was."""
        pairs = tx.execute(sa.select(_subject).execution_options(yield_per=_PAGE))
        wrong = {row.pseudonym for row in pairs if pseudonym(self._seal_key, row.identity) != row.pseudonym}
        if not wrong:
            return verdict
        since = verdict.sealed_from or 1
        for row in self._stream(tx, after=since - 1):
            if pseudonyms_in(_event_from(row)) & wrong:
                problem = f"whose event {row['seq']} was has been changed: its pseudonym stands beside another id"
                return _altered(verdict.events, problem, first_bad=row["seq"])
        if since > 1:  # made with the key that was lost: nobody can tell any more
            return verdict
        return _altered(verdict.events, "an id stands beside a pseudonym that is not its own", first_bad=None)

    # The head --------------------------------------------------------------------------------------------------------

    def _read_head(self, tx: Transaction, *, lock: bool = False) -> Head | None:
        query = sa.select(_head.c.events, _head.c.hash, _head.c.seal).where(_head.c.id == 1)
        row = tx.execute(query.with_for_update() if lock else query).one_or_none()
        return Head(row.events, row.hash, row.seal) if row is not None else None

    def _lock_head(self, tx: Transaction) -> Head:
        """The head, held against other writers, and certainly ours: an altered end is never built upon."""
        head = self._read_head(tx, lock=True)
        if head is None:
            seal = chain.seal_of("head", seq=0, digest=chain.GENESIS, key=self._key)
            first = {"id": 1, "events": 0, "hash": chain.GENESIS, "seal": seal}
            tx.execute(insert_or(tx, _head).on_conflict_do_nothing(), first)
            head = self._read_head(tx, lock=True)
        last = tx.execute(sa.select(_event.c.seq, _event.c.hash).order_by(_event.c.seq.desc()).limit(1)).one_or_none()
        seq, digest = (last.seq, last.hash) if last is not None else (0, chain.GENESIS)
        if (
            head is None
            or (head.events, head.hash) != (seq, digest)
            or not chain.is_sealed(head.seal, kind="head", seq=seq, digest=digest, key=self._key)
        ):
            raise ConfigurationError(
                "the end of the audit trail is not as it was left, or another key sealed it: nothing is written",
                remedy="ml-connector audit verify   names the first bad event; then restore the database from a backup",
            )
        return head

    # Rows ------------------------------------------------------------------------------------------------------------

    def _stream(self, tx: Transaction, *, after: int | None = None) -> Iterator[dict[str, Any]]:
        while True:
            query = sa.select(_event).order_by(_event.c.seq).limit(_PAGE)
            rows = tx.execute(query if after is None else query.where(_event.c.seq > after)).all()
            yield from (dict(row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name
            if len(rows) < _PAGE:
                return
            after = rows[-1].seq

    def _export_lines(self, tx: Transaction, head: Head | None) -> Iterator[str]:
        yield _line({"format": verifier.FORMAT})
        for row in self._stream(tx):
            yield _line(row)
        if head is not None:
            yield _line({"head": head._asdict()})

    def _anchors(self) -> Iterator[verifier.Anchor] | None:
        """What the anchor file tells; None when it is configured and not there."""
        if self._anchor_file is None:
            return iter(())
        if not self._anchor_file.exists():
            return None
        return verifier.read_anchors(self._anchor_file, size=self._anchor_file.stat().st_size)

    def _about(self, key: str) -> Any:
        """Events about one record: by its id, or by any pseudonym its id was ever given."""
        key = storable(key) or ""
        with self._database.reading() as tx:
            names = set(tx.execute(sa.select(_subject.c.pseudonym).where(_subject.c.identity == key)).scalars())
        names |= {key} | ({pseudonym(self._kept_seal_key, key)} if self._kept_seal_key else set())
        about = [_event.c.object.endswith(mark + name, autoescape=True) for name in sorted(names) for mark in "|/"]
        return sa.or_(*about, _event.c.run == key, _event.c.plan == key)

    def _subjects(self, tx: Transaction, stand_ins: Sequence[str]) -> dict[str, str]:
        subjects: dict[str, str] = {}
        for start in range(0, len(stand_ins), 500):
            query = sa.select(_subject).where(_subject.c.pseudonym.in_(stand_ins[start : start + 500]))
            subjects.update({row.pseudonym: row.identity for row in tx.execute(query)})
        return subjects


def _altered(events: int, problem: str, *, first_bad: int | None) -> TrailVerdict:
    return TrailVerdict(ok=False, events=events, first_bad=first_bad, anchored=False, problem=problem)


def _without_key() -> ConfigurationError:
    return ConfigurationError(
        "the audit trail cannot be sealed without the vault's key: nothing is written",
        remedy="put the key back from where you keep it; lost for good: ml-connector credentials rotate-key --lost",
    )


def _event_from(row: Mapping[Any, Any]) -> AuditEvent:
    return AuditEvent(
        action=AuditAction(row["action"]),
        actor=row["actor"],
        at=datetime.fromisoformat(row["at"]),
        object=row["object"],
        run=row["run"],
        plan=row["plan"],
        fields=tuple(json.loads(row["fields"])),
        before_hash=row["before_hash"],
        after_hash=row["after_hash"],
        reason=row["reason"],
        outcome=row["outcome"],
        detail=json.loads(row["detail"]),
    )


def _line(item: dict[str, Any]) -> str:
    """One line, whatever is in it: everything but plain ASCII is escaped."""
    return json.dumps(item, separators=(",", ":")) + "\n"
