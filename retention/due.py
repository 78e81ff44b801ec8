"""Who and what is out of its term: set-wise, one statement whatever the number; the same statement asks again before destroying.

A person is due when every cover of theirs, in every program, is past the term of that program, and nothing else asks to keep
them. Nothing here writes but the lines of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from beneficiaries.models import Person, Roster
from claims.models import Claim
from claims.rules.states import OPEN
from claims.rules.states import State as ClaimState
from complaints.models import Complaint, ComplaintState
from intake.models import State
from programs.models import BudgetReservation, Program
from retention.models import DestructionRun, LegalHold, RetentionTerm, TermState
from retention.terms import LONG_COVER, LONG_YEARS, RULES, Kind, default_length, interval
from samples.models import EvidenceBundle
from subsidies.models import Differences, FundRequest

PERSON = Person._meta.label_lower
#: Of complaints: an answer is still to be given, or to be told.
UNANSWERED = (ComplaintState.OPEN, ComplaintState.ANSWERED)
#: Requests for funds and differences that are not settled: their lines name covers.
_OPEN_REQUESTS = ("making", "draft", "submitted", "sent")
_OF_PROGRAM = """p.id IN (
    SELECT coalesce(m.merged_into_id, m.id) FROM beneficiaries_beneficiary b JOIN beneficiaries_person m ON m.id = b.person_id
    WHERE b.program_id = %(program)s)"""
_THESE = "p.id = ANY(%(only)s)"
_COVERED = "e.state IN ('in_force', 'ended')"
#: From where a term runs: the end of cover; where none stood, when it came to nothing, at the earliest when it was asked for.
_BEGAN = f"""(CASE WHEN {_COVERED} OR e.state = 'awaiting' THEN e.ends_at
    ELSE greatest(e.created_at, least(e.starts_at, e.ends_at)) END)"""
_DUE = f"""({_BEGAN} + CASE WHEN {_COVERED} THEN greatest(t.cover, CASE WHEN e.ends_at - e.starts_at > interval '{LONG_COVER}'
    THEN interval '{LONG_YEARS} years' ELSE interval '0' END) ELSE t.uncovered END)"""
_FOUND = f"""
WITH terms AS MATERIALIZED (
    SELECT * FROM unnest(%(programs)s::bigint[], %(cover)s::interval[], %(uncovered)s::interval[])
        AS t(program_id, cover, uncovered)
), who AS MATERIALIZED (
    SELECT p.id FROM beneficiaries_person p WHERE {{who}} AND p.destroyed_at IS NULL AND p.merged_into_id IS NULL
), same AS MATERIALIZED (
    SELECT id AS person_id, id AS stands FROM who
    UNION ALL
    SELECT m.id, m.merged_into_id FROM beneficiaries_person m JOIN who ON who.id = m.merged_into_id
    WHERE m.merged_into_id IS NOT NULL
), covers AS (
    SELECT s.stands, max({_DUE}) AS due_at, max({_BEGAN}) AS began_at, count(*) AS covers, sum(e.premium) AS premium,
        max({_DUE}) FILTER (WHERE e.program_id = %(program)s) AS due_here,
        bool_or(e.roster_id = ANY(%(held_rosters)s) OR e.program_id = ANY(%(held_programs)s)) AS held,
        bool_or(e.roster_id = ANY(%(reserved)s) OR (%(owing)s AND ({{owed}}))) AS owed,
        bool_or(%(disputing)s AND ({{disputed}})) AS disputed,
        bool_or(%(auditing)s AND EXISTS (SELECT FROM samples_sampleitem i JOIN samples_evidencebundle b ON b.sample_id = i.sample_id
            WHERE i.enrollment_id = e.id AND b.state IN ('asked', 'writing', 'ready'))) AS audited
    FROM same s JOIN beneficiaries_enrollment e ON e.person_id = s.person_id JOIN terms t ON t.program_id = e.program_id
    GROUP BY 1
), known AS (
    SELECT s.stands, max(b.created_at + t.uncovered) FILTER (WHERE NOT enrolled.there) AS due_at, max(b.created_at) AS began_at,
        max(b.created_at + t.uncovered) FILTER (WHERE b.program_id = %(program)s AND NOT enrolled.there) AS due_here,
        coalesce(max(left(b.region_code, 6)) FILTER (WHERE b.program_id = %(program)s), '') AS county,
        bool_or(b.program_id = ANY(%(held_programs)s) OR o.path LIKE ANY(%(held_paths)s)) AS held
    FROM same s JOIN beneficiaries_beneficiary b ON b.person_id = s.person_id JOIN terms t ON t.program_id = b.program_id
    JOIN accounts_organization o ON o.id = b.organization_id
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT FROM beneficiaries_enrollment e WHERE e.person_id = b.person_id AND e.program_id = b.program_id
    ) AS there) AS enrolled
    GROUP BY 1
)
SELECT who.id, known.county, coalesce(covers.began_at, known.began_at) AS began_at, coalesce(covers.covers, 0) AS covers,
    coalesce(covers.premium, 0) AS premium, CASE
        WHEN coalesce(covers.due_here, known.due_here) > %(at)s THEN 'cover'
        WHEN greatest(covers.due_at, known.due_at) > %(at)s OR covers.held OR known.held
            OR who.id = ANY(%(held_people)s) THEN 'other'
        WHEN EXISTS (SELECT FROM papers_personrequest r WHERE r.person_id = who.id
            AND (r.state = 'asked' OR (r.storage_key <> '' AND r.purged_at IS NULL))) THEN 'request'
        WHEN EXISTS (SELECT FROM beneficiaries_personchange c WHERE c.state = 'proposed'
            AND (c.person_id = who.id OR c.other_id = who.id)) THEN 'change'
        WHEN covers.audited THEN 'audit'
        WHEN covers.disputed THEN 'dispute'
        WHEN covers.owed THEN 'money' ELSE '' END AS kept
