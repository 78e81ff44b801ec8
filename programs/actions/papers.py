"""Papers of a plan: added to a draft and taken out of it, opened by whoever may read the plan."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake import storage
from intake.actions.files import safe_name
from programs.errors import ProgramRefused
from programs.models import PaperKind, Plan, PlanPaper
from programs.rules.paper_files import LIMIT, PaperWrong, media_type_of

OPEN = "programs.view_planpaper"
_READ = 1 << 20
_MEGABYTE = 1_000_000


def add_paper(plan: Plan, *, kind: str, name: str, stream: BinaryIO, by: User, at: datetime) -> PlanPaper:
    """Keep a paper with a draft, sealed. The content is stored under the plan's lock: what a killed upload left in its folder
    belongs to nobody, and goes with the next one."""
    content = stream.read(LIMIT + 1)
    if not content:
        raise ProgramRefused("PAPER_EMPTY")
    if len(content) > LIMIT:
        raise ProgramRefused("PAPER_SIZE", megabytes=LIMIT // _MEGABYTE)
    try:
        media_type = media_type_of(content, name=name)
    except PaperWrong as wrong:
        raise ProgramRefused(wrong.code) from wrong
    with transaction.atomic():
        plan = _locked(plan)
        _sweep(plan)
        kept = storage.store(
            io.BytesIO(content), year=timezone.localdate(at).year, limit=LIMIT, folder=_folder(plan)
        )
        if plan.papers.filter(kind=kind, sha256=kept.sha256).exists():
            storage.remove(kept.key)
            raise ProgramRefused("PAPER_TWICE")
        fault_point("programs.add_paper.before")
        paper = PlanPaper.objects.create(
            plan=plan, kind=kind, name=safe_name(name), media_type=media_type, size=kept.size, sha256=kept.sha256,
            storage_key=kept.key, uploaded_by=by, uploaded_at=at,
        )
        _record("plan.paper_added", paper, by=by, at=at)
        fault_point("programs.add_paper.after")
    return paper


def remove_paper(paper: PlanPaper, *, by: User, at: datetime) -> None:
    """Take a paper out of a draft; its content goes once that is certain."""
    with transaction.atomic():
        _locked(paper.plan)
        held = PlanPaper.objects.filter(pk=paper.pk).select_related("plan__program__organization").first()
        if held is None:
            raise ProgramRefused("PAPER_GONE")
        fault_point("programs.remove_paper.before")
        _record("plan.paper_removed", held, by=by, at=at)
        held.delete()
        transaction.on_commit(partial(storage.remove, held.storage_key))
        fault_point("programs.remove_paper.after")


def open_paper(paper: PlanPaper, *, by: User, at: datetime) -> Iterator[bytes]:
    """The bytes of a paper; its event is written before the first."""
    with transaction.atomic():
        held = PlanPaper.objects.visible_to(by, OPEN).filter(pk=paper.pk).select_related("plan__program__organization").first()
        if held is None:
            raise ProgramRefused("PAPER_GONE")
        fault_point("programs.open_paper.before")
        _record("plan.paper_opened", held, by=by, at=at)
        fault_point("programs.open_paper.after")
    return _content_of(held)


def _content_of(paper: PlanPaper) -> Iterator[bytes]:
    with storage.opened(paper.storage_key, paper.size) as source:
        while block := source.read(_READ):
            yield block


def _folder(plan: Plan) -> str:
    return f"plan-papers/{plan.pk}"


def _locked(plan: Plan) -> Plan:
    found = Plan.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=plan.pk)
    fault_point("programs.plan.locked")
    if found.state != Plan.State.DRAFT:
        raise ProgramRefused("STATE", state=found.get_state_display())
    return found


def _sweep(plan: Plan) -> None:
    """Under the plan's lock nobody else is storing: what no row names was left by the killed."""
    named = set(plan.papers.values_list("storage_key", flat=True))
    for key in storage.keys_within(_folder(plan)):
        if key not in named:
            storage.remove(key)


def _record(verb: str, paper: PlanPaper, *, by: User, at: datetime, **data: Any) -> None:
    plan = paper.plan
    events.record(
        verb, plan, by=by, at=at, organization=plan.program.organization, region_code=plan.program.region_code,
        program_id=plan.program_id,
        data={"version": plan.number, "kind": str(PaperKind(paper.kind)), "digest": paper.sha256[:12], **data},
    )
