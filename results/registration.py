"""What this room tells the rooms below at start: verbs, findings, permissions, panels, what keeps a cover."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from beneficiaries.registration import Keeper, register_keeper
from claims.elsewhere import register_settled
from continuity.claims import register_paid
from intake.findings import register_meanings
from intake.verbs import register_import
from programs.months import register_month
from programs.period_claims import register_claims_paid
from results import paid, panels
from results.holdings import HOLDINGS
from results.meanings import MEANINGS
from results.month import COUNTINGS, OPEN_POINTS
from results.template import REPORT
from results.verbs import VERBS, WORDS

_VIEW = ("results.view_report", "results.export_report", "results.view_result", "results.export_result")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, "results.upload_report", "results.submit_report", "results.download_report_rows", "results.request_report_undo",
    ),
    Role.REVIEWER: (*_VIEW, "results.approve_report", "results.approve_report_undo"),
    Role.FINANCE_MAKER: _VIEW,
    Role.FINANCE_CHECKER: _VIEW,
    Role.AUDITOR: _VIEW,
}
KEEPER = Keeper(
    "PAID_OUT", _("an insurer's payout is recorded for this cover: it stays as it is"),
    "EXISTS (SELECT FROM results_result paid_out WHERE paid_out.enrollment_id = e.id AND paid_out.undone_at IS NULL)",
)


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(WORDS)
    register_meanings(MEANINGS)
    register_import(REPORT)
    register_holding(*HOLDINGS)
    register_keeper(KEEPER)
    register_paid(paid.condition())
    register_settled(paid.SETTLED)
    register_claims_paid(paid.OF_PERIOD)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    register_month(COUNTINGS, OPEN_POINTS)
    panels.register()
