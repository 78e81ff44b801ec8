"""Which amounts owed a batch takes, set-wise: one program's, of an office and those below it, for one account and format."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from accounts.models import Organization
from payouts.models import BankFormat, PayerAccount

#: Payouts of one batch, as one file at the bank.
MOST_LINES = 200_000

# An account that was corrected in the claim since the amount was signed is not paid: the correction is reviewed first.
_OPEN = """
FROM claims_payable p JOIN claims_claim c ON c.id = p.claim_id
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM unnest(%(own_names)s::text[]) AS own(name) WHERE starts_with(p.bank_name, own.name)) AS in_bank
) bank
WHERE p.program_id = %(program)s AND p.kind = 'payout' AND p.state = 'open' AND starts_with(p.region_code, %(region)s)
    AND p.organization_id IN (SELECT id FROM accounts_organization WHERE starts_with(path, %(path)s))
    AND p.payee_account IS NOT NULL AND p.payee_name IS NOT NULL AND (%(takes)s = 'both' OR (%(takes)s = 'in_bank') = bank.in_bank)
"""
_SAME_ACCOUNT = """
(c.account_index_a IS NULL OR p.account_index_a IS NULL OR c.account_index_a = p.account_index_a)
AND (c.account_index_b IS NULL OR p.account_index_b IS NULL OR c.account_index_b = p.account_index_b)
"""
_LACKS_CODE = "NOT bank.in_bank AND p.bank_code !~ '^[0-9]{12}$'"
#: SHA-256 over what says who is paid where: sealed name and account, bank and its code.
PAYEE = "sha256(p.payee_name || p.payee_account || convert_to(p.bank_name || '|' || p.bank_code, 'UTF8'))"
_OUTLOOK = f"""
SELECT count(*) FILTER (WHERE {_SAME_ACCOUNT} AND NOT ({_LACKS_CODE})),
    coalesce(sum(p.amount) FILTER (WHERE {_SAME_ACCOUNT} AND NOT ({_LACKS_CODE})), 0.00),
    count(*) FILTER (WHERE {_SAME_ACCOUNT} AND {_LACKS_CODE}), count(*) FILTER (WHERE NOT ({_SAME_ACCOUNT})),
    count(*) FILTER (WHERE p.account_changed_at >= %(fresh_from)s AND {_SAME_ACCOUNT} AND NOT ({_LACKS_CODE}))
{_OPEN}
"""
_CHOSEN = f"""
SELECT p.id {_OPEN} AND {_SAME_ACCOUNT} AND NOT ({_LACKS_CODE}) ORDER BY p.id LIMIT %(most)s
"""


class Outlook(NamedTuple):
    """What a batch would take now: payouts and yuan; those without a bank code, with an account changed since; changed lately."""

    lines: int
    amount: Decimal
    without_code: int
    changed: int
    fresh: int


def given(
    payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime, most: int = MOST_LINES
) -> dict[str, Any]:
    """Values of this module's statements."""
    return {
        "program": payer.program_id, "path": organization.path, "region": organization.region_code or "", "takes": kept.takes,
        "own_names": list(payer.own_names), "fresh_from": at - timedelta(days=payer.fresh_days), "most": most,
    }


def outlook(payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime) -> Outlook:
    """What is open for this account and format."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTLOOK, given(payer, kept, organization=organization, at=at))
        return Outlook(*cursor.fetchone())


def chosen(
    payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime, most: int = MOST_LINES
) -> list[int]:
    """Ids of the oldest amounts owed that a batch takes, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_CHOSEN, given(payer, kept, organization=organization, at=at, most=most))
        return [pk for (pk,) in cursor.fetchall()]
