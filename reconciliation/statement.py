"""A month's statement of claims, of the program, an insurer or a funder: tables of what was kept with the month; nothing is
counted anew. Amounts are yuan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _t

from accounts.models import Organization
from closing.models import ClosedBalance, ClosedFigure, MonthClosing
from exports.tables import Cell, Table
from programs.filing import insurers_of, parts_of
from programs.models import Funder, Plan
from programs.models.ledger import AccountKind
from programs.rules.coinsurance import divide, percent
from subsidies.rules import hidden

ZERO = Decimal("0.00")
_ALL = ""
#: Money, and people, by payer.
COFUNDED = ("payouts.cofunded", "payouts.cofunded_people")
#: Of amounts asked back: asked, come in, written off.
_BACK = ("claims.asked_back", "claims.received_back", "claims.written_off")


@dataclass(frozen=True)
class Reader:
    """For whom a statement is: "program", "insurer:12" or "funder:3"."""

    key: str
    name: str


class Figures:
    """What was kept of one month, summed up as asked."""

    def __init__(self, closing: MonthClosing) -> None:
        self._rows = list(ClosedFigure.objects.filter(closing=closing, measure__regex=r"^(claims|payouts|results)\."))
        counted = {each["code"] for each in closing.measures}
        self.is_counted, self.counts_back = "payouts.owed" in counted, "claims.received_back" in counted

    def rows(self, *measures: str) -> list[ClosedFigure]:
        """Of some measures."""
        return [row for row in self._rows if row.measure in measures]

    def month(self, measure: str) -> Decimal:
        """What happened in the month."""
        return sum((row.amount for row in self.rows(measure)), ZERO)

    def before(self, measure: str) -> Decimal:
        """What was before it."""
        return sum((row.before for row in self.rows(measure)), ZERO)

    def ending(self, measure: str) -> Decimal:
        """What stands at its end, or happened until then."""
        return self.before(measure) + self.month(measure)

    def by(self, measure: str, key: str) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
        """(code, name) -> before and in the month; `key`: detail or county."""
        found: dict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
        for row in self.rows(measure):
            place = (getattr(row, key), getattr(row, f"{key}_name") or _t("not told"))
            before, amount = found[place]
            found[place] = before + row.before, amount + row.amount
        return dict(sorted(found.items()))


def readers_of(closing: MonthClosing) -> list[Reader]:
    """The program, whoever insures it, and each funder of whose people somebody was paid."""
    program = closing.program
    insurers = Organization.objects.filter(
        pk__in=[program.insurer_id, *Plan.objects.filter(program=program).values_list("insurers__insurer", flat=True)]
    ).order_by("name")
    funders = Funder.objects.filter(
        pk__in=ClosedFigure.objects.filter(closing=closing, measure="payouts.cofunded").values("funder")
    ).order_by("name")
    return [
        Reader("program", program.name), *(Reader(f"insurer:{each.pk}", each.name) for each in insurers),
        *(Reader(f"funder:{each.pk}", each.name) for each in funders),
    ]


def tables_of(closing: MonthClosing, reader: Reader) -> list[Table]:
    """What a reader is told; none where the month was closed before claims were counted."""
    figures = Figures(closing)
    if not figures.is_counted:
        return []
    kind, _colon, key = reader.key.partition(":")
    if kind == "insurer":
        return [_shares(closing, figures, int(key)), _reported(figures, insurer=key)]
    if kind == "funder":
        return [cofunded(row for row in figures.rows(*COFUNDED) if row.funder_id == int(key))]
    return [
        _movement(closing, figures), *_asked_back(closing, figures), _responsibilities(figures), _outcomes(figures),
        _standing(figures), _counties(figures), _reported(figures), *_verified(closing, figures),
    ]


def _movement(closing: MonthClosing, figures: Figures) -> Table:
    """From what was owed at the begin to what is owed at the end, which the ledger has to say, too."""
    earlier = Figures(closing.previous) if closing.previous is not None else None
    kept = earlier.ending("payouts.owed") if earlier is not None and earlier.is_counted else None
    lines: list[tuple[str, Sequence[Cell]]] = [
        (title, (None, amount)) for title, amount in _beginning(
            figures.before("payouts.owed"), kept, _t("Owed at the begin"), _t("Owed at the begin, as closed")
        )
    ]
    for title, number, amount, sign in (
        (_t("Claims decided"), "claims.decided", "claims.decided_amount", 1), (_t("Asked back"), None, "claims.asked_back", 1),
        (_t("Paid"), "payouts.paid", "payouts.paid_amount", -1), (_t("Returned"), "payouts.returned", "payouts.returned_amount", 1),
    ):
        lines.append((title, (None if number is None else int(figures.month(number)), sign * figures.month(amount) or ZERO)))
    ending = figures.ending("payouts.owed")
    booked = -_balance(closing, AccountKind.CLAIMS_PAYABLE)
    remark = _t("The ledger says the same.") if booked == ending else _t(
        "By the ledger %(sum)s yuan are owed: look at the reconciliation."
    ) % {"sum": f"{booked:,.2f}"}
    return Table(
        "movement", _t("From owed to owed"), _t("matter"), [_t("entries"), _t("sum (yuan)")], lines,
        (_t("Owed at the end"), (None, ending)), remark,
    )


def _asked_back(closing: MonthClosing, figures: Figures) -> list[Table]:
    """From what was asked back and open at the begin to what is open at the end; nothing where nothing ever was."""
    if not figures.counts_back or not figures.rows(*_BACK):
        return []
    earlier = Figures(closing.previous) if closing.previous is not None else None
    kept = _open(earlier, earlier.ending) if earlier is not None and earlier.counts_back else None
    lines: list[tuple[str, Sequence[Cell]]] = [
        (title, (amount,)) for title, amount in _beginning(
            _open(figures, figures.before), kept, _t("Asked back and open at the begin"),
            _t("Asked back and open at the begin, as closed"),
        )
    ]
    for title, measure, sign in zip((_t("Asked back"), _t("Received back"), _t("Written off")), _BACK, (1, -1, -1), strict=True):
        lines.append((title, (sign * figures.month(measure),)))
    ending = _open(figures, figures.ending)
    booked = _balance(closing, AccountKind.CLAIMS_RECOVERABLE)
    remark = _t("The ledger says the same.") if booked == ending else _t(
        "By the ledger %(sum)s yuan are asked back: look at the reconciliation."
    ) % {"sum": f"{booked:,.2f}"}
    return [
        Table(
            "asked_back", _t("From asked back to come back"), _t("matter"), [_t("sum (yuan)")], lines,
            (_t("Asked back and open at the end"), (ending,)), remark,
        )
    ]


def _open(figures: Figures, summed: Callable[[str], Decimal]) -> Decimal:
    """Asked back, less what came in and what was written off."""
    asked, received, written_off = (summed(measure) for measure in _BACK)
    return asked - received - written_off


def _beginning(before: Decimal, kept: Decimal | None, title: str, title_kept: str) -> list[tuple[str, Decimal]]:
    """What stood at the begin; `kept`: as the month before was closed, what was corrected since beside it."""
    if kept is None:
        return [(title, before)]
    return [(title_kept, kept), *([(_t("Corrections of earlier months"), before - kept)] if before != kept else [])]


def _balance(closing: MonthClosing, kind: AccountKind) -> Decimal:
    """At the end of the month, by the ledger."""
    return sum((row.ending for row in ClosedBalance.objects.filter(closing=closing, kind=kind)), ZERO)


def _responsibilities(figures: Figures) -> Table:
    found = figures.by("claims.decided_amount", "detail")
    lines = [(name, (amount, before + amount)) for (_code, name), (before, amount) in found.items()]
    return Table(
        "responsibilities", _t("Decided by responsibility"), _t("responsibility"),
        [_t("in the month (yuan)"), _t("since the beginning (yuan)")], lines, _summed(lines),
    )


def _outcomes(figures: Figures) -> Table:
    found = figures.by("claims.decided", "detail")
    lines = [(name, (int(amount), int(before + amount))) for (_code, name), (before, amount) in found.items()]
    return Table(
        "outcomes", _t("Decided by outcome"), _t("outcome"), [_t("in the month"), _t("since the beginning")], lines, _summed(lines),
    )


def _standing(figures: Figures) -> Table:
    found = figures.by("claims.standing", "detail")
    lines = [(name, (int(before), int(before + amount))) for (_code, name), (before, amount) in found.items()]
    return Table(
        "standing", _t("Claims by state"), _t("state"), [_t("at the begin"), _t("at the end")], lines, _summed(lines),
    )


def _counties(figures: Figures) -> Table:
    columns = ("claims.decided_amount", "payouts.paid_amount", "payouts.returned_amount")
    by = [figures.by(measure, "county") for measure in (*columns, "payouts.owed")]
    places = sorted({place for found in by for place in found})
    lines = [
        (name, tuple(
            sum(found.get((code, name), (ZERO, ZERO))) if at == len(columns) else found.get((code, name), (ZERO, ZERO))[1]
            for at, found in enumerate(by)
        ))
        for code, name in places
    ]
    return Table(
        "counties", _t("By county"), _t("county"),
        [_t("decided (yuan)"), _t("paid (yuan)"), _t("returned (yuan)"), _t("owed at the end (yuan)")], lines, _summed(lines),
    )


def _reported(figures: Figures, *, insurer: str = "") -> Table:
    """What insurers reported as paid by themselves, and what our calculation says to it."""
    measures = ("results.reported", "results.reported_amount", "results.different", "results.difference", "results.unknown")
    by = [figures.by(measure, "detail") for measure in measures]
    places = sorted({place for found in by for place in found if insurer in ("", place[0])})

    def cell(place: tuple[str, str], at: int) -> Cell:
        value = by[at].get(place, (ZERO, ZERO))[1]
        return value if measures[at] in ("results.reported_amount", "results.difference") else int(value)

    lines = [(place[1], tuple(cell(place, at) for at in range(len(measures)))) for place in places]
    return Table(
        "reported", _t("Payouts reported by insurers, in the month"), _t("insurer"),
        [_t("payouts"), _t("sum (yuan)"), _t("different from ours"), _t("difference (yuan)"), _t("cannot be calculated")], lines,
    )


def _verified(closing: MonthClosing, figures: Figures) -> list[Table]:
    """What verifying accounts cost, where anything was paid for it: no part of what was paid on claims."""
    found, number = figures.by("payouts.tests_amount", "county"), figures.by("payouts.tests", "county")
    if not found:
        return []
    lines: list[tuple[str, Sequence[Cell]]] = [
        (place[1], (int(number.get(place, (ZERO, ZERO))[1]), amount, before + amount))
        for place, (before, amount) in found.items()
    ]
    booked = sum(
        (row.ending for row in ClosedBalance.objects.filter(closing=closing, kind=AccountKind.ACCOUNT_TESTS)), ZERO
    )
    remark = _t("A cost of whoever pays, and no claim: it stands in none of the sums above. The ledger says the same.")
    if booked != figures.ending("payouts.tests_amount"):
        remark = _t("By the ledger verifying accounts cost %(sum)s yuan: look at the reconciliation.") % {"sum": f"{booked:,.2f}"}
    return [Table(
        "verified", _t("Accounts verified"), _t("county"),
        [_t("accounts in the month"), _t("cost in the month (yuan)"), _t("cost since the beginning (yuan)")], lines, _summed(lines),
        remark,
    )]


def _shares(closing: MonthClosing, figures: Figures, insurer_id: int) -> Table:
    """What falls to one insurer of what was paid, plan by plan, by its share of the plan."""
    paid, returned = (figures.by(measure, "detail") for measure in ("payouts.paid_amount", "payouts.returned_amount"))
    plans = {str(plan.pk): plan for plan in Plan.objects.filter(program=closing.program_id)}
    lines: list[tuple[str, Sequence[Cell]]] = []
    for code, name in sorted({*paid, *returned}):
        net = tuple(paid.get((code, name), (ZERO, ZERO))[at] - returned.get((code, name), (ZERO, ZERO))[at] for at in (0, 1))
        share, parts = _part(plans[code], closing.program.insurer_id, insurer_id, net) if code in plans else ("", ())
        if share:
            lines.append((name, (net[1], share, parts[1], parts[0] + parts[1])))
    total: tuple[str, Sequence[Cell]] = (
        _t("In all"), tuple("" if at == 1 else _sum(cells[at] for _name, cells in lines) for at in range(4))
    )
    return Table(
        "shares", _t("Paid less returned, and the insurer's part of it"), _t("plan"),
        [
            _t("paid in the month (yuan)"), _t("share"), _t("its part in the month (yuan)"),
            _t("its part since the beginning (yuan)"),
        ],
        lines, total if lines else None,
    )


def _part(plan: Plan, lead_id: int | None, insurer_id: int, sums: Sequence[Decimal]) -> tuple[str, tuple[Decimal, ...]]:
    insurers = insurers_of(plan)
    if not insurers:
        return ("100.00 %", tuple(sums)) if insurer_id == lead_id else ("", ())
    for at, each in enumerate(insurers):
        if each.insurer_id == insurer_id:
            return f"{percent(each.share)} %", tuple(divide(amount, parts_of(insurers))[at] for amount in sums)
    return "", ()


def cofunded(rows: Iterable[ClosedFigure]) -> Table:
    """Of one month and funder. Without people: whatever few people are behind is not told, nor what would tell it."""
    names: dict[str, str] = {}
    people: dict[tuple[str, str], int] = defaultdict(int)
    money: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        names[row.county] = row.county_name or _t("of the whole program")
        for county in (row.county, _ALL):
            for column, value in (("before", row.before), ("month", row.amount), (_ALL, row.before + row.amount)):
                if row.measure == COFUNDED[0]:
                    money[(county, column)] += value
                else:
                    people[(county, column)] += int(value)
    # Money that is nobody's first payment is of few people as well, as far as anybody knows.
    gaps = hidden({place: people[place] or int(bool(money[place])) for place in {*people, *money}})

    def cells(county: str) -> tuple[Cell, ...]:
        return tuple(
            None if (county, column) in gaps else of[(county, column)] for column in ("month", _ALL) for of in (people, money)
        )

    return Table(
        "cofunded", _t("Paid to people whose cover this payer shares"), _t("county"),
        [_t("people paid for the first time"), _t("paid in the month (yuan)"), _t("people since the beginning"),
            _t("paid since the beginning (yuan)")],
        [(name, cells(county)) for county, name in sorted(names.items())], (_t("In all"), cells(_ALL)) if names else None,
        _t("Numbers under five, and those that would tell them, are not shown: they would say who the people are."),
    )


def _summed(lines: Sequence[tuple[str, Sequence[Cell]]]) -> tuple[str, Sequence[Cell]] | None:
    if not lines:
        return None
    return _t("In all"), tuple(_sum(cells[at] for _name, cells in lines) for at in range(len(lines[0][1])))


def _sum(cells: Iterable[Cell]) -> int | Decimal:
    found = [cell for cell in cells if isinstance(cell, (int, Decimal))]
    return sum(found[1:], found[0]) if found else ZERO
