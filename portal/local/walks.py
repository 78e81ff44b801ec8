"""What `make test` leaves to `make walks`, by module: CI runs both.

Rosters and payouts stand for the long ways of other rooms, the journey of a roster for the others. `make run`
and its demo are walks by nature. Walks over all of a kind are in two tests each: `audit.testing.in_two_walks`.
"""

from __future__ import annotations

#: Long ways struck at their fault points and gone on from, killed processes and databases, journeys in a browser, pages of a
#: world that takes long to make.
LEFT_TO_WALKS = (
    "beneficiaries/tests/test_change_faults.py",
    "beneficiaries/tests/test_crashes.py",
    "beneficiaries/tests/test_fault_sweep.py",
    "beneficiaries/tests/test_mending_faults.py",
    "beneficiaries/tests/test_purpose_faults.py",
    "beneficiaries/tests/test_renewal_faults.py",
    "exports/tests/test_crashes.py",
    "exports/tests/test_in_the_browser.py",
    "exports/tests/test_writing.py",
    "filings/tests/test_faults.py",
    "gates/tests/test_clearing_faults.py",
    "gates/tests/test_faults.py",
    "gates/tests/test_refund_faults.py",
    "gates/tests/test_statement_faults.py",
    "handover/tests/test_faults.py",
    "handover/tests/test_invoice_faults.py",
    "handover/tests/test_sum_faults.py",
    "jobs/tests/test_worker.py",
    "outreach/tests/test_faults.py",
    "outreach/tests/test_report_faults.py",
    "papers/tests/test_faults.py",
    "payouts/tests/test_connectors.py",
    "portal/tests/test_demo.py",
    "portal/tests/test_demo_employers.py",
    "portal/tests/test_demo_filings.py",
    "portal/tests/test_demo_records.py",
    "portal/tests/test_demo_results.py",
    "portal/tests/test_forking.py",
    "portal/tests/test_run.py",
    "records/tests/test_faults.py",
    "results/tests/test_faults.py",
    "retention/tests/test_faults.py",
    "samples/tests/test_faults.py",
    "tests/latin_pages/test_lists_ask_constantly.py",
    "tests/latin_pages/test_pages_in_both_languages.py",
    "tests/latin_pages/test_work_queues.py",
    "tests/test_actuary_journey.py",
    "tests/test_claim_journeys.py",
    "tests/test_family_journey.py",
    "tests/test_filled_database.py",
    "tests/test_next_year_journey.py",
    "tests/test_pages_of_every_model.py",
    "tests/test_printed_pages.py",
    "tests/test_reference_journey.py",
    "tests/test_year_journeys.py",
)


def is_left(nodeid: str) -> bool:
    """Whether the module of a test is named here."""
    return nodeid.split("::")[0] in LEFT_TO_WALKS
