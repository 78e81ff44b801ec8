"""The facts of a claim as the benefit engine takes them: read here, written as a case file that `quote` reads, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from benefits import facts_file
from benefits.facts import Event, Facts
from benefits.shapes import FileRefused
from claims.checking import IN_CATALOGUE, other_payers
from claims.errors import ClaimsRefused
from claims.models import PAYERS, Bill, Claim, Decision, DecisionState
from continuity.facts import CoverFacts, facts_of
from programs.benefit_terms import engine_language
from programs.models import Code

ZERO = Decimal("0.00")
_PUBLIC = ("basic", "major_illness", "assistance")


@dataclass(frozen=True)
class Material:
    """What a claim is decided on: `text` is a case file (JSON), `facts` are what it says."""

    text: str
    facts: Facts


def material_of(claim: Claim) -> Material:
    """Everything that is known of a claim now; ClaimsRefused("FACTS") where it cannot be true.

    Reads the cover's person, the case with its bills, and what earlier covers of the case pay.
    """
    case = claim.case
    bills = [bill for bill in case.bills.prefetch_related("lines").select_related("hospital").order_by("pk") if bill.counts]
    lists = _lists(bills, claim)
    data: dict[str, Any] = {
        **_insured(facts_of(claim.enrollment, on=case.event_on)),
        "event": _event(claim),
        "bills": _with_earlier([_bill(bill, claim, lists) for bill in bills], _paid_before(claim)),
    }
    try:
        text = facts_file.dump(facts_file.cases_of(data).cases[0].facts)
    except FileRefused as refused:
        raise ClaimsRefused("FACTS", why="; ".join(refused.say(engine_language()))) from refused
    # Decided as they are kept, to the last zero behind the point.
    return Material(text, _read(text))


def kept(decision: Decision) -> Facts:
    """What a decision was made on."""
    sealed = decision.facts
    if sealed is None:
        raise ClaimsRefused("FACTS_GONE")
    return _read(sealed.reveal())


def _read(text: str) -> Facts:
    return facts_file.load(text, form="json").cases[0].facts


def nothing_of(facts: Facts) -> Facts:
    """The same person and cover with nothing to pay for: of a claim that is refused or withdrawn."""
    return replace(facts, bills=(), event=Event(facts.event.code, facts.event.kind, facts.event.at))


def _insured(known: CoverFacts) -> dict[str, Any]:
    insured: dict[str, Any] = {
        "birth_on": None if known.birth_on is None else known.birth_on.isoformat(),
        "continuity_years": known.continuity_years, "claim_free_years": known.claim_free_years,
    }
    left_open = known.conditions or (known.is_by_treatment and known.health_class == "pre_existing")
    if known.health_class and not left_open:
        insured["health_class"] = known.health_class
    if known.conditions:
        insured["conditions"] = sorted(known.conditions)
    said: dict[str, Any] = {"insured": {name: value for name, value in insured.items() if value is not None}}
    if known.ends_at > known.starts_at:
        said["cover"] = {"starts_at": _moment(known.starts_at), "ends_at": _moment(known.ends_at)}
    return said


def _event(claim: Claim) -> dict[str, Any]:
    case = claim.case
    said = {
        "code": case.number, "kind": case.kind, "at": _moment(case.event_at), "diagnosis": case.diagnosis,
        "disease_group": case.disease_group, "tags": sorted(case.marks), "injuries": list(case.injuries),
        "died_on": None if case.died_on is None else case.died_on.isoformat(),
        "death_paid_elsewhere": case.death_paid_elsewhere,
    }
    return {name: value for name, value in said.items() if value not in ("", None, [], ZERO)}


def _moment(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def day_of(bill: Bill) -> date:
    """The day of a bill: of discharge, else of issue."""
    return bill.discharged_on or bill.issued_on


def _bill(bill: Bill, claim: Claim, lists: Mapping[tuple[str, date], set[str]]) -> dict[str, Any]:
    day = day_of(bill)
    hospital: dict[str, Any] = {"department": bill.department}
    if bill.hospital is not None:
        hospital |= {"level": bill.hospital.level, "code": bill.hospital.code}
        if bill.hospital.public is not None:
            hospital["public"] = bill.hospital.public
        if bill.hospital.is_designated(on=day):
            hospital["lists"] = ["designated"]
    lines = []
    for line in bill.lines.all():
        said = {
            "kind": line.kind, "amount": line.amount, "code": line.code, "indicated": line.indicated, "tags": sorted(line.marks),
        }
        if line.code:
            said["lists"] = sorted(lists.get((line.code, day), ()))
        lines.append({name: value for name, value in said.items() if value not in ("", [])})
    return {
        "number": f"{bill.invoice_code}{bill.invoice_number}", "day": day.isoformat(), "setting": bill.setting,
        "locality": bill.locality,
        "settled": bill.settled, "hospital": hospital, "diagnosis": bill.diagnosis or claim.case.diagnosis,
        "disease_group": claim.case.disease_group, "days": bill.days, "lines": lines, "payments": _payments(bill),
        "tags": sorted(bill.marks), "false_papers": bill.false_papers,
    }


def _payments(bill: Bill) -> list[dict[str, Any]]:
    """What others paid. What public payers pay is of costs in the catalogue, where the bill has any."""
    named = {line.kind for line in bill.lines.all()}
    found = []
    for payer, field in PAYERS:
        amount = getattr(bill, field)
        if amount:
            kinds = [IN_CATALOGUE] if payer in _PUBLIC and IN_CATALOGUE in named else []
            found.append({"payer": payer, "amount": amount, **({"kinds": kinds} if kinds else {})})
    if rest := other_payers(bill):
        found.append({"payer": "commercial", "amount": rest})
    return found


def _lists(bills: Iterable[Bill], claim: Claim) -> dict[tuple[str, date], set[str]]:
    """(drug code, day) -> lists on which it stands: the portal's, the office's and the insurer's. One question."""
    wanted = {(line.code, day_of(bill)) for bill in bills for line in bill.lines.all() if line.code}
    if not wanted:
        return {}
    owners = {claim.program.organization_id, claim.program.insurer_id} - {None}
    kept = Code.objects.filter(
        Q(organization__isnull=True) | Q(organization__in=owners), system=Code.System.DRUG, code__in={code for code, _ in wanted}
    )
    found: dict[tuple[str, date], set[str]] = defaultdict(set)
    for code in kept:
        for name, day in wanted:
            begun = code.valid_from is None or code.valid_from <= day
            if name == code.code and code.group and begun and (code.valid_to is None or day < code.valid_to):
                found[name, day].add(code.group)
    return found


def _paid_before(claim: Claim) -> Decimal:
    """Yuan of expenses that the decisions of earlier covers of the case pay; ClaimsRefused("EARLIER_FIRST") while one is open."""
    earlier = list(claim.case.claims.filter(position__lt=claim.position).order_by("position"))
    waiting = [each for each in earlier if each.is_open]
    if waiting:
        raise ClaimsRefused("EARLIER_FIRST", number=waiting[0].number)
    holding = Decision.objects.filter(claim__in=earlier, state=DecisionState.APPROVED)
    return sum((Decimal(decision.burden.get("ours", "0")) for decision in holding), ZERO)


def _with_earlier(bills: list[dict[str, Any]], paid: Decimal) -> list[dict[str, Any]]:
    """With what earlier covers pay as another commercial insurer's payment, on the bills in their order."""
    for bill in bills:
        left = sum((line["amount"] for line in bill["lines"]), ZERO) - sum((each["amount"] for each in bill["payments"]), ZERO)
        part = min(paid, max(left, ZERO))
        if part:
            bill["payments"].append({"payer": "commercial", "amount": part})
            paid -= part
    return bills

