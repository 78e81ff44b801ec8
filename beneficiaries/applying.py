"""Approved rows made real, set-wise: people, beneficiaries, categories, enrollments, money. One call, one chunk."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from audit import blind_index
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries import entrusting, health_lines, marking, money, participants, same_person
from beneficiaries.age_bands import BAND_SQL, births_of
from beneficiaries.covered_before import RENEWABLE, for_everybody
from beneficiaries.models import Roster
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.models.person import IDENTITY, NAME
from beneficiaries.models.roster import Purpose
from beneficiaries.money import COUNTY_DIGITS
from beneficiaries.other_periods import beside
from beneficiaries.turns import cover_beside_others, work_beside_others
from intake.copying import sequence_of
from intake.findings import Verdict
from intake.template import Applied
from programs import actions as programs
from programs.actions import Demand
from programs.rules.minority import last_adult_birth

_APPLICABLE = [int(Verdict.NEW), int(Verdict.CHANGED), int(Verdict.UNCHANGED)]

# Contact that the chunk may overwrite, locked before it is compared: what another roster writes meanwhile shows as drift.
_LOCK = """
SELECT FROM beneficiaries_beneficiary beneficiary
JOIN beneficiaries_rosterrow r ON r.known_person_id = beneficiary.person_id
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.verdict = %(changed)s AND r.set_aside = ''
    AND beneficiary.program_id = %(program)s AND beneficiary.organization_id = %(organization)s
ORDER BY beneficiary.id FOR NO KEY UPDATE OF beneficiary
"""
# Covered by another list since the review, while this line names a category that its own office does not know of: shown
# again, so that the category is not lost.
_BRINGS = """beneficiary.id IS NOT NULL AND EXISTS (
                   SELECT FROM unnest(r.category_ids) AS named(category_id) WHERE NOT EXISTS (
                       SELECT FROM beneficiaries_beneficiarycategory held WHERE held.beneficiary_id = beneficiary.id
                       AND held.category_id = named.category_id AND (held.valid_to IS NULL OR held.valid_to > %(day)s)))"""
# Rows sorted by identity: chunks side by side then insert in one order, and the unique index is filled page by page.
# Everything that the inserts below need is in the work table: the staged rows are read once.
_WORK = """
CREATE TEMPORARY TABLE roster_work ON COMMIT DROP AS
SELECT r.id AS row_id, (known.id IS NULL) AS is_new_person, (beneficiary.id IS NULL) AS is_new_beneficiary,
       coalesce(known.id, nextval('{people}')) AS person_id,
       coalesce(beneficiary.id, nextval('{beneficiaries}')) AS beneficiary_id,
       (r.contact_digest IS DISTINCT FROM beneficiary.contact_digest) AS is_changed,
       (r.split_id IS NULL) AS adds,
       CASE
           WHEN beneficiary.restricted_at IS NOT NULL THEN 'NOT_PROCESSED'
           WHEN r.split_id IS NULL AND enrollment.id IS NULL THEN 'CHANGED_SINCE_REVIEW'
           WHEN r.split_id IS NOT NULL AND enrollment.id IS NOT NULL THEN CASE
               WHEN {brings} THEN 'CHANGED_SINCE_REVIEW' ELSE 'ALREADY_COVERED'
           END
           WHEN known.deceased_on IS NOT NULL THEN 'STATUS_DECEASED'
           WHEN %(has_beside)s AND r.split_id IS NOT NULL AND EXISTS (
               SELECT FROM beneficiaries_enrollment held WHERE held.person_id = known.id AND held.state = ANY(%(live)s)
                   AND held.period_id = ANY(%(beside)s::bigint[]) AND held.ends_at > %(starts_at)s
           ) THEN 'CHANGED_SINCE_REVIEW'
           WHEN %(renews)s AND NOT ({renewable}) THEN 'CHANGED_SINCE_REVIEW'
           WHEN %(lapsed)s AND r.split_id IS NOT NULL THEN 'LAPSED'
           WHEN r.split_id IS NOT NULL AND EXISTS (
               SELECT FROM unnest(%(left_out_counties)s::text[], %(left_out_categories)s::bigint[]) AS o(county, category)
               WHERE o.county = left(r.region_code, {digits}) AND o.category = r.category_id
           ) THEN 'NO_BUDGET'
           WHEN {same} AND EXISTS (
               SELECT FROM beneficiaries_person other
               WHERE other.identity_index_{identity} = r.identity_index_{identity} AND other.id <> r.known_person_id
               UNION ALL
               SELECT FROM beneficiaries_persondocument other
               WHERE other.identity_index_{identity} = r.identity_index_{identity} AND other.standing <> 'mistaken'
                   AND other.person_id <> r.known_person_id
           ) THEN 'CHANGED_SINCE_REVIEW'
           WHEN known.name_index_{name} IS DISTINCT FROM r.name_index_{name} AND known.id IS NOT NULL AND NOT {same}
               THEN 'CHANGED_SINCE_REVIEW'
           WHEN r.known_person_id IS NOT NULL AND r.known_person_id IS DISTINCT FROM known.id
               THEN 'CHANGED_SINCE_REVIEW'
           WHEN r.known_contact_digest IS DISTINCT FROM beneficiary.contact_digest THEN 'CHANGED_SINCE_REVIEW'
           ELSE ''
       END AS drift,
       r.name, r.document, r.document_type, r.birth_on, r.sex, r.identity_index_a, r.identity_index_b, r.name_index_a,
       r.name_index_b, r.region_code, r.phone, r.address, r.bank_name, r.bank_account, r.guardian_name,
       r.guardian_document, r.contact_digest, r.category_ids, r.category_id, r.split_id, r.premium, r.own_share,
       CASE WHEN NOT {same} THEN r.name_mark_a END AS name_mark_a,
       CASE WHEN NOT {same} THEN r.name_mark_b END AS name_mark_b, r.phone_mark_a, r.phone_mark_b
