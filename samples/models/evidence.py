"""Evidence of a sample as files: masked, or in the clear once a second person has approved it."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from samples.models.sample import Sample


class EvidenceState(models.TextChoices):
    """Where a bundle stands; the job that writes it has states of its own."""

    ASKED = "asked", _("To approve")
    DECLINED = "declined", _("Declined")
    WRITING = "writing", _("Being gathered")
    READY = "ready", _("Ready")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Deleted at the end of its time")


@tracked
class EvidenceBundle(models.Model):
    """The evidence of every cover of a sample, as of `asked_at` and later, for whoever asked."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="bundles", verbose_name=_("audit sample"))
    #: Names, documents and the files' lines as they came; else masked.
    is_clear = models.BooleanField(_("in the clear"), default=False)
    purpose = models.CharField(_("purpose and recipient"), max_length=300, blank=True, default="")
    state = models.CharField(_("state"), max_length=9, choices=EvidenceState, default=EvidenceState.ASKED, db_collation="C")
    items = models.PositiveIntegerField(_("covers"), default=0)
    size = models.BigIntegerField(_("size"), null=True, help_text=_("Bytes."))
    #: SHA-256 of the manifest, which names that of every file.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
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

    scope = Scope(
        organization_path="sample__organization__path", region="sample__region_code", program="sample__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "sample", "is_clear", "purpose", "state", "items", "size", "digest", "folder", "asked_by", "asked_at", "decided_by",
        "decided_at", "reason", "ended_at", "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("evidence of a sample")
        verbose_name_plural = _("evidence of samples")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("gather_evidence", _("Can gather the evidence of samples")),
            ("approve_evidence", _("Can approve evidence in the clear")),
        ]
        indexes = [
            models.Index(fields=["purge_on"], name="evidence_to_purge", condition=Q(purged_at=None, purge_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="evidence_approved_by_another", condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by"))
            ),
            models.CheckConstraint(
                name="clear_evidence_is_approved",
                condition=Q(is_clear=False) | Q(state__in=["asked", "declined", "cancelled"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(name="clear_evidence_has_a_purpose", condition=Q(is_clear=False) | ~Q(purpose="")),
            models.CheckConstraint(
                name="evidence_file_is_whole",
                condition=~Q(state="ready") | (Q(size__gt=0, ended_at__isnull=False) & ~Q(digest="")),
            ),
            models.CheckConstraint(name="evidence_declined_with_a_reason", condition=~Q(state="declined") | ~Q(reason="")),
            models.CheckConstraint(name="evidence_kept_has_an_end", condition=Q(folder="") | Q(purge_on__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="evidence_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="evidence_stays_what_was_asked", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("sample", "is_clear", "purpose", "asked_by", "asked_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class EvidencePart(models.Model):
    """One cover's page and data, one behind the other in one sealed piece of the storage."""

    bundle = models.ForeignKey(EvidenceBundle, models.PROTECT, related_name="parts")
    position = models.PositiveIntegerField()
    number = models.CharField(max_length=60, db_collation="C")
    page_size = models.BigIntegerField()
    page_sha256 = models.CharField(max_length=64, db_collation="C")
    data_size = models.BigIntegerField()
    data_sha256 = models.CharField(max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=120, unique=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = (
        "Written as its file is drawn up, and removed with it; what was asked for is in the history of its own row."
    )
    scope = Scope.nobody()
    personal_fields = ()
    open_fields = (
        "id", "bundle", "position", "number", "page_size", "page_sha256", "data_size", "data_sha256", "storage_key",
    )

    class Meta:
        verbose_name = _("evidence of a cover")
        verbose_name_plural = _("evidence of covers")
        ordering = ["bundle", "position"]
        constraints = [models.UniqueConstraint(name="evidence_part_once", fields=["bundle", "position"])]

    def __str__(self) -> str:
        return f"{self.bundle_id} {self.position}"
