"""Rosters that update, end and renew: what they change, what they refuse, what they cost; and their traces."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Ending, Enrollment, Person, Roster, RosterRow
from beneficiaries.models.roster import Purpose
from beneficiaries.purposes import TEMPLATES
from beneficiaries.testing import World, csv_of, make_world, people, uploaded
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_additions import next_period
from intake.errors import IntakeRefused
from intake.models import State
from jobs.testing import drain
from programs.models import Budget, LedgerTransaction, Period

pytestmark = pytest.mark.django_db


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


def file_of(purpose: Purpose, lines: Sequence[dict[str, str]]) -> io.BytesIO:
    """A CSV in the layout of a purpose."""
    columns = TEMPLATES[purpose].columns
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([str(column.label) for column in columns])
    writer.writerows([line.get(column.key, "") for column in columns] for line in lines)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def who(number: int = 0) -> dict[str, str]:
    """Name and document of one of `people`."""
    line = people(1, first=number)[0]
    return {"name": line[0], "document": line[2]}


def brought(world: World, purpose: Purpose, lines: Sequence[dict[str, str]], period: Period | None = None) -> Roster:
    return checked(
        upload_roster(
            [("名册.csv", file_of(purpose, lines))], period=period or world.period, organization=world.office,
            by=world.clerk, at=timezone.now(), purpose=purpose,
        )
    )


def checked(roster: Roster) -> Roster:
    drain()
    return Roster.objects.get(pk=roster.pk)


def approved(world: World, roster: Roster) -> Roster:
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


def enrolled(world: World, count: int, **cells: str) -> Roster:
    roster = checked(uploaded(world, people(count, **cells)))
    approved(world, roster)
    return checked(roster)


def applied(world: World, purpose: Purpose, lines: Sequence[dict[str, str]], period: Period | None = None) -> Roster:
    roster = brought(world, purpose, lines, period)
    approved(world, roster)
    roster = checked(roster)
    assert roster.state == State.APPLIED
    return roster


def money() -> Any:
    return list(Budget.objects.order_by("pk").values_list("reserved", "used", "released")), LedgerTransaction.objects.count()


def midnight_after(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def begun(world: World) -> None:
    """Covers that began in this year."""
    start = midnight_after(date(timezone.localdate(world.at).year - 1, 12, 31))
    Enrollment.objects.update(starts_at=start)


def test_an_update_changes_contact_of_known_people_and_enrolls_nobody(world: World) -> None:
    enrolled(world, 2)
    before = money()
    roster = applied(world, Purpose.UPDATE, [{**who(), "phone": "13911112222"}])
    assert roster.counts["verdicts"] == {"2": 1}
    known = next(each for each in Beneficiary.objects.all() if each.person.document.reveal() == who()["document"])
    assert (known.phone.reveal(), known.bank_account.reveal(), known.address.reveal()) == (
        "13911112222", "6228480000000007", "东埔街道8号",
    )
    assert (money(), Enrollment.objects.count(), roster.money["rows"]) == (before, 2, 0)
    assert broken() == []


def test_an_update_refuses_whom_the_office_does_not_know_and_says_nothing_of_others(world: World) -> None:
    enrolled(world, 1)
    roster = upload_roster(
        [("名册.csv", file_of(Purpose.UPDATE, [{**who(), "phone": "13911112222"}]))], period=world.period,
        organization=world.city, by=world.finance_maker, at=timezone.now(), purpose=Purpose.UPDATE,
    )
    roster = checked(roster)
    assert (roster.counts["verdicts"], roster.counts["codes"]) == ({"6": 1}, {"NOT_KNOWN": 1})
    conflict = brought(world, Purpose.UPDATE, [{**who(), "name": "赵大"}, who(5)])
    assert conflict.counts["codes"] == {"IDENTITY_CONFLICT": 1, "NOT_KNOWN": 1}
    assert conflict.counts["verdicts"] == {"5": 1, "6": 1}


def test_an_account_that_differs_is_pointed_out_and_the_same_one_is_not(world: World) -> None:
    enrolled(world, 2)
    roster = applied(
        world, Purpose.UPDATE,
        [
            {**who(0), "bank_account": "6217000000000000005", "bank_name": "中国建设银行"},
            {**who(1), "bank_account": "6228480000000007", "phone": "13911112222"},
        ],
    )
    row = RosterRow.objects.get(roster=roster, codes__contains=["ACCOUNT_CHANGED"])
    assert (row.line, roster.counts["codes"]["ACCOUNT_CHANGED"]) == (2, 1)
    held = {each.person.document.reveal(): (each.bank_account.reveal(), each.bank_name) for each in Beneficiary.objects.all()}
    assert held == {
        who(0)["document"]: ("6217000000000000005", "中国建设银行"),
        who(1)["document"]: ("6228480000000007", "中国农业银行"),
    }


def test_a_category_ends_with_the_last_day_that_an_update_names(world: World) -> None:
    enrolled(world, 2)
    today = timezone.localdate(world.at)
    last = today + timedelta(days=30)
    roster = applied(
        world, Purpose.UPDATE,
        [
            {**who(0), "categories": "低保对象", "valid_to": str(last)},
            {**who(1), "categories": "特困人员", "valid_from": "2026-01-01", "valid_to": "2026-06-30"},
        ],
    )
    ended = BeneficiaryCategory.objects.get(beneficiary__person__in=_person(0))
    row = RosterRow.objects.get(roster=roster, line=2)
    assert (ended.valid_to, ended.ended_row_id) == (last + timedelta(days=1), row.pk)
    assert ended.row_id != row.pk
    held = BeneficiaryCategory.objects.filter(beneficiary__person__in=_person(1)).order_by("pk")
    assert [(each.category.name, each.valid_from, each.valid_to) for each in held] == [
        ("低保对象", today, None), ("特困人员", date(2026, 1, 1), date(2026, 7, 1)),
    ]
    assert Enrollment.objects.filter(state="in_force").count() == 2
    again = brought(world, Purpose.UPDATE, [{**who(0), "categories": "低保对象", "valid_to": str(last)}, {**who(1), "phone": "1"}])
    assert again.verdict_count(3) == 1  # type: ignore[arg-type]
    assert broken() == []


def _person(number: int) -> Any:
    return Person.objects.with_document(who(number)["document"]).values("pk")


def test_ending_a_category_that_is_not_registered_is_refused_and_so_are_days_without_one(world: World) -> None:
    enrolled(world, 3)
    roster = brought(
        world, Purpose.UPDATE,
        [
            {**who(0), "categories": "孤儿", "valid_to": "2026-06-30"}, {**who(1), "valid_to": "2026-06-30"},
            {**who(2), "categories": "孤儿", "valid_from": "2026-06-30", "valid_to": "2026-01-01"},
        ],
    )
    assert roster.counts["codes"] == {"CATEGORY_NOT_HELD": 1, "CELL_EMPTY": 1, "DATE_ORDER": 1}
    assert roster.counts["verdicts"] == {"6": 3}
    with pytest.raises(IntakeRefused) as refused:
        submit_roster(roster, by=world.clerk, at=timezone.now())
    assert refused.value.code == "NOTHING_TO_APPLY"


def test_a_category_that_an_update_ended_comes_back_with_a_later_list(world: World) -> None:
    enrolled(world, 1)
    applied(world, Purpose.UPDATE, [{**who(), "categories": "低保对象", "valid_to": str(timezone.localdate() - timedelta(days=1))}])
    assert BeneficiaryCategory.objects.filter(valid_to=None).count() == 0
    second = checked(uploaded(world, people(1, phone="13911112222")))
    assert second.counts["codes"] == {"CATEGORY_ADDED": 1}
    approved(world, second)
    checked(second)
    assert BeneficiaryCategory.objects.filter(valid_to=None).count() == 1
    assert broken() == []


def test_what_changed_since_the_review_of_an_update_is_set_aside(world: World) -> None:
    enrolled(world, 1)
    first, second = (brought(world, Purpose.UPDATE, [{**who(), "phone": phone}]) for phone in ("13911112222", "13933334444"))
    approved(world, first)
    approved(world, second)
    drain()
    states = list(RosterRow.objects.filter(roster__in=[first, second]).order_by("pk").values_list("set_aside", flat=True))
    assert states == ["", "CHANGED_SINCE_REVIEW"]
    assert Beneficiary.objects.get().phone.reveal() == "13911112222"


def test_a_cover_ends_with_the_end_of_the_day_and_no_money_comes_back(world: World) -> None:
    enrolled(world, 3)
    begun(world)
    before = money()
    day = timezone.localdate(world.at) - timedelta(days=3)
    roster = applied(
        world, Purpose.END,
        [{**who(number), "end_reason": reason, "ended_on": str(day)} for number, reason in enumerate(("退出", "迁出", "身故"))],
    )
    assert set(Enrollment.objects.values_list("state", "ends_at")) == {("ended", midnight_after(day))}
    assert money() == before
    rows = list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("pk", flat=True))
    assert list(Ending.objects.order_by("row_id").values_list("row_id", "reason", "ended_on")) == [
        (rows[0], "left", day), (rows[1], "moved", day), (rows[2], "deceased", day),
    ]
    assert {each.ended_before for each in Ending.objects.all()} == {midnight_after(world.period.ends_on - timedelta(days=1))}
    assert sorted(Person.objects.values_list("deceased_on", flat=True), key=str) == sorted([None, None, day], key=str)
    assert Enrollment.objects.covering(at=midnight_after(day) - timedelta(seconds=1)).count() == 3
    assert Enrollment.objects.covering(at=midnight_after(day)).count() == 0
    applied_event = Event.objects.get(verb="roster.applied", subject_id=str(roster.pk))
    assert applied_event.data == {"rows": 3, "set_aside": 0}
    assert broken() == []


def test_a_cover_that_had_not_begun_covers_no_moment(world: World) -> None:
    enrolled(world, 1)
    applied(world, Purpose.END, [{**who(), "end_reason": "退出", "ended_on": str(timezone.localdate(world.at))}])
    cover = Enrollment.objects.get()
    assert (cover.state, cover.ends_at) == ("ended", cover.starts_at)
    assert Enrollment.objects.covering(at=cover.starts_at).count() == 0
    assert broken() == []


def test_later_rosters_refuse_the_dead_of_whatever_office(world: World) -> None:
    enrolled(world, 1)
    day = timezone.localdate(world.at)
    applied(world, Purpose.END, [{**who(), "end_reason": "身故", "ended_on": str(day)}])
    later = checked(uploaded(world, people(2, phone="13911112222"), name="二.csv"))
    assert (later.counts["verdicts"], later.counts["codes"]) == ({"1": 1, "6": 1}, {"STATUS_DECEASED": 1})


def test_who_died_between_review_and_approval_is_not_enrolled(world: World) -> None:
    enrolled(world, 1)
    following = next_period(world)
    roster = checked(
        upload_roster(
            [("名册.csv", csv_of(people(1)))], period=following, organization=world.office, by=world.clerk, at=timezone.now()
        )
    )
    assert roster.counts["verdicts"] == {"3": 1}
    applied(world, Purpose.END, [{**who(), "end_reason": "身故", "ended_on": str(timezone.localdate())}])
    approved(world, roster)
    drain()
    assert RosterRow.objects.get(roster=roster).set_aside == "STATUS_DECEASED"
    assert Enrollment.objects.filter(period=following).count() == 0
    assert broken() == []


def test_an_ending_is_refused_for_days_to_come_unknown_reasons_strangers_and_nothing_to_end(world: World) -> None:
    enrolled(world, 4)
    day = timezone.localdate(world.at)
    applied(world, Purpose.END, [{**who(3), "end_reason": "身故", "ended_on": str(day)}])
    roster = brought(
        world, Purpose.END,
        [
            {**who(0), "end_reason": "退出", "ended_on": str(day + timedelta(days=1))},
            {**who(1), "end_reason": "不详", "ended_on": str(day)}, {**who(2), "end_reason": "退出"},
            {**who(3), "end_reason": "身故", "ended_on": str(day - timedelta(days=1))},
            {**who(9), "end_reason": "退出", "ended_on": str(day)},
        ],
    )
    assert roster.counts["codes"] == {
        "CELL_EMPTY": 1, "CHOICE_UNKNOWN": 1, "DATE_FUTURE": 1, "NOTHING_TO_END": 1, "NOT_KNOWN": 1,
    }
    assert roster.counts["verdicts"] == {"6": 5}
    assert Enrollment.objects.filter(state="in_force").count() == 3


def test_two_rosters_that_end_one_cover_end_it_once(world: World) -> None:
    enrolled(world, 1)
    day = timezone.localdate(world.at)
    rosters = [
        brought(world, Purpose.END, [{**who(), "end_reason": reason, "ended_on": str(day)}]) for reason in ("退出", "迁出")
    ]
    for roster in rosters:
        approved(world, roster)
    drain()
    assert Ending.objects.get().reason == "left"
    states = list(RosterRow.objects.filter(roster__in=rosters).order_by("pk").values_list("set_aside", flat=True))
    assert states == ["", "CHANGED_SINCE_REVIEW"]
    assert broken() == []


def test_who_left_can_be_enrolled_again_for_a_new_premium(world: World) -> None:
    enrolled(world, 1)
    applied(world, Purpose.END, [{**who(), "end_reason": "退出", "ended_on": str(timezone.localdate())}])
    again = checked(uploaded(world, people(1, phone="13911112222")))
    assert (again.counts["verdicts"], again.money["premium"]) == ({"2": 1}, "99.00")
    approved(world, again)
    checked(again)
    assert sorted(Enrollment.objects.values_list("state", flat=True)) == ["ended", "in_force"]
    assert broken() == []


def test_a_renewal_takes_who_is_covered_into_the_next_period_and_refuses_the_others(world: World) -> None:
    enrolled(world, 3)
    applied(world, Purpose.END, [{**who(2), "end_reason": "退出", "ended_on": str(timezone.localdate())}])
    following = next_period(world)
    lines = [dict(zip([c.key for c in TEMPLATES[Purpose.RENEW].columns], line, strict=True)) for line in people(4)]
    roster = applied(world, Purpose.RENEW, lines, following)
    assert (roster.counts["verdicts"], roster.counts["codes"]) == ({"3": 2, "6": 2}, {"NOT_COVERED_BEFORE": 2})
    assert roster.money["premium"] == "198.00"
    assert Enrollment.objects.filter(period=following, state="in_force").count() == 2
    assert Budget.objects.get(funder=world.foundation, period=following).used == Decimal("137.98")
    assert broken() == []


def test_who_left_since_the_review_is_not_renewed(world: World) -> None:
    enrolled(world, 1)
    following = next_period(world)
    lines = [dict(zip([c.key for c in TEMPLATES[Purpose.RENEW].columns], line, strict=True)) for line in people(1)]
    roster = brought(world, Purpose.RENEW, lines, following)
    applied(world, Purpose.END, [{**who(), "end_reason": "退出", "ended_on": str(timezone.localdate())}])
    approved(world, roster)
    drain()
    assert RosterRow.objects.get(roster=roster).set_aside == "CHANGED_SINCE_REVIEW"
    assert broken() == []


def test_the_approval_binds_the_purpose(world: World) -> None:
    enrolled(world, 1)
    roster = brought(world, Purpose.UPDATE, [{**who(), "phone": "13911112222"}])
    approved(world, roster)
    Roster.objects.filter(pk=roster.pk).update(purpose=Purpose.RENEW)
    assert [outcome.ending for outcome in drain()] == ["failed"]
    assert Beneficiary.objects.get().phone.reveal() == "13800138000"


def test_known_people_are_updated_after_the_close_of_enrollment_and_nobody_is_enrolled(world: World) -> None:
    enrolled(world, 1)
    Period.objects.filter(pk=world.period.pk).update(enrollment_closes_on=timezone.localdate())
    world.period.refresh_from_db()
    applied(world, Purpose.UPDATE, [{**who(), "phone": "13911112222"}])
    with pytest.raises(BeneficiariesRefused) as refused:
        brought(world, Purpose.RENEW, [who()])
    assert refused.value.code == "PERIOD_CLOSED"


def test_nobody_is_enrolled_before_the_day_on_which_enrollment_opens(world: World) -> None:
    enrolled(world, 1)
    tomorrow = timezone.localdate() + timedelta(days=1)
    Period.objects.filter(pk=world.period.pk).update(enrollment_opens_on=tomorrow)
    world.period.refresh_from_db()
    before = Roster.objects.count()
    for purpose in (Purpose.ENROLL, Purpose.RENEW):
        with pytest.raises(BeneficiariesRefused) as refused:
            brought(world, purpose, [who()])
        assert refused.value.code == "PERIOD_CLOSED"
        assert refused.value.facts == {
            "period": world.period.code, "opens": tomorrow, "last": world.period.enrollment_closes_on - timedelta(days=1),
        }
    assert Roster.objects.count() == before
    Period.objects.filter(pk=world.period.pk).update(enrollment_opens_on=timezone.localdate())
    world.period.refresh_from_db()
    brought(world, Purpose.RENEW, [who()])


@pytest.mark.parametrize("purpose", list(Purpose))
def test_each_purpose_reads_its_own_blank_layout(world: World, purpose: Purpose) -> None:
    roster = upload_roster(
        [("空.csv", file_of(purpose, [{"name": "王小明", "document": "441602196203151218"}]))], period=world.period,
        organization=world.office, by=world.clerk, at=timezone.now(), purpose=purpose,
    )
    roster = checked(roster)
    assert (roster.state, roster.counts["codes"]["ID_CHECKSUM"]) == (State.REVIEW, 1)
