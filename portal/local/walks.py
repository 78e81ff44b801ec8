"""What `make test` leaves to `make walks`, by module: CI runs both.

Rosters and payouts stand for the long ways of other rooms, two journeys for the others, the demo in the test's own process for
`make run` from nothing. Walks over all of a kind are in two tests each: `audit.testing.in_two_walks`.
"""

from __future__ import annotations

#: Modules, or one test of a module: long ways struck at their fault points and gone on from, journeys in a browser.
LEFT_TO_WALKS = (
    "beneficiaries/tests/test_change_faults.py",
    "beneficiaries/tests/test_mending_faults.py",
    "beneficiaries/tests/test_purpose_faults.py",
    "beneficiaries/tests/test_renewal_faults.py",
    "exports/tests/test_crashes.py",
    "exports/tests/test_in_the_browser.py",
    "filings/tests/test_faults.py",
    "gates/tests/test_clearing_faults.py",
    "gates/tests/test_faults.py",
    "gates/tests/test_refund_faults.py",
    "gates/tests/test_statement_faults.py",
    "handover/tests/test_faults.py",
    "handover/tests/test_invoice_faults.py",
    "handover/tests/test_sum_faults.py",
    "outreach/tests/test_faults.py",
    "outreach/tests/test_report_faults.py",
    "papers/tests/test_faults.py",
    "portal/tests/test_run.py::test_from_nothing_to_a_portal_where_a_demo_login_signs_in",
    "records/tests/test_faults.py",
    "results/tests/test_faults.py",
    "retention/tests/test_faults.py",
    "samples/tests/test_faults.py",
    "tests/test_actuary_journey.py",
    "tests/test_claim_journeys.py::test_a_banks_file_brings_every_kind_of_outcome_and_what_failed_is_paid_by_the_next_batch",
    "tests/test_claim_journeys.py::test_an_insurers_file_with_planted_differences_is_shown_decided_approved_and_kept",
    "tests/test_family_journey.py",
    "tests/test_next_year_journey.py",
    "tests/test_reference_journey.py",
    "tests/test_year_journeys.py",
)


def is_left(nodeid: str) -> bool:
    """Whether a test is named here, by itself or by its module."""
    test = nodeid.split("[")[0]
    return test in LEFT_TO_WALKS or test.split("::")[0] in LEFT_TO_WALKS
