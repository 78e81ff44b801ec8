"""Strikes one action at each of its fault points, and compares all tables with before and after: nothing between is let by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import count
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from audit import keys
from audit.faults import FaultAt, PlantedFault, handled_by
from audit.testing import FULL_SWEEP
from portal.verify import check_all

#: What a strike looks like to whoever called the action.
LOST = (PlantedFault, OperationalError, InterfaceError)
#: Points of `events.record`, which every action passes: they do not make an action's own.
RECORD = "audit.record."
_numbers = count(1)
#: Tables that hold nothing of ours, or only who was at work.
_ASIDE = ("django_migrations", "django_content_type", "pghistory_context")
#: Columns whose values differ from run to run: numbers of rows, secrets, places in a tree made of numbers, steps of a clock.
_VARYING = re.compile(
    r"(^|_)(id|ids)$|^pgh_|^password$|^code_hash$|^path$|_path$|^worker$|^secret$|^folder$|^storage_key$|^last_step$")
_VARYING_OF = {
    "audit_seal": ("position",),
    # Over numbers of rows.
    "gates_notice": ("digest",), "gates_noticeevent": ("digest",),
    **dict.fromkeys(("handover_handover", "handover_handoverevent"), ("digest", "sha256", "size", "statement")),
    "handover_handoverpart": ("crc", "size"),
    **dict.fromkeys(("handover_invoice", "handover_invoiceevent"), ("digest", "approved_digest", "shares", "layouts")),
    # Over numbers of rows, and of the batch in its file.
    **dict.fromkeys(("payouts_batch", "payouts_batchevent"), ("digest", "sha256", "size")),
    "payouts_batchvote": ("digest",), "payouts_batchpart": ("sha256", "size"),
    "subsidies_fundrequest": ("digest",), "subsidies_fundrequestevent": ("digest",),
    "subsidies_differences": ("digest",), "subsidies_differencesevent": ("digest",),
    **dict.fromkeys(("closing_monthclosing", "closing_monthclosingevent"), ("digest", "previous_digest")),
    **dict.fromkeys(("years_planreview", "years_planreviewevent"), ("digest",)),
    **dict.fromkeys(("retention_destructionrun", "retention_destructionrunevent"), ("digest",)),
    **dict.fromkeys(("samples_sample", "samples_sampleevent"), ("digest", "population_digest")),
    **dict.fromkeys(("samples_sampleitem", "samples_sampleitemevent"), ("number", "rank")),
    **dict.fromkeys(("samples_evidencebundle", "samples_evidencebundleevent"), ("digest", "size")),
    "samples_evidencepart": ("number", "page_size", "page_sha256", "data_size", "data_sha256"),
    **dict.fromkeys(("gates_noticefile", "gates_noticefileevent"), ("digest", "size")), "gates_noticefilepart": ("sha256", "size"),
    "papers_printing": ("digest", "size"), "papers_printingevent": ("digest", "size"),
    "papers_printedpart": ("sha256", "size"), "papers_personrequest": ("sha256", "size"),
    "papers_personrequestevent": ("sha256", "size"),
    # Numbers of messages stand in their files.
    **dict.fromkeys(("outreach_sending", "outreach_sendingevent"), ("digest",)), "outreach_sendingpart": ("size",),
}
_VARYING_KINDS = ("bytea", "timestamp with time zone", "uuid")
#: Numbers of rows within texts: paths, users and programs in an event's data, codes of ledger accounts.
_NUMBERED = re.compile(
    r'"/[0-9/]+/"|"(?:user|export|notice|payment|other|change|hand_over|receipt|invoice|printing|sending|'
    r'wording|comparison|bundle)": [0-9]+|'
    r'"(?:content|sha256|checksum)": "[0-9a-f]{12}"|"subject_id": "[0-9]+"|"programs": \[[0-9, ]+\]|\b[pfb][0-9]+\b|'
    r'\bT[0-9]{10,}\b'
)
#: PostgreSQL takes a hundred arguments.
_AT_ONCE = 40


@dataclass(frozen=True)
class Token:
    """What tells the rows of one run from those of another: letters for names, capitals for codes, digits for regions."""

    letters: str
    digits: str

    @property
    def capitals(self) -> str:
        """For codes of programs."""
        return self.letters.upper()

    @property
    def number(self) -> int:
        """From 0 to 498: which run of hundreds."""
        return int("".join(str(ord(letter) - ord("a")) for letter in self.letters[2:])) % 499

    def without(self, text: str) -> str:
        """A row's text as every run would have it."""
        for own in (self.letters, self.capitals, self.digits):
            text = text.replace(own, "#")
        return _unnumbered(text)


