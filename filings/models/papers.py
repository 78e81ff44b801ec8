"""Archives of papers: a ZIP of a file of claims, and what became of each file in it."""

from __future__ import annotations

import re

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_updates
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from claims.models import Case, Paper, PaperKind
from filings.models.claim_file import SCOPE, ClaimFile
from intake.models import File

PATH = "filing.paper_path"
_LONG_NUMBER = re.compile(r"[0-9]{15,}[0-9Xx]?")


def mask_path(text: str) -> str:
    """A path within an archive without numbers of documents and accounts."""
    return _LONG_NUMBER.sub(lambda found: f"{found[0][:4]}****", text)


class ArchiveState(models.TextChoices):
    """How far an archive is read."""

    RECEIVED = "received", _("Received")
    READING = "reading", _("Being read")
    #: Names are matched; papers of claims that are not opened yet wait for them.
    READ = "read", _("Read")
    FAILED = "failed", _("Not readable")


@tracked
class PaperArchive(models.Model):
    """A ZIP with papers of the claims of one file."""

    claim_file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="paper_archives", verbose_name=_("file of claims"))
    file = models.ForeignKey(File, models.PROTECT, related_name="paper_archives", verbose_name=_("file"))
    state = models.CharField(_("state"), max_length=8, choices=ArchiveState, default=ArchiveState.RECEIVED, db_collation="C")
    #: Why it cannot be read.
    code = models.CharField(_("reason"), max_length=24, blank=True, default="", db_collation="C")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "claim_file", "file", "state", "code", "uploaded_by", "uploaded_at")

    class Meta:
        verbose_name = _("archive of papers")
        verbose_name_plural = _("archives of papers")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="paper_archive_once", fields=["claim_file", "file"]),
            models.CheckConstraint(
                name="paper_archive_failed_with_a_reason",
                condition=Q(state="failed") & ~Q(code="") | ~Q(state="failed") & Q(code=""),
            ),
        ]
        triggers = [
            never_deleted("paper_archive_is_never_deleted"),
            pgtrigger.Protect(
                name="paper_archive_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("claim_file", "file", "uploaded_by", "uploaded_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PaperOutcome(models.TextChoices):
    """What became of a file in an archive."""

    WAITING = "waiting", _("Waits for its claim to be opened")
    ATTACHED = "attached", _("Attached")
    NO_CLAIM = "no_claim", _("No such claim")
    DOUBLED = "doubled", _("In the case already")
    TOO_BIG = "too_big", _("Too big")
    REFUSED = "refused", _("Refused by its content")
    UNREADABLE = "unreadable", _("Cannot be unpacked")


@tracked_updates
class PaperEntry(models.Model):
    """One file in an archive: where it stands, whose paper it is by its name, what became of it."""

    archive = models.ForeignKey(PaperArchive, models.PROTECT, related_name="entries", verbose_name=_("archive of papers"))
    position = models.PositiveIntegerField(_("place in the archive"))
    path = SealedTextField(_("name in the archive"), logical_name=PATH, purpose=BENEFICIARY_KEY, mask=mask_path, null=True)
    size = models.BigIntegerField(_("size"), help_text=_("Bytes."))
    #: As the file's name says it, where a claim of the sender has it.
    number = models.CharField(_("sender's claim number"), max_length=60, blank=True, default="", db_collation="C")
    kind = models.CharField(_("paper"), max_length=12, choices=PaperKind, db_collation="C")
    outcome = models.CharField(_("outcome"), max_length=10, choices=PaperOutcome, db_collation="C")
    #: Of what was refused or is unreadable.
    code = models.CharField(_("reason"), max_length=24, blank=True, default="", db_collation="C")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", verbose_name=_("case"))
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, related_name="filed", verbose_name=_("paper of a case"))
    settled_at = models.DateTimeField(_("put in place at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="archive__claim_file__organization__path", region="archive__claim_file__region_code",
        program="archive__claim_file__program_id",
    )
    destroyable = Destroyable(owner_gone="""EXISTS (
        SELECT FROM claims_claim c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
        JOIN beneficiaries_person owner ON owner.id = e.person_id
        WHERE c.case_id = kept.case_id AND owner.destroyed_at IS NOT NULL)""")
    personal_fields = ("path",)
    open_fields = ("id", "archive", "position", "size", "number", "kind", "outcome", "code", "case", "paper", "settled_at")

    class Meta:
        verbose_name = _("file in an archive of papers")
        verbose_name_plural = _("files in archives of papers")
        ordering = ["archive", "position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="paper_entry_once", fields=["archive", "position"]),
            models.CheckConstraint(
                name="paper_entry_attached_is_a_paper",
                condition=Q(outcome="attached", paper__isnull=False, case__isnull=False, code="")
                | (~Q(outcome="attached") & Q(paper__isnull=True)),
            ),
            models.CheckConstraint(
                name="paper_entry_refused_with_a_reason",
                condition=~Q(outcome__in=["refused", "unreadable"]) | ~Q(code=""),
            ),
        ]
        triggers = [never_deleted("paper_entry_is_never_deleted")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
