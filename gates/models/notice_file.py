"""Files of notices: the lists of all villages as they hang, written by a job, each sealed as it is done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from gates.models.notice import Notice


class NoticeFileState(models.TextChoices):
    """Where a file stands; the job that writes it has states of its own."""

    WRITING = "writing", _("Being written")
    READY = "ready", _("Ready")
    EXPIRED = "expired", _("Deleted at the end of its time")


@tracked
class NoticeFile(models.Model):
    """Masked names of a posted notice leave for the villages: who asked, and what became of the file."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="files", verbose_name=_("public notice"))
    state = models.CharField(
        _("state"), max_length=7, choices=NoticeFileState, default=NoticeFileState.WRITING, db_collation="C"
    )
    #: As written: without whoever was taken off the list.
    people = models.IntegerField(_("people"), default=0)
    villages = models.IntegerField(_("villages"), default=0)
    size = models.BigIntegerField(_("size"), default=0, help_text=_("Bytes."))
    #: SHA-256 over those of its parts in their order.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: The folder of its parts in the storage.
    folder = models.CharField(max_length=60, db_collation="C")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    purge_on = models.DateField(_("kept until"))
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="notice__organization__path", region="notice__region_code", program="notice__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "notice", "state", "people", "villages", "size", "digest", "folder", "asked_by", "asked_at", "ended_at",
        "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("file of a public notice")
        verbose_name_plural = _("files of public notices")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [models.Index(fields=["purge_on"], name="notice_file_to_purge", condition=Q(purged_at=None))]
        constraints = [
            models.CheckConstraint(
                name="notice_file_ready_is_fixed",
                condition=~Q(state="ready") | (Q(ended_at__isnull=False, villages__gt=0) & ~Q(digest="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class NoticeFilePart(models.Model):
    """One village of a file, sealed."""

    file = models.ForeignKey(NoticeFile, models.PROTECT, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    region_code = models.CharField(max_length=12, db_collation="C")
    people = models.IntegerField()
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=100, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="file__notice__organization__path", region="region_code", program="file__notice__program_id"
    )
    without_history = "Written with its file by a job, and deleted with it; nothing changes it."
    personal_fields = ()
    open_fields = ("id", "file", "number", "region_code", "people", "size", "sha256", "storage_key")

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="notice_file_part_once", fields=["file", "number"])]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.number}"