FROM beneficiaries_rosterrow r
LEFT JOIN LATERAL (
    SELECT id, name_index_{name}, deceased_on FROM beneficiaries_person
    WHERE identity_index_{identity} = r.identity_index_{identity} AND NOT {same}
    UNION ALL
    SELECT id, name_index_{name}, deceased_on FROM beneficiaries_person
    WHERE id = r.known_person_id AND r.known_person_id IS NOT NULL AND NOT {same} AND EXISTS (
        SELECT FROM beneficiaries_persondocument document WHERE document.person_id = r.known_person_id
            AND document.identity_index_{identity} = r.identity_index_{identity} AND document.standing <> 'mistaken')
    UNION ALL
    SELECT id, name_index_{name}, deceased_on FROM beneficiaries_person
    WHERE id = r.known_person_id AND merged_into_id IS NULL AND {same} LIMIT 1
) AS known ON true
LEFT JOIN LATERAL (
    SELECT id, contact_digest, restricted_at, region_code FROM beneficiaries_beneficiary
    WHERE person_id = known.id AND program_id = %(program)s AND organization_id = %(organization)s LIMIT 1
) AS beneficiary ON true
LEFT JOIN LATERAL (
    SELECT id FROM beneficiaries_enrollment
    WHERE person_id = known.id AND program_id = %(program)s AND period_id = %(period)s AND period_kind = 'annual'
        AND state = ANY(%(live)s) LIMIT 1
) AS enrollment ON true
WHERE r.roster_id = %(roster)s AND r.chunk = %(chunk)s AND r.verdict = ANY(%(applicable)s) AND r.set_aside = ''
ORDER BY r.identity_index_{identity}
"""
# Whoever was new at the review and has become a further document's person since: asked of the few documents at once, where a
# look for each new row would cost them all.
_NAMED_MEANWHILE = """
UPDATE roster_work w SET drift = 'CHANGED_SINCE_REVIEW' FROM beneficiaries_persondocument document
WHERE w.is_new_person AND document.identity_index_{identity} = w.identity_index_{identity} AND document.standing <> 'mistaken'
"""
SET_ASIDE = """
UPDATE beneficiaries_rosterrow r SET set_aside = w.drift FROM roster_work w WHERE w.row_id = r.id AND w.drift <> ''
"""
DROP_DRIFTED = "DELETE FROM roster_work WHERE drift <> ''"
_PEOPLE = """
INSERT INTO beneficiaries_person (id, name, document, document_type, birth_on, sex, identity_index_a, identity_index_b,
    name_index_a, name_index_b, created_at)
