"""People out of their term: listed, released by another, destroyed to the last version; money and numbers stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import ciphers, keys
from audit.destroying import destroyable_models, has_history, history_table, is_destroyed
from audit.errors import KeyDestroyed
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Beneficiary, Enrollment, Person, Roster, RosterRow
from beneficiaries.testing import World, applied, people
from continuity.models import EarlierYears
from continuity.testing import taken_in
from jobs.testing import drain
from portal.verify import check_all
from programs.models import LedgerEntry
from retention import actions
from retention.errors import RetentionRefused
from retention.models import DestructionLine, DestructionRun, RunKind
from retention.testing import REASON, done, drawn, ended_long_ago, make_old, officer_of, released

pytestmark = pytest.mark.django_db
D = Decimal
_django_db_helper, one_world, kept_world = shared(make_old)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RetentionRefused) as caught:
        yield
    assert caught.value.code == code


def readable(model: Any) -> int:
    """Rows of a table that still hold something."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} t WHERE NOT {is_destroyed(model, 't')}")
        return int(cursor.fetchone()[0])


def broken() -> list[str]:
    return [result.name for result in check_all() if result.rows]


def test_earlier_years_of_whoever_is_destroyed_are_found_by_nothing_any_more(kept_world: World) -> None:
    gone, stays = Person.objects.order_by("pk")[0], Enrollment.objects.order_by("pk")[4].person
    lines = [[str(person.document.reveal()), "3", "2"] for person in (gone, stays)]
    taken_in(kept_world, kept_world.program, lines, as_of=date(2020, 12, 31))
    slots = ("identity_index_a", "identity_index_b")
    before = {row[0]: row[1:] for row in EarlierYears.objects.values_list("pk", *slots)}
    of_gone = EarlierYears.objects.get(identity_index_a=gone.identity_index_a).pk
    done(kept_world)
    after = {row[0]: row[1:] for row in EarlierYears.objects.values_list("pk", *slots)}
    assert [pk for pk in before if after[pk] != before[pk]] == [of_gone]
    assert DestructionRun.objects.get(kind=RunKind.PEOPLE).done_counts["earlieryears"] == 1


def test_who_is_out_of_term_is_listed_with_covers_and_premium_and_the_rest_is_not(kept_world: World) -> None:
    run = drawn(kept_world)
    assert (run.state, run.number, run.covers, run.premium, run.kept) == ("drawn", 4, 4, D("396.00"), {})
    assert run.terms == {"cover": "10 years", "uncovered": "1095 days"}
    end = Enrollment.objects.order_by("pk")[0].ends_at
    assert (run.oldest, run.newest) == (timezone.localdate(end),) * 2
    expected = list(Enrollment.objects.order_by("person_id").values_list("person_id", flat=True))
    young = Enrollment.objects.order_by("pk")[4].person_id
    assert sorted(DestructionLine.objects.filter(run=run).values_list("subject_id", flat=True)) == sorted(set(expected) - {young})
    assert set(DestructionLine.objects.values_list("county", "kept", "done_at")) == {("441602", "", None)}


def test_released_by_another_everything_that_names_people_goes_and_the_money_stays_to_the_fen(kept_world: World) -> None:
    gone = list(Person.objects.order_by("pk"))[:4]
    tokens = [person.name.token for person in gone]
    money = list(LedgerEntry.objects.order_by("pk").values_list("account", "amount"))
    covers = list(Enrollment.objects.order_by("pk").values_list("pk", "premium", "own_share", "region_code", "row_id"))
    Beneficiary.objects.filter(person=gone[0]).update(phone=None, phone_mark_a=None, phone_mark_b=None)
    run = done(kept_world)
    assert (run.state, run.destroyed, run.spared) == ("done", 4, {})
    # The file names one who stays, too.
    assert run.done_counts == {"person": 4, "beneficiary": 4, "rosterrow": 4}
    assert Roster.objects.get().files.get().purged_at is None
    for person in Person.objects.filter(pk__in=[each.pk for each in gone]):
        assert person.destroyed_at is not None and (person.birth_on.month, person.birth_on.day) == (1, 1)
        assert (person.name.token, str(person.name)) == (ciphers.DESTROYED, "（已销毁）")
        with pytest.raises(KeyDestroyed):
            person.document.reveal()
        assert not Person.objects.with_document("441602194001010011").filter(pk=person.pk).exists()
    assert (readable(Person), readable(RosterRow)) == (1, 1)
    assert keys.open_many([ciphers.DESTROYED, None], "person.name") == [None, None]
    with connection.cursor() as cursor:
        for model in filter(has_history, destroyable_models()):
            cursor.execute(f"SELECT count(*) FROM {history_table(model)} h JOIN {model._meta.db_table} t ON t.id = h.pgh_obj_id "
                           f"WHERE {is_destroyed(model, 't')} AND {model.destroyable.owner_gone.replace('kept.', 't.')}")
            assert cursor.fetchone() == (0,), model
        cursor.execute("SELECT count(*) FROM beneficiaries_personevent WHERE name = ANY(%s)", [tokens])
        assert cursor.fetchone() == (0,)
    assert list(LedgerEntry.objects.order_by("pk").values_list("account", "amount")) == money
    assert list(Enrollment.objects.order_by("pk").values_list("pk", "premium", "own_share", "region_code", "row_id")) == covers
    told = list(Event.objects.filter(subject_type="retention.destructionrun").order_by("pk").values_list("verb", flat=True))
    assert told == [f"destruction.{step}" for step in ("drawn_up", "listed", "released", "step", "done")]
    assert broken() == []


