"""The roster as a template of intake: checks, comparison with known people, money, and what approval makes real."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

import polars as pl
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit import blind_index, keys
from audit.models.keys import SLOTS
from audit.sealing import Unsealed
from beneficiaries import (
    additions,
    applying,
    guardians,
    guarding,
    health_lines,
    keepers,
    likeness,
    marking,
    missing,
    money,
    pairs,
    participants,
    probing,
    undoing,
)
from beneficiaries.columns import COLUMNS
from beneficiaries.deciding_again import decide_again, remember_decisions
from beneficiaries.health import groups_of
from beneficiaries.models import Roster, RosterChunk, RosterDecision, RosterRow
from beneficiaries.models.enrollment import LIVE
from beneficiaries.models.person import BENEFICIARY_KEY, IDENTITY, MARK, NAME, PERSON_KEY
from beneficiaries.models.roster import Purpose
from beneficiaries.other_periods import COVERED_BESIDE, beside, covered_beside
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.context import region_frame
from intake.copying import ask
from intake.errors import TermsMoved
from intake.findings import FileFinding, Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared, Template, Undone, Unusual
from programs.models import Category
from programs.rules import eligibility
from programs.rules.proration import prorate
from programs.terms import PlanTerms, plan_terms

#: Purpose of the key under which the digests of contact data are made.
CONTACT = "beneficiary.contact"
#: Cleaned columns that a beneficiary's contact digest covers, besides the categories.
_CONTACT = (
    "region_code", "address", "phone", "bank_name", "bank_account", "guardian_name", "guardian_document",
)
_SEALED = {
    "name": ("person.name", PERSON_KEY),
    "document": ("person.document", PERSON_KEY),
    "phone": ("beneficiary.phone", BENEFICIARY_KEY),
    "address": ("beneficiary.address", BENEFICIARY_KEY),
    "bank_account": ("beneficiary.bank_account", BENEFICIARY_KEY),
    "guardian_name": ("beneficiary.guardian_name", BENEFICIARY_KEY),
    "guardian_document": ("beneficiary.guardian_document", BENEFICIARY_KEY),
}
_DOUBT, _REFUSED = Severity.DOUBT.weight, Severity.ERROR.weight


@dataclass(frozen=True)
class RosterContext:
    """What one job needs to check and compare a roster's rows."""

    roster: Roster
    terms: PlanTerms
    checks: Context
    category_ids: dict[str, int]
    category_names: dict[str, str]
    year: int

    def premium_at(self, price: Decimal) -> Decimal:
        """Yuan for a cover from the roster's first day, at the price of the whole one."""
        period = self.roster.period
        return prorate(
            price, rule=self.terms.proration, starts_on=period.starts_on, ends_on=period.ends_on,
            cover_from=self.roster.cover_from,
        )

    @property
    def counting_day(self) -> date:
        """The day on which ages count, for whether the plan takes a person in and for the price."""
        return eligibility.counting_day(
            self.terms, period_starts_on=self.roster.period.starts_on, enrolled_on=self.checks.today
        )

    @property
    def program_code(self) -> str:
        """The program whose data keys seal what only this program knows."""
        return self.roster.program.code

    @cached_property
    def health_groups(self) -> dict[str, str]:
        """Groups of diseases that lines may name, code -> name."""
        return groups_of(self.roster.program_id)

    @cached_property
    def periods_beside(self) -> list[int]:
        """Others of the program in which nobody is covered at the same time."""
        return beside(self.roster.period)

    @cached_property
    def identity_slots(self) -> list[str]:
        """Slots of the identity index that new rows fill."""
        return blind_index.written_slots(IDENTITY)

    @cached_property
    def name_slots(self) -> list[str]:
        """Slots of the name index that new rows fill."""
        return blind_index.written_slots(NAME)

    @cached_property
    def mark_slots(self) -> list[str]:
        """Slots of the marks that new rows fill."""
        return blind_index.written_slots(MARK)


