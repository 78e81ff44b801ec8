"""English pages hold no Chinese, Chinese pages no English: every page of every model, in a world of Latin data."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts import totp
from accounts.models import SecondFactor, User
from accounts.testing import PASSWORD, make_user
from accounts.views import locked_page
from audit.testing import FULL_SWEEP
from beneficiaries.columns import COLUMNS
from beneficiaries.models import Roster
from filings.columns import COLUMNS as FILING_COLUMNS
from gates.columns import COLUMNS as STATEMENT_COLUMNS
from intake.findings import Verdict
from intake.models import State
from intake.reference.regions import COLUMNS as REGION_COLUMNS
from portal import dashboard
from programs.lists import CATEGORY_COLUMNS, CODE_COLUMNS, HOSPITAL_COLUMNS
from programs.models import Funder
from records.columns import COLUMNS as RECORD_COLUMNS
from results.columns import COLUMNS as RESULT_COLUMNS
from takeup.lists import TARGET_COLUMNS
from tests.kit.latin import LatinWorld, rows_of
from tests.kit.latin_closing import words_of_months
from tests.kit.latin_handover import words_of_files
from tests.kit.latin_messages import words_of_reports
from tests.kit.latin_payouts import words_of_payouts
from tests.kit.matrix.asking import BACKEND, ask
from tests.kit.matrix.table import Page, admin_pages
from tests.kit.page_text import said_on

pytestmark = pytest.mark.django_db

HAN = re.compile(r"[㐀-鿿豈-﫿]+")
WORD = re.compile(r"[A-Za-z][\w.@-]*[A-Za-z]", re.ASCII)
#: The language that one may choose is named in itself; a file's headings and choices are those that offices use.
IN_ITS_OWN_WORDS = {"简体中文", *(
    word for column in (*COLUMNS, *STATEMENT_COLUMNS, *REGION_COLUMNS, *CATEGORY_COLUMNS, *HOSPITAL_COLUMNS, *CODE_COLUMNS,
        *TARGET_COLUMNS, *RESULT_COLUMNS, *RECORD_COLUMNS, *FILING_COLUMNS)
    for word in (str(column.label), *column.synonyms, *column.choices, column.example)
), *words_of_files(), *words_of_reports(), *words_of_payouts(), *words_of_months()}
#: The longest first: one may begin with another.
KNOWN = re.compile("|".join(re.escape(word) for word in sorted(filter(None, IN_ITS_OWN_WORDS), key=len, reverse=True)))
#: Names and codes that are the same in Chinese.
ALIKE = {
    "Authenticator", "CR", "CSV", "Cookie", "Ctrl", "DOCX", "English", "Excel", "GB", "HYAXB", "ID", "IP", "JPG", "KB", "LF",
    "CAR-T", "CAR", "ICD-10", "ICD", "MB", "Microsoft", "PDF",
    "PNG", "QR", "SHA", "UTF", "WPS", "Windows", "XLS", "XLSX", "ZIP", "YAML", "JSON", "esc", "roster.approved",
}
#: Codes that stand in what was changed: a worker's machine and process.
RECORDED = re.compile(r"^[\w.-]+:\d+$", re.ASCII)
#: A digest, or its beginning.
CHECKSUM = re.compile(r"\b(?:[0-9a-f]{12}|[0-9a-f]{64})\b", re.ASCII)
LANGUAGES = ("en", "zh-hans")


@pytest.fixture(scope="module", autouse=True)
def _silent() -> Iterator[None]:
    """Thousands of requests write no line."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def clients(world: LatinWorld) -> dict[tuple[str, str], Client]:
    """By reader and language: a message of one page stands on the next one."""
    return {
        (name, language): signed_in(user, language) for name, user in world.users.items() for language in LANGUAGES
    }


def signed_in(user: User, language: str) -> Client:
    """A browser of a user, in a language."""
    client = Client(raise_request_exception=False, headers={"accept-language": language})
    client.force_login(user, backend=BACKEND)
    return client


def faults(answer: Any, language: str) -> list[str]:
    """Pieces of a page that are in the other language."""
    if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming:
        return []
    found = []
    for piece in said_on(answer.content.decode()):
        if RECORDED.match(piece):
            continue
        if language == "en":
            if HAN.search(piece) and HAN.search(KNOWN.sub("", piece)):
                found.append(piece)
        elif [word for word in WORD.findall(CHECKSUM.sub("", piece)) if not word.lower().startswith("zq") and word not in ALIKE]:
            found.append(piece)
    return found


