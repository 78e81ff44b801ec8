"""Who may what, as data: one line a model, one a URL; permissions come from `accounts.roles.PERMISSIONS`, never from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Membership
from accounts.roles import PERMISSIONS
from audit.admin import ReadOnlyScopedAdmin
from audit.models import Event, Reveal
from beneficiaries.models import PersonChange
from claims.models import Claim, FlagRule, LetterWording, Payable, Recovery, ServiceTerm, SigningThreshold
from closing.models import ClosedBalance, ClosedFigure, MonthClosing
from complaints.models import AnswerWording, Complaint
from continuity.models import EarlierList
from exports.models import Export
from filings.models import ClaimFile
from gates.models import (
    Clearing,
    ClearingLine,
    EmployerBill,
    HeldPayment,
    Notice,
    Objection,
    OwnPayment,
    Statement,
    Uncollected,
    Unpaid,
)
from handover.models import HandOver, HandOverLine, InsurerFormat, Invoice, Receipt, Remittance
from intake.models import WordMapping
from jobs.models import Job
from outreach.models import DeliveryReport, MessageWording, Sending
from papers.models import CertificateWording, PersonRequest, Printing
from payouts.models import ApprovalThreshold, BankFormat, BankReturn, BatchLine, PayerAccount
from programs.models import Budget, BudgetReservation, Code, FundingScheme, LedgerAccount, LedgerTransaction
from reconciliation.models import ClaimStatement, Reconciliation
from records.models import Proposal, RecordList
from results.models import Report, Result
from retention.models import DestructionLine, DestructionRun, LegalHold, RetentionTerm
from samples.models import EvidenceBundle, Sample, SampleItem
from subsidies.models import DifferenceLine, Differences, FundMovement, FundRequest, FundRequestLine
from takeup.models import ParticipantList, TakeUp, Target
from tests.kit.matrix.worlds import Place
from years.models import Comparison, PlanReview, YearLeft

HIDDEN, READ, FULL = "hidden", "read", "full"

#: Kind of rows -> reader -> relation -> how far the reader comes. What is not named is hidden.
REACH: dict[str, dict[str, dict[str, str]]] = {
    # Rows of one office: of the office and what is above it.
    "office": {
        "county": {"own": FULL, "other program": FULL},
        "city": {"own": FULL, "sibling": FULL, "parent": FULL, "other program": FULL},
        "limited": {"own": FULL},
    },
    # Staff belongs to an office, whatever its programs.
    "staff": {
        "county": {"own": FULL},
        "city": {"own": FULL, "sibling": FULL, "parent": FULL},
        "limited": {"own": FULL},
    },
    # An organization's own codes: read below it too.
    "table": {
        "county": {"own": FULL, "parent": READ},
        "city": {"own": FULL, "sibling": FULL, "parent": FULL},
        "limited": {"own": FULL, "parent": READ},
    },
    # A program and its terms: changed by its office, read below it, by its funders and its insurer.
    "program": {
        "county": {"own": READ, "other program": READ},
        "city": {"own": FULL, "other program": FULL},
        "limited": {"own": READ},
        "foundation": {"own": READ, "other program": READ, "foreign": READ},  # it pays in both cities
        "insurer": {"own": READ, "other program": READ},
    },
    # A plan version, once it is approved: by whoever sees its program, and by those who insure it with the program's insurer.
    "plan": {
        "county": {"own": READ, "other program": READ},
        "city": {"own": FULL, "other program": FULL},
        "limited": {"own": READ},
        "foundation": {"own": READ, "other program": READ, "foreign": READ},
        "insurer": {"own": READ, "other program": READ},
        "coinsurer": {"own": READ},
    },
    # A funder's money: decided by the funder and what is above it, read by the operating office. The row of the
    # relation "parent" is the foundation's, the others are the counties'.
    "money": {
        "county": {"own": FULL, "other program": FULL},
        "city": {"own": FULL, "sibling": FULL, "parent": READ, "other program": FULL},
        "limited": {"own": FULL},
        "foundation": {"parent": FULL},
    },
    # What an insurer is told, by any office of its programs: the office's own, and read by that insurer.
    "insured": {
        "county": {"own": FULL, "other program": FULL},
        "city": {"own": FULL, "sibling": FULL, "parent": FULL, "other program": FULL},
        "limited": {"own": FULL},
        "insurer": {"own": READ, "sibling": READ, "parent": READ, "other program": READ},
    },
    # An insurer's columns, kept by an office for all its programs: used below it, read by that insurer.
    "insurer's table": {
        "county": {"own": FULL, "parent": READ},
        "city": {"own": FULL, "sibling": FULL, "parent": FULL},
        "limited": {"own": FULL, "parent": READ},
        "insurer": {"own": READ, "sibling": READ, "parent": READ},
    },
    # What a funder is asked and paid: worked on by the program's office, read by the funder.
    "funds": {
        "county": {"own": READ, "other program": READ},
        "city": {"own": FULL, "sibling": FULL, "parent": FULL, "other program": FULL},
        "limited": {"own": READ},
        "foundation": {"parent": READ},
    },
    # What the insurer charges for a whole program and is paid: of the office that operates it, read by that insurer.
    "billed": {
        "city": {"own": FULL, "other program": FULL},
        "insurer": {"own": READ, "other program": READ},
    },
    # Of a whole program: of the office that operates it.
    "operator": {"city": {"own": FULL, "other program": FULL}},
    # Lines in the clear go back to the office whose file it was, and not to what is above it.
    "own office": {
        "county": {"own": FULL, "other program": FULL},
        "city": {"parent": FULL},
        "limited": {"own": FULL},
    },
    # What a person asked for is theirs alone: no reader is the one who asked.
    "own person": {},
    # A funder is named to every office of a program that it pays for.
    "funder": {
        "county": {"own": FULL, "sibling": READ, "parent": READ},
        "city": {"own": FULL, "sibling": FULL, "parent": READ},
        "limited": {"own": FULL, "sibling": READ, "parent": READ},
        "foundation": {"parent": FULL},
    },
}


#: Pages that show other rows than their model's own.
KIND_OF_PAGE = {
    "admin:programs_funder_statement": "money", "admin:beneficiaries_roster_refused_rows": "own office",
    "admin:beneficiaries_roster_kept_rows": "own office", "admin:gates_statement_refused_rows": "own office",
    "admin:results_report_refused_rows": "own office", "admin:records_recordlist_refused_rows": "own office",
    "admin:filings_claimfile_refused_rows": "own office",
}


@dataclass(frozen=True)
class Subject:
    """A model in the matrix: what kind of rows it has, and how a place's row is found.

    `views_as`: the model whose view permission opens it. `stands`: the row cannot be edited in its present state.
    """

    kind: str
    find: Callable[[Place], Any]
    views_as: str = ""
    stands: bool = False


def _printing(place: Place) -> Printing:
    return Printing.objects.get(asked_by=place.clerk, program=place.program, organization=place.organization)


def _payout(place: Place) -> BatchLine:
    return BatchLine.objects.select_related("batch").get(payable__claim__enrollment=place.enrollment)


def _bill(place: Place) -> EmployerBill:
    return EmployerBill.objects.get(organization=place.organization, program=place.program)


SUBJECTS: dict[str, Subject] = {
    "accounts.user": Subject("staff", lambda place: place.clerk),
    "accounts.organization": Subject("staff", lambda place: place.organization),
    "accounts.membership": Subject("staff", lambda place: Membership.objects.get(user=place.clerk)),
    "audit.event": Subject("office", lambda place: Event.objects.get(verb="roster.submitted", subject_id=str(place.roster.pk))),
    "audit.reveal": Subject("office", lambda place: Reveal.objects.get(subject_id=str(place.person.pk))),
    "axes.accessattempt": Subject("staff", lambda place: AccessAttempt.objects.filter(username=place.clerk.username).first()),
    "beneficiaries.person": Subject("office", lambda place: place.person),
    "beneficiaries.enrollment": Subject("office", lambda place: place.enrollment),
    "beneficiaries.personchange": Subject("office", lambda place: PersonChange.objects.get(person=place.person)),
    "beneficiaries.roster": Subject("office", lambda place: place.roster),
    "beneficiaries.employer": Subject("office", lambda place: _bill(place).employer),
    "gates.employerbill": Subject("office", lambda place: _bill(place)),
    "gates.notice": Subject("office", lambda place: Notice.objects.get(lines__enrollment=place.enrollment)),
    "gates.objection": Subject("office", lambda place: Objection.objects.get(enrollment=place.enrollment)),
    "gates.ownpayment": Subject("office", lambda place: OwnPayment.objects.get(lines__enrollment=place.enrollment)),
    "gates.statement": Subject("office", lambda place: Statement.objects.get(rows__enrollment=place.enrollment)),
    "gates.heldpayment": Subject("office", lambda place: HeldPayment.objects.get(enrollment=place.enrollment)),
    "gates.clearing": Subject("office", lambda place: Clearing.objects.get(lines__enrollment=place.enrollment)),
    "gates.clearingline": Subject("office", lambda place: ClearingLine.objects.get(enrollment=place.enrollment)),
    "gates.uncollected": Subject(
        "office", lambda place: Uncollected.objects.get(
            organization=place.organization, program=place.program, reference__endswith=f"投保{place.enrollment.pk}"
        ),
    ),
    "gates.unpaid": Subject("office", lambda place: Unpaid.objects.get(roster=place.roster)),
    "handover.handover": Subject("insured", lambda place: HandOver.objects.get(lines__enrollment=place.enrollment)),
    "handover.handoverline": Subject("insured", lambda place: HandOverLine.objects.get(enrollment=place.enrollment)),
    "handover.insurerformat": Subject(
        "insurer's table", lambda place: InsurerFormat.objects.get(organization=place.organization)
    ),
    "handover.invoice": Subject("billed", lambda place: Invoice.objects.get(period=place.period)),
    "handover.remittance": Subject("billed", lambda place: Remittance.objects.get(period=place.period)),
    "handover.receipt": Subject("office", lambda place: Receipt.objects.get(hand_over__lines__enrollment=place.enrollment)),
    "subsidies.fundrequest": Subject("funds", lambda place: FundRequest.objects.get(lines__enrollment=place.enrollment)),
    "subsidies.fundrequestline": Subject("office", lambda place: FundRequestLine.objects.get(enrollment=place.enrollment)),
    "subsidies.fundmovement": Subject("funds", lambda place: FundMovement.objects.get(request__lines__enrollment=place.enrollment)),
    "subsidies.differences": Subject("operator", lambda place: Differences.objects.get(period=place.period)),
    "subsidies.differenceline": Subject("office", lambda place: DifferenceLine.objects.get(enrollment=place.enrollment)),
    "outreach.sending": Subject("office", lambda place: Sending.objects.get(lines__enrollment=place.enrollment)),
    "outreach.deliveryreport": Subject(
        "office", lambda place: DeliveryReport.objects.get(sending__lines__enrollment=place.enrollment)
    ),
    "outreach.messagewording": Subject(
        "program", lambda place: MessageWording.objects.filter(program=place.program).earliest("pk")
    ),
    "claims.serviceterm": Subject("program", lambda place: ServiceTerm.objects.get(program=place.program)),
    "claims.letterwording": Subject("program", lambda place: LetterWording.objects.get(program=place.program)),
    "complaints.complaint": Subject("office", lambda place: Complaint.objects.get(claim__enrollment=place.enrollment)),
    "complaints.answerwording": Subject("program", lambda place: AnswerWording.objects.get(program=place.program)),
    "claims.flagrule": Subject("program", lambda place: FlagRule.objects.get(program=place.program)),
    "closing.monthclosing": Subject("operator", lambda place: MonthClosing.objects.get(program=place.program)),
    "closing.closedfigure": Subject("operator", lambda place: ClosedFigure.objects.get(closing__program=place.program)),
    "closing.closedbalance": Subject("operator", lambda place: ClosedBalance.objects.get(closing__program=place.program)),
    "retention.retentionterm": Subject("operator", lambda place: RetentionTerm.objects.get(program=place.program)),
    "retention.legalhold": Subject("operator", lambda place: LegalHold.objects.get(held_program=place.program)),
    "retention.destructionrun": Subject("operator", lambda place: DestructionRun.objects.get(program=place.program)),
    "retention.destructionline": Subject("operator", lambda place: DestructionLine.objects.get(run__program=place.program)),
    "samples.sample": Subject("office", lambda place: Sample.objects.get(items__enrollment=place.enrollment)),
    "samples.sampleitem": Subject("office", lambda place: SampleItem.objects.get(enrollment=place.enrollment)),
    "samples.evidencebundle": Subject(
        "office", lambda place: EvidenceBundle.objects.get(sample__items__enrollment=place.enrollment)
    ),
    "payouts.bankformat": Subject("table", lambda place: BankFormat.objects.get(organization=place.organization)),
    "payouts.approvalthreshold": Subject("table", lambda place: ApprovalThreshold.objects.get(organization=place.organization)),
    "payouts.payeraccount": Subject(
        "office", lambda place: PayerAccount.objects.get(organization=place.organization, program=place.program)
    ),
    "payouts.batch": Subject("office", lambda place: _payout(place).batch),
    "payouts.batchline": Subject("office", lambda place: _payout(place)),
    "payouts.bankreturn": Subject("office", lambda place: BankReturn.objects.get(batch=_payout(place).batch)),
    "papers.printing": Subject("office", lambda place: _printing(place)),
    "papers.personrequest": Subject("office", lambda place: PersonRequest.objects.get(beneficiary=place.enrollment.beneficiary)),
    "papers.certificatewording": Subject(
        "program", lambda place: CertificateWording.objects.filter(program=place.program).earliest("pk")
    ),
    "claims.claim": Subject("office", lambda place: Claim.objects.get(enrollment=place.enrollment)),
    "claims.payable": Subject("office", lambda place: Payable.objects.get(claim__enrollment=place.enrollment, kind="payout")),
    "claims.recovery": Subject("office", lambda place: Recovery.objects.get(payable__claim__enrollment=place.enrollment)),
    "claims.signingthreshold": Subject("operator", lambda place: SigningThreshold.objects.get(program=place.program)),
    "continuity.earlierlist": Subject(
        "office", lambda place: EarlierList.objects.get(organization=place.enrollment.organization, program=place.program)
    ),
    "filings.claimfile": Subject("office", lambda place: ClaimFile.objects.get(rows__enrollment=place.enrollment)),
    "records.recordlist": Subject("office", lambda place: RecordList.objects.get(rows__enrollment=place.enrollment)),
    "records.proposal": Subject("office", lambda place: Proposal.objects.get(enrollment=place.enrollment)),
    "results.report": Subject("office", lambda place: Report.objects.get(rows__enrollment=place.enrollment)),
    "results.result": Subject("office", lambda place: Result.objects.get(enrollment=place.enrollment)),
    "reconciliation.claimstatement": Subject("operator", lambda place: ClaimStatement.objects.get(program=place.program)),
    "reconciliation.reconciliation": Subject(
        "operator", lambda place: Reconciliation.objects.get(pk=place.program.pk)
    ),
    "takeup.takeup": Subject("program", lambda place: TakeUp.objects.get(pk=place.period.pk)),
    "takeup.target": Subject("program", lambda place: Target.objects.get(period=place.period)),
    "takeup.participantlist": Subject("staff", lambda place: ParticipantList.objects.get(organization=place.organization)),
    "years.comparison": Subject("program", lambda place: Comparison.objects.get(program=place.program)),
    "years.planreview": Subject("operator", lambda place: PlanReview.objects.get(program=place.program)),
    "years.yearleft": Subject("office", lambda place: YearLeft.objects.get(enrollment=place.enrollment)),
    "exports.export": Subject("own person", lambda place: Export.objects.get(asked_by=place.clerk)),
    "intake.wordmapping": Subject(
        "staff", lambda place: WordMapping.objects.filter(organization=place.organization).earliest("pk")
    ),
    "programs.code": Subject("table", lambda place: Code.objects.filter(organization=place.organization).earliest("pk")),
    "jobs.job": Subject("office", lambda place: Job.objects.about(place.roster).latest("pk")),
    "programs.program": Subject("program", lambda place: place.program),
    "programs.plan": Subject("plan", lambda place: place.plan, stands=True),
    "programs.period": Subject("program", lambda place: place.period),
    "programs.fundingscheme": Subject(
        "program", lambda place: FundingScheme.objects.get(plan=place.plan), views_as="programs.plan", stands=True
    ),
    "programs.funder": Subject("funder", lambda place: place.funder),
    "programs.budget": Subject("money", lambda place: Budget.objects.get(funder=place.funder, program=place.program)),
    "programs.budgetreservation": Subject(
        "money", lambda place: BudgetReservation.objects.filter(funder=place.funder, program=place.program).latest("pk")
    ),
    "programs.ledgeraccount": Subject(
        "money", lambda place: LedgerAccount.objects.filter(funder=place.funder, program=place.program).earliest("pk")
    ),
    "programs.ledgertransaction": Subject(
        "money",
        lambda place: LedgerTransaction.objects.filter(
            entries__account__funder=place.funder, program=place.program
        ).earliest("pk"),
    ),
}
#: Reference data: read by every role that has the permission, wherever it is held.
SHARED = {"accounts.region", "programs.category", "programs.hospital", "claims.holiday"}
#: What runs by the clock: rows of nobody's.
OF_THE_PORTAL = {"django_celery_beat.periodictask"}
#: Every other URL and what it is, so that a new one is thought about. One that takes an object belongs in OBJECT_URLS.
CLASSIFIED = {
    "home": "redirect", "health_live": "public", "health_ready": "public", "metrics": "token", "set_language": "public",
    "admin:index": "workbench", "admin:login": "public", "admin:logout": "own account", "admin:jsi18n": "public",
    "admin:password_change": "own account", "admin:password_change_done": "own account", "admin:app_list": "workbench",
    "admin:autocomplete": "scoped by the model's admin", "admin:view_on_site": "no model has a page on site",
    "admin:search": "palette: names of pages only", "admin:toggle_sidebar": "own session",
    "accounts:login": "public", "accounts:logout": "own account", "accounts:second_factor": "own account",
    "accounts:second_factor_set_up": "own account", "accounts:recovery_codes": "own account",
    "accounts:password_change": "own account",
    "papers:check": "public: says whether a cover is valid, to whoever holds its code", "papers:scanned": "the same",
}
#: URLs outside the admin that take an object (the API's): name -> (model, permission). They join the matrix like a page.
OBJECT_URLS: dict[str, tuple[str, str]] = {}
_STANDARD = {"changelist": "view", "change": "view", "history": "view", "add": "add", "delete": "delete"}


@dataclass(frozen=True)
class Page:
    """One address of a model: `verb` as people say it, `permission` that opens it ("" for nobody)."""

    name: str
    model: str
    verb: str
    permission: str
    takes_object: bool
    #: What a POST needs, where that is more than a GET does.
    write_permission: str = ""

    def roles(self, method: str) -> frozenset[str]:
        """Roles that may, by PERMISSIONS."""
        wanted = self.write_permission if method != "get" else self.permission
        return frozenset(role for role, held in PERMISSIONS.items() if wanted and wanted in held)

    def wanted(self, method: str) -> str:
        """The permission that a method needs."""
        return self.write_permission if method != "get" else self.permission


def label_of(model_admin: Any) -> str:
    """ "app.model" of an admin."""
    return str(model_admin.model._meta.label_lower)


@cache
def pages_of(model_admin: Any, *, subject: Subject | None = None) -> list[Page]:
    """Every page of a model's admin, with the permission that each needs."""
    options = model_admin.opts
    label = label_of(model_admin)
    prefix = f"{options.app_label}_{options.model_name}_"
    found = []
    for entry in model_admin.get_urls():
        if not isinstance(entry, URLPattern) or not entry.name:
            continue
        verb = entry.name.removeprefix(prefix)
        takes_object = "object_id" in entry.pattern.regex.groupindex
        permission, write = _permissions(model_admin, verb, label, subject)
        found.append(Page(f"admin:{entry.name}", label, verb, permission, takes_object, write))
    return found


