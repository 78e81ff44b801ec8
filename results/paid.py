"""What an insurer has paid out for: told to who counts years without a claim, decides about the cover, reviews a period."""

from __future__ import annotations

from claims.elsewhere import Settled
from results.models.recalculation import Comparison
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


#: For `programs.period_claims.register_claims_paid`: null where no result of the period stands.
OF_PERIOD = f"""
SELECT sum(told.paid) FILTER (WHERE told.bank_result NOT IN ({_WORDS}))
FROM results_result told WHERE told.period_id = %(period)s AND told.undone_at IS NULL
"""  # noqa: S608 - words of ours
#: For `claims.elsewhere.register_settled`: an insurer has paid for a stay, and what its lines use of the cover.
SETTLED = Settled(
    f"""EXISTS (SELECT FROM results_result told WHERE told.enrollment_id = {{cover}} AND told.undone_at IS NULL
        AND told.bank_result NOT IN ({_WORDS}) AND (
            (told.bill_number <> '' AND told.bill_number = {{invoice}})
            OR (told.hospital = {{hospital}} AND told.event_on BETWEEN {{first}} AND {{last}})))""",
    f"""SELECT told.enrollment_id, told.paid_on, told.event_on, line.setting, line.locality, coalesce(line.settled, true),
        line.pre_existing, line.figures, told.parts, told.comparison <> '{Comparison.NOT_COMPUTABLE}'
    FROM asked JOIN results_result told ON told.enrollment_id = asked.cover_id AND told.undone_at IS NULL
    JOIN results_reportrow line ON line.id = told.row_id""",  # noqa: S608 - words of ours
)
