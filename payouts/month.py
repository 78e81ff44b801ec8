"""What of a month's payouts may still be open."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from intake.models import UNDER_WAY
from payouts.models import BankReturn, Batch, BatchState
from programs.months import Month, OpenPoint


def _list(name: str, month: Month) -> str:
    return f"{reverse(f'admin:payouts_{name}_changelist')}?{urlencode({'program__id__exact': month.program_id})}"


def _unanswered(month: Month) -> int:
    out = (BatchState.RELEASED, BatchState.UNKNOWN, BatchState.SENT)
    return Batch.objects.filter(program_id=month.program_id, state__in=out, released_at__lt=month.ends_at).count()


def _returns(month: Month) -> int:
    return BankReturn.objects.filter(program_id=month.program_id, state__in=UNDER_WAY, uploaded_at__lt=month.ends_at).count()


OPEN_POINTS = (
    OpenPoint(
        "payouts.unanswered", _("%(number)d payout batches released by the end of the month have lines without the bank's result."),
        _unanswered, lambda month: _list("batch", month),
    ),
    OpenPoint(
        "payouts.returns", _("%(number)d returned files of banks wait to be checked or approved."), _returns,
        lambda month: _list("bankreturn", month),
    ),
)
