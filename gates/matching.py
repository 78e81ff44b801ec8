"""A collection statement as a template of intake: its lines are matched to the people who wait for their own payment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import polars as pl
from django.db import models
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from accounts.models import Organization
from audit import blind_index, keys
from audit.sealing import Unsealed
from beneficiaries.gating import Gate, asked_gates
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.person import BENEFICIARY_KEY, IDENTITY
from beneficiaries.models.person import NAME as NAME_INDEX
from beneficiaries.models.purchase import names_a_person
from gates import bill_lines, taking_in
from gates.bought import another_way, bought, why_not
from gates.columns import COLUMNS
from gates.models import Statement, StatementChunk, StatementRow
from gates.models.statement import DOCUMENT, NAME
from intake import checks
from intake.checks import Checked, Context
from intake.checks.folding import is_numeric
from intake.checks.work import found_at, placed, worst_of
from intake.columns import Column
from intake.copying import ask
from intake.errors import IntakeRefused
from intake.findings import SEVERITY_OF, FileFinding, Severity, Verdict
from intake.framing import Cells
from intake.models import BEING_CHECKED, ONCE_APPLIED, Chunk, State
from intake.template import Applied, Compared, Template, Undone

_REFUSED = Severity.ERROR.weight
#: Beyond all numbers of purchases: where numbers of bills begin.
_BILLS = 1 << 60
_MOBILE = re.compile("1[3-9][0-9]{9}")
#: Of a line that is the payment of a purchase.
AGREES = taking_in.AGREES
_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
#: Statements whose lines are counted already, whatever becomes of them.
COUNTED = (State.SUBMITTED, State.APPROVED, State.APPLYING, *ONCE_APPLIED)
#: Code -> the column that it is told of; others: the one that names the person.
_TOLD_OF = {
    "NO_PAYER": "document", "COVER_CHECK": "number", "NAME_DIFFERS": "name",
    "AMOUNT_DIFFERS": "amount", "PAID_EARLY": "paid_on", "PAID_LATE": "paid_on", "DATE_FUTURE": "paid_on",
    "LINE_KNOWN": "serial", "WAY_DIFFERS": "serial",
}


@dataclass
class Seen:
    """Whose payment stands in an earlier line of the same statement: one frame a chunk, `enrollment_id` and `place`.

    A purchase (all its people pay by one line) and a line of money given back stand there by a number below zero.
    """

    frames: list[pl.DataFrame] = field(default_factory=list)

    def repeated(self, matched: pl.DataFrame) -> pl.DataFrame:
        """Of matched rows (`row`, `enrollment_id`, `place`) those that are not the first of their person: `row`, `first`."""
        ids = matched["enrollment_id"].implode()
        known = [frame.filter(pl.col("enrollment_id").is_in(ids)) for frame in self.frames]
        own = matched.unique("enrollment_id", keep="first", maintain_order=True)
        firsts = pl.concat([*known, own.select("enrollment_id", "place")]).unique(
            "enrollment_id", keep="first", maintain_order=True
        )
        before = pl.concat(known).select("enrollment_id") if known else firsts.clear().select("enrollment_id")
        fresh = own.join(before, on="enrollment_id", how="anti")
        self.frames.append(fresh.select("enrollment_id", "place"))
        later = matched.join(fresh.select("row"), on="row", how="anti")
        return later.join(firsts.rename({"place": "first"}), on="enrollment_id", how="left").select("row", "first")


@dataclass(frozen=True)
class StatementContext:
    """What one job needs to check and match a statement's lines."""

    statement: Statement
    checks: Context
    offices: list[int]
    asked: frozenset[Gate]
    year: int
    seen: Seen

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines."""
        return self.statement.program.code


class StatementTemplate(Template):
    """One line, one payment: of one person's own share, or the one that came with a purchase."""

    key = "statement"
    title = _("Collection statement")
    import_model = Statement
    row_model = StatementRow
    chunk_model = StatementChunk
    import_key = "statement"
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    unique_by = ("serial",)
    purpose = BENEFICIARY_KEY
    staged: ClassVar[tuple[str, ...]] = ("name", "document", "number", "amount", "paid_on", "serial", "enrollment_id")
    staged_beside: ClassVar[tuple[str, ...]] = ("purchase_id",)
    further_beside: ClassVar[tuple[tuple[str, ...], ...]] = (("bill_id",),)

    def context(self, subject: Statement, *, at: datetime) -> StatementContext:
        """The statement with its program and period, the offices whose people it may pay for, and who stands in it already."""
        statement = Statement.objects.select_related("program", "period__plan", "organization").get(pk=subject.pk)
        day = timezone.localdate(at)
        return StatementContext(
            statement, Context(today=day, regions=_NO_REGIONS),
            list(Organization.objects.filter(path__startswith=statement.organization.path).values_list("pk", flat=True)),
            frozenset(asked_gates(statement.period.plan)), day.year, _seen_before(statement),
        )

    def check(self, frame: pl.DataFrame, context: StatementContext) -> Checked:
        """As any file; a serial number that says nothing is left out, so that it finds no repetitions."""
        checked = checks.check(frame, self.columns, context.checks)
        serial = checked.frame["serial"]
        rounded = pl.DataFrame({"raw": frame["serial"], "serial": serial}).select(
            (is_numeric(pl.col("raw")) | pl.col("serial").str.contains(r"^[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+$")).fill_null(value=False)
        ).to_series()
        person = pl.Series([text is not None and _is_a_persons(text) for text in serial], dtype=pl.Boolean)
        rows = (rounded | person).arg_true()
        if rows.is_empty():
            return checked
        findings = found_in(checked.findings, checked.frame, "SERIAL_UNUSABLE", self.column("serial"), rows)
        kept = checked.frame.with_columns(serial=pl.when(~(rounded | person)).then(serial))
        return Checked(kept.with_columns(worst_of(findings, len(kept))), findings)

    def compare(self, checked: Checked, context: StatementContext) -> Compared:
        """Whose share each line pays, or why it pays none."""
        frame = with_numbers(checked.frame, context)
        frame = frame.join(_known(frame, context), on="row", how="left", maintain_order="left")
        frame = frame.join(_reported(frame, context), on="row", how="left", maintain_order="left")
        usable = frame.filter(pl.col("worst") < _REFUSED)
        purchases = bought(usable, statement=context.statement, offices=context.offices)
        frame = frame.join(purchases, on="row", how="left", maintain_order="left")
        bills = bill_lines.of_bills(usable, statement=context.statement, offices=context.offices)
        frame = _judged(_of_bills_first(frame.join(bills, on="row", how="left", maintain_order="left")), context)
        frame = repeated(frame, context)
        findings = checked.findings
        for code in frame["code"].drop_nulls().unique().sort():
            rows = frame.select((pl.col("code") == code).fill_null(value=False)).to_series().arg_true()
            for column, told in _columns_of(code, frame, rows):
                findings = found_in(findings, frame, code, self.column(column), told)
        other = pl.col("code").is_null() & pl.col("purchase_id").is_not_null() & (pl.col("worst") < _REFUSED)
        rows = frame.select((other & another_way(context.statement.channel)).fill_null(value=False)).to_series().arg_true()
        if len(rows):
            findings = found_in(findings, frame, "WAY_DIFFERS", self.column(_TOLD_OF["WAY_DIFFERS"]), rows)
        weight = pl.col("code").replace_strict(SEVERITY_OF, default=None, return_dtype=pl.String)
        verdict = (
            pl.when((pl.col("worst") >= _REFUSED) | (weight == Severity.ERROR.value)).then(Verdict.REFUSED)
            .when((pl.col("worst") == Severity.DOUBT.weight) | (weight == Severity.DOUBT.value)).then(Verdict.DOUBTFUL)
            .when(pl.col("purchase_id").is_not_null() | pl.col("bill_id").is_not_null()).then(AGREES)
            .otherwise(Verdict.NEW)
        )  # fmt: skip
        frame = frame.with_columns(
            verdict=verdict.cast(pl.UInt8), number=pl.when(pl.col("cover_id").is_not_null()).then("number"),
            enrollment_id=pl.when(pl.col("worst") < _REFUSED).then("enrollment_id"),
        )
        sealed: dict[str, Cells | Unsealed] = {
            name: keys.sealer(
                logical, purpose=BENEFICIARY_KEY, program_code=context.program_code, year=context.year
            ).later(frame[name].to_list())
            for name, logical in (("name", NAME), ("document", DOCUMENT))
        }
        bought_by = frame["purchase_id"].to_list()
        if any(bought_by):
            # As the server reads a number.
            sealed["purchase_id"] = [None if number is None else number.to_bytes(8, "big") for number in bought_by]
        billed_by = frame["bill_id"].to_list()
        if any(billed_by):
            sealed["bill_id"] = [None if number is None else number.to_bytes(8, "big") for number in billed_by]
        return Compared(frame, sealed, findings)

    def preview_money(self, subject: Statement, context: StatementContext) -> dict[str, Any]:
        """Yuan and lines that pay somebody's share, those that purchases brought already, and the others, as text."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED)
        fits, agrees = Q(verdict=Verdict.NEW), Q(verdict=AGREES)
        found = rows.aggregate(
            lines=Count("pk"), whole=Sum("amount", default=Decimal("0.00")), matched=Count("pk", filter=fits),
            agree=Count("pk", filter=agrees), agreed=Sum("amount", filter=agrees, default=Decimal("0.00")),
            amount=Sum("amount", filter=fits, default=Decimal("0.00")),
        )
        agree = {"agree_rows": found["agree"], "agree": str(found["agreed"])} if found["agree"] else {}
        return {
            "rows": found["matched"], "amount": str(found["amount"]), **agree,
            "held_rows": found["lines"] - found["matched"] - found["agree"],
            "held": str(found["whole"] - found["amount"] - found["agreed"]),
        }

    def reason_to_close(self, subject: Statement, *, at: datetime) -> FileFinding | None:
        """Another count or sum than the channel says refuses the whole: nobody could say which line is wrong."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED)
        unread = list(rows.filter(amount=None).order_by("pk").values_list("line", flat=True)[:5])
        if unread:
            return FileFinding("AMOUNT_UNREAD", "、".join(map(str, unread)))
        found = rows.aggregate(lines=Count("pk"), amount=Sum("amount", default=Decimal("0.00")))
        if (found["lines"], found["amount"]) == (subject.control_lines, subject.control_amount):
            return None
        return FileFinding(
            "CONTROL_SUM", f"{found['lines']} / {found['amount']} ≠ {subject.control_lines} / {subject.control_amount}"
        )

    def does_something(self, subject: Statement) -> bool:
        """Money that came in for nobody is taken in, too: it is told as to be given back."""
        return bool(subject.row_count)

    def reserve(self, subject: Statement, *, by: Any, at: datetime) -> None:
        """The payment of all matched lines, whose moment decides that it came in time."""
        taking_in.open_payment(subject, by=by, at=at)

    def release(self, subject: Statement, *, at: datetime) -> None:
        """The payment ends, with what came too late meanwhile."""
        taking_in.end_payment(subject, at=at)

    def apply_chunk(self, subject: Statement, chunk: Chunk, *, context: StatementContext, at: datetime) -> Applied:
        """Shares paid, booked and stamped; the money of the other lines held."""
        return taking_in.take_in(subject, chunk.number, at=at)

    def undo_chunk(self, subject: Statement, chunk: Chunk, *, context: StatementContext, at: datetime) -> Undone:
        """A payment has no undo."""
        raise IntakeRefused("STATE", state=subject.get_state_display())

    def kept_in_words(self, code: str) -> str:
        """Nothing is kept by an undo that there is not."""
        return code

    def terms_of(self, subject: Statement) -> Sequence[str]:
        """Period, office, channel, reference, and what the channel says of the whole."""
        return (
            f"period {subject.period_id}", f"organization {subject.organization_id}", f"region {subject.region_code}",
            f"channel {subject.channel}", f"reference {subject.reference}",
            f"control {subject.control_lines} {subject.control_amount}",
        )

    def same_terms(self, subject: Statement) -> models.QuerySet:
        """Statements of the same period."""
        return Statement.objects.filter(period=subject.period_id)

    def program_id_of(self, subject: Statement) -> int:
        """The program."""
        return int(subject.program_id)


