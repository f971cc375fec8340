"""WQL: the catalog, the served part of the language, grants for each data source, values as recorded."""

from __future__ import annotations

import msgspec
import pytest

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.query import QueryError, parse_query
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.rest import WQL, get, refusal, rows, select
from tests.unit.sandbox.soap import content


@pytest.fixture
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=60))


def test_the_catalog_lists_describes_and_names_fields(sandbox: WorkdaySandbox) -> None:
    listed = rows(sandbox, f"{WQL}/dataSources", limit=100)
    by_alias = {source["alias"]: source for source in listed["data"]}
    assert {"allWorkers", "costCenters", "allPositions", "allJobProfiles"} <= set(by_alias)
    one = rows(sandbox, f"{WQL}/dataSources/{by_alias['allWorkers']['id']}")
    assert (one["filterIsRequired"], one["supportsEffectiveDate"], one["supportsEntryDate"]) == (False, True, True)
    fields = rows(sandbox, f"{WQL}/dataSources/{one['id']}/fields", limit=100)
    kinds = {field["alias"]: field["type"] for field in fields["data"]}
    assert kinds["employeeID"] == "Text"
    assert kinds["totalBasePay_Amount"] == "Currency"
    assert kinds["costCenter"] == "Single instance"


def test_values_are_written_as_recorded_and_missing_ones_are_absent(sandbox: WorkdaySandbox) -> None:
    query = "SELECT employeeID, costCenter, totalBasePay_Amount, hireDate, isActive, terminationDate FROM allWorkers"
    found = {row["employeeID"]: row for row in select(sandbox, query, limit=100)}
    first = found["000001"]
    assert set(first["costCenter"]) == {"descriptor", "id"}
    assert first["totalBasePay_Amount"]["currency"] == "USD"
    assert isinstance(first["totalBasePay_Amount"]["value"], str)
    assert first["isActive"] is True
    assert "terminationDate" not in first


def test_where_order_and_limit(sandbox: WorkdaySandbox) -> None:
    everybody = select(sandbox, "SELECT employeeID, hireDate FROM allWorkers ORDER BY hireDate", limit=1000)
    days = [row["hireDate"] for row in everybody]
    assert len(days) == 60
    assert days == sorted(days)
    since = days[30]
    later = select(sandbox, f'SELECT employeeID FROM allWorkers WHERE hireDate > "{since}"', limit=100)
    assert len(later) == sum(day > since for day in days)
    answer = rows(sandbox, f"{WQL}/data", query="SELECT employeeID FROM allWorkers LIMIT 5")
    assert (answer["total"], len(answer["data"])) == (5, 5)
    named = select(sandbox, "select employeeID as id from allWorkers where employeeID in ('000001', '000002')")
    assert sorted(row["id"] for row in named) == ["000001", "000002"]
    ended = len(select(sandbox, "SELECT employeeID FROM allWorkers WHERE terminationDate IS NOT NULL", limit=100))
    assert (
        len(select(sandbox, "SELECT employeeID FROM allWorkers WHERE terminationDate IS NULL", limit=100)) == 60 - ended
    )
    for others in ("employeeID != '000001'", "employeeID NOT IN ('000001')"):
        assert len(select(sandbox, f"SELECT employeeID FROM allWorkers WHERE {others}", limit=100)) == 59
    none = select(sandbox, "SELECT employeeID FROM allWorkers WHERE employeeID = '000001' AND isActive = false")
    assert none == []


def test_a_posted_query_is_the_same_query(sandbox: WorkdaySandbox) -> None:
    query = "SELECT referenceID, name, code FROM costCenters ORDER BY code DESC"
    posted = get(sandbox, f"{WQL}/data", body=msgspec.json.encode({"query": query}), limit=100)
    assert msgspec.json.decode(content(posted))["data"] == select(sandbox, query, limit=100)


def test_both_moments_can_be_asked_for(sandbox: WorkdaySandbox) -> None:
    before = sandbox.tenant.now().isoformat()
    sandbox.tenant.advance(1)
    now = {row["name"] for row in select(sandbox, "SELECT name FROM costCenters", limit=100)}
    query = f'SELECT name FROM costCenters(effectiveAsOfDate="2026-11-24", entryMoment="{before}")'
    then = {row["name"] for row in select(sandbox, query, limit=100)}
    assert (now - then, then - now) == ({"Final Assembly"}, {"Assembly"})


def test_a_future_hire_is_there_with_nothing_dated(sandbox: WorkdaySandbox) -> None:
    key = sandbox.tenant.play("future_hire")["touched"][0]
    query = f"SELECT employeeID, hireDate, position FROM allWorkers WHERE employeeID = '{key}'"
    assert [set(row) for row in select(sandbox, query)] == [{"employeeID", "hireDate"}]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT shoeSize FROM allWorkers", "Field shoeSize is not valid for data source allWorkers."),
        ("SELECT name FROM nowhere", "Data source nowhere is not valid."),
        ("SELECT employeeID FROM workersForHCMReporting", "Specify a data source filter"),
        ("SELECT employeeID FROM allWorkers WHERE fullName LIKE 'A'", "LIKE is not an operator"),
        ("SELECT FROM", "The end where FROM is expected"),
        ("DROP allWorkers", "DROP where SELECT is expected"),
        ("SELECT employeeID FROM allWorkers LIMIT x", "LIMIT is a whole number"),
        ("SELECT employeeID FROM allWorkers; SELECT", "Unexpected character"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_sentence(sandbox: WorkdaySandbox, query: str, says: str) -> None:
    status, body = refusal(get(sandbox, f"{WQL}/data", query=query))
    assert status == 400
    assert says in body


def test_each_data_source_is_granted_by_itself(sandbox: WorkdaySandbox) -> None:
    sandbox.grant_source("costCenters", granted=False)
    assert get(sandbox, f"{WQL}/data", query="SELECT name FROM costCenters").status == 400
    assert "costCenters" not in {row["alias"] for row in rows(sandbox, f"{WQL}/dataSources", limit=100)["data"]}
    assert select(sandbox, "SELECT name FROM allJobProfiles")
    sandbox.grant_source("costCenters", granted=True)
    assert select(sandbox, "SELECT name FROM costCenters")
    sandbox.tenant.revoke_domain(domains.COMPENSATION)
    paid = select(sandbox, "SELECT employeeID, totalBasePay_Amount FROM allWorkers")
    assert not any("totalBasePay_Amount" in row for row in paid)
    assert get(sandbox, f"{WQL}/data", query="SELECT employeeID FROM compensationForWorkers").status == 400


@pytest.mark.parametrize("query", ["SELECT a FROM b WHERE c = ", "SELECT a FROM b(x=1)", "SELECT a b FROM c", ""])
def test_half_a_query_is_no_query(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)


def test_positions_name_who_sits_on_them(sandbox: WorkdaySandbox) -> None:
    every = rows(sandbox, f"{WQL}/data", query="SELECT positionID, worker FROM allPositions", limit=1000)
    free = select(sandbox, "SELECT positionID, worker FROM allOpenPositions", limit=1000)
    assert len([row for row in every["data"] if "worker" not in row]) == len(free) > 0
