"""Hand-overs: which people an insurer was told of when, each on a line of its own; what it answered; the sealed file."""

from __future__ import annotations

from typing import Any, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Offices, Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from handover.models.format import InsurerFormat
from programs.models import FundingSplit, Period, Program

#: Opens the file, in the clear.
DOWNLOAD = "handover.download_handover"


class Kind(models.TextChoices):
    """What is handed over."""

    INITIAL = "initial", _("First list")
    ADDITIONS = "additions", _("Additions")
    REMOVALS = "removals", _("Removals")


class Direction(models.TextChoices):
    """Whether a line tells of somebody who comes, or of somebody who goes."""

    ENTRY = "entry", _("comes")
    LEAVE = "leave", _("goes")


DIRECTION_OF = {Kind.INITIAL: Direction.ENTRY, Kind.ADDITIONS: Direction.ENTRY, Kind.REMOVALS: Direction.LEAVE}


class HandOverState(models.TextChoices):
    """Where a hand-over stands."""

    PROPOSED = "proposed", _("To be released")
    RELEASED = "released", _("Released")
    ANSWERED = "answered", _("Answered")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class LeaveReason(models.TextChoices):
    """Why somebody goes whom the insurer was told of."""

    LEFT = "left", _("Left")
    MOVED = "moved", _("Moved away")
    DECEASED = "deceased", _("Deceased")
    OFF_LIST = "off_list", _("Left the list")
    REFUNDED = "refunded", _("Given back in time: the whole premium goes back")
    #: Never covered: undone, voided or lapsed after the insurer was told.
    UNDONE = "undone", _("Undone: never covered")


class Answer(models.TextChoices):
    """What the insurer said of a line."""

    OPEN = "", _("Not answered")
    ACCEPTED = "accepted", _("Accepted by the insurer")
    REFUSED = "refused", _("Refused by the insurer")


_OFFICE = Scope(organization_path="organization__path", region="region_code", program="program_id")
_TAKER = Scope(organization_path="insurer__path", program="program_id")


class HandOverQuerySet(ScopedQuerySet):
    """Chainable words about hand-overs."""

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """The offices' own, and for an insurer's people theirs: to be seen, and the file to be fetched."""
        if permission != DOWNLOAD or not getattr(user, "is_authenticated", False):
            return super().visible_to(user, permission, offices=offices)
        condition = Scope.any_of(_OFFICE, _TAKER).condition(self.model, user.grants(permission), user, permission, offices)
        return self.none() if condition is None else self.filter(condition)


