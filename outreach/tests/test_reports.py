"""Delivery reports: each line finds its message, unknown stays unknown, what contradicts is held, who was not reached is told."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.testing import shared
from beneficiaries.testing import World
from intake.errors import IntakeRefused
from outreach import actions, printing
from outreach.errors import OutreachRefused
from outreach.invariants import INVARIANTS
from outreach.models import DeliveryReport, DeliveryReportRow, Sending, SendingLine
from outreach.testing import kept, line_numbers, make_paying, ready, reported
from portal.verify import check, check_all

pytestmark = pytest.mark.django_db
NEW, UNCHANGED, COVERED, DOUBTFUL, REFUSED = 1, 3, 4, 5, 6


def made() -> tuple[World, Sending, str, str]:
    """Written: one message speaks for three people, one for another; two people have no telephone."""
    world = make_paying()
    sending = ready(world)
    numbers = line_numbers(world)
    return world, sending, f"M{sending.pk}-{min(numbers[:3])}", f"M{sending.pk}-{numbers[3]}"


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def verdicts(report: DeliveryReport) -> list[tuple[int, list[str]]]:
    return list(DeliveryReportRow.objects.filter(report=report).order_by("pk").values_list("verdict", "codes"))


def outcomes(sending: Sending) -> list[str]:
    return list(SendingLine.objects.filter(sending=sending).order_by("number").values_list("outcome", flat=True))


def broken() -> list[str]:
    return [each.name for each in INVARIANTS if check(each).rows]


def test_a_result_is_kept_with_everybody_whom_its_message_spoke_for(kept_world: Any) -> None:
    world, sending, shared_one, own_one = kept_world
    report = reported(world, sending, [
        (shared_one.lower(), "UNDELIV", "空号 13800138000"), (own_one, "送达", ""), (own_one, "DELIVRD", ""),
        ("M9999-1", "送达", ""),
        (f"M{sending.pk}-99", "送达", ""), (own_one, "不明", ""),
    ])
    assert (report.state, report.row_count) == ("review", 6)
    assert verdicts(report) == [
        (NEW, []), (NEW, []), (REFUSED, ["DUP_IN_FILE"]), (REFUSED, ["UNKNOWN_MESSAGE"]), (REFUSED, ["UNKNOWN_MESSAGE"]),
        (REFUSED, ["CHOICE_UNKNOWN"]),
    ]
    assert report.money == {"failed": 1, "delivered": 1}
    report = kept(world, report)
    sending.refresh_from_db()
    assert (report.state, sending.delivered, sending.failed, sending.results) == ("applied", 1, 3, [["441602", 4, 1, 3]])
    assert sorted(outcomes(sending)) == ["", "", "delivered", "failed", "failed", "failed"]
    assert set(SendingLine.objects.filter(outcome="failed").values_list("failure", flat=True)) == {"空号 …"}
    assert printing.villages_of(sending) == [("441602", printing.villages_of(sending)[0][1], 5)]
    pages = "".join(actions.print_villages(sending, by=world.clerk, at=timezone.now()))
    assert pages.count('<td class="tick">') == 5 and "138" not in pages
    assert [result.name for result in check_all() if result.rows] == []


def test_unknown_stays_unknown_until_a_later_report_says_it_and_what_contradicts_is_held(kept_world: Any) -> None:
    world, sending, shared_one, own_one = kept_world
    first = reported(world, sending, [(shared_one, "", ""), (own_one, "发送中", "")])
    assert verdicts(first) == [(UNCHANGED, ["RESULT_UNKNOWN"]), (UNCHANGED, ["RESULT_UNKNOWN"])]
    with pytest.raises(IntakeRefused) as nothing:
        actions.REPORTS.submit(first, by=world.clerk, at=timezone.now())
    assert nothing.value.code == "NOTHING_TO_APPLY" and outcomes(sending) == [""] * 6
    both = reported(world, sending, [(shared_one, "送达", ""), (shared_one, "失败", "停机"), (own_one, "送达", "")], name="二.csv")
    assert verdicts(both) == [(DOUBTFUL, ["RESULT_CONFLICT"]), (DOUBTFUL, ["RESULT_CONFLICT"]), (NEW, [])]
    assert kept(world, both).state == "applied"
    assert sorted(outcomes(sending)) == [""] * 5 + ["delivered"]
    last = reported(world, sending, [(shared_one, "失败", "停机"), (own_one, "失败", "停机")], name="三.csv")
    assert verdicts(last) == [(NEW, []), (DOUBTFUL, ["REPORTED_OTHERWISE"])]
    again = reported(world, sending, [(own_one, "送达", ""), (shared_one, "送达", "")], name="四.csv")
    assert verdicts(again) == [(COVERED, ["REPORTED"]), (NEW, [])]
    kept(world, last)
    late = kept(world, again)
    assert list(late.rows.order_by("pk").values_list("set_aside", flat=True)) == ["", "CHANGED_SINCE_REVIEW"]
    assert sorted(outcomes(sending)) == ["", "", "delivered", "failed", "failed", "failed"]
    assert broken() == []


def test_another_count_refuses_the_whole_and_the_same_file_comes_in_once(kept_world: Any) -> None:
    world, sending, shared_one, own_one = kept_world
    rows = [(shared_one, "送达", ""), (own_one, "送达", "")]
    short = reported(world, sending, rows, lines=3)
    assert (short.state, short.file_findings[0][1:3], short.rows.count()) == ("failed", ["REPORT_COUNT", "2 ≠ 3"], 0)
    reported(world, sending, rows)
    with pytest.raises(IntakeRefused) as twice:
        reported(world, sending, rows)
    assert twice.value.code == "ALREADY_IMPORTED"
    for code, work in (
        ("REPORT_LINES", lambda: reported(world, sending, rows, lines=0)),
        ("OUT_OF_SCOPE", lambda: actions.upload_report(
            [], sending=sending, control_lines=1, by=world.finance_maker, at=timezone.now()
        )),
    ):
        with pytest.raises(OutreachRefused) as refused:
            work()
        assert refused.value.code == code
    Sending.objects.filter(pk=sending.pk).update(state="withdrawn", reason="x")
    sending.refresh_from_db()
    with pytest.raises(OutreachRefused) as gone:
        reported(world, sending, rows)
    assert gone.value.code == "NOT_READY"


def test_the_pages_show_what_became_of_it_by_county_on_the_persons_page_and_as_work_to_do(kept_world: Any) -> None:
    world, sending, shared_one, own_one = kept_world
    clerk, reviewer = Client(), Client()
    for browser, user in ((clerk, world.clerk), (reviewer, world.reviewer)):
        browser.force_login(user, backend="accounts.backends.RoleBackend")
    page = reverse("admin:outreach_sending_change", args=[sending.pk])
    assert "上传送达回执" in clerk.get(page).content.decode() and "上传送达回执" not in reviewer.get(page).content.decode()
    report = reported(world, sending, [(shared_one, "失败", "停机"), (own_one, "未知", "")])
    shown = clerk.get(reverse("admin:outreach_deliveryreport_change", args=[report.pk])).content.decode()
    for words in (shared_one, "停机", "短信平台也不知道结果"):
        assert words in shown, words
    kept(world, report)
    shown = clerk.get(page).content.decode()
    assert "短信送达情况" in shown and "源城区" in shown and reverse("admin:outreach_sending_print", args=[sending.pk]) in shown
    waits = reverse("admin:outreach_sending_changelist") + "?"
    assert "未送达的短信" in clerk.get(reverse("admin:index")).content.decode()
    line = SendingLine.objects.filter(sending=sending, outcome="failed").earliest("pk")
    person = clerk.get(reverse("admin:beneficiaries_person_change", args=[line.enrollment.person_id])).content.decode()
    assert "未送达 (停机)" in person
    b"".join(piece.encode() for piece in actions.print_villages(sending, by=world.clerk, at=timezone.now()))
    cards = clerk.get(reverse("admin:index")).context["queues"]
    assert "outreach.not_reached" not in {card.queue.key for card in cards} and waits


def unguarded(statement: str) -> None:
    with connection.cursor() as cursor, pgtrigger.ignore():
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("report_approved_by_another", "UPDATE outreach_deliveryreport SET decided_by_id = submitted_by_id"),
        ("outcome_is_what_a_report_said", "UPDATE outreach_sendingline SET failure = '空号' WHERE outcome = 'failed'"),
        ("outcome_is_what_a_report_said", "UPDATE outreach_sendingline SET report_row_id = 987654321 WHERE outcome <> ''"),
        ("report_counts_its_lines", "UPDATE outreach_deliveryreport SET control_lines = 9"),
        ("sending_counts_its_results", "UPDATE outreach_sending SET failed = 0"),
        ("sending_counts_its_results", "UPDATE outreach_sending SET results = '[]'"),
        ("every_report_step_has_its_event", "DELETE FROM audit_event WHERE verb = 'delivery_report.approved'"),
        ("every_report_step_has_its_event", "DELETE FROM audit_event WHERE verb = 'delivery_report.received'"),
        ("no_raw_numbers_in_messages", "UPDATE outreach_sendingline SET failure = '441602196203151219' WHERE outcome = 'failed'"),
    ],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, statement: str) -> None:
    world, sending, shared_one, own_one = kept_world
    kept(world, reported(world, sending, [(shared_one, "失败", "停机"), (own_one, "送达", "")]))
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE outreach_deliveryreport DROP CONSTRAINT deliveryreport_approved_by_another")
    unguarded(statement)
    assert name in broken()
