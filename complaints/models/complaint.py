"""Complaints (投诉) about claims, appeals (申诉) against their decisions, reviews (核查) of what was answered."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_name
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees
from claims.models import Claim, Decision, numbered
from claims.rules.states import OPEN
from programs.models import Program

COMPLAINT_KEY = "complaint"
#: Of rows `kept` of a claim: whoever it speaks of is destroyed.
OWNER_GONE = """EXISTS (
    SELECT FROM claims_claim c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
    JOIN beneficiaries_person owner ON owner.id = e.person_id
    WHERE c.id = kept.claim_id AND owner.destroyed_at IS NOT NULL)"""
_OPEN_STATES = ", ".join(f"'{state.value}'" for state in OPEN)


class Kind(models.TextChoices):
    """What is asked."""

    COMPLAINT = "complaint", _("Complaint")
    APPEAL = "appeal", _("Appeal")
    REVIEW = "review", _("Review of an answer")


class Topic(models.TextChoices):
    """What it is about: the first five of a complaint, the others of an appeal; a review has that of what it reviews."""

    DELAY = "delay", _("Slow handling")
    PAPERS = "papers", _("Papers asked for again and again")
    ATTITUDE = "attitude", _("Attitude")
    DATA = "data", _("Use of personal information")
    OTHER = "other", _("Something else")
    REFUSAL = "refusal", _("Refusal")
    AMOUNT = "amount", _("Amount")
    CODE = "code", _("Responsibility, code or reason that was applied")


COMPLAINT_TOPICS = (Topic.DELAY, Topic.PAPERS, Topic.ATTITUDE, Topic.DATA, Topic.OTHER)
APPEAL_TOPICS = (Topic.REFUSAL, Topic.AMOUNT, Topic.CODE)


class Complainant(models.TextChoices):
    """Who complains."""

    INSURED = "insured", _("The insured person")
    PAYEE = "payee", _("The payee or an heir")
    GUARDIAN = "guardian", _("The guardian")
    AGENT = "agent", _("An agent")


class Channel(models.TextChoices):
    """How it came."""

    COUNTER = "counter", _("At the counter")
    TELEPHONE = "telephone", _("By telephone")
    LETTER = "letter", _("Letter")
    WEB = "web", _("Web")
    REGULATOR = "regulator", _("Passed on by the regulator")


class ComplaintState(models.TextChoices):
    """Where it stands."""

    OPEN = "open", _("To answer")
    ANSWERED = "answered", _("Answered, to be told")
    TOLD = "told", _("Told")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Outcome(models.TextChoices):
    """What was found."""

    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly", _("Partly upheld")
    NOT_UPHELD = "not_upheld", _("Not upheld")


_ANSWERED = (ComplaintState.ANSWERED, ComplaintState.TOLD)
#: Of an answer by `NEW.answered_by_id`: had they a hand in the claim, or in the answer that is reviewed?
_HAD_A_HAND = f"""
EXISTS (SELECT FROM claims_claim c WHERE c.id = NEW.claim_id AND c.handler_id = NEW.answered_by_id)
OR EXISTS (SELECT FROM claims_claimevent h WHERE h.pgh_obj_id = NEW.claim_id AND h.handler_id = NEW.answered_by_id)
OR EXISTS (SELECT FROM claims_claimstep s WHERE s.claim_id = NEW.claim_id AND s.by_id = NEW.answered_by_id
    AND s.from_state IN ({_OPEN_STATES}))
OR EXISTS (SELECT FROM claims_decision d WHERE d.claim_id = NEW.claim_id AND d.proposed_by_id = NEW.answered_by_id)
OR EXISTS (SELECT FROM claims_signature s JOIN claims_decision d ON d.id = s.decision_id
    WHERE d.claim_id = NEW.claim_id AND s.by_id = NEW.answered_by_id)
