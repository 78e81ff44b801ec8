"""Cases (案件): one event of one person, as it was reported once; bills and papers belong to it, claims are made of it."""

from __future__ import annotations

from datetime import date, timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_name, mask_phone
from audit.scope import Scope, ScopedQuerySet

CASE_KEY = "claim"
#: What the number of a case begins with.
CASE_LETTER = "A"
#: Of rows `kept` of a case: whoever it speaks of is destroyed.
OWNER_GONE = """EXISTS (
    SELECT FROM claims_claim c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
    JOIN beneficiaries_person owner ON owner.id = e.person_id
    WHERE c.case_id = kept.{case} AND owner.destroyed_at IS NOT NULL)"""


class EventKind(models.TextChoices):
    """What happened, as terms of plans know it."""

    ILLNESS = "illness", _("Illness")
    ACCIDENT = "accident", _("Accident")


class Channel(models.TextChoices):
    """By what way a case was reported."""

    COUNTER = "counter", _("At the counter")
    PHONE = "phone", _("By telephone")
    AGENT = "agent", _("By a village officer or agent")
    FILE = "file", _("By a file")
    BUREAU = "bureau", _("From settlement records of the medical insurance bureau")
    API = "api", _("By the interface")


class Reporter(models.TextChoices):
    """Who reports."""

    SELF = "self", _("The insured person")
    GUARDIAN = "guardian", _("The guardian")
    RELATIVE = "relative", _("A relative")
    AGENT = "agent", _("An agent (village officer …)")


@tracked
class Case(models.Model):
    """What happened to a person, and who reported it. Whoever sees one of its claims sees it.

    Of whom it is, its claims' covers say: a person may be merged into another, a cover stays the same.
    """

    #: The office that recorded it.
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    kind = models.CharField(_("kind of event"), max_length=8, choices=EventKind, db_collation="C")
    event_at = models.DateTimeField(_("happened at"))
    #: False: the day alone is known, and the moment is its noon.
    time_known = models.BooleanField(_("time of day known"), default=False)
    diagnosis = models.CharField(
        _("main diagnosis (ICD-10)"), max_length=20, blank=True, default="", db_collation="C"
    )
    #: As the plan's terms call it; only where they ask for one.
    disease_group = models.CharField(_("group of diseases"), max_length=40, blank=True, default="", db_collation="C")
    died_on = models.DateField(_("died on"), null=True, blank=True)
    #: Disability grades 1 (gravest) to 10.
    injuries = models.JSONField(_("disability grades"), default=list, blank=True)
    #: Set by who reviews it, of those that exclusions of the plans ask for.
    marks = models.JSONField(_("marks"), default=list, db_default=[], blank=True)
    death_paid_elsewhere = models.DecimalField(
        _("death benefit of other insurers"), max_digits=16, decimal_places=2, default=0, help_text=_("Yuan.")
    )
    channel = models.CharField(_("reported"), max_length=8, choices=Channel, db_collation="C")
    reporter = models.CharField(_("reported by"), max_length=8, choices=Reporter, db_collation="C")
    reporter_name = SealedTextField(
        _("reporter's name"), logical_name="claim.reporter_name", purpose=CASE_KEY, mask=mask_name, null=True
    )
    reporter_phone = SealedTextField(
        _("reporter's phone"), logical_name="claim.reporter_phone", purpose=CASE_KEY, mask=mask_phone, null=True
    )
    account = SealedTextField(_("how it happened"), logical_name="claim.account", purpose=CASE_KEY, null=True)
    reported_on = models.DateField(_("reported on"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(through=("claims.Claim", "case"))
    destroyable = Destroyable(
        emptied={"diagnosis": "''", "disease_group": "''", "injuries": "'[]'::jsonb", "marks": "'[]'::jsonb"},
        owner_gone=OWNER_GONE.format(case="id")
    )
    personal_fields = ("reporter_name", "reporter_phone", "account")
    #: Diagnoses are read by arithmetic over many, as health classes are; what was told in words is sealed.
    open_fields = (
        "id", "organization", "region_code", "kind", "event_at", "time_known", "diagnosis", "disease_group", "died_on",
        "injuries", "marks", "death_paid_elsewhere", "channel", "reporter", "reported_on", "recorded_by", "recorded_at",
    )

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            # The noon of a day whose hour is not known may be later than the hour at which somebody tells of it.
            models.CheckConstraint(
                name="case_happened_before_it_was_recorded",
                condition=Q(event_at__lte=F("recorded_at"))
                | Q(time_known=False, event_at__lte=F("recorded_at") + timedelta(hours=12)),
            ),
            models.CheckConstraint(name="case_pays_elsewhere_nothing_below_zero", condition=Q(death_paid_elsewhere__gte=0)),
        ]
        # Earlier cases of a diagnosis, the latest first: what is usual (`claims.flags`).
        indexes = [models.Index(Left("diagnosis", 3), F("id").desc(), name="case_by_diagnosis", condition=~Q(diagnosis=""))]
        triggers = [
            pgtrigger.Protect(name="case_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="case_keeps_its_office", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("organization", "recorded_by", "recorded_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def number(self) -> str:
        """案件号: A, the number in the books, two check digits (mod 97-10, ISO 7064)."""
        return numbered(CASE_LETTER, self.pk)

    @property
    def event_on(self) -> date:
        """The day, of China's clock."""
        return timezone.localdate(self.event_at)


def numbered(letter: str, number: int) -> str:
    """A letter, a number of eight digits or more, and its check digits."""
    return f"{letter}{number:08d}{98 - (number * 100) % 97:02d}"


def number_in(text: str, letter: str) -> int | None:
    """The number that a text names, None where it names none or its check digits do not fit."""
    plain = "".join(text.split()).upper()
    digits = plain.removeprefix(letter)
    if digits == plain or not (digits.isascii() and digits.isdecimal() and 10 <= len(digits) <= 20):
        return None
    number = int(digits[:-2])
    return number if numbered(letter, number) == plain else None