def told(answer: Any, asked_for: str, language: str) -> list[str]:
    """Faults of one page; one that breaks is a fault too."""
    broken = [f"answers {answer.status_code}"] if answer.status_code >= 500 else []
    return [f"{asked_for}: {fault}" for fault in broken + faults(answer, language)]


def asked(client: Client, address: str, language: str, *, method: str = "get", data: Any = None) -> list[str]:
    """Faults of the page at an address."""
    return told(ask(client, method, address, data), f"{language} {method} {address}", language)


def reader_of(page: Page, world: LatinWorld) -> str | None:
    """The first reader whose role opens a page."""
    return next((name for name in world.users if name.split()[1] in page.roles("get") | page.roles("post")), None)


def came_back(answer: Any) -> bool:
    """Whether a page came back with what is wrong in its form: it then says all that it says when it is opened, and more."""
    context = answer.context if answer.status_code == 200 and not answer.streaming else None
    return bool(context is not None and getattr(context.get("form"), "errors", None))


def looked_at(page: Page, language: str, label: str, model: Any) -> list[Any]:
    """The rows whose page is asked for: in Chinese, which offices read, of every state; of the past and in English of one.

    In English nothing else is looked for than a text that nobody marked for translation, which shows in Chinese first.
    """
    rows = rows_of(label, model)
    return rows[-1:] if not FULL_SWEEP and (language == "en" or page.verb == "history") else rows


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("label", sorted(model._meta.label_lower for model in admin.site._registry))
def test_pages_of_a_model(label: str, language: str, world: LatinWorld, clients: dict[tuple[str, str], Client]) -> None:
    found: list[str] = []
    pages, model = next((pages, each.model) for known, each, pages in admin_pages() if known == label)
    for page in pages:
        name = reader_of(page, world)
        if name is None:
            continue
        acted: set[str] = set()
        refused: set[str] = set()
        for row in looked_at(page, language, label, model) if page.takes_object else [None]:
            kind = getattr(row, "kind", "")
            if kind in acted and not FULL_SWEEP:
                continue  # the form and its errors have been seen; what other states answer is said alike
            address, client = reverse(page.name, args=[row.pk] if row is not None else []), clients[name, language]
            if page.verb in ("changelist", "change", "history", "delete"):
                found += asked(client, address, language)
                continue
            answer = ask(client, "post", address, {"_ask": "1"})
            found += told(answer, f"{language} post {address}", language)
            if answer.status_code == 200:
                acted.add(kind)
            alike = came_back(answer) or kind in refused
            if answer.status_code in (403, 404, 409):
                refused.add(kind)  # in the short form one row says why it cannot be done now, asked to show and to act
            if FULL_SWEEP or not alike:
                found += asked(client, address, language)
    assert found == [], "\n" + "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbench_of_each_reader(language: str, world: LatinWorld, clients: dict[tuple[str, str], Client]) -> None:
    found = [fault for name in world.users for fault in asked(clients[name, language], reverse("admin:index"), language)]
    assert found == [], "\n" + "\n".join(dict.fromkeys(found))


