"""A letter of a claim from what is known of it: the decision with its calculation, or the papers that are missing. Reads alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from beneficiaries.models import Representative
from beneficiaries.models.change import Role
from benefits.trace import Trace
from benefits.wording import REFUSALS
from claims.drawing import docx_of, pdf_of
from claims.letter_errors import LetterRefused
from claims.models.claim import Claim, PaperKind, PaperRequest
from claims.models.decision import Decision, DecisionState, Outcome, PayableKind, PayableState
from claims.models.letter import Addressee, Letter, LetterFormat, LetterKind, LetterStyle, LetterWording
from claims.models.recovery import Recovery, RecoveryKind, RecoveryState
from claims.rules.letter_text import TEXTS, TITLES, LetterText, Part, filled, refused_because
from papers.models import CertificateWording
from programs.rules.amounts import amount_in_words
from programs.rules.minority import last_adult_birth

LANGUAGE = "zh-hans"
KIND_OF = {Outcome.PAY: LetterKind.PAYMENT, Outcome.ZERO: LetterKind.ZERO, Outcome.REFUSE: LetterKind.REFUSAL}
_DRAWN = {LetterFormat.PDF: pdf_of, LetterFormat.DOCX: docx_of}


@dataclass(frozen=True)
class Asked:
    """What a decision asks back, in yuan: paid before it, asked, and come back or written off since."""

    paid: Decimal
    amount: Decimal
    back: Decimal


@dataclass(frozen=True)
class Occasion:
    """What a letter can tell of a claim."""

    kind: LetterKind
    decision: Decision | None = None
    request: PaperRequest | None = None
    asked: Asked | None = None


def occasions(claim: Claim) -> list[Occasion]:
    """The decision that holds, and papers that are waited for."""
    found = []
    decision = claim.decisions.filter(state=DecisionState.APPROVED).first()
    if decision is not None:
        found.append(Occasion(KIND_OF[Outcome(decision.outcome)], decision=decision))
    request = claim.paper_requests.filter(complete_on=None).first()
    if request is not None:
        found.append(Occasion(LetterKind.PAPERS, request=request))
    open_now = claim.payables.filter(kind=PayableKind.RECLAIM, state=PayableState.OPEN)
    for payable in open_now.select_related("decision").order_by("-pk")[:1]:
        found.append(Occasion(LetterKind.RECLAIM, decision=payable.decision, asked=asked_of(payable.decision, at=timezone.now())))
    return found


def asked_of(decision: Decision, *, at: datetime) -> Asked:
    """What a decision asks back, and what came of it by a moment, as it was confirmed by then."""
    payables = decision.payables.filter(claim=decision.claim_id, kind=PayableKind.RECLAIM, made_at__lte=at)
    rows = Recovery.objects.filter(
        payable__in=payables, state__in=(RecoveryState.CONFIRMED, RecoveryState.REVERSED), decided_at__lte=at
    )
    asked = sum(payables.values_list("amount", flat=True), Decimal("0.00"))
    back = sum((-row.amount if row.kind == RecoveryKind.REVERSAL else row.amount for row in rows), Decimal("0.00"))
    return Asked(decision.amount + asked, asked, back)


def occasion_of(claim: Claim, kind: LetterKind) -> Occasion:
    """The one that such a letter tells of; LetterRefused("NOTHING_TO_TELL") without one."""
    for each in occasions(claim):
        if each.kind == kind:
            return each
    raise LetterRefused("NOTHING_TO_TELL")


def wording_of(program_id: int, kind: LetterKind, style: LetterStyle) -> LetterWording | None:
    """What the program's letters say; None: the text that comes with the portal."""
    rows = LetterWording.objects.filter(program=program_id, kind=kind, style=style)
    return rows.order_by("-pk").first()


def content_of(letter: Letter) -> bytes:
    """The file of a letter, from what it tells of, as of the day of its printing; the same bytes as long as that stands."""
    kind, decision = LetterKind(letter.kind), letter.decision
    asked = asked_of(decision, at=letter.printed_at) if kind == LetterKind.RECLAIM and decision is not None else None
    text = text_of(
        letter.claim, Occasion(kind, decision, letter.paper_request, asked), style=LetterStyle(letter.style),
        addressee=Addressee(letter.addressee), wording=letter.wording, on=timezone.localdate(letter.printed_at),
    )
    return _DRAWN[LetterFormat(letter.file_format)](text)


def text_of(
    claim: Claim, occasion: Occasion, *, style: LetterStyle, addressee: Addressee, wording: LetterWording | None, on: date
) -> LetterText:
    """A letter's words. Names stand in full: it is for whoever it speaks of."""
    with override(LANGUAGE):
        values = _values(claim, occasion, addressee=addressee, wording=wording, on=on)
        text = wording.text if wording is not None else TEXTS[occasion.kind, style]
        trace = _trace(occasion.decision)
        return LetterText(
            TITLES[occasion.kind], claim.number, filled(text, values),
            _parts(occasion.decision, trace) if style == LetterStyle.FORMAL else (),
            _steps(occasion, trace) if style == LetterStyle.PLAIN else (),
            (claim.organization.name, values["今日"]),
        )


