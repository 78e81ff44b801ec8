"""Participants of basic insurance: lists taken in without name or number; rosters, renewals, purchases compared with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.testing import shared
from beneficiaries import participants as asked
from beneficiaries.actions import approve_roster, renew_period, submit_roster, upload_roster
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.models import Enrollment, Roster, RosterRow
from beneficiaries.testing import KEYS, World, csv_of, make_world, people
from beneficiaries.tests.purchasing import day_market, paid_market, person
from beneficiaries.tests.renewing import next_year
from intake.actions import let_lines_go, purge_files
from intake.models import File
from jobs.testing import drain
from portal.verify import check_all
from takeup.actions import LISTS, upload_participants
from takeup.errors import TakeupRefused
from takeup.models import ParticipantCount, ParticipantList, ParticipantRow, Participation
from takeup.progress import taken_up
from takeup.testing import city_clerk

pytestmark = pytest.mark.django_db
HEAD = ["证件号码", "险种", "参保状态", "统筹区"]
DOCUMENT = KEYS.index("document")


def demanding() -> World:
    """A plan that demands basic insurance."""
    return make_world(requires_basic_insurance=True)


_django_db_helper, one_world, kept_world = shared(demanding)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def file_of(lines: Sequence[Sequence[str]]) -> io.BytesIO:
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *lines])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def line(person: Sequence[str], *, kind: str = "390", status: str = "正常参保", place: str = "441602") -> list[str]:
    return [person[DOCUMENT], kind, status, place]


def checked(world: World, lines: Sequence[Sequence[str]], *, as_of: date | None = None) -> ParticipantList:
    subject = upload_participants(
        [("参保人员.csv", file_of(lines))], organization=world.city, as_of=as_of or timezone.localdate(), by=city_clerk(world),
        at=timezone.now(),
    )
    drain()
    return ParticipantList.objects.get(pk=subject.pk)


def in_force(world: World, lines: Sequence[Sequence[str]], **given: Any) -> ParticipantList:
    subject = LISTS.submit(checked(world, lines, **given), by=city_clerk(world), at=timezone.now())
    LISTS.approve(subject, digest=subject.digest, by=world.reviewer, at=timezone.now())
    drain()
    return ParticipantList.objects.get(pk=subject.pk)


def uploaded(world: World, rows: Sequence[Sequence[str]], **given: Any) -> Roster:
    roster = upload_roster(
        [("名册.csv", csv_of(rows))], period=given.pop("period", world.period), organization=world.office, by=world.clerk,
        at=timezone.now(),
    )
    drain()
    return Roster.objects.get(pk=roster.pk)


def applied(world: World, roster: Roster) -> Roster:
    roster = submit_roster(roster, by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def codes(roster: Roster) -> list[list[str]]:
    return list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("codes", flat=True))


def test_a_list_keeps_a_blind_index_a_kind_a_status_and_a_place_and_nothing_else(world: World) -> None:
    crowd = people(5)
    lines = [
        line(crowd[0], kind="310"), line(crowd[1], status="暂停参保"), line(crowd[2], kind="居民", place="441600"),
        line(crowd[3], place="110101"), line(crowd[4], kind="999"), line(crowd[0]), ["441602196203151218", "390", "正常", "441602"],
    ]
    subject = checked(world, lines)
    assert subject.counts["verdicts"] == {"1": 3, "6": 4}
    assert {code: subject.counts["codes"][code] for code in ("PLACE_OUTSIDE", "CHOICE_UNKNOWN", "DUP_IN_FILE")} == {
        "PLACE_OUTSIDE": 1, "CHOICE_UNKNOWN": 1, "DUP_IN_FILE": 1,
    }
    subject = LISTS.submit(subject, by=city_clerk(world), at=timezone.now())
    LISTS.approve(subject, digest=subject.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert list(Participation.objects.order_by("pk").values_list("kind", "status", "region_code").order_by("kind", "status")) == [
        ("310", "active", "441602"), ("390", "active", "4416"), ("390", "paused", "441602"),
    ]
    assert ParticipantRow.objects.filter(verdict=1, raw__isnull=False).count() == 0
    assert ParticipantRow.objects.filter(verdict=1, identity_index_a__isnull=False).count() == 0
    assert ParticipantRow.objects.filter(verdict=6, raw__isnull=False).count() == 4
    assert ParticipantList.objects.get().is_in_force
    assert ParticipantCount.objects.count() == 3


def test_an_older_list_that_was_approved_before_a_newer_one_was_taken_in_does_not_replace_it(world: World) -> None:
    newer, older = (
        LISTS.submit(
            checked(world, [line(one) for one in crowd], as_of=timezone.localdate() - timedelta(days=days)), by=city_clerk(world),
            at=timezone.now(),
        )
        for crowd, days in ((people(3), 0), (people(2, first=10), 30))
    )
    for subject in (newer, older):
        LISTS.approve(subject, digest=subject.digest, by=world.reviewer, at=timezone.now())
    drain()
    found = ParticipantList.objects.order_by("pk").values_list("pk", "state", "is_in_force")
    assert list(found) == [(newer.pk, "applied", True), (older.pk, "applied", False)]
    assert list(Participation.objects.values_list("list").distinct()) == [(newer.pk,)]
    assert ParticipantCount.objects.filter(list=older).count() == 0
    assert [result.name for result in check_all() if result.rows] == []


def test_a_newer_list_replaces_the_older_and_never_the_other_way(world: World) -> None:
    crowd = people(4)
    old = in_force(world, [line(each) for each in crowd[:2]], as_of=timezone.localdate() - timedelta(days=30))
    new = in_force(world, [line(each) for each in crowd[1:]])
    assert [ParticipantList.objects.get(pk=each.pk).is_in_force for each in (old, new)] == [False, True]
    assert set(Participation.objects.values_list("list", flat=True)) == {new.pk}
    assert Participation.objects.count() == 3
    late = LISTS.submit(
        checked(world, [line(crowd[0])], as_of=timezone.localdate() - timedelta(days=1)), by=city_clerk(world), at=timezone.now()
    )
    with pytest.raises(TakeupRefused) as refused:
        LISTS.approve(late, digest=late.digest, by=world.reviewer, at=timezone.now())
    assert refused.value.code == "NEWER_LIST"
    assert [result.name for result in check_all() if result.rows and "participant" in result.name] == []


def test_a_roster_refuses_whoever_is_not_insured_and_says_so(world: World) -> None:
    crowd = people(4)
    in_force(world, [line(crowd[0]), line(crowd[1], status="终止"), line(crowd[2], kind="310", place="441621")])
    roster = uploaded(world, crowd)
    assert codes(roster) == [[], ["NOT_INSURED"], [], ["NOT_INSURED"]]
    # Who has left the list between review and approval is set aside.
    in_force(world, [line(crowd[0])])
    assert applied(world, roster).chunks.get().set_aside_rows == 1
    assert Enrollment.objects.filter(roster=roster).count() == 1


def test_without_a_list_the_roster_is_told_and_nobody_is_refused_silently(world: World) -> None:
    roster = uploaded(world, people(2))
    assert roster.state == "failed"
    assert [finding[1] for finding in roster.file_findings] == ["NO_PARTICIPANTS"]
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert "没有生效的参保名单" in page


def test_a_renewal_without_a_file_asks_the_list_too(world: World) -> None:
    crowd = people(3)
    in_force(world, [line(each) for each in crowd])
    applied(world, uploaded(world, crowd))
    years = next_year(world)
    in_force(world, [line(each) for each in crowd[:2]])
    roster = renew_period(years.before, into=years.into, organization=world.office, by=world.clerk, at=timezone.now())
    drain()
    assert sorted(map(tuple, codes(roster))) == [(), (), ("NOT_INSURED",)]


def test_a_purchase_is_refused_in_words(world: World) -> None:
    market = paid_market(world=world, requires_basic_insurance=True)
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll()
    assert refused.value.code == "NO_PARTICIPANTS"
    in_force(world, [line(people(1)[0])])
    assert market.enroll().state == "in_force"
    with pytest.raises(ApplicantRefused) as wrong:
        market.enroll(person(1), reference="P2")
    assert [code for _column, code, *_rest in wrong.value.findings] == ["NOT_INSURED"]


def test_a_day_is_not_covered_without_basic_insurance(world: World) -> None:
    market = day_market(world=world, requires_basic_insurance=True)
    first, second = (market.worker(number) for number in (0, 1))
    with pytest.raises(BeneficiariesRefused) as refused:
        market.cover(market.span(first, 0, 10))
    assert refused.value.code == "NO_PARTICIPANTS"
    in_force(world, [line(people(1)[0])])
    purchase = market.cover(market.span(first, 0, 10), market.span(second, 0, 10))
    assert (purchase.people, [each[:2] for each in purchase.refused]) == (1, [[2, "NOT_INSURED"]])


def test_a_key_that_answers_no_more_leaves_no_list_in_force(world: World) -> None:
    in_force(world, [line(people(1)[0])])
    assert asked.among("441602001", identity="NULL") is not None
    assert asked.among("4417", identity="NULL") is None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE takeup_participation SET identity_index_b = coalesce(identity_index_a, identity_index_b), "
                       "identity_index_a = NULL" if asked.of_person("x").endswith("_a") else
                       "UPDATE takeup_participation SET identity_index_a = identity_index_b, identity_index_b = NULL")
    assert asked.among("441602001", identity="NULL") is None


def test_participants_are_the_denominator_of_take_up(world: World) -> None:
    crowd = people(8)
    in_force(world, [*[line(each) for each in crowd], line(people(1, first=30)[0], place="441621")])
    applied(world, uploaded(world, crowd[:2]))
    found = taken_up(world.period, world.reviewer, today=timezone.localdate())
    assert [(each.label, each.now, each.insured, each.part) for each in found.counties] == [
        ("源城区", 2, 8, "25.0%"), ("紫金县", 0, 1, "0.0%"),
    ]
    assert (found.total.insured, found.total.part) == (9, "22.2%")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_pages_upload_show_and_approve_a_list(world: World) -> None:
    clerk, reviewer = signed_in(city_clerk(world)), signed_in(world.reviewer)
    upload = reverse("admin:takeup_participantlist_upload")
    file = file_of([line(each) for each in people(3)])
    file.name = "参保人员.csv"
    given = {"organization": world.city.pk, "as_of": timezone.localdate().isoformat(), "file": file}
    assert clerk.post(upload, given).status_code == 302
    drain()
    subject = ParticipantList.objects.get()
    page = clerk.get(reverse("admin:takeup_participantlist_change", args=[subject.pk])).content.decode()
    assert "正常参保" in page or "参保中" in page
    assert people(1)[0][DOCUMENT] not in page
    assert clerk.post(reverse("admin:takeup_participantlist_submit", args=[subject.pk])).status_code == 302
    digest = ParticipantList.objects.get().digest
    assert reviewer.post(reverse("admin:takeup_participantlist_approve", args=[subject.pk]), {"digest": digest}).status_code == 302
    drain()
    assert ParticipantList.objects.get().is_in_force


def test_lines_go_with_their_file_once_the_list_is_over(world: World) -> None:
    crowd, bad = people(2), ["441602196203151218", "390", "正常", "441602"]
    subject = checked(world, [line(crowd[0]), line(crowd[1]), bad])
    File.objects.update(purge_on=timezone.localdate() - timedelta(days=1))
    assert purge_files(at=timezone.now()) == 1
    # It still waits for its review.
    assert (let_lines_go(at=timezone.now()), ParticipantRow.objects.filter(raw__isnull=False).count()) == (0, 3)
    LISTS.withdraw(subject, reason="文件有误,重新上传", by=city_clerk(world), at=timezone.now())
    before = set(ParticipantRow.objects.filter(verdict=1).values_list("identity_index_a", flat=True))
    assert [let_lines_go(at=timezone.now(), limit=2) for _each in range(3)] == [1, 1, 0]
    assert not ParticipantRow.objects.filter(Q(raw__isnull=False) | Q(findings__isnull=False)).exists()
    assert list(ParticipantRow.objects.order_by("line").values_list("verdict", "codes")) == [(1, []), (1, []), (6, ["ID_CHECKSUM"])]
    assert before.isdisjoint(ParticipantRow.objects.filter(verdict=1).values_list("identity_index_a", flat=True))
