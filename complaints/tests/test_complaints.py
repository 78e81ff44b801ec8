"""Complaints, appeals and reviews: who may do what when, what the database refuses, what an upheld appeal does."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from accounts.models import Organization, User
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from claims.actions import Refusal, hand_over
from claims.models import Claim, LetterFormat, LetterKind
from claims.testing import Ward, make_ward
from complaints import actions
from complaints.errors import ComplaintsRefused
from complaints.independence import is_above
from complaints.invariants import INVARIANTS
from complaints.models import Channel, Complainant, Complaint, Outcome, Topic
from complaints.testing import ANSWER, WORDS, answered, judge_of, recorded, told, told_claim, worded
from portal.verify import rows_of

pytestmark = pytest.mark.django_db


def make_court() -> tuple[Ward, User, User, Claim]:
    """A ward, two people who never touched a claim, and a claim that was refused and told of it."""
    ward = make_ward()
    worded(ward)
    claim = told_claim(ward, kind=LetterKind.REFUSAL, refusal=Refusal("PRE_EXISTING", "病历记载"))
    return ward, judge_of(ward), judge_of(ward, "other"), claim


_django_db_helper, one_world, kept_world = shared(make_court)


@pytest.fixture(autouse=True)
def _chinese() -> Any:
    with override("zh-hans"):
        yield


def refused(code: str, act: Any) -> None:
    with pytest.raises(ComplaintsRefused) as caught:
        act()
    assert caught.value.code == code


def broken() -> list[str]:
    return [each.name for each in INVARIANTS if rows_of(each)]


def review(ward: Ward, complaint: Complaint, **changes: Any) -> Complaint:
    return actions.ask_review(complaint, **{
        "complainant": Complainant.INSURED, "words": "对答复不满意。", "channel": Channel.LETTER, "received_on": ward.today,
        "by": ward.colleague, "at": ward.at, **changes,
    })


def test_a_complaint_is_sealed_answered_by_another_and_told(kept_world: Any) -> None:
    ward, judge, _other, claim = kept_world
    complaint = recorded(ward, claim, complainant=Complainant.AGENT, complainant_name="林小明")
    assert (complaint.kind, complaint.due_on - complaint.received_on) == ("complaint", timedelta(days=15))
    kept = Complaint.objects.get(pk=complaint.pk)
    assert (str(kept.words), str(kept.complainant_name), kept.words.reveal()) == ("****", "林**", WORDS)
    done = told(ward, kept, by=judge, outcome=Outcome.PARTLY)
    assert (done.state, done.outcome, done.told_on) == ("told", "partly", ward.today)
    verbs = Event.objects.filter(subject_type="complaints.complaint", subject_id=str(complaint.pk)).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["complaint.recorded", "complaint.answered", "complaint.told"]
    assert Claim.objects.get(pk=claim.pk).state == "refused"
    assert broken() == []


def test_an_upheld_appeal_reopens_the_claim_with_its_number_and_one_is_open_at_a_time(kept_world: Any) -> None:
    ward, judge, other, claim = kept_world
    appeal = recorded(ward, claim, topic=Topic.REFUSAL)
    assert (appeal.kind, appeal.decision.state) == ("appeal", "approved")
    refused("APPEAL_WAITS", lambda: recorded(ward, claim, topic=Topic.AMOUNT))
    answered(ward, appeal, by=judge, outcome=Outcome.UPHELD)
    claim = Claim.objects.get(pk=claim.pk)
    step = claim.steps.latest("pk")
    assert (claim.state, claim.reopened, step.reason, step.by_id) == ("review", 1, appeal.number, judge.pk)
    assert broken() == []
    # What was decided holds until it is decided anew: whoever upheld the appeal is no judge of the next one by that alone.
    again = recorded(ward, claim, topic=Topic.AMOUNT)
    assert again.decision_id == appeal.decision_id
    assert answered(ward, again, by=other, outcome=Outcome.UPHELD).state == "answered"
    assert Claim.objects.get(pk=claim.pk).reopened == 1


def test_a_claim_in_payment_keeps_its_appeal_open(kept_world: Any) -> None:
    ward, judge, _other, _claim = kept_world
    paying = ward.claim(number="0000000002", diagnosis="I63.9")
    ward.decide(paying)
    refused("NOT_TOLD", lambda: recorded(ward, paying, topic=Topic.AMOUNT))
    ward.pay(paying)
    appeal = recorded(ward, Claim.objects.get(pk=paying.pk), topic=Topic.AMOUNT)
    Claim.objects.filter(pk=paying.pk).update(state="payable")
    with pytest.raises(ComplaintsRefused) as caught:
        answered(ward, appeal, by=judge, outcome=Outcome.UPHELD)
    assert caught.value.code == "CANNOT_REOPEN" and "只有已结束或已支付的赔案" in str(caught.value)
    assert Complaint.objects.get(pk=appeal.pk).state == "open"
    Claim.objects.filter(pk=paying.pk).update(state="paid")
    answered(ward, appeal, by=judge, outcome=Outcome.PARTLY)
    assert Claim.objects.get(pk=paying.pk).state == "review" and broken() == []


def test_whoever_had_a_hand_in_it_does_not_answer_whatever_asks(kept_world: Any) -> None:
    ward, judge, other, claim = kept_world
    complaint = recorded(ward, claim)
    refused("HAD_A_HAND", lambda: answered(ward, complaint, by=ward.reviewer))
    refused("OUT_OF_SCOPE", lambda: answered(ward, complaint, by=ward.clerk))
    # Whoever held it for an hour, too.
    held = ward.claim(number="0000000003", diagnosis="J18.9")
    make_clerk = make_user("hy-both", organization=ward.market.world.city, role="clerk")
    hand_over(held, make_clerk, reason="休假", by=ward.clerk, at=ward.at)
    hand_over(Claim.objects.get(pk=held.pk), ward.clerk, reason="销假", by=make_clerk, at=ward.at)
    slow = recorded(ward, held, topic=Topic.DELAY)
    for by in (ward.clerk, make_clerk, ward.colleague):
        with pytest.raises(IntegrityError), transaction.atomic():
            Complaint.objects.filter(pk=slow.pk).update(
                state="answered", outcome="upheld", answer="x", answered_by=by, answered_at=ward.at
            )
    told_once = told(ward, slow, by=judge)
    again = review(ward, told_once)
    refused("HAD_A_HAND", lambda: answered(ward, again, by=judge))
    assert answered(ward, again, by=other).state == "answered"


def test_a_review_is_asked_for_once_in_thirty_days_and_answered_by_the_office_above(kept_world: Any) -> None:
    ward, judge, other, claim = kept_world
    complaint = recorded(ward, claim)
    refused("REVIEW_OF_TOLD", lambda: review(ward, complaint))
    done = told(ward, complaint, by=judge)
    late = ward.at + timedelta(days=31)
    refused("REVIEW_LATE", lambda: review(ward, done, received_on=ward.today + timedelta(days=31), at=late))
    last = ward.at + timedelta(days=30)
    asked = review(ward, done, received_on=ward.today + timedelta(days=30), at=last)
    assert (asked.kind, asked.topic, asked.due_on) == ("review", "papers", ward.today + timedelta(days=60))
    refused("REVIEW_ONCE", lambda: review(ward, done))
    refused("EXTENSION_OF_REVIEW", lambda: actions.ask_extension(asked, reason="复杂", by=ward.colleague, at=last))
    local = make_user("hy-local", organization=claim.organization, role="reviewer")
    assert claim.organization.parent_id is not None
    refused("OFFICE_ABOVE", lambda: actions.answer_complaint(asked, outcome=Outcome.UPHELD, answer=ANSWER, by=local, at=last))
    answer = actions.answer_complaint(asked, outcome=Outcome.NOT_UPHELD, answer=ANSWER, by=other, at=last)
    assert answer.answered_by == other and broken() == []


@pytest.mark.parametrize(
    ("own", "parent", "works_in", "above"),
    [
        ("/1/2/", 1, "/1/", True), ("/1/2/", 1, "/1/2/", False), ("/1/2/", 1, "/1/3/", False), ("/1/2/3/", 2, "/1/", True),
        ("/2/", None, "/2/", True),
    ],
)
def test_the_office_above_is_any_above_and_everybody_where_there_is_none(own: str, parent: Any, works_in: str, above: bool) -> None:
    user = User(organization=Organization(path=works_in))
    assert is_above(user, Organization(path=own, parent_id=parent)) is above


def test_a_term_is_made_longer_twice_by_others_and_told(kept_world: Any) -> None:
    ward, judge, other, claim = kept_world
    complaint = recorded(ward, claim)
    actions.ask_extension(complaint, reason="需向医院核实", by=judge, at=ward.at)
    refused("EXTENSION_WAITS", lambda: actions.ask_extension(complaint, reason="需核实", by=other, at=ward.at))
    refused("ANOTHER_APPROVES", lambda: actions.approve_extension(complaint, by=judge, at=ward.at))
    first = actions.approve_extension(complaint, by=other, at=ward.at)
    assert (first.step, Complaint.objects.get(pk=complaint.pk).due_on) == (1, ward.today + timedelta(days=30))
    assert actions.tell_extension(complaint, told_on=ward.today, by=ward.colleague, at=ward.at).told_on == ward.today
    refused("NOTHING_TO_TELL", lambda: actions.tell_extension(complaint, told_on=ward.today, by=ward.colleague, at=ward.at))
    actions.ask_extension(complaint, reason="待鉴定意见", by=ward.colleague, at=ward.at)
    local = make_user("hy-local", organization=claim.organization, role="reviewer")
    assert not is_above(local, claim.organization) and is_above(other, claim.organization)
    actions.decline_extension(complaint, by=other, at=ward.at)
    actions.ask_extension(complaint, reason="待鉴定意见", by=ward.colleague, at=ward.at)
    actions.approve_extension(complaint, by=judge, at=ward.at)
    assert Complaint.objects.get(pk=complaint.pk).due_on == ward.today + timedelta(days=60)
    refused("EXTENSION_LAST", lambda: actions.ask_extension(complaint, reason="再延", by=judge, at=ward.at))
    assert broken() == []


def test_what_is_not_said_or_comes_too_early_is_refused(kept_world: Any) -> None:
    ward, judge, _other, claim = kept_world
    tomorrow = ward.today + timedelta(days=1)
    refused("RECEIVED_LATER", lambda: recorded(ward, claim, received_on=tomorrow))
    refused("NAME", lambda: recorded(ward, claim, complainant=Complainant.GUARDIAN))
    refused("WORDS", lambda: recorded(ward, claim, words="  "))
    refused("OUT_OF_SCOPE", lambda: recorded(ward, claim, by=judge))
    complaint = recorded(ward, claim)
    refused("ANSWER", lambda: actions.answer_complaint(complaint, outcome=Outcome.UPHELD, answer=" ", by=judge, at=ward.at))
    refused("NOT_OPEN", lambda: actions.tell_answer(complaint, told_on=ward.today, by=ward.colleague, at=ward.at))
    refused("NO_ANSWER", lambda: letter(ward, complaint))
    done = answered(ward, complaint, by=judge)
    refused("TOLD_DAY", lambda: actions.tell_answer(done, told_on=tomorrow, by=ward.colleague, at=ward.at))
    refused("NOT_OPEN", lambda: actions.withdraw_complaint(done, reason="误会", by=ward.colleague, at=ward.at))
    taken = actions.withdraw_complaint(recorded(ward, claim), reason="误会", by=ward.colleague, at=ward.at)
    assert (taken.state, taken.withdrawn_because) == ("withdrawn", "误会") and broken() == []


def letter(ward: Ward, complaint: Complaint, **changes: Any) -> bytes:
    return actions.print_answer(complaint, **{
        "file_format": LetterFormat.DOCX, "purpose": "寄送投诉人", "by": ward.colleague, "at": ward.at, **changes,
    })


def test_the_letter_says_the_answer_in_the_programs_words(kept_world: Any) -> None:
    ward, judge, _other, claim = kept_world
    done = answered(ward, recorded(ward, claim, topic=Topic.REFUSAL), by=judge)
    text = words_in(letter(ward, done))
    for said in (done.number, claim.number, "理赔申诉处理答复书", "处理结果：不成立。", ANSWER, "三十日内", "0762-3380000"):
        assert said in text, said
    assert letter(ward, done, file_format=LetterFormat.PDF)[:5] == b"%PDF-"
    assert Event.objects.filter(verb="complaint.letter_printed", subject_id=str(done.pk)).count() == 2
    refused("PURPOSE", lambda: letter(ward, done, purpose="寄"))
    write = {"by": ward.market.world.reviewer, "at": ward.at}
    refused("MISSING_PLACES", lambda: actions.write_answer_wording(claim.program, text="{答复}", phone="12345", **write))
    refused("UNKNOWN_PLACES", lambda: actions.write_answer_wording(claim.program, text="{甲}", phone="12345", **write))
    actions.write_answer_wording(
        claim.program, text="{收件人}：\n{投诉编号}：{处理结果}。{答复}{后续途径}请致电{咨询电话}。", phone="95500", **write
    )
    assert f"{done.number}：不成立。{ANSWER}" in words_in(letter(ward, done)) and "请致电95500。" in words_in(letter(ward, done))


def words_in(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("word/document.xml").decode()


def test_the_database_keeps_what_was_said_and_refuses_half_an_answer(kept_world: Any) -> None:
    ward, judge, _other, claim = kept_world
    complaint = recorded(ward, claim)
    halves: list[dict[str, Any]] = [
        {"state": "answered"}, {"state": "told", "told_on": ward.today, "told_by": judge}, {"outcome": "upheld"},
        {"state": "withdrawn"}, {"kind": "appeal"}, {"due_on": ward.today},
    ]
    for half in halves:
        with pytest.raises(Exception, match="complaint"), transaction.atomic():
            Complaint.objects.filter(pk=complaint.pk).update(**half)
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).delete()
