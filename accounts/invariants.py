"""What must hold of accounts and roles; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant

INVARIANTS = [
    Invariant(
        20, "every_account_has_its_events", _("Every account has the event of its making, every closed one that of its closing."),
        """
        SELECT u.id FROM accounts_user u LEFT JOIN audit_event e
            ON e.subject_type = 'accounts.user' AND e.subject_id = u.id::text AND e.verb IN ('user.created', 'user.deactivated')
        GROUP BY u.id HAVING count(*) FILTER (WHERE e.verb = 'user.created') <> 1
            OR NOT u.is_active AND count(*) FILTER (WHERE e.verb = 'user.deactivated') = 0
        """,
    ),
    Invariant(
        20, "every_role_has_its_events", _("Every role that was granted or ended has its event."),
        """
        SELECT m.id FROM accounts_membership m LEFT JOIN audit_event e
            ON e.subject_type = 'accounts.membership' AND e.subject_id = m.id::text
        GROUP BY m.id HAVING count(*) FILTER (WHERE e.verb = 'membership.granted' AND e.at = m.granted_at) <> 1
            OR count(*) FILTER (WHERE e.verb = 'membership.ended') <> (m.ended_at IS NOT NULL)::int
        """,
    ),
    Invariant(
        20, "every_organization_has_its_events",
        _("Every organization has the event of its making, every closed one that of its closing."),
        """
        SELECT o.id FROM accounts_organization o LEFT JOIN audit_event e ON e.subject_type = 'accounts.organization'
            AND e.subject_id = o.id::text AND e.verb IN ('organization.created', 'organization.closed')
        GROUP BY o.id HAVING count(*) FILTER (WHERE e.verb = 'organization.created') <> 1
            OR NOT o.active AND count(*) FILTER (WHERE e.verb = 'organization.closed') = 0
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_sign_ins", _("No failed sign-in keeps a document or account number, or what was typed beside it."),
        f"""
        SELECT id FROM axes_accessattempt
        WHERE username ~ '{NUMBER}' AND username !~ '^[?][0-9a-f]{{32}}$' OR post_data <> '' OR get_data <> ''
        """,  # noqa: S608
    ),
]
