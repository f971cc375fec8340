"""Canonical JSON: one spelling of a record, written straight from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from ml_connector.canonical.keys import encode, fingerprint, to_plain
from ml_connector.canonical.workforce import Compensation, Job, Name, Organizations, Worker
from ml_connector.secret import Pay

WORKER = Worker(
    key="0" * 32,
    employee_id="1001",
    worker_type="employee",
    name=Name(given="Zoë", middle=None),
    active=True,
    hired_on=date(2024, 2, 29),
    terminated_on=None,
    jobs=(Job(primary=True, fte="0.5", title="Q: \u2028"), Job(position_id="P-2")),
    organizations=Organizations(company="C", cost_center="CC"),
    compensation=Compensation(amount=Pay("31.50"), currency="USD", frequency="Hourly"),
)


@pytest.mark.parametrize("disclose_pay", [False, True])
@pytest.mark.parametrize(
    "value", [WORKER, replace(WORKER, jobs=()), [WORKER, {"b": Decimal("1.50"), "a": {2: "x", 1: None}}], {}]
)
def test_the_canonical_json_is_the_plain_record_with_keys_in_order(value: object, disclose_pay: bool) -> None:
    plain = msgspec.json.encode(to_plain(value, disclose_pay=disclose_pay), order="sorted")
    assert encode(value, disclose_pay=disclose_pay) == plain
    assert (b"31.50" in plain) is (disclose_pay and value != {})


def test_equal_pay_hidden_or_not_is_one_spelling_each() -> None:
    raised = replace(WORKER, compensation=Compensation(amount=Pay("32.50"), currency="USD", frequency="Hourly"))
    assert encode(raised) == encode(WORKER)
    assert fingerprint(raised) != fingerprint(WORKER)
    with pytest.raises(TypeError, match="no canonical form"):
        encode(object())
