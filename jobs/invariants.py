"""Statements about jobs that must hold at any time; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

#: The sweep runs every 20 s; this long after a lease nobody may still be called running.
GRACE_SECONDS = 120

INVARIANTS = [
    Invariant(
        24, "no_running_job_past_its_lease", _("No job is called running long after its lease has passed."),
        f"SELECT id FROM jobs_job WHERE state = 'running' AND lease_until < now() - interval '{GRACE_SECONDS} seconds'",  # noqa: S608
    ),
    Invariant(
        26, "no_raw_numbers_in_jobs", _("No job holds a document number."),
        """
        SELECT id FROM jobs_job
        WHERE concat_ws(' ', arguments, cursor, result, error_facts, error)
            ~ '(^|[^0-9A-Za-z])[1-9][0-9]{16}[0-9Xx]([^0-9A-Za-z]|$)'
        """,
    ),
]