class RosterTemplate(Template):
    """The plain layout: one line, one person."""

    key = "roster"
    title = _("Roster")
    import_model = Roster
    row_model = RosterRow
    chunk_model = RosterChunk
    import_key = "roster"
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    unique_by = ("document", "document_type")
    purpose = BENEFICIARY_KEY
    staged = (
        *_SEALED, "document_type", "birth_on", "sex", "identity_index_a", "identity_index_b", "name_index_a",
        "name_index_b", "region_code", "bank_name", "contact_digest", "category_ids", "category_id", "split_id",
        "premium", "own_share", "known_person_id", "known_contact_digest",
    )

    staged_beside = guardians.STAGED
    further_beside = (health_lines.STAGED,)
    #: Whether what lines say of guardians is put on record, and a plan's demand of one is asked of them.
    puts_guardians_on_record: ClassVar[bool] = True

    #: Marks that are staged beside: made of what the approval covers, and so no part of its digest.
    marks: ClassVar[tuple[str, ...]] = ("name_mark", "phone_mark")

    def context(self, subject: Roster, *, at: datetime) -> RosterContext:
        """Regions, categories, plan terms; the roster with its program, plan and period."""
        roster = Roster.objects.select_related("program", "plan", "period", "organization").get(pk=subject.pk)
        day = timezone.localdate(at)
        words, ids, names = {}, {}, {}
        for category in Category.objects.all():
            ids[category.code], names[category.code] = category.pk, category.name
            words.update(dict.fromkeys((category.code, category.name, *category.synonyms), category.code))
        return RosterContext(
            roster=roster,
            terms=plan_terms(roster.plan),
            checks=Context(
                today=day, regions=region_frame(on=day), prefixes=(roster.region_code,), categories=words
            ),
            category_ids=ids,
            category_names=names,
            year=day.year,
        )

    def hold(self, context: RosterContext) -> None:
        """No index changes its slots before this chunk is committed."""
        for purpose, slots in ((IDENTITY, context.identity_slots), (NAME, context.name_slots), (MARK, context.mark_slots)):
            if blind_index.written_slots(purpose) != slots:
                raise TermsMoved(f"slots of {purpose}")

    def compare(self, checked: Checked, context: RosterContext) -> Compared:
        """Eligibility under the plan, then verdicts against people, beneficiaries and covers that are known."""
        frame, findings = checked.frame, checked.findings
        indexes = _indexes(frame, context)
        known = _known(frame, indexes, context)
        frame = frame.join(known.frame, on="row", how="left", maintain_order="left")
        frame, findings = self.leave_restricted(frame, findings)
        frame, findings = self.judge_guardians(frame, findings, context)
        frame, findings = self.admit(frame, findings, context)
        frame = pairs.completed(additions.with_additions(frame, context), context)
        frame, findings = self.compare_guardians(
            frame, findings, context, day=context.roster.cover_from, demanded=context.terms.requires_guardian
        )
        frame = additions.with_guardians(frame)
        frame, findings = health_lines.judged(self, frame, findings, context)
        eligible = eligibility.decide(
            frame.select("birth_on", region="region_code", categories="categories"), context.terms,
            period_starts_on=context.roster.period.starts_on, enrolled_on=context.checks.today,
        )
        frame = frame.with_columns(category_code=eligible["category"], rule=eligible["rule"])
        # Who is covered already was judged when they were enrolled: a line that only adds is not judged again.
        judged = (pl.col("worst") < _REFUSED) & pl.col("rule").is_not_null() & ~pl.col("adds")
        findings = self._add(
            findings, frame, "NOT_ELIGIBLE", "categories", frame.select(judged).to_series(), extra="rule"
        )
        frame = _refused_where(judged, frame)
        frame, findings = self.judge_insurance(frame, findings, context, indexes)
        frame = money.with_splits(frame, context)
        unfunded = pl.col("unfunded").is_not_null()
        findings = self._add(
            findings, frame, "NOT_FUNDED", "region_code", frame.select(unfunded).to_series(), extra="unfunded"
        )
        frame = _refused_where(unfunded, frame)
        frame, findings = likeness.judged(frame, findings, indexes, context, add=self._add)
        fine = pl.col("worst") < _REFUSED
        conflict = fine & ~pl.col("same_name")
        # Who has a number and not its name learns nothing of its cover.
        covered = fine & ~conflict & pl.col("enrollment_id").is_not_null()
        findings = self._add(findings, frame, "IDENTITY_CONFLICT", "name", frame.select(conflict).to_series())
        added = covered & pl.col("adds")
        for code, column, where, extra in (
            ("ALREADY_COVERED", "document", covered & ~added, ""),
            ("CATEGORY_ADDED", "categories", added & pl.col("added").is_not_null(), "added"),
            ("CONTACT_ADDED", "document", added & pl.col("fills"), ""),
        ):
            findings = self._add(findings, frame, code, column, frame.select(where).to_series(), extra=extra)
        verdict = (
            pl.when(~fine).then(Verdict.REFUSED)
            .when(conflict | pl.col("in_doubt") | (pl.col("worst") == _DOUBT)).then(Verdict.DOUBTFUL)
            .when(added).then(Verdict.CHANGED)
            .when(covered).then(Verdict.COVERED)
            .when(pl.col("same_contact").is_null()).then(Verdict.NEW)
            .when(~pl.col("same_contact") | pl.col("begins_guardian").fill_null(value=False)).then(Verdict.CHANGED)
            .otherwise(Verdict.UNCHANGED)
        )  # fmt: skip
        ids = context.category_ids
        frame = frame.with_columns(
            verdict=verdict.cast(pl.UInt8),
            category_ids=pl.col("categories").list.eval(
                pl.element().replace_strict(ids, default=None, return_dtype=pl.Int64)
            ),
        )
        contacts: list[bytes | None] = [known.contacts.get(row) for row in range(len(frame))]
        frame, indexes, contacts = _without_refused(frame, indexes, contacts)
        sealed: dict[str, Cells | Unsealed] = {
            **_sealed(frame, context), **indexes, "known_contact_digest": contacts,
            **guardians.cells(frame, context), **health_lines.cells(frame, context), **marking.cells(frame, context, self.marks),
        }
        return Compared(frame, sealed, findings, money.tally(frame))

    def admit(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Refuse whoever cannot be enrolled, whatever the plan says: the dead, and who is covered beside this period."""
        dead = (pl.col("worst") < _REFUSED) & pl.col("same_name") & pl.col("deceased")
        frame, findings = self.refuse(frame, findings, "STATUS_DECEASED", "document", dead)
        known = (pl.col("worst") < _REFUSED) & pl.col("same_name") & pl.col("enrollment_id").is_null()
        others = context.periods_beside
        people = frame.filter(known)["known_person_id"].drop_nulls().to_list() if others else []
        held = covered_beside(people, periods=others, begin=context.roster.cover_from)
        if not held:
            return frame, findings
        of = pl.col("known_person_id").replace_strict(held, default=None, return_dtype=pl.String)
        frame, findings = self.refuse(
            frame.with_columns(beside=of), findings, COVERED_BESIDE, "document", known & of.is_not_null(), extra="beside"
        )
        return frame.drop("beside"), findings

    def judge_insurance(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext, indexes: dict[str, Cells]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Refuse who is on no list of participants in force, where the plan demands it; without a list `reason_to_close` tells."""
        if not context.terms.requires_basic_insurance:
            return frame, findings
        identities = indexes[f"identity_index_{blind_index.active_slot(IDENTITY)}"]
        rows = participants.absent(context.roster.region_code, identities)
        away = pl.Series("away", [False] * len(frame), dtype=pl.Boolean)
        if rows:
            away = away.scatter(rows, values=True)
        where = (pl.col("worst") < _REFUSED) & ~pl.col("adds") & pl.col("away")
        frame, findings = self.refuse(frame.with_columns(away), findings, participants.NOT_INSURED, "document", where)
        return frame.drop("away"), findings

    def leave_restricted(self, frame: pl.DataFrame, findings: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Refuse, in neutral words, lines of people whose data this office only keeps (ADR 27)."""
        kept = (pl.col("worst") < _REFUSED) & pl.col("same_name") & pl.col("restricted")
        return self.refuse(frame, findings, "NOT_PROCESSED", "document", kept)

    def judge_guardians(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Refuse lines whose guardian is the person, or no adult."""
        if not guarding.names_a_guardian(frame):
            return frame, findings
        fine = pl.col("worst") < _REFUSED
        frame, findings = self.refuse(frame, findings, "GUARDIAN_SELF", guarding.GUARDIAN, fine & guarding.is_self())
        minor = fine & guarding.is_minor(on=context.checks.today)
        return self.refuse(frame, findings, "GUARDIAN_MINOR", guarding.GUARDIAN, minor)

    def compare_guardians(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext, *, day: date, demanded: bool
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What lines say of guardians beside what stands; nothing where this roster puts none on record."""
        if not self.puts_guardians_on_record:
            return guardians.without(frame), findings
        return guardians.compared(self, frame, findings, context, day=day, demanded=demanded)

    def find(
        self, findings: pl.DataFrame, frame: pl.DataFrame, code: str, column: str, where: pl.Expr, *, extra: str = ""
    ) -> pl.DataFrame:
        """The findings and one more per row where the condition holds."""
        return self._add(findings, frame, code, column, frame.select(where).to_series(), extra=extra)

    def refuse(
        self, frame: pl.DataFrame, findings: pl.DataFrame, code: str, column: str, where: pl.Expr, *, extra: str = ""
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows where the condition holds refused, with a finding."""
        findings = self._add(findings, frame, code, column, frame.select(where).to_series(), extra=extra)
        return _refused_where(where.fill_null(value=False), frame), findings

    def _add(
        self, findings: pl.DataFrame, frame: pl.DataFrame, code: str, column: str, where: pl.Series, *, extra: str = ""
    ) -> pl.DataFrame:
        """The findings and one more per row where the mask is true."""
        rows = where.fill_null(value=False).arg_true()
        if rows.is_empty():
            return findings
        facts = frame[extra].gather(rows) if extra else ""
        values = pl.Series("value", [None] * len(rows), dtype=pl.String)
        found = placed(found_at(code, self.column(column), rows, values, facts), frame)
        return pl.concat([findings, found]).sort("row", maintain_order=True)

    def preview_money(self, subject: Roster, context: RosterContext) -> dict[str, Any]:
        """What the roster would cost whom."""
        return money.preview(subject)

    def remember_decisions(self, subject: Roster, number: int) -> None:
        """What people decided outlives the rows."""
        remember_decisions(subject, number)

    def decide_again(self, subject: Roster, *, at: datetime) -> dict[str, int]:
        """Rows that read as they did stay decided."""
        return decide_again(subject, self, at=at)

    def renew_declarations(self, subject: Roster) -> None:
        """Who is missing from a full list is looked up anew: a file that joined may name them."""
        missing.again(subject)

    def reason_to_close(self, subject: Roster, *, at: datetime) -> FileFinding | None:
        """No list of participants where the plan demands one; too many questions about people whom only others know."""
        if enrolls(subject) and subject.plan.requires_basic_insurance and participants.among(
            subject.region_code, identity="NULL"
        ) is None:
            return FileFinding(participants.NO_LIST)
        return FileFinding("TOO_MANY_CONFLICTS") if probing.exceeds_cap(subject, at=at) else None

    def reserve(self, subject: Roster, *, by: Any, at: datetime) -> None:
        """Hold every funder's part of the whole roster."""
        money.reserve_roster(subject, by=by, at=at)

    def reserve_by_priority(
        self, subject: Roster, *, expected: Sequence[Any] | None, by: Any, at: datetime
    ) -> None:
        """Hold whole categories of counties in the plan's order, as far as the budgets go."""
        money.reserve_by_priority(subject, expected=expected, by=by, at=at)

    def release(self, subject: Roster, *, at: datetime) -> None:
        """Give back the parts of rows that were set aside; end the cover of who is missing, where that was asked."""
        missing.end_missing(subject, at=at)
        money.release_roster(subject, at=at)

    def apply_chunk(self, subject: Roster, chunk: Chunk, *, context: RosterContext, at: datetime) -> Applied:
        """People, beneficiaries, categories, enrollments and money of one chunk."""
        return applying.apply_rows(context.roster, chunk.number, at=at)

    def undo_chunk(self, subject: Roster, chunk: Chunk, *, context: RosterContext, at: datetime) -> Undone:
        """Covers voided, contact put back, categories ended, money given back."""
        return undoing.undo_rows(context.roster, chunk, at=at)

    def finish_undo(self, subject: Roster, *, at: datetime) -> None:
        """Covers that ended because the full list did not name their people go on."""
        undoing.restore_missing(subject, at=at)

    def kept_in_words(self, code: str) -> str:
        """This room's reasons, and those that rooms above have registered."""
        return keepers.kept_in_words(code)

    def terms_of(self, subject: Roster) -> Sequence[str]:
        """Plan version, period, first day of cover and region; what was decided about rows, by whom and why."""
        return (
            f"plan {subject.plan_id}", f"period {subject.period_id}", f"cover from {subject.cover_from}",
            f"organization {subject.organization_id}", f"region {subject.region_code}",
            # As it was before rosters had a purpose: what was submitted then is approved now.
            *((f"purpose {subject.purpose}",) if subject.purpose != Purpose.ENROLL else ()),
            *(f"decision {made.pk} {made.said}" for made in RosterDecision.objects.filter(roster=subject).order_by("pk")),
            *missing.said_of(subject),
        )

    def same_terms(self, subject: Roster) -> models.QuerySet:
        """Rosters of the same period and purpose."""
        return Roster.objects.filter(period=subject.period, purpose=subject.purpose)

    def program_id_of(self, subject: Roster) -> int:
        """The program."""
        return int(subject.program_id)


class KnownPeopleTemplate(RosterTemplate):
    """A roster that does something to people whom its own office knows, and enrolls nobody: it costs nothing."""

    @abstractmethod
    def judge(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The frame with `changes` (whether a row does something), rows refused and findings added."""

    def unusual(self, subject: Roster) -> list[Unusual]:
        """That many rows change something is what it is for."""
        return [each for each in super().unusual(subject) if each.code != "MANY_CHANGED"]

    def compare(self, checked: Checked, context: RosterContext) -> Compared:
        """Verdicts against what the office knows; that others know a person is no answer here."""
        frame, findings = checked.frame, checked.findings
        indexes = _indexes(frame, context)
        known = _known(frame, indexes, context)
        frame = frame.join(known.frame, on="row", how="left", maintain_order="left")
        frame, findings = self.leave_restricted(frame, findings)
        frame, findings = self.judge_guardians(frame, findings, context)
        here = pl.col("same_contact").is_not_null()
        frame, findings = self.refuse(frame, findings, "NOT_KNOWN", "document", (pl.col("worst") < _REFUSED) & ~here)
        conflict = (pl.col("worst") < _REFUSED) & ~pl.col("same_name")
        findings = self._add(findings, frame, "IDENTITY_CONFLICT", "name", frame.select(conflict).to_series())
        frame, findings = self.judge(frame, findings, context)
        verdict = (
            pl.when(pl.col("worst") >= _REFUSED).then(Verdict.REFUSED)
            .when(conflict | (pl.col("worst") == _DOUBT)).then(Verdict.DOUBTFUL)
            .when(pl.col("changes")).then(Verdict.CHANGED)
            .otherwise(Verdict.UNCHANGED)
        )  # fmt: skip
        frame = frame.with_columns(verdict=verdict.cast(pl.UInt8))
        contacts: list[bytes | None] = [known.contacts.get(row) for row in range(len(frame))]
        frame, indexes, contacts = _without_refused(frame, indexes, contacts)
        cells: dict[str, Cells | Unsealed] = {**_sealed(frame, context), **indexes, "known_contact_digest": contacts}
        sealed = {name: cells[name] for name in self.staged if name in cells}
        sealed |= guardians.cells(frame, context)
        sealed |= marking.cells(frame, context, self.marks)
        return Compared(frame, sealed, findings, {"places": []})


ROSTER = RosterTemplate()


def enrolls(roster: Roster) -> bool:
    """Whether it brings people under the plan, as against changing or ending what is known."""
    return roster.purpose in (Purpose.ENROLL, Purpose.RENEW)


def _refused_where(condition: pl.Expr, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.when(condition).then(pl.lit(_REFUSED, pl.UInt8)).otherwise("worst").alias("worst"))


def _without_refused(
    frame: pl.DataFrame, indexes: dict[str, Cells], contacts: list[bytes | None]
) -> tuple[pl.DataFrame, dict[str, Cells], list[bytes | None]]:
    """Of refused rows nothing is kept but the sealed line."""
    refused = frame.select(pl.col("worst") >= _REFUSED).to_series().arg_true().to_list()
    for cells in (*indexes.values(), contacts):
        for row in refused:
            cells[row] = None  # type: ignore[index]
    usable = pl.col("worst") < _REFUSED
    return frame.with_columns(pl.when(usable).then("known_person_id").alias("known_person_id")), indexes, contacts


def _indexes(frame: pl.DataFrame, context: RosterContext) -> dict[str, Cells]:
    """Index values of identity and name in the slots that are written, and the digest of contact data."""
    usable = pl.col("worst") < _REFUSED
    identity = frame.select(
        pl.when(usable & pl.col("document").is_not_null())
        .then(pl.col("document_type") + pl.lit("|") + pl.col("document"))
    ).to_series().to_list()
    names = frame.select(pl.when(usable).then("name")).to_series().to_list()
    found: dict[str, Cells] = {}
    for slot in SLOTS:
        for stem, purpose, texts, slots in (
            ("identity_index", IDENTITY, identity, context.identity_slots),
            ("name_index", NAME, names, context.name_slots),
        ):
            found[f"{stem}_{slot}"] = (
                blind_index.index_many(purpose, texts, slot) if slot in slots else [None] * len(frame)
            )
    contact = pl.concat_str(
        *(pl.col(name).fill_null("") if name in frame.columns else pl.lit("") for name in _CONTACT),
        pl.col("categories").list.sort().list.join(",").fill_null("") if "categories" in frame.columns else pl.lit(""),
        # Of an update: the days of its categories.
        *(pl.col(name).cast(pl.String).fill_null("") for name in ("valid_from", "valid_to") if name in frame.columns),
        separator="\x1f",
    )
    more = guardians.said(frame)
    contact = contact if more is None else contact + more
    contacts = frame.select(pl.when(usable).then(contact)).to_series().to_list()
    found["contact_digest"] = blind_index.index_many(CONTACT, contacts)
    return found


def contact_text(region_code: str, categories: Sequence[str]) -> str:
    """What a digest of contact is made of where nothing but a place and categories (codes, sorted) is known."""
    return "\x1f".join([region_code, *("" for _name in _CONTACT[1:]), ",".join(categories)])


@dataclass(frozen=True)
class Known:
    """`frame`: what is known of rows' people, only theirs; `contacts`: row -> the contact digest that stands."""

    frame: pl.DataFrame
    contacts: dict[int, bytes]


# The index values of a chunk go as one value for each column, cut on the server: 16 bytes a row. Who is not found by the
# document that names them may be by a further or a former one: few have any.
_KNOWN_BY = """
SELECT wanted.place, person.id, person.{{name}} IS NOT DISTINCT FROM wanted.name, beneficiary.contact_digest,
    beneficiary.contact_digest = wanted.contact, enrollment.id, person.deceased_on IS NOT NULL,
    beneficiary.restricted_at IS NOT NULL
FROM (
    SELECT place, substr(%(identities)b, place * {{size}} + 1, {{size}}) AS identity,
        substr(%(names)b, place * {{size}} + 1, {{size}}) AS name, substr(%(contacts)b, place * {{size}} + 1, {{size}}) AS contact
    FROM generate_series(0, %(count)s::int - 1) AS place
) AS wanted
{found}
LEFT JOIN beneficiaries_beneficiary beneficiary ON beneficiary.person_id = person.id
    AND beneficiary.program_id = %(program)s AND beneficiary.organization_id = %(organization)s
LEFT JOIN beneficiaries_enrollment enrollment ON enrollment.person_id = person.id
    AND enrollment.program_id = %(program)s AND enrollment.period_id = %(period)s AND enrollment.period_kind = 'annual'
    AND enrollment.state = ANY(%(live)s)
"""
_KNOWN = " UNION ALL ".join(
    _KNOWN_BY.format(found=found) for found in (
        "JOIN beneficiaries_person person ON person.{identity} = wanted.identity",
        "JOIN beneficiaries_persondocument document ON document.{identity} = wanted.identity AND document.standing <> 'mistaken' "
        "JOIN beneficiaries_person person ON person.id = document.person_id",
    )
)
_KNOWN_SCHEMA = {
    "row": pl.UInt32, "known_person_id": pl.Int64, "same_name": pl.Boolean, "same_contact": pl.Boolean,
    "enrollment_id": pl.Int64, "deceased": pl.Boolean, "restricted": pl.Boolean,
}


def _known(frame: pl.DataFrame, indexes: dict[str, Cells], context: RosterContext) -> Known:
    """What is known of the rows' people: one query a chunk, only those known come back."""
    identities = indexes[f"identity_index_{blind_index.active_slot(IDENTITY)}"]
    names = indexes[f"name_index_{blind_index.active_slot(NAME)}"]
    rows = [row for row, identity in enumerate(identities) if identity is not None]
    nothing = bytes(blind_index.SIZE)
    roster = context.roster
    statement = sql.SQL(_KNOWN).format(
        name=sql.Identifier(f"name_index_{blind_index.active_slot(NAME)}"),
        identity=sql.Identifier(f"identity_index_{blind_index.active_slot(IDENTITY)}"), size=blind_index.SIZE,
    )
    found = ask(
        statement,
        {
            "identities": b"".join(identities[row] or nothing for row in rows),
            "names": b"".join(names[row] or nothing for row in rows),
            "contacts": b"".join(indexes["contact_digest"][row] or nothing for row in rows),
            "count": len(rows), "program": roster.program_id, "organization": roster.organization_id,
            "period": roster.period_id, "live": [state.value for state in LIVE],
        },
    )
    return Known(
        pl.DataFrame(
            [
                (rows[place], person, name, contact, enrollment, deceased, restricted)
                for place, person, name, _kept, contact, enrollment, deceased, restricted in found
            ],
            schema=_KNOWN_SCHEMA, orient="row",
        ),
        {rows[place]: kept for place, _person, _name, kept, *_rest in found if kept is not None},
    )


def _sealed(frame: pl.DataFrame, context: RosterContext) -> dict[str, Unsealed]:
    """Personal columns, to be sealed; refused rows keep theirs in the sealed line only."""
    found: dict[str, Unsealed] = {}
    for name, (logical_name, purpose) in _SEALED.items():
        if name not in frame.columns:
            continue
        code = context.program_code if purpose == BENEFICIARY_KEY else ""
        sealer = keys.sealer(logical_name, purpose=purpose, program_code=code, year=context.year)
        found[name] = sealer.later(frame.select(pl.when(pl.col("worst") < _REFUSED).then(name)).to_series().to_list())
    return found
