"""What an invariant is, and those of this room; `manage.py verify` runs those of every room."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: A document or account number: 15 or more digits, the last may be an X; not a part of a hexadecimal digest.
NUMBER = "(?<![0-9a-f])[0-9]{14,}[0-9Xx](?![0-9a-f])"


@dataclass(frozen=True)
class Invariant:
    """A statement that must hold: its SQL returns the rows that break it, none when all is well."""

    number: int
    name: str
    sentence: str | Promise
    sql: str


INVARIANTS = [
    Invariant(
        25, "reveal_has_reason", _("Every reveal has a reason and an event."),
        """
        SELECT r.id FROM audit_reveal r
        WHERE btrim(r.reason) = '' OR NOT EXISTS (
            SELECT 1 FROM audit_event e WHERE e.verb = 'personal_data.revealed' AND e.subject_type = r.subject_type
            AND e.subject_id = r.subject_id AND e.actor_id = r.user_id AND e.at = r.at)
        """,
    ),
    Invariant(
        20, "every_end_of_a_key_has_its_event", _("Every key that was retired or destroyed has the event of that moment."),
        """
        SELECT k.id, due.verb FROM audit_datakey k
        CROSS JOIN LATERAL (VALUES ('key.retired', k.retired_at), ('key.destroyed', k.destroyed_at)) AS due (verb, at)
        LEFT JOIN audit_event e ON e.subject_type = 'audit.datakey' AND e.at = due.at
            AND (e.subject_id = k.id::text AND e.verb = due.verb OR k.kind = 'index' AND e.verb = 'index.switched')
        WHERE due.at IS NOT NULL AND e.id IS NULL
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_events", _("No event holds a document or account number."),
        f"""
        SELECT id FROM audit_event WHERE data::text ~ '{NUMBER}' OR actor ~ '{NUMBER}'
        UNION ALL SELECT id FROM audit_reveal WHERE reason ~ '{NUMBER}' OR actor ~ '{NUMBER}'
        """,  # noqa: S608
    ),
]
