"""Proposals: told of, declined, taken up again, claimed one by one and many at once; decided as they said."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from claims import actions as claims
from claims.actions import Charge
from claims.errors import ClaimsRefused
from claims.models import Bill, Case, Claim
from intake.findings import Verdict
from records.actions import decline_proposals, open_claims, reopen_proposals, tell_proposals
from records.errors import RecordsRefused
from records.models import Proposal, ProposalState
from records.testing import Bureau, bureau, checked, day, line, proposed
from records.tests.test_records import WORKED, verdicts

D = Decimal
pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(bureau)


@pytest.fixture
def world(kept_world: Bureau) -> Bureau:
    return kept_world


def one(settlement: str) -> Proposal:
    return Proposal.objects.get(settlement_number=settlement)


def test_a_claim_of_a_record_has_its_bill_and_pays_what_was_proposed(world: Bureau) -> None:
    proposed(world, [line(
        world, 0, "A1", total="120000.00", fund="60000.00", major_illness="5000.00", assistance="1000.00", others="2000.00",
        invoice_code="44060125", invoice_number="0012345678", account_paid="500.00", cash="51500.00",
        **{"of:self_pay": "30000.00", "of:out_of_catalogue": "22000.00"},
    )])
    proposal = one("A1")
    assert proposal.due == D("9000.00")
    done = open_claims([proposal], by=world.clerk, at=timezone.now())
    assert (len(done.cases), len(done.claimed), done.lapsed, done.refused) == (1, 1, [], [])
    proposal = one("A1")
    case = Case.objects.get()
    assert (proposal.state, proposal.case, case.channel, case.diagnosis) == ("claimed", case, "bureau", "C34.9")
    bill = Bill.objects.get()
    assert (bill.total, bill.fund, bill.major_illness, bill.assistance, bill.others, bill.findings, bill.hospital_name) == (
        D("120000.00"), D("60000.00"), D("5000.00"), D("1000.00"), D("8000.00"), [], "示例市人民医院",
    )
    assert list(bill.lines.values_list("kind", "amount")) == [("self_pay", D("98000.00")), ("out_of_catalogue", D("22000.00"))]
    claim = Claim.objects.get()
    assert (claim.enrollment, claim.state) == (world.covers[0], "reported")
    for act in (claims.accept_claim, claims.register_claim, claims.take_claim):
        claim = act(claim, by=world.clerk, at=timezone.now())
    with pytest.raises(ClaimsRefused) as refused:
        claims.ask_papers(claim, ["settlement", "bank"], by=world.clerk, at=timezone.now())
    assert refused.value.code == "PAPER_KNOWN"
    assert claims.calculate(claim, by=world.clerk).amount == proposal.due


def test_earlier_records_that_use_up_the_deductible_come_with_the_claim(world: Bureau) -> None:
    below = {"of:self_pay": "12000.00"}
    proposed(world, [
        line(world, 0, "B1", hospital="甲医院", discharged_on=day(world, -2), settled_on=day(world, -2), **below),
        line(world, 0, "B2", hospital="乙医院", **below),
        line(world, 0, "B3", hospital="丙医院", settled_on=day(world, 0), discharged_on=day(world, 0), **{"of:self_pay": "100.00"}),
        line(world, 1, "B4", hospital="甲医院", **below),
    ])
    assert dict(Proposal.objects.values_list("settlement_number", "due")) == {
        "B1": D("0.00"), "B2": D("3900.00"), "B3": D("65.00"), "B4": D("0.00"),
    }
    done = open_claims([one("B2")], by=world.clerk, at=timezone.now())
    assert [each.settlement_number for each in done.claimed] == ["B1", "B2"]
    assert len(done.cases) == 2
    assert (one("B3").state, one("B4").state) == ("open", "nothing")
    with pytest.raises(RecordsRefused) as refused:
        open_claims([one("B2")], by=world.clerk, at=timezone.now())
    assert refused.value.code == "NOT_WAITING"
    with pytest.raises(RecordsRefused):
        open_claims([one("B4")], by=world.clerk, at=timezone.now())


def test_records_of_one_day_are_bills_of_one_case(world: Bureau) -> None:
    proposed(world, [
        line(world, 0, "C1", setting="门诊", admitted_on="", hospital="甲医院", **{"of:self_pay": "30000.00"}),
        line(world, 0, "C2", setting="门诊", admitted_on="", hospital="乙医院", **{"of:self_pay": "1000.00"}),
    ])
    done = open_claims(Proposal.objects.all(), by=world.clerk, at=timezone.now())
    assert (len(done.cases), len(done.claimed)) == (1, 2)
    assert Bill.objects.filter(case=done.cases[0]).count() == 2
    assert one("C1").case == one("C2").case


def test_what_somebody_claims_themselves_is_claimed_already_or_lapses(world: Bureau) -> None:
    proposed(world, [line(world, 0, "D1", **WORKED), line(world, 1, "D2", **WORKED)])
    happened = timezone.now() - timedelta(days=2)
    case = claims.report_case([world.covers[0]], claims.Report(event_at=happened), by=world.clerk, at=timezone.now())
    today = timezone.localdate()
    claims.add_bill(
        case, Bill(
            invoice_code="44060125", invoice_number="0000000009", issued_on=today, setting="inpatient",
            hospital_name="示例市人民医院",
            admitted_on=today - timedelta(days=2), discharged_on=today - timedelta(days=1), total=D("100.00"),
        ),
        [Charge("self_pay", D("100.00"))], by=world.clerk, at=timezone.now(),
    )
    later = checked(world, [
        line(world, 0, "D3"), line(world, 2, "D4", invoice_code="44060125", invoice_number="0000000009"), line(world, 3, "D5"),
    ], reference="J2")
    assert verdicts(later) == {
        "D3": (Verdict.COVERED, ["STAY_CLAIMED"]), "D4": (Verdict.COVERED, ["INVOICE_CLAIMED"]),
        "D5": (Verdict.NEW, ["PARTS_BELOW_TOTAL"]),
    }
    done = open_claims(Proposal.objects.all(), by=world.clerk, at=timezone.now())
    assert [each.settlement_number for each in done.lapsed] == ["D1"]
    assert [each.settlement_number for each in done.claimed] == ["D2"]
    assert (one("D1").state, one("D1").reason) == ("lapsed", "STAY_CLAIMED")


def test_people_are_told_and_a_proposal_is_declined_and_taken_up_again(world: Bureau) -> None:
    proposed(world, [line(world, 0, "E1", **WORKED), line(world, 1, "E2", **WORKED), line(world, 2, "E3")])
    today = timezone.localdate()
    with pytest.raises(RecordsRefused) as refused:
        tell_proposals([one("E1")], told_on=today + timedelta(days=1), reason="电话告知", by=world.clerk, at=timezone.now())
    assert refused.value.code == "TOLD_LATER"
    with pytest.raises(RecordsRefused) as refused:
        tell_proposals([one("E1")], told_on=today - timedelta(days=1), reason="电话告知", by=world.clerk, at=timezone.now())
    assert refused.value.code == "TOLD_BEFORE"
    told = tell_proposals(Proposal.objects.all(), told_on=today, reason="村干部上门告知", by=world.clerk, at=timezone.now())
    assert [each.settlement_number for each in told] == ["E1", "E2"]
    decline_proposals([one("E2")], reason="本人放弃", by=world.clerk, at=timezone.now())
    assert (one("E1").state, one("E2").state, one("E3").state) == ("told", "declined", "nothing")
    with pytest.raises(RecordsRefused) as refused:
        decline_proposals([one("E3")], reason="本人放弃", by=world.clerk, at=timezone.now())
    assert refused.value.code == "NOT_WAITING"
    reopen_proposals([one("E2")], reason="本人改变主意", by=world.clerk, at=timezone.now())
    assert (one("E2").state, one("E2").told_on) == (ProposalState.TOLD, today)


def test_a_colleague_of_another_office_changes_nothing(world: Bureau) -> None:
    proposed(world, [line(world, 0, "F1", **WORKED)])
    other = make_user("zijin.clerk3", organization=world.market.world.sibling, role="clerk")
    for act in (
        lambda: open_claims([one("F1")], by=other, at=timezone.now()),
        lambda: decline_proposals([one("F1")], reason="本人放弃", by=other, at=timezone.now()),
    ):
        with pytest.raises(RecordsRefused) as refused:
            act()
        assert refused.value.code == "NOT_WAITING"
    assert one("F1").state == "open" and Case.objects.count() == 0
