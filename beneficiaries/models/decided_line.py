"""Lines that people have decided, while their roster is checked anew: what was decided outlives the rows it was decided about."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.decision import RosterDecision
from beneficiaries.models.roster import Roster
from intake.models import File


class DecidedLine(models.Model):
    """A decided line by its place and a digest of what it said. Written as its row is removed, gone once the review opens."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="+", verbose_name=_("roster"), db_index=False)
    decision = models.ForeignKey(RosterDecision, models.PROTECT, related_name="+", verbose_name=_("decision"))
    file = models.ForeignKey(File, models.PROTECT, related_name="+", verbose_name=_("file"), db_constraint=False, db_index=False)
    sheet = models.CharField(_("sheet"), max_length=80, blank=True, default="")
    line = models.IntegerField(_("line"))
    #: SHA-256 over the row's cleaned values (personal ones by their blind indexes) and its findings.
    content = models.BinaryField()
    #: Whom the row was taken for, and what was registered of them then.
    person_id = models.BigIntegerField(null=True)
    known_contact_digest = models.BinaryField(null=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "A mark of a removed row that is checked anew, gone once the review opens."
    scope = Scope(
        organization_path="roster__organization__path", region="roster__region_code", program="roster__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "roster", "decision", "file", "sheet", "line", "content", "person_id", "known_contact_digest",
    )

    class Meta:
        verbose_name = _("decided line of a roster")
        verbose_name_plural = _("decided lines of rosters")
        constraints = [models.UniqueConstraint(name="decided_line_once", fields=["roster", "file", "sheet", "line"])]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.pk}"
