"""What pages of claims say: badges, facts, tables; computed of rows that were read, no writing here."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.badges import badge
from benefits import wording
from benefits.terms import PlanTerms
from benefits.trace import Trace
from claims.admin.forms import kind_words
from claims.checking import in_words
from claims.marks import all_marks, known_marks, said_of
from claims.models import STATE_NAMES, Bill, Claim, Decision, PaperKind, Payable, PayableKind, PayableState, Standing
from claims.rules.states import State
from programs.benefit_terms import benefit_terms, engine_language

TONES = {
    State.REPORTED: "work", State.ACCEPTED: "work", State.REGISTERED: "work", State.WAITING: "wait", State.REVIEW: "work",
    State.INVESTIGATION: "wait", State.ASSESSED: "work", State.PAYABLE: "wait", State.PAID: "good", State.CLOSED: "good",
    State.REFUSED: "bad", State.ZERO: "calm", State.WITHDRAWN: "calm", State.DECLINED: "calm",
}
_OF_RECLAIMS = {
    PayableState.OPEN: pgettext_lazy("asked back", "Asked back"), PayableState.PAID: pgettext_lazy("asked back", "Settled"),
}
#: Codes under which a person adjusts an amount.
ADJUSTMENTS = (
    ("agreement", _("Agreement with the insured person")), ("correction", _("Correction of what the bills say")),
    ("terms", _("Reading of the terms")), ("goodwill", _("Goodwill")), ("recovery", _("Set against what was paid too much")),
)


def state_badge(claim: Claim) -> SafeString:
    """A claim's state."""
    # Not get_state_display, which makes all choices hashable each time: a tenth of a list's time.
    state = State(claim.state)
    return badge(str(STATE_NAMES[state]), TONES[state])


def due_badge(claim: Claim, *, today: date) -> str | SafeString:
    """By when something is due: red once it is over, yellow in the last two days."""
    if claim.due_on is None:
        return ""
    left = (claim.due_on - today).days
    text = f"{claim.due_on:%Y-%m-%d}"
    if left < 0:
        return badge(_t("%(day)s · overdue") % {"day": text}, "bad")
    return badge(text, "warn") if left <= 2 else text


def yuan(amount: Decimal | None) -> str:
    """With thousands."""
    return "" if amount is None else f"{amount:,.2f}"


def said(table: Any, code: str) -> str:
    """A code of the engine in the page's language."""
    words = table.get(code)
    return code if words is None else words[wording.LANGUAGES.index(engine_language())]


def refusal_choices() -> list[tuple[str, str]]:
    """Codes of refusals, by their words."""
    words = [(code, said(wording.REFUSALS, code)) for code in wording.REFUSALS]
    return [("", _t("Please choose")), *sorted(words, key=lambda pair: pair[1])]


def number_of(text: str) -> int:
    """A key that an address names; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def event_facts(claim: Claim) -> list[tuple[str, Any]]:
    """What happened."""
    case = claim.case
    marks = said_of(case.marks, known_marks(case)) if case.marks else ""
    happened = timezone.localtime(case.event_at)
    return [
        (_t("case number"), case.number),
        (_t("kind of event"), case.get_kind_display()),
        (_t("when"), f"{happened:%Y-%m-%d %H:%M}" if case.time_known else f"{happened:%Y-%m-%d}"),
        (_t("main diagnosis (ICD-10)"), case.diagnosis),
        *([(_t("disability grades"), "、".join(map(str, case.injuries)))] if case.injuries else []),
        *([(_t("died on"), case.died_on)] if case.died_on else []),
        *([(_t("marks"), marks)] if marks else []),
        (_t("reported"), f"{case.reported_on:%Y-%m-%d} · {case.get_channel_display()}"),
        (_t("reported by"), f"{case.get_reporter_display()} {case.reporter_name or ''}".strip()),
        (_t("how it happened"), case.account.told() if case.account is not None else ""),
    ]


def claim_facts(claim: Claim) -> list[tuple[str, Any]]:
    """What a claim is."""
    return [
        (_t("claim number"), claim.number),
        (_t("person"), str(claim.enrollment.person.name)),
        (_t("cover number"), claim.enrollment.number),
        (_t("program"), f"{claim.program.name} · {claim.period.code}"),
        (_t("plan"), str(claim.plan)),
        (_t("office"), claim.organization.name),
        (_t("order of payment"), claim.position),
        (_t("accepted on"), claim.clock_begun_on),
        (_t("handled by"), claim.handler.get_full_name() if claim.handler is not None else ""),
        (_t("payee"), payee_in_words(claim)),
        (_t("amount (yuan)"), yuan(claim.amount)),
    ]


def standing_of(payable: Payable) -> str:
    """How far an amount owed is; one that is asked back is not paid but settled."""
    if payable.kind == PayableKind.RECLAIM and payable.state in _OF_RECLAIMS:
        return str(_OF_RECLAIMS[PayableState(payable.state)])
    return payable.get_state_display()


def payable_row(payable: Payable, *, by: Any) -> dict[str, Any]:
    """An amount owed as the claim's page tells it, with what came back of one that is asked back."""
    asked = payable.kind == PayableKind.RECLAIM
    return {
        "payable": payable, "payee": payee_in_words(payable), "standing": standing_of(payable),
        "back": [
            (label, yuan(amount)) for label, amount in (
                (_t("received back (yuan)"), payable.received), (_t("written off (yuan)"), payable.written_off),
                (_t("still asked back (yuan)"), payable.unsettled if payable.state == PayableState.OPEN else None),
            ) if amount
        ] if asked else [],
        "url": reverse("admin:claims_payable_change", args=[payable.pk]) if asked and by.has_perm("claims.view_payable") else "",
    }