def test_lists_and_pages_asked_for_more(world: LatinWorld, clients: dict[tuple[str, str], Client]) -> None:
    """Searches, filters and parts of pages that only a query opens."""
    rosters, people = reverse("admin:beneficiaries_roster_changelist"), reverse("admin:beneficiaries_person_changelist")
    reviewed = Roster.objects.get(state=State.REVIEW, renewed_period=None)
    page = reverse("admin:beneficiaries_roster_change", args=[reviewed.pk])
    row = reviewed.rows.filter(verdict=Verdict.REFUSED).earliest("pk")
    day = timezone.localdate()
    statement = reverse("admin:programs_funder_statement", args=[Funder.objects.get(name="Zqfoundation").pk])
    asked_for = {
        "city reviewer": [
            f"{rosters}?q=zq", f"{rosters}?state__exact=review", f"{rosters}?q=0", f"{people}?q=zq", f"{people}?q=zq1",
        ],
        "county clerk": [
            *(f"{page}?verdict={verdict.value}" for verdict in Verdict), f"{page}?row={row.pk}", f"{page}?code=ID_CHECKSUM",
            reverse("admin:search") + "?s=a", reverse("admin:search") + "?s=%E5%90%8D",
        ],
        "charity finance_maker": [
            f"{statement}?program={world.program.pk}&first={day}&last={day}", f"{statement}?program=0&first=x&last={day}",
        ],
        "city security_admin": [
            reverse("admin:accounts_membership_changelist") + "?ending=soon",
            reverse("admin:accounts_user_changelist") + "?q=zqcity",
        ],
    }
    found = [
        fault for language in LANGUAGES for name, addresses in asked_for.items() for address in addresses
        for fault in asked(clients[name, language], address, language)
    ]
    assert found == [], "\n" + "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_signing_in(language: str, world: LatinWorld, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    user = make_user(f"zqsign.{language[:2]}", role="security_admin", organization=world.city, display_name="Zqsign")
    client = Client(headers={"accept-language": language}, raise_request_exception=False)
    login, code = reverse("accounts:login"), reverse("accounts:second_factor")
    set_up, codes = reverse("accounts:second_factor_set_up"), reverse("accounts:recovery_codes")
    change = reverse("accounts:password_change")
    found = asked(client, login, language)
    found += asked(client, login, language, method="post", data={"username": "", "password": ""})
    found += asked(client, login, language, method="post", data={"username": user.username, "password": "zqwrong"})
    client.post(login, {"username": user.username, "password": PASSWORD})
    found += asked(client, reverse("admin:index"), language)
    found += asked(client, set_up, language)
    found += asked(client, set_up, language, method="post", data={"token": ""})
    found += asked(client, set_up, language, method="post", data={"token": "000000"})
    secret = SecondFactor.objects.get(user=user).secret.reveal()
    shown = client.post(set_up, {"token": totp.token_at(secret, at=timezone.now())})
    assert shown.status_code == 200 and shown.context["codes"]
    found += [f"{language} codes: {fault}" for fault in faults(shown, language)]
    for address, data in ((codes, {}), (change, {}), (change, {"current": "zq", "password": "zq", "repeated": "zqq"})):
        found += asked(client, address, language)
        found += asked(client, address, language, method="post", data=data)
    client.post(reverse("admin:logout"))
    client.post(login, {"username": user.username, "password": PASSWORD})
    found += asked(client, code, language)
    found += asked(client, code, language, method="post", data={"token": ""})
    found += asked(client, code, language, method="post", data={"token": "000000"})
    assert found == [], "\n" + "\n".join(dict.fromkeys(found))
    with override(language):
        request = RequestFactory().get(login)
        request.user, request.session = AnonymousUser(), client.session
        locked = locked_page(request)
    assert locked.status_code == 429 and faults(locked, language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_error_pages(
    language: str, world: LatinWorld, clients: dict[tuple[str, str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_given: Any, **_more: Any) -> None:
        raise RuntimeError("planted")

    clerk = clients["county clerk", language]
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    answers = {
        404: clerk.get("/zq/nowhere"), 403: clerk.get(reverse("admin:accounts_user_changelist")),
        "csrf": strict.post(reverse("accounts:login"), {"username": "zq"}),
    }
    monkeypatch.setattr(dashboard, "queue_card", breaks)
    answers[500] = clerk.get(reverse("admin:index"))
    assert {name: answer.status_code for name, answer in answers.items()} == {404: 404, 403: 403, "csrf": 403, 500: 500}
    found = [f"{name}: {fault}" for name, answer in answers.items() for fault in faults(answer, language)]
    assert found == []
    # None of them is empty: each says something in the reader's language.
    shown = HAN if language == "zh-hans" else WORD
    assert all(shown.search(" ".join(said_on(answer.content.decode()))) for answer in answers.values())


@pytest.mark.parametrize(
    ("language", "page", "fault"),
    [
        ("en", "<p>Roster 申请</p>", "Roster 申请"), ("en", '<a title="名单">x</a>', "名单"),
        ("en", '<input type="submit" value="提交">', "提交"), ("zh-hans", "<th>Premium</th>", "Premium"),
        ("zh-hans", '<input placeholder="Type to search">', "Type to search"),
        ("zh-hans", "<title>名单 | Select</title>", "名单 | Select"),
    ],
)
def test_a_planted_fault_is_found(language: str, page: str, fault: str) -> None:
    assert faults(HttpResponse(f"<html><body>{page}</body></html>"), language) == [fault]


@pytest.mark.parametrize("language", LANGUAGES)
def test_icons_codes_and_data_are_no_faults(language: str) -> None:
    silent = '<span class="material-symbols-outlined">search</span><i translate="no">roster.x 中</i><script>var a</script>'
    assert faults(HttpResponse(f"{silent}<p>Zqname zq.user</p>"), language) == []
