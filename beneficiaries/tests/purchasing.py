"""A world for tests of cover without a roster: a day cover program with workers, a city program that people pay for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.worlds import keepable
from beneficiaries.actions import Payment, Request, cover_days, enroll_paid, register_person
from beneficiaries.covering import Span
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.testing import KEYS, World, make_world, people
from benefits import plan_file
from benefits.terms import PlanTerms
from benefits.tests.cases import PLANS
from programs import actions
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Budget, Funder, Period, Plan, Program
from programs.reference import make_categories
from programs.testing import filed, make_budget, make_funder, make_program, price_drafts

HOUR = timedelta(hours=1)
D = Decimal
GRANTED = D("100000.00")


@dataclass
class Market:
    """The usual world, and a program of another kind with its plan, period and payer."""

    world: World
    program: Program
    plan: Plan
    period: Period
    funder: Funder
    budget: Budget | None
    at: datetime

    def span(self, person_id: int, begins: float, ends: float) -> Span:
        """Hours from tomorrow's midnight."""
        midnight = timezone.localtime(self.at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return Span(person_id, midnight + begins * HOUR, midnight + ends * HOUR)

    def cover(self, *spans: Span, reference: str = "R1", **changes: Any) -> Purchase:
        """Through the action, by the county's clerk."""
        values: dict[str, Any] = {
            "period": self.period, "organization": self.world.office, "request": Request(reference),
            "by": self.world.clerk, "at": self.at, **changes,
        }
        return cover_days(list(spans), **values)

    def enroll(self, cells: Mapping[str, str] | None = None, *, reference: str = "P1", **changes: Any) -> Enrollment:
        """One person who paid 150.00, through the action."""
        values: dict[str, Any] = {
            "period": self.period, "organization": self.world.office, "request": Request(reference),
            "payment": Payment(f"pay-{reference}", self.at, D("150.00")), "by": self.world.clerk, "at": self.at, **changes,
        }
        return enroll_paid(person(0) if cells is None else cells, **values)

    def worker(self, number: int = 0) -> int:
        """A person whom the office knows in the program."""
        return register_person(
            person(number), period=self.period, organization=self.world.office, by=self.world.clerk, at=self.at
        )


def person(number: int, **cells: str) -> dict[str, str]:
    """What one person says of themselves."""
    said = dict(zip(KEYS, people(1, first=number)[0], strict=True))
    said.pop("categories")
    return {**{key: value for key, value in said.items() if value}, **cells}


@keepable
def day_market(
    *, granted: Decimal | None = GRANTED, shares: list[ShareDraft] | None = None, world: World | None = None,
    **terms: Any,
) -> Market:
    """3 yuan a day begun, paid by the platform; at most 36 hours."""
    return _market(
        "DAY", Program.Kind.DAY_COVER, granted=granted, shares=shares, world=world or make_world(),
        terms={
            "name": "日结保", "premium": D("3.00"), "cover_limit": D("600000.00"), "period_kind": "span",
            "proration": "daily", "longest_hours": 36, "min_age": 16, "max_age": 90, "age_on": "enrollment",
            "requires_notice": False, "requires_own_payment": False, "requires_insurer_acceptance": False, **terms,
        },
    )


@keepable
def paid_market(*, code: str = "HMB", world: World | None = None, **terms: Any) -> Market:
    """150 yuan a year, all of it the person's own; `pays`: a plan, or one of fixtures, that says what it pays."""
    return _market(
        code, Program.Kind.SUPPLEMENTARY, granted=None, shares=[ShareDraft("person", None)], world=world or make_world(),
        terms={
            "name": "惠民保(定制)", "premium": D("150.00"), "cover_limit": D("2000000.00"), "requires_notice": False,
            "requires_own_payment": True, "requires_insurer_acceptance": False, **terms,
        },
    )


def _market(
    code: str, kind: str, *, granted: Decimal | None, shares: list[ShareDraft] | None, world: World, terms: dict[str, Any]
) -> Market:
    at = timezone.now()
    program = make_program(code, organization=world.city, insurer=world.insurer, kind=kind, name=terms["name"])
    platform = make_funder(f"示例平台{code}", kind="enterprise", organization=world.foundation_org)
    everybody = make_categories(at=at)["renren"]
    prices = price_drafts(terms.pop("prices", ()))
    priced = [each.category for each in prices if each.category is not None and each.category != everybody]
    draft = PlanDraft(
        categories=[*dict.fromkeys(priced), everybody], prices=prices,
        schemes=[SchemeDraft("全部", shares or [ShareDraft("funder", None, platform)])],
    )
    maker, checker = world.finance_maker, world.finance_checker
    pays = terms.pop("pays", "")
    plan = actions.create_plan(program, terms=terms, draft=draft, by=maker, at=at)
    if pays:
        stated = pays if isinstance(pays, PlanTerms) else plan_file.load_path(PLANS / f"{pays}.yaml")
        benefits = replace(stated, prices=())
        actions.set_benefits(plan, benefits, by=maker, at=at)
    plan = actions.submit_plan(filed(plan, by=maker, at=at), by=maker, at=at)
    plan = actions.put_in_force(actions.approve_plan(plan, by=checker, at=at), by=checker, at=at)
    today = timezone.localdate(at)
    period = actions.open_period(
        plan, code="P1", starts_on=today - timedelta(days=30), ends_on=today + timedelta(days=300),
        enrollment_opens_on=today - timedelta(days=30), enrollment_closes_on=today + timedelta(days=200), by=checker, at=at,
    )
    budget = None
    if granted is not None:
        budget = make_budget(platform, period=period, granted=granted, maker=maker, checker=checker, at=at)
    return Market(world, program, plan, period, platform, budget, at)


def many_workers(market: Market, count: int) -> list[int]:
    """As many people known to the office, made by SQL; ids in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO beneficiaries_person (name, document, document_type, birth_on, sex, identity_index_a, created_at) "
            "SELECT 'x', 'y', 'resident_id', '1990-01-01', '', decode(lpad(to_hex(n), 32, '0'), 'hex'), now() "
            "FROM generate_series(1, %s) AS n RETURNING id", [count],
        )
        ids = [number for (number,) in cursor.fetchall()]
        cursor.execute(
            "INSERT INTO beneficiaries_beneficiary (person_id, program_id, organization_id, region_code, bank_name, "
            "contact_digest, created_at, updated_at) SELECT id, %s, %s, '441602', '', '\\x02', now(), now() "
            "FROM unnest(%s::bigint[]) AS id", [market.program.pk, market.world.office.pk, ids],
        )
    return sorted(ids)
