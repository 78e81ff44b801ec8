"""Messages of the world of Latin data: wordings and messages in each state that has a page of its own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from jobs.testing import drain
from outreach import actions
from outreach.models import MessageWording, NameForm, Sending, Topic


def add_messages(world: Any, *, reason: str) -> None:
    """Wordings drafted, declined, replaced and approved; a message to release, one withdrawn, one ready, one fetched."""
    clerk, drafter, reviewer = world.users["county clerk"], world.users["city clerk"], world.users["city reviewer"]

    def drafted(topic: Topic) -> MessageWording:
        return actions.draft_message(
            world.program, topic=topic, signature="Zqsign", text="Zqtext", name_form=NameForm.MASKED,
            hotline="0762-3380000", by=drafter, at=timezone.now(),
        )

    def proposed(topic: Topic) -> Sending:
        return actions.propose_sending(
            world.period, organization=world.county, region_code="441602", topic=topic, by=clerk, at=timezone.now()
        )

    def ready(topic: Topic) -> Sending:
        sending = proposed(topic)
        actions.release_sending(sending, shown=sending.people, by=reviewer, at=timezone.now())
        drain()
        return sending

    for topic in (Topic.IN_FORCE, Topic.IN_FORCE, Topic.ENDED):
        actions.approve_message(drafted(topic), by=reviewer, at=timezone.now())
    actions.decline_message(drafted(Topic.IN_FORCE), reason=reason, by=reviewer, at=timezone.now())
    drafted(Topic.IN_FORCE)
    actions.withdraw_sending(proposed(Topic.IN_FORCE), reason=reason, by=reviewer, at=timezone.now())
    ready(Topic.ENDED)
    proposed(Topic.IN_FORCE)
