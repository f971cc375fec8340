"""
Who was found in step, and by what: where none of it changed the same would be found again, and is not worked out anew.

All that the decision about an ordinary worker follows from is one digest: the worker as Workday shows them, the texts of
their place, the manager's record, what Plex shows of the employee and its attributes, and the settings. What else could
decide (a day that lies ahead, another job, a doubt, another wearer of the badge, a record left in another plant, a missing
parent) is looked at afresh each time, and whoever has any of it is not ordinary. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from ml_connector.canonical.keys import encode
from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.people import person_id
from ml_connector.mapping.placement import Place
from ml_connector.mapping.projection import badge, manager_of
from ml_connector.settings.model import Connection
from ml_connector.sync.inputs import DECISION

RECORDS = ("employee", "employee_attributes")
"""What an ordinary worker is in a plant."""


class Ground(NamedTuple):
    """
    What is known of an ordinary worker once everybody is placed; the rest is what other records say.

    *worker* is the person's key, *key* the employee's in *plant*; *me* and *manager* are typed ids; *digest* sums up the
    worker and the place.
    """

    worker: str
    plant: str
    key: str
    source: str
    me: str
    manager: str | None
    badge: str
    digest: bytes


def ground_of(worker: Worker, place: Place) -> Ground:
    """Sum up a worker and where they belong."""
    digest = hashlib.blake2b(encode(worker), digest_size=20)
    digest.update(encode([place.plant, place.key, place.fields, place.cost_center]))
    return Ground(
        worker=worker.key,
        plant=place.plant,
        key=place.key,
        source=worker.employee_id,
        me=person_id(worker.worker_type, worker.employee_id),
        manager=manager_of(worker, place.job),
        badge=badge(worker),
        digest=digest.digest(),
    )


def sum_up_settings(connection: Connection, missing: Collection[str]) -> bytes:
    """All that is the same for everybody: the settings, what is withheld, and how decisions are made."""
    told = [DECISION, connection.model_dump(mode="json"), sorted(missing)]
    return hashlib.blake2b(encode(told), digest_size=20).digest()


def sum_up(ground: Ground, *, settings: bytes, supervisor: str | None, shown: tuple[str, ...]) -> str:
    """The digest of all that decides; *shown* are the hashes of what Plex shows of the worker's records."""
    digest = hashlib.blake2b(settings, digest_size=20)
    digest.update(ground.digest)
    digest.update(encode([supervisor, shown]))
    return digest.hexdigest()
