"""What a merge moved, row by row: by it the merge is undone, and shown to have left nothing behind."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import tracked_updates
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.change import PersonChange


class MergedKind(models.TextChoices):
    """A row of which table, and what became of it."""

    BENEFICIARY = "known", _("known to an office")
    COVER = "cover", _("cover")
    CATEGORY = "category", _("hardship category")
    DOCUMENT = "document", _("document of a person")
    #: The document that named the merged person, now a document of the other.
    NAMED = "named", _("document that named them")
    GIVEN_UP = "given_up", _("cover given up")
    DECEASED = "deceased", _("deceased on")


@tracked_updates
class MergedRow(models.Model):
    """One row that went from one person to the other; written once, by the merge."""

    change = models.ForeignKey(PersonChange, models.PROTECT, related_name="moved", verbose_name=_("merge"))
    kind = models.CharField(_("kind"), max_length=8, choices=MergedKind, db_collation="C")
    row_id = models.BigIntegerField(_("row"))
    #: Of a cover or category whose office knew both: the beneficiary that it hung on.
    beneficiary_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="change__organization__path", region="change__region_code", program="change__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "change", "kind", "row_id", "beneficiary_id")

    class Meta:
        verbose_name = _("row moved by a merge")
        verbose_name_plural = _("rows moved by merges")
        constraints = [
            models.UniqueConstraint(name="merged_row_once", fields=["change", "kind", "row_id"]),
            models.CheckConstraint(
                name="merged_row_hung_on_a_beneficiary",
                condition=Q(beneficiary_id__isnull=True) | Q(kind__in=("cover", "category")),
            ),
        ]
        indexes = [models.Index(fields=["row_id"], name="merged_row_given_up", condition=Q(kind="given_up"))]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
