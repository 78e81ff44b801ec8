"""What is asked before a list leaves: the format, and of a list of people the purpose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from exports.actions.asking import PURPOSE_MAX
from exports.locking import MOST, made_password
from exports.models import Export


class ExportForm(forms.Form):
    """Format and purpose."""

    kind = forms.ChoiceField(
        label=_("Format"), choices=Export.Format.choices, initial=Export.Format.XLSX, widget=UnfoldAdminRadioSelectWidget(),
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=PURPOSE_MAX, required=False, widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, *args: Any, holds_people: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if holds_people:
            self.fields["purpose"].required = True
            self.fields["purpose"].help_text = _("What the file is for and who gets it. It stays in the record; name nobody.")
        else:
            del self.fields["purpose"]


class PasswordForm(forms.Form):
    """What opens the archive: offered once, or typed. Readable, since it is to be noted; never filled in by a browser."""

    password = forms.CharField(
        label=_("Password of the file"), initial=made_password, max_length=MOST, strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Keep this one, or type your own of at least 12 characters. The usual tools for archives open the file."),
    )
