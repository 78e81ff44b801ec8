"""People who have not paid: enrollments whose next step is the own payment, as a list of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from beneficiaries.gating import Gate, waiting_at
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentQuerySet


class UnpaidManager(models.Manager.from_queryset(EnrollmentQuerySet)):  # type: ignore[misc]
    """Only who waits for the own payment."""

    def get_queryset(self) -> EnrollmentQuerySet:
        """As boards count them."""
        found: EnrollmentQuerySet = super().get_queryset().filter(waiting_at(Gate.OWN_PAYMENT))
        return found


class Unpaid(Enrollment):
    """An enrollment that waits for its own payment."""

    objects: ClassVar[Any] = UnpaidManager()

    class Meta:
        proxy = True
        verbose_name = _("person who has not paid")
        verbose_name_plural = _("people who have not paid")
        default_permissions = ("view",)
