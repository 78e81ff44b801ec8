"""How the admin looks: names, colors, navigation, palette. Each entry shows only to who may open it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from unfold.dataclasses import SearchResult

from audit import panels
from portal.offered import offers

#: Entries that the palette adds at most.
PALETTE_LIMIT = 20


@dataclass(frozen=True)
class Page:
    """A list in the sidebar: a model by "app.model", called as the model calls itself."""

    label: str
    icon: str

    def title(self) -> str | None:
        """The model's own name in the active language; None when there is no such model."""
        try:
            return capfirst(str(apps.get_model(self.label)._meta.verbose_name_plural))
        except LookupError:
            return None

    def address(self) -> str | None:
        """Its list; None when it has no admin."""
        return list_address(self.label)

    @property
    def permission(self) -> str:
        """What opens the list."""
        app, model = self.label.split(".")
        return f"{app}.view_{model}"


@lru_cache
def list_address(label: str) -> str | None:
    """The list of "app.model"; None when it has no admin."""
    try:
        return reverse(f"admin:{label.replace('.', '_')}_changelist")
    except NoReverseMatch:
        return None


#: Groups as the offices think of their work, each with its lists.
GROUPS: tuple[tuple[Promise, tuple[Page, ...]], ...] = (
    (
        _("Rosters and cover"),
        (
            Page("beneficiaries.roster", "assignment"),
            Page("beneficiaries.person", "groups"),
            Page("beneficiaries.personchange", "manage_accounts"),
            Page("beneficiaries.enrollment", "verified_user"),
            Page("beneficiaries.employer", "business_center"),
            Page("gates.notice", "campaign"),
            Page("gates.objection", "feedback"),
            Page("handover.handover", "outbox"),
            Page("handover.receipt", "move_to_inbox"),
            Page("handover.handoverline", "checklist"),
            Page("handover.insurerformat", "table_chart"),
            Page("outreach.sending", "sms"),
            Page("outreach.deliveryreport", "mark_email_read"),
            Page("outreach.messagewording", "edit_notifications"),
            Page("papers.personrequest", "privacy_tip"),
            Page("papers.printing", "print"),
            Page("papers.certificatewording", "edit_note"),
            Page("intake.wordmapping", "translate"),
        ),
    ),
    (
        _("Claim handling"),
        (
            Page("claims.claim", "personal_injury"),
            Page("filings.claimfile", "drive_folder_upload"),
            Page("claims.payable", "paid"),
            Page("claims.recovery", "undo"),
            Page("records.proposal", "volunteer_activism"),
            Page("records.recordlist", "clinical_notes"),
            Page("complaints.complaint", "feedback"),
            Page("claims.signingthreshold", "draw"),
        ),
    ),
    (
        _("Programs and plans"),
        (
            Page("programs.program", "volunteer_activism"),
            Page("programs.plan", "description"),
            Page("programs.period", "date_range"),
            Page("claims.serviceterm", "timer"),
            Page("claims.flagrule", "flag"),
            Page("claims.letterwording", "edit_document"),
            Page("complaints.answerwording", "edit_note"),
            Page("takeup.takeup", "trending_up"),
            Page("takeup.target", "flag"),
            Page("takeup.participantlist", "health_and_safety"),
            Page("continuity.earlierlist", "history"),
            Page("years.comparison", "compare_arrows"),
            Page("years.planreview", "query_stats"),
            Page("years.yearleft", "person_off"),
        ),
    ),
    (
        _("Money"),
        (
            Page("gates.unpaid", "hourglass_empty"),
            Page("gates.employerbill", "request_page"),
            Page("gates.uncollected", "money_off"),
            Page("gates.statement", "request_quote"),
            Page("gates.ownpayment", "payments"),
            Page("gates.heldpayment", "currency_exchange"),
            Page("gates.clearing", "rule"),
            Page("subsidies.fundrequest", "request_quote"),
            Page("subsidies.fundmovement", "swap_horiz"),
            Page("subsidies.differences", "difference"),
            Page("handover.invoice", "receipt"),
            Page("handover.remittance", "send_money"),
            Page("payouts.batch", "price_check"),
            Page("payouts.batchline", "payments"),
            Page("payouts.bankreturn", "move_to_inbox"),
            Page("reconciliation.reconciliation", "balance"),
            Page("payouts.payeraccount", "account_balance"),
            Page("payouts.bankformat", "table_chart"),
            Page("payouts.approvalthreshold", "how_to_vote"),
            Page("results.report", "fact_check"),
            Page("results.result", "price_check"),
            Page("programs.funder", "account_balance"),
            Page("programs.budget", "savings"),
            Page("programs.budgetreservation", "bookmark_added"),
            Page("programs.ledgertransaction", "receipt_long"),
            Page("programs.ledgeraccount", "account_balance_wallet"),
            Page("closing.monthclosing", "event_available"),
            Page("reconciliation.claimstatement", "summarize"),
            Page("closing.closedfigure", "summarize"),
            Page("closing.closedbalance", "balance"),
        ),
    ),
    (
        _("Retention"),
        (
            Page("retention.destructionrun", "delete_sweep"),
            Page("retention.legalhold", "gavel"),
            Page("retention.retentionterm", "schedule"),
            Page("retention.destructionline", "list"),
        ),
    ),
    (
        _("Offices and users"),
        (
            Page("accounts.organization", "corporate_fare"),
            Page("accounts.user", "person"),
            Page("accounts.membership", "badge"),
        ),
    ),
    (
        _("Reference data"),
        (
            Page("programs.category", "category"),
            Page("programs.hospital", "local_hospital"),
            Page("programs.code", "list_alt"),
            Page("claims.holiday", "calendar_month"),
            Page("accounts.region", "map"),
        ),
    ),
    (
        _("System"),
        (
            Page("exports.export", "download"),
            Page("samples.sample", "casino"),
            Page("samples.sampleitem", "fact_check"),
            Page("samples.evidencebundle", "folder_zip"),
            Page("jobs.job", "sync"),
            Page("audit.event", "history"),
            Page("audit.reveal", "visibility"),
            Page("axes.accessattempt", "lock_clock"),
            Page("django_celery_beat.periodictask", "schedule"),
        ),
    ),
)


