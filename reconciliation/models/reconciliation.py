"""A program as its page of reconciliation shows it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.scope import Scope
from programs.models import Program


class Reconciliation(Program):
    """A program's books of claims: of the office that operates it."""

    scope = Scope(organization_path="organization__path", region="region_code", program="id")

    class Meta:
        proxy = True
        verbose_name = _("reconciliation of claims")
        verbose_name_plural = _("reconciliation of claims")
        ordering = ["code"]
        default_permissions = ("view", "export")
