"""What must hold of terms, holds and destruction; `manage.py verify` runs them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.destroying import history_table, is_destroyed
from audit.invariants import NUMBER, Invariant
from beneficiaries.models import (
    Beneficiary,
    Employer,
    HealthStatement,
    Person,
    PersonChange,
    PersonDocument,
    PurchasePayer,
    Representative,
)
from claims.models import Bill, Case, Claim, ClaimNote, Decision, Payable
from complaints.models import Complaint
from gates.models import Objection
from papers.models import PersonRequest
from retention.due import PERSON
from retention.imports import SOURCES, Source
from retention.kept import kept_files

_OWNED: tuple[Any, ...] = (
    Person, PersonDocument, Beneficiary, Employer, HealthStatement, Representative, PersonChange, PersonRequest, Objection,
    Case, Bill, Claim, Decision, Payable, Complaint,
)
#: Of which no version is kept.
_WITHOUT_PAST: tuple[Any, ...] = (PurchasePayer, ClaimNote)
#: What else of a row speaks of a person, though it is not sealed.
_OPEN_WORDS: tuple[tuple[Any, str], ...] = (
    (Beneficiary, "bank_name"), (Case, "diagnosis"), (Bill, "diagnosis"), (Claim, "bank_name"), (Payable, "bank_name"),
)


def _gone(model: Any) -> str:
    """SQL: whoever a row `t` speaks of is destroyed."""
    return str(model.destroyable.owner_gone).replace("kept.", "t.")


def _line_gone(source: Source) -> str:
    """SQL: a line `t` by which somebody destroyed was enrolled."""
    return (
        "EXISTS (SELECT FROM beneficiaries_enrollment e JOIN beneficiaries_person p ON p.id = e.person_id"
        f" WHERE {source.cover.format(line='t')} AND p.destroyed_at IS NOT NULL)"
    )


_READABLE = "\nUNION ALL\n".join(
    [
        f"SELECT '{model._meta.label_lower}', t.id FROM {model._meta.db_table} t"  # noqa: S608
        f" WHERE {_gone(model)} AND NOT {is_destroyed(model, 't')}"
        for model in (*_OWNED, *_WITHOUT_PAST)
    ]
    + [
        f"SELECT '{model._meta.label_lower}', t.id FROM {model._meta.db_table} t"  # noqa: S608
        f" WHERE t.{column} <> '' AND {_gone(model)}"
        for model, column in _OPEN_WORDS
    ]
    + [
        f"SELECT '{source.rows._meta.label_lower}', t.id FROM {source.rows._meta.db_table} t"  # noqa: S608
        f" WHERE NOT {is_destroyed(source.rows, 't')} AND {_line_gone(source)}"
        for source in SOURCES
    ]
)
_VERSIONS = "\nUNION ALL\n".join(
    f"SELECT '{model._meta.label_lower}', h.pgh_id FROM {history_table(model)} h"  # noqa: S608
    f" JOIN {model._meta.db_table} t ON t.id = h.pgh_obj_id WHERE {gone} AND NOT {is_destroyed(model, 'h')}"
    for model, gone in [
        *((model, _gone(model)) for model in _OWNED), *((source.rows, _line_gone(source)) for source in SOURCES),
    ]
)

INVARIANTS = [
    Invariant(27, "nothing_of_the_destroyed_can_be_read", _("Of whoever was destroyed no value can be read anywhere."), _READABLE),
    Invariant(27, "no_version_of_the_destroyed_is_kept", _("Of whoever was destroyed no earlier version can be read."), _VERSIONS),
    Invariant(
        27, "no_content_of_the_destroyed_is_kept",
        _("No paper of a case of somebody destroyed, and no payout file that named nobody else, is kept once the run is done."),
        f"""
        WITH gone AS (
            SELECT c.id, c.case_id FROM beneficiaries_person p JOIN beneficiaries_enrollment e ON e.person_id = p.id
            JOIN claims_claim c ON c.enrollment_id = e.id
            WHERE p.destroyed_at IS NOT NULL AND EXISTS (
                SELECT FROM retention_destructionline l JOIN retention_destructionrun r ON r.id = l.run_id AND r.state = 'done'
                WHERE l.subject_type = '{PERSON}' AND l.subject_id = coalesce(p.merged_into_id, p.id) AND l.done_at IS NOT NULL)
        )
        SELECT 'claims.paper', t.id FROM claims_paper t WHERE (t.purged_at IS NULL OR t.name <> '')
            AND t.case_id IN (SELECT case_id FROM gone)
        UNION ALL
        SELECT 'payouts.batch', b.id FROM payouts_batch b WHERE b.purged_at IS NULL AND b.folder <> '' AND EXISTS (
            SELECT FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id
            WHERE l.batch_id = b.id AND p.claim_id IN (SELECT id FROM gone))
        AND NOT EXISTS (
            SELECT FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id JOIN claims_claim c ON c.id = p.claim_id
            JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id JOIN beneficiaries_person s ON s.id = e.person_id
            WHERE l.batch_id = b.id AND s.destroyed_at IS NULL)
        """,  # noqa: S608
    ),
    Invariant(
        27, "nothing_kept_past_its_date",
        _("No file is kept past its purge date unless somebody who is kept, or a hold, needs it."),
        f"""
        SELECT f.id FROM intake_file f WHERE f.purged_at IS NULL AND f.purge_on < current_date - 1
            AND f.id NOT IN ({kept_files("current_date")})
        """,  # noqa: S608
    ),
    Invariant(
        27, "destroyed_by_a_released_run", _("Whoever was destroyed stands, done, on the list of a run that was released."),
        f"""
        SELECT p.id FROM beneficiaries_person p WHERE p.destroyed_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM retention_destructionline l JOIN retention_destructionrun r ON r.id = l.run_id
            WHERE l.subject_type = '{PERSON}' AND l.subject_id = coalesce(p.merged_into_id, p.id) AND l.done_at IS NOT NULL
                AND r.state IN ('released', 'done'))
        UNION ALL
        SELECT l.subject_id FROM retention_destructionline l LEFT JOIN beneficiaries_person p ON p.id = l.subject_id
        WHERE l.subject_type = '{PERSON}' AND l.done_at IS NOT NULL AND p.destroyed_at IS NULL
        """,  # noqa: S608
    ),
    Invariant(
        27, "nothing_destroyed_within_its_term", _("Nobody was destroyed within a term, and nobody was covered afterwards."),
        f"""
        SELECT e.id FROM retention_destructionline l JOIN retention_destructionrun r ON r.id = l.run_id
        JOIN beneficiaries_enrollment e ON e.person_id = l.subject_id
        WHERE l.subject_type = '{PERSON}' AND l.done_at IS NOT NULL AND (
            e.created_at > l.done_at OR (e.state IN ('in_force', 'ended') AND e.ends_at + CASE
                WHEN e.program_id = r.program_id THEN greatest((r.terms ->> 'cover')::interval, interval '5 years')
                ELSE interval '5 years' END > l.done_at))
        """,  # noqa: S608
    ),
    Invariant(
        27, "nothing_destroyed_under_a_hold", _("Nothing was destroyed while a legal hold kept it."),
        f"""
        SELECT l.id FROM retention_legalhold h
        JOIN retention_destructionline l ON l.done_at > h.placed_at AND l.done_at < coalesce(h.lifted_at, 'infinity')
            AND (h.ends_on IS NULL OR (l.done_at AT TIME ZONE 'Asia/Shanghai')::date <= h.ends_on)
        WHERE (l.subject_type = '{PERSON}' AND (h.person_id = l.subject_id OR EXISTS (
                SELECT FROM beneficiaries_enrollment e WHERE e.person_id = l.subject_id
                    AND (e.program_id = h.held_program_id OR e.roster_id = h.roster_id))
                OR EXISTS (SELECT FROM beneficiaries_beneficiary b JOIN accounts_organization o ON o.id = b.organization_id
                    JOIN accounts_organization held ON held.id = h.held_organization_id
                    WHERE b.person_id = l.subject_id AND starts_with(o.path, held.path))))
            OR (l.subject_type = 'beneficiaries.roster' AND h.roster_id = l.subject_id)
        """,  # noqa: S608
    ),
    Invariant(
        20, "every_destruction_has_its_events",
        _("Every destruction has the events of its release and its end, with what was shown."),
        """
        SELECT r.id FROM retention_destructionrun r WHERE r.state IN ('released', 'done') AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'retention.destructionrun' AND e.subject_id = r.id::text
            AND e.verb = 'destruction.released' AND e.data ->> 'checksum' = left(r.digest, 12))
        UNION ALL
        SELECT r.id FROM retention_destructionrun r WHERE r.state = 'done' AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'retention.destructionrun' AND e.subject_id = r.id::text
            AND e.verb = 'destruction.done' AND e.data ->> 'checksum' = left(r.certificate_digest, 12))
        """,
    ),
    Invariant(
        18, "every_line_of_a_destruction_has_an_outcome",
        _("Every line of a destruction that is done was destroyed, or says why not."),
        """
        SELECT r.id FROM retention_destructionrun r JOIN LATERAL (
            SELECT count(*) FILTER (WHERE done_at IS NOT NULL) AS done,
                count(*) FILTER (WHERE kept = '' AND done_at IS NULL) AS open
            FROM retention_destructionline l WHERE l.run_id = r.id
        ) AS counted ON true
        WHERE r.state IN ('released', 'done') AND (counted.done <> r.destroyed OR (r.state = 'done' AND counted.open > 0))
        """,
    ),
    Invariant(
        16, "terms_and_destructions_by_two", _("No term and no destruction was decided by whoever proposed it."),
        """
        SELECT id FROM retention_retentionterm WHERE decided_by_id = proposed_by_id
            OR (state = 'in_force' AND decided_by_id IS NULL)
        UNION ALL
        SELECT id FROM retention_destructionrun WHERE released_by_id = drawn_by_id
            OR (state IN ('released', 'done') AND released_by_id IS NULL)
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_retention", _("No reason of a term, hold or destruction holds a document or account number."),
        f"""
        SELECT id FROM retention_retentionterm WHERE reason ~ '{NUMBER}' OR answer ~ '{NUMBER}'
        UNION ALL SELECT id FROM retention_legalhold WHERE reason ~ '{NUMBER}' OR lift_reason ~ '{NUMBER}'
        UNION ALL SELECT id FROM retention_destructionrun WHERE reason ~ '{NUMBER}'
        """,  # noqa: S608
    ),
]
