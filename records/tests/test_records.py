"""Files of a bureau: read, matched, calculated, approved by another, proposed once, undone by two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from claims.elsewhere import settled_elsewhere
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.models import State
from jobs.testing import drain
from records.actions import DESK, open_claims, upload_records
from records.errors import RecordsRefused
from records.models import Calculation, Proposal, ProposalState, RecordList, RecordRow, RecordSlice
from records.testing import Bureau, approved, bureau, checked, day, file_of, line, proposed, undone
from results.testing import Payouts
from results.testing import line as payout_line
from results.testing import recorded as payouts_recorded

D = Decimal
pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(bureau)


@pytest.fixture
def world(kept_world: Bureau) -> Bureau:
    return kept_world


#: 潍坊's worked case: 133,300 + 28,200 + 203,200.
WORKED = {"of:self_pay": "200000.00", "of:out_of_catalogue": "67000.00", "of:special_drug": "264000.00", "total": "600000.00"}


def found(of: RecordList) -> dict[str, Decimal]:
    """Settlement number -> what is due."""
    rows = dict(RecordRow.objects.filter(record_list=of).values_list("pk", "settlement_number"))
    return {rows[each.row_id]: each.due for each in Calculation.objects.filter(record_list=of)}


def verdicts(of: RecordList) -> dict[str, tuple[int, list[str]]]:
    rows = RecordRow.objects.filter(record_list=of).order_by("pk")
    return {row.settlement_number: (Verdict(row.verdict), row.codes) for row in rows}


def test_what_is_due_by_each_record_is_calculated_and_summed(world: Bureau) -> None:
    of = checked(world, [
        line(world, 0, "S1", **WORKED), line(world, 1, "S2", total="21000.00"),
        line(world, 2, "S3", total="50000.00", **{"of:self_pay": "30000.00"}),
    ])
    assert of.state == State.REVIEW
    below = (Verdict.NEW, ["PARTS_BELOW_TOTAL"])
    assert verdicts(of) == {"S1": below, "S2": (Verdict.NEW, []), "S3": (Verdict.NEW, [])}
    assert found(of) == {"S1": D("364700.00"), "S2": D("0.00"), "S3": D("7800.00")}
    first = Calculation.objects.get(due=D("364700.00"))
    assert first.parts == {"in_catalogue": "133300.00", "out_of_catalogue_drugs": "28200.00", "special_drugs": "203200.00"}
    rows = {row.settlement_number: row.pk for row in RecordRow.objects.all()}
    assert of.money == {
        "lines": 3, "matched": [3, "671000.00"], "claimed": [0, "0.00"], "held": [0, "0.00"], "refused": [0, "0.00"],
        "due": [2, "372500.00"], "nothing": 1,
        "parts": {
            "in_catalogue": [2, "141100.00"], "out_of_catalogue_drugs": [1, "28200.00"], "special_drugs": [1, "203200.00"],
        },
        "biggest": [[rows["S1"], "364700.00"], [rows["S3"], "7800.00"]],
    }


def test_deductibles_go_on_in_the_order_of_settlement_from_file_to_file(world: Bureau) -> None:
    of = checked(world, [
        line(world, 0, "B2", settled_on=day(world, 0), hospital="乙医院", **{"of:self_pay": "12000.00"}),
        line(world, 0, "B1", hospital="甲医院", **{"of:self_pay": "12000.00"}),
    ])
    assert found(of) == {"B1": D("0.00"), "B2": D("3900.00")}
    approved(world, of)
    assert dict(Proposal.objects.values_list("settlement_number", "state")) == {"B1": "nothing", "B2": "open"}
    later = checked(world, [line(world, 0, "B3", hospital="丙医院", **{"of:self_pay": "1000.00"})], reference="J2")
    assert found(later) == {"B3": D("650.00")}
    undone(world, RecordList.objects.get(reference="J1"))
    again = checked(world, [line(world, 0, "B4", hospital="丙医院", **{"of:self_pay": "1000.00"})], reference="J3")
    assert found(again) == {"B4": D("0.00")}


def test_an_approved_file_becomes_proposals_once_and_an_undo_by_two_lets_them_lapse(world: Bureau) -> None:
    of = proposed(world, [line(world, 0, "C1", **WORKED), line(world, 1, "C2")])
    assert of.state == State.APPLIED
    one = Proposal.objects.get(settlement_number="C1")
    assert (one.enrollment, one.due, one.state, one.region_code) == (world.covers[0], D("364700.00"), "open", "441602")
    assert one.organization == world.market.world.office and str(one.diagnosis) == "***"
    assert list(Proposal.objects.waiting().values_list("settlement_number", flat=True)) == ["C1"]
    twice = checked(world, [line(world, 0, "C1", **WORKED)], reference="J2")
    assert verdicts(twice) == {"C1": (Verdict.COVERED, ["TAKEN_BEFORE"])}
    assert RecordRow.objects.get(record_list=twice).findings[0]["extra"] == f"#{of.pk}"
    DESK.request_undo(of, reason="文件重复上报", by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        DESK.approve_undo(of, by=world.clerk, at=timezone.now())
    assert refused.value.code == "OWN_UNDO"
    DESK.turn_down_undo(of, reason="不需要撤销", by=world.reviewer, at=timezone.now())
    of = undone(world, RecordList.objects.get(pk=of.pk))
    assert of.state == State.UNDONE
    assert {(each.state, each.undone_at is None) for each in Proposal.objects.all()} == {("lapsed", False)}
    again = checked(world, [line(world, 0, "C1", hospital="乙医院", **WORKED)], reference="J3")
    assert found(again) == {"C1": D("364700.00")}


def test_what_names_nobody_or_contradicts_itself_is_not_proposed_or_held(world: Bureau) -> None:
    of = checked(world, [
        line(world, 9, "D1"), line(world, 1, "D2", name="张三丰"),
        line(world, 1, "D3", admitted_on=day(world, -41), discharged_on=day(world, -40), settled_on=day(world, -40)),
        line(world, 1, "D4", discharged_on=day(world, 1)), line(world, 1, "D5", admitted_on=day(world, 0)),
        line(world, 1, "D6", admitted_on=""), line(world, 1, "D7", settled_on=day(world, -2)),
        line(world, 1, "D8", **{"of:self_pay": ""}), line(world, 1, "D9", total="20999.99"),
        line(world, 1, "D10", invoice_number="0012345678"), line(world, 1, "D11", total="0.00", fund="0.00"),
        line(world, 2, "D12", setting="门诊", admitted_on=""),
    ])
    refused = {
        "D1": "NOBODY_COVERED", "D3": "NOT_COVERED_THEN", "D4": "RECORD_IN_FUTURE", "D5": "STAY_TURNED", "D6": "NO_ADMISSION",
        "D7": "SETTLED_BEFORE", "D8": "NO_EXPENSES", "D9": "PARTS_ABOVE_TOTAL", "D10": "INVOICE_HALF", "D11": "TOTAL_NOTHING",
    }
    assert verdicts(of) == {
        **{number: (Verdict.REFUSED, [code]) for number, code in refused.items()},
        "D2": (Verdict.DOUBTFUL, ["RECORD_OTHER_NAME"]), "D12": (Verdict.NEW, ["PARTS_BELOW_TOTAL"]),
    }
    assert RecordRow.objects.get(settlement_number="D1").enrollment is None
    assert found(of) == {"D12": D("0.00")}


def test_a_sibling_office_finds_nobody_of_another_office(world: Bureau) -> None:
    sibling = world.market.world.sibling
    clerk = make_user("zijin.clerk", organization=sibling, role="clerk")
    mine = upload_records(
        [("r.csv", file_of(world, [line(world, 0, "E1")]))], program=world.market.program, organization=sibling, reference="Z1",
        by=clerk, at=timezone.now(),
    )
    drain()
    assert verdicts(mine) == {"E1": (Verdict.REFUSED, ["NOBODY_COVERED"])}


def test_a_stay_that_overlaps_another_of_the_file_is_held_and_counts_for_nothing(world: Bureau) -> None:
    of = checked(world, [
        line(world, 0, "F1", **{"of:self_pay": "30000.00"}), line(world, 0, "F2", admitted_on=day(world, -2)),
        line(world, 0, "F3", setting="门诊", admitted_on=""), line(world, 1, "F4"),
    ])
    below = ["PARTS_BELOW_TOTAL"]
    assert verdicts(of) == {
        "F1": (Verdict.NEW, below), "F2": (Verdict.DOUBTFUL, [*below, "STAY_TWICE"]), "F3": (Verdict.NEW, below),
        "F4": (Verdict.NEW, below),
    }
    assert found(of) == {"F1": D("7800.00"), "F3": D("650.00"), "F4": D("0.00")}
    assert (of.money["held"], of.verdict_count(Verdict.DOUBTFUL)) == ([1, "600000.00"], 1)
    assert RecordRow.objects.get(settlement_number="F2").findings[-1]["extra"] == "2"


def test_what_an_insurer_has_paid_for_is_claimed_already_and_has_used_its_cover(world: Bureau) -> None:
    assert "results_result" in settled_elsewhere(cover="1", invoice="''", hospital="''", first="now()", last="now()")
    paid = Payouts(world.market, world.covers)
    payouts_recorded(paid, [
        payout_line(paid, 0, "PA1", event_on=day(world, -2), **{"of:self_pay": "18000.00", "hospital": "示例市人民医院"}),
    ])
    of = checked(world, [
        line(world, 0, "G1"), line(world, 0, "G2", hospital="乙医院", **{"of:self_pay": "10000.00"}), line(world, 1, "G3"),
    ])
    below = ["PARTS_BELOW_TOTAL"]
    assert verdicts(of) == {
        "G1": (Verdict.COVERED, ["PAID_BY_INSURER"]), "G2": (Verdict.NEW, below), "G3": (Verdict.NEW, below),
    }
    assert found(of) == {"G2": D("6500.00"), "G3": D("0.00")}


def test_the_database_refuses_a_second_proposal_of_one_settlement(world: Bureau) -> None:
    proposed(world, [line(world, 0, "H1", **WORKED)])
    one = Proposal.objects.get()
    one.pk, one.row_id = None, one.row_id + 1_000_000
    with pytest.raises(IntegrityError, match="proposal_of_a_settlement_once"), transaction.atomic():
        one.save(force_insert=True)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Proposal.objects.all().delete()


def test_what_was_claimed_or_taken_in_since_the_review_is_set_aside(world: Bureau) -> None:
    first = checked(world, [line(world, 0, "I1", **WORKED), line(world, 1, "I2", **WORKED)])
    second = checked(world, [
        line(world, 0, "I3", hospital="乙医院", **WORKED), line(world, 1, "I2", **WORKED), line(world, 2, "I4"),
    ], reference="J2")
    approved(world, first)
    second = approved(world, second)
    assert dict(RecordRow.objects.filter(record_list=second).values_list("settlement_number", "set_aside")) == {
        "I3": "CHANGED_SINCE_REVIEW", "I2": "CHANGED_SINCE_REVIEW", "I4": "",
    }
    assert set(Proposal.objects.values_list("settlement_number", flat=True)) == {"I1", "I2", "I4"}


def test_a_file_is_refused_without_a_number_or_without_terms_and_taken_once(world: Bureau) -> None:
    checked(world, [line(world, 0, "K1")])
    for reference, code in (("", "REFERENCE"), ("441602196203151219", "REFERENCE"), ("J1", "REFERENCE_TAKEN")):
        with pytest.raises(RecordsRefused) as refused:
            checked(world, [line(world, 0, "K2")], reference=reference)
        assert refused.value.code == code
    assert RecordList.objects.count() == 1


def test_slices_decide_as_one_does(world: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line(
        world, who, f"L{who}{turn}", hospital=f"第{turn}医院", **{"of:self_pay": "15000.00"}
    ) for who in range(4) for turn in range(3)]
    whole = checked(world, lines)
    expected = found(whole)
    assert sorted(set(expected.values())) == [D("0.00"), D("7800.00"), D("9750.00")]
    monkeypatch.setattr("records.deciding.ROWS_PER_SLICE", 5)
    # The same content is taken in once: a column of no meaning makes it another.
    parts = checked(world, [{**each, "others": "0.00"} for each in lines], reference="J2")
    assert found(parts) == expected and parts.money["due"] == whole.money["due"]
    assert list(RecordSlice.objects.filter(record_list=parts).order_by("number").values_list("number", "of")) == [
        (0, 3), (1, 3), (2, 3),
    ]


def test_a_cover_with_a_claim_of_its_record_is_kept(world: Bureau) -> None:
    of = proposed(world, [line(world, 0, "M1", **WORKED), line(world, 1, "M2", **WORKED)])
    open_claims([Proposal.objects.get(settlement_number="M1")], by=world.clerk, at=timezone.now())
    undone(world, of)
    assert dict(Proposal.objects.values_list("settlement_number", "state")) == {
        "M1": ProposalState.CLAIMED, "M2": ProposalState.LAPSED,
    }
    assert RecordRow.objects.get(settlement_number="M1").kept == "CLAIMED"
    with connection.cursor() as cursor:
        cursor.execute("SELECT kept_counts FROM records_recordchunk")
        assert "CLAIMED" in str(cursor.fetchone()[0])
