"""Forms of any import: what words mean, which sheets are read, which files join, why, and how rows are given back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from intake.actions import Said
from intake.actions.mending import FILES_AT_MOST, columns_left, words_asked
from intake.columns import Column
from intake.models import File, Kind
from intake.template import Template

#: What every word may stand for: nothing at all.
NOTHING = ("", _("Leave it as it is"))
ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.et"


class WordsForm(forms.Form):
    """For each unknown word a drop-down; what is left open stays unknown. Here the headings, which any import has."""

    def __init__(self, *args: Any, subject: Any, template: Template, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked: dict[str, tuple[str, str]] = {}
        columns = [(column.key, _column_words(column)) for column in columns_left(subject, template)]
        for word, samples in words_asked(subject).get(Kind.HEADING, {}).items():
            below = "、".join(samples)
            told = _t("Cells below it: %(cells)s") % {"cells": below} if below else _t("The first rows below it are empty.")
            self.ask(Kind.HEADING, word, _t("Column “%(word)s”"), [NOTHING, *columns], told)

    def ask(self, kind: str, word: str, label: str, choices: Sequence[Any], told: str) -> None:
        """One more word with what it may stand for; `told` stands below it."""
        name = f"{kind}-{hashlib.sha256(word.encode()).hexdigest()[:12]}"
        self._asked[name] = (kind, word)
        self.fields[name] = forms.ChoiceField(
            label=label % {"word": word}, choices=choices, required=False, help_text=told,
            widget=UnfoldAdminSelectWidget(),
        )

    def said(self, given: Mapping[str, Any]) -> list[Said]:
        """What was chosen."""
        return [Said(kind, word, given[name]) for name, (kind, word) in self._asked.items() if given[name]]


def _column_words(column: Column) -> str:
    label = str(column.label)
    return _t("%(column)s (required)") % {"column": label} if column.required else label


def rows_in_words(rows: int) -> str:
    """A number of rows."""
    return ngettext("%(rows)s row", "%(rows)s rows", rows) % {"rows": f"{rows:,}"}


class SheetsForm(forms.Form):
    """One, several or all sheets of each workbook that has more than one."""

    def __init__(self, *args: Any, subject: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sheets = subject.counts.get("sheets", {})
        self.workbooks: dict[str, File] = {}
        for file in subject.files.filter(pk__in=[int(key) for key in sheets]).order_by("pk"):
            name = f"file-{file.pk}"
            self.workbooks[name] = file
            told = sheets[str(file.pk)]
            self.fields[name] = forms.MultipleChoiceField(
                label=file.name, widget=UnfoldAdminCheckboxSelectMultipleWidget(),
                choices=[(sheet["name"], _sheet_words(sheet)) for sheet in told],
                initial=file.sheets or [sheet["name"] for sheet in told if sheet["read"]],
                error_messages={"required": _("Choose one or more of the sheets that the file has.")},
            )

    def chosen(self, given: Mapping[str, Any]) -> list[tuple[File, list[str]]]:
        """The files whose choice differs from what was read, with the sheets."""
        return [
            (file, given[name]) for name, file in self.workbooks.items() if set(given[name]) != set(self.fields[name].initial)
        ]


def _sheet_words(sheet: Mapping[str, Any]) -> str:
    words = f"{sheet['name']} · {rows_in_words(sheet['rows'] or 0)}"
    return f"{words} · {_t('hidden')}" if sheet["hidden"] else words


class SeveralFilesInput(UnfoldAdminFileFieldWidget):
    """A field for one or many files."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """One or many files, none above the limit: said here, before the bytes are sealed."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SeveralFilesInput(attrs={"accept": ACCEPTED, "multiple": True}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """The files as a list."""
        given = data if isinstance(data, list | tuple) else [data]
        files = [super(SeveralFilesField, self).clean(file, initial) for file in given or [None]]
        if len(files) > FILES_AT_MOST:
            raise forms.ValidationError(
                _("It may hold %(files)d files at most. Upload the others as another one."), params={"files": FILES_AT_MOST}
            )
        for file in files:
            if file.size > settings.UPLOAD_LIMIT:
                raise forms.ValidationError(
                    _("The file is larger than %(megabytes)d MB. Split it into several files."),
                    params={"megabytes": settings.UPLOAD_LIMIT // 2**20},
                )
        return files


class AddFilesForm(forms.Form):
    """Files that join an import."""

    files_wanted = SeveralFilesField(
        label=_("Files"),
        help_text=_("Further lists, or the file of refused rows after it was corrected: its lines replace the refused ones."),
    )


class FileForm(forms.Form):
    """Which of an import's files."""

    file = forms.ModelChoiceField(File.objects.none(), label=_("File"), widget=UnfoldAdminSelectWidget(), empty_label=None)

    def __init__(self, *args: Any, files: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = files  # type: ignore[attr-defined]
        self.fields["file"].label_from_instance = lambda file: file.name  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class DigestForm(forms.Form):
    """What the approver has looked at: an edit in between makes it stale."""

    digest = forms.CharField(widget=forms.HiddenInput())


class RefusedFormatForm(forms.Form):
    """How refused rows are given back."""

    kind = forms.ChoiceField(
        label=_("Format"), choices=[("xlsx", "XLSX"), ("csv", "CSV")], widget=UnfoldAdminSelectWidget()
    )
    file = forms.ModelChoiceField(
        File.objects.none(), label=_("File"), widget=UnfoldAdminSelectWidget(), required=False,
        empty_label=_("All files, in an archive"),
    )

    def __init__(self, *args: Any, files: Sequence[tuple[File, int]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = {file.pk: number for file, number in files}
        field: Any = self.fields["file"]
        field.queryset = File.objects.filter(pk__in=rows).order_by("pk")
        field.label_from_instance = lambda file: f"{file.name} · {_t('%(rows)s rows') % {'rows': f'{rows[file.pk]:,}'}}"
        if len(files) < 2:
            del self.fields["file"]
