"""Wordings of messages: drafted by one person, approved or declined by another; the newest approved one counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from accounts.models import User
from audit import events
from audit.faults import fault_point
from outreach import wording as rules
from outreach.composing import check_page
from outreach.errors import OutreachRefused
from outreach.models import MessageWording, NameForm, Topic, WordingState
from outreach.reach import refuse_beyond
from programs.models import Category, Program


def draft_message(
    program: Program, *, topic: Topic, signature: str, text: str, name_form: NameForm, hotline: str, by: User, at: datetime
) -> MessageWording:
    """Write the next version of what people are told; nothing is sent with it before a colleague approves it."""
    refuse_beyond(
        by, "outreach.draft_wording", organization=program.organization, region_code=program.region_code, program_id=program.pk
    )
    signature, text, hotline = signature.strip("【】 "), " ".join(text.split()), hotline.strip()
    found = MessageWording(
        program=program, topic=topic, signature=signature, text=text, name_form=name_form, hotline=hotline, drafted_by=by,
        drafted_at=at,
    )
    refuse_unfit(found)
    found.segments = longest(found)
    with transaction.atomic():
        _one_at_a_time(program, topic)
        fault_point("outreach.draft.before")
        last = MessageWording.objects.filter(program=program, topic=topic).aggregate(last=Max("number"))["last"]
        found.number = (last or 0) + 1
        found.save(force_insert=True)
        _record("message_wording.drafted", found, by=by, at=at)
        fault_point("outreach.draft.after")
    return found


def refuse_unfit(found: MessageWording) -> None:
    """What no message may say, where it is too long, or empty."""
    if not found.text or not found.hotline:
        raise OutreachRefused("EMPTY")
    if not 2 <= len(found.signature) <= 12 or set(found.signature) & set("【】{}"):
        raise OutreachRefused("SIGNATURE")
    if strange := rules.strange_places(found.text):
        raise OutreachRefused(
            "PLACES", places="、".join(f"“{place}”" for place in strange), allowed="、".join(f"{{{each}}}" for each in rules.PLACES)
        )
    for text in (found.text, found.hotline, found.signature):
        events.refuse_personal(text)
    named = [word for names in Category.objects.values_list("name", "synonyms") for word in (names[0], *names[1])]
    if words := rules.sensitive_words(found.text, categories=named):
        raise OutreachRefused("SENSITIVE", words="、".join(words))
    if (count := longest(found)) > rules.MOST_SEGMENTS:
        raise OutreachRefused("TOO_LONG", segments=count, most=rules.MOST_SEGMENTS)


def examples(found: MessageWording) -> list[tuple[str, int, int]]:
    """(text, signs, messages) for people who do not exist."""
    shared = {
        "program": found.program.name, "hotline": found.hotline, "pay_until": "2026年12月31日",
        "check_page": check_page() or "https://portal.example.org/c/",
    }
    full = found.name_form == NameForm.FULL
    texts = [
        rules.filled(found.whole, {**shared, **facts, "name": facts["name"] if full else rules.masked_example(facts["name"])})
        for facts in rules.NOBODY
    ]
    return [(text, rules.signs(text), rules.segments(text)) for text in texts]


def longest(found: MessageWording) -> int:
    """Messages that the longest example comes to."""
    return max(segments for _text, _signs, segments in examples(found))


def approve_message(found: MessageWording, *, by: User, at: datetime) -> MessageWording:
    """From now on new messages for the occasion say this; the version before is replaced."""
    with transaction.atomic():
        _one_at_a_time(found.program, found.topic)
        found = _to_decide(found, by=by)
        fault_point("outreach.approve_wording.before")
        earlier = MessageWording.objects.filter(program=found.program_id, topic=found.topic, state=WordingState.APPROVED)
        earlier.update(state=WordingState.RETIRED)
        found.state, found.decided_by, found.decided_at = WordingState.APPROVED, by, at
        found.save(update_fields=["state", "decided_by", "decided_at"])
        _record("message_wording.approved", found, by=by, at=at)
        fault_point("outreach.approve_wording.after")
    return found


def decline_message(found: MessageWording, *, reason: str, by: User, at: datetime) -> MessageWording:
    """It is used for nothing; whoever drafted it reads why."""
    with transaction.atomic():
        found = _to_decide(found, by=by)
        reason = " ".join(reason.split())
        if not reason:
            raise OutreachRefused("REASON")
        events.refuse_personal(reason)
        fault_point("outreach.decline_wording.before")
        found.state, found.reason, found.decided_by, found.decided_at = WordingState.DECLINED, reason[:300], by, at
        found.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        _record("message_wording.declined", found, by=by, at=at, reason=found.reason)
        fault_point("outreach.decline_wording.after")
    return found


def _to_decide(found: MessageWording, *, by: User) -> MessageWording:
    rows = MessageWording.objects.select_for_update(of=("self",)).select_related("program__organization")
    locked = rows.get(pk=found.pk)
    fault_point("outreach.wording.locked")
    if locked.state != WordingState.DRAFT:
        raise OutreachRefused("NOT_A_DRAFT", state=locked.get_state_display())
    if locked.drafted_by_id == by.pk:
        raise OutreachRefused("ANOTHER_APPROVES")
    return locked


def _one_at_a_time(program: Program, topic: str) -> None:
    """Versions of one occasion are numbered, and replace each other, one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"outreach.wording:{program.pk}:{topic}"])


def _record(verb: str, found: MessageWording, *, by: Any, at: datetime, **data: Any) -> None:
    program = found.program
    events.record(
        verb, found, by=by, at=at, organization=program.organization, region_code=program.region_code, program_id=program.pk,
        data={"topic": str(found.topic), "version": found.number, **data},
    )
