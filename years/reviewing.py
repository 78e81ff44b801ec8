"""What came of a period beside what its plan expected: each figure with its definition, from covers, the ledger and claims."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from programs.models import Period, PlanExpectation
from programs.models.filing import ratio
from programs.period_claims import claims_paid

# Whatever books premium bears the roster, the purchase or the list of differences that it is of.
_COVERED = """
SELECT count(*) FROM beneficiaries_enrollment
WHERE period_id = %(period)s AND state IN ('in_force', 'ended') AND ends_at > starts_at
"""
_BOOKED = """
SELECT coalesce(-sum(e.amount) FILTER (WHERE t.kind <> 'diff'), 0.00), coalesce(sum(e.amount) FILTER (WHERE t.kind = 'diff'), 0.00)
FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'insurer_payable'
WHERE t.program_id = %(program)s AND (
    t.source_type = 'beneficiaries.roster'
        AND t.source_id IN (SELECT id FROM beneficiaries_roster WHERE period_id = %(period)s)
    OR t.source_type = 'beneficiaries.purchase'
        AND t.source_id IN (SELECT id FROM beneficiaries_purchase WHERE period_id = %(period)s)
    OR t.source_type = 'subsidies.differences'
        AND t.source_id IN (SELECT id FROM subsidies_differences WHERE period_id = %(period)s)
)
"""


@dataclass(frozen=True)
class Results:
    """What is known of a period: people, and yuan. `claims`: None where no room knows of any."""

    people: int
    booked: Decimal
    refunds: Decimal
    claims: Decimal | None

    @property
    def net(self) -> Decimal:
        """Premium less what was given back."""
        return self.booked - self.refunds

    @property
    def claims_ratio(self) -> Decimal | None:
        """In percent; None without claims that are known, or without premium."""
        return None if self.claims is None or not self.net else ratio(self.claims, self.net)


@dataclass(frozen=True)
class Figure:
    """One line of a review. `kind`: people, yuan or percent. None: not known yet, or nothing was expected."""

    code: str
    title: str | Promise
    definition: str | Promise
    kind: str
    expected: Callable[[PlanExpectation], int | Decimal | None]
    actual: Callable[[Results], int | Decimal | None]


FIGURES = (
    Figure(
        "people", _("People covered"),
        _("Covers of the period that came into force, ended ones too. Who still waits, lapsed or was undone is not counted."),
        "people", lambda plan: plan.people, lambda found: found.people,
    ),
    Figure(
        "premium", _("Premium booked"),
        _("Premium owed to the insurer for the period's rosters and purchases by the ledger, less what lapsed and was undone."),
        "yuan", lambda plan: plan.premium, lambda found: found.booked,
    ),
    Figure(
        "refunds", _("Premium given back"),
        _("Premium that approved lists of differences of the period took off what is owed to the insurer, by the ledger."), "yuan",
        lambda plan: None, lambda found: found.refunds,
    ),
    Figure(
        "net", _("Premium less what was given back"), _("The two figures above, one less the other."), "yuan",
        lambda plan: plan.premium, lambda found: found.net,
    ),
    Figure(
        "claims", _("Claims paid"),
        _(
            "What was paid of claims on covers of the period: by the portal, less what came back, and by insurers as their "
            "reports say. Where no claim and no report of one is on record, they are not known, which is not zero."
        ),
        "yuan", lambda plan: plan.claims, lambda found: found.claims,
    ),
    Figure(
        "ratio", _("Claims ratio"),
        _("Claims in percent of the premium less what was given back. Not known as long as the claims are not."), "percent",
        lambda plan: plan.claims_ratio, lambda found: found.claims_ratio,
    ),
)


def results_of(period: Period) -> Results:
    """As of now."""
    facts = {"period": period.pk, "program": period.program_id}
    with connection.cursor() as cursor:
        cursor.execute(_COVERED, facts)
        (people,) = cursor.fetchone()
        cursor.execute(_BOOKED, facts)
        booked, refunds = cursor.fetchone()
    return Results(people, Decimal(booked), Decimal(refunds), claims_paid(period.pk))


def figures_of(expected: PlanExpectation, found: Results) -> list[dict[str, Any]]:
    """As they are kept: words in each language of the portal, amounts as text."""
    kept: list[dict[str, Any]] = [
        {
            "code": each.code, "kind": each.kind, "title": {}, "definition": {}, "expected": _text(each.expected(expected)),
            "actual": _text(each.actual(found)),
        }
        for each in FIGURES
    ]
    for language, _name in settings.LANGUAGES:
        with override(language):
            for entry, each in zip(kept, FIGURES, strict=True):
                entry["title"][language], entry["definition"][language] = str(each.title), str(each.definition)
    return kept


def digest_of(period: Period, figures: list[dict[str, Any]]) -> str:
    """SHA-256 (hex) over what a review says."""
    said = [period.program_id, period.pk, period.plan_id, figures]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Line:
    """A figure as its page and its paper show it; `difference` with its sign, `share`: actual in percent of expected."""

    title: str
    definition: str
    expected: str
    actual: str
    difference: str
    share: str


def lines_of(figures: list[dict[str, Any]]) -> list[Line]:
    """What is kept, in the reader's language; nothing here counts anew."""
    language = get_language() or "en"
    return [_line(each, language) for each in figures]


def _line(kept: dict[str, Any], language: str) -> Line:
    expected, actual = (None if kept[name] is None else Decimal(kept[name]) for name in ("expected", "actual"))
    difference = share = "—"
    if expected is not None and actual is not None:
        difference = f"{actual - expected:+,.{0 if kept['kind'] == 'people' else 2}f}"
        share = f"{ratio(actual, expected)}%" if expected else "—"
    return Line(
        _in(kept["title"], language), _in(kept["definition"], language),
        "—" if expected is None else _said(expected, kept["kind"]),
        str(NOT_KNOWN) if actual is None else _said(actual, kept["kind"]), difference, share,
    )


NOT_KNOWN = _("not known yet")


def _said(value: Decimal, kind: str) -> str:
    return {"people": f"{value:,.0f}", "yuan": f"{value:,.2f}", "percent": f"{value:.2f}%"}[kind]


def _text(value: int | Decimal | None) -> str | None:
    return None if value is None else str(value)


def _in(said: dict[str, str], language: str) -> str:
    return said.get(language) or next(iter(said.values()), "")
