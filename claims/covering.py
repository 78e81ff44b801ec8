"""Which covers of somebody were in force at a moment, over all programs, as far as whoever asks may see them. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from beneficiaries.models import Enrollment, Person
from beneficiaries.models.enrollment import enrollment_id_of

REPORT = "claims.report_claim"
#: People that one document number may name: a number was given twice, or types differ.
_MOST = 5


def covers_of(who: str, *, at: datetime, by: Any) -> list[Enrollment]:
    """Covers of whom a cover number, an insurer's policy number or a document number names; of nobody else's, and none unseen."""
    asked = "".join(who.split()).upper()
    seen = Enrollment.objects.visible_to(by, REPORT)
    number = enrollment_id_of(asked)
    named = None
    if number is not None:
        named = seen.filter(pk=number).values_list("person", flat=True).first()
    if named is None and asked:
        named = seen.filter(insurer_policy_number=asked).values_list("person", flat=True).first()
    people = [named] if named is not None else list(
        Person.objects.with_document(asked).standing().values_list("pk", flat=True)[:_MOST]
    )
    found = seen.filter(person__in=people).covering(at=at)
    return list(found.select_related("program", "plan", "period", "organization", "person").order_by("pk"))
