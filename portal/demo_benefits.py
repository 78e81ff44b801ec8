"""What the demo's plans pay and cost: the example terms of 爱心保, a city's 惠民保 with a version of next year on its way, and
two real ones that are priced by age and for students."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts.models import Organization, User
from benefits import editing, plan_file
from benefits.terms import PlanTerms, Price, Words, fixed
from papers.font import face
from papers.pdf import Document, Sheet
from programs import actions as programs
from programs.actions.plans import ExpectationDraft, InsurerDraft, PlanDraft, SchemeDraft, ShareDraft
from programs.models import Category, PaperKind, Period, Plan, PlanBenefits, Program
from programs.reference import make_student_category
from programs.rules.filing import filing_of

_PRICE, _COVER = Decimal("149.00"), Decimal("2000000.00")
#: Percent of the lead, and of those who bear it with the lead.
_SHARES = (Decimal("50.00"), Decimal("30.00"), Decimal("20.00"))
_A4 = (595.0, 842.0)


def example_terms(*, premium: Decimal, cover: Decimal, region: str) -> PlanTerms:
    """爱心保's example terms at a city's premium and cover, in yuan."""
    terms = _fixture("aixinbao-example")
    return replace(
        terms, region=region, prices=(Price(premium),),
        limits=tuple(replace(limit, amount=fixed(cover)) for limit in terms.limits),
    )


def supplementary(
    code: str, *, name: str, office: Organization, insurers: Sequence[Organization], maker: User, checker: User, by: str,
    at: datetime,
) -> None:
    """A 惠民保 of a city: this year's plan in force, next year's submitted with a lower deductible; each step once.

    `insurers`: who bears it together, the lead first.
    """
    program = Program.objects.filter(code=code).first() or programs.create_program(
        code, name=name, kind=Program.Kind.SUPPLEMENTARY, organization=office, insurer=insurers[0], by=by, at=at
    )
    plan = program.plans.order_by("number").first() or programs.create_plan(
        program,
        terms={
            "name": f"{name}定制医疗保险", "premium": _PRICE, "cover_limit": _COVER, "requires_notice": False,
            "requires_insurer_acceptance": False,
        },
        draft=PlanDraft(
            categories=list(Category.objects.filter(holds_for_everybody=True).order_by("position")),
            schemes=[SchemeDraft("全部对象", [ShareDraft("person")])],
            benefits=replace(
                _fixture("weifang"), code=code.lower(), name=Words(name), region=program.region_code, notes=(), unknown=(),
            ),
            insurers=[
                InsurerDraft(insurer, share, insurer == insurers[0])
                for insurer, share in zip(insurers, _SHARES, strict=True)
            ],
        ),
        by=maker, at=at,
    )
    plan = _bring_in_force(plan, maker=maker, checker=checker, at=at)
    if program.plans.count() == 1:
        later = programs.copy_plan(plan, by=maker, at=at)
        held = PlanBenefits.objects.get(plan=later)
        data = editing.replaced(plan_file.data_of(plan_file.load(held.content)), "responsibilities[0].deductible", 16000)
        programs.set_benefits(later, plan_file.terms_of(data), base=held.digest, by=maker, at=at)
        _file(later, by=maker, at=at)
        programs.submit_plan(later, by=maker, at=at)


@dataclass(frozen=True)
class Product:
    """A 惠民保 that somebody sells: its plan file, and what the file leaves to the plan."""

    file: str
    code: str
    name: str
    cover: Decimal
    #: What its actuary expects of a period of the demo: a handful of families.
    expected: ExpectationDraft | None = None


PRODUCTS = (
    Product(
        "hangzhou-2022", "A", "惠民保A款（西湖益联保条款）", Decimal("3150000.00"),
        ExpectationDraft(people=12, premium=Decimal("1600.00"), claims=Decimal("1360.00")),
    ),
    Product("ningbo-2025", "B", "惠民保B款（天一甬宁保条款）", Decimal("2000000.00")),
)


def priced(
    product: Product, *, office: Organization, insurer: Organization | None, maker: User, checker: User, by: str, at: datetime
) -> Period:
    """A program whose plan is priced by age and for students, in force, with this year's period open; each step once."""
    make_student_category(at=at)
    code = f"HMB{office.region_code}{product.code}"
    program = Program.objects.filter(code=code).first() or programs.create_program(
        code, name=product.name, kind=Program.Kind.SUPPLEMENTARY, organization=office, insurer=insurer, by=by, at=at
    )
    terms = _fixture(product.file)
    plan = program.plans.order_by("number").first() or programs.create_plan(
        program,
        terms={
            "name": f"{product.name}定制方案", "premium": terms.prices[-1].amount, "cover_limit": product.cover,
            "requires_notice": False, "requires_insurer_acceptance": False,
        },
        draft=PlanDraft(
            categories=list(Category.objects.filter(holds_for_everybody=True).order_by("position")),
            schemes=[SchemeDraft("全部对象", [ShareDraft("person")])],
            benefits=replace(terms, region=program.region_code), expectation=product.expected,
        ),
        by=maker, at=at,
    )
    _bring_in_force(plan, maker=maker, checker=checker, at=at)
    year = timezone.localdate(at).year
    return program.periods.filter(code=str(year)).first() or programs.open_period(
        program.plans.get(number=1), code=str(year), starts_on=date(year, 1, 1), ends_on=date(year + 1, 1, 1),
        enrollment_opens_on=date(year - 1, 10, 1), enrollment_closes_on=date(year + 1, 1, 1), by=checker, at=at,
    )


def _bring_in_force(plan: Plan, *, maker: User, checker: User, at: datetime) -> Plan:
    if plan.state == Plan.State.DRAFT:
        _file(plan, by=maker, at=at)
        plan = programs.submit_plan(plan, by=maker, at=at)
    if plan.state == Plan.State.IN_REVIEW:
        plan = programs.approve_plan(plan, by=checker, at=at)
    if plan.state == Plan.State.APPROVED:
        plan = programs.put_in_force(plan, by=checker, at=at)
    return plan


def _file(plan: Plan, *, by: User, at: datetime) -> None:
    """The papers that the regulator asks of it, each once; they say that they are examples."""
    held = set(plan.papers.values_list("kind", flat=True))
    for kind in filing_of(plan.program.kind).papers:
        if kind not in held:
            label = str(PaperKind(kind).label)
            content = io.BytesIO(_paper(f"{label}（示例）", f"{plan.name} 第{plan.number}版"))
            programs.add_paper(plan, kind=kind, name=f"{label}（示例）.pdf", stream=content, by=by, at=at)


def _paper(title: str, about: str) -> bytes:
    """One page of A4 with a title and what it is about."""
    kind = face()
    sheet = Sheet(kind)
    sheet.text(_A4[0] / 2, 680, title, size=22, bold=True, anchor="middle")
    sheet.text(_A4[0] / 2, 630, about, size=13, anchor="middle")
    document = Document(kind, title=title, form=Sheet(kind), size=_A4)
    document.page(sheet)
    return document.finished()


def _fixture(name: str) -> PlanTerms:
    return plan_file.load_path(Path(settings.BASE_DIR) / "fixtures" / "plans" / f"{name}.yaml")
