"""What letters tell the rooms below at start: verbs, permissions, the part of a claim's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events, panels
from audit.panels import PagePanel, Urgency, address, queue_of
from claims.actions.letters import PRINT, WRITE
from claims.letters import occasions
from claims.models.letter import Addressee, LetterKind, LetterStyle
from claims.rules.states import State

#: Printings that stand on a claim's page.
SHOWN = 20
VERBS = {
    "letter.printed": _("A letter was printed in full names (%(kind)s, %(style)s, %(format)s, to %(addressee)s): %(purpose)s"),
    "letter.wording_written": _("What letters say was written anew: %(kind)s, %(style)s."),
}
_READ = ("claims.view_letterwording",)
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (*_READ, PRINT),
    Role.REVIEWER: (*_READ, PRINT, WRITE),
    Role.AUDITOR: _READ,
}


def _letter_words(data: Mapping[str, Any]) -> Mapping[str, str]:
    said = {"kind": str(LetterKind(data["kind"]).label), "style": str(LetterStyle(data["style"]).label)}
    if "addressee" in data:
        said |= {"addressee": str(Addressee(data["addressee"]).label), "format": str(data["format"]).upper()}
    return said


EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "letter.printed": _letter_words, "letter.wording_written": _letter_words,
}


def _of_claim(claim: Any, user: Any) -> Mapping[str, Any]:
    told = occasions(claim)
    return {
        "letters": list(claim.letters.select_related("printed_by").order_by("-pk")[:SHOWN]),
        "print_url": address(lambda: reverse("admin:claims_claim_print_letter", args=[claim.pk]))
        if told and user.has_perm(PRINT) else "",
    }


def _to_tell(claims: Any, user: Any) -> Any:
    return claims.visible_to(user, PRINT).filter(state=State.REFUSED, due_on__isnull=False)


QUEUE = queue_of("claims.claim", "claims.refusals_to_tell", _("Refusals to tell of"), PRINT, _to_tell, Urgency.NOW)
PANEL = PagePanel("claims.letters", _("Letters"), "claims.claim", "claims.view_claim", _of_claim, "claims/letters.html", order=80)


def register() -> None:
    """Called once from the room's registration."""
    events.register_verbs(VERBS)
    events.register_words(EVENT_WORDS)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    panels.register_page_panel(PANEL)
    panels.register_queue(QUEUE)
