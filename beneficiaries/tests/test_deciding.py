"""Rows in doubt are decided: one or many, with a reason; counts, money and digest follow, and applying does what was decided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.testing import make_user
from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import Stepper, in_turn
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.deciding import Choice, decide
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, DecisionKind, Enrollment, Person, Roster, RosterDecision, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, csv_of, make_world, people, resident_id
from beneficiaries.tests.outcomes import LOST, Dropped, broken
from intake import staging
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.models import State
from intake.staging import chunk_digest, import_digest
from jobs.testing import drain
from programs.testing import make_budget, make_funder, make_period

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return make_world()


def checked(world: World, rows: list[list[str]], *, period: Any = None, by: User | None = None) -> Roster:
    by = by or world.clerk
    upload_roster(
        [("名册.csv", csv_of(rows))], period=period or world.period, organization=by.organization, by=by, at=timezone.now()
    )
    drain()
    return Roster.objects.latest("pk")


def applied(world: World, roster: Roster) -> Roster:
    roster = submit_roster(roster, by=roster.uploaded_by, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def next_period(world: World) -> Any:
    """Another year of the program, with money."""
    later = make_period(
        world.plan, year=timezone.localdate(world.at).year + 2, by=world.finance_checker, at=world.at,
        enrollment_opens_on=world.period.enrollment_opens_on, enrollment_closes_on=world.period.enrollment_closes_on,
    )
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=later, granted=Decimal("100000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=world.at,
        )
    return later


def judge(roster: Roster, kind: DecisionKind, *, by: User | None = None, **choice: Any) -> Any:
    return decide(
        roster, choice=Choice(**choice), kind=kind, reason="已核对证件原件", by=by or roster.uploaded_by, at=timezone.now()
    )


def verdicts(roster: Roster) -> list[int]:
    return list(RosterRow.objects.filter(roster=roster).order_by("pk").values_list("verdict", flat=True))


def asides(roster: Roster) -> list[str]:
    return list(RosterRow.objects.filter(roster=roster).order_by("pk").values_list("set_aside", flat=True))


def consistent(roster: Roster) -> Roster:
    """The roster, after comparing what it says of its rows with the rows themselves."""
    roster = Roster.objects.get(pk=roster.pk)
    rows = RosterRow.objects.filter(roster=roster)
    told: dict[str, int] = {}
    for verdict in rows.values_list("verdict", flat=True):
        told[str(verdict)] = told.get(str(verdict), 0) + 1
    codes: dict[str, int] = {}
    for row in rows:
        for finding in row.findings or ():
            codes[finding["code"]] = codes.get(finding["code"], 0) + 1
    assert (roster.counts["verdicts"], roster.counts["codes"]) == (told, codes)
    assert roster.counts.keys() == {"verdicts", "codes", "unknown", "headings", "sheets"}
    assert set(codes) == {code for row in rows for code in row.codes}
    for chunk in roster.chunks.all():
        assert chunk.digest == chunk_digest(ROSTER, roster.pk, chunk.number)
    assert roster.digest == import_digest(ROSTER, roster)
    enrolled = rows.filter(verdict__in=(1, 2, 3))
    assert roster.money["rows"] == enrolled.count()
    assert Decimal(roster.money["premium"]) == sum((row.premium for row in enrolled), Decimal("0.00"))
    assert broken() == []
    return roster


def rounded(number: int) -> list[str]:
    """A line whose number ends in 000."""
    for day in range(1, 29):
        document = resident_id("441602", f"1950{number % 12 + 1:02d}{day:02d}", 0)
        if document.endswith("0000"):
            break
    else:
        raise AssertionError(number)
    line = people(1)[0]
    return ["陈圆", line[1], document, "女", f"{document[6:10]}-{document[10:12]}-{document[12:14]}", *line[5:]]


def corrected_id(line: list[str]) -> list[str]:
    """The same person with another sequence in the number."""
    old = line[2]
    document = resident_id(old[:6], old[6:14], int(old[14:17]) + 2)
    return [*line[:2], document, *line[3:]]


# -- What is in doubt ----------------------------------------------------------------------------------------------------


def test_the_same_name_and_birth_date_under_another_document_is_in_doubt_for_the_office_that_knows_them(
    world: World,
) -> None:
    applied(world, checked(world, people(3)))
    roster = checked(world, [corrected_id(people(3)[1]), *people(2, first=50)], period=next_period(world))
    assert verdicts(roster) == [Verdict.DOUBTFUL, Verdict.NEW, Verdict.NEW]
    row = RosterRow.objects.filter(roster=roster).order_by("pk")[0]
    known = Beneficiary.objects.get(person__name_index_a=row.name_index_a, person__birth_on=row.birth_on)
    assert row.codes == ["SAME_PERSON"]
    assert row.findings is not None and row.findings[0]["extra"] == str(known.person_id)
    assert row.known_person_id is None


def test_people_whom_only_others_know_are_never_likened_to(world: World) -> None:
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    applied(world, checked(world, people(3)))
    # Of another city, and of another county's office in the same program: neither knows them.
    sibling = make_user("sibling.clerk", organization=world.sibling, role="clerk")
    line = corrected_id(people(3)[1])
    for each, by, region in ((other, other.clerk, "441702"), (world, sibling, "441621")):
        checked(each, [[*line[:5], region, *line[6:]], *people(1, first=70, county="441621")], by=by)
        row = RosterRow.objects.filter(roster=Roster.objects.latest("pk")).order_by("pk")[0]
        assert "SAME_PERSON" not in row.codes, region


def test_a_known_person_of_another_county_is_in_doubt_and_another_account_is_only_told(world: World) -> None:
    clerk = make_user("city.clerk", organization=world.city, role="clerk")
    applied(world, checked(world, people(3), by=clerk))
    lines = people(3)
    moved, paid, both = lines
    moved = [*moved[:5], "441621", *moved[6:]]
    paid = [*paid[:10], "6217000010000000019", *paid[11:]]
    later = next_period(world)
    county = make_funder("紫金县财政", organization=world.sibling, kind="government", region="441621")
    make_budget(
        county, period=later, granted=Decimal("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
        at=world.at,
    )
    roster = checked(world, [moved, paid, both], period=later, by=clerk)
    rows = list(RosterRow.objects.filter(roster=roster).order_by("pk"))
    assert [row.verdict for row in rows] == [Verdict.DOUBTFUL, Verdict.CHANGED, Verdict.UNCHANGED]
    assert rows[0].codes == ["REGION_MOVED"]
    assert "ACCOUNT_CHANGED" in rows[1].codes
    judge(roster, DecisionKind.ACCEPT, code="REGION_MOVED")
    roster = consistent(roster)
    assert verdicts(roster) == [Verdict.CHANGED, Verdict.CHANGED, Verdict.UNCHANGED]
    assert {line["name"]: line["amount"] for line in roster.money["funders"]}["紫金县财政"] == "30.00"
    applied(world, roster)
    assert Beneficiary.objects.filter(region_code="441621").count() == 1
    assert broken() == []


# -- Decisions -----------------------------------------------------------------------------------------------------------


def test_rounded_numbers_accepted_many_at_once_are_enrolled_and_paid_for(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 4)
    roster = checked(world, [*people(5), *(rounded(number) for number in range(5)), *people(2, first=40)])
    assert verdicts(roster) == [1] * 5 + [5] * 5 + [1] * 2
    before = roster.digest
    done = judge(roster, DecisionKind.ACCEPT, code="ID_ROUNDED")
    assert (done.decision.rows, done.left) == (5, 0)
    roster = consistent(roster)
    assert roster.digest != before
    assert verdicts(roster) == [1] * 12
    assert roster.money["premium"] == "1188.00"
    event = Event.objects.get(verb="roster.decided")
    assert (event.data["rows"], event.data["kind"], event.data["reason"]) == (5, "accept", "已核对证件原件")
    assert event.actor_id == world.clerk.pk
    roster = applied(world, roster)
    assert (roster.state, Enrollment.objects.filter(roster=roster).count()) == (State.APPLIED, 12)
    assert broken() == []


def test_refused_rows_stay_out_go_back_with_the_reason_and_can_be_taken_back(world: World) -> None:
    roster = checked(world, [*people(2), rounded(1), rounded(2)])
    judge(roster, DecisionKind.REFUSE, code="ID_ROUNDED")
    roster = consistent(roster)
    assert verdicts(roster) == [1, 1, 6, 6]
    rows = list(RosterRow.objects.filter(roster=roster, verdict=6))
    assert [row.findings[-1]["extra"] for row in rows if row.findings] == ["已核对证件原件"] * 2
    judge(roster, DecisionKind.REOPEN, rows=(rows[0].pk,))
    assert verdicts(consistent(roster)) == [1, 1, 5, 6]
    judge(roster, DecisionKind.ACCEPT, decided=True)
    roster = consistent(roster)
    assert verdicts(roster) == [1, 1, 5, 1]
    assert [made.rows for made in RosterDecision.objects.order_by("pk")] == [2, 1, 1]
    assert [chunk.counts["decided"] for chunk in roster.chunks.all()] == [{str(RosterDecision.objects.latest("pk").pk): 1}]


def test_a_name_that_differs_stays_or_is_corrected_as_decided_and_history_keeps_the_old(world: World) -> None:
    applied(world, checked(world, people(3)))
    lines = [["赵改名", *line[1:]] for line in people(3)]
    roster = checked(world, lines, period=next_period(world))
    assert verdicts(roster) == [5, 5, 5]
    rows = list(RosterRow.objects.filter(roster=roster).order_by("pk"))
    with pytest.raises(BeneficiariesRefused) as refused:
        judge(roster, DecisionKind.ACCEPT, code="IDENTITY_CONFLICT")
    assert refused.value.code == "NOTHING_TO_DECIDE"
    judge(roster, DecisionKind.SAME, rows=(rows[0].pk,))
    judge(roster, DecisionKind.CORRECT, rows=(rows[1].pk,))
    roster = consistent(roster)
    assert verdicts(roster) == [3, 3, 5]
    roster = applied(world, roster)
    names = [Person.objects.get(pk=row.known_person_id).name.reveal() for row in rows]
    assert names == [people(3)[0][0], "赵改名", people(3)[2][0]]
    assert Enrollment.objects.filter(roster=roster).count() == 2
    assert Person.objects.with_name("赵改名").count() == 1
    assert Event.objects.get(verb="roster.people_corrected").data == {"chunk": 1, "people": 1}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM beneficiaries_personevent WHERE pgh_obj_id = %s", [rows[1].known_person_id])
        assert cursor.fetchone()[0] >= 1
    assert broken() == []


def test_the_same_person_under_a_corrected_number_is_enrolled_once_with_the_new_number(world: World) -> None:
    applied(world, checked(world, people(3)))
    line = corrected_id(people(3)[1])
    roster = checked(world, [line, *people(1, first=60)], period=next_period(world))
    done = judge(roster, DecisionKind.CORRECT, code="SAME_PERSON")
    assert (done.decision.rows, done.left) == (1, 0)
    roster = consistent(roster)
    assert verdicts(roster) == [3, 1]
    applied(world, roster)
    assert Person.objects.count() == 4
    [person] = Person.objects.with_document(line[2])
    assert Enrollment.objects.filter(person=person).count() == 2
    # The number that was wrong is found by search, and names nobody in a file any more.
    assert [*Person.objects.with_document(people(3)[1][2])] == [person]
    assert [each.standing for each in person.documents.all()] == ["mistaken"]
    again = checked(world, [people(3)[1]])
    assert again.counts["codes"].get("SAME_PERSON") == 1
    assert broken() == []


def test_the_same_person_with_the_registered_number_kept_or_as_another_person(world: World) -> None:
    applied(world, checked(world, people(3)))
    lines = [corrected_id(line) for line in people(3)]
    roster = checked(world, lines, period=next_period(world))
    rows = list(RosterRow.objects.filter(roster=roster).order_by("pk"))
    judge(roster, DecisionKind.SAME, rows=(rows[0].pk,))
    judge(roster, DecisionKind.ACCEPT, rows=(rows[1].pk,))
    assert verdicts(consistent(roster)) == [3, 1, 5]
    applied(world, roster)
    assert not Person.objects.with_document(lines[0][2]).exists()
    assert Person.objects.with_document(lines[1][2]).exists()
    assert (Person.objects.count(), Enrollment.objects.filter(roster=roster).count()) == (4, 2)
    assert broken() == []


def test_who_is_covered_already_stays_covered_and_only_the_name_is_corrected(world: World) -> None:
    applied(world, checked(world, people(2)))
    roster = checked(world, [["钱更正", *people(2)[0][1:]], *people(1, first=30)])
    judge(roster, DecisionKind.CORRECT, code="IDENTITY_CONFLICT")
    assert verdicts(consistent(roster)) == [4, 1]
    applied(world, roster)
    assert Person.objects.with_name("钱更正").count() == 1
    assert Enrollment.objects.count() == 3
    assert broken() == []


def test_two_lines_taken_for_one_person_cover_them_once(world: World) -> None:
    applied(world, checked(world, people(1)))
    line = people(1)[0]
    roster = checked(world, [line, corrected_id(line)], period=next_period(world))
    assert verdicts(roster) == [3, 5]
    judge(roster, DecisionKind.SAME, code="SAME_PERSON")
    roster = applied(world, consistent(roster))
    assert Enrollment.objects.filter(roster=roster).count() == 1
    assert asides(roster) == ["", "ALREADY_COVERED"]
    assert broken() == []


def test_a_corrected_number_that_somebody_registered_meanwhile_is_set_aside(world: World) -> None:
    applied(world, checked(world, people(2)))
    line = corrected_id(people(2)[0])
    later = next_period(world)
    roster = checked(world, [line, *people(1, first=60)], period=later)
    judge(roster, DecisionKind.CORRECT, code="SAME_PERSON")
    other = checked(world, [line])
    judge(other, DecisionKind.ACCEPT, code="SAME_PERSON")
    applied(world, other)
    roster = applied(world, consistent(roster))
    assert asides(roster) == ["CHANGED_SINCE_REVIEW", ""]
    assert broken() == []


def test_a_document_that_only_others_know_can_only_be_refused(world: World) -> None:
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    applied(world, checked(world, people(2)))
    rows = [["张三", *cells[1:5], "441702", *cells[6:]] for cells in people(2)]
    roster = checked(other, [*rows, *people(1, county="441702", first=50)])
    assert verdicts(roster) == [5, 5, 1]
    for kind in (DecisionKind.ACCEPT, DecisionKind.SAME, DecisionKind.CORRECT):
        with pytest.raises(BeneficiariesRefused):
            judge(roster, kind, code="IDENTITY_CONFLICT")
    judge(roster, DecisionKind.REFUSE, code="IDENTITY_CONFLICT")
    assert verdicts(consistent(roster)) == [6, 6, 1]


def test_filters_choose_by_code_county_and_category_and_nothing_else(world: World) -> None:
    roster = checked(world, [*people(1), *(rounded(number) for number in range(3))])
    with pytest.raises(BeneficiariesRefused):
        judge(roster, DecisionKind.ACCEPT, code="ID_ROUNDED", region="441621")
    with pytest.raises(BeneficiariesRefused):
        judge(roster, DecisionKind.ACCEPT, code="IDENTITY_CONFLICT")
    row = RosterRow.objects.filter(roster=roster, verdict=1).get()
    with pytest.raises(BeneficiariesRefused):
        judge(roster, DecisionKind.ACCEPT, rows=(row.pk,))
    assert row.category_id is not None
    judge(roster, DecisionKind.REFUSE, code="ID_ROUNDED", region="441602", category=row.category_id)
    assert verdicts(consistent(roster)) == [1, 6, 6, 6]


def test_a_reason_is_needed_and_only_a_roster_in_review_is_decided(world: World) -> None:
    roster = checked(world, [*people(1), rounded(1)])
    with pytest.raises(IntakeRefused) as refused:
        decide(roster, choice=Choice(), kind=DecisionKind.ACCEPT, reason=" 可 ", by=world.clerk, at=timezone.now())
    assert refused.value.code == "REASON"
    submit_roster(roster, by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        judge(roster, DecisionKind.ACCEPT)
    assert refused.value.code == "STATE"
    assert not RosterDecision.objects.exists()


def test_the_digest_covers_who_decided_and_why(world: World) -> None:
    roster = checked(world, [*people(1), rounded(1)])
    judge(roster, DecisionKind.ACCEPT)
    roster = submit_roster(roster, by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    RosterDecision.objects.update(reason="另一个理由")
    drain()
    assert Roster.objects.get(pk=roster.pk).state == State.APPROVED
    assert not Enrollment.objects.exists()


# -- Two at once ---------------------------------------------------------------------------------------------------------


def test_a_submission_waits_for_a_decision_and_hands_over_what_was_decided(world: World) -> None:
    roster = checked(world, [*people(2), rounded(1)])
    with Stepper() as stepper:
        first = stepper.start(lambda: judge(roster, DecisionKind.ACCEPT), stop_at="beneficiaries.decide.rows.after")
        second = stepper.start(lambda: submit_roster(roster, by=world.clerk, at=timezone.now()))
        assert second.waits()
        first.go_on()
        assert first.result().decision.rows == 1
        submitted = second.result()
    assert submitted.digest == Roster.objects.get(pk=roster.pk).digest
    assert submitted.verdict_count(Verdict.NEW) == 3
    consistent(roster)


def test_a_decision_that_comes_after_the_submission_is_refused(world: World) -> None:
    roster = checked(world, [*people(2), rounded(1)])
    with Stepper() as stepper:
        first = stepper.start(lambda: submit_roster(roster, by=world.clerk, at=timezone.now()), stop_at="roster.submit.before")
        second = stepper.start(lambda: judge(roster, DecisionKind.ACCEPT))
        assert second.waits()
        first.go_on()
        first.result()
        assert isinstance(second.error(), IntakeRefused)
    assert verdicts(consistent(roster)) == [1, 1, 5]


def test_two_decisions_at_once_about_the_same_rows_take_turns(world: World) -> None:
    roster = checked(world, [*people(2), rounded(1), rounded(2)])
    with Stepper() as stepper:
        first = stepper.start(lambda: judge(roster, DecisionKind.ACCEPT), stop_at="beneficiaries.decide.rows.after")
        second = stepper.start(lambda: judge(roster, DecisionKind.REFUSE))
        assert second.waits()
        first.go_on()
        first.result()
        assert isinstance(second.error(), BeneficiariesRefused)
    assert verdicts(consistent(roster)) == [1, 1, 1, 1]
    assert RosterDecision.objects.count() == 1


# -- A fault in the middle -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", in_turn((FaultAt, Dropped), 0))
def test_a_fault_at_any_point_of_a_decision_changes_nothing_and_the_next_try_succeeds(
    world: World, monkeypatch: Any, mode: type[FaultAt]
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 4)
    roster = checked(world, [*people(5), *(rounded(number) for number in range(4))])
    before = (Roster.objects.get(pk=roster.pk).digest, verdicts(roster))
    watched = FaultAt()
    with handled_by(watched), transaction.atomic():
        judge(roster, DecisionKind.ACCEPT)
        transaction.set_rollback(True)
    points = [point for point in watched.seen if point.startswith(("roster.decide", "beneficiaries.decide"))]
    assert points[0] == "roster.decide.locked" and points[-1] == "beneficiaries.decide.after"
    for k in range(1, len(watched.seen) + 1):
        with handled_by(mode(k=k)), pytest.raises(LOST):
            judge(roster, DecisionKind.ACCEPT)
        connection.close()
        assert (Roster.objects.get(pk=roster.pk).digest, verdicts(roster)) == before, watched.seen[k - 1]
        assert not RosterDecision.objects.exists()
    judge(roster, DecisionKind.ACCEPT)
    assert verdicts(consistent(roster)) == [1] * 9


# -- Pages ---------------------------------------------------------------------------------------------------------------


def browser(user: User, settings: Any) -> Client:
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_the_page_decides_one_finding_at_once_and_shows_the_approver_who_decided_and_why(world: World, settings: Any) -> None:
    roster = checked(world, [*people(2), rounded(1), rounded(2)])
    client = browser(world.clerk, settings)
    page = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    button = reverse("admin:beneficiaries_roster_decide", args=[roster.pk]) + "?code=ID_ROUNDED"
    assert button in client.get(page).content.decode()
    offered = client.get(button).content.decode()
    assert 'value="accept"' in offered and 'value="refuse"' in offered and 'value="correct"' not in offered
    assert client.post(button, {"kind": "accept", "reason": ""}).status_code == 200
    assert client.post(button, {"kind": "accept", "reason": "已核对户口本"}).status_code == 302
    assert verdicts(consistent(roster)) == [1, 1, 1, 1]
    submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    reader = browser(world.reviewer, settings)
    seen = reader.get(page)
    [made] = seen.context["decisions"]
    assert (made.reason, made.who, made.rows, made.made) == ("已核对户口本", world.clerk.display_name, 2, 2)
    assert len(reader.get(page + made.url.partition("#")[0]).context["rows"]) == 2
    assert reader.get(button).status_code == 403


def test_who_may_not_correct_people_is_not_offered_it_and_a_forged_one_is_refused(
    world: World, settings: Any, monkeypatch: Any
) -> None:
    applied(world, checked(world, people(1)))
    roster = checked(world, [["赵改名", *people(1)[0][1:]]], period=next_period(world))
    granted = roles.PERMISSIONS["clerk"] - {"beneficiaries.correct_person"}
    monkeypatch.setitem(roles.PERMISSIONS, "clerk", granted)
    client = browser(world.clerk, settings)
    button = reverse("admin:beneficiaries_roster_decide", args=[roster.pk]) + "?code=IDENTITY_CONFLICT"
    assert 'value="correct"' not in client.get(button).content.decode()
    assert client.post(button, {"kind": "correct", "reason": "已核对证件"}).status_code == 200
    assert not RosterDecision.objects.exists()


def test_a_row_is_found_by_document_or_name_without_either_in_an_address(world: World, settings: Any) -> None:
    roster = checked(world, people(14))
    client = browser(world.clerk, settings)
    address = reverse("admin:beneficiaries_roster_find", args=[roster.pk])
    line = people(14)[3]
    for text, count in ((line[2], 1), (line[0], 2)):
        answer = client.post(address, {"text": text})
        assert answer.status_code == 302 and text not in answer["Location"]
        assert len(client.get(answer["Location"].partition("#")[0]).context["rows"]) == count
    assert client.post(address, {"text": "查无此人"}).status_code == 409


def test_filters_and_orders_turn_pages_without_loss_and_ask_as_much_of_many_rows_as_of_few(
    world: World, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 40)
    roster = checked(world, [*(rounded(number) for number in range(6)), *people(120)])
    client = browser(world.clerk, settings)
    page = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    every = list(RosterRow.objects.filter(roster=roster).order_by("pk").values_list("pk", "verdict"))
    for query, wanted in (
        ("", [pk for pk, _v in every]), ("sort=verdict", [pk for pk, _v in sorted(every, key=lambda one: (one[1], one[0]))]),
        ("verdict=5", [pk for pk, verdict in every if verdict == 5]), ("region=441602", [pk for pk, _v in every]),
        ("region=441621", []), ("decided=1", []), ("code=ID_ROUNDED", [pk for pk, verdict in every if verdict == 5]),
    ):
        seen, turn = [], f"?{query}"
        while turn:
            shown = client.get(page + turn.partition("#")[0])
            seen += [row.pk for row in shown.context["rows"]]
            turn = shown.context["next_url"]
        assert seen == wanted, query
    small = checked(world, [rounded(7), *people(2, first=300)])
    counts = []
    for each in (small, roster):
        address = reverse("admin:beneficiaries_roster_change", args=[each.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        counts.append(len(asked))
    assert counts[0] == counts[1]
