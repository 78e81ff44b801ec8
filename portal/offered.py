"""What charities and insurers are offered: their own work, not that of the offices, of which they would find empty lists.

Only what is offered is decided here, never what is allowed: permissions and scope hold a page that is not offered, too.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Q

from audit.panels import Panel, WorkQueue

#: `Organization.Kind`, by its values: the settings read this module before there are models.
_CHARITY, _INSURER = "charity", "insurer"

#: Kinds of rows that lie with an office that works for a program; other kinds of organizations never see one.
OFFICE_WORK = frozenset(
    {
        "beneficiaries.roster", "beneficiaries.person", "beneficiaries.personchange", "beneficiaries.enrollment",
        "beneficiaries.employer", "gates.employerbill", "gates.notice", "gates.objection", "gates.unpaid", "gates.uncollected",
        "gates.statement", "gates.ownpayment", "gates.heldpayment",
        "gates.clearing", "gates.clearingline",
        "claims.claim", "claims.payable", "claims.recovery", "claims.signingthreshold", "complaints.complaint",
        "handover.receipt", "outreach.sending", "outreach.deliveryreport", "papers.personrequest",
        "papers.printing", "intake.wordmapping", "years.yearleft", "years.planreview",
        "subsidies.differences", "closing.monthclosing",
        "closing.closedfigure", "closing.closedbalance", "samples.sample", "samples.sampleitem", "samples.evidencebundle",
        "takeup.participantlist", "continuity.earlierlist", "payouts.batch", "payouts.batchline", "payouts.bankreturn",
        "payouts.bankformat", "payouts.payeraccount", "payouts.approvalthreshold",
        "reconciliation.reconciliation", "reconciliation.claimstatement",
        "results.report", "results.result", "records.recordlist", "records.proposal", "filings.claimfile",
        "retention.retentionterm", "retention.legalhold", "retention.destructionrun", "retention.destructionline",
    }
)
_HANDED_OVER = frozenset(
    {"handover.handover", "handover.handoverline", "handover.insurerformat", "handover.invoice", "handover.remittance"}
)
#: Money of funders; the figures of budgets ask for the statement.
_FUNDS = frozenset(
    {
        "subsidies.fundrequest", "subsidies.fundmovement", "programs.funder", "programs.budget", "programs.budgetreservation",
        "programs.ledgertransaction", "programs.ledgeraccount", "programs.statement",
    }
)
#: Kind of organization -> what it never finds a row of, unless it operates a program itself.
NEVER_MET: dict[str, frozenset[str]] = {
    _CHARITY: OFFICE_WORK | _HANDED_OVER,
    _INSURER: OFFICE_WORK | _FUNDS,
}
#: What it reads but never decides, so that no queue of it can hold anything.
ONLY_READ: dict[str, frozenset[str]] = {
    _CHARITY: frozenset(
        {
            "programs.program", "programs.plan", "programs.period", "subsidies.fundrequest", "subsidies.fundmovement",
            "outreach.messagewording", "papers.certificatewording", "takeup.target", "claims.serviceterm",
            "claims.flagrule", "claims.letterwording", "claims.holiday", "complaints.answerwording",
        }
    ),
    _INSURER: _HANDED_OVER
    | {
        "programs.program", "programs.plan", "programs.period", "outreach.messagewording", "papers.certificatewording",
        "takeup.target", "claims.serviceterm", "claims.flagrule", "claims.letterwording", "claims.holiday",
        "complaints.answerwording",
    },
}


def offers(user: Any, label: str) -> bool:
    """Whether rows of "app.model" can ever lie before this user."""
    kind = getattr(getattr(user, "organization", None), "kind", "")
    return label not in NEVER_MET.get(kind, ()) or works_for_a_program(user)


def offers_panel(panel: Panel, user: Any) -> bool:
    """Whether a queue, a figure, a chart or a part of a page can ever show this user anything."""
    if not offers(user, panel.permission.replace(".view_", ".")):
        return False
    if not isinstance(panel, WorkQueue) or not panel.model:
        return True
    kind = getattr(getattr(user, "organization", None), "kind", "")
    decided = panel.model not in NEVER_MET.get(kind, ()) and panel.model not in ONLY_READ.get(kind, ())
    return decided or works_for_a_program(user)


def works_for_a_program(user: Any) -> bool:
    """Whether an office that the user works in, one below it or one above it operates a program; asked once per user loaded."""
    if "_works_for_a_program" not in user.__dict__:
        reached = Q(pk__in=[])
        for path in {grant.organization_path for grant in user.grants()}:
            steps = path.strip("/").split("/")
            above = [f"/{'/'.join(steps[:count])}/" for count in range(1, len(steps))]
            reached |= Q(organization__path__startswith=path) | Q(organization__path__in=above)
        programs: Any = apps.get_model("programs.program")
        user.__dict__["_works_for_a_program"] = programs.objects.filter(reached).exists()
    return bool(user.__dict__["_works_for_a_program"])
