"""What an approver has looked at goes along with the approval: what has moved since makes it stale."""

from __future__ import annotations

from typing import Any

from django import forms


class ShownForm(forms.Form):
    """The digest of what the page shows; refused by the action when it differs."""

    shown = forms.CharField(widget=forms.HiddenInput())

    def __init__(self, data: Any, *, shown: str) -> None:
        super().__init__(data, initial={"shown": shown})
