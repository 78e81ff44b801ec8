"""Printings: certificates that left, or are to leave, as a file; of one person at once, of many by a job in sealed parts."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment, Roster
from programs.models import Period, Program


class PrintingState(models.TextChoices):
    """Where a printing stands; the job that writes it has states of its own."""

    ASKED = "asked", _("To approve")
    DECLINED = "declined", _("Declined")
    WRITING = "writing", _("Being written")
    READY = "ready", _("Ready")
    #: Of one person: handed over at once.
    SENT = "sent", _("Handed over")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Deleted at the end of its time")


@tracked
class Printing(models.Model):
    """Names in full leave for the people's own papers: who asked, what for, who approved, and what became of the file."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C", blank=True, default="")
    roster = models.ForeignKey(Roster, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("roster"))
    #: The one person's cover; empty for a printing of many.
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="printings", db_constraint=False, verbose_name=_("enrollment")
    )
    purpose = models.CharField(_("purpose and recipient"), max_length=300)
    state = models.CharField(_("state"), max_length=9, choices=PrintingState, default=PrintingState.ASKED, db_collation="C")
    #: At the asking, then as written.
    people = models.IntegerField(_("people"))
    villages = models.IntegerField(_("villages"))
    size = models.BigIntegerField(_("size"), null=True, help_text=_("Bytes."))
    #: SHA-256 of the file, or over those of its parts in their order.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: The folder of its parts in the storage; empty for what was handed over at once.
    folder = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason for the refusal"), max_length=300, blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True)
    purge_on = models.DateField(_("kept until"), null=True)
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "region_code", "roster", "enrollment", "purpose", "state", "people",
        "villages", "size", "digest", "folder", "asked_by", "asked_at", "decided_by", "decided_at", "reason", "ended_at",
        "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("printing of certificates")
        verbose_name_plural = _("printings of certificates")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("print_certificate", _("Can print certificates of cover")),
            ("approve_printing", _("Can approve printings of many certificates")),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="printing_by_asker"),
            models.Index(fields=["purge_on"], name="printing_to_purge", condition=Q(purged_at=None, purge_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="printing_approved_by_another", condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by"))
            ),
            models.CheckConstraint(
                name="printing_of_many_is_approved",
                condition=Q(state__in=["asked", "declined", "sent", "cancelled"])
                | Q(decided_by__isnull=False, decided_at__isnull=False, enrollment__isnull=True),
            ),
            models.CheckConstraint(
                name="printing_sent_is_of_one_person", condition=~Q(state="sent") | Q(enrollment__isnull=False, people=1)
            ),
            models.CheckConstraint(
                name="printing_file_is_whole",
                condition=~Q(state__in=["ready", "sent"]) | (Q(size__gt=0, ended_at__isnull=False) & ~Q(digest="")),
            ),
            models.CheckConstraint(name="printing_has_a_purpose", condition=~Q(purpose="")),
            models.CheckConstraint(name="printing_declined_with_a_reason", condition=~Q(state="declined") | ~Q(reason="")),
            models.CheckConstraint(name="printing_kept_has_an_end", condition=Q(folder="") | Q(purge_on__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="printing_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="printing_stays_what_was_asked", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "organization", "region_code", "roster", "enrollment", "purpose", "asked_by", "asked_at",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PrintedPart(models.Model):
    """One PDF of a printing, sealed in the storage: a village, or a stretch of a large one up to the enrollment `last_id`."""

    printing = models.ForeignKey(Printing, models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    region_code = models.CharField(max_length=12, db_collation="C")
    #: From 1 within its village.
    stretch = models.PositiveSmallIntegerField()
    last_id = models.BigIntegerField()
    people = models.PositiveIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=120, unique=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = (
        "Written as its file is drawn up, and removed with it; what was asked for is in the history of its own row."
    )
    scope = Scope.nobody()
    personal_fields = ()
    open_fields = (
        "id", "printing", "number", "region_code", "stretch", "last_id", "people", "size", "sha256", "storage_key",
    )

    class Meta:
        verbose_name = _("part of a printing")
        verbose_name_plural = _("parts of printings")
        ordering = ["printing", "number"]
        constraints = [models.UniqueConstraint(name="printed_part_once", fields=["printing", "number"])]

    def __str__(self) -> str:
        return f"{self.printing_id} {self.number}"
