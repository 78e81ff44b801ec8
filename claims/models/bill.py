"""Medical bills of a case with the invoice's own fields; an invoice counts once in the whole portal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_document, mask_name
from audit.scope import Scope, ScopedQuerySet
from claims.models.case import CASE_KEY, OWNER_GONE, Case
from claims.rules.invoices import days_in_hospital
from programs.models import Hospital


def of_cases(path: str) -> Scope:
    """Whoever sees one of the case's claims; `path` leads to the case, with "__" behind it."""
    return Scope(
        organization_path=f"{path}claims__organization__path", region=f"{path}claims__region_code",
        program=f"{path}claims__program_id", many=True,
    )


class Setting(models.TextChoices):
    """The kind of care, as terms of plans know it."""

    INPATIENT = "inpatient", _("Inpatient")
    OUTPATIENT = "outpatient", _("Outpatient")
    SPECIAL_OUTPATIENT = "special_outpatient", _("Outpatient care for special diseases")
    PHARMACY = "pharmacy", _("Pharmacy")


class Locality(models.TextChoices):
    """Where somebody was treated, seen from their basic insurance."""

    LOCAL = "local", _("Where they are insured")
    REGISTERED = "elsewhere_registered", _("Elsewhere, registered before")
    ELSEWHERE = "elsewhere", _("Elsewhere, not registered")
    ABROAD = "abroad", _("Abroad")


class Standing(models.TextChoices):
    """Whether a bill counts."""

    STANDS = "stands", _("Counts")
    #: The same invoice stands in another case: it is not counted before a person has looked.
    DOUBLED = "doubled", _("Presented elsewhere: to be looked at")
    #: A person looked: what the other case paid is stated among others' payments.
    ALLOWED = "allowed", _("Presented elsewhere, and counts")
    REMOVED = "removed", _("Taken out of the case")