def payee_in_words(claim: Any) -> str:
    """Masked."""
    if claim.payee_account is None:
        return ""
    kind = claim.get_payee_display() if hasattr(claim, "get_payee_display") else ""
    return " · ".join(part for part in (kind, str(claim.payee_name), str(claim.payee_account), claim.bank_name) if part)


def standing_badge(bill: Bill) -> SafeString:
    """How a bill counts."""
    tones = {Standing.STANDS: "good", Standing.DOUBLED: "bad", Standing.ALLOWED: "warn", Standing.REMOVED: "calm"}
    return badge(bill.get_standing_display(), tones[Standing(bill.standing)])


def bill_rows(bills: Sequence[Bill], claim: Claim, *, may: Container[str]) -> list[dict[str, Any]]:
    """Bills with their charges, findings, marks and what may be done about them; `may`: names of the buttons."""
    may_change, known = "add_bill" in may, known_marks(claim.case) if any(all_marks(bill) for bill in bills) else {}
    rows = []
    for bill in bills:
        open_now = bill.standing == Standing.DOUBLED or bool(bill.errors)
        rows.append({
            "bill": bill, "badge": standing_badge(bill), "marks": said_of(bill.marks, known),
            "lines": [
                (kind_words(line.kind), line.name, line.code, yuan(line.amount), said_of(line.marks, known))
                for line in bill.lines.all()
            ],
            "findings": [(in_words(each), each["weight"] == "error") for each in bill.findings],
            "payments": [(_t(label), yuan(amount)) for label, amount in _payments(bill) if amount],
            "explain": _about("explain_bill", claim, bill) if "explain_bill" in may and open_now else "",
            "false": _about("call_bill_false", claim, bill)
            if may_change and bill.standing != Standing.REMOVED and not bill.false_papers else "",
            "mark": _about("mark_bill", claim, bill) if "mark_bill" in may and bill.standing != Standing.REMOVED else "",
            "remove": _about("remove_bill", claim, bill) if may_change and bill.standing != Standing.REMOVED else "",
        })
    return rows


def _about(name: str, claim: Claim, bill: Bill) -> str:
    return f"{reverse(f'admin:claims_claim_{name}', args=[claim.pk])}?bill={bill.pk}"


def _payments(bill: Bill) -> list[tuple[str, Decimal | None]]:
    return [
        (str(getattr(Bill._meta.get_field(name), "verbose_name", name)), getattr(bill, name))
        for name in ("fund", "major_illness", "assistance", "others", "account_paid", "cash", "third_party", "commercial")
    ]


def decision_data(decision: Decision, terms: PlanTerms | None) -> dict[str, Any]:
    """A decision as its page tells it: sums by responsibility, refusals, who bears what, each step and plain sentences."""
    names = {} if terms is None else {each.code: each.name.say(engine_language()) for each in terms.responsibilities}
    codes = dict(ADJUSTMENTS)
    return {
        "decision": decision,
        "badge": badge(decision.get_state_display(), {"proposed": "work", "approved": "good"}.get(decision.state, "calm")),
        "outcome": decision.get_outcome_display(),
        "refusal": said(wording.REFUSALS, decision.refusal_code) if decision.refusal_code else "",
        "lines": [
            (names.get(line.responsibility, line.responsibility), line, str(codes.get(line.code, line.code)))
            for line in decision.lines.all()
        ],
        "refusals": list(dict.fromkeys(
            (names.get(each["responsibility"], ""), said(wording.REFUSALS, each["code"]), each["reason"])
            for each in decision.refusals
        )),
        "burden": [
            (said(wording.PAYERS, who), yuan(Decimal(amount))) for who, amount in decision.burden.items() if Decimal(amount)
        ],
        "assumed": [said(wording.ASSUMED, what) for what in decision.assumed],
        "effects": effects_in_words(decision.effects),
        "signatures": list(decision.signatures.all()),
        **trace_data(None if decision.trace is None else decision.trace.told()),
    }


def trace_data(text: str | None) -> dict[str, Any]:
    """Steps and sentences of a kept trace; nothing once it was destroyed."""
    try:
        trace = Trace.from_data(json.loads(text)) if text else None
    except ValueError:
        trace = None
    return {
        "steps": [] if trace is None else trace.table(engine_language()),
        "sentences": [] if trace is None else trace.sentences(engine_language()),
    }


def effects_in_words(effects: Sequence[Any]) -> list[tuple[str, str, str]]:
    """(claim number, before, after) of later claims."""
    found = []
    for each in effects:
        claim = Claim(pk=each["claim"])
        found.append((claim.number, yuan(Decimal(each["before"])), yuan(Decimal(each["after"]))))
    return found


def kinds_in_words(kinds: Sequence[str]) -> str:
    """Kinds of papers."""
    return "、".join(str(PaperKind(kind).label) for kind in kinds)


def terms_of(claim: Claim) -> PlanTerms | None:
    """The plan's terms."""
    return benefit_terms(claim.plan)
