"""
Changing the master key, in an order that may be interrupted anywhere.

The new key is kept beside the old one first, then the rows change in one transaction, then the old key goes. Before
its commit the rows need the old key and it is there; after it they need the new one and it is there too. The key's
place is only ever changed in one's turn: one rotation never writes over what another one put there.
"""

from __future__ import annotations

from collections.abc import Callable

from ml_connector.storage.database import Database, Transaction
from ml_connector.vault.keys import MasterKey, open_master_key, retire_all_but, stage_successor
from ml_connector.vault.store import Rotated, Vault


def rotate_master_key(
    database: Database, *, setting: str, record: Callable[[Transaction, Rotated], None] = lambda _tx, _rotated: None
) -> Rotated:
    """
    Replace the master key in the place *setting* names, or finish a replacement that was interrupted.

    *record* writes the audit event in the transaction that changes the rows; it is not called when none changes.

    Raises:
        ConfigurationError: nothing was changed; the sentence says why.
    """

    def reload() -> MasterKey:
        return open_master_key(setting)

    with database.transaction() as tx:
        Vault.take_turn(tx)
        current = reload()
        vault = Vault(database, master_key=current, reload=reload)
        in_force = vault.check(tx=tx)
        if current.successor is not None and in_force == current.successor.id:
            rotated = Rotated(master_key=in_force, data_keys=0, credentials=0)
        else:
            rotated = vault.rotate(tx, new_master_key=stage_successor(setting))
            record(tx, rotated)
    with database.transaction() as tx:  # only now, after the commit, does nothing need the old key any more
        Vault.take_turn(tx)
        in_force = vault.check(tx=tx)
        if in_force is not None:
            retire_all_but(setting, key_id=in_force)
    return rotated
