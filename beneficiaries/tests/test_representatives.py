"""Guardians and agents: proposed by one, approved by another; adults who are not the person themself; shown masked, held, ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pgtrigger
import polars as pl
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.models import Event
from audit.testing import shared
from beneficiaries import actions, guarding
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.holdings import about, parts_of
from beneficiaries.invariants import INVARIANTS
from beneficiaries.models import Beneficiary, PersonChange, Representative, Role, Roster, RosterRow
from beneficiaries.representing import eighteenth, representatives_of
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, make_world, people, resident_id, row, uploaded
from beneficiaries.tests.changing import approved, person_of, signed_in
from beneficiaries.tests.undone import applied
from jobs.testing import drain
from portal.verify import check, check_all

pytestmark = pytest.mark.django_db
CHILD = resident_id("441602", "20180610", 31)
MOTHER = resident_id("441602", "19900101", 22)
YOUNG = resident_id("441602", "20150101", 22)
PAPERS = "户口本与出生证明已核对"


def made() -> World:
    """A child and two adults, covered."""
    world = make_world(requires_notice=False, requires_own_payment=False, requires_insurer_acceptance=False)
    child = row(name="王小宝", document=CHILD, sex="男", birth_on="2018-06-10", phone="")
    applied(world, [child, *people(2)])
    return world


_django_db_helper, one_world, kept_world = shared(made)


def child_of(world: World) -> Beneficiary:
    known = Beneficiary.objects.select_related("person", "program", "organization").filter(organization=world.office)
    return next(each for each in known if each.person.document.reveal() == CHILD)


def proposed(world: World, beneficiary: Beneficiary | None = None, **changes: Any) -> PersonChange:
    values: dict[str, Any] = {
        "role": Role.GUARDIAN, "name": "李梅", "document_type": "resident_id", "document": MOTHER, "phone": "13700137000",
        "relation": "母亲", "reason": PAPERS, "by": world.clerk, "at": timezone.now(), **changes,
    }
    return actions.propose_representative(beneficiary or child_of(world), **values)


def code_of(refused: Any) -> str:
    return refused.value.code


def test_a_guardian_is_recorded_by_two_people_and_shown_masked(kept_world: World) -> None:
    change = proposed(kept_world)
    assert not Representative.objects.exists()
    with pytest.raises(BeneficiariesRefused) as refused:
        approved(change, by=kept_world.clerk)
    assert code_of(refused) == "OWN_CHANGE"
    approved(change, by=kept_world.reviewer)
    found = Representative.objects.get()
    assert (found.name.reveal(), found.document.reveal(), found.phone.reveal(), found.relation) == (
        "李梅", MOTHER, "13700137000", "母亲"
    )
    assert (str(found.name), str(found.phone)) == ("李*", "137****7000")
    told = Event.objects.filter(subject_type="beneficiaries.personchange", subject_id=str(change.pk)).order_by("pk")
    assert list(told.values_list("verb", flat=True)) == ["change.proposed", "person.speaker_recorded"]
    page = signed_in(kept_world.clerk).get(
        reverse("admin:beneficiaries_person_change", args=[child_of(kept_world).person_id])
    ).content.decode()
    assert "李*" in page and "137****7000" in page and "母亲" in page and MOTHER not in page and "李梅" not in page
    assert [result.name for result in check_all() if result.rows] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": CHILD}, "SPEAKS_FOR_SELF"), ({"document": YOUNG}, "SPEAKER_MINOR"),
        ({"document": MOTHER[:-1] + "0"}, "IDENTITY"),
        ({"phone": "12345"}, "SPEAKER_PHONE"), ({"relation": " "}, "SPEAKER_RELATION"),
        ({"valid_from": timezone.localdate(), "valid_to": timezone.localdate() - timedelta(days=1)}, "DATES_ORDER"),
    ],
)
def test_who_cannot_speak_for_the_person_is_refused(kept_world: World, changes: dict[str, Any], code: str) -> None:
    with pytest.raises((BeneficiariesRefused, ApplicantRefused)) as refused:
        proposed(kept_world, **changes)
    assert code_of(refused) == code
    assert not PersonChange.objects.exists()


def test_an_adult_has_an_agent_and_no_guardian(kept_world: World) -> None:
    adult = Beneficiary.objects.select_related("person", "program", "organization").get(person=person_of(0))
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(kept_world, adult)
    assert code_of(refused) == "GUARDIAN_OF_ADULT"
    approved(proposed(kept_world, adult, role=Role.AGENT, relation="村干部"), by=kept_world.reviewer)
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(kept_world, adult, role=Role.AGENT, relation="村干部")
    assert code_of(refused) == "SPEAKER_KNOWN"
    assert [each.role for each in representatives_of(adult.person)] == ["agent"]


def test_an_approval_of_what_has_moved_is_refused(kept_world: World) -> None:
    first = proposed(kept_world)
    shown = digest_of(first)
    approved(first, by=kept_world.reviewer)
    ending = actions.propose_end(Representative.objects.get(), reason="监护人变更", by=kept_world.clerk, at=timezone.now())
    with pytest.raises(BeneficiariesRefused) as refused:
        actions.approve_change(ending, shown=shown, by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "CHANGE_STALE"
    approved(ending, by=kept_world.reviewer)
    found = Representative.objects.get()
    assert (found.ended_by_id, list(Representative.objects.standing(on=timezone.localdate()))) == (ending.pk, [])
    with pytest.raises(BeneficiariesRefused) as refused:
        actions.propose_end(found, reason="再来", by=kept_world.clerk, at=timezone.now())
    assert code_of(refused) == "SPEAKER_ENDED"
    # Whoever has ended can be recorded anew.
    approved(proposed(kept_world), by=kept_world.reviewer)
    assert Representative.objects.standing(on=timezone.localdate()).count() == 1


def test_what_is_held_about_the_child_names_the_guardian_and_what_is_held_about_the_guardian_their_role(kept_world: World) -> None:
    guardian = person_of(0)
    change = proposed(
        kept_world, name=guardian.name.reveal(), document=guardian.document.reveal(), phone="13700137000"
    )
    approved(change, by=kept_world.reviewer)
    with override("zh-hans"):
        for person in (child_of(kept_world).person, guardian):
            parts = {part.title: part.entries for part in parts_of(about(person, kept_world.office))}
            (entry,) = parts["监护人和代办人"]
            assert dict(entry)["联系电话"] == "13700137000" and dict(entry)["与被保险人关系"] == "母亲"
        other = {part.title for part in parts_of(about(person_of(1), kept_world.office))}
    assert "监护人和代办人" not in other


def test_the_database_keeps_a_guardian_as_they_were_recorded(kept_world: World) -> None:
    approved(proposed(kept_world), by=kept_world.reviewer)
    with pytest.raises(Exception, match="representative_stays"), transaction.atomic():
        Representative.objects.update(relation="父亲")
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonChange.objects.filter(kind="speaker").update(role="")


def test_the_pages_lead_from_the_proposal_to_its_end(kept_world: World) -> None:
    child = child_of(kept_world)
    clerk, reviewer = signed_in(kept_world.clerk), signed_in(kept_world.reviewer)
    address = reverse("admin:beneficiaries_person_add_speaker", args=[child.person_id])
    given = {
        "beneficiary": child.pk, "role": "guardian", "name": "李梅", "document_type": "resident_id", "document": MOTHER,
        "phone": "13700137000", "relation": "母亲", "reason": PAPERS,
    }
    assert clerk.post(address, {**given, "document": YOUNG}).status_code == 409
    answer = clerk.post(address, given)
    change = PersonChange.objects.get()
    page = reverse("admin:beneficiaries_personchange_change", args=[change.pk])
    assert (answer.status_code, answer["Location"]) == (302, page)
    shown = reviewer.get(page).content.decode()
    assert "李*" in shown and "137****7000" in shown and "李梅" not in shown
    approved(change, by=kept_world.reviewer)
    end = reverse("admin:beneficiaries_person_end_speaker", args=[child.person_id])
    assert clerk.post(end, {"representative": Representative.objects.get().pk, "reason": "监护人变更"}).status_code == 302
    assert PersonChange.objects.latest("pk").kind == "silenced"
    assert eighteenth(child.person.birth_on).isoformat() == "2036-06-10"


def test_a_line_whose_guardian_is_the_person_or_no_adult_is_refused_and_the_others_go_on(kept_world: World) -> None:
    def child(sequence: int, guardian: str) -> list[str]:
        number = resident_id("441602", "20190610", sequence)
        return row(
            name="王小宝", document=number, sex="男", birth_on="2019-06-10", guardian_name="李梅",
            guardian_document=number if guardian == "self" else guardian,
        )

    uploaded(kept_world, [child(31, "self"), child(33, YOUNG), child(35, MOTHER), child(37, "")])
    drain()
    rows = RosterRow.objects.filter(roster=Roster.objects.latest("pk")).order_by("line")
    found = [(each.verdict, [code for code in each.codes if code.startswith("GUARDIAN")]) for each in rows]
    assert found == [(6, ["GUARDIAN_SELF"]), (6, ["GUARDIAN_MINOR"]), (1, []), (1, ["GUARDIAN_PARTLY"])]


@pytest.mark.parametrize(("born", "minor"), [("20081126", False), ("20081127", True), ("20081125", False)])
def test_somebody_is_of_age_on_their_eighteenth_birthday(born: str, minor: bool) -> None:
    frame = pl.DataFrame({guarding.GUARDIAN: [resident_id("441602", born, 22), None]})
    assert frame.select(guarding.is_minor(on=date(2026, 11, 26))).to_series().to_list() == [minor, None]
    assert not guarding.names_a_guardian(frame.tail(1))


def test_a_guardian_whom_nobody_approved_is_found(kept_world: World) -> None:
    (invariant,) = [each for each in INVARIANTS if each.name == "speakers_were_approved"]
    change = approved(proposed(kept_world), by=kept_world.reviewer)
    assert check(invariant).rows == 0
    with pgtrigger.ignore():
        PersonChange.objects.filter(pk=change.pk).update(state="proposed", decided_by=None, decided_at=None)
    assert check(invariant).rows == 1
    PersonChange.objects.filter(pk=change.pk).update(
        state="approved", decided_by=kept_world.reviewer, decided_at=timezone.now()
    )
    other = proposed(kept_world, role=Role.AGENT)
    Representative.objects.update(ended_by=other)
    assert check(invariant).rows == 1
