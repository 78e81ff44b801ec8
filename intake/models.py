"""Files, and the abstract rows of an import: the rooms above make them their own tables."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from intake.findings import VERDICT_CHOICES, Verdict


@tracked
class File(models.Model):
    """An uploaded file, kept sealed until its purge date."""

    name = models.CharField(_("file name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=20)
    size = models.BigIntegerField(_("size"), help_text=_("Bytes."))
    sha256 = models.CharField(_("content"), max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=80, unique=True, db_collation="C")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="files", verbose_name=_("organization"))
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="files", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))
    purge_on = models.DateField(_("kept until"))
    purged_at = models.DateTimeField(_("deleted at"), null=True)
    #: Sheets that a person chose; None reads every one that has the headings, an empty list waits for the choice.
    sheets = ArrayField(models.CharField(max_length=80), verbose_name=_("sheets"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="organization__region_code")
    personal_fields = ()
    open_fields = (
        "id", "name", "media_type", "size", "sha256", "storage_key", "organization", "uploaded_by", "uploaded_at",
        "purge_on", "purged_at", "sheets",
    )

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["organization", "sha256"], name="file_by_content")]
        constraints = [models.CheckConstraint(name="file_is_not_empty", condition=Q(size__gt=0))]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class State(models.TextChoices):
    """Where an import is on its way; the job that moves it has states of its own."""

    RECEIVED = "received", _("Received")
    CHECKING = "checking", _("Being checked")
    REVIEW = "review", _("To be reviewed")
    SUBMITTED = "submitted", _("Submitted")
    APPROVED = "approved", _("Approved")
    APPLYING = "applying", _("Being applied")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Sent back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Not readable")
    UNDO_ASKED = "undo_asked", _("Undo requested")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


#: States in which an import's content stands for something, so that the same content may not come again.
STANDING = (
    State.RECEIVED, State.CHECKING, State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING, State.APPLIED,
    State.UNDO_ASKED, State.UNDOING,
)
#: States in which staged rows may be removed: their check begins anew, or closes unread.
BEING_CHECKED = (State.RECEIVED, State.CHECKING)
#: States in which rows are staged and what they become is still to come.
UNDER_WAY = (State.CHECKING, State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING)
#: States in which an import has been applied, whatever came of it since.
ONCE_APPLIED = (State.APPLIED, State.UNDO_ASKED, State.UNDOING, State.UNDONE)
AFTER_APPROVAL = (State.APPROVED, State.APPLYING, *ONCE_APPLIED)


class Import(models.Model):
    """One business object that came in by files: received, checked, reviewed, approved by another person, applied."""

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED, db_collation="C")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("organization"))
    region_code = models.CharField(_("region"), max_length=12, blank=True, default="", db_collation="C")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))
    submitted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    applied_at = models.DateTimeField(_("applied at"), null=True)
    #: The last request to undo it: kept when it was turned down, written over by the next.
    undo_asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("undo requested by")
    )
    undo_asked_at = models.DateTimeField(_("undo requested at"), null=True)
    undo_reason = models.CharField(_("reason of the undo"), max_length=300, blank=True, default="")
    undo_decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("undo decided by")
    )
    undo_decided_at = models.DateTimeField(_("undo decided at"), null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    #: SHA-256 over the chunks' digests: what a second person approves.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    approved_digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    #: The digest at which a person confirmed what is unusual about the import; another digest asks again.
    confirmed_digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: {"verdicts": {"1": 12}, "codes": {"ID_CHECKSUM": 3}, "unknown": see `wording.count_unknown`, "sheets": by file,
    #: "said": {mapping id: rows}, "decisions": {"kept": rows, "open": rows}}; the last two only where there are any
    counts = models.JSONField(default=dict)
    #: What the template's money preview gave: the room above knows its shape.
    money = models.JSONField(default=dict)
    #: [[file id or null, code, extra, sheet], ...]
    file_findings = models.JSONField(default=list)
    #: {file id: [{"name", "headers", "delimiter"}, ...]}: how refused rows go back in the file's own layout.
    layouts = models.JSONField(default=dict)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_approved_by_another",
                condition=~Q(state__in=AFTER_APPROVAL)
                | (
                    Q(decided_by__isnull=False, submitted_by__isnull=False)
                    & ~Q(decided_by=F("uploaded_by"))
                    & ~Q(decided_by=F("submitted_by"))
                ),
            ),
            models.CheckConstraint(
                name="%(class)s_approved_digest_is_its_digest",
                condition=~Q(state__in=AFTER_APPROVAL) | (Q(approved_digest=F("digest")) & ~Q(digest="")),
            ),
            models.CheckConstraint(
                name="%(class)s_applied_at_the_end",
                condition=Q(state__in=ONCE_APPLIED, applied_at__isnull=False)
                | (~Q(state__in=ONCE_APPLIED) & Q(applied_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="%(class)s_undo_asked_with_a_reason",
                condition=~Q(state__in=(State.UNDO_ASKED, State.UNDOING, State.UNDONE))
                | (Q(undo_asked_by__isnull=False, undo_asked_at__isnull=False) & ~Q(undo_reason="")),
            ),
            models.CheckConstraint(
                name="%(class)s_undo_approved_by_another",
                condition=~Q(state__in=(State.UNDOING, State.UNDONE))
                | (
                    Q(undo_decided_by__isnull=False, undo_asked_by__isnull=False)
                    & ~Q(undo_decided_by=F("undo_asked_by"))
                ),
            ),
            models.CheckConstraint(
                name="%(class)s_undone_at_the_end",
                condition=Q(state=State.UNDONE, undone_at__isnull=False)
                | (~Q(state=State.UNDONE) & Q(undone_at__isnull=True)),
            ),
            models.CheckConstraint(name="%(class)s_state_is_known", condition=Q(state__in=State.values)),
        ]

    def verdict_count(self, verdict: Verdict) -> int:
        """Rows of one verdict."""
        return int(self.counts.get("verdicts", {}).get(str(int(verdict)), 0))


class StagedRow(models.Model):
    """A checked line of a file. Written once by COPY; later only set aside, or before the review replaced by another.

    Its outcome: refused by its verdict; set aside by `set_aside`; otherwise applied when its chunk is. Once its chunk is
    undone, `kept` says why an undo left something of it; empty: it is undone whole.
    """

    file = models.ForeignKey(File, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    sheet = models.CharField(_("sheet"), max_length=80, blank=True, default="")
    line = models.IntegerField(_("line"))
    chunk = models.IntegerField()
    verdict = models.PositiveSmallIntegerField(_("verdict"), choices=VERDICT_CHOICES)
    codes = ArrayField(models.CharField(max_length=24), verbose_name=_("findings"))
    #: [{"column": key, "code", "severity", "value_masked", "extra"}, ...]
    findings = models.JSONField(null=True)
    #: The whole line as it came, sealed.
    raw = models.BinaryField(null=True)
    set_aside = models.CharField(_("set aside"), max_length=24, blank=True, default="", db_collation="C")
    # With a default of the database: rows come in by COPY, which does not name it.
    kept = models.CharField(_("kept"), max_length=24, blank=True, default="", db_default="", db_collation="C")

    class Meta:
        abstract = True


class Chunk(models.Model):
    """A piece of an import that is staged, and later applied, in one transaction."""

    number = models.IntegerField()
    rows = models.IntegerField()
    counts = models.JSONField(default=dict)
    #: SHA-256 over the rows as they are kept, hex.
    digest = models.CharField(max_length=64, db_collation="C")
    applied_at = models.DateTimeField(null=True)
    applied_rows = models.IntegerField(default=0)
    set_aside_rows = models.IntegerField(default=0)
    undone_at = models.DateTimeField(null=True)
    undone_rows = models.IntegerField(default=0)
    #: {reason: rows} of what its undo left, wholly or in part.
    kept_counts = models.JSONField(default=dict)

    without_history = (
        "Counted while an import is staged, applied and undone; the way of the import is in the history of its own row."
    )

    class Meta:
        abstract = True


class Kind(models.TextChoices):
    """What a mapped word is: a heading of a file, or a value in one of its columns."""

    HEADING = "heading", _("Column heading")
    CATEGORY = "category", _("Category")
    REGION = "region", _("Region")


@tracked
class WordMapping(models.Model):
    """What a word in one office's files stands for: chosen once by a person, read by every later check of that office."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("organization"))
    template = models.CharField(_("kind of file"), max_length=40, db_collation="C")
    kind = models.CharField(_("kind of word"), max_length=10, choices=Kind, db_collation="C")
    #: Folded as the checks fold it.
    word = models.CharField(_("word in the file"), max_length=40)
    #: Key of a column, code of a category or of a region.
    target = models.CharField(_("stands for"), max_length=40, db_collation="C")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("chosen by"))
    made_at = models.DateTimeField(_("chosen at"))
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="organization__region_code")
    personal_fields = ()
    open_fields = (
        "id", "organization", "template", "kind", "word", "target", "made_by", "made_at", "ended_by", "ended_at",
    )

    class Meta:
        verbose_name = _("mapped word")
        verbose_name_plural = _("mapped words")
        ordering = ["-id"]
        permissions = [("end_wordmapping", _("Can end the mapping of a word"))]
        constraints = [
            models.UniqueConstraint(
                name="word_means_one_thing", fields=["organization", "template", "kind", "word"],
                condition=Q(ended_at=None),
            ),
            models.CheckConstraint(name="word_mapping_kind_is_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="word_mapping_ended_by_a_person",
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class HeldUpload(models.Model):
    """A file of reference data between its preview and its confirmation: for its uploader alone, gone after a day."""

    file = models.OneToOneField(File, models.PROTECT, related_name="+", verbose_name=_("file"))
    #: Label of the model whose list it fills.
    kind = models.CharField(max_length=60, db_collation="C")
    #: What was chosen beside the file, as text by name.
    options = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()

    without_history = "Stands between a preview and its confirmation, gone after a day."
    scope = Scope.nobody()
    personal_fields = ()
    open_fields = ("id", "file", "kind", "options")

    class Meta:
        verbose_name = _("held upload")
        verbose_name_plural = _("held uploads")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