STATEMENT = StatementTemplate()


def found_in(
    findings: pl.DataFrame, frame: pl.DataFrame, code: str, column: Column, rows: pl.Series
) -> pl.DataFrame:
    """The findings and one more for each of the rows, with its fact where the frame has one."""
    facts = frame["extra"].gather(rows).fill_null("") if "extra" in frame.columns else ""
    found = placed(found_at(code, column, rows, pl.Series([None] * len(rows), dtype=pl.String), facts), frame)
    return pl.concat([findings, found]).sort("row", maintain_order=True)


def _is_a_persons(serial: str) -> bool:
    """Whether a serial number holds a document number, or is a mobile phone's."""
    return (len(serial) >= 18 and names_a_person(serial)) or (len(serial) == 11 and bool(_MOBILE.fullmatch(serial)))


def _columns_of(code: str, frame: pl.DataFrame, rows: pl.Series) -> list[tuple[str, pl.Series]]:
    """The columns that a finding is told of, each with its rows."""
    if code in _TOLD_OF:
        return [(_TOLD_OF[code], rows)]
    by_number = frame["cover_id"].gather(rows).is_not_null()
    parts = (("number", rows.filter(by_number)), ("document", rows.filter(~by_number)))
    return [(column, part) for column, part in parts if len(part)]


