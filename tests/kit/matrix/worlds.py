"""Worlds for the scope matrix: our city with two counties and two programs, and a foreign city that shares the funder.

Each row that some reader must not see carries a canary of its relation in whatever it has of open text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
from axes.models import AccessAttempt
from django.db import connection
from django.utils import timezone

from accounts.models import Organization, User
from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit import reveals
from beneficiaries.actions import approve_roster, declare_full, propose_correction, submit_roster, upload_roster
from beneficiaries.identity import Identity
from beneficiaries.models import Employer, Enrollment, Person, Purchase, Roster
from beneficiaries.testing import World, csv_of, make_world, people
from exports.actions import ask_export
from exports.listing import Listing, Wanted
from exports.models import Export
from gates.models import (
    BillPayment,
    Clearing,
    ClearingLine,
    EmployerBill,
    HeldPayment,
    Notice,
    NoticeLine,
    Objection,
    OwnPayment,
    OwnPaymentLine,
    Statement,
    StatementRow,
)
from intake.models import WordMapping
from jobs.testing import drain
from programs.actions import create_code, create_plan
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Budget, Category, Code, Funder, Period, Plan, Program
from programs.testing import make_budget, make_funder, make_period, make_plan, make_program
from tests.kit.matrix.claims import add_claim
from tests.kit.matrix.closing import add_month
from tests.kit.matrix.compared import compare_years
from tests.kit.matrix.complaints import add_complaint
from tests.kit.matrix.continuity import add_earlier
from tests.kit.matrix.filings import add_filings
from tests.kit.matrix.funds import make_funds
from tests.kit.matrix.handed_over import hand_over_of
from tests.kit.matrix.insured import share_plan
from tests.kit.matrix.messages import add_messages
from tests.kit.matrix.paid_out import pay_out_of
from tests.kit.matrix.papers import add_papers
from tests.kit.matrix.records import add_records
from tests.kit.matrix.results import add_results
from tests.kit.matrix.retention import add_retention
from tests.kit.matrix.samples import add_sample
from tests.kit.matrix.takeup import add_participants, add_target
from tests.kit.matrix.terms import add_terms

#: What no reader may be shown of a relation; latin for user names, which take no other letters.
CANARIES = {
    "sibling": ("喜鹊", "magpie"),
    "parent": ("鸬鹚", "cormorant"),
    "foreign": ("金丝雀", "canary"),
    "other program": ("画眉", "thrush"),
}


@dataclass
class Place:
    """The rows of one relation: an office with its people and their way through a program."""

    relation: str
    organization: Organization
    program: Program
    plan: Plan
    draft: Plan
    period: Period
    funder: Funder
    clerk: User
    roster: Roster
    person: Person
    enrollment: Enrollment


@dataclass
class Worlds:
    """Everything that the matrix asks about; `readers` by name, e.g. "county clerk"."""

    city: World
    foreign: World
    places: dict[str, Place]
    readers: dict[str, User]
    #: One signed-in browser for each reader: signing in leaves events, which would move the pages.
    clients: dict[str, Any]
    #: Pages of our city as they stood before there was another one, by reader and address.
    before: dict[tuple[str, str], str] = field(default_factory=dict)


def make_worlds(
    sign_in: Callable[[User], Any], look: Callable[[dict[str, User], dict[str, Any]], dict[tuple[str, str], str]]
) -> Worlds:
    """Build our city, let `look` read its pages, then build the foreign city."""
    own = make_world()
    sibling_county = make_funder(
        "紫金县财政", organization=own.sibling, kind="government", region="441621"
    )
    _budget(sibling_county, own.period, own, label=f"{CANARIES['sibling'][0]}批次")
    city_clerk = _user("cormorant.clerk", Role.CLERK, own.city, CANARIES["parent"][0])
    sibling_clerk = _user("magpie.clerk", Role.CLERK, own.sibling, CANARIES["sibling"][0])
    second = _second_program(own)
    places = {
        "own": _place("own", own, own.office, own.clerk, own.county, county="441602", first=0),
        "sibling": _place("sibling", own, own.sibling, sibling_clerk, sibling_county, county="441621", first=10),
        "parent": _place("parent", own, own.city, city_clerk, own.foundation, county="441602", first=20),
        "other program": _place("other program", second, own.office, own.clerk, own.county, county="441602", first=30),
    }
    readers = make_readers(own)
    _failed_sign_in(sibling_clerk)
    clients = {name: sign_in(user) for name, user in readers.items()}
    before = look(readers, clients)
    foreign = _foreign(own)
    places["foreign"] = _place(
        "foreign", foreign, foreign.office, foreign.clerk, foreign.county, county="441702", first=0
    )
    _failed_sign_in(foreign.clerk)
    connection.check_constraints()
    return Worlds(own, foreign, places, readers, clients, before)


def make_readers(own: World) -> dict[str, User]:
    """A user of each role in the county and in the city, and those whose reach ends otherwise."""
    yesterday = timezone.now() - timedelta(days=1)
    found = {}
    for role in Role.values:
        found[f"county {role}"] = make_user(f"hy-county-{role.replace('_', '-')}", organization=own.office, role=role)
        found[f"city {role}"] = make_user(f"hy-city-{role.replace('_', '-')}", organization=own.city, role=role)
    for role in (Role.FINANCE_MAKER, Role.AUDITOR):
        name = f"fund-{role.replace('_', '-')}"
        found[f"foundation {role}"] = make_user(name, organization=own.foundation_org, role=role)
    found["insurer auditor"] = make_user("insurer-auditor", organization=own.insurer, role=Role.AUDITOR)
    # Of the first program's plan alone; of the second one nothing is its.
    found["coinsurer auditor"] = make_user("coinsurer-auditor", organization=share_plan(own), role=Role.AUDITOR)
    # Of kinds whose work comes by the interface: nothing of any office is theirs.
    for kind, role in (("platform", Role.CLERK), ("hospital", Role.AUDITOR)):
        found[f"{kind} {role}"] = make_user(
            f"{kind}-{role}", organization=make_organization(f"示例{kind}", kind=kind), role=role
        )
    for role in (Role.CLERK, Role.AUDITOR):
        found[f"limited {role}"] = make_user(
            f"hy-limited-{role}", organization=own.office, role=role, program_ids=[own.program.pk]
        )
    for role in (Role.AUDITOR, Role.CLERK):
        ended = make_user(f"hy-ended-{role}", organization=own.city, role=role, at=yesterday)
        ended.memberships.update(ended_at=yesterday, duty=None)
        found[f"ended {role}"] = User.objects.select_related("organization").get(pk=ended.pk)
        expired = make_user(
            f"hy-expired-{role}", organization=own.city, role=role, at=yesterday - timedelta(days=1),
            expires_on=timezone.localdate(yesterday) + timedelta(days=1),
        )
        found[f"expired {role}"] = expired
    return found


def _failed_sign_in(user: User) -> None:
    AccessAttempt.objects.create(username=user.username, ip_address="192.0.2.7", failures_since_start=3)


def _user(username: str, role: str, organization: Organization, canary: str) -> User:
    return make_user(username, role=role, organization=organization, display_name=f"{canary}人")


def _budget(funder: Funder, period: Period, own: World, *, label: str) -> Budget:
    return make_budget(
        funder, period=period, granted=Decimal("7654321.00"), maker=own.finance_maker, checker=own.finance_checker,
        at=own.at, label=label,
    )


def _second_program(own: World) -> World:
    """Another program of the same city, for memberships that are limited to the first."""
    canary = CANARIES["other program"][0]
    program = make_program("HB", organization=own.city, insurer=own.insurer, name=f"{canary}项目")
    plan = make_plan(
        program, foundation=own.foundation, maker=own.finance_maker, checker=own.finance_checker, at=own.at,
        name=f"{canary}方案",
    )
    period = make_period(plan, year=timezone.localdate(own.at).year + 1, by=own.finance_checker, at=own.at)
    budgets = [_budget(funder, period, own, label=f"{canary}批次") for funder in (own.foundation, own.county)]
    return World(**{**vars(own), "program": program, "plan": plan, "period": period, "budgets": budgets})


def _foreign(own: World) -> World:
    """A city of another tree. It has our foundation as a funder too, as a foundation pays for several cities."""
    han, latin = CANARIES["foreign"]
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"))
    Organization.objects.filter(path__startswith=foreign.city.path).update(short_name=f"{han}机构")
    # An insurer's name is no secret: whoever drafts a plan chooses among all of them.
    charity = foreign.foundation_org
    Organization.objects.filter(pk=charity.pk).update(short_name=f"{han}机构", name=f"{han}{charity.pk}")
    Program.objects.filter(pk=foreign.program.pk).update(name=f"{han}项目")
    for funder in (foreign.foundation, foreign.county):
        Funder.objects.filter(pk=funder.pk).update(name=f"{han}{funder.pk}")
    for user in User.objects.filter(username__startswith="yj-"):
        User.objects.filter(pk=user.pk).update(username=f"{latin}-{user.username}", display_name=f"{han}人")
    fresh = World(
        **{
            **vars(foreign),
            **{
                name: User.objects.select_related("organization").get(pk=getattr(foreign, name).pk)
                for name in ("clerk", "reviewer", "finance_maker", "finance_checker")
            },
            **{name: Funder.objects.get(pk=getattr(foreign, name).pk) for name in ("foundation", "county")},
        }
    )
    Budget.objects.filter(program=fresh.program).update(label=f"{han}批次")
    _budget(own.foundation, fresh.period, fresh, label=f"{han}批次")
    return fresh


def _place(
    relation: str, world: World, office: Organization, clerk: User, funder: Funder, *, county: str, first: int
) -> Place:
    """Two people of a county on their way from a file to cover, one of them shown in the clear, and a plan's draft."""
    canary = CANARIES.get(relation, ("自有", ""))[0]
    at = timezone.now()
    names = ([f"{canary}甲", *cells[1:]] for cells in people(2, county=county, first=first))
    upload_roster([(f"{canary}.csv", csv_of(list(names)))], period=world.period, organization=office, by=clerk, at=at)
    drain()
    roster = Roster.objects.latest("pk")
    declare_full(roster, region=county, reason=f"{canary}全量名单", by=clerk, at=at)
    roster = submit_roster(roster, by=clerk, at=at)
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=at)
    drain()
    enrollment = Enrollment.objects.filter(roster=roster).latest("pk")
    person = enrollment.person
    reveals.reveal(
        person, fields=["name"], reason=f"{canary}核对", by=clerk, at=at, organization=office,
        region_code=enrollment.region_code, program_id=world.program.pk,
    )
    # Of whoever is covered and whoever still waits alike.
    propose_correction(
        enrollment.beneficiary, right=Identity(f"{canary}丙", "", "", None, ""), reason=f"{canary}更名", by=clerk, at=at
    )
    # An office's words serve all its programs: those said for the other one are no secret to whoever has only the first.
    word = f"户{first}" if relation == "other program" else f"{canary}户{first}"
    WordMapping.objects.create(
        organization=office, template="roster", kind="category", word=word, target="dibao", made_by=clerk,
        made_at=at,
    )
    # A table serves all programs of its office, and the offices below it: neither is a secret.
    plain = relation in ("other program", "parent")
    create_code(
        Code(organization=office, system="drug", code=f"X{first}", name="药品" if plain else f"{canary}药品"), by="system:test",
        at=at,
    )
    if not Export.objects.filter(asked_by=clerk).exists():
        listing = Listing("beneficiaries.enrollment", clerk, Wanted(""))
        ask_export(listing, kind="csv", purpose=f"{canary}核对名单", by=clerk, at=at)
        drain()
    _notice(world, office, clerk, enrollment, canary, at=at)
    hand_over_of(relation, world, office, clerk, enrollment, canary, at=at)
    make_funds(world, funder, enrollment, canary, at=at)
    add_papers(enrollment, clerk, canary, at=at)
    add_messages(enrollment, clerk, canary, at=at)
    compare_years(enrollment, at=at)
    add_month(world, at=at)
    add_earlier(enrollment, clerk, at=at)
    add_claim(enrollment, clerk, world.finance_maker, canary, at=at)
    add_complaint(enrollment, clerk, canary, at=at)
    pay_out_of(relation, world, office, clerk, enrollment, canary, at=at)
    add_target(world, at=at)
    add_participants(office, clerk, at=at)
    add_retention(world, at=at)
    add_terms(world, at=at)
    add_sample(enrollment, clerk, canary, at=at)
    draft = create_plan(
        world.program, terms={"name": f"草稿{first}", "premium": Decimal("99.00"), "cover_limit": Decimal("1.00")},
        draft=PlanDraft(
            categories=list(Category.objects.all()[:1]),
            schemes=[SchemeDraft("全部", [ShareDraft("person", Decimal("1.00")), ShareDraft("funder", None, world.foundation)])],
        ),
        by=world.finance_maker, at=at,
    )
    return Place(
        relation, office, world.program, world.plan, draft, world.period, funder, clerk,
        Roster.objects.get(pk=roster.pk), person, enrollment,
    )


