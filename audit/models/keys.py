"""Wrapped keys; made and changed by `audit.keys` only."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.scope import Scope, ScopedQuerySet

SLOTS = ("a", "b")


#: Its history keeps no wrapped key: what is destroyed at the end of its retention shall stand nowhere.
#: (As `audit.history.tracked`, which stands on the keys.)
@pghistory.track(
    pghistory.InsertEvent(level=pgtrigger.Statement), pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement), exclude=["wrapped"], append_only=True,
)
class DataKey(models.Model):
    """One key, wrapped by a master key: `data` seals values of a purpose, program and year, `index` feeds a blind index."""

    class Kind(models.TextChoices):
        """What a key is for."""

        DATA = "data", _("Data")
        INDEX = "index", _("Blind index")

    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=5, choices=Kind)
    purpose = models.CharField(max_length=40)
    program_code = models.CharField(max_length=40, blank=True, default="")
    year = models.PositiveSmallIntegerField(default=0)
    slot = models.CharField(max_length=1, blank=True, default="")
    algorithm = models.CharField(max_length=20)
    master_key_id = models.PositiveIntegerField()
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)
    #: Index keys: the slot that answers searches now.
    answers = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.nobody()
    personal_fields = ()
    open_fields = (
        "id", "kind", "purpose", "program_code", "year", "slot", "algorithm", "master_key_id", "wrapped", "created_at",
        "retired_at", "destroyed_at", "answers",
    )

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.UniqueConstraint(
                name="data_key_current_once", fields=["kind", "purpose", "program_code", "year", "slot"],
                condition=Q(retired_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="data_key_one_index_answers", fields=["purpose"], condition=Q(kind="index", answers=True)
            ),
            models.CheckConstraint(
                name="data_key_wrapped_until_destroyed",
                condition=Q(wrapped__isnull=False, destroyed_at__isnull=True)
                | Q(wrapped__isnull=True, destroyed_at__isnull=False, retired_at__isnull=False),
            ),
            models.CheckConstraint(
                name="data_key_slot_of_index",
                condition=Q(kind="data", slot="") | Q(kind="index", slot__in=SLOTS, year=0, program_code=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.purpose} {self.program_code} {self.year}{self.slot}"

    @property
    def bound(self) -> bytes:
        """Associated data of the wrapping: a wrapped key cannot be moved to another place."""
        return f"key:{self.kind}:{self.purpose}:{self.program_code}:{self.year}:{self.slot}".encode()
