"""What a month was, set-wise, from the rooms that count and from the ledger; written beside a closing that is being drawn up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.utils.translation import override

from accounts.models import Region
from closing.digests import DIGEST
from closing.models import ClosedFigure, ClosingState, MonthClosing
from programs.models import Category, Funder, LedgerTransaction, Program
from programs.models.books import month_after, month_of
from programs.months import Cell, Month, cells_of, measures, open_points_of

#: From the balances of the month before, where it was closed, else from the beginning; every account that ever moved.
_BALANCES = """
    INSERT INTO closing_closedbalance (closing_id, account_id, kind, funder_name, tranche, opening, debits, credits)
    SELECT %(closing)s, a.id, a.kind, coalesce(f.name, ''), coalesce(u.label, ''), s.opening, s.debits, s.credits
    FROM (
        SELECT account_id, sum(opening) AS opening, sum(debits) AS debits, sum(credits) AS credits FROM (
            SELECT account_id, opening + debits - credits AS opening, 0 AS debits, 0 AS credits
            FROM closing_closedbalance WHERE closing_id = %(previous)s
            UNION ALL
            SELECT e.account_id, CASE WHEN t.booked_on < %(first)s THEN e.amount ELSE 0 END,
                CASE WHEN t.booked_on >= %(first)s THEN greatest(e.amount, 0) ELSE 0 END,
                CASE WHEN t.booked_on >= %(first)s THEN greatest(-e.amount, 0) ELSE 0 END
            FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
            WHERE t.program_id = %(program)s AND t.booked_on < %(next)s AND t.booked_on >= %(since)s
        ) moved GROUP BY account_id
    ) s
    JOIN programs_ledgeraccount a ON a.id = s.account_id
    LEFT JOIN programs_funder f ON f.id = a.funder_id
    LEFT JOIN programs_budget u ON u.id = a.budget_id
    ORDER BY a.id
"""


def last_closed(program: Program) -> MonthClosing | None:
    """The newest closed month of a program."""
    return MonthClosing.objects.filter(program=program, state=ClosingState.CLOSED).order_by("month").last()


def next_month(program: Program) -> date | None:
    """The month that is to be closed next: after the last closed one, else that of the first posting; None where nothing was."""
    closed = last_closed(program)
    if closed is not None:
        return month_after(closed.month)
    first = LedgerTransaction.objects.filter(program=program).aggregate(day=Min("booked_on"))["day"]
    return month_of(first) if first is not None else None


def postings_in(month: Month) -> int:
    """Postings whose accounting day lies in a month."""
    return LedgerTransaction.objects.filter(
        program_id=month.program_id, booked_on__gte=month.first, booked_on__lt=month_after(month.first)
    ).count()


def definitions() -> list[dict[str, Any]]:
    """Every measure as it is kept: in each language of the portal."""
    kept = [
        {
            "code": each.code, "is_money": each.is_money, "is_standing": each.is_standing, "by_payer": each.by_payer,
            "overlaps": each.overlaps, "title": {}, "definition": {}, "detail": {},
        }
        for each in measures().values()
    ]
    for language, _name in settings.LANGUAGES:
        with override(language):
            for entry, each in zip(kept, measures().values(), strict=True):
                said: Any = entry
                said["title"][language], said["definition"][language] = str(each.title), str(each.definition)
                if each.detail:
                    said["detail"][language] = str(each.detail)
    return kept


def open_points(month: Month) -> list[dict[str, Any]]:
    """What is open as of now, in each language of the portal."""
    found = open_points_of(month)
    kept: list[dict[str, Any]] = [
        {
            "code": point.code, "number": number, "sentence": {},
            "address": point.address(month) if point.address is not None else "",
        }
        for point, number in found
    ]
    for language, _name in settings.LANGUAGES:
        with override(language):
            for entry, (point, number) in zip(kept, found, strict=True):
                entry["sentence"][language] = str(point.sentence) % {"number": number}
    return kept


def write_figures(closing: MonthClosing, cells: Sequence[Cell]) -> None:
    """With the names of their places, categories, payers and details as they are now."""
    places = Region.objects.names_of({cell.county for cell in cells if cell.county})
    categories = Category.objects.in_bulk({cell.category_id for cell in cells if cell.category_id})
    funders = Funder.objects.in_bulk({cell.funder_id for cell in cells if cell.funder_id})
    details = _details_of(closing.program_id, cells)
    ClosedFigure.objects.bulk_create(
        (
            ClosedFigure(
                closing=closing, measure=cell.measure, county=cell.county, county_name=places.get(cell.county, cell.county),
                category_id=cell.category_id, category_name=categories[cell.category_id].name if cell.category_id else "",
                funder_id=cell.funder_id, funder_name=funders[cell.funder_id].name if cell.funder_id else "",
                detail=cell.detail, detail_name=details.get((cell.measure, cell.detail), cell.detail), before=cell.before,
                amount=cell.amount,
            )
            for cell in sorted(
                cells, key=lambda cell: (cell.measure, cell.county, cell.category_id or 0, cell.funder_id or 0, cell.detail)
            )
        ),
        batch_size=2_000,
    )


def _details_of(program_id: int, cells: Sequence[Cell]) -> dict[tuple[str, str], str]:
    """(measure, code) -> its name in the language of the offices."""
    found: dict[tuple[str, str], str] = {}
    with override(settings.LANGUAGE_CODE):
        for each in measures().values():
            codes = {cell.detail for cell in cells if cell.measure == each.code and cell.detail}
            if codes and each.names is not None:
                found |= {(each.code, code): str(name)[:200] for code, name in each.names(program_id, codes).items()}
    return found


def figures_now(month: Month) -> list[Cell]:
    """As of now."""
    return cells_of(month)


def write_balances(closing: MonthClosing) -> None:
    """Every account's opening, debits and credits by accounting day, in one statement."""
    since = closing.month if closing.previous_id is not None else date.min
    with connection.cursor() as cursor:
        cursor.execute(
            _BALANCES,
            {
                "closing": closing.pk, "previous": closing.previous_id, "program": closing.program_id, "first": closing.month,
                "next": month_after(closing.month), "since": since,
            },
        )


def digest_of(closing: MonthClosing) -> str:
    """Over all that is kept of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {DIGEST} FROM closing_monthclosing c WHERE c.id = %s", [closing.pk])  # noqa: S608 - ours
        return str(cursor.fetchone()[0])
