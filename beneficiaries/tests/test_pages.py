"""The pages of the room: workbench, person, roster as the center of intake, searches; scoped, with constant queries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit import panels, reveals
from audit.models import Reveal
from audit.testing import shared
from audit.versions import last_day
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster
from beneficiaries.panels import months_until
from beneficiaries.testing import World, make_world, people, row, uploaded
from intake.findings import MEANINGS, plain_words
from jobs.testing import drain

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.RoleBackend"


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def checked(world: World, rows: list[list[str]], name: str = "名册.csv") -> Roster:
    uploaded(world, rows, name=name)
    drain()
    return Roster.objects.latest("pk")


def applied(world: World, rows: list[list[str]], name: str = "名册.csv") -> Roster:
    roster = submit_roster(checked(world, rows, name), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def chart(key: str, user: User) -> list[tuple[str, int]]:
    data = panels.registry.charts[key].data(user)
    return [
        (str(label), int(value)) for label, value in zip(data.labels, data.series[0].values, strict=True) if value
    ] if data.series else []


# -- The workbench -----------------------------------------------------------------------------------------------------


def test_the_charts_count_what_a_user_may_see_by_month_and_category(world: World) -> None:
    applied(world, [*people(3), *people(2, first=10, categories="特困人员")])
    month = f"{timezone.localdate():%Y-%m}"
    assert chart("beneficiaries.by_month", world.reviewer) == [(month, 5)]
    assert chart("beneficiaries.by_category", world.reviewer) == [("低保对象", 3), ("特困人员", 2)]
    assert chart("beneficiaries.by_program", world.reviewer) == [(world.program.name, 5)]
    sibling = make_user("sibling", organization=world.sibling, role="clerk")
    for key in ("by_month", "by_category", "by_program"):
        assert chart(f"beneficiaries.{key}", sibling) == []


def test_a_months_chart_has_a_place_for_each_month_of_a_year() -> None:
    assert months_until(date(2026, 2, 28), count=3) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert len(months_until(date(2026, 11, 26), count=12)) == 12


def test_each_role_meets_its_own_queues_first(world: World) -> None:
    submit_roster(checked(world, people(2)), by=world.clerk, at=timezone.now())

    def queues(user: User) -> dict[str, int]:
        page = signed_in(user).get(reverse("admin:index"))
        return {card.queue.key: card.count for card in page.context["queues"]}

    assert queues(world.reviewer) == {"beneficiaries.to_approve": 1}
    assert queues(world.clerk) == {}
    checked(world, people(1, first=50), name="另一份.csv")
    assert queues(world.clerk) == {"beneficiaries.to_submit": 1}


@pytest.mark.parametrize("role", ["clerk", "reviewer", "finance_maker", "foundation_maker", "auditor"])
def test_the_workbench_asks_as_much_of_many_rows_as_of_few(world: World, role: str) -> None:
    client = signed_in(getattr(world, role))
    applied(world, people(2))
    few = queries_of(client, reverse("admin:index"))
    applied(world, people(30, first=100), name="第二份.csv")
    assert queries_of(client, reverse("admin:index")) == few


# -- A person ----------------------------------------------------------------------------------------------------------


def test_a_person_has_one_page_with_categories_covers_lines_and_the_way_so_far(world: World) -> None:
    roster = applied(world, [*people(2), row(name="张三丰", document="441602196203151219", sex="男", birth_on="1962-03-15")])
    person = Person.objects.with_name("张三丰").get()
    held = BeneficiaryCategory.objects.get(beneficiary__person=person)
    enrollment = Enrollment.objects.get(person=person)
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_person_change", args=[person.pk]))
    text = page.content.decode()
    assert "张三丰" not in text and "441602196203151219" not in text
    assert "张**" in text and "4416**********1219" in text
    assert [panel.key for panel in page.context["panels"]] == [
        "beneficiaries.categories", "beneficiaries.covers", "continuity.person", "beneficiaries.documents", "results.person",
        "beneficiaries.speakers", "records.person", "beneficiaries.changes", "claims.of_person", "gates.person",
        "complaints.of_person", "beneficiaries.rosters", "handover.person", "beneficiaries.life", "papers.requests",
        "outreach.person",
    ]
    html = {panel.key: panel.html for panel in page.context["panels"]}
    assert "低保对象" in html["beneficiaries.categories"] and f"{held.valid_from:%Y-%m-%d}" in html["beneficiaries.categories"]
    assert enrollment.number in html["beneficiaries.covers"] and "99.00" in html["beneficiaries.covers"]
    assert f"{last_day(enrollment.ends_at):%Y-%m-%d}" in html["beneficiaries.covers"]
    assert "名册.csv" in html["beneficiaries.rosters"] and f"#{roster.pk}" in html["beneficiaries.rosters"]
    assert f"来自名单 {roster.pk}" in html["beneficiaries.life"]
    assert html["beneficiaries.life"].index("来自名单") < html["beneficiaries.life"].index("首次建档")
    assert reverse("admin:beneficiaries_person_reveal", args=[person.pk]) in text
    assert "no-store" in page["Cache-Control"]


def test_a_person_is_shown_in_the_clear_to_who_gave_a_reason_for_fifteen_minutes(world: World, settings: Any) -> None:
    settings.REVEAL_MINUTES = 15
    applied(world, [row(name="张三丰", document="441602196203151219", sex="男", birth_on="1962-03-15")])
    person = Person.objects.get()
    page, reveal = (reverse(f"admin:beneficiaries_person_{name}", args=[person.pk]) for name in ("change", "reveal"))

    def shown(to: User) -> tuple[bool, bool]:
        text = signed_in(to).get(page).content.decode()
        return "张三丰" in text, "441602196203151219" in text

    client = signed_in(world.clerk)
    assert client.get(reveal).status_code == 200 and not Reveal.objects.exists()
    assert client.post(reveal, {"fields_wanted": ["document"], "reason": ""}).status_code == 200
    assert shown(world.clerk) == (False, False)
    answer = client.post(reveal, {"fields_wanted": ["document"], "reason": "核对身份证原件"})
    assert (answer.status_code, shown(world.clerk), shown(world.reviewer)) == (302, (False, True), (False, False))
    kept = Reveal.objects.get()
    assert (kept.user_id, kept.fields, kept.reason) == (world.clerk.pk, ["document"], "核对身份证原件")
    assert kept.expires_at - kept.at == timedelta(minutes=15)
    for second, seen in ((-1, True), (0, False)):
        at = kept.expires_at + timedelta(seconds=second)
        assert ("document" in reveals.revealed_fields(person, to=world.clerk, at=at)) is seen
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_reveal DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_reveal SET at = at - interval '15 minutes', expires_at = expires_at - interval '15 minutes'")
    assert shown(world.clerk) == (False, False)


def test_a_cover_tells_how_its_roster_came_submitted_and_approved(world: World) -> None:
    roster = applied(world, people(1))
    enrollment = Enrollment.objects.get()
    for page in ("change", "history"):
        answer = signed_in(world.clerk).get(reverse(f"admin:beneficiaries_enrollment_{page}", args=[enrollment.pk]))
        told = [entry.sentence for entry in answer.context["timeline"].entries]
        assert told[-1] == "上传名单，共 1 个文件。" and told[-3] == "名单已提交审批。", told
        assert any(sentence.startswith("名单已批准") for sentence in told)
        assert [past.title for past in answer.context["histories"]] == [str(enrollment)]
    Roster.objects.filter(pk=roster.pk).update(region_code="441621")
    other = make_user("below", organization=world.office, role="clerk")
    answer = signed_in(other).get(reverse("admin:beneficiaries_enrollment_change", args=[enrollment.pk]))
    assert answer.context["timeline"].entries == []


def test_an_office_out_of_reach_has_no_page_of_the_person(world: World) -> None:
    applied(world, people(1))
    person = Person.objects.get()
    sibling = make_user("sibling", organization=world.sibling, role="clerk")
    answers = {
        name: signed_in(sibling).get(reverse(f"admin:beneficiaries_person_{name}", args=[person.pk])).status_code
        for name in ("change", "history", "reveal")
    }
    assert answers == {"change": 404, "history": 404, "reveal": 403}


def test_a_category_that_ended_shows_its_last_day(world: World) -> None:
    applied(world, people(1))
    BeneficiaryCategory.objects.update(valid_from=date(2026, 1, 1), valid_to=date(2026, 7, 1))
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_person_change", args=[Person.objects.get().pk]))
    html = page.context["panels"][0].html
    assert "2026-06-30" in html and "2026-07-01" not in html and "已终止" in html


def test_the_end_of_a_cover_is_its_last_day_on_every_page(world: World) -> None:
    roster = applied(world, people(1))
    enrollment = Enrollment.objects.get()
    Enrollment.objects.update(ends_at=datetime(2031, 12, 31, 16, 0, tzinfo=UTC))
    client = signed_in(world.clerk)
    year = roster.period.ends_on.year
    ends = {
        reverse("admin:beneficiaries_enrollment_change", args=[enrollment.pk]): "2031-12-31",
        reverse("admin:beneficiaries_enrollment_history", args=[enrollment.pk]): "2031-12-31",
        reverse("admin:beneficiaries_person_change", args=[enrollment.person_id]): "2031-12-31",
        reverse("admin:beneficiaries_roster_change", args=[roster.pk]): f"{year - 1}-12-31",
    }
    for address, day in ends.items():
        page = client.get(address).content.decode()
        assert day in page, address
        for other in ("24:00", "2032-01-01", f"{year}-01-01"):
            assert other not in page, (address, other)


def test_the_last_day_is_that_of_the_moment_before_the_end() -> None:
    assert last_day(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == date(2026, 12, 31)
    assert last_day(datetime(2026, 12, 31, 17, 30, tzinfo=UTC)) == date(2027, 1, 1)
    assert last_day(date(2027, 1, 1)) == date(2026, 12, 31)


# -- A roster ----------------------------------------------------------------------------------------------------------


def test_problems_stand_in_plain_words_with_their_remedy_and_lead_to_their_rows(world: World) -> None:
    bad = row(document="441602196203151218")
    nameless = ["", *people(4)[3][1:]]
    roster = checked(world, [*people(3), bad, nameless])
    client = signed_in(world.clerk)
    address = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    groups = client.get(address).context["problems"]
    assert groups[0].title == "未通过的原因"
    assert [(one.cause, one.remedy, one.number, one.url) for one in groups[0].problems] == [
        ("校验位不符", "请核对最后一位", 1, "?code=ID_CHECKSUM#rows"),
        ("姓名为空", "请填写", 1, "?code=NAME_EMPTY#rows"),
    ]
    page = client.get(f"{address}?code=ID_CHECKSUM")
    assert [line.line for line in page.context["rows"]] == ["5"]
    assert [one.chosen for one in page.context["problems"][0].problems] == [True, False]
    text = page.content.decode().replace("?code=ID_CHECKSUM", "").replace('value="ID_CHECKSUM"', "")
    assert "ID_CHECKSUM" not in text
    assert roster.digest[:12] not in page.content.decode()


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_finding_can_be_said_without_the_facts_of_one_row(code: str) -> None:
    for text in (MEANINGS[code].cause, MEANINGS[code].remedy):
        said = plain_words(text)
        assert said and "%" not in said and not said.endswith(("…", ":", ":"))


def test_a_changed_line_stands_beside_what_is_registered(world: World) -> None:
    applied(world, people(2, phone="13800138000"))
    Enrollment.objects.update(state="ended")
    new = people(1, phone="13900139111", categories="低保对象,特困人员")[0]
    roster = checked(world, [new, people(2, phone="13800138000")[1]], "变动.csv")
    address = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    changed, same = signed_in(world.clerk).get(address).context["rows"]
    assert (changed.verdict, same.verdict) == ("有变动", "无变动")
    assert [(one.label, one.before, one.after) for one in changed.differences] == [
        ("联系电话", "138****8000", "139****9111"), ("困难类别", "低保对象", "+ 特困人员"),
    ]
    assert same.differences == ()


def test_what_the_page_says_of_a_changed_line_is_what_applying_it_does(world: World) -> None:
    guardian = {"guardian_name": "李建国", "guardian_document": "441602196203151219"}
    applied(world, people(1, phone="13800138000", **guardian))
    Enrollment.objects.update(state="ended")
    known = registered()
    empty = dict.fromkeys(("address", "bank_name", "bank_account", "guardian_name", "guardian_document"), "")
    line = people(1, phone="13900139111", categories="特困人员", **empty)
    roster = checked(world, line, "另一部门.csv")
    address = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    [told] = signed_in(world.clerk).get(address).context["rows"]
    assert [(one.label, one.before, one.after) for one in told.differences] == [
        ("联系电话", "138****8000", "139****9111"), ("困难类别", "低保对象", "+ 特困人员"),
    ]
    submit_roster(roster, by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert Enrollment.objects.filter(roster=roster).count() == 1
    assert known == {
        "region_code": "441602", "phone": "13800138000", "address": "东埔街道8号", "bank_name": "中国农业银行",
        "bank_account": "6228480000000007", **guardian, "categories": [("低保对象", None)],
    }
    assert registered() == {
        **known, "phone": "13900139111", "categories": [("低保对象", None), ("特困人员", None)],
    }
    Enrollment.objects.update(state="ended")
    again = checked(world, [*line, *people(1, first=1)], "又一次.csv")
    assert again.counts["verdicts"] == {"1": 1, "3": 1}


def registered() -> dict[str, Any]:
    """What is kept of the one beneficiary, in the clear."""
    one = Beneficiary.objects.get()
    sealed = ("phone", "address", "bank_account", "guardian_name", "guardian_document")
    return {
        "region_code": one.region_code, "bank_name": one.bank_name,
        **{name: getattr(one, name).reveal() for name in sealed if getattr(one, name) is not None},
        "categories": list(one.categories.order_by("pk").values_list("category__name", "valid_to")),
    }


def test_a_roster_asks_as_much_of_a_full_page_as_of_few_rows(world: World) -> None:
    applied(world, people(60, phone="13800138000"))
    few = checked(world, people(2, phone="13900139111"), "少.csv")
    many = checked(world, people(55, phone="13900139222"), "多.csv")
    client = signed_in(world.clerk)
    addresses = [reverse("admin:beneficiaries_roster_change", args=[roster.pk]) for roster in (few, many)]
    first, second = (queries_of(client, address) for address in addresses)
    assert first == second
    pages = client.get(addresses[1])
    assert len(pages.context["rows"]) == 50
    assert all(line.differences for line in pages.context["rows"])
    rest = client.get(addresses[1] + pages.context["next_url"].partition("#")[0])
    assert [line.line for line in rest.context["rows"]] == ["52", "53", "54", "55", "56"]
    assert rest.context["first_url"] == "?#rows"


def test_money_per_funder_and_amounts_are_grouped(world: World) -> None:
    roster = checked(world, people(12))
    text = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert roster.money["premium"] == "1188.00"
    assert "1,188.00" in text and "827.88" in text and "360.00" in text and "1188.00" not in text.replace("1,188.00", "")
    listed = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_changelist")).content.decode()
    assert "1,188.00" in listed and world.clerk.display_name in listed
    assert Decimal(roster.money["premium"]) == Decimal("1188.00")


# -- Searches ----------------------------------------------------------------------------------------------------------


def found(client: Client, model: str, term: str) -> list[int]:
    page = client.get(reverse(f"admin:beneficiaries_{model}_changelist"), {"q": term})
    return sorted(each.pk for each in page.context["cl"].result_list)


def test_people_are_found_by_document_number_telephone_name_or_its_beginning_and_by_no_other_part(world: World) -> None:
    applied(world, [*people(3), row(name="张三丰", document="441602196203151219", sex="男", birth_on="1962-03-15")])
    person = Person.objects.with_name("张三丰").get()
    client = signed_in(world.clerk)
    for term in ("441602196203151219", " 441602 19620315 1219 ", "张三丰", "张三", "张"):
        assert found(client, "person", term) == [person.pk]
        assert found(client, "enrollment", term) == [Enrollment.objects.get(person=person).pk]
    assert len(found(client, "person", "138 0013 8000")) == 4
    for term in ("4416021962031512", "三丰", "1380013", "%", "1219", str(person.pk)):
        assert found(client, "person", term) == []


def test_enrollments_are_found_by_cover_number_and_rosters_by_number(world: World) -> None:
    roster = applied(world, people(3))
    enrollment = Enrollment.objects.latest("pk")
    client = signed_in(world.clerk)
    assert found(client, "enrollment", enrollment.number) == [enrollment.pk]
    wrong = enrollment.number[:-1] + str((int(enrollment.number[-1]) + 1) % 10)
    assert found(client, "enrollment", wrong) == []
    assert found(client, "roster", str(roster.pk)) == [roster.pk]
    sibling = signed_in(make_user("sibling", organization=world.sibling, role="clerk"))
    assert found(sibling, "enrollment", enrollment.number) == []
    assert found(sibling, "person", people(3)[0][2]) == []


@pytest.mark.parametrize(
    ("model", "help_text"),
    [
        ("person", "可按完整的证件号码（含原证件、其他证件）、手机号查找，或按姓名（可只输开头）查找"),
        ("enrollment", "可按完整的保障凭证号、保单号、证件号码、手机号查找，或按姓名（可只输开头）查找"),
        ("roster", "可按名单编号查找"),
    ],
)
def test_a_list_says_what_can_be_searched(world: World, model: str, help_text: str) -> None:
    text = signed_in(world.clerk).get(reverse(f"admin:beneficiaries_{model}_changelist")).content.decode()
    assert f'id="searchbar_helptext">{help_text}</p>' in text
    assert 'aria-describedby="searchbar_helptext"' in text


@pytest.mark.parametrize("model", ["person", "enrollment", "roster"])
def test_a_list_asks_as_much_of_a_full_page_as_of_few_rows(world: World, model: str) -> None:
    client = signed_in(world.reviewer)
    address = reverse(f"admin:beneficiaries_{model}_changelist")
    applied(world, people(2))
    few = queries_of(client, address)
    applied(world, people(70, first=100), name="第二份.csv")
    assert queries_of(client, address) == few
