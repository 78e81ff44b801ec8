"""Who paid for several people at once, how, and what each of them is to the payer; one row a purchase that an office made so."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.masking import mask_name, mask_phone
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.person import BENEFICIARY_KEY, PERSON_KEY
from beneficiaries.models.purchase import Purchase


class Relation(models.TextChoices):
    """What an insured person is to the payer."""

    SELF = "self", _("The payer")
    SPOUSE = "spouse", _("Spouse")
    CHILD = "child", _("Child")
    PARENT = "parent", _("Parent")
    PARENT_IN_LAW = "in_law", _("Parent-in-law")
    OTHER = "other", _("Other")


class Way(models.TextChoices):
    """Whose money it is, and so by which route it would go back."""

    CASH = "cash", _("Cash or transfer")
    ACCOUNT = "account", _("Personal medical account")
    SPONSOR = "sponsor", _("Paid by a sponsor")


class PurchasePayer(models.Model):
    """The payer of one purchase; destroyed with the people who were insured by it, else never changed."""

    purchase = models.OneToOneField(Purchase, models.PROTECT, related_name="payer", verbose_name=_("purchase"))
    way = models.CharField(_("paid by way of"), max_length=7, choices=Way, db_collation="C")
    name = SealedTextField(_("name"), logical_name="person.name", purpose=PERSON_KEY, mask=mask_name)
    phone = SealedTextField(
        _("phone"), logical_name="beneficiary.phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    #: Of each line of the request, refused ones too.
    relations = ArrayField(models.CharField(max_length=7, choices=Relation), verbose_name=_("relations"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="purchase__organization__path", region="purchase__region_code", program="purchase__program_id"
    )
    destroyable = Destroyable(
        owner_gone="""EXISTS (
            SELECT FROM beneficiaries_enrollment e JOIN beneficiaries_person owner ON owner.id = e.person_id
            WHERE e.purchase_id = kept.purchase_id AND owner.destroyed_at IS NOT NULL)""",
    )
    personal_fields = ("name", "phone")
    open_fields = ("id", "purchase", "way", "relations")

    class Meta:
        verbose_name = _("payer")
        verbose_name_plural = _("payers")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="payer_way_is_known", condition=Q(way__in=["cash", "account", "sponsor"])),
            models.CheckConstraint(name="payer_has_relations", condition=Q(relations__len__gt=0)),
        ]
        triggers = [
            pgtrigger.Protect(name="payer_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="payer_stays", operation=pgtrigger.Update, condition=pgtrigger.AnyChange("purchase", "way", "relations")
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def relation_of(self, line: int) -> str:
        """What the person of a line is to the payer, in words."""
        return str(Relation(self.relations[line - 1]).label) if 0 < line <= len(self.relations) else ""
