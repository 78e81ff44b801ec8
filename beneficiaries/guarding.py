"""What a line says of a guardian: an adult, and not the person themself. Whole columns at a time; a file without costs nothing."""

from __future__ import annotations

from datetime import date

import polars as pl
from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

GUARDIAN = "guardian_document"
MEANINGS = (
    Meaning(
        "GUARDIAN_SELF", Severity.ERROR, _("the guardian is the person themself"),
        _("write the guardian's own document number, or leave both cells empty"),
    ),
    Meaning(
        "GUARDIAN_MINOR", Severity.ERROR, _("by the document number the guardian is not of age"),
        _("check the number; a guardian is 18 or older"),
    ),
)


def names_a_guardian(frame: pl.DataFrame) -> bool:
    """Whether any line has a guardian's number."""
    return GUARDIAN in frame.columns and frame[GUARDIAN].null_count() < len(frame)


def is_self() -> pl.Expr:
    """The number is the person's own."""
    return pl.col(GUARDIAN) == pl.col("document")


def is_minor(*, on: date) -> pl.Expr:
    """Of a resident's number the birth date says it: born after the same day 18 years before."""
    number = pl.col(GUARDIAN)
    born = pl.when(number.str.len_chars() == 18).then(number.str.slice(6, 8))
    return born > f"{on.year - 18:04d}{on:%m%d}"
