"""The bugs: an exact piece of the source, what replaces it, and the test that has to fail then."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One bug. *test* is what pytest is given; *path* is below `src/ml_connector`."""

    name: str
    path: str
    old: str
    new: str
    test: str


MATRIX = "tests/integration/test_fault_matrix.py"
DIFF = "tests/unit/sync/test_diff.py"
EVENTS = "tests/laws/test_events.py"
MOMENTS = "tests/laws/test_moments.py"
CENTERS = "tests/unit/mapping/test_center_days.py"
CAPTURE = "tests/laws/test_capture.py"
EXPLAIN = "tests/integration/test_explain"
SNAPSHOT = "tests/integration/test_snapshot.py"
STEADY = "tests/laws/test_steady.py"
PLACED = "tests/unit/sync/test_placed.py"
CALLS = "tests/integration/test_calls_of_a_day.py"
LIMITS = "tests/laws/test_b14_limits.py"

MUTANTS = (
    Mutant(
        "an incomplete extraction counts",
        "snapshot/extract.py",
        "        content_id, count = None, 0\n",
        "        content_id, count = number, 0\n",
        "tests/integration/test_snapshot.py::test_cc_03_after_three_tries_it_is_given_up_and_nothing_counts",
    ),
    Mutant(
        "ignore page 2",
        "snapshot/extract.py",
        "for page in connector.read(query):\n",
        "for page in list(connector.read(query))[:1]:\n",
        "tests/integration/test_snapshot.py::test_every_page_is_kept_in_order_of_the_key",
    ),
    Mutant(
        "stale snapshot rows are believed",
        "snapshot/store.py",
        "    return [] if extract_id is None else [records.c.extract_id >= extract_id]\n",
        "    return []\n",
        "tests/integration/test_snapshot.py::test_cc_11_who_is_not_seen_stays_and_counts_as_vanished",
    ),
    Mutant(
        "as-of entry moment not frozen",
        "connectors/workday/connector.py",
        "        return self._ask(operation, as_of, wish, selection",
        "        return self._ask(operation, self._take_moments(), wish, selection",
        "tests/unit/test_workday_connector.py::test_cc_02_both_moments_are_the_same_on_every_page",
    ),
    Mutant(
        "treat absent as null",
        "sync/diff.py",
        "        if wanted is None and not is_clearable(desired.type, field):\n            continue\n",
        "",
        DIFF + "::test_up_01_an_explicitly_empty_field_clears_only_where_it_may",
    ),
    Mutant(
        "absence = termination",
        "mapping/projection.py",
        "        if isinstance(worker.active, UnsetType):\n            raise RecordError(",
        '        if isinstance(worker.active, UnsetType):\n            return "gone"\n            raise RecordError(',
        "tests/unit/mapping/test_projection.py::test_cc_11_only_an_explicit_status_ends_anybody",
    ),
    Mutant(
        "case-insensitive key match",
        "mapping/rules.py",
        '    text = "" if value is None else str(value).strip()\n',
        '    text = "" if value is None else str(value).strip().casefold().lstrip("0")\n',
        DIFF + "::test_up_08_leading_zeros_and_case_are_differences",
    ),
    Mutant(
        "no AAD: a sealed value opens anywhere",
        "vault/crypto.py",
        "    out = bytearray()\n    for part in parts:",
        "    out = bytearray()\n    for part in parts[:3]:",
        "tests/integration/test_vault_store.py::test_f8_every_ordered_swap_is_rejected",
    ),
    Mutant(
        "catch-all around commit",
        "storage/database.py",
        "        with _told_plainly(), self.engine.begin() as connection:\n            yield connection\n",
        "        with self.engine.connect() as connection, connection.begin() as tx:\n"
        "            try:\n"
        "                yield connection\n"
        "            except BaseException:\n"
        "                tx.commit()\n"
        "                raise\n",
        "tests/integration/test_database.py::test_a_transaction_that_fails_leaves_nothing",
    ),
    Mutant(
        "retry without reading back",
        "sync/apply.py",
        '        ambiguous = [item.intent for item in outcomes if item.state == "ambiguous"]\n',
        "        ambiguous: list[Intent] = []\n"
        "        outcomes = [\n"
        '            _proved_absent(item.intent) if item.state == "ambiguous" else item for item in outcomes\n'
        "        ]\n",
        MATRIX + "::test_a1_t1_an_ambiguous_answer_ends_as_if_nothing_had_happened",
    ),
    Mutant(
        "an ambiguous answer counts as success",
        "sync/apply.py",
        'return Outcome(intent=intent, state="ambiguous", reason=error.message)',
        'return Outcome(intent=intent, state="applied", reason=error.message)',
        MATRIX + "::test_a1_t1_an_ambiguous_answer_ends_as_if_nothing_had_happened",
    ),
    Mutant(
        "absence is believed at first sight",
        "sync/apply.py",
        "        for look in range(2):\n            if not open_:\n",
        "        for look in range(0):\n            if not open_:\n",
        MATRIX + "::test_a1_t2_a_read_that_lags_makes_no_second_record",
    ),
    Mutant(
        "a refusal after an unknown outcome is believed",
        "sync/apply.py",
        '        if intent.change.action not in {"create", "transfer"}:\n            return outcome\n',
        "        return outcome\n",
        MATRIX + "::test_a1_t3_every_request_delivered_twice_changes_nothing",
    ),
    Mutant(
        "other content is sent while an earlier write is unknown",
        "sync/apply.py",
        "        intents = self._without_conflicts(intents, missing, digest)\n",
        "",
        MATRIX + "::test_a1_t4_other_content_is_not_sent_while_an_earlier_write_is_unknown",
    ),
    Mutant(
        "lease without fencing",
        "sync/lease.py",
        "        if self._tools.clock() >= self._ends_at:\n",
        "        if False:\n",
        "tests/integration/test_lease.py::test_a1_t5_a_process_that_wakes_after_its_lease_sends_nothing[sqlite]",
    ),
    Mutant(
        "the intent is not durable before the first byte",
        "sync/store.py",
        '    .values(state="sending", attempt=bindparam("attempts"), run_id=',
        '    .values(attempt=bindparam("attempts"), run_id=',
        "tests/integration/test_crash_points.py::test_m_6_a_crash_at_any_boundary_changes_nothing[first sync-0]",
    ),
    Mutant(
        "log request headers on error",
        "connectors/transport.py",
        '            raise self._sort(error, host=parts.hostname or "") from None\n',
        '            raise self._sort(error, host=f"{parts.hostname} {headers}") from None\n',
        "tests/integration/test_transport.py::test_a_failed_request_tells_no_header",
    ),
    Mutant(
        "a changed mapping leaves the old plan standing",
        "sync/inputs.py",
        'connection.model_dump(mode="json"), crosswalk, sorted(refused), who, ahead]\n',
        'connection.model_dump(mode="json"), sorted(refused), who, ahead]\n',
        "tests/integration/test_standing_plan.py::test_whatever_a_plan_follows_from_a_change_of_it_is_seen",
    ),
    Mutant(
        "what was cut out is believed wherever it stood",
        "mapping/workday_membership.py",
        "    return ([] if section is None else [each.tag for each in section]) == ([_MEMBERSHIP] if own else [])\n",
        "    return True\n",
        "tests/unit/test_mapping_workday_membership.py::test_where_cutting_and_parsing_could_differ_the_parser_decides",
    ),
    Mutant(
        "watermark = end time instead of start time",
        "sync/verbs.py",
        "            return gathered.as_of.entered_at.isoformat()\n",
        "            return self._tools.workday().now().isoformat()\n",
        MOMENTS + "::test_cc04_the_watermark_is_workdays_time_before_the_first_page",
    ),
    Mutant(
        "who ended stays ended",
        "sync/diff.py",
        'if desired.type == "employee" and actual.fields.get("status") == status_inactive:',
        'if desired.type == "nobody" and actual.fields.get("status") == status_inactive:',
        EVENTS + "::test_m7_rescind_cancels",
    ),
    Mutant(
        "whose hire moved ahead stays at work",
        "sync/wishes.py",
        "due.begins and self._is_ours(item)",
        "due.begins and not self._is_ours(item)",
        MOMENTS + "::test_ed03_a_hire_that_moves_ahead_ends_the_record_until_its_day",
    ),
    Mutant(
        "leading zeros are cut off a number",
        "mapping/projection.py",
        "    return worker.employee_id if worker",
        '    return worker.employee_id.lstrip("0") if worker',
        EVENTS + "::test_m16_relabel",
    ),
    Mutant(
        "drop the effective-dated query",
        "timeline/calendar.py",
        "    if today > effective_on:\n",
        "    if today < effective_on:\n",
        CAPTURE + "::test_cc_09_every_one_of_several_moves_ahead_is_listed_and_comes_on_its_day",
    ),
    Mutant(
        "a window begins where the last one ended",
        "timeline/calendar.py",
        "entered=(entered_at - overlap, now)",
        "entered=(entered_at + overlap, now)",
        CAPTURE + "::test_cc_05_the_next_window_reaches_back_and_what_comes_twice_is_no_change",
    ),
    Mutant(
        "what was known to lie ahead is not asked for again",
        "timeline/fact.py",
        "    days = told | {day for day in known if day > min(first, today)}\n",
        "    days = told\n",
        "tests/unit/test_timeline.py::test_cc_08_every_day_inside_a_period_on_which_something_took_effect_is_asked_for",
    ),
    Mutant(
        "everybody is read though the log tells who changed",
        "sync/capture.py",
        "or len(log) > base.total // 2:",
        "or log:",
        CALLS + "::test_cc_01_a_day_asks_workday_as_often_for_many_workers_as_for_few",
    ),
    Mutant(
        "who changed is asked for one by one",
        "connectors/workday/connector.py",
        "_NAMED_AT_ONCE = 100 ",
        "_NAMED_AT_ONCE = 1 ",
        CALLS + "::test_cc_01_a_day_with_more_changes_asks_for_them_in_the_same_page",
    ),
    Mutant(
        "a record that came twice stands for one that did not come",
        "snapshot/extract.py",
        "len(set(self._known)) == count ==",
        "len(self._known) == count ==",
        SNAPSHOT + "::test_cc_03_one_record_twice_and_another_not_at_all_is_no_list_as_before",
    ),
    Mutant(
        "whoever was ever seen is as before",
        "snapshot/extract.py",
        "        return everybody and self._is_nothing_new\n",
        "        return everybody\n",
        SNAPSHOT + "::test_cc_15_who_comes_back_in_anothers_place_is_news",
    ),
    Mutant(
        "who is gone is measured by a reading that added nothing",
        "snapshot/store.py",
        "            select(func.coalesce(extracts.c.base_id, extracts.c.id))\n            .where(",
        "            select(extracts.c.id)\n            .where(",
        SNAPSHOT + "::test_cc_13_who_is_gone_after_readings_that_were_as_before_is_seen_to_be_gone",
    ),
    Mutant(
        "found in step whatever the mapping says now",
        "sync/steady.py",
        "place.fields, place.cost_center",
        "place.cost_center",
        STEADY + "::test_ed_09_a_mapping_row_that_changed_decides_anew_about_those_it_maps",
    ),
    Mutant(
        "found in step whatever Plex shows now",
        "sync/steady.py",
        "encode([supervisor, shown])",
        "encode([supervisor])",
        STEADY + "::test_up_05_what_somebody_changed_in_plex_by_hand_is_decided_about_anew",
    ),
    Mutant(
        "found in step whoever manages now",
        "sync/steady.py",
        "encode([supervisor, shown])",
        "encode([shown])",
        STEADY + "::test_wp_14_whose_managers_record_is_another_is_decided_about_anew",
    ),
    Mutant(
        "found in step whatever Workday shows now",
        "sync/steady.py",
        "hashlib.blake2b(encode(worker), digest_size=20)",
        "hashlib.blake2b(encode(worker.key), digest_size=20)",
        STEADY + "::test_ed_01_an_ending_that_falls_due_is_carried_out_on_its_day",
    ),
    Mutant(
        "found in step whatever lies ahead",
        "sync/steady.py",
        "            or self._ahead(worker.key)\n",
        "",
        STEADY + "::test_cc_09_what_comes_to_lie_ahead_of_somebody_in_step_is_told",
    ),
    Mutant(
        "found in step whatever another plant holds",
        "sync/steady.py",
        "        or (not ground.alone and around.is_elsewhere(ground))\n",
        "",
        STEADY + "::test_wp_09_a_record_that_comes_to_life_in_another_plant_ends_again",
    ),
    Mutant(
        "found in step as another record",
        "sync/steady.py",
        "        key=place.key,\n",
        "        key=worker.key,\n",
        STEADY + "::test_wp_02_who_is_linked_to_another_record_is_decided_about_anew",
    ),
    Mutant(
        "placed as before whatever Workday shows now",
        "sync/placed/remembered.py",
        "kept.follows_from != by + self._around",
        "not kept.follows_from.endswith(self._around)",
        PLACED + "::test_who_came_as_other_bytes_is_placed_anew",
    ),
    Mutant(
        "placed as before whatever the mapping says now",
        "sync/plan.py",
        "crosswalk=crosswalk.version, centers",
        'crosswalk="", centers',
        STEADY + "::test_ed_09_a_mapping_row_that_changed_decides_anew_about_those_it_maps",
    ),
    Mutant(
        "placed as before whatever another plant holds",
        "sync/placed/remembered.py",
        "            and not any(other in homes for other in seated.others)\n",
        "",
        PLACED + "::test_whatever_else_decides_places_anew",
    ),
    Mutant(
        "placed as before whatever Plex has lost",
        "sync/placed/remembered.py",
        "return all(reference(",
        "return texts is not None or all(reference(",
        PLACED + "::test_whatever_else_decides_places_anew",
    ),
    Mutant(
        "a second job waits for nothing",
        "sync/placed/remembered.py",
        "if one_job and ids",
        "if ids",
        PLACED + "::test_wp_06_who_has_a_second_job_is_placed_anew_each_day",
    ),
    Mutant(
        "a place outlives what Workday showed with it",
        "sync/placed/store.py",
        "        if gone:\n",
        "        if gone and not found:\n",
        PLACED + "::test_up_02_a_place_is_forgotten_whenever_other_fields_are_shown_than_it_knows",
    ),
    Mutant(
        "no sample is compared",
        "sync/capture.py",
        "        return total == extract.total and all(",
        "        return total >= 0 or all(",
        CAPTURE + "::test_cc_11_people_no_longer_shown_are_seen_at_once_and_nobody_ends",
    ),
    Mutant(
        "the fact entered first is believed",
        "timeline/fact.py",
        "    return max(told, key=lambda fact: (fact.entered_at, fact.effective_on), default=None)\n",
        "    return max(told, key=lambda fact: (fact.effective_on, fact.entered_at), default=None)\n",
        "tests/unit/test_timeline.py::test_ed_10_a_correction_replaces_what_followed_from_the_mistake_and_not_what_was_known",
    ),
    Mutant(
        "everybody is as of the latest day anywhere",
        "timeline/outbox.py",
        "if facts and day < latest else None",
        "if facts and day > latest else None",
        "tests/unit/test_timeline.py::test_tz_02_tz_03_everybody_is_seen_as_of_the_day_it_is_where_they_work",
    ),
    Mutant(
        "whoever left lacks what only who works has",
        "mapping/fill.py",
        "judged = _OF_ACTIVE if active else _OF_LEAVERS",
        "judged = _OF_ACTIVE if active else _OF_ACTIVE",
        "tests/unit/mapping/test_fill.py::test_up02_who_leaves_takes_the_job_along_and_nothing_is_missing",
    ),
    Mutant(
        "a future cost center is open already",
        "mapping/center_days.py",
        "return first if isinstance(first, date) and first > on else None",
        "return None",
        CENTERS + "::test_rd02_before_its_first_day_nobody_is_placed_and_nothing_is_created",
    ),
    Mutant(
        "an inactive cost center takes newcomers",
        "mapping/placement.py",
        "if place.closed and not self._stays(place):",
        "if False:",
        CENTERS + "::test_rd03_an_inactive_cost_center_takes_nobody_new_and_keeps_who_is_there",
    ),
    Mutant(
        "a cost center is every company's",
        "mapping/center_days.py",
        "if allowed and company not in allowed:",
        "if False:",
        CENTERS + "::test_rd10_a_cost_center_of_another_company_is_held_with_both_named",
    ),
    Mutant(
        "whatever shares a number is a successor",
        "mapping/center_days.py",
        "source=source, plant=plant, on=on) if active else None",
        "source=source, plant=plant, on=on)",
        CENTERS + "::test_rd04_a_successor_that_is_inactive_too_is_none",
    ),
    Mutant(
        "who is who is learnt anew after a loss",
        "sync/verbs.py",
        "            who = recognize_workers(self._tools, workers)",
        "            who = identify_workers(self._tools, run, workers)",
        "tests/integration/test_links.py::test_wp_02_with_its_links_lost_nobody_comes_or_goes_until_a_person_says_so",
    ),
    Mutant(
        "the employee speaks for somebody before the day of conversion",
        "timeline/identity.py",
        "    active = [profile for profile in profiles if profile.active is True]\n",
        '    active = [profile for profile in profiles if profile.worker_type == "employee"]\n',
        LIMITS + "::test_b14_01_ed_14_a_conversion_that_lies_ahead_overwrites_nobody_before_its_day",
    ),
    Mutant(
        "nothing is compared unless somebody asks",
        "sync/capture.py",
        "if whole or datetime.fromisoformat(base.whole_at) < daily or ",
        "if whole or ",
        LIMITS + "::test_b14_02_cc_06_what_no_log_tells_is_found_by_the_regular_full_compare",
    ),
    Mutant(
        "the day Workday has is the day everywhere",
        "sync/gather.py",
        "AsOf(effective_on=max(today.values()), entered_at=entered_at)",
        "AsOf(effective_on=min(today.values()), entered_at=entered_at)",
        LIMITS + "::test_b14_03_tz_02_a_last_day_in_melbourne_ends_with_melbournes_day",
    ),
    Mutant(
        "an ending ahead is told when it has come",
        "mapping/projection.py",
        "            if end is not None and end not in ends:\n",
        "            if end is not None and end in ends:\n",
        LIMITS + "::test_b14_06_ed_18_nothing_waits_for_a_last_day_of_work_that_is_told_late",
    ),
    Mutant(
        "a rehire nobody knows is somebody new",
        "timeline/identity.py",
        "    if settled and worker.rehire is True:\n",
        "    if settled and worker.rehire is None:\n",
        LIMITS + "::test_b14_08_ed_12_who_comes_back_without_a_universal_id_is_a_question_and_no_second_record",
    ),
    Mutant(
        "a contingent worker is a head",
        "mapping/projection.py",
        '    return worker.worker_type != "employee" or (job is not None and',
        '    return worker.worker_type == "employee" and (job is not None and',
        LIMITS + "::test_b14_13_wp_11_a_contingent_worker_is_a_record_where_wanted_and_never_a_head",
    ),
    Mutant(
        "an explanation decides by itself, without what people released",
        "sync/explain.py",
        "draft(approvals=sources.approvals)",
        "draft(approvals=type(sources.approvals)())",
        EXPLAIN + "_states.py::test_cc12_what_a_guard_holds_names_the_hold_its_reason_and_its_release",
    ),
    Mutant(
        "an explanation forgets what was written since the reading",
        "sync/recall.py",
        "snapshots=Afterwards(tools.database, tools.name, written)",
        "snapshots=Afterwards(tools.database, tools.name, written[:0])",
        EXPLAIN + ".py::test_whatever_is_explained_is_what_the_plan_decides",
    ),
    Mutant(
        "an explanation knows nothing of what lacks its parent",
        "sync/witness.py",
        "        if self.knows(change):\n            self.parked.append(parked)\n",
        "        if not self.knows(change):\n            self.parked.append(parked)\n",
        EXPLAIN + "_states.py::test_wp15_what_lacks_its_parent_names_it",
    ),
    Mutant(
        "what a killed child had is lost",
        "snapshot/children.py",
        "            self._go_on_alone(error)\n            return self._work(sent)\n",
        "            self._go_on_alone(error)\n            return self._work(sent[:0])  # type: ignore[index]\n",
        "tests/integration/test_children.py::test_what_a_killed_child_had_is_done_here_in_its_place",
    ),
    Mutant(
        "a time from Plex without an offset is taken for UTC",
        "mapping/plex_fields.py",
        "    if moment.tzinfo is None:\n",
        "    if moment.year < 1900:\n",
        "tests/unit/test_mapping_plex.py::test_tz_08_a_time_that_tells_no_offset_and_what_is_no_day_is_refused",
    ),
    Mutant(
        "of what contradicts the later arrival holds",
        "timeline/fact.py",
        "    return max(told, key=lambda fact: (fact.entered_at, fact.effective_on), default=None)\n",
        "    return max(told[-1:], key=lambda fact: (fact.entered_at, fact.effective_on), default=None)\n",
        "tests/laws/test_lives.py::test_cc_10_a_correction_that_arrives_before_the_original_holds_all_the_same",
    ),
    Mutant(
        "who bears a leaver's number is the leaver",
        "timeline/identity.py",
        "bool(universals) and own not in universals",
        "bool(universals) and own in ()",
        "tests/unit/test_identity.py::test_wp_01_a_number_given_again_is_somebody_else_where_universal_ids_say_so",
    ),
    Mutant(
        "202 taken as done",
        "connectors/plex/connect.py",
        'return Receipt(state="accepted", status=202',
        'return Receipt(state="applied", status=202',
        "tests/integration/test_moves.py::test_wp_09_the_old_plant_keeps_whom_the_new_one_cannot_take",
    ),
    Mutant(
        "only the new plant is read after a transfer",
        "sync/upstream.py",
        '[change.plant, change.origin] if change.action == "transfer" else [change.plant]',
        "[change.plant]",
        "tests/integration/test_moves.py::test_wp_09_the_old_plant_keeps_whom_the_new_one_cannot_take",
    ),
    Mutant(
        "a transfer under way is forgotten while planning",
        "sync/under_way.py",
        "        intent = self._moving.get(worker.key)\n",
        "        intent = None\n",
        "tests/integration/test_two_plants.py::"
        "test_px07_a_transfer_that_comes_true_between_two_lists_is_no_news_to_act_on",
    ),
    Mutant(
        "pages never grow back",
        "connectors/workday/ahead.py",
        "            now = grow(now, given=given(), most=size)\n",
        "            grow(now, given=given(), most=size)\n",
        "tests/unit/test_workday_backpressure.py::test_in_the_middle_reading_goes_on_where_it_was_and_pages_grow_back",
    ),
    Mutant(
        "two threads renew at once",
        "connectors/workday/auth.py",
        "            if self._signature is refused:\n                self._signature = None\n",
        "            self._signature = None\n",
        "tests/unit/test_workday_auth.py::test_a_refused_token_is_renewed_once_by_one_thread_for_all",
    ),
    Mutant(
        "what was agreed on in the plant left behind is kept",
        "sync/store.py",
        "        self._baselines.forget(tx, [(it.origin, it.key) for it in moved])\n",
        "",
        "tests/integration/test_moves.py::test_px_07_nothing_is_agreed_on_any_more_about_who_left_a_plant",
    ),
    Mutant(
        "who was in step with what was agreed on before stays so",
        "sync/baseline/store.py",
        "        if people:\n",
        "        if not people and people:\n",
        STEADY + "::test_up_05_what_was_agreed_on_anew_is_compared_anew_though_both_sides_are_as_they_were_before",
    ),
)
