"""What proves a cover, for an auditor: its line of a file, who decided, money, and what each room holds of it. Nothing here writes.

Values are told as masks (`masked`), or opened (`in_the_clear`) for a release that a second person has approved. Rooms above add
who decided there (`register_evidence`); their rows themselves come from `beneficiaries.holdings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _t

from accounts.models import User
from audit import events, keys, naming
from audit.errors import KeyDestroyed
from audit.fields import Sealed
from audit.models import Event
from audit.versions import value_in_words
from beneficiaries.holdings import About, Line, Part, entry_of, opened, rows_of
from beneficiaries.models import Enrollment, Roster, RosterChunk, RosterRow
from beneficiaries.template import ROSTER
from intake.findings import MEANINGS, Verdict, describe
from intake.models import File
from intake.staging import raw_name
from programs.models import FundingSplitLine, LedgerTransaction


@dataclass(frozen=True)
class Evidence:
    """A heading and its entries for one cover: who decided what, with checksums; nothing of it is personal."""

    title: str | Promise
    entries: Callable[[Enrollment], Iterable[Line]]


_registered: list[Evidence] = []


def register_evidence(*evidence: Evidence) -> None:
    """Called by rooms from `ready()`, in the order in which a reader meets them."""
    _registered.extend(each for each in evidence if each not in _registered)


def masked(cover: Enrollment) -> list[Part]:
    """Everything that proves a cover, personal values as their masks."""
    return list(_gathered(cover, str, _masked_line))


def in_the_clear(cover: Enrollment) -> list[Part]:
    """The same with personal values opened, and the file's line as it came. The caller has seen that it was approved."""
    return list(_gathered(cover, opened, _line_as_it_came))


def who(user: User | None, at: Any) -> str:
    """A person and a moment, as one value."""
    return " · ".join(each for each in (user.get_full_name() if user is not None else "", value_in_words(at) if at else "") if each)


def postings_of(label: str, *numbers: int) -> Iterator[Line]:
    """Postings of the ledger that came from objects "app.model", with their accounting days."""
    rows = LedgerTransaction.objects.filter(source_type=label, source_id__in=numbers).order_by("pk")
    for posting in rows:
        yield [
            (_t("Posting"), f"#{posting.pk} {posting.get_kind_display()}"), (_t("At"), value_in_words(posting.at)),
            (_t("Accounting day"), value_in_words(posting.booked_on)), (_t("Posted for"), naming.kind_in_words(label)),
        ]


def _gathered(cover: Enrollment, say: Callable[[Sealed], str], line: Callable[[RosterRow], str]) -> Iterator[Part]:
    yield Part(_t("Cover"), [_cover(cover, say)])
    row = came = _row_of(cover)
    while came is not None and came.before is not None:
        is_renewed = came.before.program_id == came.roster.program_id
        yield Part(_t("Renewed without a file") if is_renewed else _t("Known by another program"), [_renewed(came, came.before)])
        came = _row_of(came.before)
    if came is not None and came.file is not None:
        yield Part(_t("Line of the file"), [_line(came, came.file, line), entry_of(came, _KEPT_APART, say=say)])
    yield Part(_t("How it came in and who approved it"), list(_approvals(cover, row)))
    yield Part(_t("Plan and who pays"), [_funding(cover)])
    for each in _registered:
        entries = list(each.entries(cover))
        if entries:
            yield Part(str(each.title), entries)
    source = ("beneficiaries.roster", cover.roster_id) if cover.roster_id else ("beneficiaries.purchase", cover.purchase_id)
    booked = list(postings_of(source[0], source[1] or 0))
    if booked:
        yield Part(_t("Postings of its source, with those of others on the same list"), booked)
    yield from rows_of(About([], [], [cover.pk], cover.organization.path), say=say)
    done = list(_what_was_done(cover))
    if done:
        yield Part(_t("What was done"), done)


#: Said by the line itself.
_KEPT_APART = ("file", "sheet", "line", "codes", "findings", "verdict", "chunk", "raw", "category_ids")


def _cover(cover: Enrollment, say: Callable[[Sealed], str]) -> Line:
    person: Any = cover.person
    return [
        (_t("Cover number"), cover.number), (_t("State"), cover.get_state_display()), (_t("Name of the person"), say(person.name)),
        (_t("Document number"), say(person.document)), (_t("Program"), f"{cover.program.name} · {cover.period.code}"),
        (_t("Office"), cover.organization.name), (_t("Category"), cover.category.name),
        (_t("Cover from"), value_in_words(cover.starts_at)), (_t("Cover until"), value_in_words(cover.ends_at)),
        (_t("Insurer's policy"), cover.insurer_policy_number), (_t("Enrolled at"), value_in_words(cover.created_at)),
    ]


