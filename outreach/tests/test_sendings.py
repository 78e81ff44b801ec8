"""Messages to people: whom they reach and how, whom they leave out, what leaves, and that nobody is told twice."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from audit.errors import Refused
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_change, propose_representative
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange, Role
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, make_world, resident_id
from jobs.models import Job
from jobs.testing import drain
from outreach import actions
from outreach.choosing import outlook
from outreach.connectors.console import ConsoleConnector
from outreach.errors import OutreachRefused
from outreach.models import MessageWording, NameForm, Reach, Sending, SendingLine, Topic
from outreach.testing import (
    OWN,
    SHARED,
    TEXT,
    covers,
    drafter,
    line_numbers,
    make_paying,
    proposed,
    ready,
    released,
    worded,
)
from portal.verify import check_all

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_paying)
VILLAGE_LINE = re.compile(
    r'<td class="number">(\d+)</td><td class="name">([^<]+)</td><td class="cover">([^<]+)</td><td>([^<]+)</td>'
)


def code_of(refused: Any) -> str:
    return refused.value.code


def fetched(world: World, sending: Sending) -> list[list[list[str]]]:
    """Rows of each file of the archive."""
    content = b"".join(actions.open_messages(sending, by=world.clerk, at=timezone.now()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))) for name in archive.namelist()]


def names(world: World) -> list[str]:
    return [cover.person.name.reveal() for cover in covers(world)]


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_people_of_one_telephone_get_one_message_that_names_them_and_sums_what_they_pay(kept_world: World) -> None:
    sending = ready(kept_world)
    assert (sending.state, sending.people, sending.by_phone, sending.by_village, sending.messages) == ("ready", 6, 4, 2, 2)
    one, two, three, four, *_others = [f"{name[0]}*" for name in names(kept_world)]
    closes = kept_world.period.enrollment_closes_on - timedelta(days=1)
    day = f"{closes.year}年{closes.month}月{closes.day}日"
    rest = f"，请于{day}前缴纳。咨询0762-3380000"
    (file,) = fetched(kept_world, sending)
    program = kept_world.program.name
    numbers = line_numbers(kept_world)
    assert file[0] == ["手机号", "短信内容", "编号", "发送时段"]
    assert sorted(file[1:]) == [
        [SHARED, f"【源城民政】{one}、{two}、{three}您好，{program}应缴0.03元{rest}", f"M{sending.pk}-{numbers[0]}", "08:00-20:00"],
        [OWN, f"【源城民政】{four}您好，{program}应缴0.01元{rest}", f"M{sending.pk}-{numbers[3]}", "08:00-20:00"],
    ]
    told_with = dict(SendingLine.objects.filter(sending=sending).values_list("number", "told_with"))
    assert [told_with[number] for number in numbers] == [None, numbers[0], numbers[0], None, None, None]
    told = Event.objects.filter(subject_type="outreach.sending", subject_id=str(sending.pk)).order_by("pk")
    assert list(told.values_list("verb", "actor_id")) == [
        ("sending.proposed", kept_world.clerk.pk), ("sending.released", kept_world.reviewer.pk), ("sending.written", None),
        ("sending.downloaded", kept_world.clerk.pk),
    ]
    assert broken() == []


def test_each_person_gets_a_message_of_their_own_where_it_is_asked_for_and_names_in_full_where_it_is_approved(
    kept_world: World
) -> None:
    worded(kept_world, text="{姓名},凭证{凭证号}", name_form=NameForm.FULL)
    sending = ready(kept_world, grouped=False, earliest_hour=9, latest_hour=18)
    (file,) = fetched(kept_world, sending)
    assert sorted((row[0], row[1], row[3]) for row in file[1:]) == sorted(
        (phone, f"【源城民政】{cover.person.name.reveal()},凭证{cover.number}", "09:00-18:00")
        for phone, cover in zip([SHARED] * 3 + [OWN], covers(kept_world), strict=False)
    )


def test_more_than_three_of_a_telephone_are_counted_and_not_spelled_out(kept_world: World) -> None:
    worded(kept_world, text="{姓名}:{凭证号}")
    one = covers(kept_world)[0].beneficiary
    Beneficiary.objects.filter(pk=covers(kept_world)[3].beneficiary_id).update(phone=one.phone.token)
    (file,) = fetched(kept_world, ready(kept_world))
    first, second, third, _fourth = covers(kept_world)[:4]
    spelled = "、".join(f"{cover.person.name.reveal()[0]}*" for cover in (first, second, third))
    assert [row[1] for row in file[1:]] == [
        f"【源城民政】{spelled}等4人:{first.number}、{second.number}、{third.number}等4份"
    ]


def test_whoever_has_no_telephone_stands_masked_on_their_villages_list(kept_world: World) -> None:
    worded(kept_world, text=TEXT, name_form=NameForm.FULL)
    sending = ready(kept_world)
    page = "".join(actions.print_villages(sending, by=kept_world.clerk, at=timezone.now()))
    found = VILLAGE_LINE.findall(page)
    assert [(int(number), name, cover) for number, name, cover, _text in found] == sorted(
        (number, f"{cover.person.name.reveal()[0]}*", cover.number)
        for number, cover in zip(line_numbers(kept_world)[4:], covers(kept_world)[4:], strict=True)
    )
    assert all(f"{name}您好" in text for _number, name, _cover, text in found)
    assert not any(name in page for name in names(kept_world)) and "138001" not in page
    event = Event.objects.get(verb="sending.printed")
    assert event.data == {"people": 2, "villages": 1}
    with pytest.raises(OutreachRefused) as refused:
        actions.print_villages(sending, place="441621", by=kept_world.clerk, at=timezone.now())
    assert code_of(refused) == "NO_VILLAGE"


def test_everybody_stands_on_the_villages_lists_where_the_office_says_so_and_no_message_leaves(kept_world: World) -> None:
    sending = ready(kept_world, village_only=True)
    assert (sending.people, sending.by_phone, sending.by_village, sending.messages) == (6, 0, 6, 0)
    assert set(sending.lines.values_list("reach", flat=True)) == {Reach.VILLAGE}
    page = "".join(actions.print_villages(sending, by=kept_world.clerk, at=timezone.now()))
    found = VILLAGE_LINE.findall(page)
    assert {cover for _number, _name, cover, _text in found} == {cover.number for cover in covers(kept_world)}
    assert not any(name in page for name in names(kept_world)) and "138001" not in page
    assert sending.parts.count() == 0
    with pytest.raises(DatabaseError, match="sending_stays_what_was_proposed"), transaction.atomic():
        Sending.objects.update(village_only=False)
    assert broken() == []


def test_the_dead_the_restricted_and_whoever_was_told_are_left_out_and_counted(kept_world: World) -> None:
    first, second, third, *_others = covers(kept_world)
    Person.objects.filter(pk=first.person_id).update(deceased_on=timezone.localdate())
    Beneficiary.objects.filter(pk=second.beneficiary_id).update(restricted_at=timezone.now())
    Enrollment.objects.filter(pk=third.pk).update(state="voided")
    sending = released(kept_world)
    found = outlook(Sending(**place_of(kept_world)), at=timezone.now())
    assert (found.people, found.told, found.deceased, found.restricted) == (0, 3, 1, 1)
    assert sorted(sending.lines.values_list("reach", flat=True)) == [Reach.PHONE, Reach.VILLAGE, Reach.VILLAGE]
    with pytest.raises(OutreachRefused) as refused:
        proposed(kept_world)
    assert code_of(refused) == "NOBODY"


def place_of(world: World) -> dict[str, Any]:
    return {"period": world.period, "organization": world.office, "region_code": "441602", "topic": Topic.TO_PAY, "turn": 1}


def test_whoever_dies_or_is_restricted_after_the_release_is_in_no_message(kept_world: World) -> None:
    sending = released(kept_world, grouped=False)
    first, second = covers(kept_world)[:2]
    Person.objects.filter(pk=first.person_id).update(deceased_on=timezone.localdate())
    Beneficiary.objects.filter(pk=second.beneficiary_id).update(restricted_at=timezone.now())
    drain()
    sending.refresh_from_db()
    (file,) = fetched(kept_world, sending)
    numbers = line_numbers(kept_world)
    assert sorted(row[2] for row in file[1:]) == sorted(f"M{sending.pk}-{number}" for number in numbers[2:4])
    assert sending.messages == 2


def test_reminders_go_to_whoever_got_the_message_before_and_has_not_paid(kept_world: World) -> None:
    with pytest.raises(OutreachRefused) as refused:
        proposed(kept_world, turn=2)
    assert code_of(refused) == "NOBODY"
    ready(kept_world)
    paid = covers(kept_world)[0]
    Enrollment.objects.filter(pk=paid.pk).update(own_paid_at=timezone.now())
    reminder = ready(kept_world, turn=2)
    assert (reminder.people, reminder.lines.filter(enrollment=paid).exists()) == (5, False)
    # The database holds it, whatever the statement says.
    line = reminder.lines.earliest("number")
    with pytest.raises(IntegrityError), transaction.atomic():
        SendingLine.objects.create(
            sending=reminder, enrollment=line.enrollment, number=99, region_code="441602", reach="phone", topic="to_pay", turn=2
        )


def test_a_number_other_than_the_shown_one_and_ones_own_proposal_are_refused(kept_world: World) -> None:
    sending = proposed(kept_world)
    for by, shown, code in ((kept_world.clerk, 6, "ANOTHER_RELEASES"), (kept_world.reviewer, 5, "CHANGED")):
        with pytest.raises(OutreachRefused) as refused:
            actions.release_sending(sending, shown=shown, by=by, at=timezone.now())
        assert code_of(refused) == code
    assert not SendingLine.objects.exists() and not Job.objects.filter(kind="outreach.write_sending").exists()
    worded(kept_world, text="{姓名}")
    with pytest.raises(OutreachRefused) as refused:
        actions.release_sending(sending, shown=6, by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "WORDING_CHANGED"


def test_what_was_withdrawn_frees_its_people_and_what_has_left_is_not_withdrawn(kept_world: World) -> None:
    sending = ready(kept_world)
    withdrawn = actions.withdraw_sending(sending, reason="内容有误", by=kept_world.reviewer, at=timezone.now())
    assert (withdrawn.state, sending.lines.filter(stands=True).count()) == ("withdrawn", 0)
    again = ready(kept_world)
    assert again.people == 6
    fetched(kept_world, again)
    with pytest.raises(OutreachRefused) as refused:
        actions.withdraw_sending(again, reason="内容有误", by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "FETCHED"


def test_a_message_that_a_connector_has_sent_is_not_withdrawn(kept_world: World, settings: Any, monkeypatch: Any) -> None:
    settings.MESSAGE_CONNECTOR = "outreach.connectors.console.ConsoleConnector"
    monkeypatch.setattr(ConsoleConnector, "taken", {})
    sending = ready(kept_world)
    assert (sending.messages, sending.parts.get().reference) == (2, f"{sending.pk}-1")
    with pytest.raises(OutreachRefused) as refused:
        actions.withdraw_sending(sending, reason="内容有误", by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "FETCHED"
    with pytest.raises(OutreachRefused) as refused:
        actions.open_messages(sending, by=kept_world.clerk, at=timezone.now())
    assert code_of(refused) == "NO_MESSAGES"


def test_where_nobody_has_a_telephone_the_villages_tell_everybody(kept_world: World) -> None:
    Beneficiary.objects.update(phone=None, phone_mark_a=None, phone_mark_b=None)
    sending = ready(kept_world)
    assert (sending.state, sending.messages, sending.by_phone, sending.by_village) == ("ready", 0, 0, 6)
    page = "".join(actions.print_villages(sending, by=kept_world.clerk, at=timezone.now()))
    assert len(VILLAGE_LINE.findall(page)) == 6
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"topic": Topic.IN_FORCE}, "NO_WORDING"), ({"earliest_hour": 7}, "HOURS"), ({"latest_hour": 22}, "HOURS"),
        ({"earliest_hour": 12, "latest_hour": 12}, "HOURS"), ({"turn": 4}, "TURN"), ({"region_code": "441621"}, "OUT_OF_SCOPE"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anybody_is_on_a_list(
    kept_world: World, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(OutreachRefused) as refused:
        proposed(kept_world, **changes)
    assert code_of(refused) == code
    assert not Sending.objects.exists()


def test_each_occasion_finds_its_own_people(kept_world: World) -> None:
    at, rows = timezone.now(), covers(kept_world)
    began, ends = at - timedelta(days=300), at + timedelta(days=9)
    Enrollment.objects.filter(pk=rows[0].pk).update(state="in_force", starts_at=began, ends_at=ends)
    Enrollment.objects.filter(pk=rows[1].pk).update(state="in_force")
    Enrollment.objects.filter(pk=rows[2].pk).update(state="ended")
    for topic, within, people in (
        (Topic.TO_PAY, None, 3), (Topic.IN_FORCE, None, 2), (Topic.ENDS_SOON, 10, 1), (Topic.ENDS_SOON, 8, 0),
        (Topic.ENDED, None, 1), (Topic.REFUSED, None, 0),
    ):
        found = outlook(Sending(**{**place_of(kept_world), "topic": topic, "within_days": within}), at=at)
        assert found.people == people, topic
    worded(kept_world, topic=Topic.ENDS_SOON, text="{姓名}的保障将于{止保日}到期")
    with pytest.raises(OutreachRefused) as refused:
        proposed(kept_world, topic=Topic.ENDS_SOON)
    assert code_of(refused) == "DAYS"
    assert proposed(kept_world, topic=Topic.ENDS_SOON, within_days=10).people == 1


def speaks(world: World, cover: Enrollment, role: str, phone: str) -> None:
    """Somebody who speaks for a person, recorded by two people."""
    if role == "guardian":
        Person.objects.filter(pk=cover.person_id).update(birth_on=date(timezone.localdate().year - 8, 1, 1))
    known = Beneficiary.objects.select_related("person", "program", "organization").get(pk=cover.beneficiary_id)
    change = propose_representative(
        known, role=Role(role), name="赵敏", document_type="resident_id", document=resident_id("441602", "19900101", 22),
        phone=phone, relation="母亲", reason="户口本已核对", by=world.clerk, at=timezone.now(),
    )
    change = PersonChange.objects.get(pk=change.pk)
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())


def test_a_minors_message_goes_to_the_guardian_and_that_of_whoever_has_no_telephone_to_the_agent(kept_world: World) -> None:
    child, other, *_rest, quiet, alone = covers(kept_world)
    speaks(kept_world, child, "guardian", "13700137000")
    speaks(kept_world, other, "agent", "13600136000")
    speaks(kept_world, quiet, "agent", "13500135000")
    sending = ready(kept_world)
    assert (sending.by_phone, sending.by_village, sending.lines.get(enrollment=alone).reach) == (5, 1, "village")
    (file,) = fetched(kept_world, sending)
    # The child is told apart from those with whom their own telephone is shared; whoever has a telephone needs no agent.
    assert sorted((row[0], row[1].count("、")) for row in file[1:]) == [
        ("13500135000", 0), ("13700137000", 0), (SHARED, 1), (OWN, 0),
    ]


def test_files_are_deleted_when_their_time_is_over_and_the_rows_stay(kept_world: World) -> None:
    sending = ready(kept_world)
    later = timezone.now() + timedelta(days=8)
    with pytest.raises(OutreachRefused) as refused:
        actions.open_messages(sending, by=kept_world.clerk, at=later)
    assert code_of(refused) == "EXPIRED"
    assert actions.purge_sendings(at=later) == 1
    sending.refresh_from_db()
    assert (sending.purged_at, sending.parts.get().storage_key, sending.lines.count()) == (later, "", 6)
    assert actions.purge_sendings(at=later) == 0
    assert broken() == []


def test_a_plan_without_own_payments_or_after_its_last_day_asks_nobody_to_pay(kept_world: World) -> None:
    kept_world.period.enrollment_closes_on = timezone.localdate()
    kept_world.period.save(update_fields=["enrollment_closes_on"])
    with pytest.raises(OutreachRefused) as refused:
        proposed(kept_world)
    assert code_of(refused) == "CLOSED"
    free = make_world(code="FR", requires_own_payment=False, requires_notice=False)
    worded(free)
    with pytest.raises(OutreachRefused) as refused:
        proposed(free)
    assert code_of(refused) == "NOT_ASKED"


# -- Wordings --------------------------------------------------------------------------------------------------------------

def drafted(world: World, **changes: Any) -> MessageWording:
    values: dict[str, Any] = {
        "topic": Topic.TO_PAY, "signature": "源城民政", "text": TEXT, "name_form": NameForm.MASKED, "hotline": "0762-3380000",
        "by": drafter(world), "at": timezone.now(), **changes,
    }
    return actions.draft_message(world.program, **values)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "{姓名},证件{证件号}"}, "PLACES"), ({"text": "您是低保户"}, "SENSITIVE"), ({"text": " "}, "EMPTY"),
        ({"hotline": ""}, "EMPTY"), ({"signature": "民"}, "SIGNATURE"), ({"text": "字" * 390 + "{凭证号}"}, "TOO_LONG"),
        ({"text": "请联系441602196203151219"}, "PERSONAL_DATA"),
    ],
)
def test_a_wording_that_says_too_much_is_refused(kept_world: World, changes: dict[str, Any], code: str) -> None:
    before = MessageWording.objects.count()
    with pytest.raises(Refused) as refused:
        drafted(kept_world, **changes)
    assert (code_of(refused), MessageWording.objects.count()) == (code, before)


def test_the_database_refuses_a_place_outside_the_whitelist_and_a_changed_text(kept_world: World) -> None:
    good = drafted(kept_world)
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageWording.objects.create(
            program=good.program, topic="ended", number=1, signature="民政", text="{证件号}", hotline="1", segments=1,
            drafted_by=good.drafted_by, drafted_at=good.drafted_at,
        )
    with pytest.raises(Exception, match="message_wording_stays"), transaction.atomic():
        MessageWording.objects.filter(pk=good.pk).update(text="别的")


def test_a_wording_is_approved_by_another_and_replaces_the_one_before(kept_world: World) -> None:
    before = MessageWording.objects.get(state="approved")
    found = drafted(kept_world)
    assert (before.number, found.number, found.segments) == (1, 2, 1)
    with pytest.raises(OutreachRefused) as refused:
        actions.approve_message(found, by=drafter(kept_world), at=timezone.now())
    assert code_of(refused) == "ANOTHER_APPROVES"
    actions.approve_message(found, by=kept_world.reviewer, at=timezone.now())
    assert dict(MessageWording.objects.values_list("number", "state")) == {1: "retired", 2: "approved"}
    with pytest.raises(OutreachRefused) as refused:
        actions.decline_message(found, reason="太长", by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "NOT_A_DRAFT"
