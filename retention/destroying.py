"""The job that destroys what was released: people step by step, then lines of files, then files; goes on where it was killed.

Each step asks again who is still due, under the locks by which people are covered and held: whoever came to be kept stays.
Money, covers and places stay as they are; nothing here touches them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audit.destroying import destroy
from audit.faults import fault_point
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
from beneficiaries.turns import record_deaths_alone, work_alone
from claims.actions.papers import destroy_paper
from claims.models import Bill, Case, Claim, ClaimNote, Decision, Paper, Payable
from complaints.models import Complaint
from continuity.models import EarlierYears
from filings.models import PaperEntry
from gates.models import Objection
from intake.actions import destroy_file
from jobs.actions import Run
from papers.models import RESTRICTING, PersonRequest
from payouts.actions.deliveries import destroy_batch_file
from payouts.models import Batch, BatchLine
from records.models import Proposal
from results.models import Result
from retention import due
from retention.actions.holds import destroy_beside_others
from retention.actions.runs import locked
from retention.imports import (
    BY_LABEL,
    ENDED,
    SOURCES,
    Source,
    contents_of,
    destroy_lines,
    named_only_destroyed,
    with_contents,
)
from retention.listing import LISTER, files_to_go
from retention.models import DestructionLine, DestructionRun, RunKind, RunState
from retention.recording import record

#: People of one transaction.
STEP = 5_000
#: Contents that are deleted between two looks at whether to stop.
CONTENTS = 50
_OF_PEOPLE = "SELECT {column} AS id FROM {table} t JOIN due_people d ON t.{by} = d.id"
# By programs that have lists, since the indexes of earlier years begin with the program; each slot by its own.
_EARLIER = """
WITH known AS MATERIALIZED (
    SELECT p.identity_index_a AS a, p.identity_index_b AS b FROM beneficiaries_person p JOIN due_people d ON d.id = p.id
    UNION ALL
    SELECT t.identity_index_a, t.identity_index_b FROM beneficiaries_persondocument t JOIN due_people d ON d.id = t.person_id
    WHERE t.standing <> 'mistaken'
), listed AS MATERIALIZED (SELECT DISTINCT program_id FROM continuity_earlierlist)
SELECT y.id FROM known CROSS JOIN listed
JOIN continuity_earlieryears y ON y.program_id = listed.program_id AND y.identity_index_a = known.a
UNION ALL
SELECT y.id FROM known CROSS JOIN listed
JOIN continuity_earlieryears y ON y.program_id = listed.program_id AND y.identity_index_b = known.b
"""
# All covers of a case are of one person; merged people are among those who are due.
_OF_CLAIMS = """SELECT t.{column} AS id FROM claims_claim t JOIN beneficiaries_enrollment e ON e.id = t.enrollment_id
    JOIN due_people d ON d.id = e.person_id"""
_OF_CLAIM = "SELECT t.id FROM {table} t WHERE t.{by} IN (" + _OF_CLAIMS + ")"  # noqa: S608
_PARTS: tuple[tuple[Any, str, str], ...] = (
    (PersonDocument, _OF_PEOPLE.format(column="t.id", table="beneficiaries_persondocument", by="person_id"), ""),
    (Beneficiary, _OF_PEOPLE.format(column="t.id", table="beneficiaries_beneficiary", by="person_id"), "updated_at = %(at)s"),
    (
        HealthStatement,
        "SELECT t.id FROM beneficiaries_healthstatement t JOIN beneficiaries_beneficiary b ON b.id = t.beneficiary_id"
        " JOIN due_people d ON d.id = b.person_id", "",
    ),
    (
        Representative,
        "SELECT t.id FROM beneficiaries_representative t JOIN beneficiaries_beneficiary b ON b.id = t.beneficiary_id"
        " JOIN due_people d ON d.id = b.person_id", "",
    ),
    (
        Proposal,
        "SELECT t.id FROM records_proposal t JOIN beneficiaries_enrollment e ON e.id = t.enrollment_id"
        " JOIN due_people d ON d.id = e.person_id", "",
    ),
    (
        Result,
        "SELECT t.id FROM results_result t JOIN beneficiaries_enrollment e ON e.id = t.enrollment_id"
        " JOIN due_people d ON d.id = e.person_id", "",
    ),
    (Case, _OF_CLAIMS.format(column="case_id"), ""),
    (Bill, _OF_CLAIM.format(table="claims_bill", by="case_id", column="case_id"), ""),
    (Claim, _OF_CLAIMS.format(column="id"), ""),
    *(
        (model, _OF_CLAIM.format(table=model._meta.db_table, by="claim_id", column="id"), "")
        for model in (ClaimNote, Decision, Payable)
    ),
    (
        PaperEntry,
        "SELECT t.id FROM filings_paperentry t JOIN claims_claim c ON c.case_id = t.case_id"
        " JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id JOIN due_people d ON d.id = e.person_id", "",
    ),
    # Of whom nobody else is left to ask, or not: a payer's name goes with the first of those whom they insured.
    (
        PurchasePayer,
        "SELECT t.id FROM beneficiaries_purchasepayer t JOIN beneficiaries_enrollment e ON e.purchase_id = t.purchase_id"
        " JOIN due_people d ON d.id = e.person_id", "",
    ),
    # An employer's contact goes with the last of those whom its rosters enrolled, unless another roster is under way.
    (
        Employer,
        """SELECT r.employer_id AS id FROM beneficiaries_enrollment e JOIN due_people d ON d.id = e.person_id
        JOIN beneficiaries_roster r ON r.id = e.roster_id AND r.employer_id IS NOT NULL
        WHERE NOT EXISTS (
            SELECT FROM beneficiaries_roster o WHERE o.employer_id = r.employer_id
                AND (o.state NOT IN ('applied', 'undone', 'refused', 'withdrawn', 'failed') OR EXISTS (
                    SELECT FROM beneficiaries_enrollment f JOIN beneficiaries_person p ON p.id = f.person_id
                    WHERE f.roster_id = o.id AND p.destroyed_at IS NULL)))""",
        "destroyed_at = %(at)s",
    ),
    (PersonChange, _OF_PEOPLE.format(column="t.id", table="beneficiaries_personchange", by="person_id"), ""),
    (
        PersonRequest, _OF_PEOPLE.format(column="t.id", table="papers_personrequest", by="person_id"),
        "completed_at = CASE WHEN state = 'granted' AND kind = ANY(%(restricting)s) THEN %(at)s END",
    ),
    (
        Objection,
        "SELECT t.id FROM gates_objection t JOIN beneficiaries_enrollment e ON e.id = t.enrollment_id"
        " JOIN due_people d ON d.id = e.person_id", "",
    ),
    (
        Complaint,
        "SELECT t.id FROM complaints_complaint t JOIN claims_claim c ON c.id = t.claim_id"
        " JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id JOIN due_people d ON d.id = e.person_id", "",
    ),
)


def destroy_run(job: Run) -> dict[str, Any] | None:
    """Everything of a run, step by step."""
    run = DestructionRun.objects.select_related("program__organization", "organization").get(pk=job.arguments["run"])
    if run.state == RunState.RELEASED:
        if run.kind == RunKind.PEOPLE:
            _until_done(job, lambda: _destroy_people(job, run))
            programs = _programs_of(run)
            _until_done(job, lambda: _lines_of_people(job, run, programs))
            _until_done(job, lambda: _contents_of_people(job, run))
        else:
            _until_done(job, lambda: _destroy_import(job, run))
        _finish(job, run)
    run.refresh_from_db()
    return {"destroyed": run.destroyed, "spared": sum(run.spared.values())}


def _until_done(job: Run, step: Callable[[], bool]) -> None:
    while step():
        job.check_stop()


def _destroy_people(job: Run, run: DestructionRun) -> bool:
    """The next people of the list; whether there were any."""
    at = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        run = locked(run, RunState.RELEASED)
        lines = DestructionLine.objects.filter(run=run, subject_type=due.PERSON, kept="", done_at=None)
        people = list(lines.order_by("subject_id").values_list("subject_id", flat=True)[:STEP])
        if not people:
            return False
        record_deaths_alone(cursor)
        known = Beneficiary.objects.filter(person__in=people).order_by("program_id", "organization_id")
        for place in known.distinct("program_id", "organization_id"):
            work_alone(cursor, place)
        destroy_beside_others(cursor)
        fault_point("retention.people.locked")
        spared = _spare(cursor, run, people, at=at)
        going = [person for person in people if person not in spared]
        counts = _overwrite(cursor, going, at=at) if going else {}
        fault_point("retention.people.before")
        lines.filter(subject_id__in=going).update(done_at=at)
        run.destroyed += len(going)
        _add(run.done_counts, counts)
        run.save(update_fields=["destroyed", "done_counts", "spared"])
        record(
            "destruction.step", run, by=LISTER, at=at, people=len(going), spared=len(spared), checksum=_digest_of(going)[:12]
        )
        job.advance(more=len(people))
        fault_point("retention.people.after")
    fault_point("retention.people.committed")
    return True


def _spare(cursor: Any, run: DestructionRun, people: list[int], *, at: Any) -> dict[int, str]:
    """Whoever is not due any more, and why; their lines say so. The people are locked to the end of the transaction."""
    cursor.execute(
        "SELECT id FROM beneficiaries_person WHERE id = ANY(%s) OR merged_into_id = ANY(%s) ORDER BY id FOR UPDATE",
        [people, people],
    )
    cursor.execute(due.RECHECK, due.values_of(run.program, due_on=run.due_on, at=at, only=people))
    found = dict(cursor.fetchall())
    spared = {person: found.get(person, "other") for person in people if found.get(person, "other")}
    if spared:
        fault_point("retention.spare.before")
        for reason in sorted(set(spared.values())):
            of_reason = [person for person, why in spared.items() if why == reason]
            DestructionLine.objects.filter(run=run, subject_type=due.PERSON, subject_id__in=of_reason).update(kept=reason)
            run.spared[reason] = run.spared.get(reason, 0) + len(of_reason)
        fault_point("retention.spare.after")
    return spared


def _overwrite(cursor: Any, people: list[int], *, at: Any) -> dict[str, int]:
    """All that names these people, and whoever was merged into them, table by table."""
    given = {"people": people, "at": at, "restricting": [str(kind) for kind in RESTRICTING]}
    cursor.execute("SET LOCAL work_mem = '64MB'")
    cursor.execute("DROP TABLE IF EXISTS due_people")
    cursor.execute(
        """CREATE TEMPORARY TABLE due_people ON COMMIT DROP AS
        SELECT id FROM beneficiaries_person WHERE id = ANY(%(people)s) OR merged_into_id = ANY(%(people)s)""", given,
    )
    cursor.execute("ANALYZE due_people")
    # Found by the index, so before the people lose theirs.
    earlier = destroy(cursor, EarlierYears, rows=_EARLIER, given=given)
    counts = {
        "earlieryears": earlier,
        "person": destroy(cursor, Person, rows="SELECT id FROM due_people", given=given, also="destroyed_at = %(at)s")
    }
    fault_point("retention.overwrite.people")
    for model, rows, also in _PARTS:
        counts[model._meta.model_name] = destroy(cursor, model, rows=rows, given=given, also=also)
    fault_point("retention.overwrite.parts")
    return {name: number for name, number in counts.items() if number}


def _lines_of_people(job: Run, run: DestructionRun, programs: list[int]) -> bool:
    """Lines of the next chunk of an import in the programs that knew them, by a cursor; then the files of what was touched."""
    reached = job.cursor or {"source": 0, "import": 0, "chunk": -1}
    found = _next_chunk(programs, reached)
    if found is None:
        return False
    source, pk, chunk = found
    with transaction.atomic(), connection.cursor() as cursor:
        run = locked(run, RunState.RELEASED)
        fault_point("retention.lines.before")
        number = destroy_lines(cursor, source, pk=pk, chunk=chunk, unneeded=False, given={"held_people": []})
        if number:
            _add(run.done_counts, {source.rows._meta.model_name: number})
            run.save(update_fields=["done_counts"])
        job.advance(cursor={"source": SOURCES.index(source), "import": pk, "chunk": chunk})
        fault_point("retention.lines.after")
    return True


def _contents_of_people(job: Run, run: DestructionRun) -> bool:
    """The next papers of cases, and payout files of which nobody stands any more; whether there were any. Each is deleted and
    says so by itself; the run counts them."""
    at = timezone.now()
    gone = {"claims__enrollment__person__destroyed_at__isnull": False}
    papers = Paper.objects.filter(purged_at=None, **{f"case__{name}": value for name, value in gone.items()}).order_by("pk")
    paid = BatchLine.objects.filter(batch=OuterRef("pk"))
    of_person = "payable__claim__enrollment__person__destroyed_at__isnull"
    files = Batch.objects.filter(
        Exists(paid.filter(**{of_person: False})), ~Exists(paid.filter(**{of_person: True})), purged_at=None,
    ).exclude(folder="").order_by("pk")
    found: list[tuple[Any, Callable[..., bool]]] = [
        *((paper, destroy_paper) for paper in papers.distinct()[:CONTENTS]),
        *((batch, destroy_batch_file) for batch in files[:CONTENTS]),
    ]
    counts: dict[str, int] = {}
    for each, act in found:
        if act(each, at=at):
            _add(counts, {each._meta.model_name or "": 1})
    if counts:
        with transaction.atomic():
            run = locked(run, RunState.RELEASED)
            fault_point("retention.contents.before")
            _add(run.done_counts, counts)
            run.save(update_fields=["done_counts"])
            job.advance()
            fault_point("retention.contents.after")
    return bool(found)


def _next_chunk(programs: list[int], reached: dict[str, int]) -> tuple[Source, int, int] | None:
    """In the order of sources, imports and chunks: the one behind the last."""
    for place in range(reached["source"], len(SOURCES)):
        source = SOURCES[place]
        after = (reached["import"], reached["chunk"]) if place == reached["source"] else (0, -1)
        key = source.key.removesuffix("_id")
        chunks = source.chunks._default_manager.filter(**{f"{key}__program__in": programs, f"{key}__state__in": ENDED})
        chunks = chunks.filter(Q(**{f"{source.key}__gt": after[0]}) | Q(**{source.key: after[0], "number__gt": after[1]}))
        found = chunks.order_by(source.key, "number").values_list(source.key, "number").first()
        if found is not None:
            return source, found[0], found[1]
    return None


def _programs_of(run: DestructionRun) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.id FROM programs_program p WHERE p.id = %s OR EXISTS (
                SELECT FROM beneficiaries_beneficiary b JOIN retention_destructionline l ON l.subject_id = b.person_id
                WHERE l.run_id = %s AND l.subject_type = %s AND l.done_at IS NOT NULL AND b.program_id = p.id)""",
            [run.program_id, run.pk, due.PERSON],
        )
        return [number for (number,) in cursor.fetchall()]


