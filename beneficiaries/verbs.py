"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "person.restricted": _("The data of the person is only kept from now on: nothing else is done with it."),
    "person.restriction_lifted": _("The restriction of the person's data was lifted."),
    "roster.received": _("The roster was uploaded with %(files)d file(s)."),
    "roster.renewal_begun": _("Everybody covered in %(before)s is to be renewed into %(into)s (%(region)s)."),
    "roster.known_begun": _("Everybody covered in %(before)s is to be enrolled in %(into)s. Ground: %(basis)s"),
    "period.people_used": _("Roster %(roster)d is to enroll the people covered here in %(into)s. Ground: %(basis)s"),
    "roster.checked": _("The roster was checked: %(rows)d rows, %(refused)d refused."),
    "roster.failed": _("The roster's file could not be read (%(codes)s)."),
    "roster.conflicts_elsewhere": _("%(rows)d rows do not agree with people whom only other organizations know."),
    "roster.closed": _("The roster was closed unread (%(code)s)."),
    "roster.decided": _("%(rows)d rows in doubt were decided: %(kind)s. Reason: %(reason)s"),
    "roster.decided_again": _(
        "Checked anew: %(kept)d decided rows read as they did and stay decided, %(open)d wait to be decided again."
    ),
    "roster.full_list_declared": _("The roster was declared the full list of %(region)s; %(people)d people are missing."),
    "roster.missing_restored": _("The cover of %(people)d people whom the full list had left out goes on."),
    "roster.missing_ended": _("The cover of %(people)d people who were missing from the full list was ended."),
    "roster.left_downloaded": _("The list of who is not renewed was downloaded (%(people)d, masked)."),
    "roster.missing_downloaded": _("The list of missing people was downloaded (%(people)d, masked)."),
    "roster.people_corrected": _("Part %(chunk)d corrected name or document of %(people)d people."),
    "roster.submitted": _("The roster was submitted for approval."),
    "roster.approved": _("The roster was approved."),
    "roster.left_out": _(
        "The budgets did not suffice: %(rows)d rows of %(groups)d groups (%(premium)s yuan) were left out, by the "
        "priority of categories."
    ),
    "roster.refused": _("The roster was sent back: %(reason)s"),
    "roster.withdrawn": _("The roster was withdrawn: %(reason)s"),
    "roster.chunk_applied": _("Part %(chunk)d was applied: %(rows)d rows took effect, %(set_aside)d set aside."),
    "roster.applied": _("The roster is applied: %(rows)d rows took effect, %(set_aside)d set aside."),
    "roster.lapsed": _(
        "Enrollment has closed: %(people)d unpaid enrollments lapsed, %(released)s yuan went back to the budgets."
    ),
    "roster.hold_lapsed": _("Enrollment has closed: %(released)s yuan held for the roster went back to the budgets."),
    "roster.gate_passed": _("%(gate)s: recorded for %(passed)d enrollments, %(in_force)d came into force."),
    "roster.gate_reopened": _("%(gate)s: taken back for %(people)d enrollments, whose payment was recorded wrongly."),
    "roster.undo_requested": _("The undo of the roster was requested: %(reason)s"),
    "roster.undo_approved": _("The undo of the roster was approved."),
    "roster.undo_turned_down": _("The undo of the roster was turned down: %(reason)s"),
    "roster.chunk_undone": _(
        "Part %(chunk)d was undone: %(covers)d covers voided, %(released)s yuan went back to the budgets; of %(kept)d rows "
        "something stays; %(paid)d own shares (%(refunds)s yuan) are to be refunded."
    ),
    "roster.undone": _("The roster is undone: %(rows)d rows undone, of %(kept)d rows something stays."),
    "roster.kept_rows_downloaded": _("%(rows)d rows that the undo left were downloaded (%(format)s)."),
    "roster.words_mapped": _("%(words)d words were given a meaning; the roster is checked again."),
    "roster.sheets_chosen": _("%(sheets)d sheets were chosen; the roster is checked again."),
    "roster.files_added": _("%(files)d file(s) joined the roster."),
    "roster.file_taken_out": _("The file %(file)s was left out; the roster is checked again."),
    "roster.confirmed": _("What is unusual was confirmed (%(reasons)s)."),
    "roster.refused_rows_downloaded": _("%(rows)d refused rows were downloaded (%(format)s)."),
    "roster.covers_voided": _("%(covers)d covers were voided, %(released)s yuan went back to the budgets."),
    "purchase.covers_voided": _("%(covers)d covers were voided, %(released)s yuan went back to the budgets."),
    "purchase.made": _("%(people)d enrollments were made (%(premium)s yuan), %(refused)d lines refused."),
    "purchase.gate_passed": _("%(gate)s: recorded for %(passed)d enrollments, %(in_force)d came into force."),
    "program.conflict_elsewhere": _("One person did not agree with someone whom only other organizations know."),
    "change.proposed": _("%(kind)s was proposed: %(reason)s"),
    "change.turned_down": _("%(kind)s was turned down: %(reason)s"),
    "change.withdrawn": _("%(kind)s was withdrawn."),
    "person.ended": _("%(covers)d covers were ended with %(day)s (%(end_reason)s)."),
    "person.refunded": _("Cover %(cover)s was given back: %(own_share)s yuan go back to the person."),
    "person.corrected": _("The identity was corrected: %(fields)s."),
    "person.document_added": _("A further document was recorded: %(document_type)s."),
    "person.speaker_recorded": _("Recorded who speaks for the person: %(role)s."),
    "person.health_stated": _("A health class was stated, from %(day)s on."),
    "person.health_found": _("Case %(reference)s found a health class, from %(day)s on."),
    "person.speaker_ended": _("Ended who speaks for the person: %(role)s."),
    "person.merged": _(
        "Person %(other)d was merged into this one: %(covers)d covers moved, %(given_up)d were given up, %(released)s yuan went "
        "back to the budgets, %(own)s yuan are to be refunded to the person."
    ),
    "person.unmerged": _(
        "The merge of person %(other)d was undone: %(covers)d covers went back; %(stay_given_up)d that were given up stay so."
    ),
    "roster.cover_given_up": _("%(covers)d cover was given up at a merge; %(released)s yuan went back to the budgets."),
    "purchase.cover_given_up": _("%(covers)d cover was given up at a merge; %(released)s yuan went back to the budgets."),
    "person.moved": _("The person moved within the office; %(covers)d covers moved along."),
    "person.transferred": _("The person was taken over by another office; cover and money stay with this one."),
    "person.received": _("The person was taken over from another office."),
}
