"""What of a person and cover an insurer may be told, under our own words; no database is read here."""

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
    """One fact of a line. `personal`: it is opened from its seal only where a column asks for it."""

    key: str
    label: str | Promise
    kind: FieldKind = "text"
    personal: bool = False


FIELDS: tuple[Field, ...] = (
    Field("number", _("cover number")),
    Field("line", _("line number"), "whole"),
    Field("name", _("name of the insured"), personal=True),
    Field("document_type", _("type of document"), "code"),
    Field("document", _("document number of the insured"), personal=True),
    Field("sex", _("sex"), "code"),
    Field("birth_on", _("date of birth"), "day"),
    Field("phone", _("phone of the insured"), personal=True),
    Field("address", _("address of the insured"), personal=True),
    Field("guardian_name", _("name of the guardian"), personal=True),
    Field("guardian_document", _("document number of the guardian"), personal=True),
    Field("region_code", _("region code")),
    Field("region", _("region name")),
    Field("category", _("category of the insured")),
    Field("program", _("program name")),
    Field("plan", _("plan name")),
    Field("premium", _("premium in yuan"), "money"),
    Field("own_share", _("own share in yuan"), "money"),
    Field("starts_on", _("first day of cover"), "day"),
    Field("ends_on", _("last day of cover"), "day"),
    Field("policy_number", _("insurer's policy number")),
    Field("leave_reason", _("why they go"), "code"),
    Field("left_on", _("last day of who goes"), "day"),
)
BY_KEY = {field.key: field for field in FIELDS}
#: Fields that only a list of removals has.
LEAVING = ("leave_reason", "left_on")
#: What is added to a list of removals whose columns nobody named.
LEAVING_COLUMNS = (("减员原因", "leave_reason", ""), ("最后保障日", "left_on", ""))
#: Our codes in the words that a file has where the insurer names none of its own.
CODE_WORDS: dict[str, dict[str, str]] = {
    "document_type": {
        "resident_id": "居民身份证", "hk_macao_residence": "港澳居民居住证", "taiwan_residence": "台湾居民居住证",
        "foreign_permanent": "外国人永久居留身份证", "passport": "护照", "hk_macao_permit": "港澳居民来往内地通行证",
        "taiwan_permit": "台湾居民来往大陆通行证", "other": "其他",
    },
    "sex": {"male": "男", "female": "女"},
    "leave_reason": {
        "left": "退出", "moved": "迁出", "deceased": "身故", "off_list": "不在名单", "refunded": "犹豫期退保",
        "undone": "撤销（未曾生效）",
    },
}


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
