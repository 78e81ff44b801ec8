"""Rosters: lists of people that come in as files to be enrolled, and their checked lines."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_corrections
from audit.masking import mask_account, mask_address, mask_document, mask_name, mask_phone
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.masks import mask_groups
from beneficiaries.models.agreement import keeps_its_parents, kept_after_its_check, never_deleted
from beneficiaries.models.employer import Employer
from beneficiaries.models.person import BENEFICIARY_KEY, MARKS, PERSON_KEY, DocumentType, Sex
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow
from programs.models import Category, FundingSplit, Period, Plan, Program


class Purpose(models.TextChoices):
    """What a roster does to the people whom it names."""

    ENROLL = "enroll", _("Enroll people")
    UPDATE = "update", _("Update known people")
    END = "end", _("End covers")
    RENEW = "renew", _("Renew covers")


#: Purposes that enroll, and so hold money and keep to the time of enrollment.
ENROLLING = (Purpose.ENROLL, Purpose.RENEW)


class EndReason(models.TextChoices):
    """Why a cover ends before its time."""

    LEFT = "left", _("Left")
    MOVED = "moved", _("Moved away")
    DECEASED = "deceased", _("Deceased")
    #: Said by no line: missing from a full list that ends whom it does not name.
    OFF_LIST = "off_list", _("Left the list")
    #: Said by no line: given back within the plan's days for it, as if the cover had never begun.
    REFUNDED = "refunded", _("Given back in time")


@tracked
class Roster(Import):
    """People to be enrolled in one period of a program, updated, ended or renewed."""

    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose, default=Purpose.ENROLL, db_collation="C")

    program = models.ForeignKey(Program, models.PROTECT, related_name="rosters", verbose_name=_("program"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="rosters", verbose_name=_("period"))
    #: The first day of the covers that this roster makes.
    cover_from = models.DateField(_("cover from"))
    #: Who enrolls its staff by it, and owes the own shares of all of them in one sum.
    employer = models.ForeignKey(
        Employer, models.PROTECT, null=True, related_name="rosters", verbose_name=_("employer")
    )
    files = models.ManyToManyField(File, related_name="rosters", verbose_name=_("files"), through="RosterFile")
    #: Of a roster without a file: everybody covered in this period, of these categories where some are named. An earlier period
    #: of the program is renewed (ADR 29), people of another program are enrolled (ADR 47).
    renewed_period = models.ForeignKey(
        Period, models.PROTECT, related_name="renewals", verbose_name=_("renewed period"), null=True, db_index=False
    )
    renewed_categories = ArrayField(
        models.BigIntegerField(), verbose_name=_("renewed categories"), default=list, db_default=[]
    )
    #: On what ground the office uses for this program what it knows of another.
    basis = models.CharField(_("ground of the use"), max_length=200, blank=True, default="", db_default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "cover_from", "employer", "file_findings", "files", "layouts", "money", "period", "plan",
        "program", "purpose", "renewed_categories", "renewed_period", "basis",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("roster")
        verbose_name_plural = _("rosters")
        ordering = ["-id"]
        constraints = [
            *Import.Meta.constraints,
            models.CheckConstraint(
                name="roster_renews_an_earlier_period",
                condition=Q(renewed_period__isnull=True, renewed_categories=[])
                | (
                    Q(renewed_period__isnull=False, purpose__in=[Purpose.RENEW, Purpose.ENROLL])
                    & ~Q(renewed_period=models.F("period"))
                ),
            ),
            models.CheckConstraint(
                name="roster_of_another_program_has_its_basis",
                condition=Q(renewed_period__isnull=False, purpose=Purpose.ENROLL) ^ Q(basis=""),
            ),
            models.CheckConstraint(
                name="roster_of_an_employer_enrolls", condition=Q(employer__isnull=True) | Q(purpose=Purpose.ENROLL)
            ),
        ]
        permissions = [
            ("upload_roster", _("Can upload rosters")),
            ("submit_roster", _("Can submit rosters")),
            ("approve_roster", _("Can approve rosters or send them back")),
            ("decide_rows", _("Can decide rows in doubt")),
            ("correct_person", _("Can correct people's names and documents")),
            ("download_refused_rows", _("Can download refused rows in the clear")),
            ("request_undo", _("Can request the undo of applied rosters")),
            ("approve_undo", _("Can approve the undo of rosters or turn it down")),
            ("pass_gate", _("Can record notice, own payment and acceptance")),
        ]
        indexes = [models.Index(fields=["organization", "state"], name="roster_by_state")]
        triggers = [
            never_deleted("roster_is_never_deleted"),
            keeps_its_parents("roster_keeps_its_employer", "employer"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def renews_a_period(self) -> bool:
        """Whether its rows come from an earlier period of its own program."""
        return self.renewed_period_id is not None and self.purpose == Purpose.RENEW

    @property
    def enrolls_known_people(self) -> bool:
        """Whether its rows come from the covers of another program."""
        return self.renewed_period_id is not None and self.purpose == Purpose.ENROLL


class RosterFile(models.Model):
    """A file of a roster."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="roster_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="roster_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = Scope(
        organization_path="roster__organization__path", region="roster__region_code", program="roster__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "roster", "file")

    class Meta:
        verbose_name = _("file of a roster")
        verbose_name_plural = _("files of rosters")
        constraints = [models.UniqueConstraint(name="roster_file_once", fields=["roster", "file"])]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.file_id}"


