"""Programs, plans, periods, funders and budgets for tests and the demo, made through the room's own actions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pgtrigger
from django.utils import timezone

from accounts.models import Organization, User
from audit import events
from programs import actions
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Budget, Category, Funder, PaperKind, Period, Plan, PlanExpectation, PlanPaper, Program
from programs.plan_prices import PriceDraft
from programs.reference import make_categories
from programs.rules.filing import filing_of, missing_word

#: The smallest file that is a PDF from its first to its last line; `%d` makes one of many.
_PDF = b"""%%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 %d] >> endobj
trailer << /Root 1 0 R >>
%%%%EOF
"""


def pdf(number: int = 842) -> bytes:
    """A PDF of one empty page; another number, another file."""
    return _PDF % number


def keep_paper(plan: Plan, kind: str = PaperKind.AUTHORIZATION, *, by: User, at: datetime, number: int = 842) -> PlanPaper:
    """A paper of a draft."""
    return actions.add_paper(plan, kind=kind, name=f"{PaperKind(kind).label}.pdf", stream=io.BytesIO(pdf(number)), by=by, at=at)


def filed(plan: Plan, *, by: User, at: datetime) -> Plan:
    """The draft with all that the regulator asks of its kind: the papers, and the word in its name."""
    asked = filing_of(plan.program.kind)
    if word := missing_word(asked, name=plan.name):
        Plan.objects.filter(pk=plan.pk).update(name=f"{plan.name}({word})")
        plan.refresh_from_db()
    for number, kind in enumerate(asked.papers, 800):
        keep_paper(plan, kind, by=by, at=at, number=number)
    return plan

#: Yuan, ages from and until, code of a category or "".
PriceLine = tuple[str, int | None, int | None, str]


def make_program(code: str, *, organization: Organization, insurer: Organization | None = None, **changes: Any) -> Program:
    """A hardship program of one office."""
    values = {"name": f"爱心保 {code}", "kind": Program.Kind.HARDSHIP, "region_code": organization.region_code, **changes}
    return Program.objects.create(code=code, organization=organization, insurer=insurer, **values)


def make_funder(name: str, *, organization: Organization | None = None, kind: str = "foundation", region: str = "") -> Funder:
    """A funder; a government needs its region."""
    funder = Funder.objects.create(name=name, organization=organization, kind=kind, region_code=region)
    events.record(
        "funder.created", funder, by="system:test", at=timezone.now(), organization=organization, region_code=region, data={}
    )
    return funder


def make_plan(
    program: Program, *, foundation: Funder, maker: User, checker: User, at: datetime,
    categories: Sequence[Category] = (), premium: Decimal = Decimal("99.00"), own: Decimal = Decimal("0.01"),
    county: Decimal | None = Decimal("30.00"), prices: Sequence[PriceLine] = (), **terms: Any,
) -> Plan:
    """A plan in force: 99.00 = 0.01 of the person, 30.00 of their county, the rest of the foundation; `prices` before it."""
    shares = [ShareDraft("person", own)]
    if county is not None:
        shares.append(ShareDraft("county", county))
    shares.append(ShareDraft("funder", None, foundation))
    values = {
        "name": "爱心保示例方案", "premium": premium, "cover_limit": Decimal("1500000.00"), "requires_notice": False,
        "requires_own_payment": False, "requires_insurer_acceptance": False, **terms,
    }
    draft = PlanDraft(
        categories=categories or [each for each in make_categories(at=at).values() if not each.holds_for_everybody],
        schemes=[SchemeDraft("全部对象", shares)], prices=price_drafts(prices),
    )
    plan = actions.create_plan(program, terms=values, draft=draft, by=maker, at=at)
    plan = actions.submit_plan(filed(plan, by=maker, at=at), by=maker, at=at)
    plan = actions.approve_plan(plan, by=checker, at=at)
    return actions.put_in_force(plan, by=checker, at=at)


def expecting(plan: Plan, *, people: int, premium: Decimal, claims: Decimal) -> PlanExpectation:
    """As if the plan's actuary had said so in the draft."""
    with pgtrigger.ignore("programs.PlanExpectation:plan_expectation_stands"):
        return PlanExpectation.objects.create(plan=plan, people=people, premium=premium, claims=claims)


def price_drafts(prices: Sequence[PriceLine]) -> list[PriceDraft]:
    """Prices to be."""
    known = {category.code: category for category in Category.objects.all()}
    return [PriceDraft(Decimal(premium), first, last, known.get(code)) for premium, first, last, code in prices]


def make_period(plan: Plan, *, year: int, by: User, at: datetime, **changes: Any) -> Period:
    """A calendar year whose enrollment is open from two months before to its end."""
    values = {
        "code": str(year), "starts_on": date(year, 1, 1), "ends_on": date(year + 1, 1, 1),
        "enrollment_opens_on": date(year - 1, 10, 1), "enrollment_closes_on": date(year + 1, 1, 1), **changes,
    }
    return actions.open_period(plan, by=by, at=at, **values)


def make_budget(
    funder: Funder, *, period: Period, granted: Decimal, maker: User, checker: User, at: datetime, label: str = "第一批",
    **limits: Any,
) -> Budget:
    """An approved budget."""
    budget = actions.propose_budget(funder, period=period, label=label, granted=granted, by=maker, at=at, **limits)
    return actions.approve_budget(budget, by=checker, at=at)
