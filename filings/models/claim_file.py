"""What an insurer or a village reports of many claims at once: a file of a sender, and its checked lines."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_corrections
from audit.masking import mask_account, mask_document, mask_name, mask_phone
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow
from programs.models import Hospital, Program

NAME, DOCUMENT, DIAGNOSIS = "filing.name", "filing.document", "filing.diagnosis"
PAYEE_NAME, PAYEE_ACCOUNT = "filing.payee_name", "filing.payee_account"
REPORTER_NAME, REPORTER_PHONE = "filing.reporter_name", "filing.reporter_phone"


def mask_diagnosis(_text: str) -> str:
    """Nothing of it."""
    return "***"


@tracked
class ClaimFile(Import):
    """Claims of one program that a sender reports together, each line a bill; its papers come in archives."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    #: An insurer of the program, or the office that collects what villages report. Its numbers of claims are once in a program.
    sender = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("sender"))
    files = models.ManyToManyField(File, related_name="claim_files", verbose_name=_("files"), through="ClaimFilePart")
    archives = models.ManyToManyField(
        File, related_name="claim_files_of_papers", verbose_name=_("archives of papers"), through="PaperArchive"
    )

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "archives", "layouts", "money", "program", "sender",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("file of claims")
        verbose_name_plural = _("files of claims")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("upload_claimfile", _("Can upload files of claims and their papers")),
            ("submit_claimfile", _("Can decide lines of files of claims and submit them")),
            ("approve_claimfile", _("Can approve files of claims or send them back")),
            ("request_claimfile_undo", _("Can ask for the undo of a file of claims")),
            ("approve_claimfile_undo", _("Can approve the undo of a file of claims")),
            ("download_claimfile_rows", _("Can download refused rows of files of claims in the clear")),
        ]
        indexes = [models.Index(fields=["program", "state"], name="claim_file_by_state")]
        triggers = [
            never_deleted("claim_file_is_never_deleted"),
            pgtrigger.Protect(
                name="claim_file_keeps_its_sender", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "sender", "organization"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


SCOPE = Scope(
    organization_path="claim_file__organization__path", region="claim_file__region_code", program="claim_file__program_id"
)


class ClaimFilePart(models.Model):
    """An uploaded file of a file of claims."""

    claim_file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="parts")
    file = models.ForeignKey(File, models.PROTECT, related_name="claim_file_parts")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "claim_file", "file")

    class Meta:
        verbose_name = _("part of a file of claims")
        verbose_name_plural = _("parts of files of claims")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="claim_file_part_once", fields=["claim_file", "file"])]

    def __str__(self) -> str:
        return f"{self.claim_file_id} {self.file_id}"