_GROUP_OF = {page.label: group for group, pages in GROUPS for page in pages}


def group_of(label: str) -> str:
    """The sidebar's group of "app.model"; empty for one that has no place of its own there."""
    return str(_GROUP_OF.get(label, ""))


def open_pages(user: Any) -> Iterator[tuple[Promise, Page, str, str]]:
    """(group, page, title, address) of each list that this user may open."""
    for group, pages in GROUPS:
        for page in pages:
            address = page.address()
            if address and user.has_perm(page.permission) and offers(user, page.label) and (title := page.title()):
                yield group, page, title, address


class Entry(NamedTuple):
    """One line of the sidebar."""

    title: str
    icon: str
    link: str
    active: bool


def navigation(request: HttpRequest) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """(group's name, its entries) of this user's sidebar."""
    home = reverse("admin:index")
    groups: dict[str, list[Entry]] = {"": [Entry(_t("Workbench"), "space_dashboard", home, request.path == home)]}
    for group, page, title, address in open_pages(request.user):
        entry = Entry(title, page.icon, address, request.path.startswith(address))
        groups.setdefault(str(group), []).append(entry)
    return tuple((title, tuple(entries)) for title, entries in groups.items())


@lru_cache(maxsize=1024)
def _drawn(groups: tuple[tuple[str, tuple[Entry, ...]], ...]) -> str:
    """The same for everybody who may open the same pages: drawn once a process."""
    return render_to_string("portal/sidebar.html", {"groups": groups})


def sidebar(request: HttpRequest) -> dict[str, Any]:
    """What `unfold/helpers/navigation.html` shows; drawn only on pages that have a sidebar."""
    return {"sidebar": SimpleLazyObject(lambda: _drawn(navigation(request)))}


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """What one may do about oneself."""
    return [
        {"title": _t("Change password"), "link": reverse("accounts:password_change")},
        {"title": _t("Second factor"), "link": reverse("accounts:second_factor_set_up")},
    ]


def search_pages(request: HttpRequest, term: str) -> list[SearchResult]:
    """What the palette adds to unfold's own finds: names of pages and queues, in both languages, never data."""
    term = term.strip().lower()
    if not term or not request.user.is_authenticated:
        return []
    found = [
        SearchResult(title=title, description=str(group), link=address, icon=page.icon)
        for group, page, title, address in open_pages(request.user)
        if _unfold_misses(page, title, term) and term in _other_names(group, page)
    ]
    found += [
        SearchResult(title=link["title"], description=_t("My account"), link=link["link"], icon="manage_accounts")
        for link in account_links(request) if term in link["title"].lower()
    ]
    found += [
        SearchResult(
            title=str(queue.title), description=_t("Workbench"), link=panels.address(queue.url), icon="inbox"
        )
        for queue in panels.queues_for(request.user)
        if term in str(queue.title).lower() and panels.address(queue.url)
    ]
    return found[:PALETTE_LIMIT]


def _unfold_misses(page: Page, title: str, term: str) -> bool:
    """Unfold finds a model by its name and by its room's name in the active language."""
    room = str(apps.get_app_config(page.label.split(".")[0]).verbose_name)
    return term not in title.lower() and term not in room.lower()


def _other_names(group: Promise, page: Page) -> str:
    """All words by which a page may be looked for, in every language of the portal."""
    words = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            words += [str(group), page.title() or ""]
    return "\n".join(words).lower()


def environment(request: HttpRequest) -> list[str] | None:
    """The badge beside the page's name: only a demo has one."""
    return [_t("Demo"), "warning"] if settings.DEMO else None


def office(request: HttpRequest) -> str:
    """The signed-in user's organization, under the portal's name."""
    user: Any = request.user
    if not user.is_authenticated:
        return ""
    organization = user.organization
    return organization.short_name or organization.name


def no_inline_colors(request: HttpRequest) -> dict[str, Any]:
    """None: unfold writes colors into a style element, which our CSP refuses; portal.css holds them."""
    return {}


def _asset(name: str) -> Any:
    """The address of a static file, known when a page is made."""
    return lambda request: static(name)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Inclusive Insurance Portal"),
    "SITE_HEADER": _("Inclusive Insurance Portal"),
    "SITE_SUBHEADER": "portal.unfold.office",
    "SITE_URL": None,
    "SITE_ICON": _asset("portal/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": _asset("portal/favicon.svg")},
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "COLORS": no_inline_colors,
    "STYLES": [_asset("portal/portal.css")],
    "SCRIPTS": [_asset("portal/portal.js")],
    "ENVIRONMENT": "portal.unfold.environment",
    "DASHBOARD_CALLBACK": "portal.dashboard.figures",
    "GLOBAL_CALLBACK": "portal.unfold.sidebar",
    "LOGIN": {"image": _asset("portal/hills.svg")},
    "ACCOUNT": {"navigation": "portal.unfold.account_links"},
    "COMMAND": {"search_models": False, "show_history": False, "search_callback": "portal.unfold.search_pages"},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [],
    },
}
