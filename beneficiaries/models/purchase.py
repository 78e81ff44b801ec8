"""Purchases: cover that was asked for without a roster; a platform's day covers, a person's own payment."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees
from beneficiaries.models.purchase_standing import counts_purchases
from intake.identity import check_character
from intake.models import File
from programs.models import Period, Plan, Program

_RESIDENT = re.compile(r"(?=([1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9X]))")


class Purchase(models.Model):
    """One request for cover in one period of a program, as it came in and what it came to; never changed.

    Its enrollments name it and their line in it: a place in the request, or a line of the file.
    """

    class Channel(models.TextChoices):
        """How it came in."""

        API = "api", _("Partner interface")
        FILE = "file", _("File of payments")
        OFFICE = "office", _("At the office")

    channel = models.CharField(_("came in by"), max_length=8, choices=Channel, db_collation="C")
    program = models.ForeignKey(Program, models.PROTECT, related_name="purchases", verbose_name=_("program"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="purchases", verbose_name=_("period"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="purchases", verbose_name=_("organization")
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    #: The buyer's own number: the same request twice is one purchase.
    reference = models.CharField(_("reference"), max_length=60, db_collation="C")
    #: Keyed digest of what was asked: the same reference for something else is refused.
    digest = models.BinaryField()
    #: The payment's own number at the bank or payment office; empty when funders pay or payment follows.
    payment_reference = models.CharField(_("payment"), max_length=60, blank=True, default="", db_collation="C")
    paid_at = models.DateTimeField(_("paid at"), null=True)
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="purchases", verbose_name=_("file"))
    people = models.PositiveIntegerField(_("enrollments"))
    premium = models.DecimalField(_("premium"), max_digits=16, decimal_places=2, help_text=_("Yuan."))
    own_share = models.DecimalField(_("own share"), max_digits=16, decimal_places=2, help_text=_("Yuan."))
    #: [[line, code], ...] of the lines that were not covered.
    refused = models.JSONField(_("refused"), default=list)
    by_label = models.CharField(_("by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "channel", "program", "plan", "period", "organization", "region_code", "reference", "digest",
        "payment_reference", "paid_at", "file", "people", "premium", "own_share", "refused", "by_label", "made_at",
    )

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["-id"]
        permissions = [("make_purchase", _("Can enroll without a roster"))]
        constraints = [
            models.UniqueConstraint(name="purchase_once", fields=["program", "organization", "reference"]),
            models.UniqueConstraint(
                name="purchase_payment_once", fields=["program", "payment_reference"],
                condition=~Q(payment_reference=""),
            ),
            models.CheckConstraint(name="purchase_has_a_reference", condition=~Q(reference="")),
            models.CheckConstraint(
                name="purchase_payment_has_its_time",
                condition=Q(payment_reference="", paid_at__isnull=True)
                | (~Q(payment_reference="") & Q(paid_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="purchase_file_is_of_its_channel",
                condition=Q(channel="file", file__isnull=False) | (~Q(channel="file") & Q(file__isnull=True)),
            ),
            models.CheckConstraint(
                name="purchase_own_share_within_premium",
                condition=Q(own_share__gte=0, premium__gte=models.F("own_share")),
            ),
        ]
        triggers = [
            *append_only("purchase"),
            counts_purchases("purchase_counted"),
            agrees(
                "purchase_agrees",
                """
                SELECT FROM new_rows LEFT JOIN programs_period period ON period.id = new_rows.period_id
                    AND period.program_id = new_rows.program_id AND period.plan_id = new_rows.plan_id
                WHERE period.id IS NULL
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def by_payment(self) -> bool:
        """Whether a payment came with it."""
        return bool(self.payment_reference)


def names_a_person(reference: str) -> bool:
    """Whether a reference holds a resident's number with its check character (GB 11643); order numbers are as long."""
    return any(
        check_character(found[:17]) == found[17] for found in _RESIDENT.findall(reference.upper())
    )


def known_purchase(*, program: Any, organization: Any, reference: str) -> Purchase | None:
    """The purchase that an office made under this reference."""
    found = Purchase.objects.select_related("program", "plan", "period", "organization")
    return found.filter(program=program, organization=organization, reference=reference).first()
