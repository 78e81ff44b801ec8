"""Statements of a month for whoever reads them: co-insurers' parts, payers' people and yuan, each as page, workbook and paper."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Organization
from accounts.testing import make_organization
from audit.testing import shared
from closing.testing import closed, this_month
from exports.tables import Table
from handover.tests.test_pages import signed_in, text_of
from papers.tests.reading import lines_of
from payouts.testing import Till, fresh, keys_of
from programs.models import PlanInsurer
from programs.models.books import month_after
from reconciliation.models import ClaimStatement
from reconciliation.statement import readers_of, tables_of
from reconciliation.testing import owe_booked, sent_booked

pytestmark = pytest.mark.django_db
D = Decimal
PAID = ("10.00", "20.00", "30.00", "40.00", "50.01")


def made() -> Till:
    """Five people were paid 150.01 yuan, and a sixth 60.00, which came back."""
    till, batch = sent_booked(*PAID, "60.00")
    *five, sixth = keys_of(batch)
    till.answered(fresh(batch), [
        *((key, amount, "Y") for key, amount in zip(five, PAID, strict=True)), (sixth, "60.00", "T", "", "销户"),
    ])
    return till


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def coinsured(till: Till) -> list[Organization]:
    """The plan as if two insurers had borne it from the first day: two thirds and one."""
    lead, other = till.world.insurer, make_organization("乙人寿保险", kind="insurer")
    with pgtrigger.ignore("programs.PlanInsurer:plan_insurer_stands"):
        for insurer, share in ((lead, "66.6667"), (other, "33.3333")):
            PlanInsurer.objects.create(plan=till.world.plan, insurer=insurer, share=D(share), lead=insurer == lead)
    return [lead, other]


def statement(till: Till, month: Any = None) -> ClaimStatement:
    return ClaimStatement.objects.get(pk=closed(till.world, month).pk)


def told(found: ClaimStatement, key: str) -> Table:
    """The first table of a reader."""
    reader = next(each for each in readers_of(found) if each.key == key)
    return tables_of(found, reader)[0]


def test_co_insurers_are_told_parts_that_are_the_whole_to_the_fen(kept_world: Till) -> None:
    lead, other = coinsured(kept_world)
    found = statement(kept_world)
    first, second = (told(found, f"insurer:{each.pk}") for each in (lead, other))
    assert [cells for _name, cells in first.lines] == [(D("150.01"), "66.6667 %", D("100.01"), D("100.01"))]
    assert [cells for _name, cells in second.lines] == [(D("150.01"), "33.3333 %", D("50.00"), D("50.00"))]
    assert first.total is not None and second.total is not None
    assert first.total[1] == (D("150.01"), "", D("100.01"), D("100.01"))
    assert second.total[1] == (D("150.01"), "", D("50.00"), D("50.00"))


def test_parts_since_the_beginning_are_the_whole_too(kept_world: Till) -> None:
    lead, other = coinsured(kept_world)
    statement(kept_world)
    owe_booked(kept_world, "0.01")
    batch = kept_world.sent()
    kept_world.answered(batch, [(keys_of(batch)[0], "0.01", "Y")])
    found = statement(kept_world, month_after(this_month()))
    cells = [told(found, f"insurer:{each.pk}").lines[0][1] for each in (lead, other)]
    # Taken over in the month that was closed before: it stands in what was paid since the beginning.
    assert cells == [(D("0.00"), "66.6667 %", D("0.00"), D("100.02")), (D("0.00"), "33.3333 %", D("0.00"), D("50.00"))]


def test_a_payer_is_told_people_and_yuan_from_five_people_on(kept_world: Till) -> None:
    found = statement(kept_world)
    funders = [each.key for each in readers_of(found) if each.key.startswith("funder:")]
    assert len(funders) == 2
    for key in funders:
        table = told(found, key)
        # Six were paid for the first time; what came back is no payment.
        assert [(name, cells) for name, cells in table.lines] == [("源城区", (6, D("150.01"), 6, D("150.01")))]
        assert table.total is not None and table.total[1] == (6, D("150.01"), 6, D("150.01"))


def page(name: str, found: ClaimStatement, key: str) -> str:
    return f"{reverse(f'admin:reconciliation_claimstatement_{name}', args=[found.pk])}?for={key}"


def test_every_reader_gets_page_workbook_and_paper_with_its_figures(kept_world: Till) -> None:
    lead, other = coinsured(kept_world)
    found = statement(kept_world)
    readers = {each.key: each.name for each in readers_of(found)}
    figures = {
        "program": "60.00", f"insurer:{lead.pk}": "100.01", f"insurer:{other.pk}": "50.00",
        **{key: "150.01" for key in readers if key.startswith("funder:")},
    }
    assert (readers.keys(), len(figures)) == (figures.keys(), 5)
    client = signed_in(kept_world.maker)
    for key, figure in figures.items():
        assert figure in text_of(client.get(page("change", found, key))), key
        book = client.get(page("workbook", found, key))
        assert (book.status_code, f"{found.month:%Y-%m}-{key.replace(':', '-')}.xlsx" in book["Content-Disposition"]) == (200, True)
        assert float(figure) in _numbers(book.content), key
        paper = client.get(page("paper", found, key))
        assert (paper.status_code, paper["Content-Type"]) == (200, "application/pdf")
        lines = lines_of(paper.content)
        assert {figure, readers[key], found.digest} <= set(lines), (key, lines)


def _numbers(content: bytes) -> set[float]:
    """Whatever stands as a number, or its negative, in a workbook."""
    book = load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    return {abs(float(cell)) for cell in cells if isinstance(cell, (int, float))}
