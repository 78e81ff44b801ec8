"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "message_wording.drafted": _("A wording of messages was drafted: %(topic)s, version %(version)s."),
    "message_wording.approved": _("A wording of messages was approved: %(topic)s, version %(version)s."),
    "message_wording.declined": _("A wording of messages was declined: %(topic)s, version %(version)s. %(reason)s"),
    "sending.proposed": _("A message to %(people)s people was proposed: %(topic)s."),
    "sending.released": _("The message was released: %(phone)s people by telephone, %(village)s by their villages."),
    "sending.written": _("%(messages)s messages for %(people)s people were written."),
    "sending.downloaded": _("The file with %(messages)s messages was downloaded."),
    "sending.printed": _("Lists of %(people)s people in %(villages)s villages were printed."),
    "sending.withdrawn": _("The message was withdrawn: %(reason)s"),
    "sending.purged": _("The file of messages was deleted at the end of its time."),
}
