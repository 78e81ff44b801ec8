"""The demo: three cities, their offices, funders, plans, budgets and rosters, all through the portal's own actions.

Every step looks whether it is done, so that a load which was killed goes on. All people are made up.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts.actions import create_organization, create_user, grant_membership
from accounts.actions.passwords import random_password, store_password
from accounts.actions.regions import SYSTEM, import_regions
from accounts.models import Organization, Region, User
from accounts.regions_file import VENDORED, read_regions
from accounts.roles import Role
from audit.faults import fault_point
from beneficiaries import actions as rosters
from beneficiaries import messy, messy_book
from beneficiaries.models import Roster
from beneficiaries.synthetic import HEADINGS, people
from intake.models import State
from jobs.actions import run_pending
from papers.actions import write_wording
from papers.models import CertificateWording
from portal.demo_benefits import PRODUCTS, example_terms, priced, supplementary
from portal.demo_claim_terms import load_claim_references, promise_days
from portal.demo_claims import claim
from portal.demo_complaints import complain
from portal.demo_employers import insure_staff
from portal.demo_families import insure_families
from portal.demo_filings import file_claims
from portal.demo_funds import ask_funders
from portal.demo_insurer import settle_with_insurer
from portal.demo_messages import tell_people
from portal.demo_months import close_last_month, in_the_month_before
from portal.demo_next_year import next_year
from portal.demo_past_year import past_year
from portal.demo_payouts import pay_out
from portal.demo_records import take_in_records
from portal.demo_results import report_payouts
from portal.demo_retention import LONG_AGO, keep_and_list
from portal.demo_samples import draw_and_look
from portal.demo_takeup import set_targets, take_in_participants
from portal.local.environment import write_private
from programs import actions as programs
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.demo_lists import make_codes, make_hospitals
from programs.models import Budget, Category, Funder, Period, Plan, Program
from programs.reference import make_categories

BY = "system:demo"
OPERATOR = "普惠保险平台运营中心"
FOUNDATION = "南岭公益基金会（示例）"
INSURER = "粤桂财产保险公司（示例）"
CO_INSURERS = ("东江人寿保险公司（示例）", "新丰健康保险公司（示例）")
HOW_TO_CLAIM = (
    "一、就医或出险后，请尽快拨打咨询电话，或到村（社区）服务点登记。\n"
    "二、出院后备齐：本人身份证、发票、费用清单、出院小结、医保结算单和银行卡。\n"
    "三、材料齐全后作出核定，赔款汇入本人账户。本页为示例文字，以各项目公布的理赔说明为准。"
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class City:
    """A city of the demo: its program, plan terms, and who uploads how many people."""

    code: str
    region: str
    name: str
    short: str
    premium: Decimal
    own: Decimal
    county: Decimal
    cover: Decimal
    gates: bool
    counties: tuple[str, ...]


CITIES = (
    City("HYAX", "4416", "河源爱心保", "hy", Decimal("99.00"), Decimal("0.01"), Decimal("30.00"), Decimal("1500000.00"),
         False, ("441602", "441621")),
    City("YJAX", "4417", "阳江爱心保", "yj", Decimal("88.00"), Decimal("1.00"), Decimal("20.00"), Decimal("2000000.00"),
         True, ("441702",)),
    City("BSAX", "4510", "百色爱心保", "bs", Decimal("66.00"), Decimal("0.01"), Decimal("15.00"), Decimal("3000000.00"),
         False, ("451002", messy.COUNTY)),
)


@dataclass
class Login:
    """A demo user to be."""

    username: str
    role: str
    title: str
    organization: str


def load(say: Say, *, logins: Path) -> None:
    """Everything, in the order in which an office would do it."""
    at = timezone.now()
    if not Region.objects.exists():
        done = import_regions(read_regions(VENDORED), by=SYSTEM, at=at)
        say(f"{done.added} regions")
    make_categories(at=at)
    load_claim_references(say, at=at)
    say(f"{make_hospitals(at=at).read} hospitals, {make_codes(at=at).read} codes")
    users = _users(logins, at=at)
    say(f"{len(users)} users")
    for city in CITIES:
        period = _program(city, users, at=at)
        _wording(period.program, users[f"{city.short}.reviewer"], at=at)
        _rosters(city, period, users, say)
        maker, checker = users[f"{city.short}.finance.maker"], users[f"{city.short}.finance.checker"]
        ask_funders(period, maker=maker, checker=checker, say=say)
        if city.short == "hy":
            one_in = settings.DEMO_ONE_IN
            take_in_participants(
                [
                    (county, _file(city, county, rows // one_in, first=0))
                    for county, rows in zip(city.counties, (1900, 1400), strict=True)
                ],
                clerk=users["hy.clerk"], reviewer=users["hy.reviewer"], say=say,
            )
            clerks = [users[f"{city.short}.clerk.{county}"] for county in city.counties]
            next_year(period, clerks, users, short=city.short, say=say)
            supplementary(
                f"HMB{city.region}", name="惠民保（示例）", office=period.program.organization, insurers=_insurers(at=at),
                maker=users[f"{city.short}.finance.maker"], checker=users[f"{city.short}.finance.checker"], by=BY, at=at,
            )
            sold = [
                priced(
                    product, office=period.program.organization, insurer=period.program.insurer, maker=maker, checker=checker,
                    by=BY, at=at,
                )
                for product in PRODUCTS
            ]
            for code in (f"HMB{city.region}", sold[0].program.code):
                promise_days(
                    Program.objects.select_related("organization").get(code=code), maker=maker,
                    reviewer=users[f"{city.short}.reviewer"], at=at,
                )
            insure_families(sold[0], clerk=clerks[0], maker=maker, checker=checker, say=say)
            past_year(sold[0].program, clerk=clerks[0], maker=maker, checker=checker, say=say)
            report_payouts(
                Program.objects.get(code=f"HMB{city.region}"), clerk=clerks[0], reviewer=users[f"{city.short}.reviewer"],
                maker=maker, checker=checker, say=say,
            )
            claim(
                Program.objects.get(code=f"HMB{city.region}"), clerk=clerks[0], reviewer=users[f"{city.short}.reviewer"],
                maker=maker, checker=checker, proposer=users[f"{city.short}.clerk"], say=say,
            )
            take_in_records(
                Program.objects.get(code=f"HMB{city.region}"), clerk=clerks[0], reviewer=users[f"{city.short}.reviewer"], say=say,
            )
            file_claims(
                Program.objects.get(code=f"HMB{city.region}"), clerk=clerks[0], reviewer=users[f"{city.short}.reviewer"], say=say
            )
            complain(
                Program.objects.get(code=f"HMB{city.region}"), clerk=users[f"{city.short}.clerk"], handler=clerks[0],
                reviewer=users[f"{city.short}.reviewer"], judge=users[f"{city.short}.complaints"], how_to_claim=HOW_TO_CLAIM,
                say=say,
            )
            pay_out(Program.objects.get(code=f"HMB{city.region}"), users=users, short=city.short, say=say)
            insure_staff(
                sold[0], clerk=clerks[0], reviewer=users[f"{city.short}.reviewer"], maker=maker, checker=checker, say=say
            )
        set_targets(
            period.program, clerk=users[f"{city.short}.clerk"], reviewer=users[f"{city.short}.reviewer"], say=say
        )
        close_last_month(period.program, maker=maker, checker=checker, say=say)
        draw_and_look(period.program, auditor=users["auditor"], say=say)
        if city.short == "hy":
            keep_and_list(period.program, users=users, reviewer=users[f"{city.short}.reviewer"], say=say)
        if city.gates:
            settle_with_insurer(
                period, clerk=users[f"{city.short}.clerk.{city.counties[0]}"], reviewer=users[f"{city.short}.reviewer"],
                maker=maker, checker=checker, say=say,
            )
            tell_people(
                period, drafter=users[f"{city.short}.clerk"], clerk=users[f"{city.short}.clerk.{city.counties[0]}"],
                reviewer=users[f"{city.short}.reviewer"], say=say,
            )


def _organization(name: str, *, kind: str, at: datetime, parent: Organization | None = None, region: str = "") -> Organization:
    found = Organization.objects.filter(name=name).first()
    if found is not None:
        return found
    place = Region.objects.get(pk=region) if region else None
    return create_organization(name, kind=kind, parent=parent, region=place, by=BY, at=at)


def _insurers(*, at: datetime) -> list[Organization]:
    """Who bears a city's plan together, the lead first."""
    root = Organization.objects.get(name=OPERATOR)
    return [_organization(name, kind="insurer", parent=root, at=at) for name in (INSURER, *CO_INSURERS)]


