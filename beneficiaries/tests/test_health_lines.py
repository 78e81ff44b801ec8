"""Health that rosters' lines and families declare: read, stated with the cover, sealed, taken back with the roster."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import Member, Payer, Payment, Request, enroll_together
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.health import health_on
from beneficiaries.health_lines import read
from beneficiaries.invariants import INVARIANTS
from beneficiaries.keepers import Keeper, forget_keeper, register_keeper
from beneficiaries.models import Enrollment, HealthStatement, Purchase, Roster, RosterChunk, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, applied, make_world, people, uploaded
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import Market, paid_market, person
from beneficiaries.tests.undone import undone
from benefits import plan_file
from intake.staging import chunk_digest
from jobs.testing import drain
from portal.verify import check
from programs import actions as programs
from programs.models import Plan
from programs.testing import filed

pytestmark = pytest.mark.django_db
D = Decimal
GROUPS = {"tumor": "肿瘤", "lung": "肺病"}


def with_groups(plan: Plan, *, maker: Any, at: Any) -> None:
    """A version in review that names two groups of diseases."""
    draft = programs.copy_plan(plan, by=maker, at=at)
    terms = plan_file.terms_of({
        "code": "x", "name": "定制", "kind": plan.program.kind,
        "pre_existing": {"by": "treatment", "groups": [{"code": code, "name": name} for code, name in GROUPS.items()]},
        "responsibilities": [{"code": "a", "name": "甲", "benefit": "expense", "counts": ["self_pay"], "ratio": D("0.5")}],
    })
    programs.set_benefits(draft, terms, by=maker, at=at)
    programs.submit_plan(filed(draft, by=maker, at=at), by=maker, at=at)


def made() -> World:
    """The usual world, whose covers begin where nothing is waited for, with groups."""
    world = make_world(requires_notice=False, requires_own_payment=False, requires_insurer_acceptance=False)
    with_groups(world.plan, maker=world.finance_maker, at=world.at)
    return world


_django_db_helper, one_world, world = shared(made)


def lines(*said: str) -> list[list[str]]:
    return [people(1, first=number, health=each)[0] for number, each in enumerate(said)]


def held() -> list[tuple[str, tuple[str, ...], str] | None]:
    """What holds of each cover on its first day."""
    covers = list(Enrollment.objects.order_by("row_id", "line"))
    day = timezone.localdate(covers[0].starts_at)
    found = health_on([cover.pk for cover in covers], day=day)
    return [
        (said.health_class, said.groups, said.source) if (said := found.get(cover.pk)) is not None else None for cover in covers
    ]


@pytest.mark.parametrize(("said", "expected"), [
    ("健康", ("healthy", None)), (" 无 ", ("healthy", None)), ("既往症", ("pre_existing", None)),
    ("肿瘤", ("pre_existing", "tumor")), ("肺病、肿瘤", ("pre_existing", "lung,tumor")), ("tumor", ("pre_existing", "tumor")),
    ("既往症:", None),
    ("有既往症，肺病", ("pre_existing", "lung")), ("高血压", None), ("健康、肿瘤", None), ("、", None),
])
def test_a_declaration_is_read_or_not(said: str, expected: tuple[str, str | None] | None) -> None:
    assert read(said, GROUPS) == expected


def test_lines_state_health_from_the_first_day_of_cover_and_groups_stay_sealed(world: World, settings: Any) -> None:
    roster = applied(world, lines("肿瘤、肺病", "健康", "", "既往症"))
    assert held() == [
        ("pre_existing", ("lung", "tumor"), "row"), ("healthy", (), "row"), None, ("pre_existing", (), "row"),
    ]
    first = HealthStatement.objects.order_by("pk")[0]
    assert first.row is not None and first.groups is not None
    assert (str(first.groups), first.row.roster_id, first.from_on) == ("2 个病种组", roster.pk, world.period.starts_on)
    assert "肿瘤" not in str(RosterRow.objects.values_list("findings", flat=True)) and broken() == []
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    page = client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert "健康告知：既往症、2 个病种组" in page and "肿瘤" not in page
    person_id = Enrollment.objects.order_by("row_id")[0].person_id
    page = client.get(reverse("admin:beneficiaries_person_change", args=[person_id])).content.decode()
    assert "肿瘤" not in page


def test_a_declaration_that_is_not_understood_refuses_its_line_alone(world: World) -> None:
    roster = applied(world, lines("高血压", "健康"))
    rows = RosterRow.objects.filter(roster=roster).order_by("line").values_list("verdict", "codes")
    assert list(rows) == [(6, ["HEALTH_UNREAD"]), (1, [])]
    assert [each["value_masked"] for each in RosterRow.objects.order_by("line")[0].findings] == [""]
    assert held() == [("healthy", (), "row")]


def test_who_is_covered_already_keeps_what_holds_and_the_line_says_so(world: World) -> None:
    applied(world, lines("健康"))
    roster = applied(world, [*lines("肿瘤"), *people(1, first=30)])
    row = RosterRow.objects.filter(roster=roster).order_by("line")[0]
    assert ("HEALTH_COVERED" in row.codes, row.health_class) == (True, None)
    assert held() == [("healthy", (), "row"), None]


def test_a_chunk_without_any_is_staged_and_digested_as_it_always_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = uploaded(world, lines("", ""))
    declared = uploaded(world, [people(1, first=9, health="健康")[0]])
    drain()
    digests = {}
    for roster in (plain, declared):
        chunk = RosterChunk.objects.get(roster=roster)
        digests[roster.pk] = (chunk_digest(ROSTER, roster.pk, chunk.number), chunk.digest)
    with monkeypatch.context() as before:
        before.setattr(type(ROSTER), "further_beside", ())
        assert chunk_digest(ROSTER, plain.pk, 0) == digests[plain.pk][0] == digests[plain.pk][1]
        assert chunk_digest(ROSTER, declared.pk, 0) != digests[declared.pk][0]
    RosterRow.objects.filter(roster=declared).update(health_class="pre_existing")
    assert chunk_digest(ROSTER, declared.pk, 0) != digests[declared.pk][1]


def test_what_a_roster_stated_is_taken_back_with_it_but_for_covers_in_use(world: World) -> None:
    roster = applied(world, lines("健康", "肿瘤"))
    kept = Enrollment.objects.order_by("row_id")[1]
    register_keeper(Keeper("CLAIMED", "有理赔", f"e.id = {kept.pk}"))
    try:
        undone(world, roster)
    finally:
        forget_keeper("CLAIMED")
    assert held() == [None, ("pre_existing", ("tumor",), "row")]
    assert [each.taken_back_at is None for each in HealthStatement.objects.order_by("pk")] == [False, True]
    assert broken() == []
    applied(world, lines("既往症"))
    assert HealthStatement.objects.count() == 3 and broken() == []
    for wrong in ({"taken_back_at": None}, {"row": None}, {"from_on": timezone.localdate()}):
        with pytest.raises(DatabaseError), transaction.atomic():
            HealthStatement.objects.filter(taken_back_at__isnull=False).update(**wrong)


@pytest.mark.parametrize("statement", [
    "UPDATE beneficiaries_healthstatement SET health_class = 'pre_existing' WHERE health_class = 'healthy'",
    "DELETE FROM beneficiaries_healthstatement", "UPDATE beneficiaries_healthstatement SET taken_back_at = now()",
])
def test_a_planted_violation_is_found(world: World, statement: str) -> None:
    applied(world, lines("健康"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE beneficiaries_healthstatement DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert [each.name for each in INVARIANTS if check(each).rows] == ["health_comes_from_applied_lines"]


# --- at the counter


def counter(world: World) -> Market:
    market = paid_market(world=world)
    with_groups(market.plan, maker=market.world.finance_maker, at=market.at)
    return market


def test_a_family_declares_each_members_health_with_the_purchase_as_source(world: World) -> None:
    market = counter(world)
    members = [Member(person(0, health="健康"), "self"), Member(person(1, health="肿瘤"), "spouse"), Member(person(2), "other")]
    values: dict[str, Any] = {
        "period": market.period, "organization": market.world.office, "by": market.world.clerk, "at": market.at,
        "payment": Payment("pay-F1", market.at, D("450.00")), "request": Request("F1", Purchase.Channel.OFFICE),
    }
    purchase = enroll_together(Payer("王大明"), members, **values)
    assert held() == [("healthy", (), "purchase"), ("pre_existing", ("tumor",), "purchase"), None]
    assert set(HealthStatement.objects.values_list("purchase", flat=True)) == {purchase.pk}
    assert broken() == []
    values |= {"payment": Payment("pay-F2", market.at, D("150.00")), "request": Request("F2", Purchase.Channel.OFFICE)}
    with pytest.raises(BeneficiariesRefused) as refused:
        enroll_together(Payer("王大明"), [Member(person(5, health="高血压"), "self")], **values)
    assert refused.value.code == "FAMILY_REFUSED" and "健康告知" in str(refused.value)


def test_the_counters_page_asks_for_health_by_groups_of_the_plan(world: World, settings: Any) -> None:
    market = counter(world)
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(market.world.clerk, backend="accounts.backends.RoleBackend")
    address = reverse("admin:beneficiaries_enrollment_enroll_family")
    given = {
        "count": "1", "period": str(market.period.pk), "organization": str(market.world.office.pk), "payer": "王大明",
        "payer_phone": "", "way": "cash", "reference": "GUI-1", "payment": "R-1", "paid_on": f"{timezone.localdate():%Y-%m-%d}",
        "amount": "150.00", "m0-relation": "self", "m0-document_type": "resident_id", "m0-category": "",
        **{f"m0-{key}": person(0).get(key, "") for key in ("name", "document", "birth_on", "region_code", "phone")},
    }
    page = client.get(address).content.decode()
    assert "健康告知" in page and "肿瘤" in page
    wrong = client.post(address, {**given, "m0-health": "健康", "m0-groups": ["tumor"], "_together": "1"})
    assert wrong.status_code == 200 and "health" in wrong.context["page"].members[0].errors
    done = client.post(address, {**given, "m0-health": "既往症", "m0-groups": ["tumor", "lung"], "_together": "1"})
    assert done.status_code == 302
    assert held() == [("pre_existing", ("lung", "tumor"), "purchase")]
    assert Roster.objects.count() == 0