def _values(
    claim: Claim, occasion: Occasion, *, addressee: Addressee, wording: LetterWording | None, on: date
) -> Mapping[str, str]:
    person, case = claim.enrollment.person, claim.case
    name = person.name.reveal()
    said = {
        "姓名": name, "收件人": _reader(claim, addressee, name=name, on=on), "赔案号": claim.number, "项目": claim.program.name,
        "方案": claim.plan.name, "保险公司": claim.program.insurer.name if claim.program.insurer is not None else "—",
        "出险日期": _day(case.event_on), "受理日期": _day(claim.clock_begun_on or case.reported_on),
        "咨询电话": _phone(claim, wording), "经办机构": claim.organization.name, "今日": _day(on),
    }
    if occasion.request is not None:
        asked = occasion.request
        labels = "、".join(str(PaperKind(kind).label) for kind in asked.kinds)
        words = f"{asked.words.rstrip('。')}。" if asked.words else ""
        return {**said, "缺少材料": labels, "材料说明": words, "告知日期": _day(asked.asked_on)}
    decision: Any = occasion.decision
    if occasion.asked is not None:
        back = occasion.asked
        left = back.amount - back.back
        return {
            **said, "核定日期": _day(timezone.localdate(decision.decided_at)), "核定金额": f"{decision.amount:,.2f}",
            "已付金额": f"{back.paid:,.2f}", "要求退回金额": f"{back.amount:,.2f}", "已退回金额": f"{back.back:,.2f}",
            "待退回金额": f"{left:,.2f}", "大写金额": amount_in_words(left),
        }
    total = sum((bill.total for bill in case.bills.all() if bill.counts), Decimal("0.00"))
    return {
        **said, "核定日期": _day(timezone.localdate(decision.decided_at)), "金额": f"{decision.amount:,.2f}",
        "大写金额": amount_in_words(decision.amount), "申请金额": f"{total:,.2f}", "理由": _reason(decision),
    }


def _reader(claim: Claim, addressee: Addressee, *, name: str, on: date) -> str:
    """Who is written to, in full. Of a minor it is the guardian."""
    if addressee == Addressee.PERSON:
        born = claim.enrollment.person.birth_on
        if born is not None and born > last_adult_birth(on):
            raise LetterRefused("MINOR")
        return name
    rows = Representative.objects.filter(beneficiary=claim.enrollment.beneficiary_id, role=Role.GUARDIAN).standing(on=on)
    guardian = rows.order_by("pk").first()
    if guardian is None:
        raise LetterRefused("NO_GUARDIAN")
    return guardian.name.reveal()


def _phone(claim: Claim, wording: LetterWording | None) -> str:
    if wording is not None:
        return wording.phone
    newest = CertificateWording.objects.filter(program=claim.program_id).order_by("-pk").first()
    if newest is None:
        raise LetterRefused("PHONE")
    return newest.phone


def _reason(decision: Decision) -> str:
    """A refusal's own, or why nothing is left to pay."""
    if decision.outcome == Outcome.REFUSE:
        return refused_because([(_word(decision.refusal_code), decision.reason)])
    codes = [(_word(each["code"]), each.get("reason") or "") for each in decision.refusals]
    return refused_because(codes) or _word("NOTHING_PAYABLE")


def _word(code: str) -> str:
    return REFUSALS[code][0] if code in REFUSALS else code


def _trace(decision: Decision | None) -> Mapping[str, Any]:
    """The calculation as it is kept; empty without one."""
    if decision is None or decision.trace is None:
        return {"steps": [], "names": {}}
    found: dict[str, Any] = json.loads(decision.trace.reveal())
    return found


def _parts(decision: Decision | None, trace: Mapping[str, Any]) -> tuple[Part, ...]:
    if decision is None or decision.outcome == Outcome.REFUSE:
        return ()
    names = {code: words["zh"] for code, words in trace["names"].items()}
    return tuple(
        Part(
            names.get(line.responsibility, line.responsibility), f"{line.counted:,.2f}", f"{line.deducted:,.2f}",
            f"{line.amount:,.2f}",
        )
        for line in decision.lines.order_by("position")
    )


def _steps(occasion: Occasion, trace: Mapping[str, Any]) -> tuple[str, ...]:
    """The calculation in plain sentences, and what people changed of it; a refusal has its reason alone."""
    decision = occasion.decision
    if decision is None or decision.outcome == Outcome.REFUSE:
        return ()
    names = {code: words["zh"] for code, words in trace["names"].items()}
    changed = [
        f"{names.get(line.responsibility, line.responsibility)}：经人工复核，由{line.proposed:,.2f}元调整为{line.amount:,.2f}元，"
        f"理由：{line.reason}。"
        for line in decision.lines.order_by("position") if line.amount != line.proposed
    ]
    return (*Trace.from_data(trace).sentences("zh"), *changed)


def _day(day: date) -> str:
    return date_format(day, "Y年n月j日")