def _destroy_import(job: Run, run: DestructionRun) -> bool:
    """The next import of the list: its unneeded lines chunk by chunk, then its files."""
    at = timezone.now()
    line = DestructionLine.objects.filter(run=run, kept="", done_at=None).order_by("pk").first()
    if line is None:
        return False
    source = BY_LABEL[line.subject_type]
    values = due.values_of(run.program, due_on=run.due_on, at=at)
    for chunk in list(
        source.chunks._default_manager.filter(**{source.key: line.subject_id}).order_by("number").values_list("number", flat=True)
    ):
        _unneeded_lines(job, run, source, line.subject_id, chunk, values)
        job.check_stop()
    return True if _is_kept_now(run, source, line, at=at) else _end_import(job, run, source, line)


def _unneeded_lines(job: Run, run: DestructionRun, source: Source, pk: int, chunk: int, values: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        run = locked(run, RunState.RELEASED)
        destroy_beside_others(cursor)
        fresh = due.values_of(run.program, due_on=run.due_on, at=values["at"])
        if _held(source, pk, fresh):
            return
        fault_point("retention.unneeded.before")
        number = destroy_lines(cursor, source, pk=pk, chunk=chunk, unneeded=True, given={"held_people": fresh["held_people"]})
        if number:
            _add(run.done_counts, {source.rows._meta.model_name: number})
            run.save(update_fields=["done_counts"])
        job.advance()
        fault_point("retention.unneeded.after")


def _held(source: Source, pk: int, values: dict[str, Any]) -> bool:
    subject = source.model._default_manager.select_related("organization").get(pk=pk)
    return (
        subject.program_id in values["held_programs"]
        or (source.label == "beneficiaries.roster" and pk in values["held_rosters"])
        or any(subject.organization.path.startswith(path.rstrip("%")) for path in values["held_paths"])
    )


def _is_kept_now(run: DestructionRun, source: Source, line: DestructionLine, *, at: Any) -> bool:
    """Held since it was listed: the line says so, and it stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        run = locked(run, RunState.RELEASED)
        destroy_beside_others(cursor)
        if not _held(source, line.subject_id, due.values_of(run.program, due_on=run.due_on, at=at)):
            return False
        fault_point("retention.spare_import.before")
        DestructionLine.objects.filter(pk=line.pk).update(kept="other")
        run.spared["other"] = run.spared.get("other", 0) + 1
        run.save(update_fields=["spared"])
        fault_point("retention.spare_import.after")
    return True


def _end_import(job: Run, run: DestructionRun, source: Source, line: DestructionLine) -> bool:
    """Its files, outside of any transaction; then the line says that it is done."""
    at = timezone.now()
    subject = source.model._default_manager.get(pk=line.subject_id)
    with connection.cursor() as cursor:
        files = files_to_go(source, subject, cursor)
    for file in files:
        destroy_file(file, at=at)
    with transaction.atomic():
        run = locked(run, RunState.RELEASED)
        fault_point("retention.end_import.before")
        if DestructionLine.objects.filter(pk=line.pk, done_at=None).update(done_at=at):
            run.destroyed += 1
            _add(run.done_counts, {"files": len(files)} if files else {})
            run.save(update_fields=["destroyed", "done_counts"])
        job.advance(more=1)
        fault_point("retention.end_import.after")
    return True


def _finish(job: Run, run: DestructionRun) -> None:
    """Files of lists that named nobody but people who are gone; then the certificate."""
    at = timezone.now()
    files = _files_of_people(run) if run.kind == RunKind.PEOPLE else []
    for file in files:
        destroy_file(file, at=at)
    with transaction.atomic():
        run = locked(run, RunState.RELEASED)
        fault_point("retention.finish.before")
        _add(run.done_counts, {"files": len(files)} if files else {})
        run.state, run.finished_at = RunState.DONE, at
        run.certificate_digest = certificate_digest(run)
        run.save(update_fields=["state", "finished_at", "done_counts", "certificate_digest"])
        record(
            "destruction.done", run, by=LISTER, at=at, number=run.destroyed, spared=sum(run.spared.values()),
            checksum=run.certificate_digest[:12],
        )
        job.advance(done=run.number, total=run.number)
        fault_point("retention.finish.after")


def _files_of_people(run: DestructionRun) -> list[Any]:
    """Contents still stored of imports that named people who are destroyed, the last of them too."""
    found: list[Any] = []
    programs = _programs_of(run)
    for source in SOURCES:
        subjects = source.model._default_manager.filter(program__in=programs, state__in=ENDED)
        for subject in with_contents(source, subjects).order_by("pk"):
            with connection.cursor() as cursor:
                if named_only_destroyed(source, subject.pk, cursor):
                    found += contents_of(source, subject)
    return found


def certificate_digest(run: DestructionRun) -> str:
    """Over what the certificate says and the list that was released."""
    said = {
        "run": run.pk, "kind": run.kind, "program": run.program_id, "due_on": str(run.due_on), "terms": run.terms,
        "number": run.number, "covers": run.covers, "premium": str(run.premium), "kept": run.kept, "list": run.digest,
        "drawn_by": run.drawn_by_id, "released_by": run.released_by_id, "destroyed": run.destroyed, "counts": run.done_counts,
        "spared": run.spared,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _digest_of(people: list[int]) -> str:
    return hashlib.sha256("\n".join(map(str, people)).encode()).hexdigest()


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for name, number in more.items():
        counts[name] = counts.get(name, 0) + number
