"""Complaints of the demo: one that was answered and told, an appeal against a refusal that waits for its answer."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from accounts.models import User
from claims.actions import print_letter
from claims.models import Addressee, Claim, LetterFormat, LetterKind, LetterStyle
from claims.rules.states import State
from complaints import actions
from complaints.models import Channel, Complainant, Complaint, Outcome, Topic
from papers.actions import write_wording
from papers.models import CertificateWording
from programs.models import Program


def complain(
    program: Program, *, clerk: User, handler: User, reviewer: User, judge: User, how_to_claim: str, say: Callable[[str], None]
) -> None:
    """Of the program's claims: of one whose papers were asked for, and of one that was refused."""
    if Complaint.objects.filter(program=program).exists():
        return
    at = timezone.now()
    today = timezone.localdate(at)
    made = 0
    waiting = Claim.objects.filter(program=program, state=State.WAITING).order_by("pk").first()
    if waiting is not None:
        complaint = actions.record_complaint(
            waiting, topic=Topic.PAPERS, complainant=Complainant.INSURED, words="材料交过两次，又让补，老人来回跑了三趟。",
            channel=Channel.TELEPHONE, received_on=today, by=clerk, at=at,
        )
        answered = actions.answer_complaint(
            complaint, outcome=Outcome.PARTLY, by=judge, at=at,
            answer="出院小结缺盖章页，确需补交；但应一次性告知，此前分两次通知不妥，已向经办人员说明并改正，可由村服务点代收材料。",
        )
        actions.tell_answer(answered, told_on=today, by=clerk, at=at)
        made += 1
    refused = Claim.objects.filter(program=program, state=State.REFUSED).order_by("pk").first()
    if refused is not None:
        if not CertificateWording.objects.filter(program=program).exists():
            write_wording(program, how_to_claim=how_to_claim, phone="0762-3380000", by=reviewer, at=at)
        print_letter(
            refused, kind=LetterKind.REFUSAL, style=LetterStyle.PLAIN, addressee=Addressee.PERSON, file_format=LetterFormat.DOCX,
            purpose="寄送本人", by=handler, at=at,
        )
        actions.record_complaint(
            refused, topic=Topic.REFUSAL, complainant=Complainant.AGENT, complainant_name="林村医",
            words="体检时没有查出这个病，投保以后才确诊，不算既往症，请重新看病历。", channel=Channel.COUNTER,
            received_on=today, by=clerk, at=at,
        )
        made += 1
    say(f"{program}: {made} complaints")
