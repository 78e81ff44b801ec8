"""Whose covers a printing holds, and what their certificates say; read a stretch at a time, in two questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import override

from accounts.models import Organization, Region
from audit import keys
from audit.masking import mask_document
from audit.versions import last_day
from beneficiaries.models import Enrollment, Person
from beneficiaries.models.enrollment import EnrollmentState, cover_number
from beneficiaries.panels import first_moment, last_moment
from papers import codes
from papers.certificate import LANGUAGE, Holder, Shared
from papers.errors import PapersRefused
from papers.models import CertificateWording, Printing
from programs.models import Period

_NAME: Any = Person._meta.get_field("name")
_DOCUMENT: Any = Person._meta.get_field("document")


def covers_of(printing: Printing) -> QuerySet[Enrollment]:
    """Covers in force of the office and those below it, in its place, of nobody whose data is restricted."""
    offices = list(
        Organization.objects.filter(path__startswith=printing.organization.path).order_by().values_list("pk", flat=True)
    )
    found = Enrollment.objects.free().filter(
        period=printing.period_id, state=EnrollmentState.IN_FORCE, organization__in=offices,
        region_code__startswith=printing.region_code,
    )
    return found if printing.roster_id is None else found.filter(roster=printing.roster_id)


def villages_of(covers: QuerySet[Enrollment]) -> list[tuple[str, int]]:
    """(region, people) in the order of the codes; one question."""
    return list(covers.order_by("region_code").values_list("region_code").annotate(people=Count("pk")))


def wording_of(program_id: int) -> CertificateWording:
    """The newest; refused where nobody has written one."""
    found = CertificateWording.objects.filter(program=program_id).order_by("-pk").first()
    if found is None:
        raise PapersRefused("NO_WORDING")
    return found


def shared_of(period: Period, *, issued_on: date) -> Shared:
    """What all certificates of a period say."""
    program, wording = period.program, wording_of(period.program_id)
    return Shared(
        program=program.name, plan=period.plan.name, insurer=program.insurer.name if program.insurer else "",
        limit=period.plan.cover_limit, phone=wording.phone, how_to_claim=wording.how_to_claim, issued_on=issued_on,
        address=codes.address(),
    )


def stretch_of(covers: QuerySet[Enrollment], *, region_code: str, after: int, size: int) -> list[Enrollment]:
    """The next of a village in the order of their numbers."""
    rows = covers.filter(region_code=region_code, pk__gt=after).order_by("pk")
    return list(rows.select_related("person", "organization")[:size])


def holders(covers: Sequence[Enrollment], period: Period) -> Iterator[Holder]:
    """What each certificate adds; names and numbers are opened together."""
    names = keys.open_many([cover.person.name.token for cover in covers], _NAME.logical_name)
    documents = keys.open_many([cover.person.document.token for cover in covers], _DOCUMENT.logical_name)
    places = Region.objects.names_of(cover.region_code for cover in covers)
    code_of = codes.coder(period.program.code, period.starts_on.year)
    with override(LANGUAGE):
        for cover, name, document in zip(covers, names, documents, strict=True):
            number = cover_number(period.program.code, period.code, cover.pk)
            code = code_of(number, cover.starts_at)
            yield Holder(
                number=number, name=name or "", document_type=cover.person.get_document_type_display(),
                document=mask_document(document or ""), days=_days(cover), policy=cover.insurer_policy_number,
                place=places.get(cover.region_code, ""), office=cover.organization.name, code=codes.grouped(code),
                link=codes.link_of(number, code),
            )


def _days(cover: Enrollment) -> str:
    if cover.covers_a_span:
        return _t("%(first)s to %(last)s") % {"first": first_moment(cover), "last": last_moment(cover)}
    first, last = timezone.localdate(cover.starts_at), last_day(cover.ends_at)
    return _t("%(first)s to %(last)s") % {"first": date_format(first, "Y年n月j日"), "last": date_format(last, "Y年n月j日")}