def _notice(world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """As if the plan asked for it: a notice that hangs, with an objection, a payment, and somebody who has not paid."""
    day = timezone.localdate(at)
    notice = Notice.objects.create(
        program=world.program, period=world.period, organization=office, region_code=enrollment.region_code, starts_on=day,
        ends_on=day + timedelta(days=5), columns=["name"], basis=f"{canary}依据", phone="0762-3380000", people=1, villages=1,
        state="posted", digest="0" * 64, made_by=clerk, made_at=at, posted_by=world.reviewer, posted_at=at,
    )
    NoticeLine.objects.create(notice=notice, enrollment=enrollment, region_code=enrollment.region_code, number=1)
    Objection.objects.create(
        notice=notice, enrollment=enrollment, reason="other", text=f"{canary}异议", received_on=day, received_by=clerk,
        received_at=at,
    )
    payment = OwnPayment.objects.create(
        program=world.program, period=world.period, organization=office, region_code=enrollment.region_code,
        reference=f"{canary}{enrollment.pk}", paid_on=day, people=1, amount=enrollment.own_share, made_by=clerk, made_at=at,
    )
    OwnPaymentLine.objects.create(payment=payment, enrollment=enrollment, amount=enrollment.own_share)
    _statement(world, office, clerk, enrollment, canary, at=at)
    add_results(world, office, clerk, enrollment, canary, at=at)
    add_filings(world, office, clerk, enrollment, canary, at=at)
    add_records(world, office, clerk, enrollment, canary, at=at)
    _bill(world, office, clerk, enrollment, canary, at=at)
    # A family's payment that no statement has shown.
    Purchase.objects.create(
        channel="office", program=world.program, plan=world.plan, period=world.period, organization=office,
        region_code=enrollment.region_code, reference=f"{canary}投保{enrollment.pk}", digest=b"", people=1, premium=Decimal("1.00"),
        payment_reference=f"{canary}缴费{enrollment.pk}", paid_at=at, own_share=Decimal("1.00"), by_label="", made_at=at,
    )
    with pgtrigger.ignore("programs.Plan:plan_terms_stand"):
        Plan.objects.filter(pk=world.plan.pk).update(requires_own_payment=True)
    Enrollment.objects.filter(pk=enrollment.pk).update(state="in_force", own_paid_at=at)
    Enrollment.objects.filter(roster=enrollment.roster_id).exclude(pk=enrollment.pk).update(state="awaiting")


def _bill(world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """An employer with a roster whose people have all left: of its bill nothing is due, and one payment waits."""
    place = {"program": world.program, "organization": office, "region_code": enrollment.region_code}
    employer = Employer.objects.create(
        **place, name=f"{canary}单位", uscc=f"91{enrollment.pk:016d}", contact_name=f"{canary}乙", created_at=at,
    )
    roster = Roster.objects.create(
        **place, employer=employer, plan=world.plan, period=world.period, cover_from=world.period.starts_on, state="withdrawn",
        reason=f"{canary}撤回", uploaded_by=clerk, uploaded_at=at,
    )
    bill = EmployerBill.objects.create(
        **place, employer=employer, roster=roster, period=world.period, people=1, amount=Decimal("0.01"), made_at=at,
    )
    BillPayment.objects.create(
        bill=bill, reference=f"{canary}单位{bill.pk}", paid_on=timezone.localdate(at), people=1, amount=bill.amount,
        recorded_by=clerk, recorded_at=at,
    )


def _statement(world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """A statement under review with a line of the person, whose money is held."""
    statement = Statement.objects.create(
        program=world.program, period=world.period, organization=office, region_code=office.region_code or "", channel="bank",
        reference=f"{canary}对账{enrollment.pk}", control_lines=1, control_amount=Decimal("0.01"), uploaded_by=clerk,
        uploaded_at=at, state="review", row_count=1, digest="0" * 64, money={},
    )
    row = StatementRow.objects.create(
        statement=statement, file_id=0, sheet=f"{canary}表", line=2, chunk=0, verdict=6, codes=["PAID_TWICE"], findings=[],
        amount=Decimal("0.01"), enrollment=enrollment, name=f"{canary}甲",
    )
    held = HeldPayment.objects.create(
        statement=statement, row=row, period=world.period, enrollment=enrollment, kind="twice", amount=Decimal("0.01"),
    )
    clearing = Clearing.objects.create(
        program=world.program, period=world.period, organization=office, region_code=office.region_code or "", kind="return",
        statement=statement, reason=f"{canary}核对", lines_count=1, amount=held.amount, digest="0" * 64, proposed_by=clerk,
        proposed_at=at,
    )
    ClearingLine.objects.create(clearing=clearing, number=1, held=held, enrollment=enrollment, amount=held.amount)


def rows_below(places: dict[str, Place], find: Callable[[Place], Any]) -> dict[str, Any]:
    """The row of each relation; a relation whose row is that of an earlier one is left out (a city has one program)."""
    found: dict[str, Any] = {}
    for relation, place in places.items():
        row = find(place)
        if row is not None and row not in found.values():
            found[relation] = row
    return found
