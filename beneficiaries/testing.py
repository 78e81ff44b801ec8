"""A small world for tests: a city with two counties, their offices and people of every role, a funded program."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization, Region, User
from accounts.testing import make_organization, make_region_tree, make_user
from audit.worlds import keepable
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.columns import COLUMNS
from beneficiaries.models import Employer, Roster
from jobs.testing import drain
from programs.models import Budget, Funder, Period, Plan, Program
from programs.testing import make_budget, make_funder, make_period, make_plan, make_program

HEADINGS = [str(column.label) for column in COLUMNS]
KEYS = [column.key for column in COLUMNS]
GOOD = {
    "name": "王小明", "document_type": "居民身份证", "document": "441602196203151219", "sex": "男",
    "birth_on": "1962-03-15", "region_code": "441602", "address": "东埔街道8号", "categories": "低保对象",
    "phone": "13800138000", "bank_name": "中国农业银行", "bank_account": "6228480000000007", "guardian_name": "",
    "guardian_document_type": "", "guardian_document": "", "guardian_phone": "", "guardian_relation": "",
    "health": "",
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident_id(county: str, birth: str, sequence: int) -> str:
    """An 18-character number with its check character; `birth` is YYYYMMDD."""
    body = f"{county}{birth}{sequence:03d}"
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def row(**cells: str) -> list[str]:
    """A good line with some cells changed."""
    return [str({**GOOD, **cells}[key]) for key in KEYS]


def people(count: int, *, county: str = "441602", first: int = 0, **cells: str) -> list[list[str]]:
    """Good lines of as many different people."""
    rows = []
    for number in range(first, first + count):
        birth = f"{1940 + number % 60}{number // 60 % 12 + 1:02d}{number // 720 % 28 + 1:02d}"
        sequence = number // 20160 % 999 + 1
        document = resident_id(county, birth, sequence)
        rows.append(
            row(
                name="李" + "伟芳娜敏静丽强磊军洋"[number % 10], document=document,
                sex="男" if int(document[16]) % 2 else "女", birth_on=f"{birth[:4]}-{birth[4:6]}-{birth[6:]}",
                region_code=county, **cells,
            )
        )
    return rows


def csv_of(rows: Sequence[Sequence[str]]) -> io.BytesIO:
    """A CSV file with the roster's headings."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


@dataclass
class World:
    """What a test of rosters needs."""

    at: datetime
    city: Organization
    office: Organization
    sibling: Organization
    foundation_org: Organization
    insurer: Organization
    clerk: User
    reviewer: User
    finance_maker: User
    finance_checker: User
    foundation_maker: User
    foundation_checker: User
    auditor: User
    foundation: Funder
    county: Funder
    program: Program
    plan: Plan
    period: Period
    budgets: list[Budget]


@keepable
def make_world(
    *, granted: Decimal = Decimal("1000000.00"), code: str = "HY", regions: tuple[str, str, str] = ("4416", "441602", "441621"),
    **terms: Any,
) -> World:
    """河源: the city runs the program, a county uploads; a premium of 99.00 = 0.01 + 30.00 + 68.99.

    `regions`: of the city, the county that uploads, a sibling county.
    """
    at = timezone.now()
    if not Region.objects.filter(pk="441602").exists():
        make_region_tree()
    city_region, county_region, sibling_region = regions
    city = make_organization(f"河源市民政局{code}", region=city_region)
    office = make_organization(f"源城区民政局{code}", region=county_region, parent=city)
    sibling = make_organization(f"紫金县民政局{code}", region=sibling_region, parent=city)
    foundation_org = make_organization(f"示例公益基金会{code}", kind="charity")
    insurer = make_organization(f"示例财产保险{code}", kind="insurer")
    low = code.lower()

    def user(name: str, role: str, organization: Organization) -> User:
        return make_user(f"{low}-{name}", organization=organization, role=role)

    finance_maker = user("finance.maker", "finance_maker", city)
    finance_checker = user("finance.checker", "finance_checker", city)
    program = make_program(code, organization=city, insurer=insurer)
    foundation = make_funder(f"示例公益基金会{code}", organization=foundation_org)
    county = Funder.objects.filter(kind="government", region_code=county_region).first() or make_funder(
        "源城区财政" if code == "HY" else f"县财政{code}", organization=office, kind="government", region=county_region
    )
    plan = make_plan(program, foundation=foundation, maker=finance_maker, checker=finance_checker, at=at, **terms)
    period = make_period(plan, year=timezone.localdate(at).year + 1, by=finance_checker, at=at)
    budgets = [
        make_budget(funder, period=period, granted=granted, maker=finance_maker, checker=finance_checker, at=at)
        for funder in (foundation, county)
    ]
    return World(
        at=at, city=city, office=office, sibling=sibling, foundation_org=foundation_org, insurer=insurer,
        clerk=user("clerk", "clerk", office), reviewer=user("reviewer", "reviewer", city),
        finance_maker=finance_maker, finance_checker=finance_checker,
        foundation_maker=user("foundation.maker", "finance_maker", foundation_org),
        foundation_checker=user("foundation.checker", "finance_checker", foundation_org),
        auditor=user("auditor", "auditor", city), foundation=foundation, county=county, program=program, plan=plan,
        period=period, budgets=budgets,
    )


def uploaded(
    world: World, rows: Sequence[Sequence[str]], *, name: str = "名册.csv", employer: Employer | None = None
) -> Roster:
    """A roster that waits for its check."""
    return upload_roster(
        [(name, csv_of(rows))], period=world.period, organization=world.office, employer=employer, by=world.clerk,
        at=timezone.now(),
    )


#: Codes of employers that do not exist, with their check characters.
CODES = ("91441602MA4W0000X5", "91441602MA4W0001X6")


def employer_of(world: World, **changes: Any) -> Employer:
    """An employer that the county's office knows in the program."""
    values: dict[str, Any] = {
        "program": world.program, "organization": world.office, "region_code": world.office.region_code, "name": "示例制造有限公司",
        "uscc": CODES[0], "contact_name": "陈会计", "contact_phone": "13800138001", "created_at": timezone.now(), **changes,
    }
    return Employer.objects.create(**values)


def applied(world: World, rows: Sequence[Sequence[str]], *, employer: Employer | None = None) -> Roster:
    """A roster all the way: uploaded, submitted, approved by another, applied; in force where the plan asks for nothing."""
    roster = uploaded(world, rows, employer=employer)
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)
