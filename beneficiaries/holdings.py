"""Everything that an office holds about a person: each room says which of its rows that is; values are opened.

For whoever answers a person's request to see their data, and for nothing else. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BinaryField, Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _t

from accounts.models import Organization, Region
from audit import events, keys
from audit.fields import Sealed, SealedTextField
from audit.models import Event, Reveal
from audit.versions import history_model, value_in_words
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    Ending,
    Enrollment,
    HealthStatement,
    Person,
    PersonChange,
    PersonDocument,
    PurchasePayer,
    Representative,
    RosterRow,
)
from beneficiaries.restricting import known_to
from beneficiaries.template import ROSTER
from intake.staging import raw_name

Line = list[tuple[str, str]]


@dataclass(frozen=True)
class About:
    """Whose rows are meant: a person and whoever was merged into them, as far as one office knows them."""

    people: Sequence[int]
    beneficiaries: Sequence[int]
    enrollments: Sequence[int]
    organization_path: str


@dataclass(frozen=True)
class Holding:
    """Rows of one table about a person. `leaves_out`: what speaks of others, or is no answer to anybody; each with a reason
    where it is declared. `with_past`: the versions that history keeps stand behind."""

    rows: Callable[[About], QuerySet]
    leaves_out: Sequence[str] = ()
    with_past: bool = False


@dataclass(frozen=True)
class Part:
    """One heading of the answer and its entries."""

    title: str
    entries: Sequence[Line] = field(default_factory=list)


_registered: list[Holding] = []


def register_holding(*holdings: Holding) -> None:
    """Called by rooms from `ready()`, in the order in which a reader meets them."""
    _registered.extend(holding for holding in holdings if holding not in _registered)


def registered() -> Sequence[Holding]:
    """Of all rooms."""
    return tuple(_registered)


def about(person: Person, organization: Organization) -> About:
    """What an office, and those below it, hold of a person; restricted or not."""
    merged = Person.objects.filter(merged_into=person).values_list("pk", flat=True)
    known = list(known_to(person, organization).values_list("pk", flat=True))
    covers = Enrollment.objects.filter(beneficiary__in=known).order_by("pk").values_list("pk", flat=True)
    return About([person.pk, *merged], known, list(covers), organization.path)


def parts_of(whom: About) -> Iterator[Part]:
    """Heading by heading, in the reader's language; tables without a row are left out."""
    yield from rows_of(whom)
    lines = list(_lines_of_files(whom))
    if lines:
        yield Part(_t("Lines of files that named the person"), lines)
    done = list(_what_was_done(whom))
    if done:
        yield Part(_t("What was done with the data"), done)


def opened(value: Sealed) -> str:
    """A sealed value in the clear, or what says that its key was destroyed."""
    return value.told()


def rows_of(whom: About, *, say: Callable[[Sealed], str] = opened) -> Iterator[Part]:
    """Rows of every room and their earlier versions; `say` tells sealed values: `opened`, or `str` for their masks."""
    for holding in registered():
        rows = holding.rows(whom)
        model: Any = rows.model
        entries = [entry_of(row, holding.leaves_out, say=say) for row in rows]
        if entries:
            yield Part(str(capfirst(model._meta.verbose_name_plural)), entries)
        past = history_model(model) if holding.with_past else None
        if past is not None:
            before = past.objects.filter(pgh_obj_id__in=rows.order_by().values("pk")).order_by("pgh_id")
            former = [entry_of(row, holding.leaves_out, say=say, of=model) for row in before]
            if former:
                yield Part(_t("%(rows)s: earlier versions") % {"rows": capfirst(model._meta.verbose_name_plural)}, former)


def entry_of(row: Model, leaves_out: Sequence[str] = (), *, say: Callable[[Sealed], str] = opened, of: Any = None) -> Line:
    """What a row says, field by field; `of`: the model whose version it is."""
    found = []
    if of is not None:
        found.append((_t("kept until"), value_in_words(row.pgh_created_at)))  # type: ignore[attr-defined]
    for each in (of or type(row))._meta.fields:
        if each.name in leaves_out or not _is_told(each):
            continue
        value = _value(row, each, say)
        if value:
            found.append((str(capfirst(each.verbose_name)), value))
    return found


def _is_told(each: Any) -> bool:
    """Not the machine's own: numbers of rows, digests, indexes, and fields that have no name for people."""
    if isinstance(each, SealedTextField):
        return True
    if each.primary_key or isinstance(each, BinaryField) or not isinstance(each._verbose_name, Promise):
        return False
    return not (each.is_relation and issubclass(each.related_model, Person | Beneficiary | Enrollment)) and each.name != "row_id"


