"""What letters of claims say, and each letter that was printed: its digest, its reader, who printed it when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from claims.models.claim import Claim, PaperRequest
from claims.models.decision import Decision
from programs.models import Program
from programs.models.program import program_scope


class LetterKind(models.TextChoices):
    """What a letter tells."""

    PAYMENT = "payment", _("Decision: payment")
    REFUSAL = "refusal", _("Decision: refusal")
    ZERO = "zero", _("Decision: nothing to pay")
    PAPERS = "papers", _("Missing papers")
    RECLAIM = "reclaim", _("Amount asked back")


class LetterStyle(models.TextChoices):
    """For the file, or for whoever reads it at home."""

    FORMAL = "formal", _("Formal")
    PLAIN = "plain", _("In plain words")


class Addressee(models.TextChoices):
    """Who is written to."""

    PERSON = "person", _("The insured person")
    GUARDIAN = "guardian", _("The guardian")


class LetterFormat(models.TextChoices):
    """As what it is handed over."""

    PDF = "pdf", "PDF"
    DOCX = "docx", "DOCX"


class LetterWording(models.Model):
    """What letters of one kind and style say in a program; the newest counts. Places in {} are filled for each claim."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="letter_wordings", verbose_name=_("program"))
    kind = models.CharField(_("letter"), max_length=7, choices=LetterKind, db_collation="C")
    style = models.CharField(_("style"), max_length=6, choices=LetterStyle, db_collation="C")
    text = models.TextField(_("text"), max_length=2000)
    phone = models.CharField(_("telephone"), max_length=40)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at = models.DateTimeField(_("written at"))

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("program__")
    personal_fields = ()
    open_fields = ("id", "program", "kind", "style", "text", "phone", "written_by", "written_at")

    class Meta:
        verbose_name = _("wording of letters")
        verbose_name_plural = _("wordings of letters")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("write_letter_wording", _("Can write what letters of claims say"))]
        constraints = [
            models.CheckConstraint(name="letter_wording_kind_is_known", condition=Q(kind__in=LetterKind.values)),
            models.CheckConstraint(name="letter_wording_style_is_known", condition=Q(style__in=LetterStyle.values)),
            models.CheckConstraint(name="letter_wording_says_something", condition=~Q(text="") & ~Q(phone="")),
        ]
        indexes = [models.Index(fields=["program", "kind", "style", "-id"], name="letter_wording_newest")]
        triggers = append_only("letter_wording")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_style_display()}"


class Letter(models.Model):
    """One printing of one letter. Its content is not kept: it is made again from what it was made of, and has the same digest."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="letters", verbose_name=_("claim"))
    kind = models.CharField(_("letter"), max_length=7, choices=LetterKind, db_collation="C")
    style = models.CharField(_("style"), max_length=6, choices=LetterStyle, db_collation="C")
    addressee = models.CharField(_("written to"), max_length=8, choices=Addressee, db_collation="C")
    file_format = models.CharField(_("format"), max_length=4, choices=LetterFormat, db_collation="C")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="letters", verbose_name=_("decision"))
    paper_request = models.ForeignKey(
        PaperRequest, models.PROTECT, null=True, related_name="letters", verbose_name=_("request for papers")
    )
    #: Null: the text that comes with the portal.
    wording = models.ForeignKey(LetterWording, models.PROTECT, null=True, related_name="letters", verbose_name=_("wording"))
    sha256 = models.CharField(_("checksum"), max_length=64, db_collation="C")
    size = models.PositiveIntegerField(_("size"), help_text=_("Bytes."))
    purpose = models.CharField(_("purpose"), max_length=300)
    printed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("printed by"))
    printed_at = models.DateTimeField(_("printed at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="claim__organization__path", region="claim__region_code", program="claim__program_id")
    personal_fields = ()
    open_fields = (
        "id", "claim", "kind", "style", "addressee", "file_format", "decision", "paper_request", "wording", "sha256", "size",
        "purpose", "printed_by", "printed_at",
    )

    class Meta:
        verbose_name = _("letter of a claim")
        verbose_name_plural = _("letters of claims")
        ordering = ["-id"]
        default_permissions = ()
        permissions = [("print_letter", _("Can print letters of claims"))]
        constraints = [
            models.CheckConstraint(name="letter_kind_is_known", condition=Q(kind__in=LetterKind.values)),
            models.CheckConstraint(
                name="letter_tells_a_decision_or_asks_for_papers",
                condition=Q(kind="papers", paper_request__isnull=False, decision__isnull=True)
                | (~Q(kind="papers") & Q(paper_request__isnull=True, decision__isnull=False)),
            ),
            models.CheckConstraint(name="letter_has_a_purpose", condition=~Q(purpose="")),
        ]
        indexes = [models.Index(fields=["claim", "-id"], name="letter_of_claim")]
        triggers = append_only("letter")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
