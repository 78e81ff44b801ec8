"""What an expense responsibility pays: base, deductible, bands, limits, one rounding, in this order (docs/adr/0010)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from benefits.case import Benefit, Case, OpenLine, Refusal, Step
from benefits.compiled import Figures, Rule
from benefits.terms import ZERO


class Running:
    """Sums of one responsibility within one case: what counted, what the deductible took, what is paid before rounding."""

    __slots__ = ("base", "counters", "deducted", "exact", "limited", "paid_on", "told")

    def __init__(self) -> None:
        self.base = ZERO
        self.deducted = ZERO
        self.exact = ZERO
        self.limited = False
        self.paid_on: dict[date | None, Decimal] = {}
        self.told: Step | None = None


def settle_expense(rule: Rule, case: Case) -> None:
    """Decide one expense responsibility of a case and count what it uses."""
    if rule.undecided:
        leave_undecided(rule, case)
        return
    lines = admitted(rule, case)
    if not lines:
        return
    running = Running()
    for run in runs(lines, by_line=rule.by_line):
        settle_run(rule, case, run, running)
    finish(rule, case, running)


def leave_undecided(rule: Rule, case: Case) -> None:
    """Lines that a responsibility would count, or might where it is unknown what counts, wait for its terms."""
    waiting = [
        line for line in case.lines
        if (rule.remainder or not line.taken) and (not rule.kinds or line.kind in rule.kinds)
        and all(check(case, line.bill, line.line) is None for check in rule.checks)
    ]
    if not waiting:
        return
    for line in waiting:
        line.waits = True
        line.taken = line.taken or bool(rule.kinds)
    case.undecided.append(rule.code)
    case.steps.append(("undecided", rule.code, {"parts": [gap.part for gap in rule.terms.decisive_unknown]}))


def admitted(rule: Rule, case: Case) -> list[OpenLine]:
    """The lines that this responsibility counts; each is taken, so that none counts twice."""
    lines = []
    index, kinds = rule.index, rule.kinds
    for line in case.lines:
        if line.kind not in kinds or (line.taken and not rule.remainder):
            continue
        refusal = refusal_of(rule, case, line, line.figures[index])
        if refusal is None:
            line.taken = True
            lines.append(line)
        elif line.refused is None:
            line.refused = [(refusal[0], rule.code, refusal[1])]
        else:
            line.refused.append((refusal[0], rule.code, refusal[1]))
    return lines


def refusal_of(rule: Rule, case: Case, line: OpenLine, figures: Figures) -> tuple[str, str] | None:
    """Why a responsibility does not count a line, or None."""
    for check in rule.checks:
        refusal = check(case, line.bill, line.line)
        if refusal is not None:
            return refusal
    if figures.refusal:
        return figures.refusal, ""
    if figures.refused_kinds is not None and line.kind in figures.refused_kinds:
        return figures.refused_kinds[line.kind], ""
    return None


def runs(lines: list[OpenLine], *, by_line: bool) -> Iterator[list[OpenLine]]:
    """Lines in order of settlement, those in the same circumstances together; each alone where a limit or a later
    responsibility looks at single lines."""
    if by_line:
        for line in lines:
            yield [line]
        return
    run = [lines[0]]
    for line in lines[1:]:
        if line.figures is run[0].figures:
            run.append(line)
        else:
            yield run
            run = [line]
    yield run


def settle_run(rule: Rule, case: Case, run: list[OpenLine], running: Running) -> None:
    """Add one run to the running sums."""
    figures: Figures = run[0].figures[rule.index]
    if figures.told is not None and figures.told != running.told:
        case.steps.append(figures.told)
        running.told = figures.told
    base = base_of(rule, case, run, figures)
    deducted = deduct(rule, case, base, figures, running)
    exact = through_bands(rule, case, base, deducted, figures, running)
    if figures.item_limit is not None and exact > figures.item_limit:
        case.steps.append(("limit", rule.code, _limited("item", "", figures.item_limit, ZERO, exact, figures.item_limit)))
        exact, running.limited = figures.item_limit, True
    if figures.day_limit is not None:
        exact = within_day(rule, case, run[0], exact, figures.day_limit, running)
    exact = within_caps(rule, case, exact, figures, running)
    before = running.exact
    running.base += base
    running.deducted += deducted
    running.exact += exact
    if rule.by_line:
        allot(rule, case, run[0], before, running)


def base_of(rule: Rule, case: Case, run: list[OpenLine], figures: Figures) -> Decimal:
    """What counts: what is eligible, less what others and earlier responsibilities paid, times the factor of its kind."""
    total = ZERO
    factors = figures.factors
    for line in run:
        eligible = line.eligible - line.paid if rule.remainder else line.eligible
        if factors is None or line.kind not in factors:
            case.steps.append(("counted", rule.code, {"kind": line.kind, "place": line.place, "result": eligible}))
            total += eligible
            continue
        counted = eligible * factors[line.kind]
        case.steps.append(("factor", rule.code, {
            "kind": line.kind, "place": line.place, "amount": eligible, "factor": factors[line.kind], "result": counted,
        }))
        total += counted
    return total


def deduct(rule: Rule, case: Case, base: Decimal, figures: Figures, running: Running) -> Decimal:
    """What the deductible takes of the base: at most what is left of it this year (or event)."""
    if not figures.deductible:
        return ZERO
    counter = rule.deductible_counter + case.suffix if rule.deductible_of_event else rule.deductible_counter
    used = case.counters.get(counter, ZERO) + running.deducted
    left = figures.deductible - used
    taken = ZERO if left <= 0 else min(left, base)
    case.steps.append(("deductible", rule.code, {
        "base": base, "deductible": figures.deductible, "used": used, "taken": taken, "result": base - taken,
    }))
    return taken


def through_bands(
    rule: Rule, case: Case, base: Decimal, deducted: Decimal, figures: Figures, running: Running
) -> Decimal:
    """The sum over bands of ratio times the part that falls into the band."""
    if base == deducted:
        return ZERO
    if rule.before:
        start = case.counters.get(_position(rule, case, rule.base_counter), ZERO) + running.base
        low, high = start + deducted, start + base
    else:
        low = case.counters.get(_position(rule, case, rule.above_counter), ZERO) + running.base - running.deducted
        high = low + base - deducted
    exact = ZERO
    for start, end, ratio in figures.bands:
        part = (high if end is None or high < end else end) - (low if low > start else start)
        if part > 0:
            result = part * ratio
            exact += result
            case.steps.append(("band", rule.code, {
                "start": start, "end": end, "part": part, "ratio": ratio, "result": result,
            }))
    return exact


def _position(rule: Rule, case: Case, counter: str) -> str:
    return counter + case.suffix if rule.position_of_event else counter


def within_day(
    rule: Rule, case: Case, line: OpenLine, exact: Decimal, limit: Decimal, running: Running
) -> Decimal:
    """At most what is left of the limit of the bill's day."""
    used = case.counters.get(f"{rule.paid_counter}#{line.bill.day}", ZERO) + running.paid_on.get(line.bill.day, ZERO)
    left = limit - used if limit > used else ZERO
    if exact <= left:
        return exact
    running.limited = True
    case.steps.append(("limit", rule.code, _limited("day", "", limit, used, exact, left)))
    return left


