"""Documents of a person beside the one that names them: further ones, former ones, and numbers that were written wrongly."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_document
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees
from beneficiaries.models.change import PersonChange
from beneficiaries.models.person import OWNER_GONE, PERSON_KEY, DocumentType, Person


class DocumentStanding(models.TextChoices):
    """What a document says of its person. A mistaken number is found by search and names nobody in a roster."""

    FURTHER = "further", _("Further document")
    FORMER = "former", _("Former document")
    MISTAKEN = "mistaken", _("Number written wrongly before")


#: Those by which intake finds the person.
NAMES_THE_PERSON = ~Q(standing=DocumentStanding.MISTAKEN)


@tracked
class PersonDocument(models.Model):
    """One document of a person. No number names two people: neither here nor as the document of a Person."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="documents", verbose_name=_("person"))
    document_type = models.CharField(_("document"), max_length=20, choices=DocumentType, db_collation="C")
    # The same name and key as a Person's: a token moves from one to the other as it is.
    document = SealedTextField(
        _("document number"), logical_name="person.document", purpose=PERSON_KEY, mask=mask_document
    )
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    standing = models.CharField(_("standing"), max_length=8, choices=DocumentStanding, db_collation="C")
    valid_from = models.DateField(_("valid from"), null=True)
    valid_to = models.DateField(_("valid until"), null=True, help_text=_("The last day."))
    #: What brought it; a roster's decision has none.
    change = models.ForeignKey(
        PersonChange, models.PROTECT, related_name="documents", verbose_name=_("change of a person"), null=True
    )
    created_at = models.DateTimeField(_("recorded at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="person__beneficiaries__organization__path", region="person__beneficiaries__region_code",
        program="person__beneficiaries__program_id", many=True,
    )
    destroyable = Destroyable(blinded=("identity_index_a", "identity_index_b"), owner_gone=OWNER_GONE)
    personal_fields = ("document",)
    open_fields = (
        "id", "person", "document_type", "identity_index_a", "identity_index_b", "standing", "valid_from", "valid_to",
        "change", "created_at",
    )

    class Meta:
        verbose_name = _("document of a person")
        verbose_name_plural = _("documents of people")
        constraints = [
            models.UniqueConstraint(
                name="person_document_names_one_a", fields=["identity_index_a"],
                condition=NAMES_THE_PERSON & Q(identity_index_a__isnull=False),
            ),
            models.UniqueConstraint(
                name="person_document_names_one_b", fields=["identity_index_b"],
                condition=NAMES_THE_PERSON & Q(identity_index_b__isnull=False),
            ),
            models.CheckConstraint(
                name="person_document_has_identity",
                condition=Q(identity_index_a__isnull=False) | Q(identity_index_b__isnull=False),
            ),
            models.CheckConstraint(
                name="person_document_ends_after_it_begins",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
            ),
        ]
        indexes = [
            models.Index(fields=["identity_index_a"], name="person_document_by_number_a"),
            models.Index(fields=["identity_index_b"], name="person_document_by_number_b"),
        ]
        triggers = [
            # People are many and these few: the other half of the question is asked by whoever makes people, under a lock.
            agrees(
                "person_document_agrees",
                """
                SELECT FROM new_rows WHERE standing <> 'mistaken' AND (EXISTS (
                    SELECT FROM beneficiaries_person p WHERE p.identity_index_a = new_rows.identity_index_a
                ) OR EXISTS (SELECT FROM beneficiaries_person p WHERE p.identity_index_b = new_rows.identity_index_b))
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