def _row_of(cover: Enrollment) -> RosterRow | None:
    """The checked row that a cover came from; none of a purchase."""
    if cover.row_id is None:
        return None
    rows = RosterRow.objects.select_related("file", "category", "before__program", "before__period", "roster")
    return rows.filter(pk=cover.row_id).first()


def _line(row: RosterRow, file: File, line: Callable[[RosterRow], str]) -> Line:
    return [
        (_t("File"), file.name), (_t("SHA-256 of the file"), file.sha256), (_t("Sheet"), row.sheet), (_t("Line"), str(row.line)),
        *_checked(row), (_t("As it came"), line(row)),
    ]


def _renewed(row: RosterRow, before: Enrollment) -> Line:
    return [
        (_t("Cover that it comes from"), before.number),
        (_t("Program"), f"{before.program.name} · {before.period.code}"), *_checked(row),
    ]


def _checked(row: RosterRow) -> Line:
    findings = [
        describe(each["code"], value_masked=each.get("value_masked") or "", extra=str(each.get("extra") or ""))
        for each in row.findings or [] if each["code"] in MEANINGS
    ]
    return [
        (_t("Verdict of the check"), str(Verdict(row.verdict).label)),
        (_t("Findings of the check"), "\n".join(findings) or _t("None")),
    ]


def _masked_line(row: RosterRow) -> str:
    return _t("kept, sealed; shown where a release in the clear was approved") if row.raw else _t("deleted at the end of its time")


def _line_as_it_came(row: RosterRow) -> str:
    if not row.raw:
        return _t("deleted at the end of its time")
    try:
        return keys.open_sealed(bytes(row.raw), raw_name(ROSTER))
    except KeyDestroyed:
        return _t("deleted at the end of its time")


def _approvals(cover: Enrollment, row: RosterRow | None) -> Iterator[Line]:
    if cover.roster_id is None:
        bought: Any = cover.purchase
        yield [
            (_t("Request"), f"{bought.reference} · {bought.get_channel_display()}"), (_t("Line"), str(cover.line)),
            (_t("Checksum"), bytes(bought.digest).hex()), (_t("Made"), f"{bought.by_label} · {value_in_words(bought.made_at)}"),
            (_t("Payment"), bought.payment_reference),
        ]
        return
    roster = Roster.objects.select_related("uploaded_by", "submitted_by", "decided_by").get(pk=cover.roster_id)
    found: Line = [
        (_t("Roster"), f"#{roster.pk}"), (_t("Uploaded"), who(roster.uploaded_by, roster.uploaded_at)),
        (_t("Submitted"), who(roster.submitted_by, roster.submitted_at)),
        (_t("Approved"), who(roster.decided_by, roster.decided_at)), (_t("Checksum that was approved"), roster.approved_digest),
        (_t("Checksum of the list"), roster.digest),
    ]
    chunk = RosterChunk.objects.filter(roster=roster, number=row.chunk).first() if row is not None else None
    if chunk is not None:
        found.append((_t("Checksum of its part"), f"{chunk.number}: {chunk.digest}"))
    yield found


def _funding(cover: Enrollment) -> Line:
    plan = cover.plan
    shares = FundingSplitLine.objects.filter(split=cover.split_id).select_related("funder").order_by("position")
    return [
        (_t("Plan"), f"{plan.name} v{plan.number}"), (_t("Submitted"), who(plan.submitted_by, plan.submitted_at)),
        (_t("Approved"), who(plan.decided_by, plan.decided_at)), (_t("Premium (yuan)"), value_in_words(cover.premium)),
        (_t("Own share (yuan)"), value_in_words(cover.own_share)),
        *((share.funder.name, value_in_words(share.amount)) for share in shares),
    ]


def _what_was_done(cover: Enrollment) -> Iterator[Line]:
    """Events of the cover and of its roster, with who did it."""
    about = Q(subject_type=Enrollment._meta.label_lower, subject_id=str(cover.pk))
    if cover.roster_id:
        about |= Q(subject_type=Roster._meta.label_lower, subject_id=str(cover.roster_id))
    found = list(Event.objects.filter(about).order_by("pk"))
    names = naming.names_of_users(event.actor_id for event in found if event.actor_id)
    for event in found:
        yield [
            (_t("At"), value_in_words(event.at)), (_t("What"), events.sentence(event)),
            (_t("Who"), naming.actor_in_words(event.actor, event.actor_id, names)),
        ]


