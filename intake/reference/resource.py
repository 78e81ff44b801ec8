"""The base of every resource of reference data: one declaration of columns, all faults of all rows, one action that writes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple

import polars as pl
import tablib
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from accounts.models import User
from audit.admin.base import visible
from intake import checks
from intake.checks import Context
from intake.checks.plain import FOREVER
from intake.columns import Column
from intake.findings import FileFinding, Severity, describe
from intake.readers.table import FORMULA_MARK, NUMERIC_MARK
from intake.reference.reading import ListFile, as_list

YES, NO = "是", "否"
_MARK = re.compile("^(?:\x1a[NFEM])+")
_LONG_NUMBER = re.compile(r"[0-9]{14,}[0-9Xx]?")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")
_SHOWN = 40
_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})


class Fault(NamedTuple):
    """What is wrong with a cell of a row, or with the row (`key` ""); see `intake.findings`."""

    key: str
    code: str
    extra: str = ""


class Change(NamedTuple):
    """One cell that a row changes, by its heading."""

    label: str
    before: str
    after: str


@dataclass
class Line:
    """A row of the file: where it stood, its cells cleaned (text, a date, or None) and what was found in it so far."""

    number: int
    sheet: str
    cells: dict[str, Any]
    raw: dict[str, str | None]
    faults: list[Fault] = field(default_factory=list)

    def shown(self, key: str) -> str:
        """A cell as it came and as it may be shown: no marks, no long numbers, not endless; "" for the row as a whole."""
        text = _LONG_NUMBER.sub("****", _MARK.sub("", self.raw.get(key) or "").strip())
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


class ListRow(RowResult):
    """django-import-export's result of a row, with its line and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.line = 0
        self.sheet = ""
        self.name = ""
        self.changes: list[Change] = []
        self.sentences: list[str] = []


@dataclass(frozen=True)
class Preview:
    """What a file would do. `digest` stands for all of it: what is confirmed is what it says."""

    rows: list[ListRow]
    #: Rows that change though the file does not name them, such as regions that an edition lacks.
    beside: list[ListRow]
    findings: list[FileFinding]
    warnings: list[str]
    digest: str

    def count(self, kind: str) -> int:
        """Rows of one kind."""
        return sum(row.import_type == kind for row in self.rows)

    @property
    def refused(self) -> int:
        """Rows with faults."""
        return self.count(RowResult.IMPORT_TYPE_INVALID)

    @property
    def added(self) -> int:
        """Rows that are new."""
        return self.count(RowResult.IMPORT_TYPE_NEW)

    @property
    def changed(self) -> int:
        """Rows that change what is known."""
        return self.count(RowResult.IMPORT_TYPE_UPDATE)

    @property
    def unchanged(self) -> int:
        """Rows that are known as they stand."""
        return self.count(RowResult.IMPORT_TYPE_SKIP)

    @property
    def does_something(self) -> bool:
        """Whether there is anything to confirm."""
        return bool(self.added or self.changed or self.beside)


