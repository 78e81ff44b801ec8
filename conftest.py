"""Fixtures of every room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test.signals import template_rendered
from django.utils import translation

from audit import keys
from portal.local.pytest_plugin import TABLES
from tests.kit.crashes import stop_looking


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database, left by everybody before it is dropped."""
    yield
    TABLES.close()
    stop_looking()


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


@pytest.fixture(autouse=True)
def in_chinese() -> None:
    """A page that a test before read in English leaves its language behind."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def no_keys_of_another_test() -> None:
    """Keys in memory belong to rows; a test that emptied the tables took them along."""
    keys.forget()
