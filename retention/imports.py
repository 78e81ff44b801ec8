"""Lines of files and the files themselves: which are still needed, which are past their term, how they are destroyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from audit.destroying import destroy, is_destroyed
from beneficiaries.models import Roster, RosterChunk, RosterRow
from continuity.models import EarlierRow
from filings.models import ClaimFile, ClaimFileChunk, ClaimFileRow
from gates.models import Statement, StatementChunk, StatementRow
from handover.models import Invoice, InvoiceChunk, InvoiceRow, Receipt, ReceiptChunk, ReceiptRow
from intake.models import File, State
from intake.template import APPLICABLE
from outreach.models import DeliveryReport, DeliveryReportChunk, DeliveryReportRow
from payouts.models import BankReturn, BankReturnChunk, BankReturnRow
from records.models import RecordChunk, RecordList, RecordRow
from results.models import Report, ReportChunk, ReportRow
from retention.terms import Kind
from takeup.models import ParticipantRow

_APPLIED = ", ".join(str(int(verdict)) for verdict in APPLICABLE)
#: Whom a message was for, as a line of what became of it finds them.
_OF_MESSAGE = "e.id = (SELECT told.enrollment_id FROM outreach_sendingline told WHERE told.id = {line}.line_id)"
#: Of whose claim a payout was, as a line of a bank's answer finds it.
_OF_PAYOUT = """e.id = (SELECT claim.enrollment_id FROM payouts_batchline told JOIN claims_payable owed ON owed.id = told.payable_id
    JOIN claims_claim claim ON claim.id = owed.claim_id WHERE told.id = {line}.line_id)"""
_OF_COVER = """EXISTS (SELECT FROM beneficiaries_enrollment e JOIN beneficiaries_person p ON p.id = e.person_id
    WHERE {by} AND p.destroyed_at IS {standing})"""
#: Where the subquery of somebody who stands ends.
_LAST = "p.destroyed_at IS NULL"
#: How a statement names the people whom a hold keeps.
HELD_PEOPLE = "%(held_people)s"
#: A line that changed or ended what was known names its person itself.
_OF_PERSON = """(r.known_person_id IS NOT NULL AND EXISTS (
    SELECT FROM beneficiaries_person p WHERE p.id = r.known_person_id AND p.destroyed_at IS {standing}))"""


@dataclass(frozen=True)
class Source:
    """An import and its lines. `needed`, `gone`: SQL over a line `r`: it stands behind somebody who is kept, or destroyed.
    `cover`: SQL of the cover `e` that a line `{line}` speaks of."""

    model: Any
    rows: Any
    chunks: Any
    key: str
    kind: Kind
    cover: str
    needed: str
    gone: str

    @property
    def label(self) -> str:
        """As lines of a run name it."""
        return str(self.model._meta.label_lower)


def _by_cover(
    model: Any, rows: Any, chunks: Any, key: str, *, kind: Kind = Kind.PAYMENT, cover: str = "e.id = {line}.enrollment_id"
) -> Source:
    by = cover.format(line="r")
    kept, destroyed = (_OF_COVER.format(by=by, standing=standing) for standing in ("NULL", "NOT NULL"))
    return Source(model, rows, chunks, key, kind, cover, kept, destroyed)


SOURCES: Sequence[Source] = (
    Source(
        Roster, RosterRow, RosterChunk, "roster_id", Kind.LIST, "e.row_id = {line}.id",
        f"({_OF_COVER.format(by='e.row_id = r.id', standing='NULL')} OR (r.verdict IN ({_APPLIED}) AND r.set_aside = ''"
        f" AND {_OF_PERSON.format(standing='NULL')}) OR EXISTS (SELECT FROM beneficiaries_person p"
        f" WHERE p.id = ANY({HELD_PEOPLE})"
        " AND (p.identity_index_a = r.identity_index_a OR p.identity_index_b = r.identity_index_b)))",
        f"({_OF_COVER.format(by='e.row_id = r.id', standing='NOT NULL')} OR {_OF_PERSON.format(standing='NOT NULL')})",
    ),
    # A line that is a purchase's payment stands behind each cover of it.
    _by_cover(
        Statement, StatementRow, StatementChunk, "statement_id",
        cover="(e.id = {line}.enrollment_id OR e.purchase_id = {line}.purchase_id)",
    ),
    _by_cover(Receipt, ReceiptRow, ReceiptChunk, "receipt_id"),
    _by_cover(Invoice, InvoiceRow, InvoiceChunk, "invoice_id"),
    _by_cover(BankReturn, BankReturnRow, BankReturnChunk, "bank_return_id", cover=_OF_PAYOUT),
    _by_cover(Report, ReportRow, ReportChunk, "report_id"),
    _by_cover(ClaimFile, ClaimFileRow, ClaimFileChunk, "claim_file_id"),
    _by_cover(RecordList, RecordRow, RecordChunk, "record_list_id"),
    _by_cover(DeliveryReport, DeliveryReportRow, DeliveryReportChunk, "report_id", kind=Kind.LIST, cover=_OF_MESSAGE),
)
#: Lines that name nobody whom a program covers, and belong to none: of a list of participants what is taken in holds neither
#: name nor number; what else their lines say goes with their file (`intake.actions.let_lines_go`, ADR 39).
WITHOUT_PROGRAM = (ParticipantRow, EarlierRow)
BY_LABEL = {source.label: source for source in SOURCES}


#: States in which an import is over.
ENDED = (State.APPLIED, State.UNDONE, State.REFUSED, State.WITHDRAWN, State.FAILED)


def stands(source: Source, pk: str) -> str:
    """SQL: an import, named by SQL, has a line to be read of somebody who is kept. Asked line by line until one is found:
    what stands behind a fence is not made one join of all lines and all covers."""
    needed = source.needed.replace(_LAST, f"{_LAST} OFFSET 0")
    return (
        f"EXISTS (SELECT FROM {source.rows._meta.db_table} r"
        f" WHERE r.{source.key} = {pk} AND {readable(source)} AND {needed} OFFSET 0)"
    )


def relations(source: Source) -> tuple[str, ...]:
    """By which an import knows its contents: its files, and of a file of claims the archives of its papers."""
    return ("files", "archives") if source.model is ClaimFile else ("files",)


def with_contents(source: Source, subjects: QuerySet) -> QuerySet:
    """Imports of which a content is still stored."""
    stored = [Q(**{f"{name}__isnull": False, f"{name}__purged_at": None}) for name in relations(source)]
    return subjects.filter(pk__in=subjects.filter(Q(*stored, _connector=Q.OR)).values("pk"))


def contents_of(source: Source, subject: Any) -> list[File]:
    """What is still stored of an import."""
    kept = [file for name in relations(source) for file in getattr(subject, name).all() if file.purged_at is None]
    return sorted(kept, key=lambda file: file.pk)


def named_only_destroyed(source: Source, pk: int, cursor: Any) -> bool:
    """Whether a line of an import named somebody who is destroyed, and none to be read names somebody who is kept."""
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM {source.rows._meta.db_table} r WHERE r.{source.key} = %(import)s AND {source.gone})"  # noqa: S608
        f" AND NOT {stands(source, '%(import)s')}", {"import": pk, "held_people": []},
    )
    return bool(cursor.fetchone()[0])


def readable(source: Source, alias: str = "r") -> str:
    """SQL: a line has something to be read."""
    return f"NOT {is_destroyed(source.rows, alias)}"


def destroy_lines(cursor: Any, source: Source, *, pk: int, chunk: int, unneeded: bool, given: Mapping[str, Any]) -> int:
    """Of one chunk, in the caller's transaction: of whoever is destroyed, and with `unneeded` of nobody who is kept."""
    which = f"NOT {source.needed}" if unneeded else source.gone
    return destroy(
        cursor, source.rows, given={**given, "import": pk, "chunk": chunk},
        rows=f"""SELECT r.id FROM {source.rows._meta.db_table} r
            WHERE r.{source.key} = %(import)s AND r.chunk = %(chunk)s AND {readable(source)} AND {which}""",  # noqa: S608
    )


def count_unneeded(cursor: Any, source: Source, pks: Sequence[int], given: Mapping[str, Any]) -> dict[int, int]:
    """Lines of imports that stand behind nobody who is kept, and can be read."""
    cursor.execute(
        f"""SELECT r.{source.key}, count(*) FROM {source.rows._meta.db_table} r
        WHERE r.{source.key} = ANY(%(imports)s) AND {readable(source)} AND NOT {source.needed} GROUP BY 1""",  # noqa: S608
        {**given, "imports": list(pks)},
    )
    return dict(cursor.fetchall())


def has_readable(source: Source, pk: int, cursor: Any) -> bool:
    """Whether a line of an import is still needed."""
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM {source.rows._meta.db_table} r WHERE r.{source.key} = %s AND {readable(source)})", [pk],  # noqa: S608
    )
    return bool(cursor.fetchone()[0])
