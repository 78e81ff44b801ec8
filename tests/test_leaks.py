"""Leaks between organizations that were found by reading as an enemy, each held by a test of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pghistory
import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit.versions import versions
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, Person, Roster
from beneficiaries.testing import World, csv_of, make_world, people, row, uploaded
from jobs.testing import drain
from programs.actions import create_funder, create_program
from programs.errors import ProgramRefused
from programs.models import Budget, Category, Funder, Program
from programs.reference import make_categories
from programs.statements import statement
from programs.testing import make_budget, make_funder
from tests.kit.matrix.asking import BACKEND

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any) -> World:
    """A city with its counties; the second factor has its own tests."""
    settings.SECOND_FACTOR_REQUIRED = False
    return make_world()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def enrolled(world: World, rows: list[list[str]]) -> Roster:
    uploaded(world, rows)
    drain()
    roster = submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def test_a_county_reads_its_own_statement_and_neither_its_siblings_nor_the_foundations(world: World) -> None:
    sibling = make_funder("紫金县财政", organization=world.sibling, kind="government", region="441621")
    make_budget(
        sibling, period=world.period, granted=world.budgets[0].granted, maker=world.finance_maker,
        checker=world.finance_checker, at=world.at,
    )
    reader = make_user(organization=world.office, role=Role.FINANCE_MAKER)
    client = browser(reader)
    day = timezone.localdate()
    asked: dict[str, Any] = {"program": world.program.pk, "first": day - timedelta(days=1), "last": day}
    for funder, status in ((world.county, 200), (sibling, 403), (world.foundation, 403)):
        address = reverse("admin:programs_funder_statement", args=[funder.pk])
        answers = [client.get(address, {**asked, "format": form}) for form in ("", "csv")]
        assert [answer.status_code for answer in answers] == [status, status], funder
        assert ("1,000,000.00" in answers[0].content.decode()) == (status == 200)
        lines = statement(funder, program=world.program, first=day, last=day, to=reader)
        assert bool(lines) == (status == 200)
    assert statement(world.foundation, program=world.program, first=day, last=day, to=world.finance_maker) != []


def test_the_timeline_of_a_shared_funder_names_no_user_of_another_city(world: World) -> None:
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    make_budget(
        world.foundation, period=other.period, granted=world.budgets[0].granted, maker=other.finance_maker,
        checker=other.finance_checker, at=world.at, label="阳江批次",
    )
    day = timezone.localdate()
    address = reverse("admin:programs_funder_statement", args=[world.foundation.pk])
    asked: dict[str, Any] = {"program": other.program.pk, "first": day, "last": day, "format": "csv"}
    assert browser(other.finance_maker).get(address, asked).status_code == 200
    with pghistory.context(user=other.finance_maker.pk):
        Funder.objects.filter(pk=world.foundation.pk).update(kind="enterprise")
    User.objects.filter(pk=other.finance_maker.pk).update(display_name="阳江专员")
    for reader, who in ((other.finance_maker, "阳江专员"), (world.finance_maker, "其他机构")):
        assert next(iter(versions(world.foundation, to=reader).rows)).who == who
    history = reverse("admin:programs_funder_history", args=[world.foundation.pk])
    assert "yj-finance.maker" in browser(other.finance_maker).get(history).content.decode()
    told = browser(world.finance_maker).get(history).content.decode()
    assert "yj-finance.maker" not in told
    assert "阳江专员" not in told


def test_failed_sign_ins_are_shown_to_the_accounts_own_office(world: World) -> None:
    foreign = make_user("stranger", organization=make_organization(region="441702"))
    for username in ("stranger", "hy-clerk", "nobody.at.all"):
        AccessAttempt.objects.create(username=username, ip_address="192.0.2.1", failures_since_start=2)
    operator = make_user(organization=make_organization(kind="operator"), role=Role.SECURITY_ADMIN)
    office = make_user(organization=world.city, role=Role.SECURITY_ADMIN)
    shown = {}
    for name, user in (("operator", operator), ("office", office)):
        text = browser(user).get(reverse("admin:axes_accessattempt_changelist")).content.decode()
        shown[name] = {known for known in ("stranger", "hy-clerk", "nobody.at.all") if known in text}
    assert shown == {"operator": {"nobody.at.all"}, "office": {"hy-clerk"}}
    attempt = AccessAttempt.objects.get(username=foreign.username)
    for page in ("change", "history", "delete"):
        assert browser(office).get(reverse(f"admin:axes_accessattempt_{page}", args=[attempt.pk])).status_code in (403, 404)


def test_what_everybody_shares_is_changed_by_who_operates_the_portal_only(world: World) -> None:
    category = make_categories(at=timezone.now())["dibao"]
    assert category is not None
    address = reverse("admin:programs_category_change", args=[category.pk])
    given = {"name": "改名", "synonyms": "", "position": "1", "active": "on"}
    office = make_user(organization=world.city, role=Role.SYSTEM_ADMIN)
    charity = make_user(organization=world.foundation_org, role=Role.SYSTEM_ADMIN)
    operator = make_user(organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)
    for user in (office, charity):
        assert browser(user).get(address).status_code == 200
        assert browser(user).post(address, given).status_code == 403
        assert browser(user).get(reverse("admin:programs_category_add")).status_code == 403
        assert Category.objects.get(pk=category.pk).name == category.name
    assert browser(operator).post(address, given).status_code == 302
    assert Category.objects.get(pk=category.pk).name == "改名"


def test_nobody_sets_up_the_government_of_a_region_beyond_their_own(world: World) -> None:
    admin = make_user(organization=world.city, role=Role.SYSTEM_ADMIN)
    given: dict[str, Any] = {"kind": "government", "organization": None, "by": admin, "at": timezone.now()}
    for region in ("441702", ""):
        with pytest.raises(ProgramRefused) as refused:
            create_funder(f"财政{region}", region_code=region, **given)
        assert refused.value.code == "OUT_OF_SCOPE"
    assert not Funder.objects.filter(name__startswith="财政").exists()
    assert create_funder("东源县财政", region_code="441625", **given).region_code == "441625"


def test_names_and_codes_that_are_taken_are_refused_in_words(world: World) -> None:
    at = timezone.now()
    refusals = []
    for act in (
        lambda: create_funder(world.foundation.name, kind="foundation", organization=None, region_code="", by="system:x", at=at),
        lambda: create_funder("另一财政", kind="government", organization=None, region_code="441602", by="system:x", at=at),
        lambda: create_program("HY", name="x", kind="hardship", organization=world.city, insurer=None, by="system:x", at=at),
    ):
        with pytest.raises(ProgramRefused) as refused:
            act()
        refusals.append(refused.value.code)
    assert refusals == ["NAME_TAKEN", "GOVERNMENT_KNOWN", "CODE_TAKEN"]
    admin = browser(make_user(organization=world.city, role=Role.SYSTEM_ADMIN))
    given = {"code": "HY", "name": "y", "kind": "hardship", "organization": world.city.pk}
    assert admin.post(reverse("admin:programs_program_new_program"), given).status_code == 409
    assert Program.objects.count() == 1


@pytest.mark.parametrize("kind", ["insurer", "charity"])
def test_who_only_reads_a_program_enrolls_nobody_in_it(kind: str, world: World) -> None:
    """An insurer's branch in the city's region sees the program; its roster would spend the funders' money."""
    branch = make_organization("分公司", kind=kind, region="441602", parent=world.insurer)
    clerk = make_user(organization=branch, role=Role.CLERK)
    with pytest.raises(BeneficiariesRefused) as refused:
        upload_roster(
            [("名册.csv", csv_of(people(1)))], period=world.period, organization=branch, by=clerk, at=timezone.now()
        )
    assert refused.value.code == "OUT_OF_REACH"
    assert not Roster.objects.exists()