@lru_cache(maxsize=20_000)
def _unnumbered(text: str) -> str:
    """Most rows are the same before and after a run."""
    return _NUMBERED.sub('"#"', text)


def new_token() -> Token:
    """One that no other run has."""
    number = next(_numbers)
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")
    return Token(f"zz{letters}", f"4416{number % 90 + 10:02d}")


Rows = Counter[tuple[str, str]]


def standing() -> str:
    """All that is committed, as one text: of each table which transactions wrote which rows where.

    Whatever is committed makes, moves or ends a row; what is rolled back does not. Contents need not be read for it.
    """
    # The server may read tables side by side and give them in any order.
    return "\n".join(sorted(f"{table} {rows} {writers}" for table, rows, writers in _asked(_questions()[0])))


def rows_of(token: Token) -> Rows:
    """All rows of all tables, as far as runs can be compared by them."""
    return Counter((table, token.without(text)) for table, texts in _asked(_questions()[1]) for text in texts or ())


def _asked(question: str) -> list[tuple[Any, ...]]:
    """The answer to one of the two questions, whose hundred tables are planned once a session, not on each new connection."""
    found: list[tuple[Any, ...]] = _looking().execute(question, prepare=True).fetchall()
    return found


_looks: list[psycopg.Connection] = []


def _looking() -> psycopg.Connection:
    """A connection beside the one that is struck."""
    if not _looks:
        parameters = connection.get_connection_params()
        _looks.append(psycopg.connect(**{**parameters, "cursor_factory": psycopg.Cursor, "autocommit": True}))
    return _looks[0]


def stop_looking() -> None:
    """Leave the database, so that it can be dropped."""
    while _looks:
        _looks.pop().close()