def _value(row: Any, each: Any, say: Callable[[Sealed], str]) -> str:
    value = getattr(row, each.attname)
    if isinstance(value, Sealed):
        return say(value)
    if value is None or value in ("", []):
        return ""
    if each.is_relation:
        named = getattr(row, each.name, None)
        return str(value if named is None else named)
    if each.name == "region_code":
        return Region.objects.names_of([value]).get(value, value)
    if each.flatchoices:
        return str(dict(each.flatchoices).get(value, value))
    return value_in_words(value)


def _lines_of_files(whom: About) -> Iterator[Line]:
    """The lines by which the person was enrolled, changed or ended, as they came, as long as their files' rows are kept."""
    numbers = set(Enrollment.objects.filter(pk__in=whom.enrollments, row_id__isnull=False).values_list("row_id", flat=True))
    held = BeneficiaryCategory.objects.filter(beneficiary__in=whom.beneficiaries)
    for begun, ended in held.values_list("row_id", "ended_row_id"):
        numbers |= {begun, ended}
    numbers |= set(Ending.objects.filter(enrollment__in=whom.enrollments).values_list("row_id", flat=True))
    rows = RosterRow.objects.filter(pk__in=[number for number in numbers if number]).select_related("file").order_by("pk")
    for row in rows:
        yield [
            (_t("File"), row.file.name if row.file is not None else _t("none: a cover was renewed")), (_t("Sheet"), row.sheet),
            (_t("Line"), str(row.line)),
            (_t("As it came"), keys.open_sealed(bytes(row.raw), raw_name(ROSTER)) if row.raw else ""),
        ]


def _what_was_done(whom: About) -> Iterator[Line]:
    """Events and views in the clear, by day and in words; staff are named to the auditor alone."""
    told = Q(pk__in=[])
    for model, numbers in ((Person, whom.people), (Beneficiary, whom.beneficiaries), (Enrollment, whom.enrollments)):
        told |= Q(subject_type=model._meta.label_lower, subject_id__in=[str(number) for number in numbers])
    here = told & Q(organization_path__startswith=whom.organization_path)
    for event in Event.objects.filter(here).order_by("pk"):
        yield [(_t("At"), value_in_words(event.at)), (_t("What"), events.sentence(event))]
    for seen in Reveal.objects.filter(here).order_by("pk"):
        yield [
            (_t("At"), value_in_words(seen.at)), (_t("What"), _t("Shown in the clear to a member of staff: %(reason)s") % {
                "reason": seen.reason,
            }),
        ]


def _indexes(whom: About, column: str) -> Any:
    """Of the documents that name the person."""
    return Person.objects.filter(pk__in=whom.people, **{f"{column}__isnull": False}).values(column)


_STAFF = ("proposed_by", "decided_by")

#: Of this room. Names of staff are no data of the person; rows of others (a merge's other person) are left out.
HOLDINGS = (
    Holding(lambda whom: Person.objects.filter(pk__in=whom.people).order_by("pk"), with_past=True),
    Holding(lambda whom: PersonDocument.objects.filter(person__in=whom.people).order_by("pk"), ("change",)),
    Holding(lambda whom: Beneficiary.objects.filter(pk__in=whom.beneficiaries).order_by("pk"), with_past=True),
    Holding(
        lambda whom: HealthStatement.objects.filter(beneficiary__in=whom.beneficiaries).order_by("pk"),
        ("change", "purchase", "row"),
    ),
    # Of the person, and of the person as somebody's guardian or agent: whose, is the other's.
    Holding(
        lambda whom: Representative.objects.filter(
            Q(beneficiary__in=whom.beneficiaries)
            | (
                Q(beneficiary__organization__path__startswith=whom.organization_path)
                & (
                    Q(identity_index_a__in=_indexes(whom, "identity_index_a"))
                    | Q(identity_index_b__in=_indexes(whom, "identity_index_b"))
                )
            )
        ).order_by("pk"),
        ("change", "row", "ended_by", "ended_row"),
    ),
    Holding(
        lambda whom: BeneficiaryCategory.objects.filter(beneficiary__in=whom.beneficiaries).select_related(
            "category"
        ).order_by("pk"),
    ),
    Holding(
        lambda whom: Enrollment.objects.filter(pk__in=whom.enrollments).select_related(
            "program", "plan", "period__program", "organization", "category"
        ).order_by("pk"),
        # How the premium was divided is the funders' matter; the verdict of whoever is enrolled is always the same.
        ("split", "verdict", "line"),
    ),
    # Of whoever was insured by somebody: the payer's name is the payer's, and stays out.
    Holding(
        lambda whom: PurchasePayer.objects.filter(purchase__enrollments__in=whom.enrollments).order_by("pk"),
        ("name", "phone", "relations"),
    ),
    Holding(lambda whom: Ending.objects.filter(enrollment__in=whom.enrollments).order_by("pk")),
    Holding(
        lambda whom: PersonChange.objects.filter(beneficiary__in=whom.beneficiaries).select_related(
            "program", "organization", "to_organization"
        ).order_by("pk"),
        (*_STAFF, "other", "given_up", "undoes"),
    ),
)
