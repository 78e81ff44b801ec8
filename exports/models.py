"""Exports as rows: who asked for which list, what became of it, and the sealed parts of its file."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.fields import SealedTextField
from audit.history import tracked
from audit.scope import Offices, Scope, ScopedQuerySet

QUERY = "export.query"


class ExportQuerySet(ScopedQuerySet):
    """Chainable words about exports."""

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """One's own, wherever one works now; nobody reads what another asked for."""
        if not getattr(user, "is_authenticated", False) or not user.grants(permission):
            return self.none()
        return self.filter(asked_by=user.pk)


@tracked
class Export(models.Model):
    """One list that left as a file, or is to leave. `reach`: the asker's roles and where they reached; the file holds
    nothing beyond, and is handed out only while they still do."""

    class Format(models.TextChoices):
        """What the file is."""

        XLSX = "xlsx", _("Excel workbook (XLSX)")
        CSV = "csv", _("Text for other programs (CSV)")

    class State(models.TextChoices):
        """Where it stands; the job that writes it has states of its own."""

        ASKED = "asked", _("Being written")
        READY = "ready", _("Ready")
        SENT = "sent", _("Handed over at once")
        CANCELLED = "cancelled", _("Cancelled")
        REFUSED = "refused", _("Not handed out")
        EXPIRED = "expired", _("Deleted at the end of its time")

    listing = models.CharField(_("list"), max_length=80, db_collation="C")
    format = models.CharField(_("format"), max_length=4, choices=Format, db_collation="C")
    #: What the list was narrowed to and which rows were selected, as JSON: a search may be for a person.
    query = SealedTextField(_("narrowed to"), logical_name=QUERY, purpose="export", null=True)
    #: The same without what may be a person's: [name, value].
    narrowed = models.JSONField(_("filters"), default=list)
    language = models.CharField(_("language"), max_length=10, db_collation="C")
    holds_people = models.BooleanField(_("holds people"), default=False)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True, default="")
    reach = models.JSONField(default=list)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.ASKED, db_collation="C")
    refusal = models.CharField(max_length=40, blank=True, default="", db_collation="C")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="exports", verbose_name=_("asked for by"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("organization"))
    asked_at = models.DateTimeField(_("asked for at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    rows = models.BigIntegerField(_("number of rows"), null=True)
    size = models.BigIntegerField(_("size"), null=True, help_text=_("Bytes."))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True, default="", db_collation="C")
    #: The folder of its parts in the storage; empty for what was handed over at once.
    folder = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    purge_on = models.DateField(_("kept until"), null=True)
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = ExportQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="organization__region_code")
    personal_fields = ("query",)
    open_fields = (
        "id", "listing", "format", "narrowed", "language", "holds_people", "purpose", "reach", "state", "refusal",
        "asked_by", "organization", "asked_at", "ended_at", "rows", "size", "sha256", "folder", "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("my exports")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("cancel_export", _("Can cancel their own exports")), ("download_export", _("Can download their own exports")),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="export_by_asker"),
            models.Index(fields=["purge_on"], name="export_to_purge", condition=Q(purged_at=None, purge_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="export_file_is_whole",
                condition=~Q(state__in=["ready", "sent"]) | (Q(rows__gte=0, size__gt=0, ended_at__isnull=False) & ~Q(sha256="")),
            ),
            models.CheckConstraint(name="export_ends_once", condition=Q(state="asked", ended_at=None) | Q(ended_at__isnull=False)),
            models.CheckConstraint(
                name="export_of_people_has_purpose", condition=Q(holds_people=False) | ~Q(purpose="")
            ),
            models.CheckConstraint(name="export_kept_has_an_end", condition=Q(folder="") | Q(purge_on__isnull=False)),
            models.CheckConstraint(name="export_refusal_says_why", condition=~Q(state="refused") | ~Q(refusal="")),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def title(self) -> str:
        """The list in words."""
        try:
            return str(capfirst(apps.get_model(self.listing)._meta.verbose_name_plural))
        except (LookupError, ValueError):
            return self.listing


class ExportPart(models.Model):
    """A piece of a file, sealed in the storage. `place`: where the next one begins; `crc` runs on within its sheet;
    `plain` are its bytes in the file before they are packed, `size` as they are kept."""

    export = models.ForeignKey(Export, models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    sheet = models.PositiveSmallIntegerField()
    rows = models.PositiveIntegerField()
    place = models.TextField(blank=True, default="")
    plain = models.BigIntegerField()
    crc = models.BigIntegerField()
    size = models.BigIntegerField()
    storage_key = models.CharField(max_length=120, unique=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    without_history = (
        "Written as its file is drawn up, and removed with it; what was asked for is in the history of its own row."
    )
    scope = Scope.nobody()
    personal_fields = ()
    open_fields = ("id", "export", "number", "sheet", "rows", "place", "plain", "crc", "size", "storage_key")

    class Meta:
        verbose_name = _("part of an export")
        verbose_name_plural = _("parts of exports")
        ordering = ["export", "number"]
        constraints = [models.UniqueConstraint(name="export_part_once", fields=["export", "number"])]

    def __str__(self) -> str:
        return f"{self.export_id} {self.number}"
