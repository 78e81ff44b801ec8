"""What messages say: versions of a text for an occasion of a program, drafted by one person, approved by another."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import ScopedQuerySet
from outreach.wording import ALLOWED
from programs.models import Program
from programs.models.program import program_scope


class Topic(models.TextChoices):
    """Why people are told something."""

    TO_PAY = "to_pay", _("Own payment is to be made")
    IN_FORCE = "in_force", _("Cover is in force")
    ENDS_SOON = "ends_soon", _("Cover ends soon")
    ENDED = "ended", _("Cover has ended")
    #: The reason is the insurer's and the person's: it is in no message.
    REFUSED = "refused", _("Not accepted by the insurer")


class NameForm(models.TextChoices):
    """How a message to a telephone names the person; lists for villages always mask."""

    MASKED = "masked", _("Masked name")
    FULL = "full", _("Name in full")


class WordingState(models.TextChoices):
    """Where a version stands."""

    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    #: A later version was approved.
    RETIRED = "retired", _("Replaced")


@tracked
class MessageWording(models.Model):
    """One version. Its text is never changed: another text is another version."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="message_wordings", verbose_name=_("program"))
    topic = models.CharField(_("occasion"), max_length=10, choices=Topic, db_collation="C")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=8, choices=WordingState, default=WordingState.DRAFT, db_collation="C")
    #: Stands before the text, in 【】, as the gateways ask.
    signature = models.CharField(_("signature"), max_length=12)
    text = models.CharField(_("text"), max_length=400)
    name_form = models.CharField(
        _("name in messages"), max_length=6, choices=NameForm, default=NameForm.MASKED, db_collation="C"
    )
    hotline = models.CharField(_("hotline of the insurer"), max_length=40)
    #: Of the longest of the examples.
    segments = models.PositiveSmallIntegerField(_("messages a text"))
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason for the refusal"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("program__")
    personal_fields = ()
    open_fields = (
        "id", "program", "topic", "number", "state", "signature", "text", "name_form", "hotline", "segments", "drafted_by",
        "drafted_at", "decided_by", "decided_at", "reason",
    )

    class Meta:
        verbose_name = _("wording of messages")
        verbose_name_plural = _("wordings of messages")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("draft_wording", _("Can draft what messages say")),
            ("approve_wording", _("Can approve what messages say")),
        ]
        constraints = [
            models.UniqueConstraint(name="message_wording_version_once", fields=["program", "topic", "number"]),
            models.UniqueConstraint(
                name="message_wording_approved_once", fields=["program", "topic"], condition=Q(state="approved")
            ),
            models.CheckConstraint(name="message_wording_has_places_of_the_whitelist", condition=Q(text__regex=ALLOWED)),
            models.CheckConstraint(
                name="message_wording_decided_by_another", condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("drafted_by"))
            ),
            models.CheckConstraint(
                name="message_wording_decided_by_somebody",
                condition=Q(state="draft", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="draft") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="message_wording_declined_with_a_reason", condition=~Q(state="declined") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="message_wording_says_something", condition=~Q(text="") & ~Q(signature="") & ~Q(hotline="")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="message_wording_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="message_wording_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "topic", "number", "signature", "text", "name_form", "hotline", "drafted_by", "drafted_at",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} v{self.number}"

    @property
    def whole(self) -> str:
        """The text with its signature, as it is sent and counted."""
        return f"【{self.signature}】{self.text}"
