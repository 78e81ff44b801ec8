"""Reports of payouts: read, matched, recalculated, approved by another, recorded once, undone by two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.keepers import keepers
from continuity import claims
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.held import Choice
from intake.models import State
from jobs.testing import drain
from results import paid
from results.actions import DESK, confirm_totals, decide_lines, upload_report
from results.errors import ResultsRefused
from results.models import Comparison, LineDecision, Recalculation, Report, ReportRow, Result
from results.registration import KEEPER
from results.testing import Payouts, approved, checked, day, file_of, line, payouts, recorded, undone

D = Decimal
pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(payouts)


@pytest.fixture
def world(kept_world: Payouts) -> Payouts:
    return kept_world


#: 潍坊's worked case: 133,300 + 28,200 + 203,200.
WORKED = {
    "of:self_pay": "200000.00", "of:out_of_catalogue": "67000.00", "of:special_drug": "264000.00",
    "paid:in_catalogue": "133300.00", "paid:out_of_catalogue_drugs": "28200.00", "paid:special_drugs": "203200.00",
    "paid": "364700.00",
}


def found(report: Report) -> dict[str, tuple[str, str, Decimal | None, Decimal | None]]:
    """Claim number -> comparison, why not, due, difference."""
    claims = dict(ReportRow.objects.filter(report=report).values_list("pk", "claim_number"))
    rows = Recalculation.objects.filter(report=report)
    return {str(claims[each.row_id]): (each.comparison, each.why, each.due, each.difference) for each in rows}


def verdicts(report: Report) -> dict[str, tuple[int, list[str]]]:
    rows = ReportRow.objects.filter(report=report).order_by("pk")
    return {str(row.claim_number): (Verdict(row.verdict), row.codes) for row in rows}


def test_each_line_is_found_equal_different_or_not_computable(world: Payouts) -> None:
    report = checked(world, [
        line(world, 0, "A1", **WORKED),
        line(world, 1, "A2", **{**WORKED, "paid:in_catalogue": "133000.00", "paid": "364400.00"}),
        line(world, 2, "A3", paid="500.00"),
        line(world, 3, "A4", **{"of:self_pay": "17000.00"}),
    ])
    assert report.state == State.REVIEW
    assert verdicts(report) == {claim: (Verdict.NEW, []) for claim in ("A1", "A2", "A3", "A4")}
    assert found(report) == {
        "A1": ("equal", "", D("364700.00"), D("0.00")), "A2": ("different", "", D("364700.00"), D("-300.00")),
        "A3": ("unknown", "no_figures", None, None), "A4": ("equal", "", D("0.00"), D("0.00")),
    }
    assert report.money == {
        "lines": 4, "sum": "729600.00", "rows": 4, "amount": "729600.00", "held_rows": 0, "held": "0.00", "refused_rows": 0,
        "refused": "0.00",
        "comparison": {
            "different": [1, "364400.00", "364700.00", "0.00", "300.00"], "equal": [2, "364700.00", "364700.00", "0.00", "0.00"],
            "unknown": [1, "500.00", "0.00", "0.00", "0.00"],
        },
        "why": {"no_figures": 1},
        "parts": {
            "in_catalogue": [2, "266300.00", "266600.00"], "out_of_catalogue_drugs": [2, "56400.00", "56400.00"],
            "special_drugs": [2, "406400.00", "406400.00"],
        },
        "beyond": [0, "0.00"],
    }


def test_deductibles_go_on_from_line_to_line_in_the_order_of_payment_and_from_report_to_report(world: Payouts) -> None:
    # The deductible of 20,000 is used up by the bill that was paid first, wherever it stands in the file.
    report = checked(world, [
        line(world, 0, "B2", bill_number="2", **{"of:out_of_catalogue": "10000.00", "paid": "6000.00"}),
        line(
            world, 0, "B1", bill_number="1", event_on=day(world, -1), paid_on=day(world, -1),
            **{"of:out_of_catalogue": "30000.00", "paid": "6000.00"},
        ),
        line(world, 1, "B3", **{"of:out_of_catalogue": "15000.00"}),
    ])
    assert {claim: due for claim, (_word, _why, due, _difference) in found(report).items()} == {
        "B1": D("6000.00"), "B2": D("6000.00"), "B3": D("0.00"),
    }
    approved(world, report)
    further = line(world, 1, "B4", bill_number="B4", **{"of:out_of_catalogue": "6000.00", "paid": "600.00"})
    later = checked(world, [further], reference="R2")
    assert found(later) == {"B4": ("equal", "", D("600.00"), D("0.00"))}


def test_an_approved_report_becomes_results_once_and_an_undo_by_two_marks_them(world: Payouts) -> None:
    report = recorded(world, [line(world, 0, "C1", **WORKED), line(world, 1, "C2", paid="10.00", last_four="6228480000000007")])
    assert report.state == State.APPLIED
    results = {each.claim_number: each for each in Result.objects.all()}
    assert set(results) == {"C1", "C2"}
    first = results["C1"]
    assert (first.enrollment, first.paid, first.due, first.comparison) == (
        world.covers[0], D("364700.00"), D("364700.00"), Comparison.EQUAL
    )
    assert first.due_parts == {"in_catalogue": "133300.00", "out_of_catalogue_drugs": "28200.00", "special_drugs": "203200.00"}
    assert (first.region_code, first.organization) == ("441602", world.market.world.office)
    assert str(first.diagnosis) == "***"
    assert results["C2"].last_four == "0007"
    DESK.request_undo(report, reason="文件重复上报", by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        DESK.approve_undo(report, by=world.clerk, at=timezone.now())
    assert refused.value.code == "OWN_UNDO"
    DESK.turn_down_undo(report, reason="不需要撤销", by=world.reviewer, at=timezone.now())
    report = undone(world, Report.objects.get(pk=report.pk))
    assert report.state == State.UNDONE
    assert Result.objects.filter(undone_at=None).count() == 0
    assert Result.objects.count() == 2
    again = checked(world, [line(world, 0, "C1", **WORKED)], reference="R9")
    assert verdicts(again) == {"C1": (Verdict.NEW, [])}


def test_what_names_nobody_another_or_contradicts_itself_is_refused_or_held(world: Payouts) -> None:
    number = world.covers[0].number
    cells = {"hospital": "甲医院"}
    report = checked(world, [
        line(world, 0, "D1", document="", number=number, **cells),
        line(world, 1, "D2", document="", number=number, **cells),
        line(world, 1, "D3", name="张三丰", **cells),
        line(world, 9, "D4", **cells),
        line(world, 1, "D5", document="", **cells),
        line(world, 1, "D6", event_on=day(world, -40), hospital="乙医院"),
        line(world, 1, "D7", paid="100.00", **{"paid:in_catalogue": "90.00"}),
        line(world, 1, "D8", basic_paid="599999.00", others_paid="2.00"),
        line(world, 1, "D9", event_on=day(world, 0), paid_on=day(world, -1)),
        line(world, 2, "D10", paid="2.00", basic_paid="599999.00"),
        line(world, 1, "D11", document="", number="HMB-P1-000000000000"),
        line(world, 3, "D12", paid_on=day(world, 1)),
    ])
    assert verdicts(report) == {
        "D1": (Verdict.NEW, []), "D2": (Verdict.DOUBTFUL, ["IDENTITY_CONFLICT"]), "D3": (Verdict.DOUBTFUL, ["IDENTITY_CONFLICT"]),
        "D4": (Verdict.REFUSED, ["RESULT_NOBODY"]), "D5": (Verdict.REFUSED, ["RESULT_OF_WHOM"]),
        "D6": (Verdict.DOUBTFUL, ["OUTSIDE_COVER"]), "D7": (Verdict.REFUSED, ["PARTS_SUM"]),
        "D8": (Verdict.REFUSED, ["PAYERS_ABOVE_COST"]), "D9": (Verdict.REFUSED, ["PAID_BEFORE_EVENT"]),
        "D10": (Verdict.DOUBTFUL, ["PAID_ABOVE_COST"]), "D11": (Verdict.REFUSED, ["RESULT_NUMBER"]),
        "D12": (Verdict.REFUSED, ["RESULT_IN_FUTURE"]),
    }
    assert ReportRow.objects.get(claim_number="D4").enrollment is None


def test_a_sibling_office_finds_nobody_of_another_office(world: Payouts) -> None:
    sibling = world.market.world.sibling
    clerk = make_user("zijin.clerk", organization=sibling, role="clerk")
    mine = upload_report(
        [("r.csv", file_of(world, [line(world, 0, "E1")]))], program=world.market.program, organization=sibling, reference="S1",
        control_lines=1, control_amount=D("0.00"), by=clerk, at=timezone.now(),
    )
    drain()
    assert verdicts(mine) == {"E1": (Verdict.REFUSED, ["RESULT_NOBODY"])}


def test_a_payout_that_is_recorded_already_or_stands_twice_in_the_file_is_held(world: Payouts) -> None:
    recorded(world, [
        line(world, 0, "F1", paid="10.00", bill_number="0012345678"), line(world, 1, "F2", paid="11.00"),
        line(world, 2, "F3", paid="12.00", bank_result="失败"),
    ])
    report = checked(world, [
        line(world, 0, "F1", paid="9.00", bill_number="00999"),
        line(world, 0, "F4", paid="9.00", bill_number="0012345678"),
        line(world, 1, "F5", paid="11.00"),
        line(world, 2, "F3", paid="12.00"),
        line(world, 3, "F6", paid="5.00", bill_number="77"),
        line(world, 3, "F7", paid="6.00", bill_number="77"),
    ], reference="R2")
    held = (Verdict.DOUBTFUL, ["DOUBLED"])
    assert verdicts(report) == {
        "F1": held, "F4": held, "F5": held, "F3": (Verdict.NEW, []), "F6": (Verdict.NEW, []), "F7": held,
    }
    rows = ReportRow.objects.filter(report=report, verdict=Verdict.DOUBTFUL)
    extras = {row.claim_number: (row.findings or [])[0]["extra"] for row in rows}
    first = Report.objects.order_by("pk").first()
    assert first is not None
    assert extras == {"F1": f"#{first.pk}", "F4": f"#{first.pk}", "F5": f"#{first.pk}", "F7": "6"}
    assert (report.money["held_rows"], report.money["held"]) == (4, "35.00")


def test_the_database_refuses_a_second_result_of_one_claim_that_nobody_decided(world: Payouts) -> None:
    recorded(world, [line(world, 0, "G1", paid="10.00")])
    result = Result.objects.get()
    result.pk, result.row_id = None, result.row_id + 1_000_000
    with pytest.raises(IntegrityError, match="result_of_a_claim_once"), transaction.atomic():
        result.save(force_insert=True)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Result.objects.all().delete()


def test_what_is_beyond_the_limit_of_the_cover_is_held_and_recorded_only_by_decision(world: Payouts) -> None:
    recorded(world, [line(world, 0, "H1", cost="2600000.00", paid="1900000.00")])
    report = checked(world, [
        line(world, 0, "H2", paid="100000.00", bill_number="1"), line(world, 0, "H3", paid="0.01", bill_number="2"),
        line(world, 1, "H4", paid="100000.00"),
    ], reference="R2")
    assert verdicts(report) == {
        "H2": (Verdict.NEW, []), "H3": (Verdict.DOUBTFUL, ["BEYOND_LIMIT"]), "H4": (Verdict.NEW, []),
    }
    row = ReportRow.objects.get(claim_number="H3")
    assert (row.findings or [])[0]["extra"] == "2000000.00, 2000000.01"
    assert report.money["beyond"] == [1, "0.01"]
    before = report.digest
    decided = decide_lines(
        report, choice=Choice(code="BEYOND_LIMIT"), kind=LineDecision.ACCEPT, reason="保司已书面说明", by=world.clerk,
        at=timezone.now(),
    )
    assert (decided.decision.rows, decided.left) == (1, 0)
    report.refresh_from_db()
    assert report.digest != before
    assert report.verdict_count(Verdict.NEW) == 3
    approved(world, report)
    assert Result.objects.get(claim_number="H3").decision == decided.decision
    assert Result.objects.get(claim_number="H2").decision is None


def test_a_line_that_is_left_out_uses_up_no_deductible_and_no_limit(world: Payouts) -> None:
    report = checked(world, [
        line(world, 0, "I1", paid="1990000.00", cost="3000000.00", bill_number="1", **{"of:out_of_catalogue": "25000.00"}),
        line(world, 0, "I2", paid="20000.00", bill_number="2", **{"of:out_of_catalogue": "30000.00"}),
    ])
    assert verdicts(report)["I2"] == (Verdict.DOUBTFUL, ["BEYOND_LIMIT"])
    assert found(report)["I2"][2] == D("18000.00")
    row = ReportRow.objects.get(claim_number="I2")
    named = Choice(rows=(row.pk,))
    decide_lines(report, choice=named, kind=LineDecision.REFUSE, reason="等保司更正", by=world.clerk, at=timezone.now())
    assert verdicts(report)["I2"] == (Verdict.REFUSED, ["BEYOND_LIMIT", "DECIDED_AGAINST"])
    assert "I2" not in found(report)
    decide_lines(report, choice=named, kind=LineDecision.REOPEN, reason="撤回决定了", by=world.clerk, at=timezone.now())
    assert verdicts(report)["I2"] == (Verdict.DOUBTFUL, ["BEYOND_LIMIT"])
    assert found(report)["I2"][2] == D("18000.00")
    report.refresh_from_db()
    assert report.verdict_count(Verdict.DOUBTFUL) == 1


def test_whoever_decided_about_lines_does_not_approve_and_totals_that_differ_wait_for_the_approver(world: Payouts) -> None:
    report = checked(world, [line(world, 0, "J1", paid="10.00")], control_lines=2, control_amount=D("12.00"))
    report = DESK.submit(report, by=world.clerk, at=timezone.now())
    with pytest.raises(ResultsRefused) as refused:
        DESK.approve(report, digest=report.digest, by=world.reviewer, at=timezone.now())
    assert refused.value.code == "TOTALS_DIFFER"
    assert "1 / 10.00" in str(refused.value)
    with pytest.raises(ResultsRefused) as refused:
        confirm_totals(report, digest="x", reason="已与保司核对", by=world.reviewer, at=timezone.now())
    assert refused.value.code == "STALE"
    with pytest.raises(ResultsRefused) as refused:
        confirm_totals(report, digest=report.digest, reason="已与保司核对", by=world.clerk, at=timezone.now())
    assert refused.value.code in ("OUT_OF_SCOPE", "OWN_WORK")
    report = confirm_totals(report, digest=report.digest, reason="已与保司核对", by=world.reviewer, at=timezone.now())
    DESK.approve(report, digest=report.digest, by=world.reviewer, at=timezone.now())
    assert Report.objects.get(pk=report.pk).state == State.APPROVED


def test_a_cover_that_another_report_has_touched_since_is_set_aside(world: Payouts) -> None:
    first = checked(world, [line(world, 0, "K1", paid="10.00"), line(world, 1, "K2", paid="10.00")])
    second = checked(world, [line(world, 0, "K3", paid="20.00", bill_number="9")], reference="R2")
    approved(world, first)
    second = approved(world, second)
    assert second.state == State.APPLIED
    assert ReportRow.objects.get(claim_number="K3").set_aside == "CHANGED_SINCE_REVIEW"
    assert set(Result.objects.values_list("claim_number", flat=True)) == {"K1", "K2"}


def test_rooms_below_are_told_which_covers_were_paid_and_which_are_kept(world: Payouts) -> None:
    recorded(world, [
        line(world, 0, "L1", paid="10.00"), line(world, 1, "L2", paid="0.00"),
        line(world, 2, "L3", paid="5.00", bank_result="退票"),
    ])
    assert covers_where(paid.condition().format(cover="e.id")) == [world.covers[0].pk]
    assert covers_where(KEEPER.condition) == [world.covers[0].pk, world.covers[1].pk, world.covers[2].pk]
    assert KEEPER in keepers() and "results_result" in claims.paid("e.id")
    undone(world, Report.objects.get())
    assert covers_where(paid.condition().format(cover="e.id")) == covers_where(KEEPER.condition) == []


def covers_where(condition: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT e.id FROM beneficiaries_enrollment e WHERE {condition} ORDER BY 1")
        return [number for (number,) in cursor.fetchall()]
