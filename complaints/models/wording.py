"""What the letters say that answer complaints of a program; the newest counts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models.events import append_only
from audit.scope import ScopedQuerySet
from programs.models import Program
from programs.models.program import program_scope


class AnswerWording(models.Model):
    """One text with places in {}, filled for each answer."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="answer_wordings", verbose_name=_("program"))
    text = models.TextField(_("text"), max_length=2000)
    phone = models.CharField(_("telephone"), max_length=40)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at = models.DateTimeField(_("written at"))

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("program__")
    personal_fields = ()
    open_fields = ("id", "program", "text", "phone", "written_by", "written_at")

    class Meta:
        verbose_name = _("wording of answers")
        verbose_name_plural = _("wordings of answers")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("write_answer_wording", _("Can write what the answers to complaints say"))]
        constraints = [
            models.CheckConstraint(name="answer_wording_says_something", condition=~Q(text="") & ~Q(phone="")),
        ]
        indexes = [models.Index(fields=["program", "-id"], name="answer_wording_newest")]
        triggers = append_only("answer_wording")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
