"""Carries a batch's file by the connector: "unknown" is written down before anything leaves, and no crash makes it leave twice."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.faults import fault_point
from jobs.actions import Run
from payouts.actions.batches import record
from payouts.connectors import NotTaken, Parcel, connector
from payouts.errors import PayoutsRefused
from payouts.models import Batch, BatchState, Delivery, DeliveryState, Way
from payouts.writing import content_of, file_name, refuse_damaged


def send(run: Run) -> dict[str, Any]:
    """The work of a job. A run after one that was killed finds the attempt begun and leaves it to an enquiry."""
    batch = Batch.objects.select_related("format").get(pk=run.arguments["batch"])
    refuse_damaged(batch)
    delivery = _begin(run, batch)
    if delivery is None:
        return {"unknown": True}
    parcel = Parcel(file_name(batch), batch.size or 0, batch.sha256, lambda: content_of(batch))
    fault_point("payouts.deliver.before")
    try:
        taken = connector().deliver(parcel)
    except NotTaken as refused:
        _end(run, delivery, DeliveryState.NOT_TAKEN, str(refused))
        return {"taken": False}
    fault_point("payouts.deliver.after")
    _end(run, delivery, DeliveryState.TAKEN, taken.place)
    return {"taken": True}


def _begin(run: Run, batch: Batch) -> Delivery | None:
    """The attempt, committed before it is made; None where one was made already."""
    at = timezone.now()
    with transaction.atomic():
        kept = _held(batch)
        if kept.state == BatchState.UNKNOWN:
            return None
        if kept.state != BatchState.RELEASED:
            raise PayoutsRefused("BATCH_STATE", state=kept.get_state_display())
        fault_point("payouts.begin_delivery.before")
        by = User.objects.get(pk=run.arguments["by"])
        delivery = Delivery.objects.create(
            batch=kept, way=Way.CONNECTOR, connector=settings.PAYOUT_CONNECTOR, begun_by=by, begun_at=at
        )
        kept.state = BatchState.UNKNOWN
        kept.save(update_fields=["state"])
        record("payout_batch.delivery_begun", kept, by=by, at=at)
        run.advance()
        fault_point("payouts.begin_delivery.after")
    return delivery


def _end(run: Run, delivery: Delivery, state: DeliveryState, note: str) -> None:
    """What the other side said. Somebody may have asked the bank meanwhile: their answer stands."""
    at = timezone.now()
    with transaction.atomic():
        kept = _held(delivery.batch)
        found = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if found.state != DeliveryState.BEGUN:
            return
        fault_point("payouts.end_delivery.before")
        found.state, found.ended_at, found.note = state, at, note[:300]
        found.save(update_fields=["state", "ended_at", "note"])
        if kept.state == BatchState.UNKNOWN:
            taken = state == DeliveryState.TAKEN
            kept.state = BatchState.SENT if taken else BatchState.RELEASED
            kept.sent_at = at if taken else None
            kept.save(update_fields=["state", "sent_at"])
        record(
            "payout_batch.delivered" if state == DeliveryState.TAKEN else "payout_batch.not_taken", kept, by=found.begun_by, at=at,
            note=found.note,
        )
        run.advance()
        fault_point("payouts.end_delivery.after")


def _held(batch: Batch) -> Batch:
    return Batch.objects.select_for_update(of=("self",)).select_related("organization").get(pk=batch.pk)
