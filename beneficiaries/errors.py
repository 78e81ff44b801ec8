"""Refusals of this room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused
from beneficiaries.columns import COLUMNS
from intake.findings import describe


class BeneficiariesRefused(Refused):
    """A request on people, rosters or enrollments that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "PERIOD_CLOSED": _("Enrollment for %(period)s is open from %(opens)s to %(last)s only."),
        "OUT_OF_REACH": _("The program is not run in this organization's region."),
        "DESTROYED": _("The data of this person was destroyed at the end of its term: nothing can be changed any more."),
        "OUT_OF_SCOPE": _("This office or program lies outside your own."),
        "SPEAKS_FOR_SELF": _("Nobody is their own guardian or agent."),
        "SPEAKER_MINOR": _("A guardian or agent is of age; by the number of the document this one is not."),
        "SPEAKER_KNOWN": _("This guardian or agent of the person is recorded already."),
        "HEALTH_CLASS": _("Say whether the person is healthy or has a pre-existing condition."),
        "HEALTHY_WITH_GROUPS": _("Whoever is healthy has no group of diseases."),
        "HEALTH_GROUPS": _("No plan of the program names this group of diseases."),
        "HEALTH_LATER": _("A health class is not stated for a day to come."),
        "SPEAKER_ENDED": _("This guardian or agent has ended already."),
        "SPEAKER_PHONE": _("This is no telephone number."),
        "SPEAKER_RELATION": _("Say how they are related: mother, village officer …"),
        "GUARDIAN_OF_ADULT": _("Only a minor has a guardian here. Somebody of age chooses an agent."),
        "GUARDIAN_MISSING": _(
            "Under 18, and no guardian is known: the plan enrolls minors with a guardian only. Record the guardian on the "
            "person's page first."
        ),
        "NOT_INSURED": _(
            "The plan takes in participants of basic insurance only, and this person is not on the list in force."
        ),
        "NO_PARTICIPANTS": _(
            "The plan takes in participants of basic insurance only, and no list of them is in force for this region. The office "
            "of the region uploads one first."
        ),
        "GATE_NOT_ASKED": _("The plan does not ask for this step."),
        "GATE_NOT_APPLIED": _("The roster has not been applied yet."),
        "GATE_UNDONE": _("The roster has been undone, or is being undone."),
        "UNDO_ENROLLING_ONLY": _("Only rosters that enroll or renew are undone: correct this one by a further roster."),
        "FULL_LIST_ENROLLING_ONLY": _("Only rosters that enroll or renew can be full lists."),
        "DECIDED_ENROLLING_ONLY": _(
            "Rows of this roster are not decided here: correct them in the file and upload it again."
        ),
        "GATE_PASSED": _("This step is recorded already for every enrollment of the roster."),
        "GATE_ORDER": _("A step before this one is not recorded yet."),
        "GATE_ASKED": _(
            "%(people)d of these people stand on a hand-over that the insurer has not answered: take in its receipt, or withdraw "
            "the hand-over."
        ),
        "GATE_TOO_EARLY": _("The public notice lasts %(days)d days: until %(day)s."),
        "GATE_CLOSED": _("Enrollment closed on %(day)s: whoever had not paid by then lapses."),
        "NO_ENDING": _("Cover cannot be ended by a roster yet."),
        "NOT_FOUND": _("No row of this roster has it."),
        "NOTHING_TO_DECIDE": _("None of the chosen rows can be decided like this."),
        "POLICY_NUMBER": _("Name the insurer's policy number."),
        "SPANS_ONLY": _("The plan covers spans: it takes no rosters and no own payments for a whole period."),
        "PERIODS_ONLY": _("The plan covers whole periods, no spans."),
        "NOTHING_ASKED": _("Nothing is asked for."),
        "TOO_MANY_SPANS": _("At most %(most)d spans at once."),
        "SPAN_WITHOUT_ZONE": _("Give each moment with its time zone."),
        "REFERENCE": _("Give the request a reference of at most %(characters)d characters that holds no personal number."),
        "REFERENCE_TAKEN": _("The reference stands for another request."),
        "PAYMENT_TAKEN": _("This payment was used for another request."),
        "NOT_PAID": _("The plan asks for the own share first: name the payment and its time."),
        "PAID_AMOUNT": _("%(paid)s yuan were paid, %(due)s yuan are due."),
        "CELLS_UNKNOWN": _("Unknown: %(cells)s."),
        "FAMILY_REFUSED": _("Nobody was enrolled. %(reasons)s"),
        "FAMILY_SIZE": _("At most %(most)d people are enrolled by one payer at once."),
        "MEMBER_TWICE": _("The same person stands here twice."),
        "PAYER_NAME": _("Name the payer."),
        "PAYER_TWICE": _("Only one of the insured is the payer."),
        "RELATION": _("Say what each insured person is to the payer, and how is paid."),
        "NO_REFUND_DAYS": _("The plan gives no cover back."),
        "NOT_REFUNDABLE": _("This cover cannot be given back: it is %(state)s, or covers a span."),
        "NOT_OWN_PAID": _("Nothing was paid by the person for this cover."),
        "REFUND_LATE": _("Cover is given back within %(days)d days of its payment: until %(day)s."),
        "COVER_IN_USE": _("This cover is in use and cannot be given back: %(why)s"),
        "ALREADY_COVERED": _("This person is covered in this period already."),
        "END_REASON": _("Say whether the person left, moved away or died."),
        "ENDS_LATER": _("The last day of cover does not lie in the future: %(day)s at the latest."),
        "NOTHING_TO_END": _("No cover of this office, in force or waiting, lasts beyond that day."),
        "CHANGE_WAITS": _("Such a change of this person waits for a second person already."),
        "CHANGE_DECIDED": _("This change is decided already: %(state)s."),
        "CHANGE_STALE": _("Something has changed since you opened this page. Look at it again and decide then."),
        "HELD_BY": _("This number is registered for person %(person)d, whom your office knows: merge the two instead."),
        "NOTHING_CORRECTED": _("Nothing differs from what is registered."),
        "DOCUMENT_KNOWN": _("This document is registered for this person already."),
        "DATES_ORDER": _("The last day lies before the first."),
        "NOBODY_FOUND": _("Nobody whom your office knows is found by that."),
        "SEVERAL_FOUND": _("Several people are found: search by document number."),
        "MERGE_SAME": _("This is the same person."),
        "MERGED_ALREADY": _("One of the two is merged into somebody already."),
        "MERGE_OTHER_WAY": _("Somebody was merged into the other person: merge the other way round."),
        "MERGE_CHANGE_WAITS": _("A change of one of the two waits for a second person: have it decided first."),
        "MERGE_COVERS_ELSEWHERE": _("Their covers cannot stand beside each other, and not all are within your reach."),
        "MERGE_CHOOSE_COVER": _("%(one)s and %(other)s cover the same time: say which one is given up."),
        "MERGE_COVER_UNASKED": _("Only covers that cannot stand beside another one are given up."),
        "MERGE_COVER_KEPT": _("A cover that is to be given up is in use: choose the other one."),
        "NOBODY_MERGED": _("Nobody was merged into this person."),
        "MERGE_NOT_STANDING": _("This merge is undone already, or another one came after it."),
        "MERGE_HAS_NEW": _("Something new hangs on the person since the merge: it cannot be undone any more."),
        "MOVED_ALREADY": _("The person is registered in this region already."),
        "REGION_LEVEL": _("Name a county, town or village of today by its code."),
        "NO_OFFICE_THERE": _("The program has no office for this region, or several."),
        "NOT_RECEIVING": _("The receiving office decides this."),
        "RESTRICTED": _("The data of this person is only kept: nothing is done with it before the restriction is lifted."),
        "RESTRICTED_ALREADY": _("The data of this person is only kept already."),
        "NOT_RESTRICTED": _("The data of this person is not restricted."),
        "RENEWED_PERIOD": _("Only an earlier period of the same program can be renewed into this one."),
        "RENEWED_REGION": _("Name a region of the office."),
        "NOBODY_TO_RENEW": _("Nobody of these was covered in %(period)s."),
        "KNOWN_OF_ANOTHER": _("Name a period of another program: within one program covers are renewed."),
        "BASIS": _("Say on what ground what the other program knows of these people is used for this one."),
        "RENEWAL_WAITS": _("Roster %(number)d renews the same people and is not done yet: finish it, or withdraw it."),
        "RENEWAL_HAS_NO_FILES": _("This roster renews covers that are known: no files join it, and it is no full list."),
        "USCC": _("This is no unified social credit code: compare its 18 characters, the last one checks the others."),
        "EMPLOYERS_NOT_HERE": _("Employers enroll their staff in supplementary programs only."),
        "EMPLOYER_REGION": _("An employer lies in the region of its office."),
        "EMPLOYER_KNOWN": _("Your office knows this code already: employer %(number)d."),
        "EMPLOYER_NAME": _("Name the employer, in at most %(most)d characters."),
        "EMPLOYER_CONTACT": _("The contact person is a name of at most %(most)d characters, without digits."),
        "EMPLOYER_PHONE": _("This is no telephone number."),
        "EMPLOYER_OF_OTHERS": _("This employer is known to another office or program."),
        "EMPLOYER_ENROLLS": _("An employer is named for rosters that enroll people."),
        "EMPLOYER_PAYS_NOTHING": _("The plan of this period asks for no own payment: there is nothing for an employer to pay."),
        "GATE_BY_BILL": _("An employer pays for this roster: its bill is paid, by two people."),
        "OWN_CHANGE": _("Whoever proposed a change cannot decide it."),
    }


class ApplicantRefused(BeneficiariesRefused):
    """One person's cells that the rules refuse: `findings` as (column, code, masked value, extra)."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "APPLICANT": _("The person cannot be enrolled: %(causes)s"),
        "IDENTITY": _("This cannot be registered: %(causes)s"),
        "IDENTITY_CONFLICT": _("Name and document number do not agree with what is registered: check both."),
        "TOO_MANY_CONFLICTS": _("Too many requests of today did not agree with what is registered. Ask the operating office."),
    }

    def __init__(
        self, code: str, *, findings: Sequence[tuple[str, str, str, str]] = (), person_id: int | None = None
    ) -> None:
        self.findings, self.person_id = list(findings), person_id
        super().__init__(code)

    def __str__(self) -> str:
        labels = {column.key: str(column.label) for column in COLUMNS}
        causes = "; ".join(
            describe(code, labels.get(column, column), value_masked=masked, extra=extra)
            for column, code, masked, extra in self.findings
        )
        return str(self.messages[self.code]) % {"causes": causes}
