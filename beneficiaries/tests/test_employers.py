"""Employers: recorded once by their code, corrected; rosters of their staff, and of families where that is agreed."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event, Reveal
from audit.testing import shared
from beneficiaries.actions import Gate, change_employer, pass_gate, record_employer, upload_roster
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Employer, Enrollment, Roster, RosterRow
from beneficiaries.testing import CODES, HEADINGS, World, applied, employer_of, make_world, people, uploaded
from beneficiaries.uscc import clean_code, is_whole
from intake.findings import Verdict
from jobs.testing import drain
from programs.models import Program
from programs.reference import make_categories

pytestmark = pytest.mark.django_db


def made() -> tuple[World, Employer]:
    """A supplementary program whose plan asks for the own payment, and an employer of it."""
    world = make_world(requires_own_payment=True)
    Program.objects.filter(pk=world.program.pk).update(kind=Program.Kind.SUPPLEMENTARY)
    world.program.refresh_from_db()
    return world, employer_of(world)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def refusal(function: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(BeneficiariesRefused) as refused:
        function(*args, **given)
    return refused.value.code


def recorded(world: World, **changes: Any) -> Employer:
    values: dict[str, Any] = {
        "organization": world.office, "name": "示例电子厂", "uscc": CODES[1], "by": world.clerk, "at": timezone.now(), **changes,
    }
    return record_employer(world.program, **values)


@pytest.mark.parametrize(
    ("code", "whole"),
    [
        ("91440300708461136T", True), ("91110000802100433B", True), ("91350100M000100Y43", True),
        ("91350100M000100Y44", False), ("9135010OM000100Y43", False), ("91350100M000100Y4", False), ("", False),
        ("91350100M000100Y433", False),
    ],
)
def test_a_code_is_held_to_its_check_character(code: str, whole: bool) -> None:
    assert is_whole(code) is whole
    assert is_whole(clean_code(f" {code.lower()} ")) is whole


def test_an_employer_is_recorded_once_for_its_office_and_program(kept_world: Any) -> None:
    world, known = kept_world
    found = recorded(
        world, uscc=" 91441602ma4w0001x6", contact_name="李主任", contact_phone="0762-3380000", takes_families=True
    )
    assert (found.uscc, found.region_code, found.takes_families) == (CODES[1], "441602", True)
    assert (str(found.contact_name), found.contact_name.reveal()) == ("李**", "李主任")
    assert found.contact_phone.reveal() == "0762-3380000"
    event = Event.objects.get(verb="employer.recorded")
    assert (event.subject_id, event.data) == (str(found.pk), {})
    assert refusal(recorded, world) == "EMPLOYER_KNOWN"
    with pytest.raises(BeneficiariesRefused, match=str(known.pk)):
        recorded(world, uscc=known.uscc)
    assert Employer.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"uscc": "91441602MA4W0001X5"}, "USCC"), ({"uscc": "441602196203151219"}, "USCC"), ({"name": " "}, "EMPLOYER_NAME"),
        ({"region_code": "441621"}, "EMPLOYER_REGION"), ({"contact_phone": "打电话"}, "EMPLOYER_PHONE"),
        ({"contact_name": "李主任13800138000"}, "EMPLOYER_CONTACT"),
    ],
)
def test_what_is_no_employer_of_the_office_is_refused(kept_world: Any, changes: Any, code: str) -> None:
    world, _known = kept_world
    assert refusal(recorded, world, **changes) == code
    assert Employer.objects.count() == 1


def test_employers_are_recorded_within_ones_own_office_and_in_supplementary_programs(kept_world: Any) -> None:
    world, _known = kept_world
    assert refusal(recorded, world, organization=world.sibling) == "OUT_OF_SCOPE"
    assert refusal(recorded, world, by=world.finance_maker) == "OUT_OF_SCOPE"
    Program.objects.filter(pk=world.program.pk).update(kind=Program.Kind.HARDSHIP)
    world.program.refresh_from_db()
    assert refusal(recorded, world) == "EMPLOYERS_NOT_HERE"


def test_a_correction_keeps_the_contact_unless_another_is_given_or_it_is_removed(kept_world: Any) -> None:
    world, known = kept_world
    given: dict[str, Any] = {"region_code": "441602", "name": "示例制造集团", "takes_families": False, "by": world.clerk}
    found = change_employer(known, **given, at=timezone.now())
    assert (found.name, found.contact_name.reveal()) == ("示例制造集团", "陈会计")
    found = change_employer(known, **given, contact_name="", contact_phone="", at=timezone.now())
    assert (found.contact_name, found.contact_phone) == (None, None)
    told = list(Event.objects.filter(verb="employer.changed").order_by("pk").values_list("data", flat=True))
    assert told == [{"fields": ["name"]}, {"fields": ["contact_name", "contact_phone"]}]


def staff_csv(rows: list[list[str]], relations: list[str]) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*HEADINGS, "与职工关系"])
    writer.writerows([[*row, relation] for row, relation in zip(rows, relations, strict=True)])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def checked(world: World, employer: Employer, relations: list[str]) -> Roster:
    file = staff_csv(people(len(relations)), relations)
    roster = upload_roster(
        [("职工.csv", file)], period=world.period, organization=world.office, employer=employer, by=world.clerk, at=timezone.now()
    )
    drain()
    return Roster.objects.get(pk=roster.pk)


def findings(roster: Roster) -> list[tuple[int, list[tuple[str, str]]]]:
    rows = RosterRow.objects.filter(roster=roster).order_by("pk")
    return [(row.verdict, [(each["code"], each["extra"]) for each in row.findings or []]) for row in rows]


def test_family_members_are_refused_where_the_employer_enrolls_its_staff_alone(kept_world: Any) -> None:
    world, employer = kept_world
    roster = checked(world, employer, ["", "本人", "配偶", "邻居"])
    assert [verdict for verdict, _found in findings(roster)] == [Verdict.NEW, Verdict.NEW, Verdict.REFUSED, Verdict.REFUSED]
    assert findings(roster)[2][1] == [("FAMILY_NOT_TAKEN", "")]
    assert findings(roster)[3][1][0][0] == "CHOICE_UNKNOWN"
    assert roster.money["rows"] == 2


def test_family_members_are_told_with_their_relation_where_they_may_be_enrolled(kept_world: Any) -> None:
    world, employer = kept_world
    Employer.objects.filter(pk=employer.pk).update(takes_families=True)
    roster = checked(world, employer, ["", "子女", "配偶父母"])
    assert findings(roster) == [
        (Verdict.NEW, []), (Verdict.NEW, [("FAMILY_MEMBER", "子女")]), (Verdict.NEW, [("FAMILY_MEMBER", "配偶父母")]),
    ]
    assert (roster.counts["codes"]["FAMILY_MEMBER"], roster.money["rows"]) == (2, 3)


#: Another city.
OTHER: dict[str, Any] = {"code": "YJ", "regions": ("4417", "441702", "441702")}


def test_whoever_a_plan_for_everybody_takes_in_needs_no_category(kept_world: Any) -> None:
    everybody = [each for each in make_categories(at=timezone.now()).values() if each.holds_for_everybody]
    world = make_world(requires_own_payment=True, categories=everybody, **OTHER)
    employer = employer_of(world)
    roster = applied(world, people(2, county="441702", categories=""), employer=employer)
    assert set(Enrollment.objects.filter(roster=roster).values_list("category__code", flat=True)) == {everybody[0].code}
    other = uploaded(world, people(1, county="441702", first=9, categories=""))
    drain()
    assert [code for code, _extra in findings(Roster.objects.get(pk=other.pk))[0][1]] == ["CELL_EMPTY"]


def test_only_a_roster_that_enrolls_for_money_names_an_employer_of_its_office(kept_world: Any) -> None:
    world, employer = kept_world
    given: dict[str, Any] = {"period": world.period, "by": world.clerk, "at": timezone.now()}

    def upload(**changes: Any) -> str:
        values = {"organization": world.office, "employer": employer, **given, **changes}
        return refusal(upload_roster, [("职工.csv", staff_csv(people(1), [""]))], **values)

    assert upload(purpose="update") == "EMPLOYER_ENROLLS"
    assert upload(organization=world.city) == "EMPLOYER_OF_OTHERS"
    Employer.objects.filter(pk=employer.pk).update(destroyed_at=timezone.now(), contact_name=None, contact_phone=None)
    employer.refresh_from_db()
    assert upload() == "EMPLOYER_OF_OTHERS"


def test_a_plan_without_an_own_payment_has_nothing_for_an_employer(kept_world: Any) -> None:
    world = make_world(**OTHER)
    assert refusal(uploaded, world, people(1), employer=employer_of(world)) == "EMPLOYER_PAYS_NOTHING"


def test_the_own_payment_of_an_employers_roster_is_no_step_of_the_roster(kept_world: Any) -> None:
    world, employer = kept_world
    roster = applied(world, people(1), employer=employer)
    assert refusal(pass_gate, roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now()) == "GATE_BY_BILL"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_a_clerk_records_an_employer_uploads_its_roster_by_the_code_and_reads_its_contact(kept_world: Any) -> None:
    world, _known = kept_world
    client = signed_in(world.clerk)
    page = reverse("admin:beneficiaries_employer_record")
    given = {"program": world.program.pk, "organization": world.office.pk, "name": "示例电子厂", "uscc": CODES[1].lower(),
             "contact_name": "李主任", "contact_phone": "13800138009", "takes_families": "on"}
    wrong = client.post(page, {**given, "uscc": CODES[1][:-1] + "9"})
    assert wrong.status_code == 409
    assert CODES[1][:-1] + "9" in wrong.content.decode()
    made = client.post(page, given)
    employer = Employer.objects.get(uscc=CODES[1])
    assert made.url == reverse("admin:beneficiaries_employer_change", args=[employer.pk])
    upload = client.get(reverse("admin:beneficiaries_employer_enroll", args=[employer.pk]), follow=True)
    assert f'value="{CODES[1]}"' in upload.content.decode()
    form = {"purpose": "enroll", "period": world.period.pk, "organization": world.office.pk}
    file = staff_csv(people(2), ["", "配偶"])
    file.name = "职工.csv"
    unknown = client.post(reverse("admin:beneficiaries_roster_upload"), {**form, "uscc": "91440300708461136T", "file": file})
    assert (unknown.status_code, Roster.objects.count()) == (200, 0)
    file.seek(0)
    client.post(reverse("admin:beneficiaries_roster_upload"), {**form, "uscc": CODES[1], "file": file})
    roster = Roster.objects.get()
    assert roster.employer == employer
    shown = client.get(reverse("admin:beneficiaries_employer_change", args=[employer.pk])).content.decode()
    assert "李**" in shown
    assert "李主任" not in shown
    assert "138****8009" in shown
    assert reverse("admin:beneficiaries_roster_change", args=[roster.pk]) in shown
    reveal = reverse("admin:beneficiaries_employer_reveal", args=[employer.pk])
    client.post(reveal, {"fields_wanted": ["contact_name"], "reason": "核对缴费联系人信息"})
    assert Reveal.objects.get().subject_id == str(employer.pk)
    shown = client.get(reverse("admin:beneficiaries_employer_change", args=[employer.pk])).content.decode()
    assert "李主任" in shown
    assert "13800138009" not in shown
    correct = reverse("admin:beneficiaries_employer_correct", args=[employer.pk])
    client.post(correct, {"name": "示例电子厂", "region": "", "contact_name": "", "contact_phone": "", "forget": "on"})
    employer.refresh_from_db()
    assert (employer.contact_name, employer.takes_families, employer.region_code) == (None, False, "441602")
