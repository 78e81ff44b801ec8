"""An audit sample of the demo, partly looked at, with its evidence; loaded again, nothing is drawn twice."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from accounts.models import User
from jobs.actions import run_pending
from programs.models import Program
from samples import actions
from samples.errors import SamplesRefused
from samples.models import EvidenceState, Finding, Sample

SIZE = 10


def draw_and_look(program: Program, *, auditor: User, say: Callable[[str], None]) -> None:
    """Lead a sample of a program from wherever a killed load left it: drawn, four covers noted, evidence gathered."""
    at = timezone.now()
    sample = Sample.objects.filter(program=program).first()
    if sample is None:
        try:
            sample = actions.draw_sample(
                program, organization=program.organization, size=SIZE, seed=f"{program.code}-demo-1",
                purpose="年度承保合规抽查（示例）", by=auditor, at=at,
            )
        except SamplesRefused as refused:
            if refused.code != "NOBODY":
                raise
            return
    for place, item in enumerate(sample.items.filter(position__lte=4, finding=Finding.OPEN).order_by("position")):
        finding, note = (Finding.FAULT, "联系电话缺失，请经办机构补正") if place == 2 else (Finding.CORRECT, "")
        actions.note_item(item, finding=finding, note=note, by=auditor, at=at)
    if not sample.bundles.exclude(state=EvidenceState.CANCELLED).exists():
        actions.gather_evidence(sample, by=auditor, at=at)
    run_pending()
    say(f"{program.name}: {sample.items.count()} of {sample.population} covers drawn for audit")