def _seen_before(statement: Statement) -> Seen:
    """Whose payment an earlier run of the same check has staged; nobody once the check is over."""
    if statement.state not in BEING_CHECKED:
        return Seen()
    rows = StatementRow.objects.filter(statement=statement, verdict__in=(Verdict.NEW, AGREES)).order_by("pk")
    places = rows.values_list("refund_line_id", "bill_id", "purchase_id", "enrollment_id", "sheet", "line")
    before = [
        (
            -2 * back if back else -_BILLS - bill if bill else -2 * bought - 1 if bought else cover,
            f"{sheet}!{line}" if sheet else str(line),
        )
        for back, bill, bought, cover, sheet, line in places
    ]
    return Seen([pl.DataFrame(before, schema={"enrollment_id": pl.Int64, "place": pl.String}, orient="row")] if before else [])


def with_numbers(frame: pl.DataFrame, context: StatementContext) -> pl.DataFrame:
    """`cover_id` of each cover number of this period that fits its check digits; `misfit` for one that does not."""
    number = pl.col("number").str.to_uppercase().str.replace_all(" ", "", literal=True)
    prefix = f"{context.statement.program.code}-{context.statement.period.code}-".upper()
    digits = number.str.extract(r"([0-9]{12,18})$").cast(pl.Int64, strict=False)
    fits = (digits % 97 == 1).fill_null(value=False)
    ours = number.str.starts_with(prefix) | number.str.contains("^[0-9]+$")
    return frame.with_columns(
        number=number, cover_id=pl.when(fits & ours).then(digits // 100).when(fits).then(pl.lit(0, pl.Int64)),
        misfit=pl.col("number").is_not_null() & ~fits,
    )


_FIELDS = """
SELECT wanted.place, e.id,
    CASE WHEN e.state = 'awaiting' AND person.deceased_on IS NOT NULL THEN 'ended' ELSE e.state END,
    e.own_share, e.notice_passed_at IS NOT NULL, e.own_paid_at IS NOT NULL OR line.id IS NOT NULL,
    coalesce('#' || payment.id || ' ' || payment.reference, ''),
    coalesce(roster.state IN ('undoing', 'undone'), false), roster.employer_id IS NOT NULL,
    wanted.name IS NULL OR person.{name} = wanted.name,
    wanted.identity IS NULL OR person.{identity} = wanted.identity OR EXISTS (
        SELECT FROM beneficiaries_persondocument other WHERE other.person_id = person.id
            AND other.{identity} = wanted.identity AND other.standing <> 'mistaken')
FROM (
    SELECT place, (%(covers)s::bigint[])[place + 1] AS cover,
        nullif(substr(%(identities)b, place * {size} + 1, {size}), %(nothing)b) AS identity,
        nullif(substr(%(names)b, place * {size} + 1, {size}), %(nothing)b) AS name
    FROM generate_series(0, %(count)s::int - 1) AS place
) AS wanted
"""
_BY_NUMBER = _FIELDS + """
JOIN beneficiaries_enrollment e ON e.id = wanted.cover AND e.program_id = %(program)s AND e.period_id = %(period)s
    AND e.organization_id = ANY(%(offices)s) AND starts_with(e.region_code, %(region)s)
JOIN beneficiaries_person person ON person.id = e.person_id
"""
# Of several places of one person the one that waits, else the one in force, else the last.
_BY_IDENTITY = _FIELDS + """
JOIN LATERAL (
    SELECT id FROM beneficiaries_person WHERE {identity} = wanted.identity
    UNION
    SELECT person_id FROM beneficiaries_persondocument WHERE {identity} = wanted.identity AND standing <> 'mistaken'
) AS found ON true
JOIN beneficiaries_person person ON person.id = found.id
JOIN LATERAL (
    SELECT * FROM beneficiaries_enrollment WHERE person_id = person.id AND program_id = %(program)s
        AND period_id = %(period)s AND period_kind = 'annual' AND organization_id = ANY(%(offices)s)
        AND starts_with(region_code, %(region)s)
    ORDER BY (state = 'awaiting') DESC, (state = 'in_force') DESC, id DESC LIMIT 1
) AS e ON true
"""  # noqa: S608 - names of this module
_PAID_BY = """
LEFT JOIN gates_ownpaymentline line ON line.enrollment_id = e.id AND line.reversed_by_id IS NULL
LEFT JOIN gates_ownpayment payment ON payment.id = line.payment_id
LEFT JOIN beneficiaries_roster roster ON roster.id = e.roster_id
"""


def repeated(frame: pl.DataFrame, context: StatementContext, *, code: str = "PAYER_REPEATED") -> pl.DataFrame:
    """The frame, with the code of rows that are the payment or refund of what an earlier row is already."""
    bill = pl.col("bill_id") if "bill_id" in frame.columns else pl.lit(None, pl.Int64)
    back = pl.col("refund_line_id") if "refund_line_id" in frame.columns else pl.lit(None, pl.Int64)
    whose = (
        pl.when(back.is_not_null()).then(-2 * back)
        .when(bill.is_not_null()).then(-_BILLS - bill)
        .when(pl.col("purchase_id").is_not_null()).then(-2 * pl.col("purchase_id") - 1).otherwise("enrollment_id")
    )  # fmt: skip
    matched = frame.filter((pl.col("worst") < _REFUSED) & pl.col("code").is_null())
    places = matched.select(
        "row", enrollment_id=whose, place=pl.when(pl.col("sheet") == "").then(pl.lit("")).otherwise(pl.col("sheet") + "!")
        + pl.col("line").cast(pl.String),
    )
    again = context.seen.repeated(places)
    return frame.join(again, on="row", how="left", maintain_order="left").with_columns(
        code=pl.when(pl.col("first").is_not_null()).then(pl.lit(code)).otherwise("code"),
        extra=pl.when(pl.col("first").is_not_null()).then("first").otherwise("extra"),
    )


_KNOWN_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "enrollment_id": pl.Int64, "state": pl.String, "due": pl.Decimal(16, 2), "noticed": pl.Boolean,
    "paid": pl.Boolean, "payment": pl.String, "undone": pl.Boolean, "billed": pl.Boolean, "same_name": pl.Boolean,
    "same_document": pl.Boolean,
}


