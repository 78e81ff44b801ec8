"""Which amounts owed a batch takes, set-wise: one program's, of an office and those below it, for one account and format.

Where the paying account asks for it, an account is verified first: 0.01 yuan, or a payout, arrived there and the bank has not
refused it since. An account is its number; holder and bank are compared by the bank with every payment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from accounts.models import Organization
from audit import blind_index
from claims.models import ACCOUNT, account_stem
from payouts.models import BankFormat, PayerAccount

#: Payouts of one batch, as one file at the bank.
MOST_LINES = 200_000

_SAME_ACCOUNT = """
(c.account_index_a IS NULL OR p.account_index_a IS NULL OR c.account_index_a = p.account_index_a)
AND (c.account_index_b IS NULL OR p.account_index_b IS NULL OR c.account_index_b = p.account_index_b)
"""
_LACKS_CODE = "NOT bank.in_bank AND p.bank_code !~ '^[0-9]{{12}}$'"
#: SHA-256 over what says who is paid where: sealed name and account, bank and its code.
PAYEE = "sha256(p.payee_name || p.payee_account || convert_to(p.bank_name || '|' || p.bank_code, 'UTF8'))"
# What lines of the wanted accounts' programs say of each account: the last that paid it, the last that the bank refused, and
# whether a test of it is without a result. `{slot}`: of the blind index, the one that answers.
_KNOWN = f"""
known AS MATERIALIZED (
    SELECT q.program_id, q.account_index_{{slot}} AS account, max(l.id) FILTER (WHERE l.state = 'paid') AS paid,
        max(l.id) FILTER (WHERE l.state IN ('failed', 'returned')) AS refused,
        max(l.batch_id) FILTER (WHERE l.is_test AND l.state = 'open') AS asked
    FROM claims_payable q JOIN payouts_batchline l ON l.payable_id = q.id AND l.state <> 'out'
    WHERE (q.program_id, {account_stem("q.account_index_{slot}")}, q.account_index_{{slot}}) IN (
        SELECT program_id, {account_stem("account")}, account FROM ({{wanted}}) wanted(program_id, account))
    GROUP BY 1, 2
)
"""  # noqa: S608 - words of this room
_OPEN_ACCOUNTS = """SELECT program_id, account_index_{slot} FROM claims_payable
        WHERE program_id = ANY(%(programs)s) AND kind = 'payout' AND state = 'open'"""
_OF_KNOWN = "LEFT JOIN known ON known.program_id = p.program_id AND known.account = p.account_index_{slot}"
_PROVEN = "coalesce(known.paid, 0) > coalesce(known.refused, 0)"
#: An account for itself; a payable without an index is its own.
_KEY = "coalesce(p.account_index_{slot}, convert_to(p.id::text, 'UTF8'))"

# An account that was corrected in the claim since the amount was signed is not paid: the correction is reviewed first.
_OPEN = """
FROM claims_payable p JOIN claims_claim c ON c.id = p.claim_id {of_known}
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM unnest(%(own_names)s::text[]) AS own(name) WHERE starts_with(p.bank_name, own.name)) AS in_bank
) bank
WHERE p.program_id = %(program)s AND p.kind = 'payout' AND p.state = 'open' AND starts_with(p.region_code, %(region)s)
    AND p.organization_id IN (SELECT id FROM accounts_organization WHERE starts_with(path, %(path)s))
    AND p.payee_account IS NOT NULL AND p.payee_name IS NOT NULL AND (%(takes)s = 'both' OR (%(takes)s = 'in_bank') = bank.in_bank)