@tracked_corrections
class ClaimFileRow(StagedRow):
    """A checked line: whose cover it is found to be, what happened, one bill, who is paid, who reports."""

    # Written by the engine only, under the file's own chunk, which has a true foreign key.
    claim_file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    claim_number = models.CharField(_("sender's claim number"), max_length=60, null=True, db_collation="C")
    #: As far as it names a cover of the program.
    number = models.CharField(_("cover number"), max_length=60, null=True, db_collation="C")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    name = SealedTextField(_("name"), logical_name=NAME, purpose=BENEFICIARY_KEY, mask=mask_name, null=True)
    document = SealedTextField(
        _("document number"), logical_name=DOCUMENT, purpose=BENEFICIARY_KEY, mask=mask_document, null=True
    )
    diagnosis = SealedTextField(
        _("diagnosis"), logical_name=DIAGNOSIS, purpose=BENEFICIARY_KEY, mask=mask_diagnosis, null=True
    )
    event_on = models.DateField(_("day of the event"), null=True)
    #: HH:MM, where it is said.
    event_time = models.CharField(_("time of the event"), max_length=5, null=True, db_collation="C")
    event_kind = models.CharField(_("kind of event"), max_length=8, null=True, db_collation="C")
    reported_on = models.DateField(_("reported on"), null=True)
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False, verbose_name=_("known hospital")
    )
    hospital_name = models.CharField(_("hospital"), max_length=100, null=True)
    setting = models.CharField(_("kind of treatment"), max_length=20, null=True, db_collation="C")
    locality = models.CharField(_("place of treatment"), max_length=24, null=True, db_collation="C")
    settled = models.BooleanField(_("settled through basic insurance"), null=True)
    admitted_on = models.DateField(_("admitted on"), null=True)
    discharged_on = models.DateField(_("discharged on"), null=True)
    issued_on = models.DateField(_("issued on"), null=True)
    invoice_code = models.CharField(_("code of the medical invoice"), max_length=20, null=True, db_collation="C")
    invoice_number = models.CharField(_("number of the medical invoice"), max_length=20, null=True, db_collation="C")
    check_code = models.CharField(_("check code"), max_length=20, null=True, db_collation="C")
    total = models.DecimalField(_("total (yuan)"), max_digits=16, decimal_places=2, null=True)
    #: {field of a bill: yuan as text}, what is filled in besides the total.
    amounts = models.JSONField(_("what was paid by whom"), null=True)
    #: {kind of expense: yuan as text}.
    charges = models.JSONField(_("charges by kind"), null=True)
    payee = models.CharField(_("payee"), max_length=8, null=True, db_collation="C")
    payee_name = SealedTextField(
        _("account holder"), logical_name=PAYEE_NAME, purpose=BENEFICIARY_KEY, mask=mask_name, null=True
    )
    payee_account = SealedTextField(
        _("account number"), logical_name=PAYEE_ACCOUNT, purpose=BENEFICIARY_KEY, mask=mask_account, null=True
    )
    bank_name = models.CharField(_("bank"), max_length=200, null=True)
    bank_code = models.CharField(_("bank code (12 digits)"), max_length=20, null=True, db_collation="C")
    reporter = models.CharField(_("reported by"), max_length=8, null=True, db_collation="C")
    reporter_name = SealedTextField(
        _("reporter's name"), logical_name=REPORTER_NAME, purpose=BENEFICIARY_KEY, mask=mask_name, null=True
    )
    reporter_phone = SealedTextField(
        _("reporter's phone"), logical_name=REPORTER_PHONE, purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )

    objects = ScopedQuerySet.as_manager()

    #: The digest that is approved covers the tokens.
    keeps_its_seals = True
    scope = SCOPE
    destroyable = Destroyable(
        dropped=("raw",), emptied={"findings": "NULL", "check_code": "NULL", "bank_name": "NULL", "bank_code": "NULL"}
    )
    personal_fields = (
        "name", "document", "diagnosis", "payee_name", "payee_account", "reporter_name", "reporter_phone", "raw",
    )
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "claim_file", "claim_number",
        "number", "enrollment", "event_on", "event_time", "event_kind", "reported_on", "hospital", "hospital_name", "setting",
        "locality", "settled", "admitted_on", "discharged_on", "issued_on", "invoice_code", "invoice_number", "check_code",
        "total", "amounts", "charges", "payee", "bank_name", "bank_code", "reporter",
    )

    class Meta:
        verbose_name = _("row of a file of claims")
        verbose_name_plural = _("rows of files of claims")
        default_permissions = ()
        indexes = [
            models.Index(fields=["claim_file", "chunk", "id"], name="claim_file_row_by_chunk"),
            models.Index(fields=["claim_file", "verdict", "id"], name="claim_file_row_by_verdict"),
            # Lines of one claim are one case.
            models.Index(fields=["claim_file", "claim_number"], name="claim_file_row_by_claim"),
        ]
        triggers = [
            kept_after_its_check("claim_file_row_stays", ("filings_claimfile", "claim_file_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ClaimFileChunk(Chunk):
    """A piece of a file of claims."""

    claim_file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "claim_file",
    )

    class Meta:
        verbose_name = _("chunk of a file of claims")
        verbose_name_plural = _("chunks of files of claims")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="claim_file_chunk_once", fields=["claim_file", "number"]),
            models.CheckConstraint(
                name="claim_file_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_file_id} {self.number}"
