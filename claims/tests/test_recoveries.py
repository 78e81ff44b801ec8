"""Amounts asked back: received in parts, written off, reversed, each by two people; never above what is asked, as the books say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.holdings import about, rows_of
from claims import actions
from claims.errors import ClaimsRefused
from claims.invariants import INVARIANTS
from claims.letters import content_of, occasions, text_of
from claims.models import (
    Addressee,
    Claim,
    LetterFormat,
    LetterKind,
    LetterStyle,
    Payable,
    Recovery,
)
from claims.panels import QUEUES
from claims.testing import Ward, make_ward
from papers.actions import write_wording
from portal.verify import check
from programs.models import LedgerEntry

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> Ward:
    ward = make_ward()
    write_wording(ward.cover.program, how_to_claim="电话", phone="0762-12345", by=ward.market.world.reviewer, at=ward.at)
    ward.asked_back()
    return ward


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def ward(kept_world: Ward) -> Ward:
    return kept_world


def asked() -> Payable:
    """The first amount asked back, as it is now."""
    return Payable.objects.filter(kind="reclaim").earliest("pk")


def stands(payable: Payable | None = None) -> tuple[str, Decimal, Decimal, Any]:
    found = Payable.objects.get(pk=(payable or asked()).pk)
    return str(found.state), found.received, found.written_off, found.paid_on


def books(ward: Ward) -> dict[str, Decimal]:
    """Balances of amounts asked back, as entries sum them up."""
    rows = LedgerEntry.objects.filter(
        account__program=ward.market.program, account__kind__in=("claims_recoverable", "claims_recovered", "claims_written_off")
    ).values_list("account__kind").annotate(Sum("amount"))
    return {kind.removeprefix("claims_"): amount for kind, amount in rows if amount}


def confirm(ward: Ward, recovery: Recovery) -> Recovery:
    return actions.confirm_recovery(recovery, by=ward.third, at=timezone.now())


def written_off(ward: Ward, amount: str) -> Recovery:
    return actions.record_write_off(asked(), amount=D(amount), reason="被保险人家庭困难", by=ward.cashier, at=ward.at)


def reversal(ward: Ward, recovery: Recovery) -> Recovery:
    return actions.record_reversal(recovery, reason="记错赔案", by=ward.cashier, at=ward.at)


def refused(code: str, call: Any, *args: Any, **kwargs: Any) -> ClaimsRefused:
    with pytest.raises(ClaimsRefused) as refusal:
        call(*args, **kwargs)
    assert refusal.value.code == code
    return refusal.value


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_what_is_asked_back_comes_in_by_parts_and_the_rest_is_written_off(ward: Ward) -> None:
    assert (stands(), books(ward)) == (("open", D("0.00"), D("0.00"), None), {"recoverable": D("21000.00")})
    first = ward.received(asked(), "15000.00")
    # Nothing moves before somebody else confirms it.
    assert (stands()[1], books(ward)) == (D("0.00"), {"recoverable": D("21000.00")})
    confirm(ward, first)
    assert (stands(), books(ward)) == (
        ("open", D("15000.00"), D("0.00"), None), {"recoverable": D("6000.00"), "recovered": D("15000.00")},
    )
    confirm(ward, ward.received(asked(), "5000.00", "YH2"))
    confirm(ward, written_off(ward, "1000.00"))
    assert stands() == ("paid", D("20000.00"), D("1000.00"), ward.today)
    assert books(ward) == {"recovered": D("20000.00"), "written_off": D("1000.00")}
    assert broken() == []
    told = Event.objects.filter(verb__startswith="claim.recovery").order_by("pk").values_list("verb", "data__amount")
    assert list(told)[:2] == [("claim.recovery_recorded", "15000.00"), ("claim.recovery_confirmed", "15000.00")]


def test_never_more_than_is_asked_comes_in_what_waits_included(ward: Ward) -> None:
    ward.received(asked(), "20000.00")
    found = refused("MORE_THAN_ASKED", ward.received, asked(), "1000.01", "YH2")
    assert found.facts == {"left": "1,000.00", "waiting": "20,000.00"}
    refused("MORE_THAN_ASKED", written_off, ward, "1000.01")
    with pytest.raises(IntegrityError), transaction.atomic():
        Payable.objects.filter(pk=asked().pk).update(received=D("21000.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Payable.objects.filter(pk=asked().pk).update(received=D("21000.00"))
    assert (stands()[1], broken()) == (D("0.00"), [])


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("RECOVERY_AMOUNT", {"amount": D("0.00")}), ("RECOVERY_AMOUNT", {"amount": D("0.001")}),
    ("RECOVERY_REFERENCE", {"reference": " "}), ("RECOVERY_REFERENCE", {"reference": "1" * 61}),
    ("RECOVERY_REFERENCE", {"reference": "441602196203151219"}),
    ("RECEIVED_LATER", {"received_on": timezone.localdate() + timedelta(days=1)}),
    ("RECEIVED_BEFORE", {"received_on": timezone.localdate() - timedelta(days=1)}),
]


@pytest.mark.parametrize(("code", "changes"), REFUSALS)
def test_what_cannot_be_is_refused_and_nothing_is_recorded(ward: Ward, code: str, changes: dict[str, Any]) -> None:
    refused(code, ward.received, asked(), **changes)
    assert Recovery.objects.count() == 0


def test_whoever_recorded_does_not_confirm_and_a_stranger_does_neither(ward: Ward) -> None:
    found = ward.received(asked())
    refused("OUT_OF_SCOPE", actions.confirm_recovery, found, by=ward.cashier, at=ward.at)
    refused("OUT_OF_SCOPE", ward.received, asked(), by=ward.third)
    sibling = make_user("hy-claims.sibling", organization=ward.market.world.sibling, role="finance_maker")
    refused("OUT_OF_SCOPE", ward.received, asked(), by=sibling)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.filter(pk=found.pk).update(state="confirmed", decided_by=ward.cashier, decided_at=ward.at)
    payout = Payable.objects.get(kind="payout")
    refused("NOT_ASKED_BACK", ward.received, payout)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.create(
            payable=payout, kind="receipt", amount=D("1.00"), reference="YH9", happened_on=ward.today, made_by=ward.cashier,
            made_at=ward.at,
        )


def test_a_reference_counts_once_for_an_amount_until_it_is_declined(ward: Ward) -> None:
    found = ward.received(asked(), "1.00")
    refused("RECOVERY_TAKEN", ward.received, asked(), "2.00")
    actions.decline_recovery(found, reason="流水查无", by=ward.third, at=ward.at)
    refused("RECOVERY_DECIDED", confirm, ward, found)
    assert confirm(ward, ward.received(asked(), "2.00")).state == "confirmed"
    assert stands()[1] == D("2.00")


def test_a_wrong_record_is_reversed_by_two_and_its_sum_is_asked_back_again(ward: Ward) -> None:
    wrong = confirm(ward, ward.received(asked()))
    assert stands()[0] == "paid"
    undone = reversal(ward, wrong)
    assert stands()[0] == "paid"
    refused("RECOVERY_REVERSED", reversal, ward, wrong)
    confirm(ward, undone)
    assert (stands(), books(ward)) == (("open", D("0.00"), D("0.00"), None), {"recoverable": D("21000.00")})
    wrong.refresh_from_db()
    assert wrong.state == "reversed"
    refused("RECOVERY_NOT_CONFIRMED", reversal, ward, wrong)
    refused("RECOVERY_NOT_CONFIRMED", reversal, ward, undone)
    # The reference is free again.
    confirm(ward, ward.received(asked()))
    assert (stands()[0], broken()) == ("paid", [])


def test_a_later_decision_asks_back_what_is_left_after_what_came_in(ward: Ward) -> None:
    claim = asked().claim
    confirm(ward, ward.received(asked(), "15000.00"))
    ward.decide_anew(claim, ("out_of_catalogue", "33000.00"), number="0000000092")
    assert [(each.kind, each.state, each.amount) for each in claim.payables.order_by("pk")] == [
        ("payout", "paid", D("31500.00")), ("reclaim", "cancelled", D("21000.00")), ("reclaim", "open", D("3900.00")),
    ]
    assert books(ward) == {"recoverable": D("3900.00"), "recovered": D("15000.00")}
    refused("NOTHING_ASKED", ward.received, asked(), "1.00", "YH2")
    # What came in was recorded wrongly: as much is asked back beside.
    confirm(ward, reversal(ward, Recovery.objects.get()))
    assert sorted(claim.payables.filter(state="open").values_list("amount", flat=True)) == [D("3900.00"), D("15000.00")]
    assert (books(ward), broken()) == ({"recoverable": D("18900.00")}, [])


def test_a_later_decision_waits_for_what_is_not_confirmed(ward: Ward) -> None:
    found = ward.received(asked(), "15000.00")
    refused("RECOVERY_WAITS", ward.decide_anew, asked().claim, ("out_of_catalogue", "33000.00"), number="0000000092")
    actions.decline_recovery(found, reason="流水查无", by=ward.third, at=ward.at)
    assert stands()[0] == "open"


def test_more_is_not_paid_to_whom_something_was_written_off(ward: Ward) -> None:
    done = confirm(ward, written_off(ward, "21000.00"))
    refused("WRITTEN_OFF", ward.decide_anew, asked().claim, ("out_of_catalogue", "33000.00"), number="0000000092")
    claim = Claim.objects.get(pk=asked().claim_id)
    confirm(ward, reversal(ward, done))
    assert claim.state == "assessed"
    ward.sign(claim.decisions.get(state="proposed"))
    assert [(each.kind, each.state, each.amount) for each in claim.payables.order_by("pk")] == [
        ("payout", "paid", D("31500.00")), ("reclaim", "cancelled", D("21000.00")), ("reclaim", "open", D("18900.00")),
    ]
    assert broken() == []


def test_what_was_written_off_is_not_asked_for_again(ward: Ward) -> None:
    confirm(ward, written_off(ward, "21000.00"))
    ward.decide_anew(asked().claim, ("out_of_catalogue", "29000.00"), number="0000000092")
    newest = Payable.objects.latest("pk")
    assert (newest.kind, newest.amount, broken()) == ("reclaim", D("700.00"), [])


def test_the_letter_says_what_is_asked_and_is_made_again_as_it_was(ward: Ward) -> None:
    claim = Claim.objects.get(pk=asked().claim_id)
    confirm(ward, ward.received(asked(), "15000.00"))
    handed = actions.print_letter(
        claim, kind=LetterKind.RECLAIM, style=LetterStyle.FORMAL, addressee=Addressee.PERSON, file_format=LetterFormat.DOCX,
        purpose="寄送本人", by=ward.clerk, at=timezone.now(),
    )
    told = next(each for each in occasions(claim) if each.kind == LetterKind.RECLAIM)
    for style in LetterStyle:
        text = text_of(claim, told, style=style, addressee=Addressee.PERSON, wording=None, on=ward.today)
        said = "".join(text.paragraphs)
        assert all(amount in said for amount in ("31,500.00", "10,500.00", "21,000.00", "6,000.00"))
    confirm(ward, ward.received(asked(), "6000.00", "YH2"))
    assert content_of(handed.letter) == handed.content
    assert LetterKind.RECLAIM not in {each.kind for each in occasions(claim)}


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def _waits(key: str, user: Any) -> int:
    return next(queue for queue in QUEUES if queue.key == key).count(user)


def test_pages_record_confirm_and_show_what_came_back(ward: Ward, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    cashier, checker = _client(ward.cashier), _client(ward.third)
    payable = asked()
    assert (_waits("claims.asked_back", ward.cashier), _waits("claims.recoveries_to_confirm", ward.third)) == (1, 0)
    page = reverse("admin:claims_payable_receive", args=[payable.pk])
    assert "21,000.00" in cashier.get(page).content.decode()
    over = cashier.post(page, {"amount": "21000.01", "reference": "YH1", "received_on": ward.today.isoformat()})
    assert over.status_code == 409 and Recovery.objects.count() == 0
    cashier.post(page, {"amount": "15000.00", "reference": "YH1", "received_on": ward.today.isoformat()})
    found = Recovery.objects.get()
    own = cashier.get(reverse("admin:claims_recovery_change", args=[found.pk]))
    assert own.context["actions_detail"] == []
    assert _waits("claims.recoveries_to_confirm", ward.third) == 1
    assert checker.post(reverse("admin:claims_recovery_confirm", args=[found.pk]), {}).status_code == 302
    shown = checker.get(reverse("admin:claims_claim_change", args=[payable.claim_id])).content.decode()
    assert "15,000.00" in shown and "6,000.00" in shown
    listed = checker.get(reverse("admin:claims_payable_changelist")).content.decode()
    assert "6,000.00" in listed
    assert checker.get(reverse("admin:claims_payable_change", args=[payable.pk])).status_code == 200
    cashier.post(reverse("admin:claims_payable_write_off", args=[payable.pk]), {"amount": "6000.00", "reason": "家庭困难"})
    waiting = Recovery.objects.latest("pk")
    checker.post(reverse("admin:claims_recovery_decline", args=[waiting.pk]), {"reason": "未经批准"})
    waiting.refresh_from_db()
    assert (waiting.state, waiting.answer, stands()[2]) == ("declined", "未经批准", D("0.00"))
    cashier.post(reverse("admin:claims_recovery_reverse", args=[found.pk]), {"reason": "记错"})
    assert Recovery.objects.latest("pk").kind == "reversal"
    payout = Payable.objects.get(kind="payout")
    assert not cashier.get(reverse("admin:claims_payable_change", args=[payout.pk])).context["actions_detail"]


def test_the_list_of_records_asks_the_same_number_of_questions_whatever_it_shows(ward: Ward, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = _client(ward.third)
    address = reverse("admin:claims_recovery_changelist")

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked_in:
            assert client.get(address).status_code == 200
        return len(asked_in)

    ward.received(asked(), "1.00")
    questions()
    one = questions()
    for number in range(2, 7):
        ward.received(asked(), "1.00", f"YH{number}")
    assert questions() == one


def test_what_a_person_is_told_of_money_has_no_code_of_a_bank(ward: Ward) -> None:
    claim = ward.claim(number="0000000077", diagnosis="I21.9")
    ward.decide(claim)
    owed = claim.payables.get()
    actions.take_payables([owed.pk], by=ward.second, at=ward.at)
    actions.fail_payables([(owed.pk, "limit")], by=ward.second, at=ward.at)
    confirm(ward, ward.received(asked(), "1.00", "YH7"))
    whom = about(ward.cover.person, ward.market.world.city)
    told = [str(value) for part in rows_of(whom) for entry in part.entries for _name, value in entry]
    assert "limit" not in told and "YH7" in told
