"""Readable events and their sealed chain; append-only by trigger, written by `audit.events` only."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.scope import Scope, ScopedQuerySet


def append_only(name: str) -> list[pgtrigger.Trigger]:
    """Triggers that refuse every UPDATE and DELETE, whoever asks."""
    return [
        pgtrigger.Trigger(
            name=f"{name}_append_only", level=pgtrigger.Statement, when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';",
        )
    ]


class Event(models.Model):
    """What happened, who did it, when, to what. Text and plain ids, no foreign keys: it outlives what it names."""

    at = models.DateTimeField(_("at"))
    verb = models.CharField(_("what"), max_length=60, db_collation="C")
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(_("who"), max_length=80)
    subject_type = models.CharField(_("kind of object"), max_length=60, db_collation="C")
    subject_id = models.CharField(_("object"), max_length=40, db_collation="C")
    organization_id = models.BigIntegerField(null=True)
    organization_path = models.CharField(max_length=500, blank=True, default="", db_collation="C")
    region_code = models.CharField(_("region"), max_length=12, blank=True, default="", db_collation="C")
    program_id = models.BigIntegerField(null=True)
    data = models.JSONField(_("details"), default=dict)
    request_id = models.CharField(max_length=40, blank=True, default="", db_collation="C")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization_path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "at", "verb", "actor_id", "actor", "subject_type", "subject_id", "organization_id", "organization_path",
        "region_code", "program_id", "data", "request_id",
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_by_subject"),
            models.Index(fields=["organization_path", "id"], name="event_by_organization"),
        ]
        triggers = [
            *append_only("event"),
            pgtrigger.Trigger(
                name="event_waits_for_its_seal", level=pgtrigger.Statement, when=pgtrigger.After,
                operation=pgtrigger.Insert, referencing=pgtrigger.Referencing(new="new_events"),
                func="INSERT INTO audit_unsealedevent (event_id) SELECT id FROM new_events; RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class UnsealedEvent(models.Model):
    """An event that waits for its seal; visible when its transaction has committed, so the order of ids does not matter."""

    event_id = models.BigIntegerField(primary_key=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "A mark of an event that waits for its seal, gone within seconds."
    scope = Scope.nobody()
    personal_fields = ()
    open_fields = ("event_id",)

    class Meta:
        verbose_name = _("unsealed event")
        verbose_name_plural = _("unsealed events")

    def __str__(self) -> str:
        return str(self.event_id)


class Seal(models.Model):
    """One link of the chain: SHA-256 over the link before and the event's canonical text."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    digest = models.BinaryField()
    sealed_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    scope = Scope.nobody()
    personal_fields = ()
    open_fields = ("position", "event_id", "digest", "sealed_at")

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        triggers = append_only("seal")

    def __str__(self) -> str:
        return str(self.position)