FROM who JOIN known ON known.stands = who.id LEFT JOIN covers ON covers.stands = who.id
"""  # noqa: S608 - names of ours
_OWED = """
EXISTS (SELECT FROM subsidies_fundrequestline l JOIN subsidies_fundrequest r ON r.id = l.request_id
    WHERE l.enrollment_id = e.id AND r.state = ANY(%(open_requests)s))
OR EXISTS (SELECT FROM subsidies_differenceline l JOIN subsidies_differences d ON d.id = l.differences_id
    WHERE l.enrollment_id = e.id AND d.state = 'proposed')
"""
# A claim that is not at its end, or money of one that is owed, on its way or asked back.
_CLAIMED = """
OR EXISTS (SELECT FROM claims_claim c WHERE c.enrollment_id = e.id AND (c.state = ANY(%(open_claims)s) OR EXISTS (
    SELECT FROM claims_payable p WHERE p.claim_id = c.id AND p.state IN ('open', 'in_payment', 'failed'))))
"""
_OWED = f"{_OWED} {_CLAIMED}"
# A complaint, an appeal or a review whose answer is still to be given or told.
_DISPUTED = """
EXISTS (SELECT FROM claims_claim c JOIN complaints_complaint x ON x.claim_id = c.id AND x.state = ANY(%(unanswered)s)
    WHERE c.enrollment_id = e.id)
"""


def _of(who: str) -> str:
    return _FOUND.replace("{who}", who).replace("{owed}", _OWED).replace("{disputed}", _DISPUTED)


_PEOPLE = _of(_OF_PROGRAM)
#: Of some people (`only`): who is kept now, and why. One row a person who still stands.
RECHECK = f"SELECT id, kept FROM ({_of(_THESE)}) AS found"  # noqa: S608
LIST_PEOPLE = f"""
WITH found AS MATERIALIZED ({_PEOPLE}), listed AS (
    INSERT INTO retention_destructionline (run_id, subject_type, subject_id, county, began_on, kept)
    SELECT %(run)s, '{PERSON}', id, county, (began_at AT TIME ZONE 'Asia/Shanghai')::date, kept FROM found WHERE kept <> 'cover'
    ORDER BY id RETURNING 1
)
SELECT count(*) FILTER (WHERE kept = ''), coalesce(sum(covers) FILTER (WHERE kept = ''), 0),
    coalesce(sum(premium) FILTER (WHERE kept = ''), 0) FROM found WHERE (SELECT count(*) FROM listed) >= 0