@cache
def _questions() -> tuple[str, str]:
    """Both statements over all tables, whose columns stay what they are while tests run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position"
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in cursor.fetchall():
            if table not in _ASIDE:
                found.setdefault(table, []).append((column, kind))
    return _writers(found), _texts(found)


def _writers(tables: Iterable[str]) -> str:
    return " UNION ALL ".join(
        f"SELECT '{table}', count(*), sum(hashtidextended(ctid, xmin::text::bigint)) FROM \"{table}\"" for table in tables
    )


def _texts(tables: dict[str, list[tuple[str, str]]]) -> str:
    parts = []
    for table, columns in tables.items():
        told = [
            f"'{name}', \"{name}\" IS NOT NULL"
            if kind in _VARYING_KINDS or _VARYING.search(name) or name in _VARYING_OF.get(table, ())
            else f"'{name}', \"{name}\""
            for name, kind in columns
        ]
        groups = [", ".join(told[start : start + _AT_ONCE]) for start in range(0, len(told), _AT_ONCE)]
        row = " || ".join(f"jsonb_build_object({group})" for group in groups)
        parts.append(f"SELECT '{table}', array_agg(({row})::text) FROM \"{table}\" t")
    return " UNION ALL ".join(parts)


def change(before: Rows, after: Rows) -> tuple[Rows, Rows]:
    """Rows that came and rows that went."""
    return after - before, before - after


@dataclass
class Swept:
    """What a sweep saw: points passed by a whole run, strikes, and how many of them came after the commit."""

    points: list[str]
    struck: int = 0
    after_commit: int = 0


def sweep_in_form(prepare: Callable[[Token], Callable[[], Any]], *, mode: str, warm: bool = False) -> Swept:
    """The full form (FULL_SWEEP=1) strikes every point and asks all invariants each time, the short one the middle."""
    if FULL_SWEEP:
        return sweep_action(prepare, mode=mode, verify=True, warm=warm)
    return strike_once(prepare, mode=mode, warm=warm)


def strike_once(prepare: Callable[[Token], Callable[[], Any]], *, mode: str, warm: bool = False) -> Swept:
    """Strike an action in the middle of its points, which a run that is rolled back has counted; nothing may be left of it.

    Raises AssertionError as `sweep_action` does, whose preparation it takes. A strike after the commit is compared with
    a whole run.
    """
    if warm:
        prepare(new_token())()
    token = new_token()
    act = prepare(token)
    counter = FaultAt()
    with handled_by(counter), transaction.atomic():
        act()
        transaction.set_rollback(True)
    keys.forget()
    swept, k = Swept(counter.seen), 1 + len(counter.seen) // 2
    ready = standing()
    if not _struck(act, k=k, mode=mode).struck:
        # Files that a run has removed are not rolled back: another preparation has them.
        act = prepare(new_token())
        ready = standing()
        if not _struck(act, k=k, mode=mode).struck:
            raise AssertionError(f"point {k} of {counter.seen} was not passed again")
    swept.struck = 1
    if standing() != ready:
        swept.after_commit = 1
        token = new_token()
        act, before = prepare(token), rows_of(token)
        fault = _struck(act, k=k, mode=mode)
        found = change(before, rows_of(token))
        _refuse_difference(_whole(prepare), found, f"a fault at {fault.seen[-1]} (point {k}, {mode})")
        _refuse_broken(fault, k=k, mode=mode)
    return swept


def sweep_action(
    prepare: Callable[[Token], Callable[[], Any]], *, mode: str, verify: bool = False, warm: bool = False,
) -> Swept:
    """Run an action with its k-th point fatal until a run survives; raises AssertionError when something between before
    and after was committed.

    `prepare` commits what one run needs and gives the run. `verify`: all invariants after each strike, not only after
    those that left something. `warm`: a run before all others makes what only the first makes, the keys of its purposes.
    """
    if warm:
        prepare(new_token())()
    counter = FaultAt()
    with handled_by(counter):
        whole = _whole(prepare)
    swept, k, ready = Swept(counter.seen), 1, ""
    while True:
        if not ready:
            token = new_token()
            act = prepare(token)
            ready, before = standing(), rows_of(token)
        fault = _struck(act, k=k, mode=mode)
        if not fault.struck:
            _refuse_difference(whole, change(before, rows_of(token)), "a run without a fault")
            return swept
        swept.struck += 1
        kept = standing() != ready
        if kept:
            _refuse_difference(whole, change(before, rows_of(token)), f"a fault at {fault.seen[-1]} (point {k}, {mode})")
            swept.after_commit += 1
            ready = ""
        if kept or verify:
            _refuse_broken(fault, k=k, mode=mode)
        k += 1


def _whole(prepare: Callable[[Token], Callable[[], Any]]) -> tuple[Rows, Rows]:
    """What a run without a fault changes."""
    token = new_token()
    act = prepare(token)
    before = rows_of(token)
    act()
    return change(before, rows_of(token))


def _struck(act: Callable[[], Any], *, k: int, mode: str) -> FaultAt:
    """The action run with its k-th point fatal, and whoever ran it gone."""
    fault = FaultAt(k=k, mode=mode)
    try:
        with handled_by(fault):
            act()
    except LOST:
        pass
    finally:
        connection.close()
        keys.forget()
    return fault


def _refuse_broken(fault: FaultAt, *, k: int, mode: str) -> None:
    broken = [(result.name, result.examples) for result in check_all() if result.rows]
    assert broken == [], f"a fault at {fault.seen[-1]} (point {k}, {mode}) broke {broken}"


def _refuse_difference(whole: Any, found: Any, what: str) -> None:
    sides = zip(("came", "went"), whole, found, strict=True)
    wrong = [
        f"{sign} {side} {table}: {text}" for side, wanted, had in sides
        for sign, rows in (("missing", wanted - had), ("too much", had - wanted)) for table, text in sorted(rows)
    ]
    assert wrong == [], f"{what} left a state that is neither before nor after:\n" + "\n".join(wrong)
