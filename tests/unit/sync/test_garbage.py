"""Garbage is looked for more seldom while a plan is made, and as before afterwards, however that ends."""

import contextlib
import gc

from ml_connector.sync.garbage import looking_seldom


def test_garbage_is_looked_for_as_before_afterwards():
    before = gc.get_threshold()

    @looking_seldom()
    def plan():
        assert gc.get_threshold()[0] > before[0]
        raise ValueError

    for _ in range(2):
        with contextlib.suppress(ValueError):
            plan()
        assert gc.get_threshold() == before
