"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from samples import panels
from samples.held import HOLDINGS
from samples.models import Finding
from samples.verbs import VERBS

_NAMES = ("sample", "sampleitem", "evidencebundle")
_VIEW = tuple(f"samples.{verb}_{name}" for verb in ("view", "export") for name in _NAMES)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.AUDITOR: (*_VIEW, "samples.draw_sample", "samples.gather_evidence"),
    # 个人信息保护负责人: lets evidence in the clear leave, and sees none of it.
    Role.SECURITY_ADMIN: ("samples.view_sample", "samples.view_evidencebundle", "samples.approve_evidence"),
}
#: What events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "sample.noted": lambda data: {"finding": str(Finding(data["finding"]).label)},
    "evidence.asked": lambda data: {"is_clear": _t("in the clear") if data["is_clear"] else _t("masked")},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