OR EXISTS (SELECT FROM complaints_complaint earlier WHERE earlier.id = NEW.of_id AND earlier.answered_by_id = NEW.answered_by_id)
"""  # noqa: S608 - states of ours


@tracked
class Complaint(models.Model):
    """One complaint, appeal or review. Recorded by one person, answered by another who had no hand in the claim, then told.

    Whoever is restricted stands in no list of people; what they complain about is answered all the same.
    """

    kind = models.CharField(_("kind"), max_length=9, choices=Kind, db_collation="C")
    state = models.CharField(_("state"), max_length=9, choices=ComplaintState, default=ComplaintState.OPEN, db_collation="C")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="complaints", verbose_name=_("claim"))
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, related_name="appeals", verbose_name=_("decision appealed against"), db_index=False
    )
    of = models.OneToOneField("self", models.PROTECT, null=True, related_name="review", verbose_name=_("review of"))
    #: The claim's own.
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"), db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"), db_index=False)
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    topic = models.CharField(_("about"), max_length=8, choices=Topic, db_collation="C")
    complainant = models.CharField(
        _("who complains"), max_length=8, choices=Complainant, default=Complainant.INSURED, db_collation="C"
    )
    complainant_name = SealedTextField(
        _("name of whoever complains"), logical_name="complaint.complainant_name", purpose=COMPLAINT_KEY, mask=mask_name, null=True
    )
    words = SealedTextField(_("in their words"), logical_name="complaint.words", purpose=COMPLAINT_KEY, null=True)
    channel = models.CharField(_("came by"), max_length=9, choices=Channel, db_collation="C")
    received_on = models.DateField(_("received on"))
    due_on = models.DateField(_("to be told until"), help_text=_("The last day on which it is told in time."))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"), db_index=False)
    recorded_at = models.DateTimeField(_("recorded at"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True, default="", db_collation="C")
    answer = SealedTextField(_("answer"), logical_name="complaint.answer", purpose=COMPLAINT_KEY, null=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("answered by"), db_index=False
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    told_on = models.DateField(_("told on"), null=True)
    told_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("told by"), db_index=False)
    withdrawn_because = models.CharField(_("why it was withdrawn"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(owner_gone=OWNER_GONE)
    personal_fields = ("complainant_name", "words", "answer")
    open_fields = (
        "id", "kind", "state", "claim", "decision", "of", "program", "organization", "region_code", "topic", "complainant",
        "channel", "received_on", "due_on", "recorded_by", "recorded_at", "outcome", "answered_by", "answered_at", "told_on",
        "told_by", "withdrawn_because",
    )

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints and appeals")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_complaint", _("Can record complaints and appeals and tell of their answers")),
            ("answer_complaint", _("Can answer complaints and appeals and approve longer terms")),
            ("ask_extension", _("Can ask for a longer term for a complaint")),
        ]
        constraints = [
            models.CheckConstraint(
                name="complaint_kind_has_its_subject",
                condition=Q(kind="complaint", decision__isnull=True, of__isnull=True, topic__in=COMPLAINT_TOPICS)
                | Q(kind="appeal", decision__isnull=False, of__isnull=True, topic__in=APPEAL_TOPICS)
                | Q(kind="review", of__isnull=False),
            ),
            models.UniqueConstraint(
                name="appeal_open_once_of_a_decision", fields=["decision"], condition=Q(state="open", decision__isnull=False)
            ),
            models.CheckConstraint(
                name="complaint_answered_as_a_whole",
                condition=Q(
                    state__in=_ANSWERED, outcome__in=Outcome.values, answer__isnull=False, answered_by__isnull=False,
                    answered_at__isnull=False,
                ) | Q(
                    state__in=["open", "withdrawn"], outcome="", answer__isnull=True, answered_by__isnull=True,
                    answered_at__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="complaint_told_as_a_whole",
                condition=Q(state="told", told_on__isnull=False, told_by__isnull=False)
                | (~Q(state="told") & Q(told_on__isnull=True, told_by__isnull=True)),
            ),
            models.CheckConstraint(
                name="complaint_answered_by_another_than_recorded",
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("recorded_by")),
            ),
            models.CheckConstraint(
                name="complaint_withdrawn_with_a_reason", condition=Q(state="withdrawn") ^ Q(withdrawn_because=""),
            ),
            models.CheckConstraint(name="complaint_due_after_received", condition=Q(due_on__gt=F("received_on"))),
            models.CheckConstraint(
                name="complaint_told_after_received", condition=Q(told_on=None) | Q(told_on__gte=F("received_on")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_on"], name="complaint_by_day", condition=Q(state__in=["open", "answered"])
            ),
            models.Index(fields=["organization", "-id"], name="complaint_of_office"),
            models.Index(fields=["decision"], name="appeal_of_decision", condition=Q(decision__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="complaint_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="complaint_stays_what_was_said", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "kind", "claim", "decision", "of", "program", "organization", "region_code", "topic", "complainant", "channel",
                    "received_on", "recorded_by", "recorded_at",
                ),
            ),
            pgtrigger.Protect(
                name="complaint_goes_on", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.state <> OLD.state AND NOT ((OLD.state = 'open' AND NEW.state IN ('answered', 'withdrawn'))"
                    " OR (OLD.state = 'answered' AND NEW.state = 'told'))"
                ),
            ),
            pgtrigger.Protect(
                name="complaint_answer_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'open' AND (NEW.outcome <> OLD.outcome OR NEW.answered_by_id <> OLD.answered_by_id"
                    " OR NEW.answered_at <> OLD.answered_at)"
                ),
            ),
            pgtrigger.Trigger(
                name="complaint_answered_by_who_had_no_hand_in_it", level=pgtrigger.Row, when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update, condition=pgtrigger.Condition("NEW.state = 'answered'"),
                # Of the answer alone: what somebody does with the claim later takes nothing back.
                func=f"""
                IF TG_OP = 'UPDATE' THEN
                    IF OLD.answered_by_id IS NOT DISTINCT FROM NEW.answered_by_id THEN
                        RETURN NEW;
                    END IF;
                END IF;
                IF {_HAD_A_HAND} THEN
                    RAISE EXCEPTION 'whoever answers had a hand in the claim'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_answered_by_who_had_no_hand_in_it';
                END IF;
                RETURN NEW;""",
            ),
            agrees(
                "complaint_agrees",
                """
                SELECT FROM new_rows LEFT JOIN claims_claim c ON c.id = new_rows.claim_id AND c.program_id = new_rows.program_id
                    AND c.organization_id = new_rows.organization_id AND c.region_code = new_rows.region_code
                LEFT JOIN claims_decision d ON d.id = new_rows.decision_id
                WHERE c.id IS NULL OR (d.id IS NOT NULL AND (d.claim_id <> c.id OR d.state = 'proposed'))
                """,
                # A review is of something that was told about the same claim and decision, and no review itself.
                """
                SELECT FROM new_rows LEFT JOIN complaints_complaint earlier ON earlier.id = new_rows.of_id
                    AND earlier.claim_id = new_rows.claim_id AND earlier.decision_id IS NOT DISTINCT FROM new_rows.decision_id
                    AND earlier.topic = new_rows.topic AND earlier.state = 'told' AND earlier.kind <> 'review'
                    AND new_rows.received_on >= earlier.told_on
                WHERE new_rows.of_id IS NOT NULL AND earlier.id IS NULL
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def number(self) -> str:
        """投诉编号: T, the number in the books, two check digits."""
        return numbered("T", self.pk)

    @property
    def is_due(self) -> bool:
        """Whether its term still runs: until the answer is told."""
        return self.state in (ComplaintState.OPEN, ComplaintState.ANSWERED)
