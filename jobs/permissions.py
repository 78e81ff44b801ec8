"""What each role may do with jobs, as data: `portal` grants it, since this room does not know accounts."""

from __future__ import annotations

_VIEW = frozenset({"jobs.view_job"})

#: role -> permissions. Office roles see the jobs of their own scope; the system administrator runs and cancels them.
GRANTS: dict[str, frozenset[str]] = {
    "clerk": _VIEW,
    "reviewer": _VIEW,
    "finance_maker": _VIEW,
    "finance_checker": _VIEW,
    "auditor": _VIEW | {"jobs.export_job"},
    "system_admin": _VIEW | {"jobs.export_job", "jobs.retry_job", "jobs.cancel_job", "jobs.view_system_job"},
}
