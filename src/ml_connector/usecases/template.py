"""The configuration file as `init` writes it: commented for a person to fill in, or ready for the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ml_connector.connectors.plex.catalog import NAMES
from ml_connector.settings.workday import SurfaceName

COMMENTED = """\
# ml-connector: keeps Plex in step with Workday.
#
# Fill in every empty value, then:  ml-connector config check
# Secrets never stand here:         ml-connector credentials set SYSTEM FIELD
# What is still missing:            ml-connector doctor
# Every key:                        ml-connector config schema
# What each means:                  docs/guides/engineer.md#settings
# An environment variable overrides a key: ML_CONNECTOR__DATABASE__URL=…

[database]
url = "sqlite:///ml-connector.db"          # postgresql+psycopg://USER@HOST/NAME when one machine is not enough

[vault]
master_key = "file:ml-connector.key"       # opens the credentials; keep a copy elsewhere. Also env:NAME, keyring:SERVICE

[audit]
# anchor_file = "/mnt/elsewhere/ml-connector.anchor"   # where the database's writer cannot edit

[log]
level = "warning"
file = "ml-connector.log"

[hosts]
# allow = ["gateway.example.com"]          # a gateway of your own in front of Workday or Plex
# ca_bundle = "company-ca.pem"

[connections.acme.workday]
host = ""                                  # the services host, as in wd2-impl-services1.workday.com
tenant = ""                                # as in acme1
surface = "soap"                           # soap | rest (REST and WQL, auth = "oauth") | report (workers only)
auth = "isu"                               # isu (user name and password) | oauth (refresh token)
version = "v45.0"
time_zone = "America/Los_Angeles"          # of the tenant

# surface = "rest": only where the tenant's aliases differ from the usual ones ("" for a field it does not have).
# [connections.acme.workday.wql.worker]
# fields = { active = "isActive" }

# surface = "report": a custom report enabled as a web service, one row per worker.
# [connections.acme.workday.report]
# owner = "ISU_mlc"
# name = "ML_Connector_Workers"
# columns = { email = "Work_Email" }

[connections.acme.plex]
base_url = "https://cloud.plex.com/api"    # https://connect.plex.com with auth = "api_key"
token_url = "https://accounts.plex.com/oauth2/token"
auth = "oauth2"                            # oauth2 | api_key | basic: as your Plex agreement says; doctor tries it
calls_per_minute = 200                     # of the whole company: ask what else uses it

[[connections.acme.plex.plants]]           # one block per plant
pcn = ""                                   # the Plex Customer Number, as in 101
company_code = ""                          # as in ACME-DET
# tenant_id = ""                           # the Plex tenant UUID: ml-connector read plex tenant
time_zone = "America/Detroit"
# default_shift = "Day"                    # for new employees and planned headcount; Workday names no Plex shift
routes = [
  # { company = "C10", location = "DET" }, # whose people belong here: Workday company and location, * for any
]

# Data sources without a public id: ask your Plex Champion. What needs one is held until it is set.
# [connections.acme.plex.datasources.cost_center_add]
# id = 0

# A change of a mapping row in force waits for another person; "one_person" lets one do it alone.
# [connections.acme.mapping]
# approval = "two_people"

[connections.acme.sync]
# Nothing reads the next one yet: until the program runs by itself the schedule is yours (cron: ml-connector sync).
workers_every = "15 min"                   # 5 min at least between two polls of Workday
full_compare = "daily 02:00 America/Detroit"   # everything is read once a day, only what changed between
overlap = "5 min"                          # how far each window on Workday's log reaches back
guard = { deactivate_over = "max(10, 2%)", field_change_over = "20%" }
"""

_MORE_COLUMNS = {"universal_id": "Universal_ID", "jobs.shift_id": "Work_Shift"}
REHEARSAL = "sandbox"
"""The name of the connection to the sandbox."""


def render_rehearsal(ready: Mapping[str, Any], *, surface: SurfaceName = "soap") -> str:
    """
    Write the configuration for a running sandbox from what its ready file tells, reading Workday over *surface*.

    Raises:
        KeyError: the file is no ready file.
    """
    workday, plex = ready["workday"], ready["plex"]
    lines = [
        "# A rehearsal: simulated systems on this machine, with throw-away credentials.",
        "# For the real ones: point host, tenant, base_url, token_url and the plants at them, then",
        "# ml-connector config check, ml-connector credentials set …, ml-connector doctor.",
        "",
        "[database]",
        'url = "sqlite:///ml-connector.db"',
        "",
        "[vault]",
        'master_key = "file:ml-connector.key"',
        "",
        "[audit]",
        'anchor_file = "ml-connector.anchor"',
        "",
        "[log]",
        'file = "ml-connector.log"',
        "",
        f"[connections.{REHEARSAL}.workday]",
        f"host = {_text(workday['url'])}",
        f"tenant = {_text(workday['tenant'])}",
        f'surface = "{surface}"',
        f'auth = "{"oauth" if surface == "rest" else "isu"}"',
        "",
        *(_report(workday["report"]) if surface == "report" else ()),
        f"[connections.{REHEARSAL}.sync]",
        'clock_ahead = "400 days"   # here days pass at once; leave it out for a Workday that lives by the clock',
        "",
        f"[connections.{REHEARSAL}.plex]",
        f"base_url = {_text(plex['base_url'])}",
        f"token_url = {_text(plex['token_url'])}",
        'auth = "oauth2"',
        f"calls_per_minute = {int(plex.get('calls_per_minute', 200))}",
        "settle_s = 0.1",
        "",
    ]
    for plant in plex["plants"]:
        lines += _plant(plant)
    # It tells of everything it serves, of which we use a part.
    for name, number in sorted((name, number) for name, number in plex.get("datasources", {}).items() if name in NAMES):
        lines += [f"[connections.{REHEARSAL}.plex.datasources.{name}]", f"id = {int(number)}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _report(report: Mapping[str, Any]) -> list[str]:
    """The table of the report; of columns that are not asked for by default those that it has."""
    there = {field: column for field, column in _MORE_COLUMNS.items() if column in report["columns"]}
    return [
        f"[connections.{REHEARSAL}.workday.report]",
        *(f"{key} = {_text(report[key])}" for key in ("owner", "name", "effective_prompt")),
        f"columns = {{ {', '.join(f'{_text(field)} = {_text(column)}' for field, column in there.items())} }}",
        "",
    ]


def _plant(plant: Mapping[str, Any]) -> list[str]:
    lines = [f"[[connections.{REHEARSAL}.plex.plants]]"]
    lines += [f"{key} = {_text(plant[key])}" for key in ("pcn", "company_code", "tenant_id")]
    lines += [f"{key} = {_text(plant[key])}" for key in ("time_zone", "default_shift") if plant.get(key)]
    routes = [f"{{ company = {_text(r['company'])}, location = {_text(r['location'])} }}" for r in plant["routes"]]
    return [*lines, f"routes = [{', '.join(routes)}]", ""]


def _text(value: object) -> str:
    """A TOML basic string is a JSON string."""
    return json.dumps(str(value))
