"""A world whose every datum is Latin and begins with "Zq": a Han character on an English page is then a fault, and so is
any other English word on a Chinese page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from axes.models import AccessAttempt
from django.utils import timezone

from accounts.models import Organization, Region, User
from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit import reveals
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.actions import (
    approve_change,
    approve_roster,
    propose_correction,
    propose_document,
    propose_ending,
    propose_merge,
    propose_move,
    propose_unmerge,
    refuse_roster,
    submit_roster,
    turn_down_change,
    upload_roster,
    withdraw_change,
    withdraw_roster,
)
from beneficiaries.gating import Gate, pass_gate_of
from beneficiaries.identity import Identity
from beneficiaries.models import Enrollment, Person, PersonChange, Purchase, Roster
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import csv_of, people, resident_id
from gates.actions import (
    close_notice,
    decide_objection,
    make_notice,
    post_notice,
    record_objection,
    record_payment,
    upload_statement,
    withdraw_notice,
)
from gates.actions.statements import DESK
from gates.models import WHITELIST, Channel, Notice, Objection, ObjectionReason, ObjectionState, Statement
from gates.testing import line_of, statement_csv
from jobs.models import Job
from jobs.testing import drain, drain_through_failures
from programs import actions
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Category, Funder, Period, Plan, Program
from programs.testing import make_budget, make_funder, make_period, make_program
from tests.kit.latin_claims import make_latin_claims
from tests.kit.latin_clearings import make_latin_clearings
from tests.kit.latin_closing import make_latin_months
from tests.kit.latin_complaints import add_complaints
from tests.kit.latin_continuity import add_earlier_years
from tests.kit.latin_employers import add_employers
from tests.kit.latin_filings import add_filings
from tests.kit.latin_funds import make_latin_funds
from tests.kit.latin_handover import charge, hand_over
from tests.kit.latin_messages import add_messages, add_speakers
from tests.kit.latin_papers import add_papers
from tests.kit.latin_payouts import make_latin_payouts
from tests.kit.latin_records import add_records
from tests.kit.latin_results import add_results
from tests.kit.latin_retention import make_latin_retention
from tests.kit.latin_samples import make_latin_samples
from tests.kit.latin_takeup import add_takeup
from tests.kit.latin_terms import make_latin_terms
from tests.kit.latin_years import add_years

#: What every datum begins with.
MARK = "Zq"
REGIONS = (
    ("44", "Zqprovince"), ("4416", "Zqcity"), ("441602", "Zqcounty"), ("441602001", "Zqtown"), ("441621", "Zqsibling"),
)
#: Cells of a good line in this world; what a file says in words of its own (男) is no datum of a page.
CELLS = {"address": "Zqstreet", "categories": "Zqpoor", "bank_name": "Zqbank"}
REASON = "Zqreason zqgiven"


@dataclass
class LatinWorld:
    """Its offices, one user of each role, and what was made."""

    at: datetime
    city: Organization
    county: Organization
    program: Program
    plan: Plan
    period: Period
    users: dict[str, User] = field(default_factory=dict)


def make_latin_world() -> LatinWorld:
    """Rosters, plans, budgets and jobs in each state that has a page of its own."""
    at = timezone.now()
    _regions()
    operator = make_organization("Zqoperator", kind="operator")
    city = make_organization("Zqcityoffice", region="4416")
    county = make_organization("Zqcountyoffice", region="441602", parent=city)
    charity = make_organization("Zqcharity", kind="charity")
    insurer = make_organization("Zqinsurer", kind="insurer")
    users = {
        **{f"city {role}": _user(f"zqcity.{role.replace('_', '.')}", role, city) for role in Role.values},
        "operator system_admin": _user("zqop.system", Role.SYSTEM_ADMIN, operator),
        "operator security_admin": _user("zqop.security", Role.SECURITY_ADMIN, operator),
        "county clerk": _user("zqcounty.clerk", Role.CLERK, county),
        "charity finance_maker": _user("zqcharity.maker", Role.FINANCE_MAKER, charity),
        "ending clerk": _user("zqending", Role.CLERK, county, expires_on=timezone.localdate() + timedelta(days=3)),
    }
    maker, checker = users["city finance_maker"], users["city finance_checker"]
    program = make_program("ZQ", organization=city, insurer=insurer, name="Zqprogram")
    foundation = make_funder("Zqfoundation", organization=charity)
    treasury = make_funder("Zqtreasury", organization=county, kind="government", region="441602")
    category = Category.objects.create(code="zqpoor", name="Zqpoor", synonyms=["Zqpoorest"], position=1)
    plan = _plan(program, foundation, category, maker, at=at)
    plan = actions.put_in_force(actions.approve_plan(plan, by=checker, at=at), by=checker, at=at)
    period = make_period(plan, year=timezone.localdate(at).year, by=checker, at=at)
    money: dict[str, Any] = {"period": period, "maker": maker, "checker": checker, "at": at}
    make_budget(foundation, granted=Decimal("568.00"), label="Zqtranche", **money)
    make_budget(treasury, granted=Decimal("10000.00"), label="Zqtranche", region_prefix="441602", category=category, **money)
    for label in ("Zqdraft", "Zqother"):
        actions.propose_budget(treasury, period=period, label=label, granted=Decimal("5.00"), by=maker, at=at)
        _plan(program, foundation, category, maker, at=at)
    actions.create_plan(
        program, terms=_terms(), draft=_draft(foundation, category), by=maker, at=at
    )
    world = LatinWorld(at, city, county, program, plan, period, users)
    _rosters(world)
    make_latin_funds(world)
    AccessAttempt.objects.create(username="zqcounty.clerk", ip_address="192.0.2.7", failures_since_start=3)
    return world


def _regions() -> None:
    for code, name in REGIONS:
        above = [other for other, _name in REGIONS if code.startswith(other) and other != code]
        Region.objects.create(
            code=code, name=name, full_name=name, level=len(code), parent_id=max(above, key=len, default=None)
        )


def _user(name: str, role: str, organization: Organization, **changes: Any) -> User:
    return make_user(name, role=role, organization=organization, display_name=f"Zq{name[2:].replace('.', '')}", **changes)


def _terms() -> dict[str, Any]:
    return {
        "name": "Zqplan", "premium": Decimal("99.00"), "cover_limit": Decimal("1500000.00"), "requires_notice": True,
        "notice_days": 0, "requires_own_payment": True, "requires_insurer_acceptance": True,
    }


def _draft(foundation: Funder, category: Category) -> PlanDraft:
    shares = [
        ShareDraft("person", Decimal("0.01")), ShareDraft("county", Decimal("30.00")), ShareDraft("funder", None, foundation),
    ]
    return PlanDraft(categories=[category], schemes=[SchemeDraft("Zqscheme", shares)])


def _plan(program: Program, foundation: Funder, category: Category, maker: User, *, at: datetime) -> Plan:
    plan = actions.create_plan(program, terms=_terms(), draft=_draft(foundation, category), by=maker, at=at)
    return actions.submit_plan(plan, by=maker, at=at)


def _rosters(world: LatinWorld) -> None:
    """One roster of each state, with refused, doubtful and set-aside rows, and a job that failed."""
    clerk, reviewer = world.users["county clerk"], world.users["city reviewer"]

    def upload(name: str, lines: list[list[str]]) -> Roster:
        roster = upload_roster(
            [(f"zq{name}.csv", csv_of(lines))], period=world.period, organization=world.county, by=clerk, at=timezone.now()
        )
        drain_through_failures()
        return Roster.objects.get(pk=roster.pk)

    def submitted(roster: Roster) -> Roster:
        return submit_roster(roster, by=clerk, at=timezone.now())

    applied = submitted(upload("applied", lines(4)))
    approve_roster(applied, digest=applied.digest, by=reviewer, at=timezone.now())
    drain()
    applied = Roster.objects.get(pk=applied.pk)
    _noticed(world, applied)
    payers = [cover.pk for cover in applied.enrollments.order_by("pk")[:3]]
    record_payment(
        applied.enrollments.filter(pk__in=payers), period=world.period, reference="ZQ-PAY", paid_on=timezone.localdate(),
        amount=Decimal("0.03"), by=world.users["city finance_maker"], at=timezone.now(),
        sponsor=Funder.objects.get(name="Zqfoundation"),
    )
    _statements(world, applied)
    # A payment that came with a purchase, and that no statement has shown.
    Purchase.objects.create(
        channel=Purchase.Channel.OFFICE, program=world.period.program, plan=world.period.plan, period=world.period,
        organization=world.county, region_code=world.county.region_code, reference="ZQ-APPLIED", digest=b"",
        payment_reference="ZQ-PAID", paid_at=timezone.now(), people=1, premium=Decimal("1.00"), own_share=Decimal("1.00"),
        by_label="zq", made_at=timezone.now(),
    )
    # The fourth has not paid.
    pass_gate_of(
        applied.enrollments.all(), gate=Gate.ACCEPTANCE, period=world.period, by=clerk, at=timezone.now(),
        policy_number="ZQ-1",
    )
    hand_over(world.users, world.period, world.county, applied)
    charge(world.users, world.period)
    make_latin_payouts(world)
    _changes(world, applied)
    waiting = submitted(upload("waiting", lines(2, first=10)))
    approve_roster(waiting, digest=waiting.digest, by=reviewer, at=timezone.now())
    drain()
    _hanging(world, waiting)
    faulty = [*lines(1), *lines(2, first=20), *lines(1, first=20), *spoilt()]
    upload("review", faulty)
    submitted(upload("submitted", lines(5, first=40)))
    refuse_roster(submitted(upload("refused", lines(2, first=60))), reason=REASON, by=reviewer, at=timezone.now())
    withdraw_roster(upload("withdrawn", lines(2, first=70)), reason=REASON, by=clerk, at=timezone.now())
    upload("failed", [])
    add_employers(world, lines)
    add_papers(world, reason=REASON)
    add_messages(world, reason=REASON)
    add_speakers(world, reason=REASON)
    add_years(world, reason=REASON)
    add_takeup(world, reason=REASON)
    add_results(world, reason=REASON)
    add_filings(world)
    add_records(world, reason=REASON)
    add_earlier_years(world)
    make_latin_months(world, reason=REASON)
    make_latin_samples(world, reason=REASON)
    make_latin_retention(world, reason=REASON)
    make_latin_terms(world, reason=REASON)
    make_latin_claims(world, reason=REASON)
    add_complaints(world, reason=REASON)
    upload_roster(
        [("zqreceived.csv", csv_of(lines(2, first=80)))], period=world.period, organization=world.county, by=clerk,
        at=timezone.now(),
    )
    enrollment = Enrollment.objects.filter(roster=applied).latest("pk")
    reveals.reveal(
        enrollment.person, fields=["name"], reason=REASON, by=clerk, at=timezone.now(), organization=world.county,
        region_code=enrollment.region_code, program_id=world.program.pk,
    )


def _statements(world: LatinWorld, roster: Roster) -> None:
    """A statement in each state that has a page of its own; one was taken in, with money that is held."""
    maker, checker = world.users["city finance_maker"], world.users["city finance_checker"]
    covers = list(roster.enrollments.select_related("person", "program", "period").order_by("pk"))

    def upload(reference: str, lines: list[dict[str, str]], **changes: Any) -> Statement:
        upload_statement(
            [(f"zq{reference}.csv", statement_csv(lines))], period=world.period, organization=world.city, channel=Channel.OTHER,
            reference=f"ZQ-{reference}", by=maker, at=timezone.now(), **{
                "control_lines": len(lines), "control_amount": sum((Decimal(line["amount"]) for line in lines), Decimal("0.00")),
                **changes,
            },
        )
        drain_through_failures()
        return Statement.objects.latest("pk")

    paid_before, waits = line_of(covers[0]), line_of(covers[3], amount="0.02")
    held = [line_of(covers[0], amount=f"0.0{place}", serial=f"ZQH{place}") for place in range(3, 7)]
    done = DESK.submit(upload("done", [*held, paid_before, waits]), by=maker, at=timezone.now())
    DESK.approve(done, digest=done.digest, by=checker, at=timezone.now())
    drain()
    make_latin_clearings(done, world.users)
    upload("review", [line_of(covers[1], serial="Zqserial"), {**line_of(covers[2], serial="ZQ2"), "number": "ZQ1"}])
    DESK.submit(upload("submitted", [line_of(covers[1], serial="ZQ3")]), by=maker, at=timezone.now())
    refused = DESK.submit(upload("refused", [line_of(covers[1], serial="ZQ4")]), by=maker, at=timezone.now())
    DESK.refuse(refused, reason=REASON, by=checker, at=timezone.now())
    DESK.withdraw(upload("withdrawn", [line_of(covers[1], serial="ZQ5")]), reason=REASON, by=maker, at=timezone.now())
    upload("failed", [line_of(covers[1], serial="ZQ6")], control_lines=7)


def _notice(world: LatinWorld, roster: Roster) -> Notice:
    return make_notice(
        world.period, organization=world.county, region_code="441602", starts_on=timezone.localdate(), days=0,
        columns=list(WHITELIST), named_categories=list(Category.objects.filter(code="zqpoor")), basis="Zqbasis",
        phone="0762-3380000", roster=roster, by=world.users["county clerk"], at=timezone.now(),
    )


def _noticed(world: LatinWorld, roster: Roster) -> None:
    """A notice that has passed, after an objection against it was dismissed."""
    clerk, reviewer = world.users["county clerk"], world.users["city reviewer"]
    notice = post_notice(_notice(world, roster), by=reviewer, at=timezone.now())
    objection = _objection(world, notice)
    decide_objection(objection, state=ObjectionState.DISMISSED, decision=REASON, by=reviewer, at=timezone.now())
    close_notice(notice, by=clerk, at=timezone.now())
    drain()


def _hanging(world: LatinWorld, roster: Roster) -> None:
    """A draft, a withdrawn one, and one that hangs, with an objection to decide."""
    reviewer = world.users["city reviewer"]
    withdraw_notice(_notice(world, roster), reason=REASON, by=reviewer, at=timezone.now())
    _objection(world, post_notice(_notice(world, roster), by=reviewer, at=timezone.now()))
    _notice(world, roster)


def _objection(world: LatinWorld, notice: Notice) -> Objection:
    line = notice.lines.earliest("pk")
    return record_objection(
        notice, region_code=line.region_code, number=line.number, reason=ObjectionReason.OTHER, text="Zqsaid",
        received_on=timezone.localdate(), by=world.users["county clerk"], at=timezone.now(),
    )


def _changes(world: LatinWorld, applied: Roster) -> None:
    """A change of a person in each state."""
    clerk, reviewer = world.users["county clerk"], world.users["city reviewer"]
    paid = Enrollment.objects.filter(roster=applied, own_paid_at__isnull=False)
    covers = paid.select_related("beneficiary__person").order_by("pk")
    day = timezone.localdate(world.at)
    made = [
        propose_ending(
            cover.beneficiary, end_reason=EndReason.LEFT, ended_on=day, reason=REASON, by=clerk, at=timezone.now()
        )
        for cover in covers
    ]
    turn_down_change(made[0], reason=REASON, by=reviewer, at=timezone.now())
    withdraw_change(made[1], by=clerk, at=timezone.now())
    cover = covers[0]
    done = propose_ending(
        cover.beneficiary, end_reason=EndReason.MOVED, ended_on=day, reason=REASON, by=clerk, at=timezone.now()
    )
    approve_change(done, shown=digest_of(done), by=reviewer, at=timezone.now())
    given: dict[str, Any] = {"reason": REASON, "by": clerk, "at": timezone.now()}
    stays, goes = covers[1].beneficiary, covers[0].beneficiary
    for turn in range(2):
        merge = propose_merge(stays, other=goes.person, **given)
        approve_change(merge, shown=digest_of(merge), by=reviewer, at=timezone.now())
        undo = propose_unmerge(stays, merge=PersonChange.objects.get(pk=merge.pk), **given)
        if not turn:
            approve_change(undo, shown=digest_of(undo), by=reviewer, at=timezone.now())
    withdraw_change(undo, by=clerk, at=timezone.now())
    known = covers[2].beneficiary
    passport = propose_document(known, document_type="passport", document="E12345678", valid_from=day, **given)
    approve_change(passport, shown=digest_of(passport), by=reviewer, at=timezone.now())
    document = resident_id("441602", "19420101", 22)
    propose_move(stays, region_code="441602001", **given)
    propose_move(known, region_code="441621", **given)
    propose_correction(known, right=Identity("Zqanother", "resident_id", document, None, ""), **given)


def lines(count: int, **changes: Any) -> list[list[str]]:
    """Good lines of this world."""
    return [["Zqname", *cells[1:]] for cells in people(count, **{**CELLS, **changes})]


def spoilt() -> list[list[str]]:
    """A line for each fault that the plain layout can have."""
    found = []
    for number, (place, cell) in enumerate(
        (
            (0, ""), (0, "Zqname1"), (2, "441602196203151218"), (2, "44160219620315121"), (2, "4.41602E+17"),
            (2, "441602196202301219"), (3, "女女"), (4, "1962-13-45"), (5, "441699"), (5, "9"), (7, "Zqrich"), (8, "123"),
            (10, "6228480000000008"), (4, "2999-01-01"), (2, ""), (5, ""), (7, ""),
        ),
        100,
    ):
        cells = lines(1, first=number)[0]
        cells[place] = cell
        found.append(cells)
    return found


def rows_of(label: str, model: Any) -> list[Any]:
    """What of a model is looked at: the newest of each state, of each kind, or just the newest."""
    if model is Job:
        return list({(row.kind, row.state): row for row in Job.objects.order_by("pk")}.values())
    if model is Event:
        said = list({row.verb: row for row in Event.objects.order_by("pk")}.values())
        return said if FULL_SWEEP else said[::5]  # each sentence in both languages: tests/test_verbs.py
    if model is PersonChange:
        changes = PersonChange.objects.order_by("pk")
        return list({(row.kind, row.state if FULL_SWEEP else ""): row for row in changes}.values())
    by = "state" if any(each.name == "state" for each in model._meta.fields) else ""
    if model is Person or not by:
        return list(model.objects.order_by("-pk")[:1])
    return list({getattr(row, by): row for row in model.objects.order_by("pk")}.values())
