"""Programs, plans, periods, funders and budgets for tests and the demo, made through the room's own actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import Organization, User
from programs import actions
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Budget, Category, Funder, Period, Plan, Program

#: Code, name, other words: DOMAIN's hardship categories in the order in which they count.
CATEGORIES = (
    ("tekun", "特困人员", ("特困", "五保户", "特困供养人员")),
    ("guer", "孤儿", ()),
    ("shishi_guer", "事实无人抚养儿童", ("事实孤儿",)),
    ("dibao", "低保对象", ("低保户", "低保", "农村低保", "城市低保", "低保对象(城市)", "低保对象(农村)")),
    ("dibian", "低保边缘家庭成员", ("低保边缘", "低边户", "低保边缘户")),
    ("gangxing", "刚性支出困难家庭", ("支出型困难家庭", "刚性支出困难家庭成员")),
    ("zhongcan", "重度残疾人", ("重残", "一级残疾", "二级残疾")),
    ("youfu", "优抚对象", ()),
    ("tuopin", "脱贫人口", ("脱贫户", "建档立卡")),
    ("jiance", "防止返贫监测对象", ("监测户", "脱贫不稳定户", "边缘易致贫户", "突发严重困难户", "监测户(边缘)")),
    ("yinbing", "因病致贫重病患者", ("因病致贫",)),
)


def make_categories() -> dict[str, Category]:
    """All hardship categories by code."""
    for position, (code, name, synonyms) in enumerate(CATEGORIES, 1):
        Category.objects.update_or_create(
            code=code, defaults={"name": name, "synonyms": list(synonyms), "position": position}
        )
    return {category.code: category for category in Category.objects.all()}


def make_program(code: str, *, organization: Organization, insurer: Organization | None = None, **changes: Any) -> Program:
    """A hardship program of one office."""
    values = {"name": f"爱心保 {code}", "kind": Program.Kind.HARDSHIP, "region_code": organization.region_code, **changes}
    return Program.objects.create(code=code, organization=organization, insurer=insurer, **values)


def make_funder(name: str, *, organization: Organization | None = None, kind: str = "foundation", region: str = "") -> Funder:
    """A funder; a government needs its region."""
    return Funder.objects.create(name=name, organization=organization, kind=kind, region_code=region)


def make_plan(
    program: Program, *, foundation: Funder, maker: User, checker: User, at: datetime,
    categories: Sequence[Category] = (), premium: Decimal = Decimal("99.00"), own: Decimal = Decimal("0.01"),
    county: Decimal | None = Decimal("30.00"), **terms: Any,
) -> Plan:
    """A plan in force: 99.00 = 0.01 of the person, 30.00 of their county, the rest of the foundation."""
    shares = [ShareDraft("person", own)]
    if county is not None:
        shares.append(ShareDraft("county", county))
    shares.append(ShareDraft("funder", None, foundation))
    values = {
        "name": "爱心保示例方案", "premium": premium, "cover_limit": Decimal("1500000.00"), "requires_notice": False,
        "requires_own_payment": False, "requires_insurer_acceptance": False, **terms,
    }
    draft = PlanDraft(
        categories=categories or list(make_categories().values()), schemes=[SchemeDraft("全部对象", shares)]
    )
    plan = actions.create_plan(program, terms=values, draft=draft, by=maker, at=at)
    plan = actions.submit_plan(plan, by=maker, at=at)
    plan = actions.approve_plan(plan, by=checker, at=at)
    return actions.put_in_force(plan, by=checker, at=at)


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
