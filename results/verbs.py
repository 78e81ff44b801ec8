"""What the room's events say to people, beside those of any import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from results.models import LineDecision

VERBS = {
    "payout_report.decided": _("%(rows)s held rows were decided: %(kind)s. Reason: %(reason)s"),
    "payout_report.totals_confirmed": _("Lines and sum %(ours)s were accepted against %(theirs)s of the insurer: %(reason)s"),
}
#: Kinds of decisions, which events keep as codes.
WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "payout_report.decided": lambda data: {"kind": str(LineDecision(data["kind"]).label)},
}