def _users(logins: Path, *, at: datetime) -> dict[str, User]:
    """Offices and one user for each role; passwords stand in the file before the users do."""
    root = _organization(OPERATOR, kind="operator", at=at)
    _organization(FOUNDATION, kind="charity", parent=root, at=at)
    _insurers(at=at)
    wanted = [
        Login("system", Role.SYSTEM_ADMIN, "系统管理员", OPERATOR),
        Login("security", Role.SECURITY_ADMIN, "安全管理员", OPERATOR),
        Login("auditor", Role.AUDITOR, "审计员", OPERATOR),
        Login("foundation.maker", Role.FINANCE_MAKER, "基金会经办", FOUNDATION),
        Login("foundation.checker", Role.FINANCE_CHECKER, "基金会授权", FOUNDATION),
        Login("coinsurer", Role.AUDITOR, "共保公司查阅", CO_INSURERS[0]),
    ]
    for city in CITIES:
        office = f"{Region.objects.get(pk=city.region).name}民政局"
        _organization(office, kind="government", parent=root, region=city.region, at=at)
        wanted += [
            Login(f"{city.short}.reviewer", Role.REVIEWER, "名单复核", office),
            Login(f"{city.short}.finance.maker", Role.FINANCE_MAKER, "财务经办", office),
            Login(f"{city.short}.finance.checker", Role.FINANCE_CHECKER, "财务授权", office),
            # Maker, checker and authorizer of payouts are three people.
            Login(f"{city.short}.finance.second", Role.FINANCE_CHECKER, "财务复核", office),
            # Complaints are answered by somebody who had no hand in the claim.
            Login(f"{city.short}.complaints", Role.REVIEWER, "投诉处理", office),
            # Wordings of messages and target populations are drafted where the program is operated.
            Login(f"{city.short}.clerk", Role.CLERK, "项目经办", office),
        ]
        for county in city.counties:
            county_office = f"{Region.objects.get(pk=county).name}民政局"
            _organization(
                county_office, kind="government", parent=Organization.objects.get(name=office), region=county, at=at
            )
            wanted.append(Login(f"{city.short}.clerk.{county}", Role.CLERK, "名单经办", county_office))
    known = _passwords(logins, wanted)
    return {login.username: _user(login, known[login.username], at=at) for login in wanted}


