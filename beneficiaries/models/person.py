"""People: a Person is an identity and nothing else; a Beneficiary is a person as one program's organization knows them."""

from __future__ import annotations

from typing import Any, Self

import pgtrigger
from django.apps import apps
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit import blind_index
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked_updates
from audit.masking import mask_account, mask_address, mask_document, mask_name, mask_phone
from audit.models.keys import SLOTS
from audit.scope import Offices, Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees, kept_for, moves_by_a_merge
from programs.models import Category, Program

#: Purposes of blind indexes: identity = document type and number; name = the name as written; mark: see ADR 34.
IDENTITY, NAME, MARK = "person.identity", "person.name", "beneficiary.mark"
PERSON_KEY, BENEFICIARY_KEY = "person", "beneficiary"


#: Of rows `kept` that name a person: see `Destroyable.owner_gone`.
OWNER_GONE = (
    "EXISTS (SELECT FROM beneficiaries_person owner WHERE owner.id = kept.person_id AND owner.destroyed_at IS NOT NULL)"
)


class Sex(models.TextChoices):
    """As the document says."""

    MALE = "male", _("Male")
    FEMALE = "female", _("Female")


class DocumentType(models.TextChoices):
    """Documents that name a person."""

    RESIDENT_ID = "resident_id", _("Resident ID card")
    HK_MACAO_RESIDENCE = "hk_macao_residence", _("Residence permit for Hong Kong and Macao residents")
    TAIWAN_RESIDENCE = "taiwan_residence", _("Residence permit for Taiwan residents")
    FOREIGN_PERMANENT = "foreign_permanent", _("Foreign permanent resident ID card")
    PASSPORT = "passport", _("Passport")
    HK_MACAO_PERMIT = "hk_macao_permit", _("Travel permit for Hong Kong and Macao residents")
    TAIWAN_PERMIT = "taiwan_permit", _("Travel permit for Taiwan residents")
    OTHER = "other", _("Other document")


def identity_text(document_type: str, document: str) -> str:
    """What the identity index is made of."""
    return f"{document_type}|{document}"


class PersonQuerySet(ScopedQuerySet):
    """Chainable words about people."""

    def with_document(self, document: str) -> Self:
        """People with this document number, of whatever type: as the one that names them, or beside it."""
        found = Q(pk__in=[])
        for kind in DocumentType.values:
            found |= blind_index.lookup(IDENTITY, "identity_index", identity_text(kind, document))
        # Asked for first: within the condition it would cost a reading of everybody.
        documents = apps.get_model("beneficiaries.PersonDocument")._default_manager
        beside = list(documents.filter(found).values_list("person_id", flat=True))
        return self.filter(found | Q(pk__in=beside))

    def with_name(self, name: str) -> Self:
        """People with exactly this name, or into whom somebody of this name was merged."""
        found = blind_index.lookup(NAME, "name_index", name)
        merged = list(Person.objects.filter(found, merged_into__isnull=False).values_list("merged_into", flat=True))
        return self.filter(found | Q(pk__in=merged))

    def going_on_in(self, person: Person) -> list[int]:
        """Keys of a person and of those who were merged into them.

        Asked for first: as an "or" within another question they would cost a reading of everybody.
        """
        return [person.pk, *self.filter(merged_into=person).order_by("pk").values_list("pk", flat=True)]

    def standing(self) -> Self:
        """Not merged into somebody else."""
        return self.filter(merged_into__isnull=True)


