"""
The stage manager: days, scenarios, faults, permissions and settings, and what really is there behind both doors.

Everything is JSON below `/sandbox` on the Workday port. A wrong request is told what would have been right.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ml_connector.sandbox.arrivals import Arrivals
from ml_connector.sandbox.deeds import Deeds
from ml_connector.sandbox.fault_scenarios import PREFIX, find_fault
from ml_connector.sandbox.faults import FaultBook, parse_fault
from ml_connector.sandbox.http import Request, Response, json_response
from ml_connector.sandbox.plex.sandbox import PERMISSIONS, PlexSandbox
from ml_connector.sandbox.scenario_groups import GROUPS
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sources import BY_ALIAS
from ml_connector.sandbox.workday.switches import Switches

_BASE = "/sandbox"
_SCENARIOS = [name for names in GROUPS.values() for name in names]
_SOURCE = "wql:"


class WorkdaySide(Protocol):
    """What the control needs of the pretended Workday."""

    switches: Switches

    def change_setting(self, name: str, value: Any) -> None:
        """Change a setting; `ValueError` names what is known."""

    def grant_source(self, alias: str, *, granted: bool) -> None:
        """Grant or withhold a WQL data source; `LookupError` names what is known."""

    def reset(self) -> None:
        """Take settings and grants back."""

    def state(self, name: str) -> list[dict[str, Any]]:
        """What really is there; `LookupError` names what is known."""


class WrongRequestError(Exception):
    """A control request that cannot be carried out, with the status it deserves."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


Action = Callable[[Request], Any]
_MOST_DAYS = 3_660


