"""What of a payout a bank's file may say, under our own words; no database is read here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

FieldKind = Literal["text", "day", "money", "code", "whole"]


@dataclass(frozen=True)
class Field:
    """One fact of a payout. `personal`: it is opened from its seal only where a column asks for it."""

    key: str
    label: str | Promise
    kind: FieldKind = "text"
    personal: bool = False


FIELDS: tuple[Field, ...] = (
    Field("line_key", _("payout number")),
    Field("number", _("line number"), "whole"),
    Field("batch", _("batch number")),
    Field("transfer", _("kind of transfer"), "code"),
    Field("payer_account", _("account number of the payer"), personal=True),
    Field("payer_name", _("holder of the paying account")),
    Field("account", _("account number of the payee"), personal=True),
    Field("name", _("name of the payee"), personal=True),
    Field("bank", _("bank of the payee")),
    Field("bank_code", _("bank code of the payee")),
    Field("amount", _("amount"), "money"),
    Field("purpose", _("purpose of the payment")),
    Field("day", _("day of the file"), "day"),
)
BY_KEY = {field.key: field for field in FIELDS}
#: Without them nothing can be paid, or nothing that comes back be found.
NEEDED = ("line_key", "account", "name", "amount")
#: Our codes in the words that a file has where the bank names none of its own.
TRANSFER_WORDS = {"in_bank": "行内", "interbank": "跨行"}


@cache
def words_of_fields() -> dict[str, str]:
    """Every word that names a field, in each language, folded -> its key."""
    found: dict[str, str] = {}
    for language in ("en", "zh-hans"):
        with override(language):
            found.update({folded(str(field.label)): field.key for field in FIELDS})
    return found | {field.key: field.key for field in FIELDS}


def folded(word: str) -> str:
    """A word without case, blanks and the width of its brackets."""
    return "".join(unicodedata.normalize("NFKC", word).split()).casefold()