def test_the_file_of_a_list_goes_with_the_last_person_whom_it_names(kept_world: World) -> None:
    done(kept_world)
    (file,) = Roster.objects.get().files.all()
    assert default_storage.exists(file.storage_key)
    ended_long_ago(Enrollment.objects.order_by("pk")[4:], years=11)
    assert done(kept_world).done_counts == {"person": 1, "beneficiary": 1, "rosterrow": 1, "files": 1}
    file.refresh_from_db()
    assert (file.purged_at is not None, default_storage.exists(file.storage_key)) == (True, False)
    assert broken() == []


def test_whoever_drew_it_up_does_not_release_it_and_another_list_than_the_one_shown_is_refused(kept_world: World) -> None:
    run, at = drawn(kept_world), timezone.now()
    with refused("CHANGED"):
        actions.release_run(run, digest="0" * 64, by=kept_world.reviewer, at=at)
    with refused("OUT_OF_SCOPE"):
        actions.release_run(run, digest=run.digest, by=officer_of(kept_world), at=at)
    with refused("RUN_WAITS"):
        drawn(kept_world)
    actions.withdraw_run(run, reason=REASON, by=officer_of(kept_world), at=at)
    with refused("STATE"):
        actions.release_run(run, digest=run.digest, by=kept_world.reviewer, at=at)
    assert readable(Person) == 5 and Person.objects.exclude(destroyed_at=None).count() == 0


def test_a_cover_that_comes_between_release_and_destruction_spares_its_person(kept_world: World) -> None:
    run = released(kept_world)
    again = Enrollment.objects.order_by("pk")[0]
    ended_long_ago([again], years=1)
    drain()
    run.refresh_from_db()
    assert (run.destroyed, run.spared) == (3, {"cover": 1})
    assert Person.objects.get(pk=again.person_id).destroyed_at is None
    assert DestructionLine.objects.get(run=run, subject_id=again.person_id).kept == "cover"
    assert broken() == []


def test_a_hold_on_a_person_a_roster_an_office_or_the_program_keeps_them_and_the_list_says_so(kept_world: World) -> None:
    officer, at = officer_of(kept_world), timezone.now()
    first = Beneficiary.objects.order_by("pk")[0]
    for held, kept in ((first, 1), (Roster.objects.get(), 4), (kept_world.office, 4), (kept_world.program, 4)):
        hold = actions.place_hold(held, reason="诉讼保全", by=kept_world.auditor, at=at)
        run = drawn(kept_world)
        assert (run.number, run.kept) == (4 - kept, {"other": kept})
        actions.withdraw_run(run, reason=REASON, by=officer, at=at)
        with refused("ANOTHER_LIFTS"):
            actions.lift_hold(hold, reason="结案", by=kept_world.auditor, at=at)
        actions.lift_hold(hold, reason="结案", by=officer, at=at)
    assert drawn(kept_world).number == 4


def test_the_same_person_again_is_somebody_new_and_is_found(kept_world: World) -> None:
    done(kept_world)
    applied(kept_world, people(5, address="城南街道9号"))
    fresh = Person.objects.filter(destroyed_at=None)
    assert (Person.objects.count(), fresh.count()) == (9, 5)
    assert sorted(person.name.reveal() for person in fresh) == ["李伟", "李娜", "李敏", "李芳", "李静"]
    assert broken() == []


def test_history_lets_go_of_nothing_that_is_not_destroyed_and_what_is_destroyed_stays_so(kept_world: World) -> None:
    Beneficiary.objects.update(phone=None, phone_mark_a=None, phone_mark_b=None, address=None, bank_account=None)
    for table in ("beneficiaries_beneficiaryevent", "beneficiaries_rosterevent"):
        with pytest.raises(DatabaseError, match=r"append-only|Cannot update or delete"), transaction.atomic():
            connection.cursor().execute(f"DELETE FROM {table}")
    done(kept_world)
    gone = Person.objects.exclude(destroyed_at=None)[0]
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Person.objects.filter(pk=gone.pk).update(name="王小明")
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        DestructionRun.objects.update(destroyed=0)


def test_a_run_of_imports_takes_files_and_lines_behind_no_cover(kept_world: World) -> None:
    assert drawn(kept_world, RunKind.IMPORTS).number == 0
