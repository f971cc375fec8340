"""Who competes at what, and the runs: one child at a time, contestants alternating, the same pages for all."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.control import ask
from bench.environments import HERE, NotInstalledError, open_environment
from bench.measure import Child, ChildFailedError, run_child
from ml_connector.sandbox.kept_pages import serve_prerendered
from ml_connector.sandbox.prerender import PAGE_SIZES

OURS = "ml-connector"
PAGES = HERE / ".pages"
_PLENTY = 10_000_000
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """
    One program: its name in the tables, its task, and, for a peer, its environment and script.

    *target* is the environment and name of a program that keeps what a peer only hands on.
    """

    name: str
    environment: str | None = None
    script: str = ""
    target: tuple[str, str] | None = None
    order: dict[str, Any] = field(default_factory=dict)


ZEEP = Contestant(name="zeep + requests", environment="scripts", script="zeep_script.py")
XMLTODICT = Contestant(name="xmltodict + requests", environment="scripts", script="xmltodict_script.py")
SPLIT = Contestant(name="bare split and pick, lxml", environment="scripts", script="split_script.py")
AIRBYTE = Contestant(
    name="Airbyte's declarative source, REST", environment="airbyte", script="airbyte_source.py", order={"fit": False}
)
AIRBYTE_FIT = Contestant(
    name="Airbyte's declarative source, values fitted to its schema, REST",
    environment="airbyte",
    script="airbyte_source.py",
    order={"fit": True},
)
AIRBYTE_KEPT = Contestant(
    name="Airbyte's declarative source, kept by PyAirbyte, REST", environment="airbyte_cache", script="airbyte_cache.py"
)
REQUESTS = Contestant(name="requests, REST", environment="scripts", script="requests_script.py")
SINGER = Contestant(name="Singer SDK tap, REST", environment="singer", script="singer_tap.py")
SINGER_KEPT = Contestant(
    name="Singer SDK tap, kept by target-jsonl, REST",
    environment="singer",
    script="singer_tap.py",
    target=("singer_target", "target-jsonl"),
)
DLT = Contestant(name="dlt, REST", environment="dlt", script="dlt_pipeline.py")
OURS_SOAP = Contestant(name=f"{OURS}, SOAP", order={"task": "read", "surface": "soap"})
OURS_ONE_CORE = Contestant(
    name=f"{OURS}, SOAP, one core", order={"task": "read", "surface": "soap", "cores": 1, "change": False}
)
OURS_REST = Contestant(name=f"{OURS}, REST + WQL", order={"task": "read", "surface": "rest"})
OURS_STAFFING = Contestant(name=f"{OURS}, REST", order={"task": "read", "surface": "rest", "alone": True})
OURS_SYNC = Contestant(name=f"{OURS}, sync", order={"task": "sync", "surface": "soap", "days": 1})
OURS_REST_SYNC = Contestant(name=f"{OURS}, sync over REST", order={"task": "sync", "surface": "rest", "days": 1})
OURS_DAYS = Contestant(name=f"{OURS}, sync", order={"task": "sync", "surface": "soap", "days": 3})
OURS_PACE = Contestant(name=f"{OURS}, pace", order={"task": "pace"})


@dataclass
class Results:
    """Every child by contest and contestant, and why some are missing."""

    children: dict[str, dict[str, list[Child]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    missing: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def phases(self, contest: str, name: str, phase: str = "cold") -> list[Any]:
        """Give one phase of every round."""
        return [each for child in self.children[contest].get(name, ()) for each in child.phases.get(phase, ())]


@contextmanager
def served(workers: int, *, calls_per_minute: int = _PLENTY) -> Iterator[dict[str, Any]]:
    """Run one server of kept pages; give what an order needs to know of it."""
    pages = PAGES / str(workers)
    with (
        serve_prerendered(workers=workers, page_sizes=PAGE_SIZES, folder=pages) as server,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        setting = {"system": "plex", "name": "calls_per_minute", "value": calls_per_minute}
        ask(server.ready["control"] + "/setting", setting)
        ready = Path(folder) / "ready.json"
        ready.write_text(json.dumps(server.ready))
        yield {"ready_file": str(ready), "pages": str(pages), "control": server.ready["control"], "workers": workers}


def compete(
    results: Results,
    contest: str,
    contestants: Sequence[Contestant],
    *,
    rounds: int,
    serve: Callable[[], Any],
    fresh: bool,
    say: Say,
    **order: Any,
) -> None:
    """Let each contestant run once per round. With *fresh* each run has a server of its own, as after a write."""
    if fresh:
        for number in range(1, rounds + 1):
            for contestant in contestants:
                with serve() as place:
                    _run(results, contest, contestant, {**place, **order}, f"round {number}", say)
        return
    with serve() as place:
        for number in range(1, rounds + 1):
            for contestant in contestants:
                _run(results, contest, contestant, {**place, **order}, f"round {number}", say)


def _run(results: Results, contest: str, contestant: Contestant, order: dict[str, Any], where: str, say: Say) -> None:
    name, missing = contestant.name, results.missing[contest]
    if name in missing:
        return
    say(f"{contest}: {name}, {where}")
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            whole = {"page_size": 100, "write": False, "change": True, **order, **contestant.order, "folder": folder}
            whole["target"] = _find_target(contestant)
            child = run_child([*_command(contestant), json.dumps(whole)])
    except NotInstalledError as reason:
        missing[name] = f"cannot be installed here: {reason}"
    except ChildFailedError as reason:
        missing[name] = f"ended with an error: {reason}"
    else:
        results.children[contest][name].append(child)


def _command(contestant: Contestant) -> list[str]:
    if contestant.environment is None:
        # Not as a module: child processes of ours import the main module anew, and this one is no part of a sync.
        return [sys.executable, "-c", "from bench.ours import main; main()"]
    python = open_environment(contestant.environment)
    return [str(python), str(HERE / "peers" / contestant.script)]


def _find_target(contestant: Contestant) -> str | None:
    if contestant.target is None:
        return None
    environment, program = contestant.target
    return str(open_environment(environment).with_name(program))
