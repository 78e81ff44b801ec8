"""The formats of lists: read strictly as text, written so that no spreadsheet calculates a cell or garbles Chinese."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import tablib
from import_export.formats import base_formats

from intake.columns import Column
from intake.exports import harmless, write_rows_xlsx
from intake.reference.reading import ListFile, read_list


class _ListFormat(base_formats.Format):
    """What both formats share. `columns`: those of the list, by which a file's header is found."""

    extension = ""
    title = ""
    content_type = ""

    def __init__(self, encoding: str | None = None, *, columns: Sequence[Column] = ()) -> None:
        self.columns = columns

    def get_title(self) -> str:
        """As people call it."""
        return self.title

    def get_extension(self) -> str:
        """The end of a file's name."""
        return self.extension

    def get_content_type(self) -> str:
        """What a browser is told."""
        return self.content_type

    def can_import(self) -> bool:
        """Yes."""
        return True

    def can_export(self) -> bool:
        """Yes."""
        return True

    def create_dataset(self, in_stream: bytes) -> ListFile:
        """A file's rows as text; `FileRefused` when its content is not of this format, or cannot be read."""
        return read_list(io.BytesIO(in_stream), self.columns, name=f"list.{self.extension}")


class ListWorkbook(_ListFormat):
    """A workbook of text cells."""

    extension, title = "xlsx", "Excel (XLSX)"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        """One sheet."""
        target = io.BytesIO()
        write_rows_xlsx(target, dataset.title or "", _cells(dataset))
        return target.getvalue()


class ListCsv(_ListFormat):
    """CSV in UTF-8 with a mark, by which Excel knows it; UTF-16 and GB18030 are read too."""

    extension, title, content_type = "csv", "CSV", "text/csv; charset=utf-8"

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        """Lines as Excel ends them."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows(_cells(dataset))
        return text.getvalue().encode("utf-8-sig")


def _cells(dataset: tablib.Dataset) -> list[list[str]]:
    rows = [dataset.headers or [], *dataset]
    return [[harmless("" if cell is None else str(cell)) for cell in row] for row in rows]
