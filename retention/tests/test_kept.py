"""Uploaded files past their own time: they stay while a line of theirs stands behind somebody who is kept, or a hold asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Beneficiary, Enrollment, Person, Roster
from beneficiaries.testing import World, applied, make_world, people
from filings import testing as filings
from gates.testing import line_of, taken_in
from handover.testing import agreed, answered, invoiced, numbers_of, released
from handover.tests.test_invoices import TERMS
from intake.actions import purge_files
from intake.models import File
from outreach import testing as outreach
from payouts.models import BatchLine
from payouts.testing import keys_of, make_till
from portal.verify import check
from programs.models import Program
from records import testing as records
from results import testing as results
from retention.actions import lift_hold, place_hold
from retention.imports import BY_LABEL, contents_of, named_only_destroyed
from retention.invariants import INVARIANTS
from retention.testing import REASON, officer_of

pytestmark = pytest.mark.django_db
(PAST,) = (each for each in INVARIANTS if each.name == "nothing_kept_past_its_date")


@dataclass
class Brought:
    """An import with two people behind its lines."""

    world: World
    subject: Any
    program: Program

    @property
    def files(self) -> list[File]:
        """What is stored of it."""
        return contents_of(BY_LABEL[self.subject._meta.label_lower], self.subject)


def of_roster() -> Brought:
    world = make_world()
    return Brought(world, applied(world, people(2)), world.program)


def of_statement() -> Brought:
    world = make_world(requires_notice=False, requires_own_payment=True)
    applied(world, people(2))
    return Brought(world, taken_in(world, [line_of(cover) for cover in Enrollment.objects.order_by("pk")]), world.program)


def of_receipt() -> Brought:
    world = make_world(**TERMS)
    applied(world, people(2))
    told = released(world)
    return Brought(world, answered(world, told, [(number, "Y", f"PA{number}", "") for number in numbers_of(told)]), world.program)


def of_invoice() -> Brought:
    found = of_receipt()
    numbers = [cover.number for cover in Enrollment.objects.select_related("program", "period").order_by("pk")]
    invoice = agreed(found.world, invoiced(found.world, [(each, "", "99.00") for each in numbers]))
    return Brought(found.world, invoice, found.program)


def of_bank_return() -> Brought:
    till = make_till(count=2)
    batch = till.sent("100.00", "200.00")
    lines = BatchLine.objects.filter(batch=batch).order_by("number")
    answer = till.answered(batch, [(key, str(line.amount), "Y") for key, line in zip(keys_of(batch), lines, strict=True)])
    return Brought(till.world, answer, till.world.program)


def of_report() -> Brought:
    found = results.payouts(people=2)
    report = results.recorded(found, [results.line(found, who, f"A{who}") for who in range(2)])
    return Brought(found.market.world, report, found.market.program)


def of_claim_file() -> Brought:
    found = filings.filings(people=2)
    subject = filings.opened(found, [filings.line(found, who, f"A{who}") for who in range(2)])
    filings.papers(found, subject, {"A0/发票.pdf": filings.PDF})
    return Brought(found.market.world, subject, found.market.program)


def of_record_list() -> Brought:
    found = records.bureau(people=2)
    subject = records.proposed(found, [records.line(found, who, f"J{who}") for who in range(2)])
    return Brought(found.market.world, subject, found.market.program)


def of_delivery_report() -> Brought:
    world = outreach.make_paying()
    sending = outreach.ready(world)
    numbers = outreach.line_numbers(world)
    rows = [(f"M{sending.pk}-{number}", "送达", "") for number in (min(numbers[:3]), numbers[3])]
    return Brought(world, outreach.kept(world, outreach.reported(world, sending, rows)), world.program)


MAKERS: dict[str, Callable[[], Brought]] = {
    "beneficiaries.roster": of_roster, "gates.statement": of_statement, "handover.receipt": of_receipt,
    "handover.invoice": of_invoice, "payouts.bankreturn": of_bank_return, "results.report": of_report,
    "filings.claimfile": of_claim_file, "records.recordlist": of_record_list, "outreach.deliveryreport": of_delivery_report,
}


def test_a_file_of_every_import_is_asked_about() -> None:
    assert set(MAKERS) == set(BY_LABEL)


def _late(files: list[File]) -> None:
    """The day after their own five years."""
    assert settings.FILE_KEPT_DAYS == 1_825
    moved = timezone.now() - timedelta(days=1_826)
    File.objects.filter(pk__in=[each.pk for each in files]).update(
        uploaded_at=moved, purge_on=timezone.localdate(moved) + timedelta(days=settings.FILE_KEPT_DAYS)
    )


def _stored(files: list[File]) -> list[bool]:
    return [default_storage.exists(each.storage_key) for each in files]


def _purged() -> int:
    """By the daily job's action; nothing past its time is left that should not be."""
    number = purge_files(at=timezone.now())
    File.objects.filter(purged_at=None, purge_on__lt=timezone.localdate()).update(purge_on=timezone.localdate() - timedelta(days=3))
    assert check(PAST).rows == 0
    return number


