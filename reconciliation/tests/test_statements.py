"""A month's statement of claims: from owed to owed, as the ledger says; corrections fall into the next month; few are not told."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.testing import make_world
from closing.models import ClosedBalance, ClosedFigure
from closing.testing import closed, this_month
from exports.tables import workbook_of
from payouts.testing import Till, fresh, keys_of, verifying
from programs.models.books import month_after
from reconciliation.models import ClaimStatement
from reconciliation.panels import _funder
from reconciliation.statement import Reader, readers_of, tables_of
from reconciliation.statement_files import paper_of
from reconciliation.testing import owe_booked, sent_booked

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> Till:
    """Four payouts: paid, failed, returned, unanswered; a fifth that is owed. County and foundation bear premiums."""
    till, batch = sent_booked("1.00", "2.00", "3.00", "4.00")
    one, two, three, _four = keys_of(batch)
    till.answered(fresh(batch), [(one, "1.00", "Y"), (two, "2.00", "N", "E404"), (three, "3.00", "T", "", "销户")])
    owe_booked(till, "5.00")
    return till


_django_db_helper, one_world, kept_world = shared(made)


def statement(till: Till, month: Any = None) -> ClaimStatement:
    return ClaimStatement.objects.get(pk=closed(till.world, month).pk)


def test_a_statement_leads_from_what_was_owed_to_what_is_owed_as_the_ledger_has_it(kept_world: Till) -> None:
    found = statement(kept_world)
    program = readers_of(found)[0]
    movement, responsibilities, outcomes, _standing, counties, reported = tables_of(found, program)
    by_number = [cells for _name, cells in movement.lines]
    assert by_number == [
        (None, D("0.00")), (5, D("15.00")), (None, D("0.00")), (2, D("-4.00")), (1, D("3.00")),
    ]
    assert movement.total is not None and movement.total[1] == (None, D("14.00"))
    booked = ClosedBalance.objects.get(closing=found, kind="claims_payable")
    assert -booked.ending == D("14.00")
    assert [cells for _name, cells in responsibilities.lines] == [(D("15.00"), D("15.00"))]
    assert [cells for _name, cells in outcomes.lines] == [(5, 5)]
    assert [cells for _name, cells in counties.lines] == [(D("15.00"), D("4.00"), D("3.00"), D("14.00"))]
    assert reported.lines == []


def test_what_verified_accounts_is_a_cost_beside_the_statement_and_no_claim_in_it(kept_world: Till) -> None:
    testing = verifying(kept_world)
    tested = testing.brought(testing.written(testing.prepare_test()))
    (key,) = keys_of(tested)
    testing.answered(tested, [(key, "0.01", "Y")])
    found = statement(kept_world)
    movement, *_others, counties, reported, verified = tables_of(found, readers_of(found)[0])
    assert [cells for _name, cells in verified.lines] == [(1, D("0.01"), D("0.01"))]
    assert "属付款方费用，不是赔款" in verified.remark
    assert ClosedBalance.objects.get(closing=found, kind="account_tests").ending == D("0.01")
    # Paid, returned and owed are those of claims alone.
    assert [cells for _name, cells in movement.lines][-2:] == [(2, D("-4.00")), (1, D("3.00"))]
    assert movement.total is not None and movement.total[1] == (None, D("14.00"))
    assert [cells for _name, cells in counties.lines] == [(D("15.00"), D("4.00"), D("3.00"), D("14.00"))]
    assert reported.lines == []
    insurer = next(each for each in readers_of(found) if each.key.startswith("insurer:"))
    assert [cells for _name, cells in tables_of(found, insurer)[0].lines] == [(D("1.00"), "100.00 %", D("1.00"), D("1.00"))]


def test_what_comes_after_the_month_is_closed_falls_into_the_next(kept_world: Till) -> None:
    month = this_month()
    first = statement(kept_world)
    # Decided and paid on a day of the closed month still: the books count it in the next one.
    owe_booked(kept_world, "6.00")
    second = statement(kept_world, month_after(month))
    movement = tables_of(second, readers_of(second)[0])[0]
    amounts = [cells[1] for _name, cells in movement.lines]
    assert amounts == [D("14.00"), D("6.00"), D("0.00"), D("0.00"), D("0.00"), D("0.00")]
    assert movement.total is not None and movement.total[1] == (None, D("20.00"))
    assert -ClosedBalance.objects.get(closing=second, kind="claims_payable").ending == D("20.00")
    assert tables_of(first, readers_of(first)[0])[0].total == (movement.total[0], (None, D("14.00")))


def test_a_funder_is_told_what_was_paid_to_whom_it_shares_without_few_people(kept_world: Till) -> None:
    found = statement(kept_world)
    funders = [each for each in readers_of(found) if each.key.startswith("funder:")]
    assert len(funders) == 2
    for each in funders:
        (table,) = tables_of(found, each)
        # Two people were paid: nobody is told how much.
        assert [cells for _name, cells in table.lines] == [(None, None, None, None)]
        assert table.total is not None and table.total[1] == (None, None, None, None)
    figures = ClosedFigure.objects.filter(closing=found, measure="payouts.cofunded_people")
    assert sorted(figures.values_list("amount", flat=True)) == [D("2.00"), D("2.00")]


def test_a_funder_reads_on_its_own_page_what_offices_closed(kept_world: Till) -> None:
    statement(kept_world)
    world = kept_world.world
    reader = make_user("foundation.reader", organization=world.foundation.organization, role="finance_maker")
    own = _funder(world.foundation, reader)
    assert [(closing.month, cells) for closing, cells in own["months"]] == [(this_month(), ["—"] * 4)]
    assert len(_funder(world.foundation, world.finance_maker)["months"]) == 1
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    assert _funder(world.foundation, other.finance_maker)["months"] == []


def test_an_insurer_is_told_its_part(kept_world: Till) -> None:
    found = statement(kept_world)
    insurer = next(each for each in readers_of(found) if each.key.startswith("insurer:"))
    shares, reported = tables_of(found, insurer)
    assert [cells for _name, cells in shares.lines] == [(D("1.00"), "100.00 %", D("1.00"), D("1.00"))]
    assert reported.lines == []


def test_workbook_and_paper_say_what_the_page_says(kept_world: Till) -> None:
    found = statement(kept_world)
    reader = Reader("program", found.program.name)
    tables = tables_of(found, reader)
    content = workbook_of(tables, [("项目", "=cmd"), ("校验码", found.digest)], about="关于")
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames[0] == "关于" and len(book.sheetnames) == len(tables) + 1
    assert book["关于"]["B1"].value == "'=cmd"
    sheet = book[book.sheetnames[1]]
    assert [sheet.cell(row=row, column=3).value for row in range(2, 8)] == [0, 15, 0, -4, 3, 14]
    paper = paper_of(tables, [("项目", found.program.name)], title="赔付月结单", foot=found.digest)
    assert paper.startswith(b"%PDF-") and paper == paper_of(
        tables, [("项目", found.program.name)], title="赔付月结单", foot=found.digest
    )


def test_a_month_closed_before_claims_were_counted_says_nothing_of_them(kept_world: Till) -> None:
    found = statement(kept_world)
    found.measures = []
    assert tables_of(found, Reader("program", found.program.name)) == []
