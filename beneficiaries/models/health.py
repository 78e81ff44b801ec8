"""Health classes: what was declared of a person, or found at a claim, from which day on; stated anew, never written over."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.masks import mask_groups
from beneficiaries.models.change import HealthClass, PersonChange
from beneficiaries.models.person import BENEFICIARY_KEY, Beneficiary
from beneficiaries.models.purchase import Purchase
from beneficiaries.models.roster import RosterRow


class HealthSource(models.TextChoices):
    """What a health class rests on."""

    CHANGE = "change", _("Declared at the counter")
    PURCHASE = "purchase", _("Declared when enrolled")
    ROSTER = "row", _("Declared on a roster")
    CLAIM = "claim", _("Found at a claim")


@tracked
class HealthStatement(models.Model):
    """The health class of a person, as one program's office knows it, from a day until the next statement's."""

    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="health_statements", verbose_name=_("beneficiary")
    )
    health_class = models.CharField(_("health class"), max_length=12, choices=HealthClass, db_collation="C")
    #: Codes of groups of diseases, as plans name them, with commas between.
    groups = SealedTextField(
        _("groups of diseases"), logical_name="beneficiary.health_groups", purpose=BENEFICIARY_KEY, mask=mask_groups, null=True
    )
    from_on = models.DateField(_("from"))
    source = models.CharField(_("source"), max_length=8, choices=HealthSource, db_collation="C")
    change = models.ForeignKey(
        PersonChange, models.PROTECT, related_name="health_statements", null=True, verbose_name=_("change of a person")
    )
    purchase = models.ForeignKey(
        Purchase, models.PROTECT, related_name="health_statements", null=True, verbose_name=_("purchase")
    )
    row = models.ForeignKey(
        RosterRow, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False,
        verbose_name=_("line of a roster"),
    )
    #: When its roster was undone: it was never stated.
    taken_back_at = models.DateTimeField(_("taken back at"), null=True)
    #: The case at which it was found, by its own number.
    reference = models.CharField(_("case"), max_length=60, blank=True, default="")
    by_label = models.CharField(_("recorded by"), max_length=80)
    created_at = models.DateTimeField(_("recorded at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="beneficiary__organization__path", region="beneficiary__region_code",
        program="beneficiary__program_id",
    )
    destroyable = Destroyable(
        emptied={"health_class": "'unknown'"}, owner_gone="""EXISTS (
            SELECT FROM beneficiaries_beneficiary b JOIN beneficiaries_person owner ON owner.id = b.person_id
            WHERE b.id = kept.beneficiary_id AND owner.destroyed_at IS NOT NULL)""",
    )
    personal_fields = ("groups",)
    #: The class alone is read by pages and by arithmetic over many, as categories are; which diseases it were is sealed.
    open_fields = (
        "id", "beneficiary", "health_class", "from_on", "source", "change", "purchase", "row", "taken_back_at", "reference",
        "by_label", "created_at",
    )

    class Meta:
        verbose_name = _("health class of a person")
        verbose_name_plural = _("health classes of people")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="health_has_its_source",
                condition=Q(source="change", change__isnull=False, purchase__isnull=True, row__isnull=True, reference="")
                | Q(source="purchase", change__isnull=True, purchase__isnull=False, row__isnull=True, reference="")
                | Q(source="row", change__isnull=True, purchase__isnull=True, row__isnull=False, reference="")
                | (Q(source="claim", change__isnull=True, purchase__isnull=True, row__isnull=True) & ~Q(reference="")),
            ),
            models.CheckConstraint(
                name="health_taken_back_with_its_roster", condition=Q(taken_back_at__isnull=True) | Q(source="row")
            ),
            models.UniqueConstraint(name="health_stated_once_a_line", fields=["row"], condition=Q(row__isnull=False)),
            models.CheckConstraint(
                name="health_groups_are_pre_existing", condition=Q(groups__isnull=True) | ~Q(health_class="healthy")
            ),
        ]
        indexes = [models.Index(fields=["beneficiary", "from_on"], name="health_by_day")]
        triggers = [
            pgtrigger.Protect(name="health_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="health_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("beneficiary", "from_on", "source", "change", "purchase", "row", "reference"),
            ),
            pgtrigger.Protect(
                name="health_taken_back_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
