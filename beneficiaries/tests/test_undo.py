"""An applied roster undone by two people: what it made, what stays and why, to the fen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Event
from beneficiaries import tasks
from beneficiaries.actions import Gate, approve_undo, pass_gate, queue_lapses, request_undo, turn_down_undo
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.keepers import forget_keeper
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster, RosterRow
from beneficiaries.registration import Keeper, register_keeper
from beneficiaries.testing import World, make_world, people, row, uploaded
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.undone import REASON, applied, asked, balances, later_period, make_applied, money_of, undone
from intake import staging
from intake.errors import IntakeRefused
from intake.models import State
from jobs.models import Job
from jobs.testing import drain
from programs.models import LedgerEntry, LedgerTransaction, Period

pytestmark = pytest.mark.django_db
D = Decimal
COUNTY, FOUNDATION = D("30.00"), D("68.99")


@pytest.fixture
def world() -> World:
    return make_world()


def contact(beneficiary: Beneficiary) -> dict[str, str | None]:
    beneficiary.refresh_from_db()
    found = {
        name: value.reveal() if (value := getattr(beneficiary, name)) is not None else None
        for name in ("phone", "address", "bank_account", "guardian_name")
    }
    return {**found, "bank_name": beneficiary.bank_name, "region_code": beneficiary.region_code}


def kept(roster: Roster) -> list[str]:
    return list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("kept", flat=True))


def test_an_undone_roster_leaves_no_cover_no_contact_no_category_and_every_fen_goes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    roster = applied(world, [*people(3), row(name="")])
    assert money_of(world.foundation, world.period) == (D("0.00"), 3 * FOUNDATION, D("0.00"))
    roster = undone(world, roster)
    assert (roster.state, roster.undo_reason) == (State.UNDONE, REASON)
    assert (roster.undo_asked_by, roster.undo_decided_by) == (world.clerk, world.reviewer)
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"voided"}
    assert (Person.objects.count(), Beneficiary.objects.count(), Enrollment.objects.count()) == (3, 3, 3)
    for beneficiary in Beneficiary.objects.all():
        assert contact(beneficiary) == {
            "phone": None, "address": None, "bank_account": None, "guardian_name": None, "bank_name": "",
            "region_code": "441602",
        }
    for category in BeneficiaryCategory.objects.all():
        assert category.valid_to == category.valid_from
    assert money_of(world.foundation, world.period) == (D("0.00"), D("0.00"), 3 * FOUNDATION)
    assert money_of(world.county, world.period) == (D("0.00"), D("0.00"), 3 * COUNTY)
    assert {kind: balance for kind, balance in balances().items() if balance} == {
        "budget_granted": D("-2000000.00"), "budget_available": D("2000000.00"),
    }
    assert [chunk.undone_rows for chunk in roster.chunks.order_by("number")] == [2, 1]
    assert kept(roster) == ["", "", "", ""]
    assert [
        (event.verb, event.data) for event in Event.objects.filter(verb__in=UNDO_VERBS).order_by("pk")
    ] == [
        ("roster.undo_requested", {"reason": REASON}), ("roster.undo_approved", {}),
        ("roster.chunk_undone", {
            "chunk": 1, "rows": 2, "kept": 0, "covers": 2, "released": "197.98", "paid": 0, "refunds": "0.00",
        }),
        ("roster.chunk_undone", {
            "chunk": 2, "rows": 1, "kept": 0, "covers": 1, "released": "98.99", "paid": 0, "refunds": "0.00",
        }),
        ("roster.undone", {"rows": 3, "kept": 0}),
    ]
    job = Job.objects.get(kind="beneficiaries.undo_roster")
    assert (job.state, job.done, job.total) == ("done", 4, 4)
    assert broken() == []


UNDO_VERBS = ("roster.undo_requested", "roster.undo_approved", "roster.chunk_undone", "roster.undone")


def test_the_posting_of_an_undo_reverses_that_of_the_enrollment() -> None:
    world, roster = make_applied(2)
    roster = undone(world, roster)

    def legs(kind: str) -> dict[tuple[str, int | None], Decimal]:
        booked = LedgerTransaction.objects.get(kind=kind, source_id=roster.pk)
        assert (booked.source_type, booked.memo) == ("beneficiaries.roster", "2")
        found = LedgerEntry.objects.filter(transaction=booked)
        return {(a, f): x for a, f, x in found.values_list("account__kind", "account__funder", "amount")}

    used, back = legs("use"), legs("undo")
    held = ("budget_reserved", "budget_available")
    assert {place: -amount for place, amount in used.items() if place[0] not in held} == {
        place: amount for place, amount in back.items() if place[0] not in held
    }
    assert back["budget_available", world.foundation.pk] == 2 * FOUNDATION
    assert back["person_receivable", None] == D("-0.02")


def test_an_update_is_put_back_to_the_version_before(world: World) -> None:
    first = applied(world, people(2, guardian_name="王大明"))
    before = [contact(each) for each in Beneficiary.objects.order_by("pk")]
    digests = [bytes(each.contact_digest) for each in Beneficiary.objects.order_by("pk")]
    second = applied(
        world, people(2, phone="13911111111", address="新街1号", bank_account="6228480000000015", bank_name="中国银行",
                      categories="低保对象、特困人员"),
        period=later_period(world, 1),
    )
    assert contact(Beneficiary.objects.earliest("pk"))["phone"] == "13911111111"
    assert BeneficiaryCategory.objects.filter(valid_to=None).count() == 4
    second = undone(world, second)
    assert [contact(each) for each in Beneficiary.objects.order_by("pk")] == before
    assert [bytes(each.contact_digest) for each in Beneficiary.objects.order_by("pk")] == digests
    assert list(BeneficiaryCategory.objects.filter(valid_to=None).values_list("category__code", flat=True).distinct()) == [
        BeneficiaryCategory.objects.earliest("pk").category.code
    ]
    assert set(Enrollment.objects.filter(roster=first).values_list("state", flat=True)) == {"in_force"}
    assert kept(second) == ["", ""]
    assert broken() == []


def test_what_a_later_roster_wrote_or_left_empty_decides_field_by_field(world: World) -> None:
    (known,) = [applied(world, people(1, phone="13800000001", address="甲路1号"))]
    wrong = applied(world, people(1, phone="13800000002", address="乙路2号"), period=later_period(world, 1))
    applied(world, people(1, phone="13800000003", address=""), period=later_period(world, 2))
    wrong = undone(world, wrong)
    beneficiary = Beneficiary.objects.get()
    # The later phone stands, the address that only the undone roster wrote is again that of the first.
    assert (contact(beneficiary)["phone"], contact(beneficiary)["address"]) == ("13800000003", "甲路1号")
    assert kept(wrong) == ["CHANGED_SINCE"]
    assert list(Enrollment.objects.order_by("pk").values_list("state", flat=True)) == ["in_force", "voided", "in_force"]
    assert Enrollment.objects.filter(roster=known, state="in_force").count() == 1
    assert broken() == []


def test_a_later_undo_never_brings_back_what_an_earlier_one_took_away(world: World) -> None:
    applied(world, people(1, phone="13800000001", address="甲路1号"))
    second = applied(world, people(1, phone="13800000002", address="乙路2号"), period=later_period(world, 1))
    third = applied(world, people(1, phone="13800000003", address="丙路3号"), period=later_period(world, 2))
    undone(world, second)
    undone(world, third)
    beneficiary = Beneficiary.objects.get()
    assert (contact(beneficiary)["phone"], contact(beneficiary)["address"]) == ("13800000001", "甲路1号")
    assert broken() == []


def test_undone_in_turn_each_roster_gives_back_what_it_found(world: World) -> None:
    first = applied(world, people(1, phone="13800000001"))
    digest = bytes(Beneficiary.objects.get().contact_digest)
    second = applied(world, people(1, phone="13800000002"), period=later_period(world, 1))
    undone(world, second)
    assert contact(Beneficiary.objects.get())["phone"] == "13800000001"
    assert bytes(Beneficiary.objects.get().contact_digest) == digest
    first = undone(world, first)
    assert contact(Beneficiary.objects.get())["phone"] is None
    assert kept(first) == [""]


def test_a_person_another_roster_relies_on_keeps_contact_and_category() -> None:
    world, first = make_applied(1)
    second = applied(world, people(1), period=later_period(world, 1))
    assert RosterRow.objects.get(roster=second).verdict == 3
    before = contact(Beneficiary.objects.get())
    first = undone(world, first)
    assert contact(Beneficiary.objects.get()) == before
    category = BeneficiaryCategory.objects.get()
    assert (category.valid_to, category.row_id) == (None, RosterRow.objects.get(roster=second).pk)
    assert kept(first) == ["CHANGED_SINCE"]
    # Undone too, the second one's category never held either, and nobody's contact stays.
    undone(world, second)
    category.refresh_from_db()
    assert category.valid_to == category.valid_from
    assert broken() == []


def test_own_shares_that_were_paid_are_listed_as_refunds() -> None:
    world, roster = make_applied(3, requires_own_payment=True)
    pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now())
    roster = undone(world, roster)
    event = Event.objects.get(verb="roster.chunk_undone")
    assert (event.data["paid"], event.data["refunds"]) == (3, "0.03")
    # Three fen were received, and are owed to those who paid them.
    assert (balances()["own_received"], balances()["person_receivable"]) == (D("0.03"), D("-0.03"))
    assert broken() == []


def test_a_lapsed_cover_stays_lapsed_and_its_money_is_not_given_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(requires_own_payment=True)
    Period.objects.filter(pk=world.period.pk).update(enrollment_closes_on=world.period.starts_on.replace(month=3))
    world.period.refresh_from_db()
    roster = applied(world, people(2))
    at = timezone.make_aware(datetime.combine(world.period.enrollment_closes_on, time.min))

    class Clock:
        now = staticmethod(lambda: at)

    monkeypatch.setattr(tasks, "timezone", Clock)
    queue_lapses(at=at)
    drain()
    monkeypatch.undo()
    roster = undone(world, Roster.objects.get(pk=roster.pk))
    assert kept(roster) == ["ALREADY_ENDED", "ALREADY_ENDED"]
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"lapsed"}
    assert money_of(world.foundation, world.period) == (D("0.00"), D("0.00"), 2 * FOUNDATION)
    assert not LedgerTransaction.objects.filter(kind="undo").exists()
    assert {contact(each)["phone"] for each in Beneficiary.objects.all()} == {None}
    assert broken() == []


@pytest.fixture
def first_cover_has_a_claim() -> Iterator[None]:
    register_keeper(
        Keeper("CLAIMED", "a claim was filed", "e.id = (SELECT min(id) FROM beneficiaries_enrollment)")
    )
    yield
    forget_keeper("CLAIMED")


@pytest.mark.usefixtures("first_cover_has_a_claim")
def test_a_cover_with_a_claim_stays_whole_and_is_listed() -> None:
    world, roster = make_applied(3)
    first = Enrollment.objects.earliest("pk")
    before = contact(first.beneficiary)
    roster = undone(world, roster)
    assert list(Enrollment.objects.order_by("pk").values_list("state", flat=True)) == ["in_force", "voided", "voided"]
    assert contact(first.beneficiary) == before
    assert BeneficiaryCategory.objects.get(beneficiary=first.beneficiary).valid_to is None
    assert sorted(kept(roster)) == ["", "", "CLAIMED"]
    assert RosterRow.objects.get(pk=first.row_id).kept == "CLAIMED"
    assert roster.chunks.get().kept_counts == {"CLAIMED": 1}
    assert money_of(world.foundation, world.period) == (D("0.00"), FOUNDATION, 2 * FOUNDATION)
    assert broken() == []


def test_the_same_content_comes_again_after_the_undo_and_not_before() -> None:
    world, roster = make_applied(2)
    asked(world, roster)
    with pytest.raises(IntakeRefused) as refused:
        uploaded(world, people(2))
    assert refused.value.code == "ALREADY_IMPORTED"
    approve_undo(roster, by=world.reviewer, at=timezone.now())
    with pytest.raises(IntakeRefused):
        uploaded(world, people(2))
    drain()
    again = applied(world, people(2))
    assert again.counts["verdicts"] == {"2": 2}
    assert Enrollment.objects.filter(roster=again, state="in_force").count() == 2
    assert {contact(each)["phone"] for each in Beneficiary.objects.all()} == {"13800138000"}
    assert BeneficiaryCategory.objects.filter(valid_to=None).count() == 2
    assert broken() == []


def test_who_requested_an_undo_neither_approves_nor_turns_it_down() -> None:
    world, roster = make_applied(1)
    roster = asked(world, roster, by=world.reviewer)
    for decide in (
        lambda: approve_undo(roster, by=world.reviewer, at=timezone.now()),
        lambda: turn_down_undo(roster, reason="不同意", by=world.reviewer, at=timezone.now()),
    ):
        with pytest.raises(IntakeRefused) as refused:
            decide()
        assert refused.value.code == "OWN_UNDO"
    with pytest.raises(IntegrityError, match="undo_approved_by_another"), transaction.atomic():
        Roster.objects.filter(pk=roster.pk).update(state="undoing", undo_decided_by=world.reviewer)
    assert Enrollment.objects.get().state == "in_force"


def test_an_undo_turned_down_leaves_everything_and_can_be_requested_again() -> None:
    world, roster = make_applied(1)
    roster = asked(world, roster)
    roster = turn_down_undo(roster, reason="名单没有问题", by=world.reviewer, at=timezone.now())
    assert (roster.state, roster.undo_decided_by) == (State.APPLIED, world.reviewer)
    assert Enrollment.objects.get().state == "in_force"
    roster = asked(world, roster)
    assert (roster.state, roster.undo_decided_by) == (State.UNDO_ASKED, None)
    assert Event.objects.get(verb="roster.undo_turned_down").data == {"reason": "名单没有问题"}


@pytest.mark.parametrize("state", [State.REVIEW, State.APPROVED, State.UNDO_ASKED])
def test_only_an_applied_roster_is_undone(state: State) -> None:
    world, roster = make_applied(1)
    if state == State.UNDO_ASKED:
        asked(world, roster)
    else:
        Roster.objects.filter(pk=roster.pk).update(state=state, applied_at=None)
    with pytest.raises(IntakeRefused) as refused:
        request_undo(roster, reason=REASON, by=world.clerk, at=timezone.now())
    assert refused.value.code == "STATE"


def test_an_undo_needs_a_reason() -> None:
    world, roster = make_applied(1)
    with pytest.raises(IntakeRefused) as refused:
        request_undo(roster, reason=" 错 ", by=world.clerk, at=timezone.now())
    assert refused.value.code == "REASON"


def test_a_gate_is_recorded_while_an_undo_is_only_asked_for_and_refused_after_it() -> None:
    world, roster = make_applied(2, requires_own_payment=True)
    roster = asked(world, roster)
    assert pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now()) == 2
    approve_undo(roster, by=world.reviewer, at=timezone.now())
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now())
    assert refused.value.code == "GATE_UNDONE"