def test_refused_lines_go_back_to_the_uploaders_office_only(world: World) -> None:
    uploaded(world, [*people(1), row(name="", document="441602196203151219")])
    drain()
    roster = Roster.objects.get()
    address = reverse("admin:beneficiaries_roster_refused_rows", args=[roster.pk])
    above = make_user(organization=world.city, role=Role.CLERK)
    own = browser(world.clerk).post(address, {"kind": "csv"})
    assert own.status_code == 200 and "441602196203151219" in own.content.decode()
    theirs = browser(above).post(address, {"kind": "csv"})
    assert theirs.status_code == 403 and "441602196203151219" not in theirs.content.decode()
    assert address not in browser(above).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()


def test_since_when_a_person_is_known_is_told_by_ones_own_office(world: World) -> None:
    """The same person in two cities: neither learns that the other had them first."""
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    line = people(1)[0]
    enrolled(world, [line])
    person = Person.objects.get()
    long_ago = timezone.now() - timedelta(days=900)
    Person.objects.filter(pk=person.pk).update(created_at=long_ago)
    Beneficiary.objects.create(
        person=person, program=other.program, organization=other.office, region_code="441702", contact_digest=b"x",
        created_at=timezone.now(), updated_at=timezone.now(),
    )
    for page in (reverse("admin:beneficiaries_person_change", args=[person.pk]), reverse("admin:beneficiaries_person_changelist")):
        text = browser(other.clerk).get(page).content.decode()
        assert f"{long_ago:%Y-%m-%d}" not in text and f"{long_ago.year}年" not in text
    today = f"{timezone.localdate():%Y-%m-%d}"
    assert today in browser(other.clerk).get(reverse("admin:beneficiaries_person_change", args=[person.pk])).content.decode()
    assert Budget.objects.count() == 4