"""  # noqa: S608
#: Months in which people of a program come out of its own term: for the page.
COMING = f"""
SELECT date_trunc('month', due_here AT TIME ZONE 'Asia/Shanghai')::date, count(*) FROM (
    SELECT e.person_id, max({_DUE}) AS due_here FROM beneficiaries_enrollment e
    CROSS JOIN (SELECT %(cover)s::interval AS cover, %(uncovered)s::interval AS uncovered) AS t
    WHERE e.program_id = %(program)s GROUP BY 1
) AS ends JOIN beneficiaries_person p ON p.id = ends.person_id AND p.destroyed_at IS NULL
WHERE due_here < %(until)s GROUP BY 1 ORDER BY 1
"""  # noqa: S608


def terms_now(program_ids: Sequence[int] | None = None) -> dict[tuple[int, str], tuple[int, str]]:
    """(program, kind) -> length and unit, of programs that have terms of their own."""
    found = RetentionTerm.objects.filter(state=TermState.IN_FORCE)
    if program_ids is not None:
        found = found.filter(program__in=program_ids)
    rows = found.values_list("program", "kind", "length", "unit")
    return {(program, kind): (length, unit) for program, kind, length, unit in rows}


def term_of(program_id: int, kind: str, terms: dict[tuple[int, str], tuple[int, str]]) -> tuple[int, str]:
    """Length and unit that hold for a program and kind."""
    return terms.get((program_id, str(kind)), (default_length(kind), str(RULES[kind].unit.value)))


def values_of(program: Program, *, due_on: date, at: datetime, only: Sequence[int] = ()) -> dict[str, Any]:
    """What the statements ask with: the terms of all programs, what is held, what is owed. `due_on`: terms over by its end."""
    programs, terms = list(Program.objects.order_by("pk").values_list("pk", flat=True)), terms_now()
    holds = list(
        LegalHold.objects.standing(on=timezone.localdate(at)).values_list(
            "held_program_id", "held_organization__path", "person_id", "roster_id", "person__merged_into_id"
        )
    )
    reserved = BudgetReservation.objects.filter(owner_type=Roster._meta.label_lower, closed_at=None)
    return {
        "program": program.pk, "programs": programs, "only": list(only),
        "cover": [interval(*term_of(each, Kind.COVER, terms)) for each in programs],
        "uncovered": [interval(*term_of(each, Kind.UNCOVERED, terms)) for each in programs],
        "at": min(at, day_end(due_on)),
        "held_programs": [each[0] for each in holds if each[0]], "held_paths": [f"{each[1]}%" for each in holds if each[1]],
        "held_people": [each[4] or each[2] for each in holds if each[2]], "held_rosters": [each[3] for each in holds if each[3]],
        "reserved": list(reserved.values_list("owner_id", flat=True).distinct()), "open_requests": list(_OPEN_REQUESTS),
        "auditing": EvidenceBundle.objects.filter(state__in=("asked", "writing", "ready")).exists(),
        "unanswered": [str(state) for state in UNANSWERED],
        "disputing": Complaint.objects.filter(state__in=UNANSWERED).exists(),
        "open_claims": [str(state) for state in (*OPEN, ClaimState.PAYABLE)],
        "owing": Claim.objects.exists() or FundRequest.objects.filter(state__in=_OPEN_REQUESTS).exists()
        or Differences.objects.filter(state="proposed").exists(),
    }


def day_end(day: date) -> datetime:
    """The last moment of a day here."""
    return timezone.make_aware(datetime.combine(day, datetime.max.time()))


def imports_ended(model: Any, program: Program, *, before: datetime) -> Any:
    """Imports of a program that came to their end before a moment, each with it as `ended_at`."""
    from_ = Q(state=State.APPLIED, applied_at__lt=before) | Q(state=State.UNDONE, undone_at__lt=before)
    from_ |= Q(state=State.REFUSED, decided_at__lt=before) | Q(state__in=(State.WITHDRAWN, State.FAILED), uploaded_at__lt=before)
    return model._default_manager.filter(from_)


def terms_in_words(run: DestructionRun) -> dict[str, str]:
    """The terms of a run's kinds as they are now: {kind: "10 years"} as PostgreSQL reads them."""
    terms = terms_now([run.program_id])
    kinds = (Kind.COVER, Kind.UNCOVERED) if run.kind == "people" else (Kind.LIST, Kind.PAYMENT)
    return {str(kind.value): interval(*term_of(run.program_id, kind, terms)) for kind in kinds}