@tracked
class HandOver(models.Model):
    """People of a period of whom their insurer is told in one file: proposed by one, released by another, fixed then."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="hand_overs", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    insurer = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, db_collation="C")
    #: The first day of the month that additions and removals are of.
    month = models.DateField(_("month"), null=True)
    format = models.ForeignKey(InsurerFormat, models.PROTECT, related_name="hand_overs", verbose_name=_("insurer's format"))
    state = models.CharField(
        _("state"), max_length=9, choices=HandOverState, default=HandOverState.PROPOSED, db_collation="C"
    )
    purpose = models.CharField(_("purpose"), max_length=300)
    recipient = models.CharField(_("recipient"), max_length=120)
    kept_days = models.PositiveSmallIntegerField(_("days that the file is kept"), default=7)
    people = models.PositiveIntegerField(_("people"), default=0)
    premium = models.DecimalField(_("premium (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: SHA-256 (hex) over number, enrollment and premium of every line.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: [[county, category, split, people, premium counts, accepted, refused], ...]: see `statement`.
    statement = models.JSONField(default=list)
    accepted = models.PositiveIntegerField(_("accepted by the insurer"), default=0)
    refused = models.PositiveIntegerField(_("refused by the insurer"), default=0)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("put forward by"))
    proposed_at = models.DateTimeField(_("put forward at"))
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("released by"))
    released_at = models.DateTimeField(_("released at"), null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("withdrawn by"))
    reason = models.CharField(_("reason for the withdrawal"), max_length=300, blank=True, default="")
    #: The folder of the file's parts in the storage.
    folder = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    written_at = models.DateTimeField(_("file written at"), null=True)
    size = models.BigIntegerField(_("size"), null=True, help_text=_("Bytes."))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True, default="", db_collation="C")
    purge_on = models.DateField(_("file kept until"), null=True)
    purged_at = models.DateTimeField(_("file deleted at"), null=True)

    objects = HandOverQuerySet.as_manager()

    scope = Scope.any_of(_OFFICE, Scope(organization_path="insurer__path", program="program_id", reading_only=True))
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "region_code", "insurer", "kind", "month", "format", "state", "purpose",
        "recipient", "kept_days", "people", "premium", "digest", "statement", "accepted", "refused", "proposed_by",
        "proposed_at", "released_by", "released_at", "withdrawn_by", "reason", "folder", "written_at", "size", "sha256",
        "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("propose_handover", _("Can propose hand-overs to the insurer")),
            ("release_handover", _("Can release hand-overs to the insurer or withdraw them")),
            ("download_handover", _("Can download files of hand-overs, in the clear")),
        ]
        constraints = [
            models.CheckConstraint(
                name="hand_over_released_by_another",
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="hand_over_released_is_fixed",
                condition=Q(state__in=["proposed", "withdrawn"])
                | (Q(released_by__isnull=False, released_at__isnull=False, people__gt=0) & ~Q(digest="") & ~Q(folder="")),
            ),
            models.CheckConstraint(
                name="hand_over_says_why_and_to_whom", condition=~Q(purpose="") & ~Q(recipient="")
            ),
            models.CheckConstraint(name="hand_over_withdrawn_has_a_reason", condition=~Q(state="withdrawn") | ~Q(reason="")),
            models.CheckConstraint(
                name="hand_over_answers_within_its_people", condition=Q(people__gte=F("accepted") + F("refused"))
            ),
            models.CheckConstraint(
                name="hand_over_answered_wholly",
                condition=~Q(state="answered") | Q(people=F("accepted") + F("refused")),
            ),
            models.CheckConstraint(
                name="hand_over_month_of_changes",
                condition=Q(kind="initial", month__isnull=True) | (~Q(kind="initial") & Q(month__isnull=False)),
            ),
            models.CheckConstraint(name="hand_over_file_kept_for_days", condition=Q(kept_days__gte=1, kept_days__lte=30)),
            models.CheckConstraint(
                name="hand_over_file_has_an_end",
                condition=Q(written_at__isnull=True, sha256="")
                | (Q(written_at__isnull=False, purge_on__isnull=False, size__gt=0) & ~Q(sha256="")),
            ),
        ]
        indexes = [
            models.Index(fields=["period", "-id"], name="hand_over_of_period"),
            models.Index(fields=["purge_on"], name="hand_over_to_purge", condition=Q(purged_at=None, purge_on__isnull=False)),
        ]
        triggers = [pgtrigger.Protect(name="hand_over_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def direction(self) -> Direction:
        """Whether its people come or go."""
        return DIRECTION_OF[Kind(self.kind)]

    @property
    def open_lines(self) -> int:
        """Lines that the insurer has not answered."""
        return self.people - self.accepted - self.refused

    @property
    def has_file(self) -> bool:
        """Whether there is a file to be fetched."""
        return self.written_at is not None and self.purged_at is None


_LINE_SCOPE = Scope.any_of(
    Scope(
        organization_path="hand_over__organization__path", region="region_code", program="hand_over__program_id"
    ),
    Scope(organization_path="hand_over__insurer__path", program="hand_over__program_id", reading_only=True),
)


class HandOverLine(models.Model):
    """One person of a hand-over: fixed when it is released, answered at most once, by a line of a receipt."""

    hand_over = models.ForeignKey(
        HandOver, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("hand-over")
    )
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="hand_over_lines", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    number = models.PositiveIntegerField(_("line"))
    direction = models.CharField(_("direction"), max_length=5, choices=Direction, db_collation="C")
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    #: What is to be paid for the person; of somebody who goes what is no longer to be paid.
    premium = models.DecimalField(_("premium (yuan)"), max_digits=16, decimal_places=2)
    #: Its division where it is a part of the cover's premium, which has its own.
    split = models.ForeignKey(
        FundingSplit, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("funding"),
    )
    leave_reason = models.CharField(
        _("why they go"), max_length=8, choices=LeaveReason, blank=True, default="", db_collation="C"
    )
    #: Of somebody who goes: the last day of cover; of one who was never covered none.
    last_day = models.DateField(_("last day of cover"), null=True)
    #: False once the hand-over was withdrawn.
    stands = models.BooleanField(default=True)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, blank=True, default="", db_collation="C")
    policy_number = models.CharField(_("insurer's policy"), max_length=60, blank=True, default="", db_collation="C")
    refusal = models.CharField(_("why the insurer refused"), max_length=200, blank=True, default="")
    #: The line of the receipt that answered.
    row_id = models.BigIntegerField(_("row of the receipt"), null=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _LINE_SCOPE
    personal_fields = ()
    open_fields = (
        "id", "hand_over", "enrollment", "number", "direction", "region_code", "premium", "split", "leave_reason", "last_day",
        "stands", "answer", "policy_number", "refusal", "row_id", "answered_at",
    )

    class Meta:
        verbose_name = _("line of a hand-over")
        verbose_name_plural = _("lines of hand-overs")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="hand_over_line_once", fields=["hand_over", "number"]),
            models.UniqueConstraint(name="handed_over_once", fields=["enrollment", "direction"], condition=Q(stands=True)),
            models.CheckConstraint(
                name="hand_over_line_answered_by_a_row",
                condition=Q(answer="", row_id__isnull=True, answered_at__isnull=True, policy_number="", refusal="")
                | (~Q(answer="") & Q(row_id__isnull=False, answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="hand_over_line_refused_with_a_reason", condition=Q(answer="refused") ^ Q(refusal="")
            ),
            models.CheckConstraint(
                name="hand_over_line_accepted_under_a_policy",
                condition=~Q(answer="accepted", direction="entry") | ~Q(policy_number=""),
            ),
            models.CheckConstraint(
                name="hand_over_line_goes_with_a_reason", condition=Q(direction="leave") ^ Q(leave_reason="")
            ),
        ]
        indexes = [
            # Few for long: what is still to be answered, and what was refused.
            models.Index(fields=["hand_over", "number"], name="hand_over_line_open", condition=Q(answer="", stands=True)),
            models.Index(fields=["hand_over", "number"], name="hand_over_line_refused", condition=Q(answer="refused")),
            models.Index(fields=["policy_number"], name="hand_over_line_by_policy", condition=~Q(policy_number="")),
        ]
        triggers = [
            pgtrigger.Protect(name="hand_over_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="hand_over_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "hand_over", "enrollment", "number", "direction", "region_code", "premium", "split", "leave_reason",
                    "last_day",
                ),
            ),
            pgtrigger.Protect(
                name="hand_over_line_answered_once", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__answer="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hand_over_id}-{self.number}"


class HandOverPart(models.Model):
    """A piece of a hand-over's file, sealed in the storage. As parts of exports: `crc` runs on within a sheet."""

    hand_over = models.ForeignKey(HandOver, models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    #: The last line in it.
    last_line = models.PositiveIntegerField()
    sheet = models.PositiveSmallIntegerField(default=1)
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
    open_fields = ("id", "hand_over", "number", "rows", "last_line", "sheet", "plain", "crc", "size", "storage_key")

    class Meta:
        verbose_name = _("part of a hand-over's file")
        verbose_name_plural = _("parts of hand-overs' files")
        ordering = ["hand_over", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="hand_over_part_once", fields=["hand_over", "number"])]

    def __str__(self) -> str:
        return f"{self.hand_over_id} {self.number}"
