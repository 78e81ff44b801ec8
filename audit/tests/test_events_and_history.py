"""Events and their chain, history by triggers, faults and the stepper of the test kit."""

from __future__ import annotations

import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Organization, Region, User
from accounts.testing import make_organization, make_user
from audit import events
from audit.errors import PersonalDataRefused
from audit.faults import PlantedFault, fault_point
from audit.models import Event, Seal, UnsealedEvent
from audit.testing import Stepper, fault_at, sweep
from intake.copying import copy_columns


@pytest.fixture
def office(db: None) -> Organization:
    return make_organization("源城区民政局", region="441602")


def recorded(office: Organization, count: int = 3) -> list[Event]:
    return [
        events.record("test.done", office, by="system:test", at=timezone.now(), data={"number": number})
        for number in range(count)
    ]


def test_a_sealed_chain_is_whole(office: Organization) -> None:
    recorded(office)
    waiting = UnsealedEvent.objects.count()
    assert waiting == Event.objects.count()
    assert events.seal_events(at=timezone.now()) == waiting
    report = events.verify_chain()
    assert (report.sealed, report.unsealed, report.broken) == (waiting, 0, [])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_event SET actor = 'x' WHERE id = {id}", "event {id}: does not fit its seal {position}"),
        ("DELETE FROM audit_event WHERE id = {id}", "event {id}: was removed (seal {position})"),
        ("DELETE FROM audit_seal WHERE event_id = {id}", "seal {position}: is missing (the next is {next})"),
    ],
)
def test_the_verifier_names_what_was_tampered_with(office: Organization, statement: str, said: str) -> None:
    middle = recorded(office)[1]
    events.seal_events(at=timezone.now())
    place = Seal.objects.get(event_id=middle.pk).position
    facts = {"id": middle.pk, "position": place, "next": place + 1}
    with connection.cursor() as cursor:
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement.format(**facts))
    assert said.format(**facts) in events.verify_chain().broken


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_events(office: Organization, statement: str) -> None:
    recorded(office)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_event_that_would_hold_a_document_number_is_refused(office: Organization) -> None:
    with pytest.raises(PersonalDataRefused, match="证件号码或账号"):
        events.record("test.done", office, by="x", at=timezone.now(), data={"text": "441602196203151219"})


def test_history_keeps_every_version_whatever_way_it_was_written(office: Organization) -> None:
    history = Region._meta.get_field("events").related_model.objects  # type: ignore[union-attr]
    before = history.count()
    Region.objects.filter(pk="441602").update(name="源城新区")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_region SET name = '源城' WHERE code = '441602'")
    frame = pl.DataFrame({"code": ["52"], "name": ["贵州省"], "full_name": ["贵州省"], "level": [2]})
    copy_columns("accounts_region", frame)
    Region.objects.bulk_create([Region(code="53", name="云南省", full_name="云南省", level=2)])
    Region.objects.filter(pk="52").delete()
    found = list(history.order_by("pgh_id").values_list("code", "pgh_label", "name"))[before:]
    assert found == [
        ("441602", "update", "源城新区"), ("441602", "update", "源城"), ("52", "insert", "贵州省"),
        ("53", "insert", "云南省"), ("52", "delete", "贵州省"),
    ]


def test_a_fault_point_strikes_where_it_is_told_and_a_sweep_strikes_each() -> None:
    done: list[str] = []

    def work() -> None:
        for name in ("one", "two", "three"):
            fault_point(name)
            done.append(name)

    with pytest.raises(PlantedFault), fault_at("two"):
        work()
    assert done == ["one"]
    struck: list[int] = []
    assert sweep(work, check=struck.append) == 3
    assert struck == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_the_stepper_leads_two_connections_through_a_race() -> None:
    user = make_user()

    def rename(name: str) -> str:
        with transaction.atomic():
            found = User.objects.select_for_update().get(pk=user.pk)
            fault_point("test.locked")
            found.display_name = name
            found.save(update_fields=["display_name"])
        return name

    with Stepper() as stepper:
        first = stepper.start(lambda: rename("甲"), stop_at="test.locked")
        second = stepper.start(lambda: rename("乙"))
        assert second.waits()
        first.go_on()
        assert [first.result(), second.result()] == ["甲", "乙"]
    assert User.objects.get(pk=user.pk).display_name == "乙"
