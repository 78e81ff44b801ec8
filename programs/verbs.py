"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "plan.drafted": _("Version %(version)d was drafted."),
    "plan.changed": _("The draft of version %(version)d was changed."),
    "plan.benefits_set": _("The benefits of version %(version)d were stated: %(number)d responsibilities (file %(digest)s)."),
    "plan.benefits_cleared": _("The benefits of version %(version)d were taken out."),
    "plan.paper_added": _("Version %(version)d: %(kind)s was uploaded (file %(digest)s)."),
    "plan.paper_removed": _("Version %(version)d: %(kind)s was taken out (file %(digest)s)."),
    "plan.paper_opened": _("Version %(version)d: %(kind)s was downloaded (file %(digest)s)."),
    "plan.submitted": _("Version %(version)d was submitted for approval."),
    "plan.approved": _("Version %(version)d was approved."),
    "plan.refused": _("Version %(version)d was sent back: %(reason)s"),
    "plan.in_force": _("Version %(version)d is in force."),
    "plan.retired": _("Version %(version)d was retired."),
    "period.opened": _("Period %(period)s was opened."),
    "period.closed": _("Period %(period)s was closed."),
    "budget.proposed": _("Tranche %(tranche)s of %(amount)s yuan was proposed."),
    "budget.approved": _("Tranche %(tranche)s of %(amount)s yuan was approved."),
    "budget.closed": _("Tranche %(tranche)s was closed."),
    "funder.created": _("The funder was set up."),
    "funder.statement_exported": _("The statement from %(first)s to %(last)s was downloaded."),
    "category.created": _("The category %(name)s was added."),
    "category.changed": _("The category was changed: %(fields)s."),
    "hospital.created": _("The hospital %(name)s was added."),
    "hospital.changed": _("The hospital %(name)s was changed: %(fields)s."),
    "hospital.imported": _("Hospitals were imported: %(added)d new, %(changed)d changed."),
    "code.created": _("The code %(code)s %(name)s was added."),
    "code.changed": _("The code %(code)s %(name)s was changed: %(fields)s."),
    "code.imported": _("Codes were imported: %(added)d new, %(changed)d changed."),
    "program.created": _("The program was set up."),
}