def _passwords(logins: Path, wanted: Sequence[Login]) -> dict[str, str]:
    known: dict[str, str] = {}
    if logins.exists():
        for line in logins.read_text(encoding="utf-8").splitlines():
            parts = line.split()
            if len(parts) >= 2:
                known[parts[0]] = parts[1]
    for login in wanted:
        known.setdefault(login.username, random_password())
    width = max(len(login.username) for login in wanted)
    write_private(
        logins,
        "".join(
            f"{login.username:<{width}}  {known[login.username]}  {login.title} {login.organization}\n"
            for login in wanted
        ),
    )
    return known


def _user(login: Login, password: str, *, at: datetime) -> User:
    organization = Organization.objects.get(name=login.organization)
    user = User.objects.filter(username=login.username).first()
    if user is None:
        user, _given = create_user(
            login.username, display_name=f"{login.title}（演示）", organization=organization, by=BY, at=at, password=password
        )
        fault_point("portal.demo_password.before")
        # The same password, to be kept: hashed once, for a hash takes as long as a roster.
        store_password(user, made=user.password, must_change=False, at=at)
        fault_point("portal.demo_password.after")
    if not user.memberships.exists():
        grant_membership(user, role=login.role, organization=organization, by=BY, at=at)
    return User.objects.select_related("organization").get(pk=user.pk)