SELECT person_id, name, document, coalesce(document_type, 'resident_id'), birth_on, coalesce(sex, ''),
    identity_index_a, identity_index_b, name_index_a, name_index_b, %(at)s
FROM roster_work WHERE is_new_person
"""
_NEW_BENEFICIARIES = """
INSERT INTO beneficiaries_beneficiary (id, person_id, program_id, organization_id, region_code, phone, address,
    bank_name, bank_account, guardian_name, guardian_document, contact_digest, created_at, updated_at, name_mark_a,
    name_mark_b, phone_mark_a, phone_mark_b)
SELECT beneficiary_id, person_id, %(program)s, %(organization)s, region_code, phone, address,
    coalesce(bank_name, ''), bank_account, guardian_name, guardian_document, contact_digest, %(at)s, %(at)s, name_mark_a,
    name_mark_b, phone_mark_a, phone_mark_b
FROM roster_work WHERE is_new_beneficiary
"""
# What a line leaves empty changes nothing: the lists of other departments know less than the first one did. For the same
# reason categories are only added; ending one is a request of its own. A bank and its account, a guardian and their
# document change together, led by the account and the name: no account stands beside another account's bank.
CHANGED_BENEFICIARIES = """
UPDATE beneficiaries_beneficiary b SET region_code = coalesce(nullif(w.region_code, ''), b.region_code),
    phone = coalesce(w.phone, b.phone), address = coalesce(w.address, b.address),
    phone_mark_a = CASE WHEN w.phone IS NULL THEN b.phone_mark_a ELSE w.phone_mark_a END,
    phone_mark_b = CASE WHEN w.phone IS NULL THEN b.phone_mark_b ELSE w.phone_mark_b END,
    bank_name = CASE WHEN w.bank_account IS NOT NULL THEN coalesce(w.bank_name, '')
        WHEN b.bank_account IS NULL THEN coalesce(nullif(w.bank_name, ''), b.bank_name) ELSE b.bank_name END,
    bank_account = coalesce(w.bank_account, b.bank_account), guardian_name = coalesce(w.guardian_name, b.guardian_name),
    guardian_document = CASE WHEN w.guardian_name IS NOT NULL THEN w.guardian_document
        WHEN b.guardian_name IS NULL THEN coalesce(w.guardian_document, b.guardian_document)
        ELSE b.guardian_document END,
    contact_digest = w.contact_digest, updated_at = %(at)s
FROM roster_work w WHERE b.id = w.beneficiary_id AND NOT w.is_new_beneficiary AND w.is_changed AND NOT w.adds
"""
# Whoever is covered already gains what is not registered yet, and keeps the rest.
_ADDITIONS = """
UPDATE beneficiaries_beneficiary b SET phone = coalesce(b.phone, w.phone), address = coalesce(b.address, w.address),
    phone_mark_a = CASE WHEN b.phone IS NULL THEN w.phone_mark_a ELSE b.phone_mark_a END,
    phone_mark_b = CASE WHEN b.phone IS NULL THEN w.phone_mark_b ELSE b.phone_mark_b END,
    bank_name = CASE WHEN b.bank_account IS NOT NULL OR w.bank_account IS NULL THEN b.bank_name
        ELSE coalesce(w.bank_name, '') END,
    bank_account = coalesce(b.bank_account, w.bank_account), guardian_name = coalesce(b.guardian_name, w.guardian_name),
    guardian_document = CASE WHEN b.guardian_name IS NOT NULL OR w.guardian_name IS NULL THEN b.guardian_document
        ELSE w.guardian_document END,
    contact_digest = w.contact_digest, updated_at = %(at)s