class ReferenceResource(ModelResource):
    """A list of one model. A subclass gives `columns`, `Meta.model`, `Meta.import_id_fields` (keys of columns), how a
    row becomes an instance (`assign`) and back (`cells_of`), and the action that writes (`take_in`).

    `user` decides what is known: rows out of the reach of their `import_` permission are neither compared, changed nor
    shown. Without a user nothing is.
    """

    columns: ClassVar[tuple[Column, ...]] = ()

    class Meta:
        """What every list holds to."""

        fields = ()
        report_skipped = True
        use_transactions = True
        # No savepoint around each row; what is written is written by the action.
        use_bulk = True

    def __init__(self, *, user: Any = None, options: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user, self.options = user, dict(options or {})
        self.fields = {
            column.key: Field(attribute=column.key, column_name=str(column.label)) for column in self.columns
        }
        self.lines: list[Line] = []
        self.known: dict[tuple[Any, ...], Any] = {}
        self.touched: list[Any] = []

    # -- What a list says ----------------------------------------------------------------------------------------------

    def assign(self, instance: Any, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """Set the instance to what cleaned cells say; give what is wrong with them."""
        raise NotImplementedError

    def cells_of(self, instance: Any) -> dict[str, str]:
        """An instance as cells of text, by the keys of the columns."""
        raise NotImplementedError

    def take_in(self, *, by: User, at: datetime) -> None:
        """Write `touched` by the room's own action."""
        raise NotImplementedError

    def lock(self) -> None:
        """Within the transaction that confirms: hold what is compared until it is written."""

    def look_around(self) -> None:
        """Before the rows are judged: read at once what they are measured against; `lines` are known."""

    def beside(self) -> list[ListRow]:
        """Rows that change though the file does not name them; `touched` is known."""
        return []

    def warnings(self, beside: Sequence[ListRow]) -> list[str]:
        """Sentences that whoever confirms should have read."""
        return []

    # -- Reading and comparing -----------------------------------------------------------------------------------------

    def get_queryset(self) -> QuerySet:
        """Rows that the user may change; nobody's without a user."""
        model = self._meta.model
        return self.own_table(visible(model, self.user, f"{model._meta.app_label}.import_{model._meta.model_name}"))

    def own_table(self, rows: QuerySet) -> QuerySet:
        """Of rows within reach those that a file of the user's speaks of; all of them where the list is one table."""
        return rows

    def preview(self, file: ListFile) -> Preview:
        """Compare a file with what is known; nothing is written."""
        result = self.import_data(file, dry_run=True)
        for error in result.base_errors:
            raise error.error
        rows: list[ListRow] = list(result.rows)
        beside = [] if result.has_validation_errors() else self.beside()
        said = [
            [row.import_type, row.line, row.sheet, row.name, list(row.changes), row.sentences] for row in [*rows, *beside]
        ]
        text = json.dumps([self._meta.model._meta.label_lower, self.options, said], ensure_ascii=False, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Preview(rows, beside, file.findings, self.warnings(beside), digest)

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        """Clean and check all cells at once, then read what is known of these rows."""
        file = as_list(dataset, self.columns)
        self.touched = []
        self.lines = self._lines(file)
        self.known = {self.key_of(self.cells_of(each)): each for each in self.rows_named()}
        self._keep_absent(file)
        self._refuse_twice()
        self.look_around()

    def rows_named(self) -> QuerySet:
        """Known rows that the file may mean."""
        first = self._meta.import_id_fields[0]
        return self.get_queryset().filter(**{f"{first}__in": {str(line.cells[first]) for line in self.lines}})

    def key_of(self, cells: Mapping[str, Any]) -> tuple[Any, ...]:
        """By what a row is known again."""
        return tuple(cells.get(key) or "" for key in self._meta.import_id_fields)

    def _keep_absent(self, file: ListFile) -> None:
        """What a column says that the file does not have stays as it is known."""
        absent = [column for column in self.columns if column.key not in file.present]
        for line in self.lines:
            known = self.known.get(self.key_of(line.cells)) if absent else None
            if known is None:
                continue
            kept = self.cells_of(known)
            for column in absent:
                text = kept[column.key] or None
                line.cells[column.key] = date.fromisoformat(text) if text and column.clean == "date" else text

    def _lines(self, file: ListFile) -> list[Line]:
        frame = file.frame
        checked = checks.check(frame, self.columns, Context(today=timezone.localdate(), regions=_NO_REGIONS))
        keys = [column.key for column in self.columns]
        lines = [
            Line(
                number, sheet, {key: None if cell == FOREVER else cell for key, cell in zip(keys, cells, strict=True)},
                dict(zip(keys, raw, strict=True)),
            )
            for (number, sheet), cells, raw in zip(
                frame.select("line", "sheet").rows(), checked.frame.select(keys).rows(), frame.select(keys).rows(), strict=True
            )
        ]
        found = checked.findings.filter(pl.col("severity") == Severity.ERROR.value)
        for at, key, code, extra in found.select("row", "column", "code", "extra").rows():
            lines[at].faults.append(Fault(key, code, extra))
        for line in lines:
            line.faults += self._lost_numbers(line.raw)
        return lines

    def _lost_numbers(self, raw: Mapping[str, str | None]) -> Iterator[Fault]:
        """Codes that a spreadsheet took for numbers or made by a formula."""
        for key, cell in raw.items():
            if cell is None:
                continue
            if cell.startswith(NUMERIC_MARK):
                yield Fault(key, "ID_NUMERIC")
            elif key in self._meta.import_id_fields and cell.startswith(FORMULA_MARK):
                yield Fault(key, "FORMULA_REFUSED")
            elif key in self._meta.import_id_fields and _SCIENTIFIC.fullmatch(cell.strip()):
                yield Fault(key, "ID_SCIENTIFIC")

    def _refuse_twice(self) -> None:
        first: dict[tuple[Any, ...], int] = {}
        for line in self.lines:
            key = self.key_of(line.cells)
            if not all(key):
                continue
            if key in first:
                line.faults.append(Fault(self._meta.import_id_fields[-1], "DUP_IN_FILE", str(first[key])))
            first.setdefault(key, line.number)

    def import_row(self, row: Any, instance_loader: Any, **kwargs: Any) -> ListRow:
        """Judge one row: every fault of it, and what it changes. An error of ours is raised, never a row's."""
        line = self.lines[kwargs["row_number"] - 1]
        known = self.known.get(self.key_of(line.cells))
        instance = self._meta.model() if known is None else copy(known)
        before = self.cells_of(known) if known is not None else dict.fromkeys(self.fields, "")
        spoilt = {fault.key for fault in line.faults}
        # What is wrong already is not judged twice; of a row that could not be cut into cells, nothing is.
        judged = [] if "" in spoilt else [each for each in self.assign(instance, line.cells) if each.key not in spoilt]
        faults = [*line.faults, *judged]
        result = ListRow()
        result.line, result.sheet, result.row_values = line.number, line.sheet, row
        if faults:
            result.import_type = RowResult.IMPORT_TYPE_INVALID
            result.name = " ".join(line.shown(key) for key in (*self._meta.import_id_fields, "name")).strip()
            result.sentences = [self._in_words(fault, line) for fault in faults]
            result.validation_error = ValidationError(
                {fault.key or "__all__": [self._in_words(fault, line)] for fault in faults}
            )
            return result
        after = self.cells_of(instance)
        named = [*self._meta.import_id_fields, *(key for key in ("name",) if key in after)]
        result.name = " ".join(after[key] for key in named)
        result.changes = [
            Change(str(self.fields[key].column_name), before[key], after[key]) for key in self.fields if before[key] != after[key]
        ]
        result.instance, result.original = instance, known
        if known is None:
            result.import_type = RowResult.IMPORT_TYPE_NEW
        else:
            result.import_type = RowResult.IMPORT_TYPE_UPDATE if result.changes else RowResult.IMPORT_TYPE_SKIP
        if result.import_type != RowResult.IMPORT_TYPE_SKIP:
            self.touched.append(instance)
        return result

    def _in_words(self, fault: Fault, line: Line) -> str:
        label = str(self.fields[fault.key].column_name) if fault.key else ""
        return describe(fault.code, label, line.number, value_masked=line.shown(fault.key), extra=fault.extra)

    def after_import(self, dataset: tablib.Dataset, result: Result, **kwargs: Any) -> None:
        """Outside of a preview: write, unless a row is refused: a list comes in whole or not at all."""
        if not kwargs.get("dry_run") and self.lines and not result.has_validation_errors():
            if self.user is None:
                raise ImproperlyConfigured(f"{type(self).__name__} writes nothing without a user")
            self.take_in(by=self.user, at=timezone.now())

    def _check_import_id_fields(self, headers: Sequence[str]) -> None:
        """`before_import` has found the columns, or refused the file."""

    def get_import_fields(self) -> list[Field]:
        """In the order of the columns."""
        return list(self.fields.values())

    # -- Writing files -------------------------------------------------------------------------------------------------

    def get_export_order(self) -> list[str]:
        """In the order of the columns."""
        return list(self.fields)

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> tablib.Dataset:
        """Rows under the columns' headings, as the import reads them again."""
        rows = self.get_queryset() if queryset is None else queryset
        dataset = tablib.Dataset(headers=[str(column.label) for column in self.columns])
        dataset.title = str(self._meta.model._meta.verbose_name_plural)
        for each in rows.iterator(chunk_size=2_000):
            cells = self.cells_of(each)
            dataset.append([cells[column.key] for column in self.columns])
        return dataset


def yes_or_no(value: bool) -> str:
    """A fact as a cell."""
    return YES if value else NO


def as_day(value: date | None) -> str:
    """A day as a cell."""
    return "" if value is None else value.isoformat()
