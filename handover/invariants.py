"""What must hold of hand-overs and receipts; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant
from beneficiaries.gating import DEAD
from handover.premium_invariants import PREMIUM

INVARIANTS = [
    Invariant(
        15, "hand_over_released_by_another",
        _("No hand-over was released by who proposed it, no insurer's format approved by who drafted it."),
        """
        SELECT 'hand_over', id FROM handover_handover WHERE state IN ('released', 'answered')
            AND (released_by_id IS NULL OR released_by_id = proposed_by_id)
        UNION ALL
        SELECT 'format', id FROM handover_insurerformat WHERE state <> 'draft'
            AND (approved_by_id IS NULL OR approved_by_id = drafted_by_id)
        """,
    ),
    Invariant(
        10, "hand_over_equals_its_lines",
        _("A released hand-over has as many lines, of such premium, as it says, numbered without a gap, and its digest."),
        """
        SELECT h.id FROM handover_handover h LEFT JOIN handover_handoverline l ON l.hand_over_id = h.id
        WHERE h.state <> 'proposed' AND h.folder <> '' GROUP BY h.id
        HAVING count(l.id) <> h.people OR coalesce(sum(l.premium), 0) <> h.premium OR max(l.number) IS DISTINCT FROM h.people
            OR h.digest <> encode(sha256(convert_to(coalesce(string_agg(
                l.number || ' ' || l.enrollment_id || ' ' || l.premium, E'\\n' ORDER BY l.number), ''), 'UTF8')), 'hex')
        """,
    ),
    Invariant(
        10, "handed_over_premium_is_its_division",
        _("The premium of a handed-over line is that of its division, or nothing where nothing goes back."),
        """
        SELECT l.id FROM handover_handoverline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        LEFT JOIN programs_fundingsplit s ON s.id = coalesce(l.split_id, e.split_id) AND s.plan_id = e.plan_id
        WHERE l.premium IS DISTINCT FROM s.premium
            AND NOT (l.direction = 'leave' AND l.premium = 0 AND l.split_id IS NULL AND e.state = 'ended')
        """,
    ),
    Invariant(
        10, "hand_over_counts_its_answers",
        _("A hand-over counts as many accepted and refused lines as it has, in its statement too."),
        """
        WITH lines AS (
            SELECT hand_over_id AS id, count(*) FILTER (WHERE answer = 'accepted') AS accepted,
                count(*) FILTER (WHERE answer = 'refused') AS refused
            FROM handover_handoverline GROUP BY 1
        ), said AS (
            SELECT h.id, sum((part ->> 3)::bigint) AS people, sum((part ->> 5)::bigint) AS accepted,
                sum((part ->> 6)::bigint) AS refused
            FROM handover_handover h CROSS JOIN LATERAL jsonb_array_elements(h.statement) part GROUP BY 1
        )
        SELECT h.id FROM handover_handover h LEFT JOIN lines ON lines.id = h.id LEFT JOIN said ON said.id = h.id
        WHERE h.folder <> '' AND (
            h.accepted <> coalesce(lines.accepted, 0) OR h.refused <> coalesce(lines.refused, 0)
            OR coalesce(said.people, 0) <> h.people
            OR (NOT EXISTS (SELECT FROM handover_receipt r WHERE r.hand_over_id = h.id AND r.state = 'applying')
                AND (coalesce(said.accepted, 0) <> h.accepted OR coalesce(said.refused, 0) <> h.refused)))
        """,
    ),
    Invariant(
        4, "handed_over_once", _("Nobody stands on two live lines of one direction; who goes was told of before and not refused."),
        """
        SELECT enrollment_id, direction FROM handover_handoverline WHERE stands GROUP BY 1, 2 HAVING count(*) > 1
        UNION ALL
        SELECT l.enrollment_id, l.direction FROM handover_handoverline l WHERE l.stands AND l.direction = 'leave' AND NOT EXISTS (
            SELECT FROM handover_handoverline told WHERE told.enrollment_id = l.enrollment_id AND told.direction = 'entry'
            AND told.answer <> 'refused')
        """,
    ),
    Invariant(
        17, "handed_over_people_are_of_the_period",
        _("Whoever is handed over is enrolled in that period, in that place, in that office."),
        """
        SELECT l.id FROM handover_handoverline l JOIN handover_handover h ON h.id = l.hand_over_id
        LEFT JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        LEFT JOIN accounts_organization o ON o.id = e.organization_id
        LEFT JOIN accounts_organization office ON office.id = h.organization_id
        WHERE e.id IS NULL OR e.period_id <> h.period_id OR NOT starts_with(l.region_code, h.region_code)
            OR NOT starts_with(o.path, office.path) OR (l.direction = 'leave') <> (h.kind = 'removals')
        """,
    ),
    Invariant(
        19, "answer_comes_from_a_receipt", _("Every answered line was answered so by a line of an applied part of a receipt."),
        """
        SELECT l.id FROM handover_handoverline l LEFT JOIN handover_receiptrow r ON r.id = l.row_id
        LEFT JOIN handover_receipt receipt ON receipt.id = r.receipt_id
        LEFT JOIN handover_receiptchunk c ON c.receipt_id = r.receipt_id AND c.number = r.chunk
        WHERE l.answer <> '' AND (r.id IS NULL OR r.line_id <> l.id OR r.answer <> l.answer OR r.set_aside <> ''
            OR receipt.hand_over_id <> l.hand_over_id OR c.applied_at IS NULL OR c.applied_at <> l.answered_at)
        """,
    ),
    Invariant(
        18, "receipt_row_has_one_outcome",
        _("Every row of an applied receipt answered its line, or is refused, held or set aside."),
        """
        SELECT r.id FROM handover_receiptrow r JOIN handover_receiptchunk c ON c.receipt_id = r.receipt_id AND c.number = r.chunk
        LEFT JOIN handover_handoverline l ON l.row_id = r.id
        WHERE c.applied_at IS NOT NULL AND (r.verdict = 1 AND r.set_aside = '') <> (l.id IS NOT NULL)
        """,
    ),
    Invariant(
        13, "accepted_cover_has_its_policy",
        _("Every cover that the insurer accepted and that stands has a policy number, and what it refused stands no more."),
        f"""
        SELECT e.id FROM handover_handoverline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        JOIN programs_plan p ON p.id = e.plan_id
        WHERE l.direction = 'entry' AND (
            (l.answer = 'accepted' AND e.state IN ('in_force', 'ended') AND e.insurer_policy_number = '')
            OR (l.answer <> '' AND p.requires_insurer_acceptance AND e.state = 'awaiting' AND NOT {DEAD} AND NOT EXISTS (
                SELECT FROM beneficiaries_roster r WHERE r.id = e.roster_id AND r.state = 'undoing'))
            OR (l.answer = 'refused' AND p.requires_insurer_acceptance AND e.state = 'in_force'))
        UNION ALL
        SELECT e.id FROM beneficiaries_enrollment e WHERE e.accepted_at IS NOT NULL AND e.insurer_policy_number = ''
        """,  # noqa: S608 - a constant of ours
    ),
    Invariant(
        20, "every_release_has_its_event",
        _("Every release of a hand-over has its event with people, premium, purpose, recipient and columns."),
        """
        SELECT h.id FROM handover_handover h WHERE h.folder <> '' AND 1 <> (
            SELECT count(*) FROM audit_event e WHERE e.verb = 'hand_over.released' AND e.subject_type = 'handover.handover'
            AND e.subject_id = h.id::text AND e.actor_id = h.released_by_id AND (e.data ->> 'people')::bigint = h.people
            AND (e.data ->> 'premium')::numeric = h.premium AND e.data ->> 'purpose' = h.purpose
            AND e.data ->> 'recipient' = h.recipient AND jsonb_array_length(e.data -> 'columns') > 0)
        """,
    ),
    Invariant(
        18, "hand_over_file_is_its_parts",
        _("A hand-over's file that is kept has all of its parts, and their rows are its people."),
        """
        SELECT h.id FROM handover_handover h LEFT JOIN handover_handoverpart p ON p.hand_over_id = h.id
        WHERE h.written_at IS NOT NULL AND h.purged_at IS NULL GROUP BY h.id
        HAVING coalesce(sum(p.rows), 0) <> h.people OR count(p.id) <> coalesce(max(p.number), -1)
        """,
    ),
    Invariant(
        27, "no_hand_over_kept_past_its_time", _("No file of a hand-over is kept after its time is over."),
        """
        SELECT h.id FROM handover_handover h
        WHERE h.folder <> '' AND h.purged_at IS NULL AND h.purge_on < current_date - 2 AND NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.subject_type = 'handover.handover' AND j.subject_id = h.id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_hand_overs", _("No hand-over's purpose, recipient or refusal holds a document or account number."),
        f"""
        SELECT 'hand_over', id FROM handover_handover WHERE purpose ~ '{NUMBER}' OR recipient ~ '{NUMBER}' OR reason ~ '{NUMBER}'
        UNION ALL SELECT 'line', id FROM handover_handoverline WHERE refusal <> '' AND refusal ~ '{NUMBER}'
        """,  # noqa: S608
    ),
    *PREMIUM,
]
