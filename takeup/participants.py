"""A list of participants of basic insurance as a template of intake: each line becomes a blind index, a kind, a status, a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import polars as pl
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from audit import blind_index
from audit.faults import fault_point
from audit.history import plan_anew
from audit.models.keys import SLOTS
from beneficiaries.columns import DOCUMENTS
from beneficiaries.models.person import IDENTITY
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.errors import TermsMoved
from intake.findings import FileFinding, Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared, Template, Undone, Unusual
from takeup.errors import TakeupRefused
from takeup.models import (
    InsuranceKind,
    InsuranceStatus,
    ParticipantChunk,
    ParticipantList,
    ParticipantRow,
    Participation,
)

_FINE = pl.col("worst") < Severity.ERROR.weight
#: What bureaus write for each kind and status.
KINDS = {
    "310": InsuranceKind.EMPLOYEE, "职工": InsuranceKind.EMPLOYEE, "职工医保": InsuranceKind.EMPLOYEE,
    "职工基本医疗保险": InsuranceKind.EMPLOYEE, "城镇职工基本医疗保险": InsuranceKind.EMPLOYEE,
    "390": InsuranceKind.RESIDENT, "居民": InsuranceKind.RESIDENT, "居民医保": InsuranceKind.RESIDENT,
    "城乡居民基本医疗保险": InsuranceKind.RESIDENT, "城乡居民": InsuranceKind.RESIDENT,
}
STATUSES = {
    "1": InsuranceStatus.ACTIVE, "正常参保": InsuranceStatus.ACTIVE, "参保": InsuranceStatus.ACTIVE, "正常": InsuranceStatus.ACTIVE,
    "2": InsuranceStatus.PAUSED, "暂停参保": InsuranceStatus.PAUSED, "暂停": InsuranceStatus.PAUSED,
    "4": InsuranceStatus.ENDED, "终止参保": InsuranceStatus.ENDED, "终止": InsuranceStatus.ENDED,
}
COLUMNS: tuple[Column, ...] = (
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "身份证"), required=True, clean="document",
        personal="document", companions={"type": "document_type"}, example="441602196203151219",
        help=_("Nothing of it is kept but a blind index; format the column as text."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类",), clean="document_type", choices=DOCUMENTS, example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "kind", "险种", ("险种类型", "参保险种"), required=True, clean="choice", choices=tuple(KINDS), example="390",
        help=_("310 employees, 390 residents."),
    ),
    Column(
        "status", "参保状态", ("人员参保状态", "状态"), required=True, clean="choice", choices=tuple(STATUSES), example="正常参保",
        help=_("Only who takes part normally counts as insured."),
    ),
    Column(
        "region_code", "统筹区", ("统筹区代码", "统筹区编码", "医保区划", "参保地", "县区代码", "行政区划代码"), required=True,
        max_length=6, example="441602", help=_("Six digits: the county, or the city with 00 at the end."),
    ),
)
# Sorted, so that chunks side by side insert in one order; without the line as it came, of which nothing stays.
_TAKEN_IN = """
INSERT INTO takeup_participation (list_id, identity_index_a, identity_index_b, kind, status, region_code)
SELECT list_id, identity_index_a, identity_index_b, kind, status, region_code FROM takeup_participantrow
WHERE list_id = %(list)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = ''
ORDER BY identity_index_a, identity_index_b
"""
_LET_GO = """
UPDATE takeup_participantrow SET raw = NULL, identity_index_a = NULL, identity_index_b = NULL
WHERE list_id = %(list)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = ''
"""
_TOTALS = """
INSERT INTO takeup_participantcount (list_id, region_code, kind, status, people)
SELECT list_id, region_code, kind, status, count(*) FROM takeup_participation WHERE list_id = %(list)s GROUP BY 1, 2, 3, 4
ORDER BY 2, 3, 4
"""
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('takeup.participants:' || %(organization)s || ':' || %(region)s, 0))"
_NOBODY = "DELETE FROM takeup_participation WHERE list_id = %(list)s"
_OLDER = """
DELETE FROM takeup_participation WHERE list_id IN (
    SELECT id FROM takeup_participantlist WHERE organization_id = %(organization)s AND region_code = %(region)s
        AND is_in_force AND id <> %(list)s)
