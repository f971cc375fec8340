"""
What every measured child tells about its own work, on one line of JSON. Standard library only: each peer imports it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def read_order() -> Any:
    """Read the one argument: what to measure, where the systems are, and a folder to work in."""
    order = SimpleNamespace(**json.loads(sys.argv[1]))
    order.ready = json.loads(Path(order.ready_file).read_text())
    return order


@contextmanager
def measured(phase: str) -> Iterator[SimpleNamespace]:
    """Tell how long the inside took, in wall and CPU seconds; the inside sets `workers` and, if any, `writes`."""
    told = SimpleNamespace(phase=phase, workers=0, writes=0)
    began, cpu = time.perf_counter(), _cpu_s()
    yield told
    line = {**vars(told), "wall_s": time.perf_counter() - began, "cpu_s": _cpu_s() - cpu}
    # Descriptor 3 is ours alone: a Singer tap owns its standard output.
    with open(3, "w", closefd=False) as channel:
        channel.write(json.dumps(line) + "\n")


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime + below.ru_utime + below.ru_stime
