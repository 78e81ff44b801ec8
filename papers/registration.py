"""What this room tells the rooms below at start: verbs, permissions, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.roles import Role, grant_permissions
from audit import events
from beneficiaries.holdings import register_holding
from papers import panels
from papers.held import HOLDINGS
from papers.models import RequestKind
from papers.verbs import VERBS

_VIEW = ("papers.view_printing", "papers.export_printing", "papers.view_certificatewording")
_REQUESTS = ("papers.view_personrequest", "papers.export_personrequest")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_VIEW, *_REQUESTS, "papers.print_certificate", "papers.record_request"),
    Role.REVIEWER: (*_VIEW, "papers.approve_printing", "papers.write_wording"),
    Role.AUDITOR: (*_VIEW, *_REQUESTS),
    # 个人信息保护负责人: neither makes nor checks what is done with people, and sees nobody in the clear (ADR 27).
    Role.SECURITY_ADMIN: (*_REQUESTS, "papers.decide_request"),
}
#: Kinds, which events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "request.recorded": lambda data: {"kind": str(RequestKind(data["kind"]).label)},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    register_holding(*HOLDINGS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register()