def _program(city: City, users: dict[str, User], *, at: datetime) -> Period:
    """Program, plan in force, period and budgets; each step once."""
    office = Organization.objects.get(name=f"{Region.objects.get(pk=city.region).name}民政局")
    maker, checker = users[f"{city.short}.finance.maker"], users[f"{city.short}.finance.checker"]
    program = Program.objects.filter(code=city.code).first() or programs.create_program(
        city.code, name=city.name, kind=Program.Kind.HARDSHIP, organization=office,
        insurer=Organization.objects.get(name=INSURER), by=BY, at=at,
    )
    foundation = _funder(FOUNDATION, "foundation", Organization.objects.get(name=FOUNDATION), "", at=at)
    counties = [
        _funder(
            f"{region.name}财政局", "government", Organization.objects.filter(region=region).first() or office, region.code,
            at=at,
        )
        for region in Region.objects.filter(parent=city.region, valid_to=None).order_by("code")
    ]
    plan = _plan(program, city, foundation, maker, checker, at=at)
    year = timezone.localdate(at).year
    period = Period.objects.filter(program=program, code=str(year)).first() or programs.open_period(
        plan, code=str(year), starts_on=date(year, 1, 1), ends_on=date(year + 1, 1, 1),
        enrollment_opens_on=date(year - 1, 10, 1), enrollment_closes_on=date(year + 1, 1, 1), by=checker, at=at,
    )
    # Granted last month: that is the month which is closed.
    at = in_the_month_before(at)
    _budget(foundation, period, Decimal("400000.00"), users["foundation.maker"], users["foundation.checker"], at=at)
    for funder in counties:
        limit = Decimal("38000.00") if funder.region_code == city.counties[0] else Decimal("60000.00")
        _budget(funder, period, limit, maker, checker, at=at)
    return period


def _funder(name: str, kind: str, organization: Organization | None, region: str, *, at: datetime) -> Funder:
    found = Funder.objects.filter(name=name).first()
    return found or programs.create_funder(
        name, kind=kind, organization=organization, region_code=region, by=BY, at=at
    )


def _plan(program: Program, city: City, foundation: Funder, maker: User, checker: User, *, at: datetime) -> Plan:
    plan = program.plans.order_by("-number").first()
    if plan is None:
        shares = [ShareDraft("person", city.own), ShareDraft("county", city.county), ShareDraft("funder", None, foundation)]
        plan = programs.create_plan(
            program,
            terms={
                "name": f"{city.name}示例方案", "premium": city.premium, "cover_limit": city.cover,
                "requires_notice": False, "requires_own_payment": city.gates,
                "requires_insurer_acceptance": city.gates, "max_age": 95, "requires_guardian": True,
            },
            draft=PlanDraft(
                categories=list(Category.objects.order_by("position")), schemes=[SchemeDraft("全部对象", shares)],
                benefits=example_terms(premium=city.premium, cover=city.cover, region=city.region),
            ),
            by=maker, at=at,
        )
    if plan.state == Plan.State.DRAFT:
        plan = programs.submit_plan(plan, by=maker, at=at)
    if plan.state == Plan.State.IN_REVIEW:
        plan = programs.approve_plan(plan, by=checker, at=at)
    if plan.state == Plan.State.APPROVED:
        plan = programs.put_in_force(plan, by=checker, at=at)
    return plan


def _budget(funder: Funder, period: Period, granted: Decimal, maker: User, checker: User, *, at: datetime) -> None:
    label = "第一批"
    budget = Budget.objects.filter(funder=funder, period=period, label=label).first()
    if budget is None:
        budget = programs.propose_budget(funder, period=period, label=label, granted=granted, by=maker, at=at)
    if budget.state == Budget.State.DRAFT:
        programs.approve_budget(budget, by=checker, at=at)


def _file(city: City, county: str, rows: int, *, first: int, dirty: float = 0.02) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows(line.cells for line in people(rows, seed=2026, region=county, dirty=dirty, first=first))
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def _wording(program: Program, reviewer: User, *, at: datetime) -> None:
    """What certificates say, unless somebody wrote it."""
    if not CertificateWording.objects.filter(program=program).exists():
        write_wording(program, how_to_claim=HOW_TO_CLAIM, phone="0762-3380000（示例）", by=reviewer, at=at)