@tracked
class Bill(models.Model):
    """One invoice (医疗电子票据). Amounts are yuan, as they are printed; what is not printed is null."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="bills", verbose_name=_("case"))
    invoice_code = models.CharField(_("code of the medical invoice"), max_length=20, blank=True, default="", db_collation="C")
    invoice_number = models.CharField(_("number of the medical invoice"), max_length=20, blank=True, default="", db_collation="C")
    check_code = models.CharField(_("check code"), max_length=20, blank=True, default="", db_collation="C")
    issued_on = models.DateField(_("issued on"))
    setting = models.CharField(_("kind of care"), max_length=18, choices=Setting, db_collation="C")
    locality = models.CharField(
        _("place of treatment"), max_length=20, choices=Locality, default=Locality.LOCAL, db_collation="C"
    )
    settled = models.BooleanField(_("settled through basic insurance"), default=True)
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("hospital")
    )
    hospital_name = models.CharField(_("hospital as printed"), max_length=120)
    department = models.CharField(_("department"), max_length=20, default="general", db_collation="C")
    admitted_on = models.DateField(_("admitted on"), null=True, blank=True)
    discharged_on = models.DateField(_("discharged on"), null=True, blank=True)
    diagnosis = models.CharField(_("diagnosis (ICD-10)"), max_length=20, blank=True, default="", db_collation="C")
    #: As printed, some signs hidden.
    printed_name = SealedTextField(
        _("name on the invoice"), logical_name="claim.printed_name", purpose=CASE_KEY, mask=mask_name, null=True
    )
    printed_document = SealedTextField(
        _("document number on the invoice"), logical_name="claim.printed_document", purpose=CASE_KEY, mask=mask_document,
        null=True,
    )
    total = models.DecimalField(_("total (yuan)"), max_digits=14, decimal_places=2)
    fund = models.DecimalField(_("paid by the pooled fund"), max_digits=14, decimal_places=2, null=True, blank=True)
    major_illness = models.DecimalField(
        _("paid by major-illness insurance"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    assistance = models.DecimalField(
        _("paid by medical assistance"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    #: 其他支付 of the invoice: what of it major-illness insurance and assistance paid stands above.
    others = models.DecimalField(_("other payments"), max_digits=14, decimal_places=2, null=True, blank=True)
    account_paid = models.DecimalField(
        _("paid from the personal account"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    cash = models.DecimalField(_("paid in cash"), max_digits=14, decimal_places=2, null=True, blank=True)
    self_paid = models.DecimalField(_("own part in the catalogue"), max_digits=14, decimal_places=2, null=True, blank=True)
    self_funded = models.DecimalField(_("outside the catalogue"), max_digits=14, decimal_places=2, null=True, blank=True)
    #: Not printed, said by whoever claims or by another insurer's letter.
    third_party = models.DecimalField(
        _("paid by a liable third party"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    commercial = models.DecimalField(
        _("paid by other commercial insurance"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    #: Set by who reviews it, as those of a case.
    marks = models.JSONField(_("marks"), default=list, db_default=[], blank=True)
    false_papers = models.BooleanField(_("found to be false"), default=False)
    standing = models.CharField(_("how it counts"), max_length=7, choices=Standing, default=Standing.STANDS, db_collation="C")
    #: What is wrong with it by itself: [{code, weight, facts}].
    findings = models.JSONField(_("findings"), default=list)
    #: Why a person lets it count although something is wrong, or was presented elsewhere; or took it out.
    explanation = models.CharField(_("explanation"), max_length=300, blank=True, default="")
    explained_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("explained by"))
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("entered by"))
    entered_at = models.DateTimeField(_("entered at"))

    objects = ScopedQuerySet.as_manager()

    scope = of_cases("case__")
    destroyable = Destroyable(
        emptied={"diagnosis": "''", "check_code": "''", "marks": "'[]'::jsonb"}, owner_gone=OWNER_GONE.format(case="case_id")
    )
    personal_fields = ("printed_name", "printed_document")
    open_fields = (
        "id", "case", "invoice_code", "invoice_number", "check_code", "issued_on", "setting", "locality", "settled", "hospital",
        "hospital_name", "department", "admitted_on", "discharged_on", "diagnosis", "total", "fund", "major_illness",
        "assistance", "others", "account_paid", "cash", "self_paid", "self_funded", "third_party", "commercial", "marks",
        "false_papers", "standing", "findings", "explanation", "explained_by", "entered_by", "entered_at",
    )

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="invoice_counts_once", fields=["invoice_code", "invoice_number"],
                condition=Q(standing="stands") & ~Q(invoice_number=""),
            ),
            models.CheckConstraint(name="bill_total_is_above_zero", condition=Q(total__gt=0)),
            models.CheckConstraint(
                name="bill_stays_from_a_day_to_a_day",
                condition=Q(discharged_on__isnull=True) | Q(admitted_on__isnull=False, discharged_on__gte=models.F("admitted_on")),
            ),
            models.CheckConstraint(
                name="bill_explained_by_somebody",
                condition=Q(explanation="", explained_by__isnull=True) | (~Q(explanation="") & Q(explained_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="bill_counts_twice_with_an_explanation",
                condition=Q(standing__in=["stands", "doubled"]) | ~Q(explanation=""),
            ),
        ]
        indexes = [
            models.Index(fields=["invoice_number"], name="bill_by_number", condition=~Q(invoice_number="")),
            models.Index(fields=["hospital", "issued_on"], name="bill_by_hospital_and_day"),
            # Few at any time: somebody has to look at them.
            models.Index(fields=["case"], name="bill_doubled", condition=Q(standing="doubled")),
        ]
        triggers = [
            pgtrigger.Protect(name="bill_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="bill_keeps_its_case", operation=pgtrigger.Update, condition=pgtrigger.AnyChange("case", "entered_by"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def days(self) -> int:
        """Days in hospital."""
        if self.admitted_on is None or self.discharged_on is None:
            return 0
        return days_in_hospital(self.admitted_on, self.discharged_on)

    @property
    def counts(self) -> bool:
        """Whether its lines go into a decision."""
        return self.standing in (Standing.STANDS, Standing.ALLOWED)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What keeps it from being decided on, until a person explains it."""
        return [] if self.explanation else [each for each in self.findings if each["weight"] == "error"]


@tracked
class BillLine(models.Model):
    """Charges of one kind on a bill: their whole cost, before anybody paid."""

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="lines", verbose_name=_("bill"))
    position = models.PositiveSmallIntegerField(_("line"))
    kind = models.CharField(_("kind of expense"), max_length=40, db_collation="C")
    name = models.CharField(_("item"), max_length=120, blank=True, default="")
    code = models.CharField(_("drug or item code"), max_length=40, blank=True, default="", db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=14, decimal_places=2)
    indicated = models.BooleanField(_("within its indication"), default=True)
    marks = models.JSONField(_("marks"), default=list, db_default=[], blank=True)

    objects = ScopedQuerySet.as_manager()

    scope = of_cases("bill__case__")
    personal_fields = ()
    open_fields = ("id", "bill", "position", "kind", "name", "code", "amount", "indicated", "marks")

    class Meta:
        verbose_name = _("charge line")
        verbose_name_plural = _("charge lines")
        ordering = ["bill", "position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="bill_line_once", fields=["bill", "position"]),
            models.CheckConstraint(name="bill_line_costs_something", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


#: What other payers paid, by the names of the engine.
PAYERS: tuple[tuple[str, str], ...] = (
    ("basic", "fund"), ("major_illness", "major_illness"), ("assistance", "assistance"), ("third_party", "third_party"),
    ("commercial", "commercial"),
)
ZERO = Decimal("0.00")