FROM roster_work w WHERE b.id = w.beneficiary_id AND w.adds
"""
_CATEGORIES = """
INSERT INTO beneficiaries_beneficiarycategory (beneficiary_id, category_id, valid_from, row_id)
SELECT w.beneficiary_id, named.category_id, %(day)s, w.row_id
FROM roster_work w CROSS JOIN LATERAL unnest(w.category_ids) AS named(category_id)
WHERE w.is_new_beneficiary OR (w.is_changed AND NOT EXISTS (
    SELECT 1 FROM beneficiaries_beneficiarycategory held WHERE held.beneficiary_id = w.beneficiary_id
    AND held.category_id = named.category_id AND (held.valid_to IS NULL OR held.valid_to > %(day)s)
    AND held.purchase_id IS NULL))
"""
_ENROLLMENTS = f"""
INSERT INTO beneficiaries_enrollment (person_id, beneficiary_id, program_id, plan_id, period_id, organization_id,
    region_code, category_id, roster_id, row_id, premium, own_share, split_id, period_kind, starts_at, ends_at, state,
    insurer_policy_number, verdict, decided_at, created_at, age_band)
SELECT person_id, beneficiary_id, %(program)s, %(plan)s, %(period)s, %(organization)s, region_code, category_id,
    %(roster)s, row_id, premium, own_share, split_id, %(period_kind)s, %(starts_at)s, %(ends_at)s,
    CASE WHEN own_share = 0 THEN %(state_without_payment)s ELSE %(state)s END, '', 'eligible', %(decided_at)s, %(at)s,
    {BAND_SQL.format(birth="birth_on", births="%(band_births)s::date[]")}
FROM roster_work WHERE NOT adds
"""  # noqa: S608 - words of our own
# Grouped before it is joined: a few dozen divisions stand for all rows.
_USED = """
SELECT line.funder_id, place.county, place.category_id, sum(line.amount * place.people), sum(place.people)::bigint
FROM (
    SELECT split_id, left(region_code, {digits}) AS county, category_id, count(*) AS people
    FROM roster_work GROUP BY 1, 2, 3
) AS place
JOIN programs_fundingsplitline line ON line.split_id = place.split_id
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_OWN = "SELECT coalesce(sum(own_share), 0), count(*) FILTER (WHERE NOT adds), count(*) FROM roster_work"
# Whichever side the planner loops over: without it, a table without statistics costs a loop of all by all.
INDEX_WORK = "CREATE INDEX ON roster_work (beneficiary_id)"
_ANY_KNOWN = "SELECT EXISTS (SELECT FROM roster_work WHERE NOT is_new_beneficiary AND (is_changed OR adds))"
# For this transaction: sorts and the rows that triggers look at stay in memory, and each row finds what it knows by an
# index. The tables grow faster than their statistics: left to them the planner reads all people anew for every chunk, or
# falls into loops over whole tables (measured: 155 s instead of 0.2). Hence the lateral subqueries that it cannot turn.
# A few thousand rows tell what the work table is like: a sample of thirty thousand costs as much as a tenth of an insert.
SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off; SET LOCAL default_statistics_target = 10"