@tracked_updates
class Person(models.Model):
    """One human being by one document. Whoever sees one of its beneficiaries sees it."""

    name = SealedTextField(_("name"), logical_name="person.name", purpose=PERSON_KEY, mask=mask_name)
    document = SealedTextField(
        _("document number"), logical_name="person.document", purpose=PERSON_KEY, mask=mask_document
    )
    document_type = models.CharField(_("document"), max_length=20, choices=DocumentType, db_collation="C")
    birth_on = models.DateField(_("born on"), null=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, blank=True, default="", db_collation="C")
    identity_index_a = models.BinaryField(null=True)
    identity_index_b = models.BinaryField(null=True)
    name_index_a = models.BinaryField(null=True)
    name_index_b = models.BinaryField(null=True)
    created_at = models.DateTimeField(_("known since"))
    deceased_on = models.DateField(_("deceased on"), null=True)
    #: The person who goes on for both. Whoever is merged has no identity of their own: it is a document of the other.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, related_name="merged", verbose_name=_("merged into"), null=True, db_constraint=False,
        db_index=False,
    )

    #: Since when nothing that named them can be read any more (销毁); a person who comes again is another row.
    destroyed_at = models.DateTimeField(_("destroyed at"), null=True)

    objects = PersonQuerySet.as_manager()

    scope = Scope(through=("beneficiaries.Beneficiary", "person_id"))
    destroyable = Destroyable(
        blinded=("identity_index_a", "identity_index_b", "name_index_a", "name_index_b"), blurred=("birth_on",),
        owner_gone="kept.destroyed_at IS NOT NULL",
    )
    # Birth date and sex stay plain: ages are checked set-wise for millions, and without name and number they name nobody.
    personal_fields = ("name", "document")
    open_fields = (
        "id", "document_type", "birth_on", "sex", "identity_index_a", "identity_index_b", "name_index_a",
        "name_index_b", "created_at", "deceased_on", "merged_into", "destroyed_at",
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("reveal_person", _("Can see personal data in the clear"))]
        constraints = [
            models.UniqueConstraint(
                name="person_identity_once_a", fields=["identity_index_a"], condition=Q(identity_index_a__isnull=False)
            ),
            models.UniqueConstraint(
                name="person_identity_once_b", fields=["identity_index_b"], condition=Q(identity_index_b__isnull=False)
            ),
            models.CheckConstraint(
                name="person_has_identity",
                condition=Q(identity_index_a__isnull=False) | Q(identity_index_b__isnull=False)
                | Q(merged_into__isnull=False),
            ),
            models.CheckConstraint(
                name="merged_person_has_no_identity",
                condition=Q(merged_into__isnull=True)
                | (Q(identity_index_a__isnull=True, identity_index_b__isnull=True) & ~Q(merged_into=F("id"))),
            ),
        ]
        indexes = [
            # Few have another document: found without reading those who have the usual one.
            models.Index(fields=["document_type"], name="person_by_document_type", condition=~Q(document_type="resident_id")),
            # Few, in every period: whoever records a gate looks for them beside each cover.
            models.Index(fields=["id"], name="person_deceased", condition=Q(deceased_on__isnull=False)),
            models.Index(fields=["merged_into"], name="person_merged", condition=Q(merged_into__isnull=False)),
            models.Index(
                fields=["name_index_a", "birth_on"], name="person_by_name_a", condition=Q(name_index_a__isnull=False)
            ),
            models.Index(
                fields=["name_index_b", "birth_on"], name="person_by_name_b", condition=Q(name_index_b__isnull=False)
            ),
        ]
        triggers = [
            kept_for("person_is_kept", [("beneficiaries_beneficiary", "person_id")]),
            pgtrigger.Protect(
                name="person_stays_destroyed", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    'OLD."destroyed_at" IS NOT NULL AND (OLD."name", OLD."document", OLD."destroyed_at")'
                    ' IS DISTINCT FROM (NEW."name", NEW."document", NEW."destroyed_at")'
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class BeneficiaryQuerySet(ScopedQuerySet):
    """Chainable words about beneficiaries."""

    def free(self) -> Self:
        """Whose data is not restricted."""
        return self.filter(restricted_at__isnull=True)

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """As the scope says; whose data is restricted is in no list and found by no search (ADR 27)."""
        return super().visible_to(user, permission, offices=offices).free()

    def unmarked(self) -> Self:
        """Whom no search by telephone or by the beginning of a name finds yet."""
        return self.filter(UNMARKED)


#: Columns of marks: small keyed numbers of the name's beginning and of the telephone (ADR 34).
MARKS = ("name_mark_a", "name_mark_b", "phone_mark_a", "phone_mark_b")
UNMARKED = Q(name_mark_a=None, name_mark_b=None) | Q(phone__isnull=False, phone_mark_a=None, phone_mark_b=None)


@tracked_updates(exclude=MARKS)
class Beneficiary(models.Model):
    """A person as the organization of one program knows them; another organization's data never overwrites it."""

    # Held by the triggers below; the unique constraint begins with the person and serves as their index.
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="beneficiaries", verbose_name=_("person"), db_constraint=False,
        db_index=False,
    )
    program = models.ForeignKey(
        Program, models.PROTECT, related_name="+", verbose_name=_("program"), db_constraint=False, db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("organization"), db_constraint=False,
        db_index=False,
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    phone = SealedTextField(
        _("phone"), logical_name="beneficiary.phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    address = SealedTextField(
        _("address"), logical_name="beneficiary.address", purpose=BENEFICIARY_KEY, mask=mask_address, null=True
    )
    bank_name = models.CharField(_("bank"), max_length=200, blank=True, default="")
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
    #: Keyed digest of everything above and the categories: whether a roster says something new is one comparison.
    contact_digest = models.BinaryField()
    created_at = models.DateTimeField(_("known since"))
    updated_at = models.DateTimeField(_("changed at"))
    #: Since when this office does nothing with the data but keep it and fulfil its duties (限制处理).
    restricted_at = models.DateTimeField(_("restricted since"), null=True)
    # Of the person's name and the telephone above, whoever writes these: by them few are found, opened and compared.
    name_mark_a = models.SmallIntegerField(null=True)
    name_mark_b = models.SmallIntegerField(null=True)
    phone_mark_a = models.SmallIntegerField(null=True)
    phone_mark_b = models.SmallIntegerField(null=True)

    objects = BeneficiaryQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(
        blinded=("contact_digest",), scattered=MARKS, emptied={"bank_name": "''"}, owner_gone=OWNER_GONE
    )
    personal_fields = ("phone", "address", "bank_account", "guardian_name", "guardian_document")
    open_fields = (
        "id", "person", "program", "organization", "region_code", "bank_name", "contact_digest", "created_at",
        "updated_at", "restricted_at", *MARKS,
    )

    class Meta:
        verbose_name = _("beneficiary")
        verbose_name_plural = _("beneficiaries")
        constraints = [
            models.UniqueConstraint(name="beneficiary_once", fields=["person", "program", "organization"]),
        ]
        indexes = [
            models.Index(fields=["organization", "region_code"], name="beneficiary_by_region"),
            # An office's newest people: lists of offices that are some of many turn by it.
            models.Index(fields=["organization", "person"], name="beneficiary_by_person"),
            # Few at any time: whoever asks for somebody else looks into this one and finds nothing.
            models.Index(fields=["id"], name="beneficiary_restricted", condition=Q(restricted_at__isnull=False)),
            # An office's people by the beginning of their names, and everybody's telephones: few bytes a row, since
            # equal marks are kept once.
            *(
                models.Index(
                    fields=["organization", f"name_mark_{slot}"], name=f"beneficiary_by_name_{slot}",
                    condition=Q(**{f"name_mark_{slot}__isnull": False}),
                )
                for slot in SLOTS
            ),
            *(
                models.Index(
                    fields=[f"phone_mark_{slot}"], name=f"beneficiary_by_phone_{slot}",
                    condition=Q(**{f"phone_mark_{slot}__isnull": False}),
                )
                for slot in SLOTS
            ),
            # None, once all are marked.
            models.Index(fields=["id"], name="beneficiary_unmarked", condition=UNMARKED),
        ]
        triggers = [
            agrees(
                "beneficiary_agrees",
                """
                SELECT FROM (SELECT DISTINCT program_id, organization_id FROM new_rows) few
                LEFT JOIN programs_program program ON program.id = few.program_id
                LEFT JOIN accounts_organization organization ON organization.id = few.organization_id
                WHERE program.id IS NULL OR organization.id IS NULL
                """,
                """
                SELECT FROM new_rows
                LEFT JOIN LATERAL (
                    SELECT id FROM beneficiaries_person WHERE id = new_rows.person_id LIMIT 1
                ) AS person ON true WHERE person.id IS NULL
                """,
            ),
            moves_by_a_merge("beneficiary_keeps_its_parents", "person", kept=("program_id", "organization_id")),
            kept_for(
                "beneficiary_is_kept",
                [
                    ("beneficiaries_enrollment", "beneficiary_id"),
                    ("beneficiaries_beneficiarycategory", "beneficiary_id"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


@tracked_updates
class BeneficiaryCategory(models.Model):
    """A hardship category of a beneficiary and the days on which it holds."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="categories", db_constraint=False)
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="+", verbose_name=_("category"), db_constraint=False, db_index=False
    )
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, help_text=_("The first day on which it no longer holds."))
    #: The staged row that brought it, or the purchase in which it was said at a counter.
    row_id = models.BigIntegerField(null=True)
    purchase = models.ForeignKey(
        "beneficiaries.Purchase", models.PROTECT, null=True, related_name="said_categories", db_index=False,
        verbose_name=_("purchase"),
    )
    #: The staged row that ended it.
    ended_row_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="beneficiary__organization__path", region="beneficiary__region_code",
        program="beneficiary__program_id",
    )
    personal_fields = ()
    open_fields = ("id", "beneficiary", "category", "valid_from", "valid_to", "row_id", "purchase", "ended_row_id")

    class Meta:
        verbose_name = _("category of a beneficiary")
        verbose_name_plural = _("categories of beneficiaries")
        constraints = [
            models.UniqueConstraint(
                name="beneficiary_category_holds_once", fields=["beneficiary", "category"],
                condition=Q(valid_to__isnull=True),
            ),
            models.CheckConstraint(
                name="beneficiary_category_has_one_source",
                condition=Q(row_id__isnull=False, purchase__isnull=True)
                | Q(row_id__isnull=True, purchase__isnull=False, valid_to__isnull=False),
            ),
            models.CheckConstraint(
                name="beneficiary_category_ends_after_it_begins",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]
        triggers = [
            agrees(
                "beneficiary_category_agrees",
                """
                SELECT FROM (SELECT DISTINCT category_id FROM new_rows) few
                LEFT JOIN programs_category category ON category.id = few.category_id WHERE category.id IS NULL
                """,
                """
                SELECT FROM new_rows
                LEFT JOIN LATERAL (
                    SELECT id FROM beneficiaries_beneficiary WHERE id = new_rows.beneficiary_id LIMIT 1
                ) AS beneficiary ON true WHERE beneficiary.id IS NULL
                """,
            ),
            moves_by_a_merge(
                "beneficiary_category_keeps_its_parents", "beneficiary", kept=("category_id",),
                old="(SELECT person_id FROM beneficiaries_beneficiary WHERE id = OLD.beneficiary_id)",
                new="(SELECT person_id FROM beneficiaries_beneficiary WHERE id = NEW.beneficiary_id)",
                agrees_if="""
                SELECT FROM beneficiaries_beneficiary one JOIN beneficiaries_beneficiary other
                    ON other.program_id = one.program_id AND other.organization_id = one.organization_id
                WHERE one.id = OLD.beneficiary_id AND other.id = NEW.beneficiary_id
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beneficiary_id} {self.category_id}"
