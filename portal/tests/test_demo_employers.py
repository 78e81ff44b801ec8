"""The demo's employers: two rosters, two bills, one of them paid; a second load adds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from beneficiaries.models import Enrollment, Roster
from beneficiaries.synthetic import AT, Line, people
from beneficiaries.testing import make_world
from gates.models import BillPayment, EmployerBill
from portal.demo_employers import COMPANIES, insure_staff
from portal.verify import check_all
from programs.models import Program
from programs.reference import make_categories

pytestmark = pytest.mark.django_db


def of_the_county(*given: Any, **named: Any) -> Iterator[Line]:
    """The county's people where the county has no villages."""
    for line in people(*given, **named):
        yield Line(tuple("441602" if place == AT["region_code"] else cell for place, cell in enumerate(line.cells)))


def test_one_employer_has_paid_and_one_has_still_to_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.demo_employers.people", of_the_county)
    everybody = [each for each in make_categories(at=timezone.now()).values() if each.holds_for_everybody]
    world = make_world(requires_own_payment=True, own=Decimal("99.00"), county=None, categories=everybody)
    Program.objects.filter(pk=world.program.pk).update(kind=Program.Kind.SUPPLEMENTARY)
    world.period.program.refresh_from_db()
    said: list[str] = []
    for _time in range(2):
        insure_staff(
            world.period, clerk=world.clerk, reviewer=world.reviewer, maker=world.finance_maker, checker=world.finance_checker,
            say=said.append,
        )
    insured = [company.people for company in COMPANIES]
    assert list(EmployerBill.objects.order_by("pk").values_list("people", "amount")) == [
        (number, number * Decimal("99.00")) for number in insured
    ]
    assert (Roster.objects.count(), BillPayment.objects.get().people, len(said)) == (2, insured[0], 2)
    assert sorted(Enrollment.objects.values_list("state", flat=True)) == ["awaiting"] * insured[1] + ["in_force"] * insured[0]
    assert Roster.objects.order_by("pk")[0].counts["codes"]["FAMILY_MEMBER"] > 0
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
