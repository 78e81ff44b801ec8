"""Background work of the room: write a batch's file, carry it to the bank, check and apply what comes back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.applying import apply
from intake.staging import stage
from jobs.actions import Run
from jobs.registry import job_kind
from payouts import sending, writing
from payouts.actions.batches import WRITE
from payouts.actions.deliveries import SEND
from payouts.actions.returns import APPLY, STAGE
from payouts.models import BankReturn
from payouts.returns import template_of


@job_kind(WRITE, title=_("Write a payout file"), lease_seconds=300)
def write_file(run: Run) -> dict[str, Any] | None:
    """Write the file of a batch that was released."""
    return writing.write(run)


@job_kind(SEND, title=_("Send a payout file to the bank"), lease_seconds=300)
def send_file(run: Run) -> dict[str, Any] | None:
    """Carry a file by the connector, at most once."""
    return sending.send(run)


@job_kind(STAGE, title=_("Check a returned file of a bank"), lease_seconds=120)
def check_return(run: Run) -> dict[str, Any] | None:
    """Check and stage the files of one answer."""
    bank_return = BankReturn.objects.get(pk=run.arguments["bank_return"])
    stage(run, bank_return, template_of(bank_return), at=timezone.now())
    return None


@job_kind(APPLY, title=_("Take over what a bank says of payouts"), lease_seconds=120)
def apply_return(run: Run) -> dict[str, Any] | None:
    """Make the results of one answer real."""
    bank_return = BankReturn.objects.get(pk=run.arguments["bank_return"])
    apply(run, bank_return, template_of(bank_return), at=timezone.now())
    return None
