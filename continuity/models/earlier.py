"""Years insured before the portal's own history, as the earlier insurer tells them: files, and of each person two numbers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow
from programs.models import Program

#: The most years in a row that a list may tell.
MOST_YEARS = 50


@tracked
class EarlierList(Import):
    """What an earlier insurer tells of people of one program; of a person the figures of the newest applied list count."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    #: The last day that the figures speak of: cover here continues them from the next day on.
    as_of = models.DateField(_("years until"))
    files = models.ManyToManyField(File, related_name="earlier_lists", verbose_name=_("files"), through="EarlierListFile")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "program", "as_of",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("list of earlier years")
        verbose_name_plural = _("lists of earlier years")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("upload_earlier", _("Can upload lists of earlier years")),
            ("submit_earlier", _("Can submit lists of earlier years")),
            ("approve_earlier", _("Can approve lists of earlier years or send them back")),
            ("download_earlier_rows", _("Can download refused rows of lists of earlier years in the clear")),
        ]
        triggers = [never_deleted("earlier_list_is_never_deleted")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = Scope(organization_path="list__organization__path", region="list__region_code", program="list__program_id")


class EarlierListFile(models.Model):
    """A file of a list."""

    list = models.ForeignKey(EarlierList, models.PROTECT, related_name="list_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="earlier_list_files")
    #: When its lines lost what they said, after the file itself was deleted.
    lines_gone_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "list", "file", "lines_gone_at")

    class Meta:
        verbose_name = _("file of a list of earlier years")
        verbose_name_plural = _("files of lists of earlier years")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="earlier_list_file_once", fields=["list", "file"])]

    def __str__(self) -> str:
        return f"{self.list_id} {self.file_id}"


class EarlierRow(StagedRow):
    """A checked line. Once it is taken in nothing of it stays as it came: `raw` is let go, and no name or number is staged."""

    list = models.ForeignKey(EarlierList, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    continuity_years = models.SmallIntegerField(_("years insured in a row"), null=True)
    claim_free_years = models.SmallIntegerField(_("years in a row without a claim"), null=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "Staged from a file, from which it can be made again; once reviewed it is deleted no more."
    scope = _SCOPE
    destroyable = Destroyable(
        blinded=("identity_index_a", "identity_index_b"), dropped=("raw",), emptied={"findings": "NULL"}
    )
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "list",
        "identity_index_a", "identity_index_b", "continuity_years", "claim_free_years",
    )

    class Meta:
        verbose_name = _("row of a list of earlier years")
        verbose_name_plural = _("rows of lists of earlier years")
        default_permissions = ()
        indexes = [
            models.Index(fields=["list", "chunk", "id"], name="earlier_row_by_chunk"),
            models.Index(fields=["list", "verdict", "id"], name="earlier_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check("earlier_row_stays_after_check", ("continuity_earlierlist", "list_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class EarlierChunk(Chunk):
    """A piece of a list."""

    list = models.ForeignKey(EarlierList, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "list",
    )

    class Meta:
        verbose_name = _("chunk of a list of earlier years")
        verbose_name_plural = _("chunks of lists of earlier years")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="earlier_chunk_once", fields=["list", "number"]),
            models.CheckConstraint(
                name="earlier_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.number}"


class EarlierYears(models.Model):
    """What a list tells of somebody, found by the blind index of their document; neither name nor number."""

    list = models.ForeignKey(EarlierList, models.PROTECT, related_name="people", db_constraint=False, db_index=False)
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    continuity_years = models.SmallIntegerField(_("years insured in a row"))
    claim_free_years = models.SmallIntegerField(_("years in a row without a claim"))
    as_of = models.DateField(_("years until"))

    objects = ScopedQuerySet.as_manager()

    without_history = "Made of a list's rows, which stay as they were checked."
    scope = _SCOPE
    destroyable = Destroyable(blinded=("identity_index_a", "identity_index_b"))
    personal_fields = ()
    open_fields = (
        "id", "list", "program", "identity_index_a", "identity_index_b", "continuity_years", "claim_free_years", "as_of",
    )

    class Meta:
        verbose_name = _("earlier years")
        verbose_name_plural = _("earlier years")
        default_permissions = ()
        constraints = [
            # Found by these, program by program; a newer list's figures stand beside an older one's.
            models.UniqueConstraint(
                name="earlier_years_once_a", fields=["program", "identity_index_a", "list"],
                condition=Q(identity_index_a__isnull=False),
            ),
            models.UniqueConstraint(
                name="earlier_years_once_b", fields=["program", "identity_index_b", "list"],
                condition=Q(identity_index_b__isnull=False),
            ),
            models.CheckConstraint(
                name="earlier_years_have_an_index",
                condition=Q(identity_index_a__isnull=False) | Q(identity_index_b__isnull=False),
            ),
            models.CheckConstraint(
                name="earlier_years_are_years",
                condition=Q(
                    continuity_years__gte=0, continuity_years__lte=MOST_YEARS, claim_free_years__gte=0,
                    claim_free_years__lte=F("continuity_years"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_id} {self.pk}"
