"""The one decision, leaf by leaf."""

from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping.desired import Desired
from ml_connector.sync.diff import Decision, decide

FIELDS = {"badge_number": "21001", "first_name": "Ada", "department": "4100-STP", "shift": "Day"}


def employee(state="present", **fields):
    values = {**FIELDS, **fields}
    return Desired(type="employee", plant="101", key="k", source="21001", label="Ada", state=state, fields=values)


def in_plex(**fields):
    values = {**FIELDS, "status": "Active", **fields}
    return PlexRecord(type="employee", plant="101", key="k", fields=values)


def decided(desired, actual, baseline=None) -> Decision | None:
    return decide(desired, actual, baseline=baseline, status_inactive="Inactive")


def test_an_unknown_worker_is_created():
    decision = decided(employee(), None)
    assert decision is not None
    assert (decision.action, decision.after) == ("create", FIELDS)


def test_a_record_removed_by_hand_is_created_again_and_says_so():
    decision = decided(employee(), None, baseline=FIELDS)
    assert decision is not None
    assert "by hand" in decision.reason


def test_up_04_equal_values_in_other_spelling_write_nothing():
    assert decided(employee(), in_plex(department="4100-STP ", first_name="Ada")) is None


def test_up_08_leading_zeros_and_case_are_differences():
    decision = decided(employee(badge_number="0010"), in_plex(badge_number="10"))
    assert decision is not None
    assert (decision.before, decision.after) == ({"badge_number": "10"}, {"badge_number": "0010"})


def test_up_01_an_absent_field_never_clears():
    desired = Desired(type="employee", plant="101", key="k", source="1", label="", fields={"badge_number": "21001"})
    assert decided(desired, in_plex()) is None


def test_up_01_an_explicitly_empty_field_clears_only_where_it_may():
    decision = decided(employee(email=None, first_name=None), in_plex(email="a@b.example"))
    assert decision is not None
    assert decision.after == {"email": None}


def test_up_05_what_the_plant_owns_stays():
    assert decided(employee(), in_plex(shift="Night")) is None


def test_an_owned_field_changed_in_plex_is_called_drift():
    decision = decided(employee(), in_plex(first_name="Adele"), baseline=FIELDS)
    assert decision is not None
    assert decision.reason == "drift: first_name changed in Plex since the last sync"


def test_up05_drift_in_one_field_and_a_change_of_another_are_both_named():
    decision = decided(employee(department="4200-WLD"), in_plex(first_name="Adah"), baseline=FIELDS)
    assert decision is not None
    assert decision.reason == "drift: first_name changed in Plex since the last sync, and changed in Workday"
    assert decision.moved == {"department"}
    both = decided(employee(first_name="Ida"), in_plex(first_name="Adah"), baseline=FIELDS)
    assert both is not None
    assert both.reason.endswith("since the last sync, and changed in Workday"), "the same field, on both sides"


def test_an_owned_field_changed_in_workday_is_not_drift():
    decision = decided(employee(first_name="Adah"), in_plex(), baseline=FIELDS)
    assert decision is not None
    assert decision.reason == "changed in Workday"


def test_up_07_an_ending_deactivates_and_never_twice():
    ended = employee(state="ended")
    first = decided(ended, in_plex())
    assert first is not None
    assert (first.action, first.before, first.after) == (
        "deactivate",
        {"status": "Active"},
        {"status": "Inactive"},
    )
    assert decided(ended, in_plex(status="Inactive")) is None
    assert decided(ended, None) is None


def test_a_rehire_reactivates_and_brings_the_rest_along():
    decision = decided(employee(department="4200-WLD"), in_plex(status="Inactive"))
    assert decision is not None
    assert (decision.action, decision.after) == ("reactivate", {"department": "4200-WLD"})


def test_another_status_than_inactive_is_the_plants_business():
    assert decided(employee(), in_plex(status="Leave of Absence")) is None


def test_a_row_that_holds_nothing_of_ours_is_filled_not_changed():
    decision = decided(employee(), PlexRecord(type="employee", plant="101", key="k", fields={"status": "Active"}))
    assert decision is not None
    assert decision.action == "create"
