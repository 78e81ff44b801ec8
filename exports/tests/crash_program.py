"""A worker that a test kills: `python -m exports.tests.crash_program` with FAULT_POINT and FAULT_MODE=kill runs what waits."""

from __future__ import annotations

import django

django.setup()

from exports import writing  # noqa: E402
from jobs.actions import run_pending  # noqa: E402

if __name__ == "__main__":
    writing.STEP_ROWS = 4
    run_pending()
