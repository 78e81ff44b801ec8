"""Guardians by the plan and by the roster: demanded of minors, put on record by a line, replaced, taken back, never lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pgtrigger
import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.faults import PlantedFault, handled_by
from audit.testing import shared
from beneficiaries import actions, guardians
from beneficiaries.columns import COLUMNS
from beneficiaries.covering import Span, judge, lines_of
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.holdings import about, parts_of
from beneficiaries.invariants import INVARIANTS
from beneficiaries.models import Beneficiary, Enrollment, Person, Representative, Role, Roster, RosterChunk, RosterRow
from beneficiaries.models.roster import Purpose
from beneficiaries.registration import _rows_without_identity
from beneficiaries.representing import let_end
from beneficiaries.template import ROSTER
from beneficiaries.testing import HEADINGS, World, csv_of, make_world, people, resident_id, row
from beneficiaries.tests.changing import approved, signed_in
from beneficiaries.tests.purchasing import day_market, paid_market
from beneficiaries.tests.renewing import Years, next_year, reviewed
from beneficiaries.tests.undone import applied, ordered, undone
from beneficiaries.updating import UPDATE, UPDATE_COLUMNS
from intake.staging import chunk_digest
from jobs.testing import drain, drain_through_failures
from portal.verify import check, check_all
from programs.actions import copy_plan
from programs.admin.plan_facts import terms_in_words
from programs.models import Period, Plan
from programs.terms import plan_terms

pytestmark = pytest.mark.django_db

MOTHER = resident_id("441602", "19900101", 22)
FATHER = resident_id("441602", "19880305", 31)
BY_MOTHER = {
    "guardian_name": "李梅", "guardian_document": MOTHER, "guardian_phone": "13700137000", "guardian_relation": "母亲",
}
BY_FATHER = {
    "guardian_name": "王刚", "guardian_document": FATHER, "guardian_phone": "13900139000", "guardian_relation": "父亲",
}
_OPEN: dict[str, Any] = {"requires_notice": False, "requires_own_payment": False, "requires_insurer_acceptance": False}


@dataclass
class Family:
    """A plan that demands guardians, with this year and the next; a child covered with the mother on record."""

    years: Years
    roster: Roster

    @property
    def world(self) -> World:
        """The world of both years."""
        return self.years.world


def child(number: int = 0, **cells: str) -> list[str]:
    """One of as many children, the first born in 2018; without a guardian unless one is said."""
    given = {"phone": "", **cells}
    return row(name="王小宝", document=number_of(number), sex="男", birth_on=f"{2018 - number}-06-10", **given)


def number_of(number: int) -> str:
    return resident_id("441602", f"{2018 - number}0610", 31)


def made() -> Family:
    years = next_year(make_world(requires_guardian=True, **_OPEN))
    return Family(years, applied(years.world, [child(0, **BY_MOTHER), *people(2)]))


_django_db_helper, one_world, family = shared(made)


def checked(family: Family, rows: list[list[str]], *, period: Period | None = None, **given: Any) -> Roster:
    """A roster in review."""
    roster = actions.upload_roster(
        [("名册.csv", csv_of(rows))], period=period or family.years.into, organization=family.world.office,
        by=family.world.clerk, at=timezone.now(), **given,
    )
    drain()
    return Roster.objects.get(pk=roster.pk)


def through(family: Family, roster: Roster) -> Roster:
    """Submitted, approved, applied."""
    roster = actions.submit_roster(roster, by=family.world.clerk, at=timezone.now())
    actions.approve_roster(roster, digest=roster.digest, by=family.world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def codes(roster: Roster) -> list[tuple[int, list[str]]]:
    """Verdict and findings of each line."""
    return [(each.verdict, each.codes) for each in RosterRow.objects.filter(roster=roster).order_by("line")]


def on_record(number: int = 0) -> list[tuple[str, str, str | None, str, bool]]:
    """Name, number, telephone, relation, and whether it stands, of each guardian of a child in the order of their beginning."""
    owner = Person.objects.with_document(number_of(number)).get()
    found = Representative.objects.filter(beneficiary__person=owner).order_by("pk")
    return [
        (
            each.name.reveal(), each.document.reveal(), each.phone.reveal() if each.phone is not None else None,
            each.relation, each.ended_by_id is None and each.ended_row_id is None,
        )
        for each in found
    ]


THE_MOTHER = ("李梅", MOTHER, "13700137000", "母亲")
THE_FATHER = ("王刚", FATHER, "13900139000", "父亲")


# -- What a line says ----------------------------------------------------------------------------------------------------


def test_the_columns_stand_in_the_blank_template_and_in_updates() -> None:
    labels = ["监护人姓名", "监护人证件类型", "监护人证件号码", "监护人电话", "与被保险人关系"]
    assert [each for each in HEADINGS if each in labels] == labels
    assert [str(column.label) for column in UPDATE_COLUMNS if str(column.label) in labels] == labels
    (number,) = [column for column in UPDATE_COLUMNS if column.key == "guardian_document"]
    assert number.companions == {"type": "guardian_document_type"}
    assert not any(column.required for column in COLUMNS if column.key.startswith("guardian"))


def test_a_line_that_says_no_more_of_its_guardian_keeps_the_digest_it_had() -> None:
    silent = pl.DataFrame(
        {
            "guardian_document": [MOTHER, None, "E1234567"], "guardian_document_type": ["resident_id", "resident_id", "passport"],
            "guardian_phone": [None, None, "13700137000"], "guardian_relation": [None, None, "母亲"],
        },
        schema=dict.fromkeys(
            ("guardian_document", "guardian_document_type", "guardian_phone", "guardian_relation"), pl.String
        ),
    )
    assert guardians.said(silent[:2]) is None
    said = guardians.said(silent)
    assert said is not None
    assert silent.select(said).to_series().to_list() == ["", "", "\x1fpassport\x1f13700137000\x1f母亲"]
    assert guardians.said(silent.select("guardian_document")) is None


def test_a_line_puts_its_guardian_on_record_masked_on_the_pages_and_traceable_to_the_line(family: Family) -> None:
    assert on_record() == [(*THE_MOTHER, True)]
    found = Representative.objects.get()
    line = RosterRow.objects.get(pk=found.row_id)
    assert (line.roster_id, line.line, found.change_id, found.ended_row_id) == (family.roster.pk, 2, None, None)
    reader = signed_in(family.world.clerk)
    page = reader.get(reverse("admin:beneficiaries_person_change", args=[found.beneficiary.person_id])).content.decode()
    for shown in ("李*", "137****7000", "母亲", f"Roster {family.roster.pk}, line 2"):
        assert shown in page
    rows = reader.get(reverse("admin:beneficiaries_roster_change", args=[family.roster.pk])).content.decode()
    assert f"Guardian: 李* · 母亲 · {MOTHER[:4]}**********{MOTHER[-4:]} · 137****7000" in rows
    for shown in (page, rows):
        assert "李梅" not in shown and MOTHER not in shown and "13700137000" not in shown
    assert [result.name for result in check_all() if result.rows] == []
    # Whoever asks for a copy gets the guardian in the clear.
    with override("zh-hans"):
        parts = {part.title: part.entries for part in parts_of(about(found.beneficiary.person, family.world.office))}
    assert dict(parts["监护人和代办人"][0])["联系电话"] == "13700137000"


@pytest.mark.parametrize(
    ("cells", "verdict", "found"),
    [
        ({}, 6, ["GUARDIAN_MISSING"]),
        ({"guardian_name": "李梅"}, 6, ["GUARDIAN_PARTLY", "GUARDIAN_MISSING"]),
        ({"guardian_phone": "13700137000"}, 6, ["GUARDIAN_PARTLY", "GUARDIAN_MISSING"]),
        ({"guardian_document": MOTHER}, 6, ["GUARDIAN_PARTLY", "GUARDIAN_MISSING"]),
        ({"guardian_name": "李梅", "guardian_document": MOTHER[:-1] + "1"}, 6, ["ID_CHECKSUM"]),
        ({"guardian_name": "李梅", "guardian_document": resident_id("441602", "20100101", 22)}, 6, ["GUARDIAN_MINOR"]),
        ({"guardian_name": "李梅", "guardian_document": MOTHER}, 1, []),
        ({"guardian_name": "李梅", "guardian_document": "E1234567", "guardian_document_type": "护照"}, 1, []),
        ({**BY_MOTHER, "guardian_phone": "12"}, 1, ["PHONE_FORMAT"]),
        ({**BY_MOTHER, "guardian_relation": "母亲13700137000"}, 1, ["GUARDIAN_RELATION"]),
    ],
)
def test_a_minor_is_enrolled_with_a_whole_guardian_only(
    family: Family, cells: dict[str, str], verdict: int, found: list[str]
) -> None:
    assert codes(checked(family, [child(5, **cells), *people(1, first=7)])) == [(verdict, found), (1, [])]


def test_a_guardian_of_another_document_is_recorded_by_it_and_a_relation_with_digits_is_kept_nowhere(family: Family) -> None:
    passport = {"guardian_name": "李梅", "guardian_document": "e1234567", "guardian_document_type": "护照"}
    through(family, checked(family, [child(5, **passport, guardian_relation="电话13700137000")]))
    found = Representative.objects.latest("pk")
    assert (found.document_type, found.document.reveal(), found.relation, found.phone) == ("passport", "E1234567", "", None)


def test_a_plan_that_does_not_ask_takes_minors_without_a_guardian_and_an_adults_guardian_is_contact_alone(family: Family) -> None:
    with pgtrigger.ignore():
        Plan.objects.filter(pk=family.world.plan.pk).update(requires_guardian=False)
    roster = through(family, checked(family, [child(5), *people(1, first=7, **BY_MOTHER)]))
    assert codes(roster) == [(1, []), (1, [])]
    assert Representative.objects.count() == 1
    known = Beneficiary.objects.get(person=Person.objects.with_document(people(1, first=7)[0][2]).get())
    assert known.guardian_name is not None and known.guardian_name.reveal() == "李梅"


def test_the_demand_is_a_term_of_the_plan_said_compared_and_carried_into_the_next_version(family: Family) -> None:
    plan = family.world.plan
    draft = copy_plan(plan, by=family.world.finance_maker, at=timezone.now())
    assert draft.requires_guardian
    draft.requires_guardian = False
    draft.save()
    label = "guardian of minors"
    with override("en"):
        said = (terms_in_words(plan)[label], terms_in_words(draft)[label])
    assert said == ("must be known before enrollment", "not asked for")
    page = signed_in(family.world.finance_maker).get(
        reverse("admin:programs_plan_compare_benefits", args=[draft.pk])
    ).content.decode()
    assert f'<th scope="row">{label}</th><td>{said[0]}</td><td>{said[1]}</td>' in page


# -- Beside who is known -------------------------------------------------------------------------------------------------


def test_a_guardian_on_record_is_enough_and_the_same_words_record_nobody_anew(family: Family) -> None:
    roster = through(family, checked(family, [child(0)]))
    assert [code for _verdict, found in codes(roster) for code in found] == []
    assert Enrollment.objects.filter(roster=roster).count() == 1
    again = checked(family, [child(0, **BY_MOTHER)], period=family.years.before)
    line = RosterRow.objects.get(roster=again)
    assert (line.codes, line.same_guardian_id) == (["ALREADY_COVERED"], Representative.objects.get().pk)
    assert on_record() == [(*THE_MOTHER, True)]


def test_another_guardian_is_pointed_out_shown_beside_the_one_on_record_and_replaces_them(family: Family) -> None:
    roster = checked(family, [child(0, **BY_FATHER)])
    assert codes(roster) == [(2, ["GUARDIAN_CHANGED"])]
    page = signed_in(family.world.clerk).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    for masked in (
        ("李* · 母亲", "王* · 父亲"), (f"{MOTHER[:4]}**********{MOTHER[-4:]}", f"{FATHER[:4]}**********{FATHER[-4:]}"),
        ("137****7000", "139****9000"),
    ):
        assert "<td>{}</td><td><strong>{}</strong></td>".format(*masked) in page
    through(family, roster)
    assert on_record() == [(*THE_MOTHER, False), (*THE_FATHER, True)]
    mother, father = Representative.objects.order_by("pk")
    assert mother.ended_row_id == father.row_id == RosterRow.objects.get(roster=roster).pk
    assert [result.name for result in check_all() if result.rows] == []


def test_a_new_telephone_of_the_same_guardian_keeps_the_relation_and_leaves_the_other_guardian(family: Family) -> None:
    owner = Beneficiary.objects.get(pk=Representative.objects.get().beneficiary_id)
    approved(
        actions.propose_representative(
            owner, role=Role.GUARDIAN, name="王刚", document_type="resident_id", document=FATHER, phone="13900139000",
            relation="父亲", reason="户口本已核对", by=family.world.clerk, at=timezone.now(),
        ),
        by=family.world.reviewer,
    )
    said = {**BY_MOTHER, "guardian_phone": "13600136000", "guardian_relation": ""}
    through(family, checked(family, [child(0, **said)]))
    assert on_record() == [
        (*THE_MOTHER, False), (*THE_FATHER, True), ("李梅", MOTHER, "13600136000", "母亲", True),
    ]


def test_a_second_list_gives_a_covered_child_the_first_guardian_and_replaces_none(family: Family) -> None:
    with pgtrigger.ignore():
        Plan.objects.filter(pk=family.world.plan.pk).update(requires_guardian=False)
    through(family, checked(family, [child(5)]))
    second = checked(family, [child(5, **BY_MOTHER), child(0, **BY_FATHER, address="")])
    assert codes(second)[0] == (2, ["CONTACT_ADDED"])
    through(family, second)
    assert on_record(5) == [(*THE_MOTHER, True)]
    third = through(family, checked(family, [child(5, **BY_FATHER, phone="13800138000")]))
    assert codes(third) == [(2, ["CONTACT_ADDED"])]
    assert on_record(5) == [(*THE_MOTHER, True)]
    assert [result.name for result in check_all() if result.rows] == []


def test_an_update_puts_a_guardian_on_record_and_of_an_adult_nobody(family: Family) -> None:
    keys = [column.key for column in UPDATE_COLUMNS]
    lines = [dict(zip([column.key for column in COLUMNS], line, strict=True)) for line in (
        child(0, **BY_FATHER), people(1, **BY_FATHER)[0],
    )]
    rows = [[line.get(key, "") for key in keys] for line in lines]
    text = "\n".join(",".join(line) for line in ([str(column.label) for column in UPDATE_COLUMNS], *rows))
    roster = actions.upload_roster(
        [("更新.csv", BytesIO(text.encode("utf-8-sig")))], period=family.years.before,
        organization=family.world.office, purpose=Purpose.UPDATE, by=family.world.clerk, at=timezone.now(),
    )
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert [(verdict, "GUARDIAN_CHANGED" in found) for verdict, found in codes(roster)] == [(2, False), (2, False)]
    through(family, roster)
    assert on_record() == [(*THE_MOTHER, False), (*THE_FATHER, True)]
    assert Representative.objects.count() == 2
    assert UPDATE.staged_beside == guardians.STAGED


# -- What changes between the review and the approval ---------------------------------------------------------------------


def silenced(family: Family) -> None:
    """The mother ended by a change of two people."""
    ending = actions.propose_end(
        Representative.objects.get(), reason="监护人变更", by=family.world.clerk, at=timezone.now()
    )
    approved(ending, by=family.world.reviewer)


@pytest.mark.parametrize("cells", [BY_MOTHER, BY_FATHER, {}])
def test_a_guardian_who_ended_after_the_review_sets_the_row_aside(family: Family, cells: dict[str, str]) -> None:
    roster = checked(family, [child(0, **cells), *people(1, first=7)])
    silenced(family)
    through(family, roster)
    assert [each.set_aside for each in RosterRow.objects.filter(roster=roster).order_by("line")] == ["CHANGED_SINCE_REVIEW", ""]
    assert on_record() == [(*THE_MOTHER, False)]
    assert Enrollment.objects.filter(roster=roster).count() == 1


# -- Taken back ----------------------------------------------------------------------------------------------------------


def test_an_undo_takes_the_lines_guardian_back_and_the_one_before_stands_again(family: Family) -> None:
    second = through(family, checked(family, [child(0, **BY_FATHER)]))
    undone(family.world, second)
    assert on_record() == [(*THE_MOTHER, True), (*THE_FATHER, False)]
    father = Representative.objects.latest("pk")
    assert father.ended_row_id == father.row_id
    page = signed_in(family.world.clerk).get(
        reverse("admin:beneficiaries_person_change", args=[father.beneficiary.person_id])
    ).content.decode()
    assert "taken back with its roster" in page
    assert [result.name for result in check_all() if result.rows] == []


def test_undone_in_the_order_of_their_beginning_nobody_stands_in_the_end(family: Family) -> None:
    second = through(family, checked(family, [child(0, **BY_FATHER)]))
    undone(family.world, family.roster)
    assert on_record() == [(*THE_MOTHER, False), (*THE_FATHER, True)]
    undone(family.world, second)
    assert on_record() == [(*THE_MOTHER, False), (*THE_FATHER, False)]
    assert [result.name for result in check_all() if result.rows] == []


def test_a_guardian_whom_another_line_names_too_stays_with_that_line(family: Family) -> None:
    second = through(family, checked(family, [child(0, **BY_MOTHER)]))
    undone(family.world, family.roster)
    found = Representative.objects.get()
    assert (found.row_id, found.ended_row_id) == (RosterRow.objects.get(roster=second).pk, None)
    assert [result.name for result in check_all() if result.rows] == []
    undone(family.world, second)
    assert on_record() == [(*THE_MOTHER, False)]


# -- The other ways to a cover -------------------------------------------------------------------------------------------


def test_a_renewal_of_everybody_leaves_out_minors_without_a_guardian(family: Family) -> None:
    silenced(family)
    roster = reviewed(family.years)
    found = {each.birth_on.isoformat(): (each.verdict, each.codes) for each in RosterRow.objects.filter(roster=roster)}
    assert found == {"2018-06-10": (6, ["GUARDIAN_MISSING"]), "1940-01-01": (3, []), "1941-01-01": (3, [])}


def test_a_renewal_of_everybody_takes_minors_with_a_guardian(family: Family) -> None:
    assert [(each.verdict, each.codes) for each in RosterRow.objects.filter(roster=reviewed(family.years))] == [(3, [])] * 3


def test_a_guardian_who_ended_after_the_look_sets_the_renewal_of_the_child_aside(family: Family) -> None:
    roster = reviewed(family.years)
    silenced(family)
    through(family, roster)
    assert RosterRow.objects.filter(roster=roster, set_aside="CHANGED_SINCE_REVIEW").count() == 1
    assert Enrollment.objects.filter(roster=roster).count() == 2


def said_by_a_child(**cells: str) -> dict[str, str]:
    said = dict(zip([column.key for column in COLUMNS], child(5, **cells), strict=True))
    return {key: value for key, value in said.items() if value and key != "categories"}


def test_a_purchase_for_a_minor_waits_for_a_guardian_on_record_whatever_is_said_in_passing(family: Family) -> None:
    market = paid_market(world=family.world, requires_guardian=True)
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll(said_by_a_child(**BY_MOTHER))
    assert refused.value.code == "GUARDIAN_MISSING"
    assert not Person.objects.with_document(child(5)[2]).exists()
    # Known first, then the guardian by two people, then covered.
    number = actions.register_person(
        said_by_a_child(), period=market.period, organization=family.world.office, by=family.world.clerk, at=timezone.now()
    )
    known = Beneficiary.objects.select_related("person", "program", "organization").get(
        person=number, program=market.program
    )
    approved(
        actions.propose_representative(
            known, role=Role.GUARDIAN, name="李梅", document_type="resident_id", document=MOTHER, relation="母亲",
            reason="户口本已核对", by=family.world.clerk, at=timezone.now(),
        ),
        by=family.world.reviewer,
    )
    assert market.enroll(said_by_a_child()).person_id == number


def test_spans_of_minors_need_a_guardian_who_stands_on_their_first_day(family: Family) -> None:
    market = day_market(world=family.world, requires_guardian=True, min_age=None)
    minor = actions.register_person(
        said_by_a_child(), period=market.period, organization=family.world.office, by=family.world.clerk, at=timezone.now()
    )
    adult = market.worker()
    terms, begins = plan_terms(market.plan), timezone.now() + timedelta(days=3)

    def refused() -> list[tuple[int, str, str]]:
        spans = [Span(person, begins, begins + timedelta(hours=8)) for person in (minor, adult)]
        return list(
            judge(
                lines_of(spans), period=market.period, terms=terms, organization=family.world.office, at=timezone.now()
            ).refused
        )

    assert refused() == [(1, "GUARDIAN_MISSING", "")]
    known = Beneficiary.objects.select_related("person", "program", "organization").get(person=minor, program=market.program)
    today = timezone.localdate()
    for valid_to, wanted in ((today + timedelta(days=1), [(1, "GUARDIAN_MISSING", "")]), (today + timedelta(days=9), [])):
        document = FATHER if wanted else MOTHER
        approved(
            actions.propose_representative(
                known, role=Role.GUARDIAN, name="李梅", document_type="resident_id", document=document, relation="母亲",
                valid_to=valid_to, reason="户口本已核对", by=family.world.clerk, at=timezone.now(),
            ),
            by=family.world.reviewer,
        )
        assert refused() == wanted


# -- Faults --------------------------------------------------------------------------------------------------------------


class Once:
    """Strikes the first time that a point is passed."""

    def __init__(self, point: str) -> None:
        self.point, self.struck = point, False

    def __call__(self, name: str) -> None:
        if name == self.point and not self.struck:
            self.struck = True
            raise PlantedFault(name)


def test_a_guardian_whom_a_change_ends_while_a_line_replaces_them_is_ended_once(family: Family) -> None:
    mother = Representative.objects.get(beneficiary__person=Person.objects.with_document(number_of(0)).get())
    change = actions.propose_end(mother, reason="监护权变更", by=family.world.clerk, at=timezone.now())
    roster = checked(family, [child(0, **BY_FATHER)])
    roster = actions.submit_roster(roster, by=family.world.clerk, at=timezone.now())
    actions.approve_roster(roster, digest=roster.digest, by=family.world.reviewer, at=timezone.now())

    def meanwhile(name: str) -> None:
        if name == "beneficiaries.entrust.chosen":
            let_end(change, by=family.world.reviewer, at=timezone.now())

    with handled_by(meanwhile):
        drain()
    assert Roster.objects.get(pk=roster.pk).state == "applied"
    mother.refresh_from_db()
    assert (mother.ended_by_id, mother.ended_row_id) == (change.pk, None)
    assert on_record() == [(*THE_MOTHER, False), (*THE_FATHER, True)]


@pytest.mark.parametrize("step", ["before", "chosen", "ended", "after"])
def test_a_fault_while_guardians_are_put_on_record_leaves_nothing_and_the_next_run_does_it_once(family: Family, step: str) -> None:
    roster = checked(family, [child(0, **BY_FATHER), child(5, **BY_MOTHER)])
    roster = actions.submit_roster(roster, by=family.world.clerk, at=timezone.now())
    actions.approve_roster(roster, digest=roster.digest, by=family.world.reviewer, at=timezone.now())
    fault = Once(f"beneficiaries.entrust.{step}")
    with handled_by(fault):
        drain_through_failures()
    assert (fault.struck, Roster.objects.get(pk=roster.pk).state) == (True, "applied")
    assert on_record() == [(*THE_MOTHER, False), (*THE_FATHER, True)]
    assert on_record(5) == [(*THE_MOTHER, True)]


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_fault_while_guardians_are_taken_back_leaves_nothing_and_the_next_run_does_it_once(family: Family, step: str) -> None:
    second = through(family, checked(family, [child(0, **BY_FATHER)]))
    ordered(family.world, second)
    fault = Once(f"beneficiaries.undo_guardians.{step}")
    with handled_by(fault):
        drain_through_failures()
    assert (fault.struck, Roster.objects.get(pk=second.pk).state) == (True, "undone")
    assert on_record() == [(*THE_MOTHER, True), (*THE_FATHER, False)]


# -- Kept true -----------------------------------------------------------------------------------------------------------


def test_the_digest_of_a_chunk_covers_guardians_and_is_as_before_where_no_line_names_one(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = family.roster
    whole = chunk_digest(ROSTER, roster.pk, 0)
    assert whole == RosterChunk.objects.get(roster=roster).digest
    with pgtrigger.ignore(), transaction.atomic():
        RosterRow.objects.filter(roster=roster, speaker_name__isnull=False).update(guardian_relation="叔叔")
        assert chunk_digest(ROSTER, roster.pk, 0) != whole
        transaction.set_rollback(True)
    plain = checked(family, people(2, first=11))
    told = chunk_digest(ROSTER, plain.pk, 0)
    monkeypatch.setattr(ROSTER.__class__, "staged_beside", ())
    assert chunk_digest(ROSTER, plain.pk, 0) == told
    assert chunk_digest(ROSTER, roster.pk, 0) != whole


def test_the_database_takes_no_guardian_of_two_sources_and_no_half_row(family: Family) -> None:
    found = Representative.objects.get()
    other = Representative(
        beneficiary=found.beneficiary, role=Role.AGENT, name="张三", document="x", document_type="other",
        identity_index_a=b"1" * 16, relation="村干部", created_at=timezone.now(),
    )
    with pytest.raises(IntegrityError, match="representative_has_one_source"), transaction.atomic():
        other.save()
    with pytest.raises(IntegrityError, match="representative_once_a_line"), transaction.atomic():
        other.row_id = found.row_id
        other.save()
    with pgtrigger.ignore(), pytest.raises(IntegrityError, match="roster_row_guardian_is_whole"), transaction.atomic():
        RosterRow.objects.filter(roster=family.roster, speaker_name__isnull=True).update(guardian_relation="母亲")


def test_a_guardian_whom_no_applied_line_named_is_found_and_a_line_that_put_nobody_on_record(family: Family) -> None:
    (invariant,) = [each for each in INVARIANTS if each.name == "guardians_come_from_applied_lines"]
    assert check(invariant).rows == 0
    nobody = RosterRow.objects.filter(roster=family.roster, speaker_name__isnull=True).earliest("pk")
    with transaction.atomic():
        # Both: the guardian's line named none, and the line that did has none.
        Representative.objects.update(row=nobody)
        assert check(invariant).rows == 2
        transaction.set_rollback(True)
    with transaction.atomic():
        Representative.objects.update(ended_row=nobody)
        assert check(invariant).rows == 1
        transaction.set_rollback(True)


def test_rows_that_wait_with_a_guardian_hold_a_rotation_of_the_identity_index_until_they_have_the_new_slot(family: Family) -> None:
    checked(family, [child(5, **BY_MOTHER), *people(1, first=7)])
    assert (_rows_without_identity("a"), _rows_without_identity("b")) == (0, 2)
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("UPDATE beneficiaries_rosterrow SET identity_index_b = identity_index_a")
    assert _rows_without_identity("b") == 1