"""


@dataclass(frozen=True)
class ListContext:
    """What one job needs to check a list's rows."""

    list: ParticipantList
    checks: Context
    regions: frozenset[str]
    slots: tuple[str, ...]
    year: int
    #: No program knows of it.
    program_code: str = ""


class ParticipantTemplate(Template):
    """One line, one participant."""

    key = "participants"
    title = _("List of participants of basic insurance")
    import_model = ParticipantList
    row_model = ParticipantRow
    chunk_model = ParticipantChunk
    import_key = "list"
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    unique_by = ("document", "document_type")
    staged = ("identity_index_a", "identity_index_b", "kind", "status", "region_code")
    purpose = "participation"

    def context(self, subject: ParticipantList, *, at: datetime) -> ListContext:
        """The places that a list of its region may name."""
        found = ParticipantList.objects.select_related("organization").get(pk=subject.pk)
        day = timezone.localdate(at)
        places = Region.objects.filter(code__startswith=found.region_code, level__lte=Region.Level.COUNTY)
        return ListContext(
            found, Context(today=day, regions=_NO_REGIONS), frozenset(places.values_list("code", flat=True)),
            tuple(blind_index.written_slots(IDENTITY)), day.year,
        )

    def hold(self, context: ListContext) -> None:
        """No index changes its slots before this chunk is committed."""
        if tuple(blind_index.written_slots(IDENTITY)) != context.slots:
            raise TermsMoved(f"slots of {IDENTITY}")

    def check(self, frame: pl.DataFrame, context: ListContext) -> Checked:
        """Cleaned cells, in our own words of kind and status; places as cities or counties."""
        checked = checks.check(frame, self.columns, self.checks_of(context))
        code = pl.col("region_code").str.strip_chars()
        found = checked.frame.with_columns(
            kind=pl.col("kind").replace_strict({word: kind.value for word, kind in KINDS.items()}, default=None,
                                               return_dtype=pl.String),
            status=pl.col("status").replace_strict({word: status.value for word, status in STATUSES.items()}, default=None,
                                                   return_dtype=pl.String),
            region_code=pl.when(code.str.contains(r"^[0-9]{4}00$")).then(code.str.slice(0, 4)).otherwise(code),
        )
        return Checked(found, checked.findings)

    def compare(self, checked: Checked, context: ListContext) -> Compared:
        """Each line by itself: a list replaces the one before as a whole."""
        frame, findings = checked.frame, checked.findings
        known = pl.col("region_code").is_in(list(context.regions))
        outside = frame.select(_FINE & ~known.fill_null(value=False)).to_series()
        rows = outside.arg_true()
        if not rows.is_empty():
            column = self.column("region_code")
            places, region = frame["region_code"].gather(rows), context.list.region_code
            more = placed(found_at("PLACE_OUTSIDE", column, rows, places, region), frame)
            findings = pl.concat([findings, more]).sort("row", maintain_order=True)
        fine = frame.select(_FINE & known.fill_null(value=False)).to_series()
        frame = frame.with_columns(
            verdict=pl.when(fine).then(Verdict.NEW).otherwise(Verdict.REFUSED).cast(pl.UInt8),
            **{name: pl.when(fine).then(name) for name in ("kind", "status", "region_code")},
        )
        texts = frame.select(
            pl.when(fine).then(pl.col("document_type") + pl.lit("|") + pl.col("document"))
        ).to_series().to_list()
        sealed: dict[str, Cells] = {
            f"identity_index_{slot}": blind_index.index_many(IDENTITY, texts, slot) if slot in context.slots
            else [None] * len(frame)
            for slot in SLOTS
        }
        return Compared(frame, sealed, findings)

    def unusual(self, subject: ParticipantList) -> list[Unusual]:
        """Half of the lines twice, as for any file; a list changes nobody."""
        return [each for each in super().unusual(subject) if each.code == "MANY_REPEATED"]

    def preview_money(self, subject: ParticipantList, context: ListContext) -> dict[str, Any]:
        """No money: people who would be taken in, by status."""
        rows = ParticipantRow.objects.filter(list=subject, verdict=Verdict.NEW).order_by()
        return {status or "": number for status, number in rows.values_list("status").annotate(number=models.Count("pk"))}

    def reason_to_close(self, subject: ParticipantList, *, at: datetime) -> FileFinding | None:
        """Nothing refuses the whole."""
        return None

    def reserve(self, subject: ParticipantList, *, by: Any, at: datetime) -> None:
        """Nothing is held; an older list of the office never replaces a newer one."""
        if _in_force_beside(subject).filter(as_of__gt=subject.as_of).exists():
            raise TakeupRefused("NEWER_LIST")

    def release(self, subject: ParticipantList, *, at: datetime) -> None:
        """The list is in force, and the one before it is gone with all of its people; in the transaction that ends the import.

        Two lists of an office end one after the other. Where a newer one came into force since the approval, of this one
        nobody stays.
        """
        if not subject.verdict_count(Verdict.NEW):
            return
        given: dict[str, Any] = {"list": subject.pk, "organization": subject.organization_id, "region": subject.region_code}
        fault_point("takeup.end_participants.before")
        with connection.cursor() as cursor:
            cursor.execute(_TURN, given)
            if _in_force_beside(subject).filter(as_of__gt=subject.as_of).exists():
                cursor.execute(_NOBODY, given)
            else:
                cursor.execute(_TOTALS, given)
                cursor.execute(_OLDER, given)
                _in_force_beside(subject).update(is_in_force=False)
                ParticipantList.objects.filter(pk=subject.pk).update(is_in_force=True)
        fault_point("takeup.end_participants.after")

    def apply_chunk(self, subject: ParticipantList, chunk: Chunk, *, context: ListContext, at: datetime) -> Applied:
        """The participants of one chunk; of their lines nothing stays."""
        given = {"list": subject.pk, "chunk": chunk.number, "new": int(Verdict.NEW)}
        fault_point("takeup.take_in_participants.before")
        with connection.cursor() as cursor:
            plan_anew(cursor)
            cursor.execute(_TAKEN_IN, given)
            rows = cursor.rowcount
            cursor.execute(_LET_GO, given)
        fault_point("takeup.take_in_participants.after")
        return Applied(rows, 0)

    def undo_chunk(self, subject: ParticipantList, chunk: Chunk, *, context: ListContext, at: datetime) -> Undone:
        """A newer list is the way back."""
        raise TakeupRefused("LIST_STANDS")

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: ParticipantList) -> Sequence[str]:
        """Office, region and day."""
        return (f"organization {subject.organization_id}", f"region {subject.region_code}", f"as of {subject.as_of}")

    def same_terms(self, subject: ParticipantList) -> models.QuerySet:
        """Lists of the same office and day."""
        return ParticipantList.objects.filter(
            organization=subject.organization_id, region_code=subject.region_code, as_of=subject.as_of
        )

    def program_id_of(self, subject: ParticipantList) -> None:
        """None: a list serves every program of its region."""
        return


def _in_force_beside(subject: ParticipantList) -> models.QuerySet[ParticipantList]:
    """The list of the same office and region that is in force, where it is another one."""
    return ParticipantList.objects.filter(
        organization=subject.organization_id, region_code=subject.region_code, is_in_force=True
    ).exclude(pk=subject.pk)


_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
PARTICIPANTS = ParticipantTemplate()


def among(region_code: str) -> str | None:
    """SQL over an index value "{identity}": on a list in force that speaks of the whole region; None without one.

    A list whose index values were made under a key that answers no more speaks of nobody: it is to be uploaded again.
    """
    slot = blind_index.active_slot(IDENTITY)
    in_force = ParticipantList.objects.filter(is_in_force=True).order_by("pk").values_list("pk", "region_code")
    lists = [
        number for number, region in in_force
        if region and region_code.startswith(region)
        and Participation.objects.filter(**{"list": number, f"identity_index_{slot}__isnull": False}).exists()
    ]
    if not lists:
        return None
    return (
        f"EXISTS (SELECT FROM takeup_participation p WHERE p.list_id IN ({', '.join(map(str, lists))}) "
        f"AND p.identity_index_{slot} = {{identity}} AND p.status = '{InsuranceStatus.ACTIVE}')"
    )
