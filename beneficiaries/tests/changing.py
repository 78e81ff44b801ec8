"""What tests of changes of people begin with: covers in force of known people, and a change proposed and approved."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from beneficiaries.actions import approve_change
from beneficiaries.models import Beneficiary, Person, PersonChange
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, people

REASON = "户口本与死亡证明已核对"
BACKEND = "accounts.backends.RoleBackend"


def signed_in(user: User) -> Client:
    """A browser that reads English."""
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user, backend=BACKEND)
    return client


def person_of(number: int = 0) -> Person:
    """One of `people`, by the document."""
    return Person.objects.with_document(people(1, first=number)[0][2]).get()


def known_of(world: World, number: int = 0) -> Beneficiary:
    """As the world's office knows one of `people`."""
    found = Beneficiary.objects.select_related("person", "program", "organization")
    return found.get(person=person_of(number), organization=world.office, program=world.program)


def approved(change: PersonChange, *, by: User) -> PersonChange:
    """Approved as it is shown now."""
    fresh = PersonChange.objects.get(pk=change.pk)
    return approve_change(fresh, shown=digest_of(fresh), by=by, at=timezone.now())


def errors_of(response: Any) -> str:
    """What a page says in red."""
    return " ".join(response.context["form"].non_field_errors())
