"""Scenarios by what they show, as the list of them and the guide have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.sandbox.fault_scenarios import PREFIX

_LIVES = {
    "coming and going": (
        "hire future_hire future_hire_moved terminate future_termination mass_termination paid_through_later "
        "contractor_hired last_day_of_work_late"
    ),
    "leave of absence": "leave leave_end",
    "coming back": "rehire future_rehire rehire_new_id rehire_unlinked",
    "contingent to employee": "conversion backdated_conversion future_conversion gap_conversion",
    "taken back": (
        "hire_rescinded old_hire_rescinded future_hire_rescinded termination_rescinded termination_corrected"
    ),
    "moving": (
        "transfer transfer_rescinded transfer_submitted transfer_approved future_transfer retro_transfer change_job "
        "legal_entity_change"
    ),
    "several jobs": "two_jobs two_plants second_job_ends international_assignment",
    "several changes at once": "new_names future_rows same_day same_field_change",
    "reorganizations": (
        "rename_cost_center cost_center_inactivated cost_center_reactivated cost_centers_merged cost_center_split "
        "move_to_inactive_cost_center team_renamed team_moved teams_merged"
    ),
    "cost centers with limits": (
        "future_cost_center future_cost_center_too_early cost_center_restricted cost_center_restricted_to_hierarchy"
    ),
    "jobs over time": "job_reclassified job_inactivated",
    "ids and reference data": "employee_id_changed id_reused unmapped_job",
    "what no log tells": "unlogged_change worker_purged",
    "what cannot be true": "contradicting_facts placeholder_date migrated_date future_entry",
    "people nobody can write as they are": "no_employee_id two_primary_jobs long_name manager_cycle vacant_manager",
    "what a plant does in Plex by itself": "plex_cost_center plex_cost_center_renamed",
    "who may see whom, and what": ("population_drop population_restored section_withheld section_restored page_drift"),
    "nights, which let time pass": "pacific_evening around_midnight clocks_go_back clocks_go_forward",
}
_FAULTS = {
    "the line (closes the port)": "refused connect-timeout",
    "throttling": "429-seconds 429-date 429-no-header 429-negative 429-huge 503-retry-after throttled quota-403",
    "outage": "500 maintenance slow 404",
    "signing in": "401-once 401-loop token-expired token-dies-mid-page grant-revoked",
    "roles": "role-removed-403 role-removed-empty no-rows empty-200",
    "the answer is lost before the system acts": "timeout-before reset-before half-read half-read-stall",
    "… after it acts": (
        "timeout-after reset-after 500-after truncated truncated-at empty html soap-fault-200 garbage-json wrong-answer"
    ),
    "pages (Workday)": "page-repeated page-skipped empty-page wrong-total",
    "content": "bom mixed-encodings duplicate-keys numbers-as-strings nan wrong-content-type gzip-bomb",
    "the record moved": "edited-meanwhile id-reused stale-read deleted-meanwhile",
    "hostile XML": ("doctype entity-bomb quadratic-blowup external-entity xinclude wrong-namespace comment-split-id"),
}

GROUPS: Mapping[str, Sequence[str]] = {
    **{title: names.split() for title, names in _LIVES.items()},
    **{title: [f"{PREFIX}{name}" for name in names.split()] for title, names in _FAULTS.items()},
}
