"""A month of a program as its statement of claims shows it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from closing.models import MonthClosing


class ClaimStatement(MonthClosing):
    """What was kept of a month's claims: drawn up and closed with the month, by the same two people."""

    class Meta:
        proxy = True
        verbose_name = _("monthly statement of claims")
        verbose_name_plural = _("monthly statements of claims")
        ordering = ["-id"]
        default_permissions = ("view", "export")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.month:%Y-%m}"
