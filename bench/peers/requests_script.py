"""The bare script over REST: requests, one page after the other, rows to SQLite and, when asked, one by one to Plex."""

from __future__ import annotations

import requests
from meter import measured, read_order
from rows import Table, Upserter, from_rest
from signing import fetch_token, workers_path


def main() -> None:
    order = read_order()
    workday, session = order.ready["workday"], requests.Session()
    session.headers["Authorization"] = f"Bearer {fetch_token(session, workday)}"
    table, plex = Table(f"{order.folder}/requests.db"), Upserter(requests.Session(), order.ready["plex"])
    url, offset, total = workday["url"] + workers_path(workday), 0, 1
    with measured("cold") as told:
        while offset < min(total, order.workers):
            answer = session.get(
                url, params={"limit": 100, "offset": offset, "includeTerminatedWorkers": "true"}, timeout=300
            )
            answer.raise_for_status()
            page = answer.json()
            total, offset = page["total"], offset + 100
            rows = [from_rest(worker) for worker in page["data"]]
            table.keep(rows)
            told.workers += len(rows)
            for row in rows if order.write else ():
                plex.send(row)
                told.writes += 1


if __name__ == "__main__":
    main()
