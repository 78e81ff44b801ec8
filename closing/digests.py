"""The checksum of a closing: one statement, by which it is written and by which `verify` finds what was changed since.

SHA-256, in hexadecimal, of UTF-8 lines: the digest of the month before (an empty line for the first), the program's number, the
month, the number of postings, the definitions and the open points as PostgreSQL writes jsonb; then each figure as
`measure|county|its name|category|its name|payer|its name|before|amount`, with `|detail|its name` where it has one, and each
account as `account|kind|funder|tranche|opening|debits|credits`, in the order of their keys, empty first.
"""

from __future__ import annotations

#: The digest of the row `c` of closing_monthclosing.
DIGEST = r"""
encode(sha256(convert_to(concat_ws(E'\n', c.previous_digest, c.program_id, c.month, c.postings, c.measures, c.open_points,
    (SELECT string_agg(concat_ws('|', f.measure, f.county, f.county_name, coalesce(f.category_id::text, ''), f.category_name,
        coalesce(f.funder_id::text, ''), f.funder_name, f.before, f.amount, nullif(f.detail, ''),
            nullif(f.detail_name, '')), E'\n'
        ORDER BY f.measure, f.county, f.category_id NULLS FIRST, f.funder_id NULLS FIRST, f.detail)
        FROM closing_closedfigure f WHERE f.closing_id = c.id),
    (SELECT string_agg(concat_ws('|', b.account_id, b.kind, b.funder_name, b.tranche, b.opening, b.debits, b.credits), E'\n'
        ORDER BY b.account_id) FROM closing_closedbalance b WHERE b.closing_id = c.id)
), 'UTF8')), 'hex')
"""