# The rows can be made again from the files, and what was closed unread shall leave nothing: deletions are not kept. The
# trigger below refuses those of a roster that has been reviewed.
@tracked_corrections
class RosterRow(StagedRow):
    """A checked line: its personal values already as they will stand, sealed, in people and beneficiaries."""

    # Written by the engine only, under the roster's own chunk, which has a true foreign key.
    roster = models.ForeignKey(Roster, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    # Of a renewal without a file: none, but the cover that is renewed, which leads to a line of a file in its turn.
    file = models.ForeignKey(  # type: ignore[assignment]
        File, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    before = models.ForeignKey(
        "beneficiaries.Enrollment", models.PROTECT, null=True, related_name="+", verbose_name=_("cover before"),
        db_constraint=False, db_index=False,
    )
    name = SealedTextField(_("name"), logical_name="person.name", purpose=PERSON_KEY, mask=mask_name, null=True)
    document = SealedTextField(
        _("document number"), logical_name="person.document", purpose=PERSON_KEY, mask=mask_document, null=True
    )
    document_type = models.CharField(_("document"), max_length=20, choices=DocumentType, null=True, db_collation="C")
    birth_on = models.DateField(_("born on"), null=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, null=True, db_collation="C")
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    name_index_a = models.BinaryField(null=True)
    name_index_b = models.BinaryField(null=True)
    # Made of the values of this row, so that approval does not ask for them.
    name_mark_a = models.SmallIntegerField(null=True)
    name_mark_b = models.SmallIntegerField(null=True)
    phone_mark_a = models.SmallIntegerField(null=True)
    phone_mark_b = models.SmallIntegerField(null=True)
    region_code = models.CharField(_("region"), max_length=12, null=True, db_collation="C")
    phone = SealedTextField(
        _("phone"), logical_name="beneficiary.phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    address = SealedTextField(
        _("address"), logical_name="beneficiary.address", purpose=BENEFICIARY_KEY, mask=mask_address, null=True
    )
    bank_name = models.CharField(_("bank"), max_length=200, null=True)
    bank_account = SealedTextField(
        _("bank account"), logical_name="beneficiary.bank_account", purpose=BENEFICIARY_KEY, mask=mask_account,
        null=True,
    )
    guardian_name = SealedTextField(
        _("guardian"), logical_name="beneficiary.guardian_name", purpose=BENEFICIARY_KEY, mask=mask_name, null=True
    )
    guardian_document = SealedTextField(
        _("guardian's document"), logical_name="beneficiary.guardian_document", purpose=BENEFICIARY_KEY,
        mask=mask_document, null=True,
    )
    # Of a whole guardian (name and number) of a minor: the tokens, and what else, of the representative that applying
    # records. Staged only where a chunk has any, see `guardians`.
    speaker_name = SealedTextField(
        _("guardian's name"), logical_name="person.name", purpose=PERSON_KEY, mask=mask_name, null=True
    )
    speaker_document = SealedTextField(
        _("guardian's document number"), logical_name="person.document", purpose=PERSON_KEY, mask=mask_document, null=True
    )
    guardian_document_type = models.CharField(
        _("guardian's type of document"), max_length=20, choices=DocumentType, null=True, db_collation="C"
    )
    guardian_index_a = models.BinaryField(null=True)
    guardian_index_b = models.BinaryField(null=True)
    guardian_phone = SealedTextField(
        _("guardian's phone"), logical_name="beneficiary.phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    guardian_relation = models.CharField(_("relation to the person"), max_length=20, null=True)
    #: The newest guardian who stood when the row was checked: drift shows against it.
    known_guardian_id = models.BigIntegerField(null=True)
    #: The one who stood already as the line says: nothing is recorded anew.
    same_guardian_id = models.BigIntegerField(null=True)
    # What was declared of health. Staged only where a chunk has any, see `health_lines`.
    health_class = models.CharField(_("health class"), max_length=12, null=True, db_collation="C")
    health_groups = SealedTextField(
        _("groups of diseases"), logical_name="beneficiary.health_groups", purpose=BENEFICIARY_KEY, mask=mask_groups, null=True
    )
    contact_digest = models.BinaryField(null=True)
    category_ids = ArrayField(models.BigIntegerField(), verbose_name=_("categories"), null=True)
    #: The one that counts for money: the plan's first.
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    split = models.ForeignKey(
        FundingSplit, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    premium = models.DecimalField(_("premium"), max_digits=16, decimal_places=2, null=True)
    own_share = models.DecimalField(_("own share"), max_digits=16, decimal_places=2, null=True)
    #: What was known when the row was checked: drift shows against these.
    known_person_id = models.BigIntegerField(null=True)
    known_contact_digest = models.BinaryField(null=True)
    #: Of an update: the first and the last day of the categories that it names.
    valid_from = models.DateField(_("holds from"), null=True)
    valid_to = models.DateField(_("holds until"), null=True)
    #: Of an ending: the last day of cover, and why.
    ended_on = models.DateField(_("last day"), null=True)
    end_reason = models.CharField(_("reason"), max_length=8, choices=EndReason, null=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    #: The digest that is approved covers the tokens.
    keeps_its_seals = True
    scope = Scope(
        organization_path="roster__organization__path", region="roster__region_code", program="roster__program_id"
    )
    destroyable = Destroyable(
        blinded=(
            "identity_index_a", "identity_index_b", "name_index_a", "name_index_b", "contact_digest", "known_contact_digest",
            "guardian_index_a", "guardian_index_b",
        ),
        scattered=MARKS, dropped=("raw",),
        blurred=("birth_on",), emptied={
            "findings": "NULL", "bank_name": "NULL", "guardian_relation": "NULL",
            "health_class": "CASE WHEN health_class IS NOT NULL THEN 'unknown' END",
        },
    )
    personal_fields = (
        "name", "document", "phone", "address", "bank_account", "guardian_name", "guardian_document", "speaker_name",
        "speaker_document", "guardian_phone", "health_groups", "raw",
    )
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "roster", "document_type",
        "birth_on", "sex", "identity_index_a", "identity_index_b", "name_index_a", "name_index_b", "region_code",
        "bank_name", "contact_digest", "category_ids", "category", "split", "premium", "own_share", "known_person_id",
        "known_contact_digest", "valid_from", "valid_to", "ended_on", "end_reason", "before", "guardian_document_type",
        "guardian_index_a", "guardian_index_b", "guardian_relation", "known_guardian_id", "same_guardian_id", "health_class",
        *MARKS,
    )

    class Meta:
        verbose_name = _("roster row")
        verbose_name_plural = _("roster rows")
        constraints = [
            models.CheckConstraint(
                name="roster_row_has_one_source",
                condition=Q(file__isnull=False, before__isnull=True) | Q(file__isnull=True, before__isnull=False),
            ),
            # What the digest of a chunk covers of guardians is asked of the rows that have one.
            models.CheckConstraint(
                name="roster_row_guardian_is_whole",
                condition=Q(speaker_name__isnull=False)
                | Q(
                    speaker_document__isnull=True, guardian_document_type__isnull=True, guardian_index_a__isnull=True,
                    guardian_index_b__isnull=True, guardian_phone__isnull=True, guardian_relation__isnull=True,
                    known_guardian_id__isnull=True, same_guardian_id__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="roster_row_health_is_whole",
                condition=Q(health_class__isnull=False) | Q(health_groups__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["roster", "chunk", "id"], name="roster_row_by_chunk"),
            models.Index(fields=["roster", "verdict", "id"], name="roster_row_by_verdict"),
            # Few: what an undo left.
            models.Index(fields=["roster", "id"], name="roster_row_kept", condition=~Q(kept="")),
            # Few: lines that name a guardian.
            # Few: lines that declare something of health.
            models.Index(
                fields=["roster", "chunk", "id"], name="roster_row_with_health", condition=Q(health_class__isnull=False)
            ),
            models.Index(
                fields=["roster", "chunk", "id"], name="roster_row_with_guardian", condition=Q(speaker_name__isnull=False)
            ),
        ]
        triggers = [
            kept_after_its_check("roster_row_stays_after_its_check", ("beneficiaries_roster", "roster_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class RosterChunk(Chunk):
    """A piece of a roster."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="roster__organization__path", region="roster__region_code", program="roster__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "roster",
    )

    class Meta:
        verbose_name = _("chunk of a roster")
        verbose_name_plural = _("chunks of rosters")
        constraints = [
            models.UniqueConstraint(name="roster_chunk_once", fields=["roster", "number"]),
            models.CheckConstraint(
                name="roster_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
            models.CheckConstraint(
                name="roster_chunk_undone_after_it_was_applied",
                condition=Q(undone_at__isnull=True, undone_rows=0)
                | Q(undone_at__isnull=False, applied_at__isnull=False, undone_rows__lte=models.F("applied_rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.number}"
