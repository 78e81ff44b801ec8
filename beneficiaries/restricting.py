"""Restriction of processing: an office keeps a person's data and does nothing else with it; rules and locks of the caller."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts.models import Organization
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange


def known_to(person: Person, organization: Organization) -> QuerySet[Beneficiary]:
    """What an office, and those below it, know of a person and of whoever was merged into them; restricted or not."""
    of_both = Q(person__in=Person.objects.going_on_in(person))
    return Beneficiary.objects.filter(of_both, organization__path__startswith=organization.path).order_by("pk")


def refuse_restricted(change: PersonChange) -> None:
    """BeneficiariesRefused("RESTRICTED") where a change concerns somebody whose data is only kept."""
    concerned = Q(pk=change.beneficiary_id)
    if change.other_id is not None:
        concerned |= Q(person=change.other_id, program=change.program_id, organization=change.organization_id)
    if Beneficiary.objects.filter(concerned, restricted_at__isnull=False).exists():
        raise BeneficiariesRefused("RESTRICTED")


def refuse_destroyed(change: PersonChange) -> None:
    """BeneficiariesRefused("DESTROYED") where a change concerns somebody of whom nothing is left; held to the transaction's end."""
    concerned = [number for number in (change.person_id, change.other_id) if number is not None]
    people = Person.objects.select_for_update(no_key=True).filter(pk__in=concerned).order_by("pk")
    if any(person.destroyed_at is not None for person in people):
        raise BeneficiariesRefused("DESTROYED")


def name_shown(enrollment: Enrollment) -> str:
    """Whose cover it is, masked; of whom the office only keeps the data not even that. With its person and beneficiary."""
    if enrollment.beneficiary.restricted_at is not None:
        return gettext("(data only kept)")
    return str(enrollment.person.name)