"""
_FIT = f"{_SAME_ACCOUNT} AND NOT ({_LACKS_CODE})"
_OUTLOOK = f"""
{{with_known}}
SELECT count(*) FILTER (WHERE {_FIT} AND {{proven}}), coalesce(sum(p.amount) FILTER (WHERE {_FIT} AND {{proven}}), 0.00),
    count(*) FILTER (WHERE {_SAME_ACCOUNT} AND {_LACKS_CODE}), count(*) FILTER (WHERE NOT ({_SAME_ACCOUNT})),
    count(*) FILTER (WHERE p.account_changed_at >= %(fresh_from)s AND {_FIT} AND {{proven}}),
    count(*) FILTER (WHERE {_FIT} AND NOT {{proven}})
{_OPEN}
"""
_CHOSEN = f"""
{{with_known}}
SELECT p.id, {{proof}} {_OPEN} AND {_FIT} AND {{proven}} ORDER BY p.id LIMIT %(most)s
"""
# One of each account that waits, the oldest; none whose test is without a result.
_TESTS = f"""
{{with_known}}
SELECT id FROM (
    SELECT DISTINCT ON ({_KEY}) p.id {_OPEN} AND {_FIT} AND NOT {{proven}} AND known.asked IS NULL ORDER BY {_KEY}, p.id
) one ORDER BY id LIMIT %(most)s
"""  # noqa: S608 - words of this room
_WAITING = f"""
{{with_known}}
SELECT a.id, count(*), sum(p.amount), count(DISTINCT {_KEY}) FILTER (WHERE known.asked IS NULL),
    count(DISTINCT {_KEY}) FILTER (WHERE known.asked IS NOT NULL)
FROM payouts_payeraccount a JOIN accounts_organization office ON office.id = a.organization_id
JOIN claims_payable p ON p.program_id = a.program_id AND p.kind = 'payout' AND p.state = 'open'
    AND starts_with(p.region_code, a.region_code)
JOIN accounts_organization o ON o.id = p.organization_id AND starts_with(o.path, office.path)
JOIN claims_claim c ON c.id = p.claim_id {{of_known}}
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM jsonb_array_elements_text(a.own_names) AS own(name) WHERE starts_with(p.bank_name, own.name)) AS in_bank
) bank
WHERE a.id = ANY(%(payers)s) AND p.payee_account IS NOT NULL AND {_FIT} AND NOT {{proven}} GROUP BY a.id
"""  # noqa: S608 - words of this room
_UNTESTED = """
{with_known}
SELECT p.id, known.asked FROM claims_payable p {of_known}
WHERE p.claim_id = %(claim)s AND p.kind = 'payout' AND p.state = 'open' AND NOT {proven} AND EXISTS (
    SELECT FROM payouts_payeraccount a JOIN accounts_organization office ON office.id = a.organization_id
    JOIN accounts_organization o ON o.id = p.organization_id AND starts_with(o.path, office.path)
    WHERE a.program_id = p.program_id AND a.state = 'approved' AND a.tests_accounts AND starts_with(p.region_code, a.region_code))
ORDER BY p.id
"""
_ACCOUNTS_OF_CLAIM = "SELECT program_id, account_index_{slot} FROM claims_payable WHERE claim_id = %(claim)s AND state = 'open'"
# Which of a batch's payouts go to an account that the bank has refused since it was verified.
_REFUSED = """
{with_known}
SELECT l.id, l.payable_id FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id {of_known}
WHERE l.batch_id = %(batch)s AND l.state = 'open' AND NOT {proven} ORDER BY l.payable_id
"""
_ACCOUNTS_OF_BATCH = """SELECT t.program_id, t.account_index_{slot} FROM payouts_batchline m
        JOIN claims_payable t ON t.id = m.payable_id WHERE m.batch_id = %(batch)s AND m.state = 'open'"""
# Everything that waits for the same account as amounts that a test was for, unless a payment has arrived there since.
_SHARING = f"""
{{with_known}}
SELECT q.id, same.id, q.payee_name, same.payee_name FROM claims_payable q CROSS JOIN LATERAL (
    SELECT q.id, q.payee_name, q.kind, q.state
    UNION
    SELECT s.id, s.payee_name, s.kind, s.state FROM claims_payable s
    WHERE s.program_id = q.program_id AND {account_stem("s.account_index_{slot}")} = {account_stem("q.account_index_{slot}")}
        AND s.account_index_{{slot}} = q.account_index_{{slot}} AND s.bank_code = q.bank_code
) same LEFT JOIN known ON known.program_id = q.program_id AND known.account = q.account_index_{{slot}}
WHERE q.id = ANY(%(ids)s) AND same.kind = 'payout' AND same.state = 'open' AND NOT {{proven}} ORDER BY same.id, q.id
"""  # noqa: S608 - words of this room
_ACCOUNTS_OF = "SELECT program_id, account_index_{slot} FROM claims_payable WHERE id = ANY(%(ids)s)"


class Outlook(NamedTuple):
    """What a batch would take now: payouts and yuan; those without a bank code, with an account changed since; changed lately;
    those that wait until their account is verified."""

    lines: int
    amount: Decimal
    without_code: int
    changed: int
    fresh: int
    untested: int


class Waiting(NamedTuple):
    """What waits at a paying account until payees' accounts are verified: payouts, yuan, accounts to be verified, and accounts
    whose verification is without a result."""

    payer_id: int
    lines: int
    amount: Decimal
    accounts: int
    asked: int


def given(
    payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime, most: int = MOST_LINES
) -> dict[str, Any]:
    """Values of this module's statements."""
    return {
        "program": payer.program_id, "programs": [payer.program_id], "path": organization.path,
        "region": organization.region_code or "", "takes": kept.takes,
        "own_names": list(payer.own_names), "fresh_from": at - timedelta(days=payer.fresh_days), "most": most,
    }