def _permissions(model_admin: Any, verb: str, label: str, subject: Subject | None) -> tuple[str, str]:
    app, _dot, model = label.partition(".")
    if verb not in _STANDARD:
        allowed: list[str] = list(getattr(getattr(model_admin, verb), "allowed_permissions", []))
        assert len(allowed) == 1, f"{label} {verb}: a button names one permission: @action(permissions=[...])"
        needed = getattr(model_admin, f"has_{allowed[0]}_permission")
        permission = getattr(getattr(needed, "__func__", needed), "permission", None)
        assert permission, f"{label} {verb}: has_{allowed[0]}_permission = holds(\"app.permission\") says what it needs"
        return permission, permission
    viewed = (subject.views_as if subject and subject.views_as else label).split(".")[1]
    read_only = isinstance(model_admin, ReadOnlyScopedAdmin) or label not in SUBJECTS.keys() | SHARED
    if label in {"axes.accessattempt", *OF_THE_PORTAL}:
        read_only = True
    writes = "" if read_only or (subject and subject.stands) else f"{app}.change_{model}"
    if verb == "delete":
        return "", ""
    if verb == "add":
        added = "" if read_only or (subject and subject.stands) else f"{app}.add_{model}"
        return added, added
    permission = f"{app}.view_{viewed}"
    # A list and a timeline answer POST like GET; a page that is changed asks for more.
    return permission, writes if verb == "change" else permission


