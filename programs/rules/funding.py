"""Divides a premium among its payers to the fen: fixed shares in order, the last takes the remainder."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from programs.errors import ProgramRefused
from programs.terms import PlanTerms, SchemeTerms

FEN = Decimal("0.01")
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Split:
    """Yuan: the person's own share, and each funder's in order. `own_share` and `lines` sum to `premium`."""

    premium: Decimal
    own_share: Decimal
    lines: tuple[tuple[int, Decimal], ...]

    @property
    def key(self) -> str:
        """What makes two divisions the same: "9.90=0.01+12:3.00+5:6.89"."""
        return f"{self.premium}={self.own_share}" + "".join(f"+{funder}:{amount}" for funder, amount in self.lines)


def scheme_for(terms: PlanTerms, *, county: str, category_id: int) -> SchemeTerms:
    """The scheme that counts: a category's own before one for all, then the longest region prefix."""
    fitting = [
        scheme for scheme in terms.schemes
        if scheme.category_id in (None, category_id) and county.startswith(scheme.region_prefix)
    ]
    if not fitting:
        raise ProgramRefused("SCHEME_MISSING", county=county)
    return max(fitting, key=lambda scheme: (scheme.category_id is not None, len(scheme.region_prefix)))


def resolve_split(
    terms: PlanTerms, *, county: str, category_id: int, premium: Decimal | None = None, price: Decimal | None = None
) -> Split:
    """The division for a person of a county and category. `price`: what the whole cover costs at their age, by default the
    plan's premium; `premium`: what a late start costs of it, by default all.

    A fixed share is yuan a person whatever their price: it is paid in order as far as the price goes, a share above what is
    left takes what is left, and whoever stands behind pays nothing. With a late start each funder's fixed share falls in
    proportion (half-up to the fen); the person's own symbolic share stays as it is, as long as the premium covers it; the
    remainder falls to the last payer.
    """
    full = terms.premium if price is None else price
    premium = full if premium is None else premium
    scheme = scheme_for(terms, county=county, category_id=category_id)
    check_shares(scheme, terms.premium)
    own, lines, left = ZERO, [], premium
    for share in scheme.shares:
        amount = left if share.amount is None else min(left, _scaled(share.amount, share.payer, premium, full))
        left -= amount
        if share.payer == "person":
            own += amount
            continue
        funder = share.funder_id if share.payer == "funder" else terms.governments.get(county)
        if funder is None:
            raise ProgramRefused("COUNTY_FUNDER_MISSING", county=county)
        if amount:
            lines.append((funder, amount))
    return Split(premium, own, tuple(lines))


def check_shares(scheme: SchemeTerms, premium: Decimal) -> None:
    """Refuse a scheme whose shares cannot sum to the premium."""
    open_shares = [share for share in scheme.shares if share.amount is None]
    if len(open_shares) != 1 or scheme.shares[-1].amount is not None:
        raise ProgramRefused("NO_REMAINDER", scheme=scheme.name)
    fixed = sum((share.amount for share in scheme.shares if share.amount is not None), ZERO)
    if fixed > premium:
        raise ProgramRefused("SHARES_ABOVE_PREMIUM", scheme=scheme.name, premium=premium)


def _scaled(amount: Decimal, payer: str, premium: Decimal, full: Decimal) -> Decimal:
    if premium == full or payer == "person":
        return amount
    return (amount * premium / full).quantize(FEN, ROUND_HALF_UP)