def _rosters(city: City, period: Period, users: dict[str, User], say: Say) -> None:
    """Rosters in every state that a visitor should see; the names and overlaps of their files are those of the whole demo."""
    one_in = settings.DEMO_ONE_IN
    reviewer = users[f"{city.short}.reviewer"]
    first_county = city.counties[0]
    plans: list[tuple[str, str, int, int, str]] = [
        ("镇街汇总名单.csv", first_county, 1100, 0, "applied"),
        ("补充名单.csv", first_county, 240, 1100, "submitted" if city.short == "hy" else "applied"),
    ]
    if city.short == "hy":
        plans += [
            ("县级名单.csv", city.counties[1], 900, 0, "applied"),
            ("七月新增.csv", first_county, 160, 1340, "review"),
            ("重复核对.csv", first_county, 120, 1040, "review"),
            ("旧模板名单.csv", first_county, 60, 2000, "refused"),
            ("误传名单.csv", city.counties[1], 40, 2000, "withdrawn"),
            ("空白名单.csv", city.counties[1], 0, 0, "failed"),
        ]
    for name, county, rows, first, goal in plans:
        clerk = users[f"{city.short}.clerk.{county}"]
        at = timezone.now() - LONG_AGO if goal == "refused" else None
        roster = _uploaded(name, partial(_file, city, county, rows // one_in, first=first // one_in), period, clerk, at=at)
        _bring(roster, goal, clerk, reviewer, gates=city.gates and first == 0, at=at)
        say(f"{city.name}: {name}, {rows} rows, {goal}")
    if messy.COUNTY in city.counties:
        # An ugly workbook as it comes from an office, and people of it who are covered already.
        clerk = users[f"{city.short}.clerk.{messy.COUNTY}"]
        for name, made, goal in (
            ("在保人员.csv", _covered_people, "applied"), (messy.FILE_NAME, lambda: io.BytesIO(messy_book.book()), "review"),
        ):
            _bring(_uploaded(name, made, period, clerk), goal, clerk, reviewer, gates=False)
            say(f"{city.name}: {name}, {goal}")


def _uploaded(
    name: str, made: Callable[[], io.BytesIO], period: Period, clerk: User, *, at: datetime | None = None
) -> Roster:
    """The roster of a file's name, uploaded unless it was.

    What was withdrawn, refused or unreadable may be uploaded again: the content alone would not tell that it was.
    """
    found = Roster.objects.filter(period=period, organization=clerk.organization, files__name=name).first()
    return found or rosters.upload_roster(
        [(name, made())], period=period, organization=clerk.organization, by=clerk, at=at or timezone.now()
    )


def _covered_people() -> io.BytesIO:
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, *messy.rows_of(messy.THIS_YEAR)])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def _bring(
    roster: Roster, goal: str, clerk: User, reviewer: User, *, gates: bool, at: datetime | None = None
) -> None:
    """Lead a roster to its state, from wherever a killed load left it."""
    run_pending()
    roster = Roster.objects.get(pk=roster.pk)
    if goal in ("submitted", "applied", "refused") and roster.state == State.REVIEW:
        roster = rosters.submit_roster(roster, by=clerk, at=at or timezone.now())
    if goal == "applied" and roster.state == State.SUBMITTED:
        rosters.approve_roster(roster, digest=roster.digest, by=reviewer, at=timezone.now())
        run_pending()
    if goal == "refused" and roster.state == State.SUBMITTED:
        rosters.refuse_roster(roster, reason="请使用新模板并补充监护人信息", by=reviewer, at=at or timezone.now())
    if goal == "withdrawn" and roster.state == State.REVIEW:
        rosters.withdraw_roster(roster, reason="上传了其他乡镇的名单", by=clerk, at=timezone.now())
    if gates:
        roster = Roster.objects.get(pk=roster.pk)
        for gate in rosters.open_gates(roster):
            rosters.pass_gate(
                roster, gate=gate, by=clerk, at=timezone.now(), policy_number="YG2026-0001"
            )