def apply_rows(roster: Roster, chunk: int, *, at: datetime) -> Applied:
    """Enroll the people of one chunk in the caller's transaction; who is covered gains what the line adds.

    What changed since the review is set aside and counted, the rest is applied. Two chunks that bring one new person at
    once meet at the unique index: the later one fails whole, is run again, and then finds the person.
    """
    facts = _facts(roster, chunk, at=at)
    # Minors and guardians count on the first day of cover, as when the rows were checked.
    guarded = {**facts, "day": roster.cover_from}
    fault_point("beneficiaries.apply.before")
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cover_beside_others(cursor)
        work_beside_others(cursor, roster)
        cursor.execute(_LOCK, facts)
        cursor.execute(
            _WORK.format(
                people=sequence_of("beneficiaries_person"), beneficiaries=sequence_of("beneficiaries_beneficiary"),
                identity=blind_index.active_slot(IDENTITY), name=blind_index.active_slot(NAME), digits=COUNTY_DIGITS,
                brings=_BRINGS, same=same_person.IS_SAME, renewable=RENEWABLE,
            ),
            facts,
        )
        cursor.execute("ANALYZE roster_work (row_id, beneficiary_id, drift, is_new_beneficiary, is_changed, adds)")
        cursor.execute(_NAMED_MEANWHILE.format(identity=blind_index.active_slot(IDENTITY)))
        same_person.mark_repeated(cursor, roster, chunk)
        entrusting.mark_drift(cursor, guarded, demanded=roster.plan.requires_guardian)
        if roster.plan.requires_basic_insurance:
            participants.mark_drift(cursor, roster.region_code)
        plan_anew(cursor)
        cursor.execute(SET_ASIDE)
        set_aside = cursor.rowcount
        cursor.execute(DROP_DRIFTED)
        same_person.correct(cursor, roster, chunk, at=at)
        cursor.execute(_ANY_KNOWN)
        (changes_known,) = cursor.fetchone()
        if changes_known:
            cursor.execute(INDEX_WORK)
        for step, statement in (
            ("people", _PEOPLE), ("beneficiaries", _NEW_BENEFICIARIES), ("changes", CHANGED_BENEFICIARIES),
            ("additions", _ADDITIONS), ("categories", _CATEGORIES), ("enrollments", _ENROLLMENTS),
        ):
            fault_point(f"beneficiaries.apply.{step}.before")
            # Without the index, and for nobody, the planner may still loop over all of the office's people.
            if changes_known or step not in ("changes", "additions"):
                plan_anew(cursor)
                cursor.execute(statement, facts)
        fault_point("beneficiaries.apply.enrollments.after")
        entrusting.put_on_record(cursor, guarded)
        health_lines.state(cursor, facts, begins=timezone.localdate(facts["starts_at"]), by="system:intake")
        marking.mark_new(cursor)
        cursor.execute(_USED.format(digits=COUNTY_DIGITS))
        used = [
            Demand(funder_id=funder, county=county, category_id=category, amount=amount, count=count)
            for funder, county, category, amount, count in cursor.fetchall()
        ]
        cursor.execute(_OWN)
        own, people, applied = cursor.fetchone()
        cursor.execute("DROP TABLE roster_work")
    if people:
        _post(roster, used, own=own, people=people, at=at)
    fault_point("beneficiaries.apply.after")
    return Applied(applied, set_aside)


def _post(roster: Roster, used: list[Demand], *, own: Decimal, people: int, at: datetime) -> None:
    programs.use_reserved(roster, used, own_share=own, people=people, by="system:intake", at=at)


def _facts(roster: Roster, chunk: int, *, at: datetime) -> dict[str, Any]:
    plan, period = roster.plan, roster.period
    noticed = plan.requires_notice or plan.requires_insurer_acceptance
    gated = noticed or plan.requires_own_payment
    day = timezone.localdate(at)
    left_out, others = money.left_out_of(roster), beside(period)
    begins = max(roster.cover_from, day + timedelta(days=1)) if day >= period.starts_on else roster.cover_from
    return {
        "roster": roster.pk, "chunk": chunk, "program": roster.program_id, "plan": roster.plan_id,
        "period": roster.period_id, "organization": roster.organization_id, "applicable": _APPLICABLE,
        "changed": int(Verdict.CHANGED), "renews": roster.purpose == Purpose.RENEW or roster.enrolls_known_people,
        "from_another": roster.enrolls_known_people,
        "for_everybody": for_everybody(roster) if roster.renewed_period_id is not None else [], "cover_from": roster.cover_from,
        "live": list(LIVE), "beside": others, "has_beside": bool(others), "at": at, "day": day, "decided_at": roster.decided_at,
        "period_kind": plan.period_kind, "starts_at": _midnight(begins), "ends_at": _midnight(period.ends_on),
        "state": EnrollmentState.AWAITING if gated else EnrollmentState.IN_FORCE,
        # Whoever owes nothing has nothing to wait for where the plan asks for the own payment alone.
        "state_without_payment": EnrollmentState.AWAITING if noticed else EnrollmentState.IN_FORCE,
        # Given back at the close of enrollment, or so late that no day of cover is left.
        "last_adult_birth": last_adult_birth(roster.cover_from), "band_births": births_of(period.starts_on),
        "lapsed": programs.has_lapsed(roster) or begins >= period.ends_on,
        "left_out_counties": [county for county, _category in left_out],
        "left_out_categories": [category for _county, category in left_out],
    }


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