def outlook(payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime) -> Outlook:
    """What is open for this account and format."""
    (found,) = _asked(_said(_OUTLOOK, payer), given(payer, kept, organization=organization, at=at))
    return Outlook(*found)


def chosen(
    payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime, most: int = MOST_LINES
) -> list[tuple[int, int | None]]:
    """Ids of the oldest amounts owed that a batch takes, in their order; each with the line that verified its account, where
    the paying account asks for one."""
    return _asked(_said(_CHOSEN, payer), given(payer, kept, organization=organization, at=at, most=most))


def chosen_tests(
    payer: PayerAccount, kept: BankFormat, *, organization: Organization, at: datetime, most: int = MOST_LINES
) -> list[tuple[int, int | None]]:
    """One amount owed of each account that waits to be verified, as above; each account once, however many amounts share it."""
    found = _asked(_worded(_TESTS), given(payer, kept, organization=organization, at=at, most=most))
    return [(pk, None) for (pk,) in found]


def waiting(payers: Iterable[PayerAccount]) -> dict[int, Waiting]:
    """Of each of these paying accounts that verify others; one statement for all."""
    testing = [payer for payer in payers if payer.tests_accounts]
    if not testing:
        return {}
    facts = {"payers": [payer.pk for payer in testing], "programs": sorted({payer.program_id for payer in testing})}
    return {row[0]: Waiting(*row) for row in _asked(_worded(_WAITING), facts)}


def untested_of(claim_id: int) -> list[tuple[int, int | None]]:
    """(amount owed, batch that verifies its account or None) of a claim, where a paying account of its office asks for it."""
    return _asked(_worded(_UNTESTED, _ACCOUNTS_OF_CLAIM), {"claim": claim_id})


def refused_since(batch_id: int) -> list[tuple[int, int]]:
    """(line, amount owed) of a batch, to accounts that are not verified any more."""
    return _asked(_worded(_REFUSED, _ACCOUNTS_OF_BATCH), {"batch": batch_id})


def sharing(ids: Sequence[int]) -> list[tuple[int, int, bytes | None, bytes | None]]:
    """(amount a test was for, amount that waits for the same account, and the sealed names of both)."""
    return _asked(_worded(_SHARING, _ACCOUNTS_OF), {"ids": list(ids)})


def _said(statement: str, payer: PayerAccount) -> str:
    """For a paying account that verifies others, or that pays whatever is owed."""
    if payer.tests_accounts:
        return _worded(statement)
    return statement.format(with_known="", of_known="", proven="true", proof="NULL::bigint")


def _worded(statement: str, wanted: str = _OPEN_ACCOUNTS) -> str:
    slot = blind_index.active_slot(ACCOUNT)
    known = _KNOWN.format(slot=slot, wanted=wanted.format(slot=slot))
    return statement.format(
        with_known=f"WITH {known}", of_known=_OF_KNOWN.format(slot=slot), proven=f"({_PROVEN})", proof="known.paid", slot=slot,
    )


def _asked(statement: str, facts: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return cursor.fetchall()
