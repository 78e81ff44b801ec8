"""Fixtures of every room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.template import Context, Template
from django.test.signals import template_rendered
from django.utils import translation

from audit import keys
from portal import verify
from portal.local import prepared
from portal.local.migrated import Migrated, digest_of, sources
from portal.local.pytest_plugin import OWN_SERVER, SERVER, TABLES
from tests.kit.crashes import stop_looking

#: Of each process, at most, with a hundred on the server: threads of a race, of a browser's requests, of a job's pieces.
CONNECTIONS = 40


@pytest.fixture(scope="session")
def migrated(django_db_modify_db_settings_parallel_suffix: None) -> Migrated | None:
    """What the test database may be copied from; None on a server that is not the suite's own."""
    return Migrated(SERVER, code=digest_of(sources())) if OWN_SERVER else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(migrated: Migrated | None) -> None:
    """A database that somebody has migrated by the code as it is now is copied.

    Connections that are closed wait for whoever opens the next: what a new server process learns of some hundred tables and
    their triggers costs more than most of what tests ask of it.
    """
    if migrated is not None:
        connection.settings_dict["CONN_MAX_AGE"] = 0
        connection.settings_dict["OPTIONS"]["pool"] = {"min_size": 0, "max_size": CONNECTIONS}
        migrated.wait()
        if migrated.exists():
            connection.settings_dict["TEST"]["TEMPLATE"] = migrated.name


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, migrated: Migrated | None, django_db_keepdb: bool, django_db_createdb: bool
) -> Iterator[None]:
    """The test database, kept for the next one if it was just migrated, and left by everybody before it is dropped."""
    if migrated is not None:
        if not migrated.exists() and (django_db_createdb or not django_db_keepdb):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
            migrated.make(connection.settings_dict["NAME"])
        migrated.go_on()
    yield
    TABLES.close()
    stop_looking()
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def contexts_of_pages_only(django_test_environment: None) -> Iterator[None]:
    """A page is made of seventy templates, and the test client copies the context of each: only its own is asked for."""

    def render(template: Template, context: Context) -> str:
        if context.template is template:
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session", autouse=True)
def invariants_planned_once(django_test_environment: None) -> Iterator[None]:
    """Hundreds of tests ask all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "rows_of", prepared.rows_of)
        yield


@pytest.fixture(autouse=True)
def in_chinese() -> None:
    """A page that a test before read in English leaves its language behind."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def no_keys_of_another_test() -> Iterator[None]:
    """Keys in memory belong to rows; a test that emptied the tables took them along.

    Forgotten before the next test, too: worlds of a module are made before the first of its tests begins.
    """
    keys.forget()
    yield
    keys.forget()
