"""Held records decided by a person: proposed as they are or under another cover, left out, taken back; what was due follows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.held import Choice
from jobs.testing import drain
from portal.verify import rows_of
from records.actions import DESK, decide_lines
from records.errors import RecordsRefused
from records.invariants import INVARIANTS
from records.models import Calculation, LineDecision, Proposal, RecordDecision, RecordList, RecordRow
from records.testing import Bureau, bureau, checked, line
from records.tests.test_records import WORKED, found, verdicts

D = Decimal
pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(bureau)
REASON = "与医保局电话核对"


@pytest.fixture
def world(kept_world: Bureau) -> Bureau:
    return kept_world


def named(of: RecordList, *settlements: str) -> Choice:
    rows = RecordRow.objects.filter(record_list=of, settlement_number__in=settlements)
    return Choice(rows=tuple(rows.order_by("pk").values_list("pk", flat=True)))


def decide(world: Bureau, of: RecordList, choice: Choice, kind: LineDecision, **given: Any) -> Any:
    return decide_lines(of, **{
        "choice": choice, "kind": kind, "reason": REASON, "by": world.clerk, "at": timezone.now(), **given,
    })


def refused(code: str, world: Bureau, of: RecordList, choice: Choice, kind: LineDecision, **given: Any) -> None:
    before = RecordDecision.objects.count()
    with pytest.raises((RecordsRefused, IntakeRefused)) as caught:
        decide(world, of, choice, kind, **given)
    assert (caught.value.code, RecordDecision.objects.count()) == (code, before)


def again(of: RecordList) -> RecordList:
    return RecordList.objects.get(pk=of.pk)


def two_stays(world: Bureau) -> RecordList:
    """Two settlements of one stay: the second is held."""
    return checked(world, [
        line(world, 0, "S1", **{"of:self_pay": "20000.00"}), line(world, 0, "S2", **{"of:self_pay": "30000.00"}),
    ])


def test_a_doubled_stay_is_proposed_by_decision_and_uses_up_what_the_first_left(world: Bureau) -> None:
    of = two_stays(world)
    assert verdicts(of)["S2"][0] == Verdict.DOUBTFUL
    assert found(of) == {"S1": D("1300.00")}
    decided = decide(world, of, named(of, "S2"), LineDecision.ACCEPT)
    assert (decided.decision.rows, decided.left) == (1, 0)
    assert verdicts(of)["S2"] == (Verdict.NEW, ["PARTS_BELOW_TOTAL", "STAY_TWICE", "DECIDED_ACCEPTED"])
    assert found(of) == {"S1": D("1300.00"), "S2": D("19500.00")}
    assert again(of).money["due"] == [2, "20800.00"] and again(of).money["held"] == [0, "0.00"]
    told = Event.objects.get(verb="record_list.decided")
    assert (told.data["rows"], told.data["kind"], told.data["reason"]) == (1, "accept", REASON)
    submitted = DESK.submit(again(of), by=world.clerk, at=timezone.now())
    DESK.approve(submitted, digest=submitted.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert dict(Proposal.objects.values_list("settlement_number", "due")) == {"S1": D("1300.00"), "S2": D("19500.00")}
    assert [each.name for each in INVARIANTS if rows_of(each)] == []


def test_whoever_decided_does_not_approve(world: Bureau) -> None:
    of = two_stays(world)
    RecordDecision.objects.create(
        record_list=of, kind="refuse", reason=REASON, rows=1, decided_by=world.reviewer, decided_at=timezone.now()
    )
    submitted = DESK.submit(of, by=world.clerk, at=timezone.now())
    with pytest.raises(RecordsRefused) as caught:
        DESK.approve(submitted, digest=submitted.digest, by=world.reviewer, at=timezone.now())
    assert caught.value.code == "OWN_DECISIONS"


def test_a_record_is_left_out_and_taken_up_again(world: Bureau) -> None:
    of = two_stays(world)
    digest = of.digest
    decide(world, of, Choice(code="STAY_TWICE"), LineDecision.REFUSE)
    assert verdicts(of)["S2"][0] == Verdict.REFUSED
    assert again(of).digest != digest
    refused("NOTHING_TO_DECIDE", world, of, named(of, "S2"), LineDecision.REFUSE)
    refused("NOTHING_TO_DECIDE", world, of, named(of, "S1"), LineDecision.ACCEPT)
    decide(world, of, named(of, "S2"), LineDecision.REOPEN)
    assert (verdicts(of)["S2"], found(of)) == ((Verdict.DOUBTFUL, ["PARTS_BELOW_TOTAL", "STAY_TWICE"]), {"S1": D("1300.00")})
    refused("REASON", world, of, named(of, "S2"), LineDecision.ACCEPT, reason="好")
    refused("OUT_OF_SCOPE", world, of, named(of, "S2"), LineDecision.ACCEPT, by=world.reviewer)


def test_a_record_of_another_name_goes_under_the_cover_that_a_person_chooses_and_back(world: Bureau) -> None:
    of = checked(world, [line(world, 0, "N1", name="王无名", **WORKED), line(world, 1, "N2", **{"of:self_pay": "20000.00"})])
    matched, other = world.covers[0], world.covers[1]
    assert verdicts(of)["N1"][0] == Verdict.DOUBTFUL
    number, age = other.number, RecordRow.objects.get(settlement_number="N1").age
    refused("ONE_RECORD", world, of, Choice(code="RECORD_OTHER_NAME"), LineDecision.COVER, cover=number)
    refused("COVER_UNKNOWN", world, of, named(of, "N1"), LineDecision.COVER, cover=f"{number}1")
    refused("COVER_SAME", world, of, named(of, "N1"), LineDecision.COVER, cover=matched.number)
    decide(world, of, named(of, "N1"), LineDecision.COVER, cover=number)
    row = RecordRow.objects.get(settlement_number="N1")
    assert (row.enrollment_id, row.plan_id, Verdict(row.verdict)) == (other.pk, other.plan_id, Verdict.NEW)
    assert set(found(of)) == {"N1", "N2"}
    mark = row.findings[-1]
    assert (mark["code"], mark["before"]) == ("DECIDED_COVER", [matched.pk, matched.plan_id, age])
    assert RecordDecision.objects.get().chosen == {"rows": 1, "cover": other.pk}
    decide(world, of, named(of, "N1"), LineDecision.REOPEN)
    row.refresh_from_db()
    assert row.age == age
    assert (row.enrollment_id, Verdict(row.verdict), row.codes[-1]) == (matched.pk, Verdict.DOUBTFUL, "RECORD_OTHER_NAME")
    decide(world, of, named(of, "N1"), LineDecision.ACCEPT)
    assert Calculation.objects.get(row_id=row.pk).due == D("364700.00")


def test_a_cover_of_another_time_or_a_record_that_is_claimed_is_refused(world: Bureau) -> None:
    of = checked(world, [line(world, 0, "N1", name="王无名", **WORKED)])
    other = world.covers[1]
    number = other.number
    Enrollment.objects.filter(pk=other.pk).update(ends_at=other.starts_at + timedelta(days=1))
    refused("COVER_NOT_THEN", world, of, named(of, "N1"), LineDecision.COVER, cover=number)
    Enrollment.objects.filter(pk=world.covers[0].pk).update(state="voided")
    refused("NOTHING_TO_DECIDE", world, of, named(of, "N1"), LineDecision.ACCEPT)


def test_the_page_decides_one_record_and_shows_what_was_decided(world: Bureau, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    of = two_stays(world)
    client = Client()
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    list_page = reverse("admin:records_recordlist_change", args=[of.pk])
    address = reverse("admin:records_recordlist_decide", args=[of.pk])
    only = f"{address}?only={named(of, 'S2').rows[0]}"
    assert only in client.get(list_page).content.decode()
    shown = client.get(only).content.decode()
    assert "S2" in shown and world.covers[0].number in shown
    assert world.covers[0].person.name.reveal() not in shown
    missing = client.post(only, {"kind": "cover", "reason": REASON, "cover": ""})
    assert missing.status_code == 200 and RecordDecision.objects.count() == 0
    assert client.post(only, {"kind": "cover", "reason": REASON, "cover": "X"}).status_code == 409
    assert client.post(only, {"kind": "refuse", "reason": REASON}).status_code == 302
    assert REASON in client.get(list_page).content.decode()
    # Many at once are not put under one cover.
    assert "cover" not in client.get(address).context["form"].fields
    reviewer = Client()
    reviewer.force_login(world.reviewer, backend="accounts.backends.RoleBackend")
    assert reviewer.get(address).status_code == 403
