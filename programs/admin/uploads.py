"""Plan and case files that are uploaded: read by their ending, every problem told."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Protocol

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t

from benefits.shapes import FileRefused
from programs.benefit_terms import engine_language

FILE_LIMIT = 1_000_000


class Load(Protocol):
    """Reads a text of a form."""

    def __call__(self, text: str, *, form: str) -> Any:
        """What the text says; FileRefused with all that is wrong."""


def read_upload(given: UploadedFile[Any], load: Load) -> Any:
    """What a file says; a ValidationError with all that is wrong with it."""
    if given.size is None or given.size > FILE_LIMIT:
        raise forms.ValidationError(_t("The file is larger than one megabyte."))
    try:
        text = given.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise forms.ValidationError(_t("The file is not in UTF-8.")) from error
    try:
        return load(text, form="json" if PurePath(given.name or "").suffix.lower() == ".json" else "yaml")
    except FileRefused as refused:
        raise forms.ValidationError(refused.say(engine_language())) from refused
