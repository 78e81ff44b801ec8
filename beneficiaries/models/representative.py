"""Guardians and agents: who speaks for a person, as one program's office knows them; recorded by a change, or a roster's line."""

from __future__ import annotations

from datetime import date
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_document, mask_name, mask_phone
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.change import PersonChange, Role
from beneficiaries.models.person import BENEFICIARY_KEY, PERSON_KEY, Beneficiary, DocumentType
from beneficiaries.models.roster import RosterRow

#: SQL over a representative `r`: nothing has ended it, as `open()` says.
OPEN = "(r.ended_by_id IS NULL AND r.ended_row_id IS NULL)"
#: The same, on the day %(day)s, as `standing()` says.
STANDS = f"({OPEN} AND (r.valid_from IS NULL OR r.valid_from <= %(day)s) AND (r.valid_to IS NULL OR r.valid_to >= %(day)s))"


class RepresentativeQuerySet(ScopedQuerySet):
    """Chainable words about guardians and agents."""

    def standing(self, *, on: date) -> Self:
        """Who speaks for somebody on a day."""
        begun = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
        return self.open().filter(begun, Q(valid_to__isnull=True) | Q(valid_to__gte=on))

    def open(self) -> Self:
        """Whom nothing has ended yet, whatever their days."""
        return self.filter(ended_by__isnull=True, ended_row__isnull=True)


@tracked
class Representative(models.Model):
    """One guardian or agent of a person. What was recorded is ended, never written over.

    Begins by an approved change or by a line of an applied roster, and ends by either. Ended by its own line: an undo took
    that line back.
    """

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="representatives", verbose_name=_("beneficiary")
    )
    role = models.CharField(_("guardian or agent"), max_length=8, choices=Role, db_collation="C")
    # The names and keys of a person's and a beneficiary's: tokens move from the change as they are.
    name = SealedTextField(_("name"), logical_name="person.name", purpose=PERSON_KEY, mask=mask_name)
    document_type = models.CharField(_("document"), max_length=20, choices=DocumentType, db_collation="C")
    document = SealedTextField(
        _("document number"), logical_name="person.document", purpose=PERSON_KEY, mask=mask_document
    )
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    phone = SealedTextField(
        _("phone"), logical_name="beneficiary.phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    relation = models.CharField(_("relation to the person"), max_length=20)
    valid_from = models.DateField(_("valid from"), null=True)
    valid_to = models.DateField(_("valid until"), null=True, help_text=_("The last day."))
    change = models.ForeignKey(
        PersonChange, models.PROTECT, related_name="representatives", null=True, verbose_name=_("change of a person")
    )
    row = models.ForeignKey(
        RosterRow, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False,
        verbose_name=_("line of a roster"),
    )
    ended_by = models.ForeignKey(
        PersonChange, models.PROTECT, related_name="+", null=True, db_index=False, verbose_name=_("ended by")
    )
    ended_row = models.ForeignKey(
        RosterRow, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False,
        verbose_name=_("ended by a line"),
    )
    created_at = models.DateTimeField(_("recorded at"))

    objects = RepresentativeQuerySet.as_manager()

    scope = Scope(
        organization_path="beneficiary__organization__path", region="beneficiary__region_code",
        program="beneficiary__program_id",
    )
    destroyable = Destroyable(
        blinded=("identity_index_a", "identity_index_b"), owner_gone="""EXISTS (
            SELECT FROM beneficiaries_beneficiary b JOIN beneficiaries_person owner ON owner.id = b.person_id
            WHERE b.id = kept.beneficiary_id AND owner.destroyed_at IS NOT NULL)""",
    )
    personal_fields = ("name", "document", "phone")
    open_fields = (
        "id", "beneficiary", "role", "document_type", "identity_index_a", "identity_index_b", "relation", "valid_from",
        "valid_to", "change", "row", "ended_by", "ended_row", "created_at",
    )

    class Meta:
        verbose_name = _("guardian or agent")
        verbose_name_plural = _("guardians and agents")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="representative_once_a", fields=["beneficiary", "role", "identity_index_a"],
                condition=Q(ended_by__isnull=True, ended_row__isnull=True, identity_index_a__isnull=False),
            ),
            models.UniqueConstraint(
                name="representative_once_b", fields=["beneficiary", "role", "identity_index_b"],
                condition=Q(ended_by__isnull=True, ended_row__isnull=True, identity_index_b__isnull=False),
            ),
            models.UniqueConstraint(
                name="representative_once_a_line", fields=["row"], condition=Q(row__isnull=False)
            ),
            models.CheckConstraint(
                name="representative_has_one_source",
                condition=Q(change__isnull=False, row__isnull=True) | Q(change__isnull=True, row__isnull=False),
            ),
            models.CheckConstraint(
                name="representative_ends_once", condition=Q(ended_by__isnull=True) | Q(ended_row__isnull=True)
            ),
            models.CheckConstraint(
                name="representative_has_identity",
                condition=Q(identity_index_a__isnull=False) | Q(identity_index_b__isnull=False),
            ),
            models.CheckConstraint(
                name="representative_ends_after_it_begins",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
            ),
        ]
        indexes = [
            models.Index(fields=["identity_index_a"], name="representative_by_number_a"),
            models.Index(fields=["identity_index_b"], name="representative_by_number_b"),
            models.Index(
                fields=["ended_row"], name="representative_by_end", condition=Q(ended_row__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="representative_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="representative_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("beneficiary", "role", "relation", "valid_from", "valid_to", "change"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
