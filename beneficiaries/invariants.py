"""What must hold of people, rosters and enrollments; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.ciphers import DESTROYED
from audit.invariants import Invariant
from beneficiaries.models.standing import (
    BOUGHT,
    COLUMNS,
    COUNTY_COLUMNS,
    COUNTY_KINDS,
    DAY,
    DAY_COLUMNS,
    DAY_KINDS,
    ENROLLED,
    FURTHER_KINDS,
    KINDS,
)

# The first price of a plan that holds for an enrollment's category and an age, else the plan's premium. The birth date is
# the line's own, as it was judged; of a purchase the person's, unless it was corrected since. Where ages count on the day of
# enrollment, that of a roster lies between its upload and its approval.
_PRICE_ON = """
SELECT coalesce((
    SELECT price.premium FROM programs_planprice price
    WHERE price.plan_id = p.id AND (price.category_id IS NULL OR price.category_id = e.category_id)
        AND (price.age_from IS NULL OR born.years >= price.age_from) AND (price.age_until IS NULL OR born.years <= price.age_until)
    ORDER BY price.position, price.id LIMIT 1
), p.premium) AS whole
FROM (
    SELECT extract(year FROM judged.day)::int - extract(year FROM birth.day)::int
        - (to_char(birth.day, 'MMDD') > to_char(judged.day, 'MMDD'))::int AS years
    FROM (SELECT coalesce(w.birth_on, person.birth_on) AS day) AS birth
) AS born
"""
INVARIANTS = [
    Invariant(
        1, "premium_is_its_division", _("Every enrollment's premium and own share are those of its division."),
        """
        SELECT e.id FROM beneficiaries_enrollment e JOIN programs_fundingsplit s ON s.id = e.split_id
        WHERE e.premium <> s.premium OR e.own_share <> s.own_share
        """,
    ),
    Invariant(
        1, "premium_is_the_price",
        _("Every premium is the plan's price at the person's age and category, or less for a late start."),
        f"""
        SELECT e.id FROM beneficiaries_enrollment e
        JOIN programs_plan p ON p.id = e.plan_id AND p.period_kind = 'annual'
            AND EXISTS (SELECT FROM programs_planprice any_price WHERE any_price.plan_id = p.id)
        JOIN programs_period t ON t.id = e.period_id
        JOIN beneficiaries_person person ON person.id = e.person_id AND person.destroyed_at IS NULL
        LEFT JOIN beneficiaries_rosterrow w ON w.id = e.row_id
        LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
        WHERE w.name IS DISTINCT FROM '\\x{DESTROYED.hex()}'::bytea AND (e.purchase_id IS NULL OR NOT EXISTS (
                SELECT FROM beneficiaries_personchange c WHERE c.person_id = e.person_id AND c.state = 'approved'
                    AND c.kind IN ('correction', 'merge', 'unmerge')))
            AND NOT EXISTS (
                SELECT FROM unnest(CASE WHEN p.age_on = 'period_start' THEN ARRAY[t.starts_on] ELSE ARRAY[
                    (coalesce(r.uploaded_at, e.decided_at) AT TIME ZONE 'Asia/Shanghai')::date,
                    (e.decided_at AT TIME ZONE 'Asia/Shanghai')::date] END) AS judged(day)
                CROSS JOIN LATERAL ({_PRICE_ON}) AS price
                WHERE e.premium = price.whole OR (p.proration <> 'none' AND e.premium < price.whole))
        """,  # noqa: S608 - text of our own
    ),
    Invariant(
        19, "said_categories_are_kept",
        _("Whoever was enrolled by a purchase in a category that does not hold for everybody has it on record with that office."),
        """
        SELECT e.id FROM beneficiaries_enrollment e JOIN programs_category c ON c.id = e.category_id AND NOT c.holds_for_everybody
        WHERE e.purchase_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM beneficiaries_beneficiarycategory held
            WHERE held.beneficiary_id = e.beneficiary_id AND held.category_id = e.category_id)
        """,
    ),
    Invariant(
        4, "one_live_annual_cover", _("Nobody has two live annual covers in one period of a program."),
        """
        SELECT min(e.id) FROM beneficiaries_enrollment e JOIN programs_plan p ON p.id = e.plan_id
        WHERE e.state IN ('awaiting', 'in_force') AND p.period_kind = 'annual'
        GROUP BY e.person_id, e.program_id, e.period_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        5, "spans_lie_apart", _("Nobody has two live covers of one plan at the same moment."),
        """
        SELECT id FROM (
            SELECT e.id, e.starts_at, max(e.ends_at) OVER (
                PARTITION BY e.person_id, e.plan_id ORDER BY e.starts_at, e.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered_until
            FROM beneficiaries_enrollment e JOIN programs_plan p ON p.id = e.plan_id
            WHERE e.state IN ('awaiting', 'in_force') AND p.period_kind = 'span'
        ) AS spans WHERE covered_until > starts_at
        """,
    ),
    Invariant(
        13, "eligible_when_decided", _("No live enrollment lacks an eligibility decision under its plan."),
        """
        SELECT id FROM beneficiaries_enrollment
        WHERE state IN ('awaiting', 'in_force') AND (verdict <> 'eligible' OR decided_at IS NULL)
        """,
    ),
    Invariant(
        14, "enrollments_equal_budget_use",
        _("What enrollments cost each funder equals what rosters and purchases used of their budgets."),
        """
        WITH cost AS (
            SELECT CASE WHEN e.purchase_id IS NULL THEN 'beneficiaries.roster' ELSE 'beneficiaries.purchase' END AS source,
                coalesce(e.purchase_id, e.roster_id) AS source_id, l.funder_id, sum(l.amount) AS amount
            FROM beneficiaries_enrollment e JOIN programs_fundingsplitline l ON l.split_id = e.split_id
            WHERE e.state NOT IN ('lapsed', 'voided') GROUP BY 1, 2, 3
        ), used AS (
            SELECT r.owner_type AS source, r.owner_id AS source_id, r.funder_id, sum(l.used) AS amount
            FROM programs_budgetreservation r JOIN programs_budgetreservationline l ON l.reservation_id = r.id
            WHERE r.owner_type IN ('beneficiaries.roster', 'beneficiaries.purchase') GROUP BY 1, 2, 3
        )
        SELECT coalesce(c.source, u.source), coalesce(c.source_id, u.source_id), coalesce(c.funder_id, u.funder_id)
        FROM cost c FULL JOIN used u ON u.source = c.source AND u.source_id = c.source_id AND u.funder_id = c.funder_id
        WHERE coalesce(c.amount, 0) <> coalesce(u.amount, 0)
        """,
    ),
    Invariant(
        14, "premium_due_equals_enrollments", _("What the books say is due of premium equals what enrollments cost."),
        """
        WITH cost AS (
            SELECT program_id, sum(premium) AS premium, sum(own_share) AS own_share
            FROM beneficiaries_enrollment WHERE state NOT IN ('lapsed', 'voided') GROUP BY 1
        ), due AS (
            SELECT a.program_id, -sum(e.amount) FILTER (WHERE a.kind = 'insurer_payable') AS premium,
                sum(e.amount) FILTER (WHERE a.kind = 'person_receivable') AS own_share
            FROM programs_ledgerentry e JOIN programs_ledgeraccount a ON a.id = e.account_id
            JOIN programs_ledgertransaction t ON t.id = e.transaction_id
            WHERE t.kind IN ('use', 'lapse', 'undo') AND t.source_type IN ('beneficiaries.roster', 'beneficiaries.purchase')
            GROUP BY 1
        )
        SELECT coalesce(c.program_id, d.program_id) FROM cost c FULL JOIN due d ON d.program_id = c.program_id
        WHERE coalesce(c.premium, 0) <> coalesce(d.premium, 0) OR coalesce(c.own_share, 0) <> coalesce(d.own_share, 0)
        """,
    ),
    Invariant(
        14, "receipts_equal_paid_shares", _("What the books say was received of own shares equals those recorded as paid."),
        """
        SELECT program_id FROM (
            SELECT program_id, sum(own_share) AS amount FROM beneficiaries_enrollment
            WHERE own_paid_at IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT a.program_id, sum(e.amount) FROM programs_ledgerentry e
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'person_receivable'
            JOIN programs_ledgertransaction t ON t.id = e.transaction_id AND t.kind IN ('receipt', 'assign', 'unpaid') GROUP BY 1
        ) AS both_sides GROUP BY 1 HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        3, "standing_counts_enrollments", _("What boards count of enrollments is how many there are."),
        f"""
        SELECT min(program_id), min(period_id), min(roster_id) FROM (
            SELECT {COLUMNS}, people, own_share FROM beneficiaries_standing
            UNION ALL
            SELECT {KINDS}, -1, -own_share FROM beneficiaries_enrollment WHERE period_kind = 'annual'
        ) AS both_sides GROUP BY {COLUMNS} HAVING sum(people) <> 0 OR sum(own_share) <> 0
        """,  # noqa: S608 - names of our own
    ),
    Invariant(
        19, "renewals_lead_to_the_cover_before",
        _("Who was enrolled without a file has the cover that they come from: the same person's, of the same office, in the period "
          "that the roster names; of its program where covers are renewed, of another where known people are enrolled."),
        """
        SELECT e.id FROM beneficiaries_enrollment e
        JOIN beneficiaries_roster roster ON roster.id = e.roster_id AND roster.renewed_period_id IS NOT NULL
        LEFT JOIN beneficiaries_rosterrow r ON r.id = e.row_id
        LEFT JOIN beneficiaries_enrollment before ON before.id = r.before_id
        WHERE before.id IS NULL OR before.person_id <> e.person_id
            OR (before.program_id = e.program_id) <> (roster.purpose = 'renew')
            OR before.period_id <> roster.renewed_period_id OR before.organization_id <> e.organization_id
            OR before.state IN ('lapsed', 'awaiting')
        """,
    ),
    Invariant(
        3, "standing_spans_enrollments", _("What lists are looked for between is where their enrollments are."),
        f"""
        SELECT min(program_id), min(period_id), min(roster_id) FROM (
            SELECT {COLUMNS}, first_id, last_id, NULL AS id FROM beneficiaries_standing
            UNION ALL
            SELECT {KINDS}, NULL, NULL, id FROM beneficiaries_enrollment WHERE period_kind = 'annual'
        ) AS both_sides GROUP BY {COLUMNS} HAVING min(id) < min(first_id) OR max(id) > max(last_id)
        """,  # noqa: S608 - names of our own
    ),
    Invariant(
        3, "county_standing_counts_enrollments", _("What the workbench counts of enrollments is how many there are."),
        f"""
        SELECT min(program_id), min(period_id), min(county) FROM (
            SELECT {COUNTY_COLUMNS}, people FROM beneficiaries_countystanding
            UNION ALL
            SELECT {COUNTY_KINDS}, -1 FROM (
                SELECT {KINDS}, {FURTHER_KINDS} FROM beneficiaries_enrollment WHERE period_kind = 'annual'
            ) AS enrollments
        ) AS both_sides GROUP BY {COUNTY_COLUMNS} HAVING sum(people) <> 0
        """,  # noqa: S608 - names of our own
    ),
    Invariant(
        3, "day_standing_counts_enrollments", _("What take-up is read from is how many stand enrolled."),
        f"""
        SELECT min(program_id), min(period_id), min(county) FROM (
            SELECT {DAY_COLUMNS}, people FROM beneficiaries_daystanding
            UNION ALL
            SELECT {DAY_KINDS}, -1 FROM (
                SELECT program_id, period_id, organization_id, region_code, roster_id, age_band, {DAY} AS day, {BOUGHT} AS bought
                FROM beneficiaries_enrollment WHERE period_kind = 'annual' AND {ENROLLED}
            ) AS enrollments
        ) AS both_sides GROUP BY {DAY_COLUMNS} HAVING sum(people) <> 0
        """,  # noqa: S608 - names of our own
    ),
    Invariant(
        15, "roster_approved_by_another", _("No roster was approved by its own maker, or with another content."),
        """
        SELECT id FROM beneficiaries_roster
        WHERE state IN ('approved', 'applying', 'applied', 'undo_asked', 'undoing', 'undone') AND (
            decided_by_id IS NULL OR decided_by_id = uploaded_by_id OR decided_by_id = submitted_by_id
            OR approved_digest = '' OR approved_digest <> digest)
        """,
    ),
    Invariant(
        15, "undo_approved_by_another", _("No roster was undone by its requester alone, or without a reason."),
        """
        SELECT id FROM beneficiaries_roster
        WHERE state IN ('undoing', 'undone') AND (
            undo_asked_by_id IS NULL OR undo_decided_by_id IS NULL OR undo_decided_by_id = undo_asked_by_id
            OR undo_reason = '')
        """,
    ),
    Invariant(
        17, "children_belong_to_their_parents",
        _("Enrollments belong to the organization, program, plan and period of their parents."),
        """
        SELECT e.id FROM beneficiaries_enrollment e
        JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id JOIN programs_plan p ON p.id = e.plan_id
        LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id LEFT JOIN beneficiaries_purchase s ON s.id = e.purchase_id
        WHERE b.person_id <> e.person_id OR b.organization_id <> e.organization_id OR b.program_id <> e.program_id
            OR r.organization_id <> e.organization_id OR r.program_id <> e.program_id OR r.period_id <> e.period_id
            OR r.plan_id <> e.plan_id OR s.organization_id <> e.organization_id OR s.program_id <> e.program_id
            OR s.period_id <> e.period_id OR s.plan_id <> e.plan_id OR (r.id IS NULL) = (s.id IS NULL)
            OR p.period_kind <> e.period_kind
        """,
    ),
    Invariant(
        18, "every_row_has_one_outcome", _("Every row of an applied roster was enrolled, set aside, covered, doubtful or refused."),
        """
        SELECT w.id FROM beneficiaries_rosterrow w JOIN beneficiaries_roster r ON r.id = w.roster_id
        LEFT JOIN beneficiaries_enrollment e ON e.row_id = w.id
        WHERE r.state IN ('applied', 'undo_asked', 'undoing', 'undone')
            AND (e.id IS NOT NULL) <> (
                r.purpose IN ('enroll', 'renew') AND w.verdict IN (1, 2, 3) AND w.set_aside = ''
                AND NOT (w.verdict = 2 AND w.split_id IS NULL))
        """,
    ),
    Invariant(
        18, "chunks_count_their_rows", _("The parts of a roster count their rows rightly."),
        """
        WITH kept AS (
            SELECT roster_id, chunk, count(*) AS rows,
                count(*) FILTER (WHERE verdict IN (1, 2, 3) AND split_id IS NOT NULL) AS enrolled
            FROM beneficiaries_rosterrow GROUP BY 1, 2
        ), told AS (
            SELECT c.id, c.roster_id, c.number, c.rows, coalesce(sum((place ->> 3)::bigint), 0) AS enrolled
            FROM beneficiaries_rosterchunk c
            LEFT JOIN LATERAL jsonb_array_elements(c.counts -> 'tally' -> 'places') AS place ON true
            GROUP BY 1, 2, 3, 4
        )
        SELECT told.id, kept.roster_id, kept.chunk
        FROM told FULL JOIN kept ON kept.roster_id = told.roster_id AND kept.chunk = told.number
        WHERE told.rows IS DISTINCT FROM kept.rows OR told.enrolled IS DISTINCT FROM kept.enrolled
        """,
    ),
    Invariant(
        18, "added_rows_added", _("Every row that only adds to a cover left its categories with its own office."),
        """
        SELECT w.id FROM beneficiaries_rosterrow w JOIN beneficiaries_roster r ON r.id = w.roster_id
        JOIN beneficiaries_rosterchunk c ON c.roster_id = r.id AND c.number = w.chunk AND c.applied_at IS NOT NULL
        CROSS JOIN LATERAL unnest(w.category_ids) AS named(category_id)
        LEFT JOIN beneficiaries_person p ON p.id = w.known_person_id
        WHERE r.purpose IN ('enroll', 'renew') AND w.verdict = 2 AND w.set_aside = '' AND w.split_id IS NULL
            AND NOT EXISTS (
            SELECT FROM beneficiaries_beneficiary b
            JOIN beneficiaries_beneficiarycategory h ON h.beneficiary_id = b.id AND h.category_id = named.category_id
            WHERE b.person_id = coalesce(p.merged_into_id, w.known_person_id) AND b.program_id = r.program_id
                AND b.organization_id = r.organization_id)
        """,
    ),
    Invariant(
        18, "ended_rows_ended", _("Every applied row that ends a cover ended or voided one, or told of a death."),
        """
        SELECT w.id FROM beneficiaries_rosterrow w
        JOIN beneficiaries_roster r ON r.id = w.roster_id AND r.purpose = 'end'
        JOIN beneficiaries_rosterchunk c ON c.roster_id = r.id AND c.number = w.chunk AND c.applied_at IS NOT NULL
        JOIN beneficiaries_person p ON p.id = w.known_person_id
        WHERE w.verdict = 2 AND w.set_aside = ''
            AND NOT EXISTS (SELECT FROM beneficiaries_ending e WHERE e.row_id = w.id)
            AND (w.end_reason <> 'deceased' OR p.deceased_on IS NULL)
        """,
    ),
    Invariant(
        19, "endings_are_of_their_rows",
        _("A cover was ended by an applied row or an approved change of its own person, or by a full list without them."),
        """
        SELECT n.id FROM beneficiaries_ending n JOIN beneficiaries_enrollment e ON e.id = n.enrollment_id
        LEFT JOIN beneficiaries_rosterrow w ON w.id = n.row_id LEFT JOIN beneficiaries_roster r ON r.id = w.roster_id
        LEFT JOIN beneficiaries_personchange c ON c.id = n.change_id
        LEFT JOIN beneficiaries_person p ON p.id = coalesce(c.person_id, w.known_person_id)
        WHERE CASE WHEN n.change_id IS NOT NULL
            THEN c.state <> 'approved' OR coalesce(p.merged_into_id, p.id) <> e.person_id
                OR c.organization_id <> e.organization_id OR c.program_id <> e.program_id OR CASE c.kind
                    WHEN 'ending' THEN n.ended_on <> c.ended_on OR n.reason <> c.end_reason
                    WHEN 'refund' THEN n.reason <> 'refunded' OR c.cover_id <> e.id OR e.ends_at <> e.starts_at
                    ELSE true END
            WHEN n.row_id IS NOT NULL
            THEN r.id IS NULL OR r.purpose <> 'end' OR w.set_aside <> '' OR w.verdict <> 2
                OR coalesce(p.merged_into_id, w.known_person_id) <> e.person_id OR r.organization_id <> e.organization_id
                OR r.program_id <> e.program_id OR n.ended_on <> w.ended_on OR n.reason <> w.end_reason
            ELSE n.reason <> 'off_list' OR NOT EXISTS (
                SELECT FROM beneficiaries_fulllist f JOIN beneficiaries_missingenrollment m ON m.full_list_id = f.id
                WHERE f.roster_id = n.roster_id AND f.ends_missing AND m.enrollment_id = n.enrollment_id)
            END
        """,
    ),
    Invariant(
        15, "change_approved_by_another", _("No change of a person was decided by whoever proposed it, or by nobody."),
        """
        SELECT id FROM beneficiaries_personchange
        WHERE decided_by_id = proposed_by_id OR (state IN ('approved', 'declined')) <> (decided_by_id IS NOT NULL)
        """,
    ),
    Invariant(
        20, "every_change_has_its_events", _("Every change of a person has the event of its proposal and that of its decision."),
        """
        SELECT c.id FROM beneficiaries_personchange c LEFT JOIN audit_event e
            ON e.subject_type = 'beneficiaries.personchange' AND e.subject_id = c.id::text
        GROUP BY c.id, c.state
        HAVING count(*) FILTER (WHERE e.verb = 'change.proposed') <> 1
            OR count(*) FILTER (WHERE e.verb LIKE 'person.%') <> (c.state = 'approved')::int
            OR count(*) FILTER (WHERE e.verb = 'change.turned_down') <> (c.state = 'declined')::int
            OR count(*) FILTER (WHERE e.verb = 'change.withdrawn') <> (c.state = 'withdrawn')::int
        """,
    ),
    Invariant(
        19, "approved_endings_end", _("Every approved ending of one person ended or voided a cover, or told of a death."),
        """
        SELECT c.id FROM beneficiaries_personchange c JOIN beneficiaries_person p ON p.id = c.person_id
        WHERE c.kind = 'ending' AND c.state = 'approved'
            AND NOT EXISTS (SELECT FROM beneficiaries_ending n WHERE n.change_id = c.id)
            AND (c.end_reason <> 'deceased' OR p.deceased_on IS NULL)
        """,
    ),
    Invariant(
        13, "no_cover_begins_after_a_known_death",
        _("No cover came into force after a death that was known, whoever recorded it."),
        """
        WITH told AS (
            SELECT c.person_id, c.decided_at AS at FROM beneficiaries_personchange c
            WHERE c.kind = 'ending' AND c.state = 'approved' AND c.end_reason = 'deceased'
            UNION ALL
            SELECT w.known_person_id, k.applied_at FROM beneficiaries_rosterrow w
            JOIN beneficiaries_roster r ON r.id = w.roster_id AND r.purpose = 'end'
            JOIN beneficiaries_rosterchunk k ON k.roster_id = w.roster_id AND k.number = w.chunk AND k.applied_at IS NOT NULL
            WHERE w.end_reason = 'deceased' AND w.verdict = 2 AND w.set_aside = ''
        )
        SELECT e.id FROM told JOIN beneficiaries_person p ON p.id = told.person_id AND p.deceased_on IS NOT NULL
        JOIN beneficiaries_enrollment e ON e.person_id = p.id AND e.state IN ('in_force', 'ended')
        WHERE greatest(e.decided_at, e.notice_passed_at, e.own_paid_at, e.accepted_at) > told.at
            AND NOT EXISTS (SELECT FROM beneficiaries_ending n WHERE n.enrollment_id = e.id AND n.reason = 'deceased')
            AND NOT EXISTS (SELECT FROM beneficiaries_mergedrow m WHERE m.kind = 'cover' AND m.row_id = e.id)
        """,
    ),
    Invariant(
        19, "one_enrollment_per_row", _("A row has at most one enrollment, and it is of the row's roster."),
        """
        SELECT e.row_id FROM beneficiaries_enrollment e LEFT JOIN beneficiaries_rosterrow w ON w.id = e.row_id
        WHERE e.purchase_id IS NULL
        GROUP BY e.row_id, w.roster_id
        HAVING count(*) > 1 OR w.roster_id IS NULL OR min(e.roster_id) <> w.roster_id
        """,
    ),
    Invariant(
        19, "purchases_count_their_enrollments", _("A purchase has as many enrollments, and of such a premium, as it says."),
        """
        SELECT s.id FROM beneficiaries_purchase s LEFT JOIN beneficiaries_enrollment e ON e.purchase_id = s.id
        GROUP BY s.id HAVING count(e.id) <> s.people OR count(DISTINCT e.line) <> s.people
            OR coalesce(sum(e.premium), 0) <> s.premium OR coalesce(sum(e.own_share), 0) <> s.own_share
        """,
    ),
    Invariant(
        20, "every_purchase_has_its_event", _("Every purchase has its event, which counts its enrollments."),
        """
        SELECT s.id FROM beneficiaries_purchase s LEFT JOIN audit_event e ON e.verb = 'purchase.made'
            AND e.subject_type = 'beneficiaries.purchase' AND e.subject_id = s.id::text
            AND (e.data ->> 'people')::bigint = s.people
        GROUP BY s.id HAVING count(e.id) <> 1
        """,
    ),
    Invariant(
        20, "every_lapse_has_its_event", _("The events of a roster tell of as many lapsed enrollments as it has."),
        """
        SELECT roster_id FROM (
            SELECT roster_id, count(*) AS people FROM beneficiaries_enrollment WHERE state = 'lapsed' GROUP BY 1
            UNION ALL
            SELECT subject_id::bigint, -sum((data ->> 'people')::bigint) FROM audit_event
            WHERE verb = 'roster.lapsed' AND subject_type = 'beneficiaries.roster' GROUP BY 1
        ) AS both_sides GROUP BY roster_id HAVING sum(people) <> 0
        """,
    ),
    Invariant(
        18, "undone_rows_hold_nothing",
        _("Every row of an undone part is undone or has its reason; its cover is voided, or kept for that reason."),
        """
        WITH told AS (
            SELECT c.roster_id, c.number, c.undone_rows, coalesce(sum(k.value::bigint), 0) AS kept
            FROM beneficiaries_rosterchunk c LEFT JOIN LATERAL jsonb_each_text(c.kept_counts) AS k ON true
            WHERE c.undone_at IS NOT NULL GROUP BY 1, 2, 3
        ), held AS (
            SELECT w.roster_id, w.chunk, count(*) FILTER (WHERE w.kept = '') AS undone,
                count(*) FILTER (WHERE w.kept <> '') AS kept,
                bool_or(CASE WHEN e.id IS NULL THEN w.kept <> 'ADDED'
                    WHEN given_up.id IS NOT NULL THEN e.state <> 'voided'
                    WHEN w.kept = 'ALREADY_ENDED' THEN e.state IN ('awaiting', 'in_force')
                    ELSE (e.state = 'voided') <> (w.kept IN ('', 'CHANGED_SINCE')) END) AS wrong
            FROM told JOIN beneficiaries_rosterrow w ON w.roster_id = told.roster_id AND w.chunk = told.number
            LEFT JOIN beneficiaries_enrollment e ON e.row_id = w.id
            LEFT JOIN beneficiaries_mergedrow given_up ON given_up.row_id = e.id AND given_up.kind = 'given_up'
            WHERE e.id IS NOT NULL OR w.kept <> '' OR (w.verdict = 2 AND w.set_aside = '' AND w.split_id IS NULL)
            GROUP BY 1, 2
        )
        SELECT told.roster_id, told.number FROM told
        LEFT JOIN held ON held.roster_id = told.roster_id AND held.chunk = told.number
        WHERE told.undone_rows <> coalesce(held.undone, 0) OR told.kept <> coalesce(held.kept, 0) OR held.wrong
        UNION ALL
        SELECT c.roster_id, c.number FROM beneficiaries_rosterchunk c JOIN beneficiaries_roster r ON r.id = c.roster_id
        WHERE r.state = 'undone' AND c.undone_at IS NULL
        """,
    ),
    Invariant(
        20, "every_void_has_its_event", _("The events of a roster or purchase tell of as many voided covers as it has."),
        """
        SELECT source, source_id FROM (
            SELECT CASE WHEN purchase_id IS NULL THEN 'beneficiaries.roster' ELSE 'beneficiaries.purchase' END AS source,
                coalesce(purchase_id, roster_id) AS source_id, count(*) AS people
            FROM beneficiaries_enrollment WHERE state = 'voided' GROUP BY 1, 2
            UNION ALL
            SELECT subject_type, subject_id::bigint, -sum((data ->> 'covers')::bigint) FROM audit_event
            WHERE verb IN ('roster.chunk_undone', 'roster.covers_voided', 'purchase.covers_voided',
                'roster.cover_given_up', 'purchase.cover_given_up') GROUP BY 1, 2
        ) AS both_sides GROUP BY 1, 2 HAVING sum(people) <> 0
        """,
    ),
    Invariant(
        20, "every_roster_step_has_its_event", _("Every approved roster and every applied part has its event."),
        """
        SELECT r.id FROM beneficiaries_roster r
        WHERE (r.state IN ('approved', 'applying', 'applied', 'undo_asked', 'undoing', 'undone') AND NOT EXISTS (
                SELECT 1 FROM audit_event e WHERE e.subject_type = 'beneficiaries.roster'
                AND e.subject_id = r.id::text AND e.verb = 'roster.approved'))
            OR (SELECT count(*) FROM beneficiaries_rosterchunk c WHERE c.roster_id = r.id AND c.applied_at IS NOT NULL)
            <> (SELECT count(*) FROM audit_event e WHERE e.subject_type = 'beneficiaries.roster'
                AND e.subject_id = r.id::text AND e.verb = 'roster.chunk_applied')
            OR (r.state IN ('undoing', 'undone') AND NOT EXISTS (
                SELECT 1 FROM audit_event e WHERE e.subject_type = 'beneficiaries.roster'
                AND e.subject_id = r.id::text AND e.verb = 'roster.undo_approved'))
        """,
    ),
    Invariant(
        22, "one_person_per_identity", _("No two people have one identity."),
        """
        WITH named AS (
            SELECT id, identity_index_a, identity_index_b FROM beneficiaries_person
            UNION ALL
            SELECT person_id, identity_index_a, identity_index_b FROM beneficiaries_persondocument
            WHERE standing <> 'mistaken'
        )
        SELECT min(id) FROM named WHERE identity_index_a IS NOT NULL GROUP BY identity_index_a HAVING count(*) > 1
        UNION ALL
        SELECT min(id) FROM named WHERE identity_index_b IS NOT NULL GROUP BY identity_index_b HAVING count(*) > 1
        """,
    ),
    Invariant(
        22, "merged_people_hold_nothing",
        _("Whoever was merged holds no cover and no document, and goes on in one person who stands."),
        """
        SELECT m.id FROM beneficiaries_person m LEFT JOIN beneficiaries_person p ON p.id = m.merged_into_id
        WHERE m.merged_into_id IS NOT NULL AND (
            p.id IS NULL OR p.merged_into_id IS NOT NULL
            OR EXISTS (SELECT FROM beneficiaries_enrollment e WHERE e.person_id = m.id)
            OR EXISTS (SELECT FROM beneficiaries_persondocument d WHERE d.person_id = m.id)
            OR EXISTS (
                SELECT FROM beneficiaries_beneficiary b WHERE b.person_id = m.id AND NOT EXISTS (
                    SELECT FROM beneficiaries_beneficiary kept WHERE kept.person_id = p.id
                        AND kept.program_id = b.program_id AND kept.organization_id = b.organization_id)))
        """,
    ),
    Invariant(
        22, "every_merge_stands_or_is_undone",
        _("Whoever is merged was merged by one approved change that is not undone, and nobody else is."),
        """
        WITH standing AS (
            SELECT c.id, c.person_id, c.other_id FROM beneficiaries_personchange c
            WHERE c.kind = 'merge' AND c.state = 'approved' AND NOT EXISTS (
                SELECT FROM beneficiaries_personchange u
                WHERE u.undoes_id = c.id AND u.kind = 'unmerge' AND u.state = 'approved')
        )
        SELECT coalesce(m.id, s.other_id) FROM (
            SELECT id, merged_into_id FROM beneficiaries_person WHERE merged_into_id IS NOT NULL
        ) AS m FULL JOIN standing s ON s.other_id = m.id
        GROUP BY m.id, s.other_id HAVING count(m.id) <> 1 OR count(s.id) <> 1 OR min(m.merged_into_id) <> min(s.person_id)
        """,
    ),
    Invariant(
        22, "merged_rows_moved_whole", _("What a standing merge moved is with the person who stayed; what was given up is void."),
        """
        SELECT r.id FROM beneficiaries_mergedrow r JOIN beneficiaries_personchange c ON c.id = r.change_id
        JOIN beneficiaries_person m ON m.id = c.other_id
        LEFT JOIN beneficiaries_enrollment e ON r.kind IN ('cover', 'given_up') AND e.id = r.row_id
        LEFT JOIN beneficiaries_beneficiary b ON r.kind = 'known' AND b.id = r.row_id
        WHERE (r.kind = 'given_up' AND e.state IS DISTINCT FROM 'voided')
            OR (m.merged_into_id = c.person_id AND r.kind = 'cover' AND e.person_id IS DISTINCT FROM c.person_id)
            OR (m.merged_into_id = c.person_id AND r.kind = 'known' AND b.person_id IS DISTINCT FROM c.person_id)
        """,
    ),
    Invariant(
        16, "speakers_were_approved",
        _("Every guardian or agent was recorded, and ended, by a change that another person approved, or by a line of a roster."),
        """
        SELECT r.id FROM beneficiaries_representative r
        LEFT JOIN beneficiaries_personchange c ON c.id = r.change_id
        LEFT JOIN beneficiaries_personchange ended ON ended.id = r.ended_by_id
        WHERE (c.id IS NULL AND r.row_id IS NULL)
            OR c.kind <> 'speaker' OR c.state <> 'approved' OR c.beneficiary_id <> r.beneficiary_id OR c.role <> r.role
            OR (ended.id IS NOT NULL
                AND (ended.kind <> 'silenced' OR ended.state <> 'approved' OR ended.representative_id <> r.id))
        UNION ALL
        SELECT c.id FROM beneficiaries_personchange c WHERE c.kind = 'speaker' AND c.state = 'approved'
            AND NOT EXISTS (SELECT FROM beneficiaries_representative r WHERE r.change_id = c.id)
        """,
    ),
    Invariant(
        16, "health_classes_were_approved",
        _("Every health class that was declared at the counter was approved by another person, as it was proposed."),
        """
        SELECT h.id FROM beneficiaries_healthstatement h JOIN beneficiaries_personchange c ON c.id = h.change_id
        WHERE c.kind <> 'health' OR c.state <> 'approved' OR c.beneficiary_id <> h.beneficiary_id
            OR c.valid_from <> h.from_on OR c.health_class <> h.health_class
        UNION ALL
        SELECT c.id FROM beneficiaries_personchange c WHERE c.kind = 'health' AND c.state = 'approved'
            AND NOT EXISTS (SELECT FROM beneficiaries_healthstatement h WHERE h.change_id = c.id)
        """,
    ),
    Invariant(
        16, "health_comes_from_applied_lines",
        _("Every health class of a roster's line is what an applied line declared of its own person, stated once."),
        """
        SELECT h.id FROM beneficiaries_healthstatement h JOIN beneficiaries_beneficiary b ON b.id = h.beneficiary_id
        LEFT JOIN beneficiaries_rosterrow line ON line.id = h.row_id
        LEFT JOIN beneficiaries_enrollment e ON e.row_id = h.row_id
        WHERE h.row_id IS NOT NULL AND (e.id IS NULL OR e.organization_id <> b.organization_id OR e.program_id <> b.program_id
            OR line.health_class IS DISTINCT FROM h.health_class)
        UNION ALL
        SELECT line.id FROM beneficiaries_rosterrow line
        JOIN beneficiaries_rosterchunk k ON k.roster_id = line.roster_id AND k.number = line.chunk AND k.applied_at IS NOT NULL
        JOIN beneficiaries_enrollment e ON e.row_id = line.id
        LEFT JOIN beneficiaries_healthstatement h ON h.row_id = line.id
        WHERE line.health_class IS NOT NULL AND (h.id IS NULL OR (h.taken_back_at IS NOT NULL AND k.undone_at IS NULL))
        """,
    ),
    Invariant(
        16, "guardians_come_from_applied_lines",
        _("Every guardian of a roster's line was named by an applied line of that office, which put exactly one on record."),
        """
        SELECT r.id FROM beneficiaries_representative r
        JOIN beneficiaries_beneficiary b ON b.id = r.beneficiary_id
        CROSS JOIN LATERAL unnest(ARRAY[r.row_id, r.ended_row_id]) AS told(row_id)
        WHERE told.row_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM beneficiaries_rosterrow line JOIN beneficiaries_roster o ON o.id = line.roster_id
            JOIN beneficiaries_rosterchunk k ON k.roster_id = line.roster_id AND k.number = line.chunk
            WHERE line.id = told.row_id AND line.speaker_name IS NOT NULL AND line.set_aside = '' AND k.applied_at IS NOT NULL
                AND o.program_id = b.program_id AND o.organization_id = b.organization_id AND r.role = 'guardian')
        UNION ALL
        SELECT line.id FROM beneficiaries_rosterrow line
        JOIN beneficiaries_rosterchunk k ON k.roster_id = line.roster_id AND k.number = line.chunk
        JOIN beneficiaries_enrollment e ON e.row_id = line.id
        WHERE line.speaker_name IS NOT NULL AND line.same_guardian_id IS NULL AND line.set_aside = ''
            AND k.applied_at IS NOT NULL AND k.undone_at IS NULL
            AND NOT EXISTS (SELECT FROM beneficiaries_representative r WHERE r.row_id = line.id)
        """,
    ),
]
