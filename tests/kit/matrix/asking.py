"""Asks pages and judges answers: canaries, addresses of hidden rows, changed tables; what is expected is in `table`."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.classification import our_models
from audit.testing import FULL_SWEEP
from tests.kit.matrix.table import HIDDEN, SUBJECTS, admin_pages, level
from tests.kit.matrix.worlds import CANARIES, Worlds, rows_below

MISSING = 987_654_321
BACKEND = "accounts.backends.RoleBackend"
_ADDRESS = re.compile(r"/admin/(\w+)/(\w+)/(\d+)/")
#: What differs from answer to answer though nothing was changed.
_FLEETING = (
    re.compile(r'(csrfmiddlewaretoken"[^>]*value=")[^"]+'), re.compile(r'(nonce=")[^"]+'),
    re.compile(r"(\d+ )(?:秒|分钟|s|min)"),
)


def signed_in(user: User) -> Client:
    """A browser of a user."""
    client = Client(raise_request_exception=False)
    client.force_login(user, backend=BACKEND)
    return client


def text_of(answer: Any) -> str:
    """Head and body of an answer as text; workbooks unpacked."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    heads = "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
    return f"{heads}\n{body.decode('utf-8', errors='replace')}"


class Judge:
    """Knows, for one reader, what must not be shown."""

    def __init__(self, worlds: Worlds, reader: str, rows: dict[str, dict[str, Any]]) -> None:
        self.hidden: set[tuple[str, str]] = set()
        self.words: set[str] = set()
        for label, below in rows.items():
            for relation, row in below.items():
                # An office names its parent and its siblings rightly: by a link, whose target stays closed.
                if relation in ("foreign", "other program") and level(SUBJECTS[label], reader, relation) == HIDDEN:
                    self.hidden.add((label, str(row.pk)))
        for relation, canaries in CANARIES.items():
            if not canaries_are_open(reader, relation):
                self.words.update(canaries)

    def leaks(self, answer: Any, *, asked: str = "") -> list[str]:
        """What an answer tells: words, and addresses of hidden rows but the one that was asked."""
        text = text_of(answer)
        found = [f"shows {word}" for word in sorted(self.words) if word in text]
        for app, model, pk in set(_ADDRESS.findall(text)):
            if (f"{app}.{model}", pk) in self.hidden and f"/admin/{app}/{model}/{pk}/" not in asked:
                found.append(f"names {app}.{model} {pk}")
        if answer.status_code >= 500:
            found.append(f"breaks: {answer.status_code}")
        return found


def canaries_are_open(reader: str, relation: str) -> bool:
    """Whether the rows that carry the canaries of a relation (people, rosters, staff) are this reader's to see."""
    opened = level(SUBJECTS["beneficiaries.roster"], reader, relation) != HIDDEN
    if relation in ("other program", "foreign"):
        return opened or level(SUBJECTS["programs.program"], reader, relation) != HIDDEN
    return opened


def rows_of(worlds: Worlds) -> dict[str, dict[str, Any]]:
    """Model -> relation -> row."""
    return {label: rows_below(worlds.places, subject.find) for label, subject in SUBJECTS.items()}


def changes() -> int:
    """Rows of every table of ours and its history that this transaction has written so far; sessions aside."""
    with connection.cursor() as cursor:
        # Asked of our tables by number: the view of all tables takes ten times as long, before and after every request.
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_inserted(number) + pg_stat_get_xact_tuples_updated(number) "
            "+ pg_stat_get_xact_tuples_deleted(number))::bigint FROM unnest(%s::oid[]) AS number",
            [_numbers()],
        )
        return int(cursor.fetchone()[0])


@cache
def _numbers() -> list[int]:
    """The numbers of our tables in the catalog."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(name::regclass::oid) FROM unnest(%s::text[]) AS name", [_tables()])
        numbers: list[int] = cursor.fetchone()[0]
        return numbers


def _tables() -> list[str]:
    """Our tables, each with its history."""
    ours = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
    return sorted(model._meta.db_table for model in (*our_models(), *ours))


def digest_of_everything() -> dict[str, Any]:
    """One number per table of ours: whatever is written shows, since it stands elsewhere, or was written by somebody else."""
    union = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(ctid::text || xmin::text, 0)), 0) FROM \"{table}\""
        for table in _tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(union)
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}


def ask(client: Client, method: str, address: str, data: dict[str, Any] | None = None) -> Any:
    """One request in its own savepoint; whatever it changed is taken back."""
    with transaction.atomic():
        send = getattr(client, method)
        answer = send(address, data or {}) if method in ("get", "post") else send(address)
        if method != "get":
            transaction.set_rollback(True)
    return answer


def lists_and_workbench(readers: dict[str, User], clients: dict[str, Client]) -> dict[tuple[str, str], str]:
    """The pages without an object as readers of our city see them, without what differs each time.

    The workbench as each of them sees it. A list's rows follow from the place and the permission, which those who open it
    share: in the short form one of them looks, another at each list.
    """
    ours = [name for name in readers if name.startswith("city ")]
    asked = [(name, reverse("admin:index")) for name in ours]
    for label, _admin, pages in admin_pages():
        for page in pages:
            if page.verb == "changelist" and label in SUBJECTS:
                holding = [name for name in ours if readers[name].has_perm(page.permission)]
                one = [holding[zlib.crc32(page.name.encode()) % len(holding)]] if holding else []
                asked += [(name, reverse(page.name)) for name in (holding if FULL_SWEEP else one)]
    return {(name, address): settled(clients[name].get(address).content.decode()) for name, address in asked}


def settled(text: str) -> str:
    """A page without what differs each time."""
    for pattern in _FLEETING:
        text = pattern.sub(r"\1", text)
    return text
