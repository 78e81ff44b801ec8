"""One person who paid: identity, money, gates; once, whatever is sent twice or at once."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import override

from accounts.testing import make_user
from audit.models import Event
from audit.testing import FULL_SWEEP, Stepper, in_turn, sweep
from beneficiaries.actions import Gate, Payment, Request, pass_purchase_gate, queue_lapses
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.models import Beneficiary, Enrollment, Person, Purchase
from beneficiaries.testing import make_world
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import Market, day_market, paid_market, person
from intake.actions import receive_file
from programs.models import FundingSplit, LedgerAccount, LedgerTransaction

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def market(db: Any) -> Market:
    return paid_market()


def said(refused: Any) -> str:
    return str(refused.value.code)


def test_a_person_who_paid_is_enrolled_covered_and_owes_the_insurer_through_the_books(market: Market) -> None:
    enrollment = market.enroll(person(0))
    enrollment.refresh_from_db()
    tomorrow = timezone.localdate(market.at) + timedelta(days=1)
    assert (enrollment.premium, enrollment.own_share, enrollment.state) == (D("150.00"), D("150.00"), "in_force")
    assert (enrollment.period_kind, enrollment.roster_id, enrollment.row_id, enrollment.line) == ("annual", None, None, 1)
    assert timezone.localdate(enrollment.starts_at) == tomorrow
    assert timezone.localdate(enrollment.ends_at) == market.period.ends_on
    assert enrollment.own_paid_at == market.at
    split = FundingSplit.objects.get(pk=enrollment.split_id)
    assert (split.own_share, split.lines.count()) == (D("150.00"), 0)
    purchase = Purchase.objects.get()
    assert (purchase.payment_reference, purchase.reference, purchase.people) == ("pay-P1", "P1", 1)
    assert LedgerAccount.objects.get(kind="person_receivable", program=market.program).balance == D("0.00")
    assert LedgerAccount.objects.get(kind="own_received", program=market.program).balance == D("150.00")
    assert LedgerAccount.objects.get(kind="insurer_payable", program=market.program).balance == D("-150.00")
    found = Person.objects.get()
    assert found.document.reveal() == person(0)["document"]
    assert found.name.reveal() == person(0)["name"]
    known = Beneficiary.objects.get()
    assert (known.phone.reveal(), known.region_code) == ("13800138000", "441602")
    assert Event.objects.get(verb="purchase.made").data == {"people": 1, "refused": 0, "premium": "150.00"}
    assert broken() == []


def test_a_late_start_costs_its_part_when_the_plan_says_so() -> None:
    market = paid_market(proration="daily")
    days = (market.period.ends_on - timezone.localdate(market.at)).days - 1
    due = (D(150) * days / 330).quantize(D("0.01"))
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll()
    assert (said(refused), refused.value.facts) == ("PAID_AMOUNT", {"paid": D("150.00"), "due": due})
    assert market.enroll(payment=Payment("x", market.at, due)).premium == due


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"document": "441602196203151218"}, "document", "ID_CHECKSUM"),
        ({"document": "44160219620315121"}, "document", "ID_LENGTH"),
        ({"name": ""}, "name", "NAME_EMPTY"),
        ({"sex": "男" if int(person(0)["document"][16]) % 2 == 0 else "女"}, "sex", "ID_MISMATCH"),
        ({"birth_on": "1999-01-01"}, "birth_on", "ID_MISMATCH"),
        ({"region_code": "441621"}, "region_code", "OUT_OF_SCOPE"),
    ],
)
def test_cells_that_the_intake_refuses_are_refused_here_by_the_same_code(
    market: Market, cells: dict[str, str], column: str, code: str
) -> None:
    with pytest.raises(ApplicantRefused) as refused:
        market.enroll({**person(0), **cells})
    assert (column, code) in [(found[0], found[1]) for found in refused.value.findings]
    assert (Person.objects.count(), Purchase.objects.count(), LedgerTransaction.objects.filter(kind="use").count()) == (0, 0, 0)


def test_a_refusal_is_a_sentence_without_the_number_in_the_clear(market: Market) -> None:
    with pytest.raises(ApplicantRefused) as refused, override("zh-hans"):
        market.enroll({**person(0), "document": "441602196203151218"})
    with override("zh-hans"):
        sentence = str(refused.value)
    assert "证件号码" in sentence
    assert "校验位" in sentence
    assert "441602196203151218" not in sentence


def test_a_person_whom_the_plan_does_not_take_is_refused() -> None:
    market = paid_market(min_age=200)
    with pytest.raises(ApplicantRefused) as refused:
        market.enroll()
    assert refused.value.findings == [("categories", "NOT_ELIGIBLE", "", "too_young")]


def test_cells_that_no_roster_has_are_refused(market: Market) -> None:
    for cells in ({"nickname": "x"}, {"categories": "低保对象"}):
        with pytest.raises(BeneficiariesRefused) as refused:
            market.enroll({**person(0), **cells})
        assert said(refused) == "CELLS_UNKNOWN"


def test_nobody_is_covered_twice_in_a_period(market: Market) -> None:
    market.enroll()
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll(reference="P2")
    assert said(refused) == "ALREADY_COVERED"
    Enrollment.objects.update(state="ended")
    assert market.enroll(reference="P3").state == "in_force"
    assert Person.objects.count() == Beneficiary.objects.count() == 1


def test_the_same_payment_again_is_the_same_enrollment_and_another_use_of_it_is_refused(market: Market) -> None:
    first = market.enroll()
    assert market.enroll() == first
    for changes, code in (
        ({"cells": person(1)}, "REFERENCE_TAKEN"),
        ({"payment": Payment("other", market.at, D("150.00"))}, "REFERENCE_TAKEN"),
        ({"cells": person(1), "reference": "P2", "payment": Payment("pay-P1", market.at, D("150.00"))}, "PAYMENT_TAKEN"),
        ({"cells": person(1), "reference": "P3", "payment": Payment("p", market.at, D("149.99"))}, "PAID_AMOUNT"),
    ):
        with pytest.raises(BeneficiariesRefused) as refused:
            market.enroll(**changes)
        assert said(refused) == code
    assert (Enrollment.objects.count(), Purchase.objects.count(), Person.objects.count()) == (1, 1, 1)


def test_a_payment_of_a_file_names_its_file_and_line(market: Market) -> None:
    world = market.world
    file = receive_file(io.BytesIO(b"a,b\n1,2\n"), name="payments.csv", organization=world.office, by=world.clerk, at=market.at)
    enrollment = market.enroll(request=Request("P1", Purchase.Channel.FILE, file), line=17)
    assert (enrollment.line, enrollment.purchase.file) == (17, file)  # type: ignore[union-attr]
    with pytest.raises(IntegrityError):
        market.enroll(person(1), request=Request("P2", Purchase.Channel.FILE), payment=Payment("y", market.at, D("150.00")))


def test_gates_of_the_plan_are_passed_before_cover_begins() -> None:
    market = paid_market(requires_notice=True, notice_days=5, requires_insurer_acceptance=True)
    enrollment = market.enroll()
    assert enrollment.state == "awaiting"
    purchase = enrollment.purchase
    assert purchase is not None
    by = market.world.clerk

    def passing(gate: Gate, *, days: int, policy_number: str = "") -> int:
        return pass_purchase_gate(
            purchase, gate=gate, by=by, at=market.at + timedelta(days=days), policy_number=policy_number
        )

    for gate, days, code in (
        (Gate.NOTICE, 4, "GATE_TOO_EARLY"), (Gate.ACCEPTANCE, 6, "POLICY_NUMBER"),
    ):
        with pytest.raises(BeneficiariesRefused) as refused:
            passing(gate, days=days)
        assert said(refused) == code
    with pytest.raises(BeneficiariesRefused) as refused:
        passing(Gate.ACCEPTANCE, days=6, policy_number="G1")
    assert said(refused) == "GATE_ORDER"
    assert passing(Gate.NOTICE, days=6) == 0
    assert passing(Gate.ACCEPTANCE, days=7, policy_number="G1") == 1
    with pytest.raises(BeneficiariesRefused) as refused:
        passing(Gate.ACCEPTANCE, days=8, policy_number="G1")
    assert said(refused) == "GATE_PASSED"
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.insurer_policy_number) == ("in_force", "G1")
    assert timezone.localdate(enrollment.starts_at) == timezone.localdate(market.at) + timedelta(days=8)
    assert Event.objects.filter(verb="purchase.gate_passed").count() == 2
    assert queue_lapses(at=market.at + timedelta(days=250)) == []
    assert broken() == []


def test_a_gate_that_the_plan_does_not_ask_is_refused(market: Market) -> None:
    purchase = market.enroll().purchase
    assert purchase is not None
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_purchase_gate(purchase, gate=Gate.NOTICE, by=market.world.clerk, at=market.at)
    assert said(refused) == "GATE_NOT_ASKED"


def test_a_name_that_does_not_agree_is_refused_counted_and_capped(market: Market, settings: Any) -> None:
    settings.IDENTITY_CONFLICTS_PER_DAY = 2
    day_market(world=make_world(code="BS")).worker(0)
    for turn in range(2):
        with pytest.raises(ApplicantRefused) as refused:
            market.enroll({**person(0), "name": "赵不同"}, reference=f"P{turn}")
        assert said(refused) == "IDENTITY_CONFLICT"
        assert "赵" not in str(refused.value)
    assert Event.objects.filter(verb="program.conflict_elsewhere", program_id=market.program.pk).count() == 2
    with pytest.raises(ApplicantRefused) as refused:
        market.enroll(person(1), reference="P9")
    assert said(refused) == "TOO_MANY_CONFLICTS"
    assert Enrollment.objects.count() == 0
    assert market.enroll(person(1), reference="P9", at=market.at + timedelta(days=2)).pk


def test_a_conflict_with_ones_own_people_is_no_question_about_others(market: Market) -> None:
    market.enroll(person(0))
    with pytest.raises(ApplicantRefused):
        market.enroll({**person(0), "name": "赵不同"}, reference="P2")
    assert not Event.objects.filter(verb="program.conflict_elsewhere").exists()


def test_only_who_may_and_reaches_the_office_enrolls(market: Market) -> None:
    stranger = make_user("stranger", organization=market.world.sibling, role="clerk")
    for by in (stranger, market.world.reviewer, market.world.foundation_maker):
        with pytest.raises(BeneficiariesRefused) as refused:
            market.enroll(by=by)
        assert said(refused) == "OUT_OF_SCOPE"
    assert (Person.objects.count(), Purchase.objects.count()) == (0, 0)


def test_a_plan_of_spans_takes_no_yearly_payment() -> None:
    market = day_market()
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll()
    assert said(refused) == "SPANS_ONLY"


def test_what_an_office_knows_is_not_written_over_in_passing(market: Market) -> None:
    market.enroll()
    Enrollment.objects.update(state="ended")
    market.enroll({**person(0), "phone": "13911112222"}, reference="P2")
    assert Beneficiary.objects.get().phone.reveal() == "13800138000"


@pytest.mark.django_db(transaction=True)
def test_one_new_person_from_two_payments_at_once_is_enrolled_once() -> None:
    market = paid_market()
    with Stepper() as stepper:
        first = stepper.start(lambda: market.enroll(reference="A"), stop_at="beneficiaries.know.after")
        second = stepper.start(lambda: market.enroll(reference="B"))
        assert second.waits()
        first.go_on()
        assert first.result().state == "in_force"
        error = second.error()
    assert isinstance(error, BeneficiariesRefused) and error.code == "ALREADY_COVERED"
    assert (Person.objects.count(), Enrollment.objects.count(), Purchase.objects.count()) == (1, 1, 1)
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_one_payment_for_two_people_at_once_serves_one() -> None:
    market = paid_market()
    payment = Payment("once", market.at, D("150.00"))
    with Stepper() as stepper:
        first = stepper.start(
            lambda: market.enroll(person(0), reference="A", payment=payment), stop_at="beneficiaries.enroll_paid.after"
        )
        second = stepper.start(lambda: market.enroll(person(1), reference="B", payment=payment))
        assert second.waits()
        first.go_on()
        assert first.result().pk
        error = second.error()
    assert isinstance(error, BeneficiariesRefused) and error.code == "PAYMENT_TAKEN"
    assert (Person.objects.count(), Enrollment.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 0))
def test_a_fault_at_any_point_leaves_all_or_nothing(mode: str) -> None:
    market = paid_market()

    def check(_point: int) -> None:
        assert Enrollment.objects.count() == Purchase.objects.count() == Person.objects.count()
        assert broken() == []

    # The short form strikes every fourth point, each mode its own.
    first, step = (1, 1) if FULL_SWEEP else (1 if mode == "raise" else 3, 4)
    struck = sweep(lambda: market.enroll(), check=check, mode=mode, first=first, step=step)
    assert struck >= 8 // step
    assert (Enrollment.objects.count(), Person.objects.count()) == (1, 1)
    assert broken() == []
