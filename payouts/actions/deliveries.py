"""How a batch's file leaves, and what the bank answers when it is asked: nothing leaves a second time before it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from exports.locking import LEAST, MOST, can_be_typed
from exports.locking import locked as in_archive
from intake import storage
from intake.models import UNDER_WAY
from jobs.actions import enqueue
from payouts.actions.batches import AUTHORIZE, PREPARE, locked, record
from payouts.connectors import connector_class
from payouts.errors import PayoutsRefused
from payouts.models import (
    DOWNLOAD,
    Answer,
    BankReturn,
    Batch,
    BatchState,
    Delivery,
    DeliveryState,
    Enquiry,
    EnquiryState,
    Way,
)
from payouts.writing import content_of, file_name, refuse_damaged

SEND = "payouts.send_file"
RETENTION = gettext_noop("system:retention")
REFERENCE_LENGTH = 60
#: States in which the bank can be asked whether it has the file.
ASKED = (BatchState.UNKNOWN, BatchState.SENT)


def send_batch(batch: Batch, *, by: User, at: datetime) -> Batch:
    """Let the connector carry the file to the bank."""
    if connector_class() is None:
        raise PayoutsRefused("NO_CONNECTOR")
    with transaction.atomic():
        found = _ready(batch, by=by, permission=PREPARE)
        fault_point("payouts.send.before")
        record("payout_batch.sending_asked", found, by=by, at=at)
        enqueue(
            SEND, arguments={"batch": found.pk, "by": by.pk}, subject=found, organization=found.organization,
            region_code=found.region_code, program_id=found.program_id, by=by, at=at,
        )
        fault_point("payouts.send.after")
    return found


def open_batch(batch: Batch, *, password: str, by: User, at: datetime) -> Iterator[bytes]:
    """The bytes of an archive of the file, which the password opens; from its first byte on the bank may have the file.

    The password is kept nowhere. Whoever loses it says, confirmed by a colleague, that the bank has not received the file,
    and downloads the same file again.
    """
    if not can_be_typed(password):
        raise PayoutsRefused("PASSWORD", least=LEAST, most=MOST)
    refuse_damaged(Batch.objects.get(pk=batch.pk))
    with transaction.atomic():
        found = _ready(batch, by=by, permission=DOWNLOAD)
        fault_point("payouts.open.before")
        Delivery.objects.create(batch=found, way=Way.DOWNLOAD, begun_by=by, begun_at=at)
        found.state = BatchState.UNKNOWN
        found.save(update_fields=["state"])
        record(
            "payout_batch.downloaded", found, by=by, at=at, purpose=found.purpose, recipient=found.payer.bank_name,
            columns=[heading for heading, _field, _text in found.format.columns], sha256=found.sha256[:12],
        )
        fault_point("payouts.open.after")
    return in_archive(content_of(found), name=file_name(found), size=found.size or 0, password=password.encode("ascii"))


def destroy_batch_file(batch: Batch, *, at: datetime) -> bool:
    """Delete the file of a batch that names somebody who is destroyed; again without harm. Lines, sums and checksum stay."""
    fault_point("payouts.destroy_file.before")
    for key in storage.keys_within(batch.folder):
        storage.remove(key)
    fault_point("payouts.destroy_file.removed")
    with transaction.atomic():
        found = locked(batch, by=RETENTION, permission="")
        if found.purged_at is not None:
            return False
        found.purged_at = at
        found.save(update_fields=["purged_at"])
        record("payout_batch.file_destroyed", found, by=RETENTION, at=at, sha256=found.sha256[:12])
        fault_point("payouts.destroy_file.after")
    return True


def _ready(batch: Batch, *, by: User, permission: str) -> Batch:
    """Released, its file written and never handed over, or the bank has said that it has not received it."""
    found = locked(batch, by=by, permission=permission)
    if found.state in ASKED:
        raise PayoutsRefused("HANDED_OUT")
    if found.state != BatchState.RELEASED:
        raise PayoutsRefused("BATCH_STATE", state=found.get_state_display())
    if not found.has_file:
        raise PayoutsRefused("FILE_NOT_READY")
    return found


def record_enquiry(batch: Batch, *, answer: str, reference: str, by: User, at: datetime) -> Enquiry:
    """Write down what the bank answered. `reference`: its number of the file, or of the enquiry. Nothing moves yet."""
    reference = " ".join(reference.split())
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise PayoutsRefused("REFERENCE", characters=REFERENCE_LENGTH)
    with transaction.atomic():
        found = locked(batch, by=by, permission=PREPARE)
        _refuse_unasked(found, Answer(answer))
        if found.enquiries.filter(state=EnquiryState.PROPOSED).exists():
            raise PayoutsRefused("ENQUIRY_OPEN")
        fault_point("payouts.record_enquiry.before")
        enquiry = Enquiry.objects.create(batch=found, answer=answer, reference=reference, said_by=by, said_at=at)
        record("payout_batch.enquired", found, by=by, at=at, answer=answer, reference=reference)
        fault_point("payouts.record_enquiry.after")
    return enquiry


def confirm_enquiry(enquiry: Enquiry, *, by: User, at: datetime) -> Enquiry:
    """It is so: the file is at the bank, or may leave again. By another than who wrote it down."""
    with transaction.atomic():
        found, batch = _to_decide(enquiry, by=by)
        _refuse_unasked(batch, Answer(found.answer))
        fault_point("payouts.confirm_enquiry.before")
        received = found.answer == Answer.RECEIVED
        batch.state = BatchState.SENT if received else BatchState.RELEASED
        batch.sent_at = (batch.sent_at or at) if received else None
        batch.bank_reference = found.reference if received else ""
        batch.save(update_fields=["state", "sent_at", "bank_reference"])
        begun = Delivery.objects.select_for_update().filter(batch=batch, state=DeliveryState.BEGUN)
        for each in begun.order_by("pk"):
            each.state = DeliveryState.TAKEN if received else DeliveryState.NOT_TAKEN
            each.ended_at, each.note = at, found.reference
            each.save(update_fields=["state", "ended_at", "note"])
        done = _decided(found, batch, EnquiryState.CONFIRMED, "payout_batch.enquiry_confirmed", by=by, at=at)
        fault_point("payouts.confirm_enquiry.after")
    return done


def decline_enquiry(enquiry: Enquiry, *, by: User, at: datetime) -> Enquiry:
    """It is not known to be so: everything stays as it is."""
    with transaction.atomic():
        found, batch = _to_decide(enquiry, by=by)
        fault_point("payouts.decline_enquiry.before")
        return _decided(found, batch, EnquiryState.DECLINED, "payout_batch.enquiry_declined", by=by, at=at)


def _to_decide(enquiry: Enquiry, *, by: User) -> tuple[Enquiry, Batch]:
    """Both locked, the batch first."""
    batch = locked(enquiry.batch, by=by, permission=AUTHORIZE)
    found = Enquiry.objects.select_for_update(of=("self",)).get(pk=enquiry.pk)
    fault_point("payouts.enquiry.locked")
    if found.state != EnquiryState.PROPOSED:
        raise PayoutsRefused("ENQUIRY_STATE")
    if found.said_by_id == by.pk:
        raise PayoutsRefused("ANOTHER_CONFIRMS")
    return found, batch


def _decided(enquiry: Enquiry, batch: Batch, state: EnquiryState, verb: str, *, by: User, at: datetime) -> Enquiry:
    enquiry.state, enquiry.decided_by, enquiry.decided_at = state, by, at
    fault_point("payouts.decide_enquiry.before")
    enquiry.save(update_fields=["state", "decided_by", "decided_at"])
    record(verb, batch, by=by, at=at, answer=enquiry.answer, reference=enquiry.reference)
    fault_point("payouts.decide_enquiry.after")
    return enquiry


def _refuse_unasked(batch: Batch, answer: Answer) -> None:
    """A file of which the bank has told results is at the bank."""
    if batch.state not in ASKED or (batch.state == BatchState.SENT and answer == Answer.RECEIVED):
        raise PayoutsRefused("NOT_ASKED", state=batch.get_state_display())
    if answer == Answer.NOT_RECEIVED and (
        batch.open_lines != batch.lines or BankReturn.objects.filter(batch=batch, state__in=UNDER_WAY).exists()
    ):
        raise PayoutsRefused("RESULTS_KNOWN")