def within_caps(rule: Rule, case: Case, exact: Decimal, figures: Figures, running: Running) -> Decimal:
    """At most what is left of each limit per event and year, own and shared."""
    for cap in figures.caps:
        counter = cap.counter + case.suffix if cap.of_event else cap.counter
        used = case.counters.get(counter, ZERO) + running.exact
        left = cap.amount - used if cap.amount > used else ZERO
        if exact > left:
            running.limited = True
            case.steps.append(("limit", rule.code, _limited(cap.per, cap.name, cap.amount, used, exact, left)))
            exact = left
    return exact


def _limited(
    per: str, name: str, limit: Decimal, used: Decimal, amount: Decimal, result: Decimal
) -> dict[str, Decimal | str]:
    return {"per": per, "name": name, "limit": limit, "used": used, "amount": amount, "result": result}


def allot(rule: Rule, case: Case, line: OpenLine, before: Decimal, running: Running) -> None:
    """Give a line its share of the one rounded sum: the difference of the running sum, rounded, before and after it.

    The shares add up to the rounded sum, and none goes above a limit or a cost that is whole in fen.
    """
    share = case.rounded(running.exact) - case.rounded(before)
    line.paid += share
    if rule.day_limited:
        day = line.bill.day
        running.paid_on[day] = running.paid_on.get(day, ZERO) + share


def finish(rule: Rule, case: Case, running: Running) -> None:
    """Round once, count what was used, say what is paid."""
    amount = case.rounded(running.exact)
    if case.premium_due is not None:
        case.steps.append(("reduced", rule.code, {
            "amount": running.exact, "paid": case.premium_paid, "due": case.premium_due, "result": amount,
        }))
    elif amount != running.exact:
        case.steps.append(("rounded", rule.code, {"amount": running.exact, "result": amount}))
    count_used(rule, case, running, amount)
    case.steps.append(("pays", rule.code, {"result": amount}))
    case.benefits.append(Benefit(rule.code, amount, running.base, running.deducted))
    if not amount:
        refuse_nothing_paid(rule, case, running)


def count_used(rule: Rule, case: Case, running: Running, amount: Decimal) -> None:
    """Add to the counters of the year, and to those of event and day where the terms look at them."""
    above = running.base - running.deducted
    case.add(rule.base_counter, running.base)
    case.add(rule.above_counter, above)
    if rule.position_of_event:
        case.add(rule.base_counter + case.suffix, running.base)
        case.add(rule.above_counter + case.suffix, above)
    if running.deducted:
        counter = rule.deductible_counter
        case.add(counter + case.suffix if rule.deductible_of_event else counter, running.deducted)
    count_paid(rule, case, amount)
    for day, paid in running.paid_on.items():
        case.add(f"{rule.paid_counter}#{day}", paid)


def count_paid(rule: Rule, case: Case, amount: Decimal) -> None:
    """Count a payment against the responsibility and every shared limit that it names."""
    case.add(rule.paid_counter, amount)
    if rule.event_counted:
        case.add(rule.paid_counter + case.suffix, amount)
    for name in rule.terms.shared_limits:
        case.add(f"limit:{name}@{case.event.code}" if name in rule.event_limits else f"limit:{name}", amount)


def refuse_nothing_paid(rule: Rule, case: Case, running: Running) -> None:
    """Say why what counted pays nothing."""
    if not running.base:
        code = "PAID_BY_OTHERS"
    elif running.limited:
        code = "LIMIT_USED"
    elif running.deducted == running.base:
        code = "BELOW_DEDUCTIBLE"
    else:
        code = "NOTHING_PAYABLE"
    case.refusals.append(Refusal(code, rule.code))
    case.steps.append(("refused", rule.code, {"code": code, "reason": ""}))
