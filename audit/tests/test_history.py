"""History by statement triggers, on every way into a table, with and without the context of a request."""

from __future__ import annotations

from typing import Any

import pghistory
import polars as pl
import pytest
from django.db import Error, connection, transaction

from accounts.models import Organization, Region, User
from accounts.testing import make_organization, make_user
from audit.history import carry_context
from beneficiaries.models import Person
from intake.copying import copy_columns

pytestmark = pytest.mark.django_db
HISTORY: Any = Region._meta.get_field("events").related_model


def run(statement: str, given: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


def region(code: str, name: str) -> Region:
    return Region(code=code, name=name, full_name=name, level=2)


def copied(code: str, name: str) -> None:
    frame = pl.DataFrame({"code": [code], "name": [name], "full_name": [name], "level": [2]})
    copy_columns("accounts_region", frame)


INSERTS = {
    "create": lambda: region("52", "贵州省").save(force_insert=True),
    "bulk_create": lambda: Region.objects.bulk_create([region("52", "贵州省")]),
    "upsert": lambda: Region.objects.bulk_create(
        [region("52", "贵州省")], update_conflicts=True, unique_fields=["code"], update_fields=["name"]
    ),
    "raw SQL": lambda: run(
        "INSERT INTO accounts_region (code, name, full_name, level) VALUES ('52', '贵州省', '贵州省', 2)"
    ),
    "COPY": lambda: copied("52", "贵州省"),
}
UPDATES = {
    "update": lambda: Region.objects.filter(code="52").update(name="黔"),
    "bulk_update": lambda: Region.objects.bulk_update([Region(code="52", name="黔")], ["name"]),
    "upsert": lambda: Region.objects.bulk_create(
        [region("52", "黔")], update_conflicts=True, unique_fields=["code"], update_fields=["name"]
    ),
    "raw SQL": lambda: run("UPDATE accounts_region SET name = '黔' WHERE code = '52'"),
}
#: COPY carries the context only after `carry_context`.
CONTEXT_LOST = {"COPY"}


def versions() -> list[tuple[str, str, bool]]:
    rows = HISTORY.objects.filter(code="52").order_by("pgh_id")
    return [(row.pgh_label, row.name, row.pgh_context_id is not None) for row in rows]


@pytest.mark.parametrize("way", INSERTS)
@pytest.mark.parametrize("named", [False, True], ids=["nobody's", "somebody's"])
def test_an_insert_leaves_its_version(way: str, named: bool) -> None:
    if named:
        with transaction.atomic(), pghistory.context(user=7):
            INSERTS[way]()
    else:
        INSERTS[way]()
    expected = named and way not in CONTEXT_LOST
    assert versions() == [("insert", "贵州省", expected)]


@pytest.mark.parametrize("way", UPDATES)
@pytest.mark.parametrize("named", [False, True], ids=["nobody's", "somebody's"])
def test_an_update_leaves_its_version(way: str, named: bool) -> None:
    INSERTS["create"]()
    if named:
        with transaction.atomic(), pghistory.context(user=7):
            UPDATES[way]()
    else:
        UPDATES[way]()
    assert versions()[1:] == [("update", "黔", named)]


def test_a_copy_carries_its_context_when_it_was_bound_to_the_transaction() -> None:
    with transaction.atomic(), pghistory.context(user=7):
        carry_context()
        copied("52", "贵州省")
    assert versions() == [("insert", "贵州省", True)]
    assert HISTORY.objects.get(code="52").pgh_context.metadata == {"user": 7}


def test_a_delete_leaves_the_last_version() -> None:
    INSERTS["create"]()
    Region.objects.filter(code="52").delete()
    assert versions()[1:] == [("delete", "贵州省", False)]


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_regionevent SET name = 'x'", "DELETE FROM accounts_regionevent"]
)
def test_history_is_append_only(statement: str) -> None:
    INSERTS["create"]()
    with pytest.raises(Error, match=r"[Cc]annot"), transaction.atomic():
        run(statement)
    assert versions() == [("insert", "贵州省", False)]


def test_history_keeps_sealed_values_sealed_and_leaves_secrets_out() -> None:
    user = make_user(phone="13812345678")
    history: Any = User._meta.get_field("events").related_model
    names = {field.name for field in history._meta.fields}
    assert names.isdisjoint({"password", "last_login"})
    old = history.objects.filter(pgh_obj_id=user.pk).latest("pgh_id")
    assert str(old.phone) == "****"
    assert old.phone.reveal() == "13812345678"
    assert "13812345678" not in repr(vars(old))


def test_a_big_table_keeps_what_was_there_before_a_change_only(at: Any) -> None:
    person = Person.objects.create(
        name="张三", document="E12345678", document_type="passport", created_at=at, identity_index_a=b"1" * 16
    )
    history: Any = Person._meta.get_field("events").related_model
    assert history.objects.count() == 0
    Person.objects.filter(pk=person.pk).update(sex="male")
    Person.objects.filter(pk=person.pk).delete()
    rows = history.objects.order_by("pgh_id").values_list("pgh_label", "sex")
    assert list(rows) == [("before_update", ""), ("before_delete", "male")]


def test_each_organization_has_its_own_versions() -> None:
    city = make_organization("河源市民政局", region="4416")
    county = make_organization("源城区民政局", region="441602", parent=city)
    history: Any = Organization._meta.get_field("events").related_model
    Organization.objects.filter(pk=county.pk).update(short_name="源城")
    assert list(
        history.objects.filter(pgh_obj_id=county.pk).order_by("pgh_id").values_list("pgh_label", "short_name")
    ) == [("insert", ""), ("update", "源城")]
