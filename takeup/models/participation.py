"""Lists of who takes part in basic insurance: files of a bureau, and of each person a blind index, a kind, a status and a place."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow


class InsuranceKind(models.TextChoices):
    """Type of basic insurance, by the codes of the medical insurance system."""

    EMPLOYEE = "310", _("Employees (310)")
    RESIDENT = "390", _("Residents (390)")


class InsuranceStatus(models.TextChoices):
    """Whether somebody takes part now."""

    ACTIVE = "active", _("Takes part")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


@tracked
class ParticipantList(Import):
    """Everybody of a region who takes part in basic insurance, as of a day; the newest approved one of an office is in force."""

    #: The day that the bureau says the list is of.
    as_of = models.DateField(_("as of"))
    is_in_force = models.BooleanField(_("in force"), default=False)
    files = models.ManyToManyField(
        File, related_name="participant_lists", verbose_name=_("files"), through="ParticipantListFile"
    )

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "as_of", "is_in_force",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("list of participants of basic insurance")
        verbose_name_plural = _("lists of participants of basic insurance")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("upload_participants", _("Can upload lists of participants of basic insurance")),
            ("submit_participants", _("Can submit lists of participants of basic insurance")),
            ("approve_participants", _("Can approve lists of participants of basic insurance or send them back")),
            ("download_participant_rows", _("Can download refused rows of lists of participants in the clear")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.UniqueConstraint(
                name="participants_in_force_once", fields=["organization", "region_code"], condition=Q(is_in_force=True)
            ),
            models.CheckConstraint(
                name="participants_in_force_are_applied", condition=Q(is_in_force=False) | Q(state__in=("applying", "applied"))
            ),
        ]
        triggers = [never_deleted("participant_list_is_never_deleted")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = Scope(organization_path="list__organization__path", region="list__region_code")


class ParticipantListFile(models.Model):
    """A file of a list."""

    list = models.ForeignKey(ParticipantList, models.PROTECT, related_name="list_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="participant_list_files")
    #: When its lines lost what they said, after the file itself was deleted.
    lines_gone_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "list", "file", "lines_gone_at")

    class Meta:
        verbose_name = _("file of a list of participants")
        verbose_name_plural = _("files of lists of participants")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="participant_list_file_once", fields=["list", "file"])]

    def __str__(self) -> str:
        return f"{self.list_id} {self.file_id}"


class ParticipantRow(StagedRow):
    """A checked line. Once it is taken in nothing of it stays as it came: `raw` is let go, and no name or number is staged."""

    list = models.ForeignKey(ParticipantList, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    kind = models.CharField(_("type of insurance"), max_length=3, choices=InsuranceKind, null=True, db_collation="C")
    status = models.CharField(_("status"), max_length=6, choices=InsuranceStatus, null=True, db_collation="C")
    #: City (4) or county (6 digits).
    region_code = models.CharField(_("pooling area"), max_length=6, null=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = "Staged from a file, from which it can be made again; once reviewed it is deleted no more."
    scope = _SCOPE
    destroyable = Destroyable(
        blinded=("identity_index_a", "identity_index_b"), dropped=("raw",), emptied={"findings": "NULL"}
    )
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "list",
        "identity_index_a", "identity_index_b", "kind", "status", "region_code",
    )

    class Meta:
        verbose_name = _("row of a list of participants")
        verbose_name_plural = _("rows of lists of participants")
        default_permissions = ()
        indexes = [
            models.Index(fields=["list", "chunk", "id"], name="participant_row_by_chunk"),
            models.Index(fields=["list", "verdict", "id"], name="participant_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check(
                "participant_row_stays_after_check", ("takeup_participantlist", "list_id"), BEING_CHECKED
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ParticipantChunk(Chunk):
    """A piece of a list."""

    list = models.ForeignKey(ParticipantList, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "list",
    )

    class Meta:
        verbose_name = _("chunk of a list of participants")
        verbose_name_plural = _("chunks of lists of participants")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="participant_chunk_once", fields=["list", "number"]),
            models.CheckConstraint(
                name="participant_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.number}"


class Participation(models.Model):
    """Somebody on a list: found by the blind index of their document; neither name nor number."""

    list = models.ForeignKey(ParticipantList, models.PROTECT, related_name="participants", db_constraint=False, db_index=False)
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    kind = models.CharField(max_length=3, choices=InsuranceKind, db_collation="C")
    status = models.CharField(max_length=6, choices=InsuranceStatus, db_collation="C")
    region_code = models.CharField(max_length=6, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = "Made of a list's rows, which stay as they were checked."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "list", "identity_index_a", "identity_index_b", "kind", "status", "region_code")

    class Meta:
        verbose_name = _("participant of basic insurance")
        verbose_name_plural = _("participants of basic insurance")
        default_permissions = ()
        constraints = [
            # Found by these, list by list.
            models.UniqueConstraint(
                name="participant_once_a", fields=["list", "identity_index_a"], condition=Q(identity_index_a__isnull=False)
            ),
            models.UniqueConstraint(
                name="participant_once_b", fields=["list", "identity_index_b"], condition=Q(identity_index_b__isnull=False)
            ),
            models.CheckConstraint(
                name="participant_has_an_index", condition=Q(identity_index_a__isnull=False) | Q(identity_index_b__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ParticipantCount(models.Model):
    """How many of a place are on a list in force: the denominator of take-up."""

    list = models.ForeignKey(ParticipantList, models.PROTECT, related_name="totals")
    region_code = models.CharField(max_length=6, db_collation="C")
    kind = models.CharField(max_length=3, choices=InsuranceKind, db_collation="C")
    status = models.CharField(max_length=6, choices=InsuranceStatus, db_collation="C")
    people = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from a list's rows, which stay as they were checked."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "list", "region_code", "kind", "status", "people")

    class Meta:
        verbose_name = _("count of participants")
        verbose_name_plural = _("counts of participants")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="participant_count_once", fields=["list", "region_code", "kind", "status"]),
            models.CheckConstraint(name="participant_count_counts_somebody", condition=Q(people__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.region_code} {self.kind} {self.people}"
