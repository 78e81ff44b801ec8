"""Who somebody is, corrected by two people; further and former documents, by which files and searches find the person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit import blind_index
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import propose_correction, propose_document, register_person
from beneficiaries.errors import ApplicantRefused
from beneficiaries.identity import Identity
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange, PersonDocument, RosterRow
from beneficiaries.models.person import IDENTITY, NAME, identity_text
from beneficiaries.models.roster import Purpose
from beneficiaries.testing import KEYS, World, make_world, people, resident_id, uploaded
from beneficiaries.tests.changing import REASON, approved, errors_of, known_of, person_of, signed_in
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import day_market, person
from beneficiaries.tests.test_purposes import applied, brought, checked, enrolled, who
from beneficiaries.tests.test_purposes import approved as roster_approved
from beneficiaries.tests.test_single_endings import page, refused
from intake.findings import Verdict

pytestmark = pytest.mark.django_db

OLD = people(1)[0][2]
#: A number of the same person, right; a woman's, born a day later.
NEW = resident_id("441602", "19400102", 22)
EMPTY = Identity("", "", "", None, "")


def made() -> World:
    world = make_world()
    enrolled(world, 3)
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def right(**values: Any) -> Identity:
    if "document" in values:
        values.setdefault("document_type", "resident_id")
    return Identity(**{**vars(EMPTY), **values})


def proposed(world: World, number: int = 0, *, theirs: bool = False, **values: Any) -> PersonChange:
    return propose_correction(
        known_of(world, number), right=right(**values), number_was_theirs=theirs, reason=REASON, by=world.clerk,
        at=timezone.now(),
    )


def passport(world: World, number: int = 0, *, document: str = "E12345678") -> PersonChange:
    return propose_document(
        known_of(world, number), document_type="passport", document=document, valid_to=date(2030, 1, 1), reason=REASON,
        by=world.clerk, at=timezone.now(),
    )


def line(number: int = 0, **cells: str) -> dict[str, str]:
    """One of `people` as a file names them."""
    return {**dict(zip(KEYS, people(1, first=number)[0], strict=True)), **cells}


def test_a_correction_renews_identity_and_indexes_and_keeps_the_former_number(world: World) -> None:
    person = person_of()
    change = proposed(world, name="李韦", document=NEW.lower())
    assert (person_of().name.reveal(), change.document.reveal(), change.sex, change.birth_on) == (
        person.name.reveal(), NEW, "female", date(1940, 1, 2),
    )
    approved(change, by=world.reviewer)
    now = Person.objects.get(pk=person.pk)
    slot = blind_index.active_slot(IDENTITY)
    assert (now.name.reveal(), now.document.reveal(), now.sex, now.birth_on) == ("李韦", NEW, "female", date(1940, 1, 2))
    assert bytes(getattr(now, f"identity_index_{slot}")) == blind_index.index_value(IDENTITY, identity_text("resident_id", NEW))
    assert bytes(getattr(now, f"name_index_{slot}")) == blind_index.index_value(NAME, "李韦")
    kept = PersonDocument.objects.get()
    assert (kept.person_id, kept.document.reveal(), kept.standing, kept.change_id) == (now.pk, OLD, "mistaken", change.pk)
    for text in (OLD, NEW, OLD.lower()):
        assert list(Person.objects.with_document(text.upper()).values_list("pk", flat=True)) == [now.pk]
    assert [each.data for each in Event.objects.filter(verb="person.corrected")] == [
        {"fields": ["name", "document", "birth_on", "sex"]}
    ]
    assert OLD not in str(list(Event.objects.values_list("data", flat=True)))
    assert broken() == []


def test_a_name_alone_is_corrected_and_the_number_stays(world: World) -> None:
    approved(proposed(world, name="李韦"), by=world.reviewer)
    now = person_of()
    assert (now.name.reveal(), now.document.reveal(), PersonDocument.objects.count()) == ("李韦", OLD, 0)
    assert list(Person.objects.with_name("李韦")) == [now]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "NOTHING_CORRECTED"), ({"name": people(1)[0][0]}, "NOTHING_CORRECTED"), ({"document": OLD}, "NOTHING_CORRECTED"),
        ({"document": NEW[:-1] + "0"}, "IDENTITY"), ({"document": "44160219400230011X"}, "IDENTITY"),
        ({"sex": "female"}, "IDENTITY"),
        ({"birth_on": date(1999, 1, 1)}, "IDENTITY"), ({"name": "李1"}, "IDENTITY"),
    ],
)
def test_what_a_files_line_could_not_say_is_refused(world: World, values: dict[str, Any], code: str) -> None:
    assert refused(lambda: proposed(world, **values)) == code
    assert PersonChange.objects.count() == 0


def test_a_file_with_a_replaced_number_finds_the_person_and_one_with_a_mistaken_number_does_not(world: World) -> None:
    approved(proposed(world, 0, document=NEW, theirs=True), by=world.reviewer)
    approved(proposed(world, 1, document=resident_id("441602", "19410101", 24)), by=world.reviewer)
    updated = brought(
        world, Purpose.UPDATE, [{**who(0), "phone": "13911112222"}, {**who(1), "phone": "13911112222"}]
    )
    assert updated.counts["codes"].get("NOT_KNOWN") == 1
    roster = applied(world, Purpose.UPDATE, [{**who(0), "phone": "13911112222"}])
    known = Beneficiary.objects.get(person__document_type="resident_id", person__birth_on=date(1940, 1, 2))
    assert (roster.counts["verdicts"], known.phone.reveal(), Person.objects.count()) == ({"2": 1}, "13911112222", 3)
    assert broken() == []


def test_intake_finds_a_known_person_by_any_document_and_enrolls_nobody_twice(world: World) -> None:
    approved(passport(world), by=world.reviewer)
    by_passport = line(document="E12345678", document_type="护照", sex="男", birth_on="1940-01-01")
    roster = brought(world, Purpose.ENROLL, [by_passport])
    assert (roster.counts["verdicts"], roster.counts["codes"]["ALREADY_COVERED"]) == ({str(int(Verdict.COVERED)): 1}, 1)
    Enrollment.objects.update(state="voided")
    applied(world, Purpose.ENROLL, [{**by_passport, "address": "新丰东路1号"}])
    live = Enrollment.objects.live().get()
    assert (live.person_id, Person.objects.count(), Beneficiary.objects.count()) == (person_of().pk, 3, 3)
    told = {"end_reason": "退出", "ended_on": str(timezone.localdate())}
    ended = brought(
        world, Purpose.END, [{"name": line()["name"], "document": "E12345678", "document_type": "护照", **told}]
    )
    assert ended.counts["verdicts"] == {"2": 1}


def test_who_was_new_at_the_review_and_is_known_by_a_further_document_since_is_shown_again(world: World) -> None:
    roster = brought(
        world, Purpose.ENROLL,
        [line(1, document="E12345678", document_type="护照", birth_on="1977-07-07"), line(7)],
    )
    assert roster.counts["verdicts"] == {"1": 2}
    approved(passport(world, 1), by=world.reviewer)
    roster_approved(world, roster)
    assert checked(roster).state == "applied"
    rows = RosterRow.objects.filter(roster=roster).order_by("line").values_list("set_aside", flat=True)
    assert (list(rows), Person.objects.count()) == (["CHANGED_SINCE_REVIEW", ""], 4)
    assert broken() == []


def test_another_name_with_a_further_document_is_a_conflict_as_with_the_first(world: World) -> None:
    approved(passport(world), by=world.reviewer)
    roster = brought(
        world, Purpose.ENROLL,
        [line(name="王大力", document="E12345678", document_type="护照", sex="男", birth_on="1940-01-01")],
    )
    assert roster.counts["codes"]["IDENTITY_CONFLICT"] == 1


def test_a_number_that_an_own_person_has_leads_to_that_person_and_nothing_is_proposed(world: World) -> None:
    other = people(1, first=1)[0][2]
    assert refused(lambda: proposed(world, document=other)) == "HELD_BY"
    assert refused(lambda: passport(world, document="E1")) == "IDENTITY"
    approved(passport(world, 1), by=world.reviewer)
    assert refused(lambda: passport(world, 0)) == "HELD_BY"
    assert refused(lambda: passport(world, 1)) == "DOCUMENT_KNOWN"
    response = signed_in(world.clerk).post(
        page("correct", person_of()),
        {
            "beneficiary": known_of(world).pk, "document": other, "document_type": "resident_id", "former": "mistaken",
            "reason": REASON,
        },
    )
    assert (response.status_code, PersonChange.objects.filter(kind="correction").count()) == (302, 0)
    assert response["Location"] == f"{page('merge', person_of())}?other={person_of(1).pk}"


def test_a_number_that_only_strangers_know_is_answered_like_any_other_until_the_reviewer_acts(world: World) -> None:
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"))
    stranger = resident_id("441702", "19500101", 21)
    theirs = line(document=stranger, birth_on="1950-01-01", sex="男", region_code="441702")
    roster = checked(uploaded(foreign, [list(theirs.values())]))
    roster_approved(foreign, roster)
    assert checked(roster).state == "applied"
    change = proposed(world, document=stranger)
    text = signed_in(world.reviewer).get(page("approve", change)).content.decode()
    assert "阳江" not in text
    with pytest.raises(ApplicantRefused) as caught:
        approved(change, by=world.reviewer)
    assert caught.value.code == "IDENTITY_CONFLICT"
    event = Event.objects.get(verb="program.conflict_elsewhere")
    assert (event.data, event.organization_path, event.actor) == ({"rows": 1}, world.office.path, world.reviewer.username)
    assert (PersonChange.objects.get().state, person_of().document.reveal()) == ("proposed", OLD)


def test_beyond_the_days_conflicts_no_more_numbers_are_proposed(world: World, settings: Any) -> None:
    settings.IDENTITY_CONFLICTS_PER_DAY = 0
    assert refused(lambda: proposed(world, document=NEW)) == "TOO_MANY_CONFLICTS"
    assert refused(lambda: passport(world)) == "TOO_MANY_CONFLICTS"
    assert proposed(world, name="李韦").state == "proposed"


def test_the_database_refuses_a_document_that_names_another(world: World) -> None:
    first, second = person_of(0), person_of(1)
    slots = {name: getattr(first, name) for name in ("identity_index_a", "identity_index_b")}
    values = {"document_type": "resident_id", "document": OLD, "created_at": timezone.now(), **slots}
    with pytest.raises(IntegrityError, match="does not agree with its parents"), transaction.atomic():
        PersonDocument.objects.create(person=second, standing="further", **values)
    PersonDocument.objects.create(person=second, standing="mistaken", **values)
    assert broken() == []


def test_one_number_planted_with_two_people_is_found(world: World) -> None:
    approved(passport(world, 0), by=world.reviewer)
    document = PersonDocument.objects.get()
    Person.objects.filter(pk=person_of(1).pk).update(
        identity_index_a=document.identity_index_a, identity_index_b=document.identity_index_b
    )
    assert "one_person_per_identity" in {name for _number, name, _rows in broken()}


def test_an_applicant_is_found_by_a_further_document(world: World) -> None:
    approved(passport(world), by=world.reviewer)
    market = day_market(world=world)
    cells = person(0, document="E12345678", document_type="护照", birth_on="1940-01-01", sex="男")
    number = register_person(
        cells, period=market.period, organization=world.office, by=world.clerk, at=timezone.now()
    )
    assert (number, Person.objects.count(), Beneficiary.objects.filter(person=person_of()).count()) == (person_of().pk, 3, 2)


# -- pages -----------------------------------------------------------------------------------------------------------------


def test_the_approver_sees_masks_until_they_show_the_number_in_the_clear(world: World) -> None:
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    response = clerk.post(
        page("correct", person_of()),
        {
            "beneficiary": known_of(world).pk, "name": "", "document": NEW, "document_type": "resident_id", "former": "replaced",
            "sex": "", "birth_on": "", "reason": REASON,
        },
    )
    change = PersonChange.objects.get()
    assert (response.status_code, change.number_was_theirs) == (302, True)
    assert NEW not in reviewer.get(page("approve", change)).content.decode()
    shown = reviewer.post(page("reveal", change), {"fields_wanted": ["document"], "reason": "与户口本核对"})
    assert shown.status_code == 302
    approve = reviewer.get(page("approve", change))
    assert NEW in approve.content.decode()
    assert NEW not in clerk.get(page("change", change)).content.decode()
    reviewer.post(page("approve", change), {"shown": approve.context["form"]["shown"].value()})
    text = reviewer.get(page("change", Person.objects.get(pk=change.person_id))).content.decode()
    assert "Former document" in text
    assert f"{OLD[:4]}**********{OLD[-4:]}" in text
    found = reviewer.get(reverse("admin:beneficiaries_person_changelist"), {"q": OLD}).context["cl"].result_list
    assert [each.pk for each in found] == [change.person_id]


def test_a_form_that_says_something_impossible_names_the_cell_and_keeps_what_was_typed(world: World) -> None:
    given = {
        "beneficiary": known_of(world).pk, "document": NEW[:-1] + "0", "document_type": "resident_id", "former": "mistaken",
        "reason": REASON,
    }
    response = signed_in(world.clerk).post(page("correct", person_of()), given)
    assert response.status_code == 409
    assert "check" in errors_of(response)
    assert response.context["form"]["reason"].value() == REASON
