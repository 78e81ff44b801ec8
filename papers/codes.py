"""Check codes: what a certificate carries that nobody can guess; and whether a number and a code name a cover that is valid.

A code is a MAC under a key of the program and year over the cover's number and beginning. Nothing is stored for it: as long
as the key is kept, what was printed can be checked, and the answer is the cover's state of the moment.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from audit import keys
from audit.digests import keyed_digest
from audit.models.keys import DataKey
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState, cover_number, enrollment_id_of

PURPOSE = "certificate.code"
#: Crockford's: no letter that is taken for a digit.
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
LENGTH, _GROUP = 12, 4
_NUMBER = re.compile(r"[A-Z0-9-]{8,60}", re.ASCII)
#: A digest as sure as the cipher whose key it uses.
_DIGESTS = {"sm4-gcm": "sm3"}
PATH = "c"

Code = Callable[[str, datetime], str]


def coder(program_code: str, year: int) -> Code:
    """What gives the code of a cover by its number and beginning; its key is made at the first use."""
    key_id = keys.current_key(DataKey.Kind.DATA, purpose=PURPOSE, program_code=program_code, year=year)
    return _coder(DataKey.objects.get(pk=key_id))


def _coder(key: DataKey) -> Code:
    digest = keyed_digest(_DIGESTS.get(key.algorithm, "sha256"), keys.secret_of(key.pk))

    def code(number: str, starts_at: datetime) -> str:
        """LENGTH signs of five bits."""
        value = int.from_bytes(digest(f"{number}|{int(starts_at.timestamp())}"), "big")
        return "".join(_SIGNS[value >> 5 * place & 31] for place in range(LENGTH))

    return code


def grouped(code: str) -> str:
    """As people read it to each other."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def year_of(enrollment: Enrollment) -> int:
    """Whose key a cover's code is made with: that of the year in which its period begins."""
    return enrollment.period.starts_on.year


@dataclass(frozen=True)
class Answer:
    """What anybody may know who holds a certificate: whether it is valid on a day, and of which program."""

    program: str
    valid: bool
    day: date


def check(number: str, code: str, *, day: date) -> Answer | None:
    """The answer to a number and its code; None for a number that there is not and for a code that is not its own.

    Both take the same steps: of a number that there is not, the code of a made-up cover is compared.
    """
    number, code = _typed(number), _typed(code).replace("-", "").translate(_READ_AS)
    found = enrollment_id_of(number) if _NUMBER.fullmatch(number) else None
    rows = Enrollment.objects.select_related("program", "period").filter(pk=found or 0)
    cover = rows.filter(pk__lte=2**63 - 1).first() if (found or 0) < 2**63 else None
    known = cover is not None and cover.number == number
    held = DataKey.objects.filter(kind=DataKey.Kind.DATA, purpose=PURPOSE, wrapped__isnull=False)
    if cover is not None and known:
        held, starts_at = held.filter(program_code=cover.program.code, year=year_of(cover)), cover.starts_at
    else:
        held, starts_at = held.order_by("-pk")[:1], timezone.now()
    same = False
    for key in held:
        same |= hmac.compare_digest(_coder(key)(number, starts_at).encode(), code.encode())
    if cover is None or not known or not same:
        return None
    return Answer(cover.program.name, is_valid(cover, day=day), day)


def is_valid(cover: Enrollment, *, day: date) -> bool:
    """Whether a cover stands on some moment of a day; one that ended did until then, one that was voided never."""
    if cover.state not in (EnrollmentState.IN_FORCE, EnrollmentState.ENDED):
        return False
    begins = timezone.make_aware(datetime.combine(day, time.min))
    return cover.starts_at < begins + timedelta(days=1) and cover.ends_at > begins and cover.ends_at > cover.starts_at


def link_of(number: str, code: str) -> str:
    """What the square code says: in capitals and digits alone it stays small enough to be scanned from a copy."""
    if not settings.PUBLIC_URL:
        return f"{number} {grouped(code)}"
    return f"{settings.PUBLIC_URL}/{PATH}/{number}/{code}".upper()


def address() -> str:
    """Of the check page, as people type it; empty when nobody said by which address the portal is reached."""
    if not settings.PUBLIC_URL:
        return ""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.netloc}{parts.path}/{PATH}/"


def _typed(text: str) -> str:
    return "".join(text.upper().split())[:80]


__all__ = ["Answer", "address", "check", "coder", "cover_number", "grouped", "is_valid", "link_of", "year_of"]
