"""Claims of the demo: of people of a year, each as far on its way as another one, through the room's own actions."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from claims import actions
from claims.actions import Account, Charge, Refusal, Report
from claims.models import Bill, Case, Claim
from portal.demo_families import collected, enroll_families
from programs import actions as programs
from programs.models import Program
from programs.testing import pdf

#: An account that nobody has; its last digits are those of the person's turn.
_ACCOUNT = "62284800000000{:02d}"
_BANK = "中国农业银行示例支行"
D = Decimal
FAMILIES = 4


@dataclass(frozen=True)
class Story:
    """What happened to whom, and how far the claim is: how many of the steps are taken."""

    diagnosis: str
    account: str
    charges: tuple[tuple[str, str], ...]
    fund: str
    goes: str
    total: str = ""


STORIES = (
    Story(
        "C34.1", "体检发现肺部肿瘤，住院手术。", (("self_pay", "96000.00"), ("out_of_catalogue", "88000.00")), "52000.00",
        "decided",
    ),
    Story("C50.9", "乳腺癌，住院手术。", (("self_pay", "58000.00"), ("out_of_catalogue", "47000.00")), "36000.00", "decided"),
    Story("I63.9", "脑梗死，急诊住院。", (("self_pay", "41000.00"), ("out_of_catalogue", "36500.00")), "26800.00", "to_sign"),
    Story(
        "S72.0", "在家跌倒，股骨颈骨折，住院置换关节。", (("self_pay", "52300.00"), ("out_of_catalogue", "31000.00")), "30100.00",
        "papers",
    ),
    Story("K80.1", "胆囊结石，住院微创手术。", (("self_pay", "14200.00"), ("out_of_catalogue", "2600.00")), "9100.00", "zero"),
    Story("J18.9", "肺炎住院。", (("self_pay", "9800.00"),), "6200.00", "doubt", "9880.00"),
    Story("N18.5", "尿毒症，门诊透析。", (("self_pay", "67000.00"), ("out_of_catalogue", "18000.00")), "41000.00", "refused"),
    Story("M51.2", "腰椎间盘突出，住院治疗。", (("self_pay", "18600.00"),), "11200.00", "reported"),
)


def claim(
    program: Program, *, clerk: User, reviewer: User, maker: User, checker: User, proposer: User, say: Callable[[str], None]
) -> None:
    """Families insured since the first of January, and one claim for each story, of as many grown people of theirs."""
    if Claim.objects.filter(program=program).exists():
        return
    _insure(program, clerk=clerk, maker=maker, checker=checker)
    at = timezone.now()
    if not program.signing_thresholds.exists():
        proposed = actions.propose_threshold(
            program, second_above=D("30000.00"), third_above=D("300000.00"), by=proposer, at=at
        )
        actions.approve_threshold(proposed, by=reviewer, at=at)
    covers = _covers(program, len(STORIES))
    for number, (story, cover) in enumerate(zip(STORIES, covers, strict=False), 1):
        _tell(story, cover, number, clerk=clerk, reviewer=reviewer, second=checker, at=at)
    say(f"{program}: {min(len(covers), len(STORIES))} claims")


def _insure(program: Program, *, clerk: User, maker: User, checker: User) -> None:
    """Four families of this year, who came in December; the whole year's cover is theirs."""
    year = timezone.localdate().year
    period = program.periods.filter(code=str(year)).first() or programs.open_period(
        program.plans.get(number=1), code=str(year), starts_on=date(year, 1, 1), ends_on=date(year + 1, 1, 1),
        enrollment_opens_on=date(year - 1, 10, 1), enrollment_closes_on=date(year, 1, 1), by=checker, at=timezone.now(),
    )
    at = timezone.make_aware(datetime.combine(date(year - 1, 12, 12), time(10)))
    bought = enroll_families(period, FAMILIES, clerk=clerk, at=at)
    collected(
        period, [(each.payment_reference, each.reference, each.own_share) for each in bought], maker=maker, checker=checker, at=at
    )


