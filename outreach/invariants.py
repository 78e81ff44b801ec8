"""What must hold of messages; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant

INVARIANTS = [
    Invariant(
        15, "sending_released_by_another", _("No message to people was released by whoever proposed it."),
        """
        SELECT id FROM outreach_sending WHERE state IN ('released', 'ready')
            AND (released_by_id IS NULL OR released_by_id = proposed_by_id)
        """,
    ),
    Invariant(
        18, "sending_is_its_lines", _("Every released message has the lines that were released, and their digest."),
        """
        SELECT s.id FROM outreach_sending s LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE reach = 'phone') AS phone, count(*) FILTER (WHERE reach = 'village') AS village,
                bool_and(l.stands) AS stand, encode(sha256(convert_to(coalesce(string_agg(
                    number || ' ' || enrollment_id || ' ' || reach, E'\\n' ORDER BY number), ''), 'UTF8')), 'hex') AS digest
            FROM outreach_sendingline l WHERE l.sending_id = s.id) fixed ON true
        WHERE s.state IN ('released', 'ready')
            AND (fixed.phone <> s.by_phone OR fixed.village <> s.by_village OR fixed.digest <> s.digest OR NOT fixed.stand)
        """,
    ),
    Invariant(
        18, "sending_hands_on_each_line_once", _("Every message that is ready has handed on each of its lines, and none twice."),
        """
        SELECT s.id FROM outreach_sending s
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(messages), 0) AS messages, coalesce(max(last_line), 0) AS last FROM outreach_sendingpart
            WHERE sending_id = s.id) parts ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(max(number), 0) AS last, count(*) AS heads FROM outreach_sendingline
            WHERE sending_id = s.id AND reach = 'phone' AND told_with IS NULL) lines ON true
        WHERE s.state = 'ready' AND (parts.messages <> s.messages OR parts.last <> lines.last OR s.messages > s.by_phone)
        """,
    ),
    Invariant(
        18, "reminders_follow_messages", _("Nobody was reminded of what they had not been told."),
        """
        SELECT l.id FROM outreach_sendingline l WHERE l.stands AND l.turn > 1 AND NOT EXISTS (
            SELECT FROM outreach_sendingline earlier WHERE earlier.enrollment_id = l.enrollment_id AND earlier.topic = l.topic
            AND earlier.turn = l.turn - 1 AND earlier.id < l.id)
        """,
    ),
    Invariant(
        15, "report_approved_by_another", _("No delivery report was approved by who uploaded or submitted it."),
        """
        SELECT id FROM outreach_deliveryreport WHERE state IN ('approved', 'applying', 'applied')
            AND (decided_by_id IS NULL OR decided_by_id IN (uploaded_by_id, submitted_by_id) OR approved_digest <> digest)
        """,
    ),
    Invariant(
        11, "outcome_is_what_a_report_said",
        _("What became of a message is what a line of an applied report of that message says, of it or of whoever it spoke for."),
        """
        SELECT l.id FROM outreach_sendingline l
        LEFT JOIN outreach_deliveryreportrow r ON r.id = l.report_row_id AND r.verdict = 1 AND r.set_aside = ''
        LEFT JOIN outreach_deliveryreport d ON d.id = r.report_id AND d.sending_id = l.sending_id
            AND d.state IN ('applying', 'applied')
        LEFT JOIN outreach_sendingline own ON own.id = r.line_id AND own.sending_id = l.sending_id
        WHERE l.outcome <> '' AND (d.id IS NULL OR own.id IS NULL OR r.outcome <> l.outcome OR coalesce(r.failure, '') <> l.failure
            OR (own.id <> l.id AND (l.told_with IS NULL OR l.told_with <> coalesce(own.told_with, own.number))))
        """,
    ),
    Invariant(
        10, "report_counts_its_lines", _("A delivery report has as many lines as the gateway says, and keeps each that it can."),
        """
        SELECT d.id FROM outreach_deliveryreport d CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE r.verdict <> 7) AS lines, count(*) FILTER (
                WHERE d.state = 'applied' AND r.verdict = 1 AND r.set_aside = '' AND NOT EXISTS (
                    SELECT FROM outreach_sendingline l WHERE l.id = r.line_id AND l.report_row_id IS NOT NULL)) AS lost
            FROM outreach_deliveryreportrow r WHERE r.report_id = d.id) whole
        WHERE d.state IN ('review', 'submitted', 'approved', 'applying', 'applied')
            AND (whole.lines <> d.control_lines OR whole.lost > 0)
        """,
    ),
    Invariant(
        10, "sending_counts_its_results", _("A message counts as delivered and not delivered what its lines say, by county too."),
        """
        SELECT s.id FROM outreach_sending s CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE outcome = 'delivered') AS delivered, count(*) FILTER (WHERE outcome = 'failed') AS failed
            FROM outreach_sendingline l WHERE l.sending_id = s.id) whole
        CROSS JOIN LATERAL (
            SELECT coalesce(sum((part ->> 2)::int), 0) AS delivered, coalesce(sum((part ->> 3)::int), 0) AS failed
            FROM jsonb_array_elements(s.results) part) by_county
        WHERE (s.delivered <> whole.delivered OR s.failed <> whole.failed OR by_county.delivered <> s.delivered
                OR by_county.failed <> s.failed)
            AND NOT EXISTS (SELECT FROM outreach_deliveryreport d WHERE d.sending_id = s.id AND d.state = 'applying')
        """,
    ),
    Invariant(
        20, "every_report_step_has_its_event", _("Every delivery report has the events of its steps."),
        """
        SELECT d.id FROM outreach_deliveryreport d CROSS JOIN (
            VALUES ('delivery_report.received',
                    ARRAY['received', 'checking', 'review', 'submitted', 'approved', 'applying', 'applied']),
                ('delivery_report.approved', ARRAY['approved', 'applying', 'applied']),
                ('delivery_report.applied', ARRAY['applied'])
        ) step(verb, states)
        WHERE d.state = ANY(step.states) AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = step.verb AND e.subject_type = 'outreach.deliveryreport'
            AND e.subject_id = d.id::text)
        """,
    ),
    Invariant(
        20, "every_sending_step_has_its_event", _("Every message to people has the event of its step, with as many people."),
        """
        SELECT s.id FROM outreach_sending s WHERE s.released_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'sending.released' AND e.subject_type = 'outreach.sending'
            AND e.subject_id = s.id::text AND (e.data ->> 'people')::bigint = s.people)
        UNION ALL
        SELECT s.id FROM outreach_sending s WHERE s.fetched_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb IN ('sending.downloaded', 'sending.printed')
            AND e.subject_type = 'outreach.sending' AND e.subject_id = s.id::text)
        UNION ALL
        SELECT w.id FROM outreach_messagewording w WHERE w.state IN ('approved', 'retired') AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'message_wording.approved'
            AND e.subject_type = 'outreach.messagewording' AND e.subject_id = w.id::text)
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_messages", _("No wording or reason of a message holds a document or account number."),
        f"""
        SELECT id FROM outreach_messagewording WHERE text ~ '{NUMBER}' OR hotline ~ '{NUMBER}' OR reason ~ '{NUMBER}'
        UNION ALL SELECT id FROM outreach_sending WHERE reason ~ '{NUMBER}'
        UNION ALL SELECT id FROM outreach_sendingline WHERE failure ~ '{NUMBER}'
        """,  # noqa: S608
    ),
    Invariant(
        27, "no_messages_kept_past_their_time", _("No file of messages is kept long after its time is over."),
        """
        SELECT s.id FROM outreach_sending s
        WHERE s.folder <> '' AND s.purged_at IS NULL AND s.purge_on < current_date - 7 AND NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.subject_type = 'outreach.sending' AND j.subject_id = s.id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
]
