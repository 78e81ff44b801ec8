"""What the certificates of a program say beyond the cover itself; written anew, never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models.events import append_only
from audit.scope import ScopedQuerySet
from programs.models import Program
from programs.models.program import program_scope


class CertificateWording(models.Model):
    """How to claim and whom to call; the newest of a program counts."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="certificate_wordings", verbose_name=_("program"))
    how_to_claim = models.TextField(_("how to claim"), max_length=400)
    phone = models.CharField(_("telephone"), max_length=40)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at = models.DateTimeField(_("written at"))

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("program__")
    personal_fields = ()
    open_fields = ("id", "program", "how_to_claim", "phone", "written_by", "written_at")

    class Meta:
        verbose_name = _("wording of certificates")
        verbose_name_plural = _("wordings of certificates")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("write_wording", _("Can write what certificates say"))]
        constraints = [
            models.CheckConstraint(name="certificate_wording_says_something", condition=~Q(how_to_claim="") & ~Q(phone="")),
        ]
        indexes = [models.Index(fields=["program", "-id"], name="certificate_wording_newest")]
        triggers = append_only("certificate_wording")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
