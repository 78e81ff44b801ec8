"""Which covers an insurer has paid out for: told to whoever counts years without a claim."""

from __future__ import annotations

from results.models.result import NOT_PAID

_WORDS = ", ".join(f"'{word.value}'" for word in NOT_PAID)


def condition() -> str:
    """SQL over a cover's id "{cover}": a recorded result that stands paid something, as far as the bank has not given it back.

    For `continuity.claims.register_paid`, beside what other rooms tell of claims.
    """
    return (
        "EXISTS (SELECT FROM results_result told WHERE told.enrollment_id = {cover} AND told.undone_at IS NULL"
        f" AND told.paid > 0 AND told.bank_result NOT IN ({_WORDS}))"
    )
