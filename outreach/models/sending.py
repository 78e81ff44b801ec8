"""Sendings: people who are told one thing at one time, each on a line of its own; their sealed file."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from outreach.models.wording import MessageWording, Topic
from programs.models import Period, Program

#: Hours between which nobody is woken.
FIRST_HOUR, LAST_HOUR = 8, 21
MOST_TURNS = 3


class SendingState(models.TextChoices):
    """Where a sending stands."""

    PROPOSED = "proposed", _("To be released")
    RELEASED = "released", _("Being written")
    READY = "ready", _("Ready")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Reach(models.TextChoices):
    """How somebody is reached."""

    PHONE = "phone", _("By message")
    VILLAGE = "village", _("By the village")


class Outcome(models.TextChoices):
    """What became of a message."""

    OPEN = "", _("Not known")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Not delivered")


_OFFICE = Scope(organization_path="organization__path", region="region_code", program="program_id")


@tracked
class Sending(models.Model):
    """Who is told what: proposed by one person, released by another with its list fixed, written by a job."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="sendings", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    topic = models.CharField(_("occasion"), max_length=10, choices=Topic, db_collation="C")
    #: 1 for the first message, 2 and 3 for reminders of whoever got the one before.
    turn = models.PositiveSmallIntegerField(_("first message or reminder"), default=1)
    #: For covers that end soon.
    within_days = models.PositiveSmallIntegerField(_("days before the end"), null=True)
    wording = models.ForeignKey(MessageWording, models.PROTECT, related_name="sendings", verbose_name=_("wording"))
    #: One message for all people of a telephone, or one for each.
    grouped = models.BooleanField(_("one message a telephone"), default=True)
    #: Everybody stands on the villages' lists, whoever has a telephone too; else those alone who have none.
    village_only = models.BooleanField(_("everybody by the village"), default=False)
    earliest_hour = models.PositiveSmallIntegerField(_("sent not before (hour)"), default=FIRST_HOUR)
    latest_hour = models.PositiveSmallIntegerField(_("sent not after (hour)"), default=20)
    state = models.CharField(_("state"), max_length=9, choices=SendingState, default=SendingState.PROPOSED, db_collation="C")
    people = models.IntegerField(_("people"), default=0)
    by_phone = models.IntegerField(_("by message"), default=0)
    by_village = models.IntegerField(_("by the village"), default=0)
    #: SHA-256 over number, enrollment and reach of every line.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("put forward by"))
    proposed_at = models.DateTimeField(_("put forward at"))
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("released by"))
    released_at = models.DateTimeField(_("released at"), null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("withdrawn by"))
    reason = models.CharField(_("reason for the withdrawal"), max_length=300, blank=True, default="")
    #: People of one telephone have been put together.
    grouped_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(_("written at"), null=True)
    #: Messages of the file: fewer than people where telephones are shared, or somebody may not be told any more.
    messages = models.IntegerField(_("messages"), default=0)
    #: The first time that something of it left.
    fetched_at = models.DateTimeField(_("first fetched at"), null=True)
    #: People of whose messages a report has said so.
    delivered = models.IntegerField(_("delivered"), default=0)
    failed = models.IntegerField(_("not delivered"), default=0)
    #: [[county, people by message, delivered, not delivered], ...] as the last report left it.
    results = models.JSONField(default=list)
    reported_at = models.DateTimeField(_("reported at"), null=True)
    #: The last time that its village lists were printed.
    printed_at = models.DateTimeField(_("printed at"), null=True)
    folder = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    purge_on = models.DateField(_("file kept until"), null=True)
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _OFFICE
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "region_code", "topic", "turn", "within_days", "wording", "grouped",
        "village_only", "earliest_hour", "latest_hour", "state", "people", "by_phone", "by_village", "digest", "proposed_by",
        "proposed_at", "released_by", "released_at", "withdrawn_by", "reason", "grouped_at", "written_at", "messages", "delivered",
        "failed", "results", "reported_at", "printed_at", "fetched_at", "folder", "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("message to people")
        verbose_name_plural = _("messages to people")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("propose_sending", _("Can propose messages to people")),
            ("release_sending", _("Can release messages to people")),
            ("fetch_sending", _("Can fetch messages and print lists for villages")),
        ]
        indexes = [
            models.Index(fields=["purge_on"], name="sending_to_purge", condition=Q(purged_at=None, purge_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="sending_released_by_another", condition=Q(released_by__isnull=True) | ~Q(released_by=F("proposed_by"))
            ),
            models.CheckConstraint(
                name="sending_released_is_fixed",
                condition=Q(state__in=["proposed", "withdrawn"])
                | (Q(released_by__isnull=False, released_at__isnull=False, people__gt=0) & ~Q(digest="") & ~Q(folder="")),
            ),
            models.CheckConstraint(name="sending_people_are_reached", condition=Q(people=F("by_phone") + F("by_village"))),
            models.CheckConstraint(
                name="sending_results_within_its_people",
                condition=Q(delivered__gte=0, failed__gte=0, by_phone__gte=F("delivered") + F("failed")),
            ),
            models.CheckConstraint(name="sending_ready_is_written", condition=~Q(state="ready") | Q(written_at__isnull=False)),
            models.CheckConstraint(
                name="sending_wakes_nobody",
                condition=Q(earliest_hour__gte=FIRST_HOUR, latest_hour__lte=LAST_HOUR, earliest_hour__lt=F("latest_hour")),
            ),
            models.CheckConstraint(
                name="sending_reminds_of_payments", condition=Q(turn=1) | Q(turn__gt=1, turn__lte=MOST_TURNS, topic="to_pay")
            ),
            models.CheckConstraint(
                name="sending_says_which_end", condition=Q(topic="ends_soon", within_days__gte=1)
                | (~Q(topic="ends_soon") & Q(within_days__isnull=True)),
            ),
            models.CheckConstraint(name="sending_withdrawn_has_a_reason", condition=~Q(state="withdrawn") | ~Q(reason="")),
            models.CheckConstraint(name="sending_kept_has_an_end", condition=Q(folder="") | Q(purge_on__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="sending_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="sending_stays_what_was_proposed", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "organization", "region_code", "topic", "turn", "within_days", "wording", "grouped",
                    "village_only", "earliest_hour", "latest_hour", "proposed_by", "proposed_at",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class SendingLine(models.Model):
    """One person of a sending; fixed when it is released."""

    sending = models.ForeignKey(Sending, models.PROTECT, related_name="lines", verbose_name=_("message"), db_index=False)
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="sending_lines", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    number = models.PositiveIntegerField(_("number on the list"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    reach = models.CharField(_("reached"), max_length=7, choices=Reach, db_collation="C")
    topic = models.CharField(_("occasion"), max_length=10, choices=Topic, db_collation="C")
    turn = models.PositiveSmallIntegerField(_("first message or reminder"))
    #: False once the sending was withdrawn.
    stands = models.BooleanField(_("stands"), default=True)
    #: The line whose message speaks for this one, too: they share a telephone.
    told_with = models.PositiveIntegerField(null=True)
    outcome = models.CharField(
        _("what became of it"), max_length=9, choices=Outcome, blank=True, default="", db_default="", db_collation="C"
    )
    failure = models.CharField(_("why it failed"), max_length=120, blank=True, default="", db_default="")
    #: The line of the report that says so.
    report_row_id = models.BigIntegerField(_("row of the report"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="sending__organization__path", region="region_code", program="sending__program_id")
    personal_fields = ()
    open_fields = (
        "id", "sending", "enrollment", "number", "region_code", "reach", "topic", "turn", "stands", "told_with", "outcome",
        "failure", "report_row_id",
    )

    class Meta:
        verbose_name = _("person who was told")
        verbose_name_plural = _("people who were told")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="sending_line_once", fields=["sending", "number"]),
            models.UniqueConstraint(name="told_once", fields=["enrollment", "topic", "turn"], condition=Q(stands=True)),
            models.CheckConstraint(
                name="sending_line_told_with_an_earlier",
                condition=Q(told_with__isnull=True) | Q(reach="phone", told_with__lt=F("number")),
            ),
            models.CheckConstraint(
                name="sending_line_reported_by_a_row",
                condition=Q(outcome="", report_row_id__isnull=True)
                | (~Q(outcome="") & Q(reach="phone", report_row_id__isnull=False)),
            ),
            models.CheckConstraint(name="sending_line_failed_for_a_reason", condition=Q(failure="") | Q(outcome="failed")),
        ]
        indexes = [
            models.Index(fields=["sending", "told_with"], name="sending_line_of_a_phone", condition=Q(told_with__isnull=False)),
            models.Index(
                fields=["sending", "region_code", "number"], name="sending_line_by_village", condition=Q(reach="village")
            ),
            models.Index(
                fields=["sending", "region_code", "number"], name="sending_line_not_reached", condition=Q(outcome="failed")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sending_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="sending_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("sending", "enrollment", "number", "region_code", "reach", "topic", "turn"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sending_id}-{self.number}"


class SendingPart(models.Model):
    """A stretch of a sending that the connector has taken, up to the line `last_line`."""

    sending = models.ForeignKey(Sending, models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    messages = models.PositiveIntegerField()
    #: Where its file is kept, sealed; empty where the connector sends by itself.
    storage_key = models.CharField(max_length=120, blank=True, default="", db_collation="C")
    size = models.BigIntegerField(default=0)
    #: What the gateway calls it.
    reference = models.CharField(max_length=120, blank=True, default="", db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = (
        "Written as its file is drawn up, and removed with it; what was asked for is in the history of its own row."
    )
    scope = Scope.nobody()
    personal_fields = ()
    open_fields = ("id", "sending", "number", "last_line", "messages", "storage_key", "size", "reference")

    class Meta:
        verbose_name = _("part of a message to people")
        verbose_name_plural = _("parts of messages to people")
        ordering = ["sending", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="sending_part_once", fields=["sending", "number"])]

    def __str__(self) -> str:
        return f"{self.sending_id} {self.number}"