def _known(frame: pl.DataFrame, context: StatementContext) -> pl.DataFrame:
    """What is known of whoever the rows name, of this period and these offices only: two questions a chunk."""
    usable = frame.filter(pl.col("worst") < _REFUSED)
    by_number = usable.filter(pl.col("cover_id").is_not_null())
    by_document = usable.filter(pl.col("cover_id").is_null() & ~pl.col("misfit") & pl.col("document").is_not_null())
    found = [*_asked(by_number, _BY_NUMBER, context), *_asked(by_document, _BY_IDENTITY, context)]
    known = pl.DataFrame(found, schema=_KNOWN_SCHEMA, orient="row")
    return known.unique("row", keep="first", maintain_order=True)


def _asked(rows: pl.DataFrame, statement: str, context: StatementContext) -> list[tuple[Any, ...]]:
    if rows.is_empty():
        return []
    slots = {"identity": blind_index.active_slot(IDENTITY), "name": blind_index.active_slot(NAME_INDEX)}
    documents = rows.select(pl.col("document_type") + pl.lit("|") + pl.col("document")).to_series().to_list()
    nothing = bytes(blind_index.SIZE)
    of = context.statement
    answer = ask(
        sql.SQL(statement + _PAID_BY).format(
            identity=sql.Identifier(f"identity_index_{slots['identity']}"), name=sql.Identifier(f"name_index_{slots['name']}"),
            size=sql.Literal(blind_index.SIZE),
        ),
        {
            "covers": rows["cover_id"].to_list(), "count": len(rows), "nothing": nothing, "program": of.program_id,
            "period": of.period_id, "offices": context.offices, "region": of.region_code,
            "identities": b"".join(each or nothing for each in blind_index.index_many(IDENTITY, documents)),
            "names": b"".join(each or nothing for each in blind_index.index_many(NAME_INDEX, rows["name"].to_list())),
        },
    )
    places = rows["row"].to_list()
    return [(places[place], *rest) for place, *rest in answer]


