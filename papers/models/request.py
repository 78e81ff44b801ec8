"""What people ask about their own data (PIPL, articles 44 to 50): who asked, how it was checked, until when, the answer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_name
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Beneficiary, Person
from beneficiaries.models.person import OWNER_GONE
from programs.models import Program

REQUEST_KEY = "person_request"


class RequestKind(models.TextChoices):
    """What a person may ask for; the article that gives the right."""

    ACCESS = "access", _("Access and copy (art. 45)")
    CORRECTION = "correction", _("Correction (art. 46)")
    DELETION = "deletion", _("Deletion (art. 47)")
    RESTRICTION = "restriction", _("Restriction of processing (art. 44)")
    WITHDRAWAL = "withdrawal", _("Withdrawal of consent (art. 15)")
    LIFTING = "lifting", _("Lifting of a restriction")


#: Those after which the data is only kept. Deletion is one within the term of retention (art. 47, paragraph 2).
RESTRICTING = (RequestKind.DELETION, RequestKind.RESTRICTION, RequestKind.WITHDRAWAL)


class RequestState(models.TextChoices):
    """Where a request stands."""

    ASKED = "asked", _("To decide")
    GRANTED = "granted", _("Granted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back")


class Asker(models.TextChoices):
    """Who asks."""

    SELF = "self", _("The person")
    GUARDIAN = "guardian", _("The guardian")
    AGENT = "agent", _("An agent with a power of attorney")
    RELATIVE = "relative", _("A close relative of a deceased person (art. 49)")


class IdentityCheck(models.TextChoices):
    """How the asker's identity was checked."""

    DOCUMENT = "document", _("Original document seen")
    BOTH = "both", _("Original documents of both seen, power of attorney kept")
    PHONE = "phone", _("Called back on the registered telephone")
    VILLAGE = "village", _("Confirmed by the village, in writing")


@tracked
class PersonRequest(models.Model):
    """One request about one person as one office knows them; recorded by one person, decided by another."""

    kind = models.CharField(_("request"), max_length=11, choices=RequestKind, db_collation="C")
    state = models.CharField(_("state"), max_length=9, choices=RequestState, default=RequestState.ASKED, db_collation="C")
    person = models.ForeignKey(Person, models.PROTECT, related_name="requests", verbose_name=_("person"))
    #: As whose office it was received; the three columns below are that row's own.
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+", verbose_name=_("beneficiary"), db_index=False)
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    asker = models.CharField(_("who asks"), max_length=8, choices=Asker, default=Asker.SELF, db_collation="C")
    asker_name = SealedTextField(
        _("name of whoever asks"), logical_name="person_request.asker_name", purpose=REQUEST_KEY, mask=mask_name, null=True
    )
    identity_check = models.CharField(_("how the identity was checked"), max_length=8, choices=IdentityCheck, db_collation="C")
    text = SealedTextField(_("in the person's words"), logical_name="person_request.text", purpose=REQUEST_KEY, null=True)
    received_on = models.DateField(_("received on"))
    due_on = models.DateField(_("to be answered until"), help_text=_("The last day."))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded at"))
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    #: Until when the law has the office keep the data, where it was asked to be deleted.
    kept_until = models.DateField(_("kept by law until"), null=True)
    #: When what was only kept until the end of its term was destroyed: the request is fulfilled.
    completed_at = models.DateTimeField(_("data destroyed at"), null=True)
    #: The copy of everything that is held, sealed in the storage.
    storage_key = models.CharField(max_length=120, blank=True, default="", db_collation="C")
    size = models.BigIntegerField(_("size"), null=True, help_text=_("Bytes."))
    sha256 = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    purge_on = models.DateField(_("file kept until"), null=True)
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    #: Whoever is restricted stands in no list of people: here they are found.
    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(owner_gone=OWNER_GONE)
    personal_fields = ("asker_name", "text")
    open_fields = (
        "id", "kind", "state", "person", "beneficiary", "program", "organization", "region_code", "asker", "identity_check",
        "received_on", "due_on", "recorded_by", "recorded_at", "answer", "decided_by", "decided_at", "kept_until", "completed_at",
        "storage_key", "size", "sha256", "purge_on", "purged_at",
    )

    class Meta:
        verbose_name = _("request about personal data")
        verbose_name_plural = _("requests about personal data")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_request", _("Can record people's requests about their data and hand over copies")),
            ("decide_request", _("Can decide people's requests about their data")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="person_request_open_once", fields=["person", "kind", "organization"], condition=Q(state="asked")
            ),
            models.CheckConstraint(
                name="person_request_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("recorded_by")),
            ),
            models.CheckConstraint(
                name="person_request_decided_by_somebody",
                condition=Q(state__in=["granted", "declined"], decided_by__isnull=False, decided_at__isnull=False)
                | Q(state__in=["asked", "withdrawn"], decided_by__isnull=True),
            ),
            models.CheckConstraint(name="person_request_declined_with_an_answer", condition=~Q(state="declined") | ~Q(answer="")),
            models.CheckConstraint(
                name="person_request_copy_is_of_a_granted_access",
                condition=Q(storage_key="") | Q(kind="access", state="granted", size__gt=0, purge_on__isnull=False),
            ),
            models.CheckConstraint(name="person_request_due_after_received", condition=Q(due_on__gte=F("received_on"))),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="person_request_due", condition=Q(state="asked")),
            models.Index(
                fields=["purge_on"], name="person_request_to_purge", condition=Q(purged_at=None, purge_on__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