class Control:
    """Answers control requests. GET on `scenario`, `fault`, `permission` and `setting` tells what may be asked for."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        workday: WorkdaySide,
        plex: PlexSandbox,
        faults: FaultBook,
        arrivals: Arrivals,
        deeds: Deeds,
        now: Callable[[], datetime],
    ) -> None:
        self._tenant, self._workday, self._plex = tenant, workday, plex
        self._faults, self._arrivals, self._deeds, self._now = faults, arrivals, deeds, now
        self._actions: Mapping[tuple[str, str], Action] = {
            ("POST", "advance"): self._advance,
            ("POST", "scenario"): self._play,
            ("GET", "scenario"): lambda _: {"scenarios": _SCENARIOS, "groups": GROUPS},
            ("POST", "fault"): self._add_fault,
            ("GET", "fault"): lambda _: faults.report(),
            ("DELETE", "fault"): self._clear_faults,
            ("GET", "requests"): self._list_requests,
            ("DELETE", "requests"): self._clear_requests,
            ("POST", "permission"): self._set_permission,
            ("GET", "permission"): lambda _: {"plex": list(PERMISSIONS), "workday": _workday_permissions()},
            ("POST", "setting"): self._set_setting,
            ("GET", "setting"): lambda _: {"plex": asdict(plex.switches), "workday": asdict(workday.switches)},
            ("GET", "clock"): lambda _: self._clocks(),
            ("POST", "clock"): self._set_clock,
            ("POST", "edit"): self._edit,
            ("POST", "reset"): self._reset,
            ("GET", "log"): self._list_deeds,
        }

    def answer(self, request: Request) -> Response:
        """Answer one control request."""
        path = request.path.removeprefix(_BASE).strip("/")
        try:
            if request.method == "GET" and path.startswith("state/"):
                return json_response(self._state(path))
            action = self._actions.get((request.method, path))
            if action is None:
                raise self._unknown(request.method, path)
            told = action(request)
            if request.method != "GET":
                self._note(request, path)
            return json_response(told)
        except WrongRequestError as wrong:
            return json_response({"error": wrong.message}, wrong.status)

    def _note(self, request: Request, path: str) -> None:
        """Keep what was asked for and done."""
        given = _body(request) if request.body else {}
        self._deeds.note("control", method=request.method, path=path, given=given)

    def _unknown(self, method: str, path: str) -> WrongRequestError:
        methods = sorted(known for known, name in self._actions if name == path)
        if methods:
            return WrongRequestError(f"{_BASE}/{path} takes {' and '.join(methods)}, not {method}", status=405)
        known = ", ".join([*sorted({name for _, name in self._actions}), "state/plex/NAME", "state/workday/NAME"])
        return WrongRequestError(f"nothing at {_BASE}/{path}; known: {known}", status=404)

    def _advance(self, request: Request) -> Any:
        days = _body(request).get("days", 1)
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MOST_DAYS:
            raise WrongRequestError(f"days is a whole number from 1 to {_MOST_DAYS}")
        quiet = _body(request).get("quiet", False)
        if not isinstance(quiet, bool):
            raise WrongRequestError("quiet is true or false")
        return self._tenant.advance(days, quiet=quiet)

    def _play(self, request: Request) -> Any:
        body = _body(request)
        name = _text(body, "name")
        if name not in _SCENARIOS:
            near = difflib.get_close_matches(name, _SCENARIOS, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise WrongRequestError(f"there is no scenario {name!r}{meant}; there are {', '.join(_SCENARIOS)}")
        try:
            if name.startswith(PREFIX):
                detail = {key: value for key, value in body.items() if key not in {"name", "system"}}
                return self._set_fault(find_fault(name, system=str(body.get("system", "workday"))) | detail)
            if name in self._plex.scenarios():
                return self._plex.play(name)
            return self._tenant.play(name)
        except LookupError as unknown:
            raise WrongRequestError(str(unknown.args[0])) from None

    def _add_fault(self, request: Request) -> Any:
        return self._set_fault(_body(request))

    def _set_fault(self, given: Mapping[str, Any]) -> Any:
        try:
            self._faults.add(parse_fault(given))
        except ValueError as wrong:
            raise WrongRequestError(str(wrong)) from None
        return self._faults.report()

    def _clear_faults(self, request: Request) -> Any:
        self._faults.clear()
        return self._faults.report()

    def _list_requests(self, request: Request) -> Any:
        return self._arrivals.list(system=request.query.get("system", [None])[0], since=_since(request))

    def _list_deeds(self, request: Request) -> Any:
        return self._deeds.list(since=_since(request))

    def _clear_requests(self, request: Request) -> Any:
        self._arrivals.clear()
        return {"ok": True}

    def _state(self, path: str) -> Any:
        system, _, name = path.removeprefix("state/").partition("/")
        try:
            if system == "plex":
                return self._plex.state(name)
            if system == "workday":
                return self._workday.state(name)
        except LookupError as unknown:
            raise WrongRequestError(str(unknown.args[0]), status=404) from None
        raise WrongRequestError(f"no system {system!r}; known: plex, workday", status=404)

    def _set_permission(self, request: Request) -> Any:
        body = _body(request)
        system, name, granted = _text(body, "system"), _text(body, "name"), body.get("granted")
        if not isinstance(granted, bool):
            raise WrongRequestError("granted is true or false")
        try:
            if system == "plex":
                self._plex.set_permission(name, granted=granted)
            elif system == "workday" and name.startswith(_SOURCE):
                self._workday.grant_source(name.removeprefix(_SOURCE), granted=granted)
            elif system == "workday":
                (self._tenant.grant_domain if granted else self._tenant.revoke_domain)(name)
            else:
                raise WrongRequestError("system is one of workday, plex")
        except (ValueError, LookupError) as unknown:
            raise WrongRequestError(str(unknown.args[0])) from None
        return {"system": system, "name": name, "granted": granted}

    def _set_setting(self, request: Request) -> Any:
        body = _body(request)
        name, system = _text(body, "name"), body.get("system", "plex")
        self._change_setting(system, name, body.get("value"))
        return {"system": system, "name": name, "value": body.get("value")}

    def _change_setting(self, system: Any, name: str, value: Any) -> None:
        try:
            if system == "plex":
                self._plex.switches.change(name, value)
            elif system == "workday":
                self._workday.change_setting(name, value)
            else:
                raise WrongRequestError("system is one of workday, plex")
        except ValueError as wrong:
            raise WrongRequestError(str(wrong)) from None

    def _clocks(self) -> dict[str, str]:
        return {name: clock.astimezone(UTC).isoformat(timespec="seconds") for name, clock in self._shown().items()}

    def _shown(self) -> dict[str, datetime]:
        """
        What each system takes for now: Workday goes by its tenant's clock, in which eight in the morning lasts all day.
        """
        plex = self._now() + timedelta(seconds=self._plex.switches.clock_offset_s)
        return {"workday": self._tenant.clock, "plex": plex}

    def _set_clock(self, request: Request) -> Any:
        """Make a system's clock wrong by so much that it shows a given instant."""
        body = _body(request)
        system = body.get("system", "workday")
        switches = self._plex.switches if system == "plex" else self._workday.switches
        shown = self._shown()["plex" if system == "plex" else "workday"]
        try:
            at = datetime.fromisoformat(_text(body, "at"))
            offset_s = switches.clock_offset_s + math.ceil((at - shown).total_seconds())
        except (ValueError, TypeError):
            raise WrongRequestError("at is an instant such as 2026-11-27T23:30:00-08:00") from None
        self._change_setting(system, "clock_offset_s", offset_s)
        return self._clocks()

    def _edit(self, request: Request) -> Any:
        body = _body(request)
        fields, later = body.get("fields"), body.get("at") == "next_write"
        if not isinstance(fields, dict | None):
            raise WrongRequestError("fields is an object, or null to remove the employee")
        try:
            self._plex.edit_employee(_text(body, "plant"), _text(body, "badge"), fields=fields, at_next_write=later)
        except LookupError as unknown:
            raise WrongRequestError(str(unknown.args[0])) from None
        return {"edited": body}

    def _reset(self, request: Request) -> Any:
        self._faults.reset()
        self._tenant.reset()
        self._workday.reset()
        self._plex.reset()
        self._arrivals.clear()
        self._deeds.clear()
        return {"ok": True, "today": self._tenant.today.isoformat()}


def _workday_permissions() -> list[str]:
    """List the security domains, then the data sources, each of which can be withheld by itself."""
    return [*sorted(domains.ALL), *(f"{_SOURCE}{alias}" for alias in BY_ALIAS)]


def _since(request: Request) -> int:
    since = request.query.get("since", ["0"])[0]
    if not (since.isascii() and since.isdigit()):
        raise WrongRequestError("since is the seq of the last one already seen")
    return int(since)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise WrongRequestError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise WrongRequestError("the body is a JSON object")
    return body


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise WrongRequestError(f"{name} is missing")
    return value
