"""English pages hold no Chinese, Chinese pages no English: every page of every model, in a world of Latin data."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from accounts.testing import PASSWORD, make_user
from beneficiaries.columns import COLUMNS
from jobs.models import Job
from tests.kit.latin import LatinWorld, make_latin_world, rows_of
from tests.kit.matrix.asking import ask, signed_in
from tests.kit.matrix.table import Page, admin_pages
from tests.kit.page_text import said_on

pytestmark = pytest.mark.django_db

HAN = re.compile(r"[㐀-鿿豈-﫿]+")
WORD = re.compile(r"[A-Za-z][\w.@-]*[A-Za-z]", re.ASCII)
#: The language that one may choose is named in itself; a file's headings and choices are those that offices use.
IN_ITS_OWN_WORDS = {"简体中文", *(
    word for column in COLUMNS for word in (str(column.label), *column.synonyms, *column.choices, column.example)
)}
#: Names and codes that are the same in Chinese.
ALIKE = {"CSV", "XLSX", "WPS", "Excel", "ID", "English", "QR", "IP", "Ctrl", "esc"}
LANGUAGES = ("en", "zh-hans")


@pytest.fixture
def _django_db_helper() -> None:
    """All tests here share one transaction: `world`."""


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[LatinWorld]:
    """Made once for the module, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), override_settings(SECOND_FACTOR_REQUIRED=False), transaction.atomic():
        logging.disable(logging.CRITICAL)
        yield make_latin_world()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def clients(world: LatinWorld) -> dict[str, Client]:
    return {name: signed_in(user) for name, user in world.users.items()}


def faults(answer: Any, language: str) -> list[str]:
    """Pieces of a page that are in the other language."""
    if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming:
        return []
    found = []
    for piece in said_on(answer.content.decode()):
        if language == "en":
            left = piece
            for known in sorted(IN_ITS_OWN_WORDS, key=len, reverse=True):
                left = left.replace(known, "") if known else left
            if HAN.search(left):
                found.append(piece)
        elif [word for word in WORD.findall(piece) if not word.lower().startswith("zq") and word not in ALIKE]:
            found.append(piece)
    return found


def asked(client: Client, address: str, language: str, *, method: str = "get", data: Any = None) -> list[str]:
    """Faults of one page; one that breaks is a fault too."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    answer = ask(client, method, address, data)
    broken = [f"answers {answer.status_code}"] if answer.status_code >= 500 else []
    return [f"{language} {method} {address}: {fault}" for fault in broken + faults(answer, language)]


def reader_of(page: Page, world: LatinWorld) -> str | None:
    """The first reader whose role opens a page."""
    return next((name for name in world.users if name.split()[1] in page.roles("get") | page.roles("post")), None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("label", sorted(model._meta.label_lower for model in admin.site._registry))
def test_pages_of_a_model(label: str, language: str, world: LatinWorld, clients: dict[str, Client]) -> None:
    found: list[str] = []
    pages, model = next((pages, each.model) for known, each, pages in admin_pages() if known == label)
    for page in pages:
        name = reader_of(page, world)
        if name is None:
            continue
        places = [[row.pk] for row in rows_of(label, model)] if page.takes_object else [[]]
        for place in places:
            address = reverse(page.name, args=place)
            found += asked(clients[name], address, language)
            if page.verb not in ("changelist", "change", "history", "delete"):
                found += asked(clients[name], address, language, method="post", data={"_ask": "1"})
    assert found == [], "\n" + "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbench_of_each_reader(language: str, world: LatinWorld, clients: dict[str, Client]) -> None:
    found = [fault for client in clients.values() for fault in asked(client, reverse("admin:index"), language)]
    assert found == [], "\n" + "\n".join(dict.fromkeys(found))
