"""Files of claims: lines found, judged by the rules of cases, approved by another, opened whole by number, undone together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from beneficiaries.tests.purchasing import paid_market
from claims import actions as claims
from claims.models import Bill, Case, Claim
from claims.testing import ACCOUNT_NUMBER
from filings import actions
from filings.actions import DESK
from filings.errors import FilingsRefused
from filings.models import ClaimFile, ClaimFileRow, FiledCase, FilingDecision, LineDecision
from filings.testing import Filings, approved, checked, filings, line, opened, undone
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.held import Choice
from portal.verify import check_all

D = Decimal
pytestmark = pytest.mark.django_db


def _refused(code: str, act: Callable[..., Any], *args: Any, **given: Any) -> None:
    with pytest.raises((FilingsRefused, IntakeRefused)) as refused:
        act(*args, **given)
    assert refused.value.code == code


def _found(subject: ClaimFile) -> list[tuple[str, list[str]]]:
    return [
        (Verdict(row.verdict).name, sorted(row.codes)) for row in ClaimFileRow.objects.filter(claim_file=subject).order_by("pk")
    ]


def test_lines_of_one_number_become_one_case_with_a_bill_each_accepted_and_filed() -> None:
    world = filings()
    name = world.covers[0].person.name.reveal()
    subject = opened(world, [
        line(
            world, 0, "BA1", payee_name=name, payee_account=ACCOUNT_NUMBER, bank_name="中国农业银行", bank_code="103598000011",
            payee="本人", reporter_name="李村长", reporter_phone="13800001234", **{
                "total": "70000.00", "of:self_pay": "10000.00", "fund": "8000.00", "others": "0.00", "account_paid": "0.00",
                "cash": "62000.00",
            },
        ),
        line(world, 0, "BA1", invoice_number="0000000009", total="500.00", setting="门诊", admitted_on="", discharged_on="",
             issued_on=f"{world.today - timedelta(days=1)}", **{"of:out_of_catalogue": "500.00"}),
        line(world, 1, "BA2", diagnosis="肺部感染"),
    ])
    assert (subject.state, subject.money["claims"], subject.money["amount"]) == ("applied", 2, "130500.00")
    first, second = Case.objects.order_by("pk")
    claim = Claim.objects.get(case=first)
    assert (claim.state, claim.enrollment_id, claim.clock_begun_on) == ("registered", world.covers[0].pk, timezone.localdate())
    assert (claim.payee, str(claim.payee_account)[-4:], claim.bank_code) == ("self", "0007", "103598000011")
    assert (first.channel, first.reporter, first.diagnosis, first.recorded_by) == ("file", "agent", "C34.9", world.clerk)
    assert [(bill.setting, bill.total, bill.findings) for bill in first.bills.order_by("pk")] == [
        ("inpatient", D("70000.00"), []), ("outpatient", D("500.00"), []),
    ]
    assert [(each.kind, each.amount) for each in first.bills.earliest("pk").lines.order_by("position")] == [
        ("self_pay", D("10000.00")), ("out_of_catalogue", D("60000.00")),
    ]
    assert second.account is not None
    assert (second.diagnosis, second.account.reveal()) == ("", "肺部感染")
    filed = FiledCase.objects.get(number="BA1")
    assert (filed.case, len(filed.rows), filed.sender, filed.program) == (first, 2, world.market.world.office, world.market.program)
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


def test_what_is_wrong_with_a_line_is_told_and_its_claim_waits_whole() -> None:
    world = filings()
    tomorrow = timezone.localdate() + timedelta(days=1)
    name = world.covers[1].person.name.reveal()
    subject = checked(world, [
        line(world, 0, "A1", document="441602196203151219"), line(world, 0, "A2", event_on=f"{world.today - timedelta(days=300)}"),
        line(world, 0, "A3", event_on=str(tomorrow), invoice_number="0000000003"),
        line(world, 0, "A4", name="赵六", invoice_number="0000000004"),
        line(world, 0, "A5", total="60000.01", invoice_number="0000000005", diagnosis="C50.9"),
        line(world, 0, "A6", **{"of:out_of_catalogue": ""}), line(world, 0, "A7", invoice_code=""),
        line(world, 0, "A8", document=""),
        line(world, 1, "B1", invoice_number="0000000011"),
        line(world, 1, "B1", invoice_number="0000000012", event_on=f"{world.today - timedelta(days=4)}"),
        line(world, 2, "C1"), line(world, 2, "C1", invoice_number="0000000022", hospital=""),
        line(world, 3, "D1"), line(world, 3, "D1"),
        line(world, 1, "E1", diagnosis="I10", invoice_number="0000000032", payee_name="李四", payee_account=ACCOUNT_NUMBER),
        line(world, 1, "E2", diagnosis="I11", invoice_number="0000000031", payee_name=name, payee_account="12345678",
             bank_code="1", event_time="25点"),
    ])
    assert _found(subject) == [
        ("REFUSED", ["FILED_NOBODY"]), ("REFUSED", ["FILED_NO_COVER"]),
        ("REFUSED", ["FILED_STAY", "HAPPENS_LATER"]),
        ("DOUBTFUL", ["IDENTITY_CONFLICT"]), ("DOUBTFUL", ["B_LINES_DIFFER"]),
        ("REFUSED", ["BILL_LINES"]), ("REFUSED", ["BILL_NUMBER"]), ("REFUSED", ["FILED_OF_WHOM"]),
        ("REFUSED", ["FILED_DISAGREE"]), ("REFUSED", ["FILED_DISAGREE"]),
        ("DOUBTFUL", ["FILED_INCOMPLETE"]), ("REFUSED", ["FILED_HOSPITAL"]),
        ("DOUBTFUL", ["FILED_INCOMPLETE"]), ("REFUSED", ["DUP_IN_FILE"]),
        ("NEW", ["PAYEE_NAME"]), ("REFUSED", ["FILED_TIME"]),
    ]


def test_an_invoice_that_counts_elsewhere_is_held_and_when_taken_waits_in_its_case() -> None:
    world = filings()
    opened(world, [line(world, 0, "A1")])
    code = Bill.objects.get().invoice_code
    subject = checked(world, [line(world, 1, "B1", invoice_code=code, invoice_number="0000000000")], name="F2")
    assert _found(subject) == [("DOUBTFUL", ["FILED_ELSEWHERE"])]
    _refused("NOTHING_TO_APPLY", DESK.submit, subject, by=world.clerk, at=timezone.now())
    decided = actions.decide_lines(
        subject, choice=Choice(code="FILED_ELSEWHERE"), kind=LineDecision.ACCEPT, reason="已电话核实", by=world.clerk,
        at=timezone.now(),
    )
    assert (decided.decision.rows, decided.left) == (1, 0)
    subject = approved(world, ClaimFile.objects.get(pk=subject.pk))
    assert (subject.state, sorted(Bill.objects.values_list("standing", flat=True))) == ("applied", ["doubled", "stands"])


def test_whoever_decided_about_lines_does_not_approve_the_file() -> None:
    world = filings()
    subject = checked(world, [line(world, 0, "A1"), line(world, 1, "B1", total="60000.01")])
    FilingDecision.objects.create(
        claim_file=subject, kind="accept", reason="已核实", rows=1, decided_by=world.reviewer, decided_at=timezone.now()
    )
    subject = DESK.submit(subject, by=world.clerk, at=timezone.now())
    _refused("OWN_DECISIONS", DESK.approve, subject, digest=subject.digest, by=world.reviewer, at=timezone.now())


def test_a_number_of_the_sender_stands_once_in_a_program_and_is_free_after_an_undo() -> None:
    world = filings()
    first = opened(world, [line(world, 0, "A1")])
    again = checked(world, [line(world, 1, "A1"), line(world, 0, "A2", invoice_number="0000000077")], name="F2")
    assert _found(again) == [("REFUSED", ["FILED_ALREADY"]), ("REFUSED", ["FILED_EVENT"])]
    first = undone(world, first)
    assert first.state == "undone"
    claim = Claim.objects.get()
    assert (claim.state, claim.due_on, claim.steps.latest("pk").reason) == ("withdrawn", None, f"#{first.pk} 文件重复报送")
    assert (Bill.objects.get().standing, FiledCase.objects.get().undone_at is not None) == ("removed", True)
    third = opened(world, [line(world, 0, "A1")], name="F3")
    assert (third.state, FiledCase.objects.filter(number="A1", undone_at=None).count()) == ("applied", 1)
    assert list(Bill.objects.order_by("pk").values_list("standing", flat=True)) == ["removed", "stands"]
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


def test_a_case_with_a_calculated_claim_stays_when_its_file_is_undone() -> None:
    world = filings()
    subject = opened(world, [line(world, 0, "A1"), line(world, 1, "B1")])
    claim = claims.take_claim(Claim.objects.earliest("pk"), by=world.clerk, at=timezone.now())
    name = claim.enrollment.person.name.reveal()
    claim = claims.state_payee(claim, claims.Account("self", name, ACCOUNT_NUMBER), by=world.clerk, at=timezone.now())
    claims.propose_decision(claim, by=world.clerk, at=timezone.now())
    subject = undone(world, subject)
    assert sorted(Claim.objects.values_list("state", flat=True)) == ["assessed", "withdrawn"]
    assert list(ClaimFileRow.objects.order_by("pk").values_list("kept", flat=True)) == ["CLAIM_DECIDED", ""]
    assert [filed.undone_at is None for filed in FiledCase.objects.order_by("number")] == [True, False]


def test_an_event_that_was_reported_since_the_review_is_set_aside_and_the_rest_is_opened() -> None:
    world = filings()
    subject = checked(world, [line(world, 0, "A1"), line(world, 1, "B1")])
    event_at = timezone.make_aware(datetime.combine(world.today - timedelta(days=2), time(12)))
    claims.report_case(
        [world.covers[0]], claims.Report(event_at=event_at, diagnosis="C34.9"), by=world.clerk, at=timezone.now()
    )
    subject = approved(world, subject)
    assert list(ClaimFileRow.objects.order_by("pk").values_list("set_aside", flat=True)) == ["SINCE_REPORTED", ""]
    assert [(filed.number, filed.code) for filed in FiledCase.objects.order_by("number")] == [("A1", "SINCE_REPORTED"), ("B1", "")]
    assert Case.objects.count() == 2


def test_a_case_has_a_claim_on_every_cover_of_the_office_over_all_programs() -> None:
    world = filings()
    other = paid_market(code="ZWEI", world=world.market.world, pays="beijing-2025")
    beside = other.enroll(reference="Z1")
    type(beside).objects.filter(pk=beside.pk).update(starts_at=world.market.at - timedelta(days=30))
    opened(world, [line(world, 0, "A1")])
    assert [claim.enrollment_id for claim in Claim.objects.order_by("position")] == [world.covers[0].pk, beside.pk]


def test_only_insurers_of_the_program_and_offices_within_reach_send_claims() -> None:
    world = filings()
    insurer = world.market.program.insurer
    assert insurer is not None
    assert checked(world, [line(world, 0, "A1")], sender=insurer).sender == insurer
    foundation = world.market.world.foundation_org
    _refused("SENDER", checked, world, [line(world, 1, "B1")], name="F2", sender=foundation)
    with pytest.raises(FilingsRefused) as refused:
        actions.upload_claim_file(
            [], program=world.market.program, organization=world.market.world.city, by=world.reviewer, at=timezone.now()
        )
    assert refused.value.code == "OUT_OF_SCOPE"


def test_lines_of_one_number_in_two_chunks_are_one_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.staging.ROWS_PER_CHUNK", 2)
    world: Filings = filings()
    subject = opened(world, [
        line(world, 0, "A1"), line(world, 1, "B1"), line(world, 0, "A1", invoice_number="0000000010"),
        line(world, 2, "C1"), line(world, 0, "A1", invoice_number="0000000011"),
    ])
    assert [(chunk.applied_rows, chunk.set_aside_rows) for chunk in subject.chunks.order_by("number")] == [(2, 0), (2, 0), (1, 0)]
    assert sorted(case.bills.count() for case in Case.objects.all()) == [1, 1, 3]
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
    subject = undone(world, subject)
    assert set(Claim.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert [chunk.undone_rows for chunk in subject.chunks.order_by("number")] == [2, 2, 1]
