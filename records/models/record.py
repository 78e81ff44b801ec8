"""What a medical insurance bureau says it has settled: a file of records under its number, and their checked lines."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_corrections
from audit.masking import mask_document, mask_name
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from intake.models import BEING_CHECKED, STANDING, Chunk, File, Import, StagedRow
from programs.models import Plan, Program

NAME, DOCUMENT, DIAGNOSIS = "record.name", "record.document", "record.diagnosis"


def mask_diagnosis(_text: str) -> str:
    """Nothing of it."""
    return "***"


def _yuan(label: object) -> models.DecimalField:
    return models.DecimalField(label, max_digits=14, decimal_places=2, null=True)  # type: ignore[arg-type]


@tracked
class RecordList(Import):
    """Settlement records (医保结算清单) of a bureau, looked at for one program."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    #: The bureau's own number or name of the file.
    reference = models.CharField(_("number of the file"), max_length=60, db_collation="C")
    files = models.ManyToManyField(File, related_name="record_lists", verbose_name=_("files"), through="RecordFile")
    #: Up to when earlier records and claims were looked at.
    compared_at = models.DateTimeField(_("calculated at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "program", "reference", "compared_at",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("file of settlement records")
        verbose_name_plural = _("files of settlement records")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("upload_recordlist", _("Can upload files of settlement records")),
            ("submit_recordlist", _("Can submit files of settlement records")),
            ("approve_recordlist", _("Can approve files of settlement records or send them back")),
            ("request_recordlist_undo", _("Can ask for the undo of a file of settlement records")),
            ("approve_recordlist_undo", _("Can approve the undo of a file of settlement records")),
            ("download_recordlist_rows", _("Can download refused rows of settlement records in the clear")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.UniqueConstraint(
                name="record_list_stands_once", fields=["program", "organization", "reference"], condition=Q(state__in=STANDING)
            ),
            models.CheckConstraint(name="record_list_has_a_number", condition=~Q(reference="")),
        ]
        indexes = [models.Index(fields=["program", "state"], name="record_list_by_state")]
        triggers = [
            never_deleted("record_list_is_never_deleted"),
            pgtrigger.Protect(
                name="record_list_keeps_its_name", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "reference"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


SCOPE = Scope(
    organization_path="record_list__organization__path", region="record_list__region_code", program="record_list__program_id"
)


class RecordFile(models.Model):
    """A file of a bureau."""

    record_list = models.ForeignKey(RecordList, models.PROTECT, related_name="record_list_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="record_list_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "record_list", "file")

    class Meta:
        verbose_name = _("file of a bureau")
        verbose_name_plural = _("files of bureaus")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="record_list_file_once", fields=["record_list", "file"])]

    def __str__(self) -> str:
        return f"{self.record_list_id} {self.file_id}"


@tracked_corrections
class RecordRow(StagedRow):
    """A checked record: whose cover it falls under, what the stay or visit cost, who paid what, what was left by kind."""

    # Written by the engine only, under the list's own chunk, which has a true foreign key.
    record_list = models.ForeignKey(RecordList, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    name = SealedTextField(_("name"), logical_name=NAME, purpose=BENEFICIARY_KEY, mask=mask_name, null=True)
    document = SealedTextField(
        _("document number"), logical_name=DOCUMENT, purpose=BENEFICIARY_KEY, mask=mask_document, null=True
    )
    diagnosis = SealedTextField(
        _("diagnosis"), logical_name=DIAGNOSIS, purpose=BENEFICIARY_KEY, mask=mask_diagnosis, null=True
    )
    settlement_number = models.CharField(_("settlement number"), max_length=60, null=True, db_collation="C")
    invoice_code = models.CharField(_("code of the medical invoice"), max_length=20, null=True, db_collation="C")
    invoice_number = models.CharField(_("number of the medical invoice"), max_length=20, null=True, db_collation="C")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    #: Of the cover, and the person's age as it began: what the calculation asks of them, so that it joins nothing.
    plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False, verbose_name=_("plan")
    )
    age = models.SmallIntegerField(_("age as the cover began"), null=True)
    hospital_code = models.CharField(_("code of the hospital"), max_length=20, null=True, db_collation="C")
    hospital = models.CharField(_("hospital"), max_length=100, null=True)
    admitted_on = models.DateField(_("admitted on"), null=True)
    discharged_on = models.DateField(_("discharged on"), null=True)
    settled_on = models.DateField(_("settled on"), null=True)
    setting = models.CharField(_("kind of treatment"), max_length=20, null=True, db_collation="C")
    locality = models.CharField(_("place of treatment"), max_length=24, null=True, db_collation="C")
    total = _yuan(_("total cost (yuan)"))
    fund = _yuan(_("paid by the pooled fund (yuan)"))
    major_illness = _yuan(_("paid by major-illness insurance (yuan)"))
    assistance = _yuan(_("paid by medical assistance (yuan)"))
    others = _yuan(_("paid by others (yuan)"))
    account_paid = _yuan(_("paid from the personal account (yuan)"))
    cash = _yuan(_("paid in cash (yuan)"))
    #: {kind of expense: yuan as text} after other payers.
    figures = models.JSONField(_("what was left to pay by kind"), null=True)

    objects = ScopedQuerySet.as_manager()

    #: The digest that is approved covers the tokens.
    keeps_its_seals = True
    scope = SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL", "hospital": "NULL", "hospital_code": "NULL"})
    personal_fields = ("name", "document", "diagnosis", "raw")
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "record_list",
        "settlement_number", "invoice_code", "invoice_number", "enrollment", "plan", "age", "hospital_code", "hospital",
        "admitted_on", "discharged_on", "settled_on", "setting", "locality", "total", "fund", "major_illness", "assistance",
        "others", "account_paid", "cash", "figures",
    )

    class Meta:
        verbose_name = _("settlement record")
        verbose_name_plural = _("settlement records")
        default_permissions = ()
        indexes = [
            models.Index(fields=["record_list", "chunk", "id"], name="record_row_by_chunk"),
            models.Index(fields=["record_list", "verdict", "id"], name="record_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check("record_row_stays_after_its_check", ("records_recordlist", "record_list_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class RecordChunk(Chunk):
    """A piece of a file of records."""

    record_list = models.ForeignKey(RecordList, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "record_list",
    )

    class Meta:
        verbose_name = _("chunk of settlement records")
        verbose_name_plural = _("chunks of settlement records")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="record_chunk_once", fields=["record_list", "number"]),
            models.CheckConstraint(
                name="record_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_list_id} {self.number}"