def admin_pages() -> Iterator[tuple[str, Any, list[Page]]]:
    """(label, admin, pages) of every model in the admin."""
    for model_admin in admin.site._registry.values():
        label = label_of(model_admin)
        yield label, model_admin, pages_of(model_admin, subject=SUBJECTS.get(label))


def patterns(resolver: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern of the resolver with its name, namespaces in front."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name or ''}", entry


def unclassified(resolver: Any = None) -> list[str]:
    """What to add for each URL that nobody has thought about."""
    of_models = {page.name for _label, _admin, pages in admin_pages() for page in pages}
    nameless = ("", "admin:")
    found = []
    for name, entry in patterns(resolver):
        if name in of_models or (name in nameless and not entry.name and _is_djangos(entry)):
            continue
        takes_object = bool(entry.pattern.regex.groupindex) or bool(getattr(entry.pattern, "converters", {}))
        if takes_object and name not in OBJECT_URLS and name not in CLASSIFIED:
            found.append(f'{name or entry.pattern}: add to OBJECT_URLS "{name}": ("app.model", "app.permission")')
        elif not takes_object and name not in CLASSIFIED:
            found.append(f'{name or entry.pattern}: add to CLASSIFIED "{name}": what it is')
    return found


def _is_djangos(entry: URLPattern) -> bool:
    """The admin's catch-all and its redirect of old addresses."""
    return entry.callback.__module__.split(".")[0] in ("django", "unfold")


def level(subject: Subject, reader: str, relation: str) -> str:
    """How far a reader ("county clerk") comes to the row of a relation."""
    return REACH[subject.kind].get(reader.split()[0], {}).get(relation, HIDDEN)


def may(page: Page, subject: Subject, reader: str, relation: str, method: str) -> bool:
    """Whether the table lets a reader in: the role has the permission, and comes far enough."""
    wanted = page.wanted(method)
    kind = KIND_OF_PAGE.get(page.name, subject.kind)
    reached = REACH[kind].get(reader.split()[0], {}).get(relation, HIDDEN)
    reads = wanted.split(".")[-1].startswith("view_")
    return reader.split()[1] in page.roles(method) and (reached == FULL or (reached == READ and reads))
