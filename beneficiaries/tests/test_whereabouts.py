"""Lists that are read where their rows lie: the same rows in the same order, the same counts, whatever happened to them."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Max, Min, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import FULL_SWEEP, shared
from beneficiaries import standing, whereabouts
from beneficiaries.actions import void_waiting
from beneficiaries.gating import Gate, pass_gate_of
from beneficiaries.models import Beneficiary, CountyStanding, Enrollment, Roster, Standing
from beneficiaries.testing import World, make_world
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_lapses import applied
from beneficiaries.whereabouts import Group, lying
from programs.models import Category

D = Decimal
pytestmark = pytest.mark.django_db


def made() -> tuple[World, list[Roster]]:
    """Three rosters of twelve people; five passed the notice, one of whom paid, two are voided."""
    world = make_world(requires_notice=True, notice_days=5, requires_own_payment=True)
    rosters = [applied(world, 5), applied(world, 4, first=10), applied(world, 3, first=20)]
    at = timezone.now()
    noticed = [*rosters[0].enrollments.order_by("pk")[1:4], *rosters[2].enrollments.order_by("pk")[:2]]
    covers = Enrollment.objects.filter(pk__in=[each.pk for each in noticed])
    pass_gate_of(covers, gate=Gate.NOTICE, period=world.period, by=world.clerk, at=at)
    pass_gate_of(covers.filter(pk=noticed[0].pk), gate=Gate.OWN_PAYMENT, period=world.period, by=world.clerk, at=at)
    voided = [rosters[1].enrollments.order_by("pk")[1].pk, rosters[2].enrollments.order_by("pk")[2].pk]
    void_waiting(Enrollment.objects.filter(pk__in=voided), by=world.reviewer, at=at)
    return world, rosters


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _short_pages(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    for page in admin.site._registry.values():
        if page.opts.label_lower in ("beneficiaries.enrollment", "gates.unpaid", "beneficiaries.person"):
            monkeypatch.setattr(page, "list_per_page", 2)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def walked(client: Client, address: str, *, way: str) -> tuple[list[int], set[str]]:
    """Keys of every page, followed by its links from the first on or from the last back, and the totals that stood there."""
    found: list[list[int]] = []
    totals = set()
    while address:
        page = client.get(address).context["cl"]
        found.append([row.pk for row in page.result_list])
        totals.add(str(page.total))
        link = page.paginator.links.get(way, "")
        address = f"{address.split('?')[0]}{link}" if link else ""
    pages = found if way == "next" else found[::-1]
    return [pk for each in pages for pk in each], totals


def filters(world: World, rosters: list[Roster]) -> list[dict[str, Any]]:
    category = Category.objects.get(name="低保对象").pk
    return [
        {}, {"state__exact": "awaiting"}, {"state__exact": "voided"}, {"state__exact": "in_force"}, {"state__exact": "lapsed"},
        {"period__id__exact": world.period.pk}, {"place": "44"}, {"place": "441602"}, {"place": "441602001"}, {"place": "4417"},
        {"roster": rosters[1].pk}, {"gate": "notice"}, {"gate": "own_payment"}, {"gate": "acceptance"},
        {"category__id__exact": category}, {"organization__id__exact": world.office.pk}, {"program__id__exact": world.program.pk},
        {"roster": rosters[0].pk, "gate": "notice"}, {"category__id__exact": category, "state__exact": "voided"},
    ]


def test_every_page_of_every_list_holds_the_rows_that_a_plain_reading_finds(kept_world: Any) -> None:
    world, rosters = kept_world
    client = signed_in(world.clerk)
    address = reverse("admin:beneficiaries_enrollment_changelist")
    for place, wanted in enumerate(filters(world, rosters)):
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        shown = client.get(f"{address}?{query}").context["cl"].queryset
        for order, sign in (("-1", "-"), ("1", "")):
            plain = list(shown.order_by(f"{sign}pk").values_list("pk", flat=True))
            told = {f"共 {len(plain)} 条"}
            # In the short form each filter is walked one way up and the other way down, the next one the other way round.
            ways = [("", "next"), ("&p=last", "previous")]
            for start, way in ways if FULL_SWEEP else [ways[(place + len(sign)) % 2]]:
                assert walked(client, f"{address}?{query}&o={order}{start}", way=way) == (plain, told), (wanted, order, way)


def test_rows_are_asked_for_between_the_numbers_of_their_kind_alone(kept_world: Any) -> None:
    world, _rosters = kept_world
    voided = list(Enrollment.objects.filter(state="voided").order_by("pk").values_list("pk", flat=True))
    kinds = whereabouts.kinds_of(Enrollment, world.clerk, "beneficiaries.view_enrollment", {"state__exact": ["voided"]})
    assert kinds is not None
    found = whereabouts.stretches(kinds, beyond=None, falling=True, wanted=3)
    assert found is not None and found[1] is True
    assert list(Enrollment.objects.filter(found[0]).order_by("pk").values_list("pk", flat=True)) == voided
    assert whereabouts.total(kinds) == 2


def test_whose_data_is_restricted_is_neither_listed_nor_counted(kept_world: Any) -> None:
    world, rosters = kept_world
    one = rosters[0].enrollments.order_by("pk")[2]
    Beneficiary.objects.filter(pk=one.beneficiary_id).update(restricted_at=timezone.now())
    client, address = signed_in(world.clerk), reverse("admin:beneficiaries_enrollment_changelist")
    rows, totals = walked(client, address, way="next")
    assert (one.pk in rows, len(rows), totals) == (False, 11, {"共 11 条"})
    queues = {card.queue.key: card.count for card in client.get(reverse("admin:index")).context["queues"]}
    waiting = walked(client, f"{address}?queue=beneficiaries.gates", way="next")
    assert (queues["beneficiaries.gates"], len(waiting[0]), waiting[1]) == (8, 8, {"共 8 条"})


def test_counts_that_were_put_together_say_the_same(kept_world: Any) -> None:
    world, _rosters = kept_world
    client, address = signed_in(world.clerk), f"{reverse('admin:beneficiaries_enrollment_changelist')}?state__exact=awaiting"
    before = walked(client, address, way="next")
    assert standing.settle() > 0
    assert Standing.objects.filter(people__lte=0).count() == CountyStanding.objects.filter(people__lte=0).count() == 0
    after = walked(client, address, way="next")
    assert (after, len(after[0])) == (before, 9)
    assert CountyStanding.objects.aggregate(sum=Sum("people"))["sum"] == 12


def test_a_kind_that_gains_and_loses_as_many_reaches_as_far_as_it_gained(kept_world: Any) -> None:
    world, _rosters = kept_world
    first, last = Enrollment.objects.filter(state="voided").aggregate(first=Min("pk"), last=Max("pk")).values()
    lower = Enrollment.objects.filter(state="awaiting", notice_passed_at=None, pk__lt=first).order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE beneficiaries_enrollment SET state = CASE id WHEN %s THEN 'voided' ELSE 'awaiting' END WHERE id IN (%s, %s)",
            [lower.pk, lower.pk, last],
        )
    assert [name for _number, name, _rows in broken() if "standing" in name] == []
    kinds = whereabouts.kinds_of(Enrollment, world.clerk, "beneficiaries.view_enrollment", {"state__exact": ["voided"]})
    assert kinds is not None
    found = whereabouts.stretches(kinds, beyond=None, falling=True, wanted=10)
    assert found is not None
    assert set(Enrollment.objects.filter(found[0], state="voided").values_list("pk", flat=True)) == {lower.pk, first}


def test_counts_that_lie_are_found(kept_world: Any) -> None:
    _world, _rosters = kept_world
    row = CountyStanding.objects.order_by("pk")[0]
    CountyStanding.objects.filter(pk=row.pk).update(people=row.people + 1)
    assert [name for _number, name, _rows in broken()] == ["receipts_equal_paid_shares", "county_standing_counts_enrollments"]
    CountyStanding.objects.filter(pk=row.pk).update(people=row.people)
    Standing.objects.update(first_id=1_000_000)
    assert "standing_spans_enrollments" in [name for _number, name, _rows in broken()]


def test_a_page_asks_as_many_questions_for_one_row_as_for_nine(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _rosters = kept_world
    client = signed_in(world.clerk)
    for page in admin.site._registry.values():
        if page.opts.label_lower in ("beneficiaries.enrollment", "gates.unpaid", "beneficiaries.person"):
            monkeypatch.setattr(page, "list_per_page", 50)
    address = reverse("admin:beneficiaries_enrollment_changelist")
    client.get(address)
    asked = []
    for query, rows in (("state__exact=voided", 2), ("state__exact=in_force", 1), ("state__exact=awaiting", 9)):
        with CaptureQueriesContext(connection) as questions:
            answer = client.get(f"{address}?{query}")
        assert len(answer.context["cl"].result_list) == rows
        asked.append(len(questions))
    assert len(set(asked)) == 1


def test_people_are_listed_once_each_as_their_offices_know_them(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _rosters = kept_world
    address = reverse("admin:beneficiaries_person_changelist")
    for user in (world.clerk, world.reviewer):
        for few in (2_000, 1):
            monkeypatch.setattr("beneficiaries.admin.known_list.FEW", few)
            for query in ("", "?sex__exact=male", "?sex__exact=female"):
                client = signed_in(user)
                shown = client.get(f"{address}{query}").context["cl"].queryset
                plain = list(shown.order_by("-pk").values_list("pk", flat=True))
                assert walked(client, f"{address}{query}", way="next") == (plain, {f"共 {len(plain)} 条"})
                last = f"{address}{query or '?'}&p=last"
                assert walked(client, last, way="previous") == (plain, {f"共 {len(plain)} 条"})


def test_a_cover_is_found_by_the_number_that_the_insurer_gave(kept_world: Any) -> None:
    world, rosters = kept_world
    first, second = rosters[0].enrollments.order_by("pk")[:2]
    Enrollment.objects.filter(pk=first.pk).update(insurer_policy_number="PA001")
    client, address = signed_in(world.clerk), reverse("admin:beneficiaries_enrollment_changelist")
    document = first.person.document.reveal()
    found = {term: walked(client, f"{address}?q={term}", way="next")[0] for term in ("PA001", "PA002", first.number, document)}
    assert found == {"PA001": [first.pk], "PA002": [], first.number: [first.pk], document: [first.pk]}
    stranger = signed_in(make_user("zjclerk", organization=world.sibling, role="clerk"))
    assert walked(stranger, f"{address}?q=PA001", way="next")[0] == []
    assert second.pk


@pytest.mark.parametrize("seed", range(60))
def test_the_nearest_people_lie_within_their_stretches_whatever_the_groups(seed: int) -> None:
    chance = random.Random(seed)
    rows = {kind: sorted(chance.sample(range(1, 400), chance.randint(1, 30))) for kind in range(chance.randint(1, 25))}
    groups = [
        Group(len(each), each[0] - chance.randint(0, 5), each[-1] + chance.randint(0, 5)) for each in rows.values()
    ]
    everyone = sorted({row for each in rows.values() for row in each})
    beyond = chance.choice([None, chance.randint(1, 400)])
    for falling in (True, False):
        wanted = chance.randint(1, 40)
        left = [row for row in everyone if beyond is None or (row < beyond if falling else row > beyond)]
        nearest = sorted(left, reverse=falling)[:wanted]
        ordered = sorted(groups, key=lambda group: -group.last if falling else group.first)
        met = [each for each in ordered if beyond is None or (each.first < beyond if falling else each.last > beyond)]
        for read in (len(met), max(1, len(met) // 2)):
            found = lying(met[:read], beyond=beyond, falling=falling, wanted=wanted, every=read == len(met))
            if found is None:
                assert read < len(met)
                continue
            held = [
                row for row in left
                if any((first is None or row >= first) and (last is None or row <= last) for first, last in found[0])
            ]
            assert sorted(held, reverse=falling)[:wanted] == nearest, (seed, falling, read)
            assert found[1] is False or held == left


