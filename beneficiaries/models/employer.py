"""Employers that enroll their staff by a roster and pay for them in one sum; known once to an office in a program."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_name, mask_phone
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.person import BENEFICIARY_KEY
from programs.models import Program


@tracked
class Employer(models.Model):
    """An employer by its unified social credit code (统一社会信用代码), with whom to ask there."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="employers", verbose_name=_("program"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100)
    uscc = models.CharField(_("unified social credit code"), max_length=18, db_collation="C")
    #: By agreement with the office: family members of its staff may stand in its rosters.
    takes_families = models.BooleanField(_("family members may be enrolled"), default=False)
    contact_name = SealedTextField(
        _("contact person"), logical_name="employer.contact_name", purpose=BENEFICIARY_KEY, mask=mask_name, null=True
    )
    contact_phone = SealedTextField(
        _("contact's phone"), logical_name="employer.contact_phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    created_at = models.DateTimeField(_("recorded at"))
    #: With the last of those whom it had enrolled its contact was destroyed; it is recorded anew when it comes again.
    destroyed_at = models.DateTimeField(_("destroyed at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(owner_gone="kept.destroyed_at IS NOT NULL")
    personal_fields = ("contact_name", "contact_phone")
    open_fields = (
        "id", "program", "organization", "region_code", "name", "uscc", "takes_families", "created_at", "destroyed_at",
    )

    class Meta:
        verbose_name = _("employer")
        verbose_name_plural = _("employers")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_employer", _("Can record employers and correct them")),
            ("reveal_employer", _("Can see an employer's contact in the clear")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="employer_once", fields=["program", "organization", "uscc"], condition=Q(destroyed_at__isnull=True)
            ),
            models.CheckConstraint(
                name="employer_code_is_whole", condition=Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$") & ~Q(name="")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="employer_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="employer_stays_where_it_is", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "organization", "uscc", "created_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
