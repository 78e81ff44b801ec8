"""Tables of places on the workbench: who is covered and who waits where, and what each payer pays there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from audit.panels import Place, PlaceData, PlaceGroup, PlaceTable
from beneficiaries.counted import PERSON, ZERO, people_by_place, premium_by_place
from beneficiaries.gating import Gate
from programs.models import Funder

_VIEW_ENROLLMENT = "beneficiaries.view_enrollment"
#: Payers in the order of a statement.
PAYERS = (PERSON, *Funder.Kind.values)
_WAITS = {
    Gate.NOTICE: _("waits for the notice"), Gate.OWN_PAYMENT: _("has not paid"), Gate.ACCEPTANCE: _("waits for the insurer"),
}
#: Digits of the region that places stand below, by their own: towns in counties, counties in cities.
_ABOVE = {9: 6, 6: 4, 4: 2}
#: More counties than these are shown by their cities: a table of hundreds of lines is read by nobody.
MOST, CITY_DIGITS = 60, 4
Numbers = Mapping[str, Sequence[int | Decimal]]


def _people(user: Any) -> PlaceData:
    today = timezone.localdate()
    this = today.replace(day=1)
    last = this.replace(year=this.year - 1, month=12) if this.month == 1 else this.replace(month=this.month - 1)
    found = people_by_place(user, _VIEW_ENROLLMENT, (last, this))
    numbers: dict[str, Sequence[int | Decimal]] = {
        code: [place.covered, *(place.waiting[gate] for gate in Gate), place.this_month, place.last_month]
        for code, place in found.items()
    }
    columns = [_("covered"), *(_WAITS[gate] for gate in Gate), _("enrolled this month"), _("last month")]
    return laid_out(columns, numbers, _list_of(user))


def _premium(user: Any) -> PlaceData:
    found = premium_by_place(user, "programs.view_statement")
    numbers = {code: [sum(paid.values(), ZERO), *(paid.get(payer, ZERO) for payer in PAYERS)] for code, paid in found.items()}
    columns = [_("premium"), _("the insured person"), *(Funder.Kind(kind).label for kind in Funder.Kind.values)]
    return laid_out(columns, numbers, _list_of(user))


def laid_out(columns: Sequence[Any], numbers: Numbers, address: Callable[[str], str]) -> PlaceData:
    """Places below their cities, towns below counties, with sums; columns and places of nothing but zeros are left out."""
    shown = [at for at in range(len(columns)) if any(line[at] for line in numbers.values())]
    kept = {code: [line[at] for at in shown] for code, line in sorted(numbers.items()) if any(line)}
    if len(kept) > MOST:
        cities: dict[str, list[list[int | Decimal]]] = {}
        for code, line in kept.items():
            cities.setdefault(code[:CITY_DIGITS], []).append(line)
        kept = {code: summed(lines) for code, lines in cities.items()}
    groups: dict[str, list[str]] = {}
    for code in kept:
        groups.setdefault(code[: _ABOVE.get(len(code), 0)], []).append(code)
    names = Region.objects.names_of([*kept, *groups])
    return PlaceData(
        [columns[at] for at in shown],
        [
            PlaceGroup(
                names.get(above) or _t("without a region"),
                [Place(code, names.get(code) or code or _t("without a region"), kept[code], address(code)) for code in codes],
                summed([kept[code] for code in codes]),
            )
            for above, codes in groups.items()
        ],
        summed(list(kept.values())) or [0] * len(shown),
    )


def summed(lines: Sequence[Sequence[int | Decimal]]) -> list[int | Decimal]:
    """Column by column."""
    return [sum(column[1:], column[0]) for column in zip(*lines, strict=True)]


def _list_of(user: Any) -> Callable[[str], str]:
    """The list of a place's covers; nothing for who has no such list."""
    page = reverse("admin:beneficiaries_enrollment_changelist") if user.has_perm(_VIEW_ENROLLMENT) else ""
    return lambda code: f"{page}?{urlencode({'place': code})}" if page and code else ""


TABLES = (
    PlaceTable(
        "beneficiaries.people_by_place", _("People by place"), _VIEW_ENROLLMENT, _people,
        _("The darker a number's ground, the larger it is within its column."),
    ),
    PlaceTable(
        "beneficiaries.premium_by_place", _("Premium and who pays it, by place (yuan)"), "programs.view_statement", _premium,
        _("Of who is covered or waits. The darker a number's ground, the larger it is within its column."),
    ),
)