_REPORTED = """
SELECT wanted.row, min(line.statement_id)
FROM unnest(%(rows)s::int[], %(serials)s::text[], %(amounts)s::numeric[], %(days)s::date[]) AS wanted(row, serial, amount, day)
JOIN gates_statementrow line ON line.serial = wanted.serial AND line.amount = wanted.amount AND line.paid_on = wanted.day
JOIN gates_statement other ON other.id = line.statement_id AND other.program_id = %(program)s AND other.id <> %(statement)s
    AND other.state = ANY(%(states)s) AND other.direction = 'in' AND other.organization_id = ANY(%(offices)s)
WHERE line.verdict <> %(replaced)s
GROUP BY 1
"""


def _reported(frame: pl.DataFrame, context: StatementContext) -> pl.DataFrame:
    """Rows that the channel has reported in another statement already, with that statement's number."""
    rows = frame.filter((pl.col("worst") < _REFUSED) & pl.col("serial").is_not_null())
    found = ask(
        sql.Composed([sql.SQL(_REPORTED)]),
        {
            "rows": rows["row"].to_list(), "serials": rows["serial"].to_list(), "amounts": rows["amount"].to_list(),
            "days": rows["paid_on"].to_list(), "program": context.statement.program_id, "statement": context.statement.pk,
            "states": [state.value for state in COUNTED], "offices": context.offices, "replaced": int(Verdict.REPLACED),
        },
    ) if len(rows) else []
    return pl.DataFrame(found, schema={"row": pl.UInt32, "reported": pl.Int64}, orient="row")