def _covers(program: Program, number: int) -> Sequence[Enrollment]:
    """Of grown people, one of each purchase or line, that stood for some days until now."""
    until = timezone.now() - timedelta(days=40)
    found = Enrollment.objects.filter(
        program=program, state__in=(EnrollmentState.IN_FORCE, EnrollmentState.ENDED), starts_at__lt=until,
        person__birth_on__lt=timezone.localdate() - timedelta(days=19 * 366), person__deceased_on=None,
        beneficiary__restricted_at=None,
    )
    return list(found.select_related("person", "program", "plan", "organization").order_by("pk")[:number])


def _tell(
    story: Story, cover: Enrollment, number: int, *, clerk: User, reviewer: User, second: User, at: datetime
) -> None:
    last = min(cover.ends_at, at) - timedelta(days=20 + number)
    happened = max(cover.starts_at + timedelta(days=1), last).replace(hour=4, minute=0, second=0, microsecond=0)
    case = actions.report_case(
        [cover],
        Report(
            event_at=happened, diagnosis=story.diagnosis, account=story.account, channel="agent" if number % 2 else "counter",
            reporter="agent" if number % 2 else "self", reporter_name="林村医" if number % 2 else "",
        ),
        by=clerk, at=at,
    )
    if story.goes == "reported":
        return
    _bill(case, story, number, happened, by=clerk, at=at)
    found = case.claims.get()
    for act in (actions.accept_claim, actions.register_claim, actions.take_claim):
        found = act(found, by=clerk, at=at)
    _work(story, found, number, clerk=clerk, reviewer=reviewer, second=second, at=at)


def _work(story: Story, claim: Claim, number: int, *, clerk: User, reviewer: User, second: User, at: datetime) -> None:
    if story.goes == "papers":
        actions.ask_papers(claim, ["record", "settlement"], words="缺出院小结盖章页", by=clerk, at=at)
        return
    if story.goes == "doubt":
        actions.note_claim(claim, text="票面合计与明细差80元，已请医院核对。", by=clerk, at=at)
        return
    name = claim.enrollment.person.name.reveal()
    claim = actions.state_payee(claim, Account("self", name, _ACCOUNT.format(number), _BANK, "103598000011"), by=clerk, at=at)
    refusal = Refusal("PRE_EXISTING", "投保前已确诊该疾病，属于既往症，不在保障责任内。") if story.goes == "refused" else None
    decision = actions.propose_decision(claim, refusal=refusal, by=clerk, at=at)
    if story.goes == "to_sign":
        return
    for by in (reviewer, second)[: decision.signatures_needed]:
        decision = actions.sign_decision(decision, digest=decision.digest, by=by, at=at)


def _bill(case: Case, story: Story, number: int, happened: datetime, *, by: User, at: datetime) -> None:
    charges = [Charge(kind, D(amount)) for kind, amount in story.charges]
    total = D(story.total) if story.total else sum((charge.amount for charge in charges), D("0.00"))
    outside = sum((charge.amount for charge in charges if charge.kind != "self_pay"), D("0.00"))
    fund = D(story.fund)
    admitted = timezone.localdate(happened)
    actions.add_bill(
        case,
        Bill(
            invoice_code="44060125", invoice_number=f"{20250000 + case.pk:010d}", issued_on=admitted + timedelta(days=9),
            setting="inpatient", hospital_name="河源市示例医院", admitted_on=admitted, discharged_on=admitted + timedelta(days=9),
            diagnosis=story.diagnosis, total=total, fund=fund, others=D("0.00"), account_paid=D("0.00"), cash=total - fund,
            self_paid=total - fund - outside, self_funded=outside,
        ),
        charges, by=by, at=at,
    )
    actions.add_paper(case, kind="invoice", name=f"发票{number}.pdf", stream=io.BytesIO(pdf(700 + number)), by=by, at=at)
