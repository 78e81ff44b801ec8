"""The letter that answers a complaint, drawn as claims draw theirs. Reads alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import override

from audit.errors import KeyDestroyed
from claims.drawing import docx_of, pdf_of
from claims.letters import LANGUAGE
from claims.models import LetterFormat
from claims.rules.letter_text import LetterText, filled
from complaints.errors import ComplaintsRefused
from complaints.models import AnswerWording, Complaint, Kind, Outcome
from complaints.rules.answer_text import NEXT, NEXT_AFTER_REVIEW, REOPENED, TEXT, TITLES
from papers.models import CertificateWording

_DRAWN = {LetterFormat.PDF: pdf_of, LetterFormat.DOCX: docx_of}


def wording_of(program_id: int) -> AnswerWording | None:
    """What the program's answers say; None: the text that comes with the portal."""
    return AnswerWording.objects.filter(program=program_id).order_by("-pk").first()


def content_of(complaint: Complaint, *, file_format: LetterFormat, on: date) -> bytes:
    """The file."""
    return _DRAWN[file_format](text_of(complaint, on=on))


def text_of(complaint: Complaint, *, on: date) -> LetterText:
    """Its words. Names stand in full: it is for whoever complained."""
    wording = wording_of(complaint.program_id)
    with override(LANGUAGE):
        try:
            values = _values(complaint, phone=_phone(complaint, wording), on=on)
        except KeyDestroyed as gone:
            raise ComplaintsRefused("DESTROYED") from gone
        return LetterText(
            TITLES[complaint.kind], complaint.number, filled(wording.text if wording is not None else TEXT, values),
            signed=(_office(complaint), values["今日"]),
        )


def _values(complaint: Complaint, *, phone: str, on: date) -> Mapping[str, str]:
    if complaint.answer is None:
        raise ComplaintsRefused("NO_ANSWER")
    name = complaint.claim.enrollment.person.name.reveal()
    outcome = str(Outcome(complaint.outcome).label)
    if complaint.decision_id is not None and complaint.outcome != Outcome.NOT_UPHELD:
        outcome += REOPENED
    return {
        "收件人": name if complaint.complainant_name is None else complaint.complainant_name.reveal(), "姓名": name,
        "投诉编号": complaint.number, "类别": complaint.get_kind_display(), "事项": complaint.get_topic_display(),
        "收到日期": _day(complaint.received_on), "赔案号": complaint.claim.number, "项目": complaint.program.name,
        "处理结果": outcome, "答复": " ".join(complaint.answer.reveal().split()), "后续途径": _next(complaint),
        "咨询电话": phone, "经办机构": _office(complaint), "今日": _day(on),
    }


def _next(complaint: Complaint) -> str:
    if complaint.kind == Kind.REVIEW:
        return NEXT_AFTER_REVIEW
    above = complaint.organization.parent
    return NEXT.format(office=above.name if above is not None else complaint.organization.name)


def _office(complaint: Complaint) -> str:
    """Who answers: for a review the office above."""
    above = complaint.organization.parent
    return above.name if complaint.kind == Kind.REVIEW and above is not None else complaint.organization.name


def _phone(complaint: Complaint, wording: AnswerWording | None) -> str:
    if wording is not None:
        return wording.phone
    newest = CertificateWording.objects.filter(program=complaint.program_id).order_by("-pk").first()
    if newest is None:
        raise ComplaintsRefused("PHONE")
    return newest.phone


def _day(day: date) -> str:
    return date_format(day, "Y年n月j日")