def _of_bills_first(frame: pl.DataFrame) -> pl.DataFrame:
    """Whoever names a bill pays that and nothing else, whatever else the line may be read as."""
    named = pl.col("bill_id").is_not_null()
    return frame.with_columns(
        misfit=pl.col("misfit") & ~named,
        **{name: pl.when(~named).then(name) for name in ("purchase_id", "by_key", "enrollment_id", "cover_id")},
    )


def _judged(frame: pl.DataFrame, context: StatementContext) -> pl.DataFrame:
    """`code` of what keeps a usable row from paying a share, null where it pays one; `extra`: the fact that it tells."""
    period, day = context.statement.period, context.checks.today
    buys = pl.col("purchase_id").is_not_null()
    pays_bill = pl.col("bill_id").is_not_null()
    frame = frame.with_columns(due=pl.when(pays_bill).then("bill_due").when(buys).then("bought_due").otherwise("due"))
    state, difference = pl.col("state"), pl.col("amount") - pl.col("due")
    of_purchase = why_not(today=day)
    notice = Gate.NOTICE in context.asked
    # Who has a number and not its name learns nothing of its cover.
    code = (
        pl.when(pl.col("worst") >= _REFUSED).then(None)
        .when(pays_bill).then(bill_lines.why_not(period=period, today=day))
        .when(pl.col("by_key")).then(of_purchase)
        .when(pl.col("misfit")).then(pl.lit("COVER_CHECK"))
        .when(pl.col("cover_id").is_null() & pl.col("document").is_null()).then(pl.lit("NO_PAYER"))
        .when(pl.col("enrollment_id").is_null()).then(pl.lit("PAYER_UNKNOWN"))
        .when(~pl.col("same_name") | ~pl.col("same_document")).then(pl.lit("NAME_DIFFERS"))
        .when(buys).then(of_purchase)
        .when(pl.col("reported").is_not_null()).then(pl.lit("LINE_KNOWN"))
        .when(pl.col("paid")).then(pl.lit("PAID_TWICE"))
        .when(state == EnrollmentState.LAPSED.value).then(pl.lit("COVER_LAPSED"))
        .when(state.is_in([EnrollmentState.ENDED.value, EnrollmentState.VOIDED.value]) | pl.col("undone"))
        .then(pl.lit("COVER_ENDED"))
        .when((pl.col("due") == 0) | (state == EnrollmentState.IN_FORCE.value)).then(pl.lit("NOTHING_TO_PAY"))
        .when(pl.col("billed")).then(pl.lit("EMPLOYER_PAYS"))
        .when(pl.lit(notice) & ~pl.col("noticed")).then(pl.lit("NOTICE_FIRST"))
        .when(pl.col("paid_on") > day).then(pl.lit("DATE_FUTURE"))
        .when(pl.col("paid_on") < period.enrollment_opens_on).then(pl.lit("PAID_EARLY"))
        .when(pl.col("paid_on") >= period.enrollment_closes_on).then(pl.lit("PAID_LATE"))
        .when(difference != 0).then(pl.lit("AMOUNT_DIFFERS"))
    )  # fmt: skip
    frame = frame.with_columns(code=code)
    sign = pl.when(difference > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    extra = (
        pl.when(pl.col("code") == "PAID_TWICE")
        .then(pl.when(pays_bill).then("bill_shown").when(buys).then("arrived_by").otherwise("payment"))
        .when(pl.col("code") == "LINE_KNOWN").then(pl.lit("#") + pl.col("reported").cast(pl.String))
        .when(pl.col("code") == "AMOUNT_DIFFERS")
        .then(pl.col("due").cast(pl.String) + pl.lit(", ") + sign + difference.cast(pl.String))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return frame.with_columns(extra=extra)