def _gone(people: Any) -> None:
    Person.objects.filter(pk__in=[each.pk for each in people], destroyed_at=None).update(destroyed_at=timezone.now())


def _named(found: Brought) -> list[Person]:
    """Whoever stands behind the lines of an import."""
    source = BY_LABEL[found.subject._meta.label_lower]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT e.person_id FROM {source.rows._meta.db_table} r JOIN beneficiaries_enrollment e"
            f" ON {source.cover.format(line='r')} WHERE r.{source.key} = %s", [found.subject.pk],
        )
        return list(Person.objects.filter(pk__in=[pk for (pk,) in cursor.fetchall()]).order_by("pk"))


def _only_destroyed(found: Brought) -> bool:
    with connection.cursor() as cursor:
        return named_only_destroyed(BY_LABEL[found.subject._meta.label_lower], found.subject.pk, cursor)


@pytest.mark.parametrize("label", MAKERS)
def test_files_and_lines_stay_beyond_day_1826_and_go_with_the_last_of_their_people(label: str) -> None:
    found = MAKERS[label]()
    files, persons = found.files, _named(found)
    assert (len(files), len(persons) >= 2) == (2 if label == "filings.claimfile" else 1, True)
    _late(files)
    assert (_purged(), _stored(files)) == (0, [True] * len(files))
    rows = BY_LABEL[label].rows.objects.filter(**{BY_LABEL[label].key: found.subject.pk})
    assert rows.exclude(raw=None).count() == rows.count() >= 2
    _gone(persons[:-1])
    assert (_only_destroyed(found), _purged(), _stored(files)) == (False, 0, [True] * len(files))
    _gone(persons)
    assert _only_destroyed(found) is True
    assert (_purged(), _stored(files)) == (len(files), [False] * len(files))


@pytest.mark.parametrize("label", MAKERS)
def test_a_hold_on_the_program_the_office_or_a_person_keeps_the_files_of_every_import(label: str) -> None:
    found = MAKERS[label]()
    files, persons = found.files, _named(found)
    officer, auditor = officer_of(found.world), found.world.auditor
    _late(files)
    known = Beneficiary.objects.filter(person=persons[0], program=found.program).first()
    assert known is not None
    person_held = _held(known, by=auditor)
    _gone(persons[1:])
    assert (_purged(), _stored(files)) == (0, [True] * len(files))
    lift_hold(person_held, reason=REASON, by=officer, at=timezone.now())
    # As if nobody stood behind it: a hold on the whole keeps it all the same.
    _gone(persons)
    for held in (found.program, files[0].organization):
        hold = _held(held, by=auditor)
        assert (_purged(), _stored(files)) == (0, [True] * len(files))
        lift_hold(hold, reason=REASON, by=officer, at=timezone.now())
    assert (_purged(), _stored(files)) == (len(files), [False] * len(files))


def _held(held: Any, *, by: User) -> Any:
    return place_hold(held, reason="诉讼保全", by=by, at=timezone.now())


def test_a_hold_on_a_roster_keeps_its_file_when_nobody_stands_behind_it() -> None:
    found = of_roster()
    files = found.files
    _late(files)
    _gone(Person.objects.all())
    hold = _held(Roster.objects.get(), by=found.world.auditor)
    assert (_purged(), _stored(files)) == (0, [True])
    lift_hold(hold, reason=REASON, by=officer_of(found.world), at=timezone.now())
    assert (_purged(), _stored(files)) == (1, [False])


def test_the_file_of_a_purchase_stays_with_whomever_it_covered() -> None:
    found = results.payouts(people=2)
    cover = found.covers[0]
    file = of_purchase(found.market.world, cover)
    _late([file])
    assert (_purged(), _stored([file])) == (0, [True])
    _gone([cover.person])
    assert (_purged(), _stored([file])) == (1, [False])


def of_purchase(world: World, cover: Enrollment) -> File:
    """As if a file had brought the purchase of a cover."""
    applied(world, people(1, first=50))
    (file,) = Roster.objects.order_by("-pk")[0].files.all()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DELETE FROM beneficiaries_rosterfile WHERE file_id = %s", [file.pk])
        cursor.execute("ALTER TABLE beneficiaries_purchase DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE beneficiaries_purchase SET channel = 'file', file_id = %s WHERE id = %s", [file.pk, cover.purchase_id]
        )
        cursor.execute("ALTER TABLE beneficiaries_purchase ENABLE TRIGGER USER")
    return file
