"""The writers of jobs: queueing, cancelling and running again by people; claiming, ending and sweeping by workers."""

from jobs.actions.execute import Ending, Outcome, execute, run_pending
from jobs.actions.queue import cancel_job, enqueue, retry_job
from jobs.actions.run import Run, claim
from jobs.actions.sweep import Swept, sweep

__all__ = [
    "Ending", "Outcome", "Run", "Swept", "cancel_job", "claim", "enqueue", "execute", "retry_job", "run_pending",
    "sweep",
]
