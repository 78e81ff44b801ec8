"""What makes a claim worth a second look, by numbers that offices set; and that somebody has looked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from claims.models.claim import Claim
from programs.models import Program
from programs.models.program import program_scope


class FlagCode(models.TextChoices):
    """What is asked of each claim."""

    ACCOUNT = "account", _("One account for many insured")
    STAYS = "stays", _("Overlapping inpatient stays")
    COVER = "cover", _("Event outside the cover or soon after its begin")
    DECEASED = "deceased", _("Treatment after the person's death")
    STAFF = "staff", _("Payee bears the name of a member of staff")
    HOSPITAL = "hospital", _("Many claims of one hospital and day")
    AMOUNT = "amount", _("Amount outside the usual for its diagnosis")
    INVOICE = "invoice", _("Invoice stands in another case")


@tracked
class FlagRule(models.Model):
    """Whether a flag is asked and from which numbers on: of all programs, or of one instead."""

    program = models.ForeignKey(
        Program, models.PROTECT, null=True, blank=True, related_name="flag_rules", verbose_name=_("program")
    )
    code = models.CharField(_("flag"), max_length=8, choices=FlagCode, db_collation="C")
    active = models.BooleanField(_("asked"), default=True)
    #: People, days or claims, as the flag counts; see `claims.rules.flagging.MEANINGS`.
    number = models.PositiveIntegerField(_("from how many on"), null=True, blank=True)
    #: A part of all earlier amounts: 0.95 is above 95 of a hundred.
    share = models.DecimalField(_("share"), max_digits=4, decimal_places=3, null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(Scope(unowned="program"), program_scope("program__"))
    personal_fields = ()
    open_fields = ("id", "program", "code", "active", "number", "share")

    class Meta:
        verbose_name = _("rule for flags")
        verbose_name_plural = _("rules for flags")
        ordering = ["code", "id"]
        default_permissions = ("view",)
        permissions = [("set_flag_rule", _("Can set from which numbers on claims are flagged"))]
        constraints = [
            models.UniqueConstraint(name="flag_rule_once", fields=["program", "code"], nulls_distinct=False),
            models.CheckConstraint(name="flag_rule_code_is_known", condition=Q(code__in=FlagCode.values)),
            models.CheckConstraint(
                name="flag_rule_share_is_a_part", condition=Q(share__isnull=True) | Q(share__gt=0, share__lt=1)
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_code_display())


class FlagLook(models.Model):
    """Somebody has looked at a flag and says what of it. `key` stands for what the flag saw: seen otherwise, it is new."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="flag_looks", verbose_name=_("claim"))
    code = models.CharField(_("flag"), max_length=8, choices=FlagCode, db_collation="C")
    key = models.CharField(max_length=16, db_collation="C")
    note = models.CharField(_("note"), max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="claim__organization__path", region="claim__region_code", program="claim__program_id")
    personal_fields = ()
    open_fields = ("id", "claim", "code", "key", "note", "by", "at")

    class Meta:
        verbose_name = _("look at a flag")
        verbose_name_plural = _("looks at flags")
        ordering = ["pk"]
        default_permissions = ()
        permissions = [("look_at_flag", _("Can say what was found of flags of claims"))]
        constraints = [
            models.UniqueConstraint(name="flag_looked_at_once", fields=["claim", "code", "key"]),
            models.CheckConstraint(name="flag_look_says_something", condition=~Q(note="")),
        ]
        triggers = [*append_only("flag_look")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
