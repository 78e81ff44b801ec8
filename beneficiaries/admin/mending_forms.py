"""Forms by which a roster is mended: what words mean, which sheets are read, which files join."""

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
)

from beneficiaries.choices import PLACES_AT_MOST, categories, columns_of, near, places_of
from beneficiaries.models import Roster
from intake.actions import Said
from intake.actions.mending import FILES_AT_MOST, words_asked
from intake.columns import Column
from intake.models import File, Kind

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.et"


class WordsForm(forms.Form):
    """For each unknown word a drop-down; what is left open stays unknown."""

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked: dict[str, tuple[str, str]] = {}
        asked = words_asked(roster)
        nothing = ("", _t("Leave it as it is"))
        columns = [(column.key, _column_words(column)) for column in columns_of(roster)]
        for word, samples in asked.get(Kind.HEADING, {}).items():
            below = "、".join(samples)
            told = _t("Cells below it: %(cells)s") % {"cells": below} if below else _t("The first rows below it are empty.")
            self._ask(Kind.HEADING, word, _t("Column “%(word)s”"), [nothing, *columns], told)
        kinds = [nothing, *categories()] if asked.get(Kind.CATEGORY) else []
        for word, rows in asked.get(Kind.CATEGORY, {}).items():
            self._ask(Kind.CATEGORY, word, _t("Category “%(word)s”"), kinds, _rows(rows))
        places = list(places_of(roster).values_list("pk", "full_name", "name")) if asked.get(Kind.REGION) else []
        listed = [(code, f"{name} {code}") for code, name, _short in places if len(code) <= 9][:PLACES_AT_MOST]
        full = {code: f"{name} {code}" for code, name, _short in places}
        for word, rows in asked.get(Kind.REGION, {}).items():
            alike = [(code, full[code]) for code, _name in near(word, [(code, short) for code, _name, short in places])]
            offered: list[Any] = [nothing]
            if alike:
                offered.append((_t("Similar names"), alike))
            first = {code for code, _name in alike}
            offered.append((_t("All places"), [place for place in listed if place[0] not in first]))
            self._ask(Kind.REGION, word, _t("Place “%(word)s”"), offered, _rows(rows))

    def _ask(self, kind: str, word: str, label: str, choices: Sequence[Any], told: str) -> None:
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


def _rows(rows: int) -> str:
    return ngettext("%(rows)s row", "%(rows)s rows", rows) % {"rows": f"{rows:,}"}


class SheetsForm(forms.Form):
    """One, several or all sheets of each workbook that has more than one."""

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sheets = roster.counts.get("sheets", {})
        self.workbooks: dict[str, File] = {}
        for file in roster.files.filter(pk__in=[int(key) for key in sheets]).order_by("pk"):
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
    words = f"{sheet['name']} · {_rows(sheet['rows'] or 0)}"
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
    """Files that join a roster."""

    files_wanted = SeveralFilesField(
        label=_("Files"),
        help_text=_("Further lists, or the file of refused rows after it was corrected: its lines replace the refused ones."),
    )


class FileForm(forms.Form):
    """Which of a roster's files."""

    file = forms.ModelChoiceField(File.objects.none(), label=_("File"), widget=UnfoldAdminSelectWidget(), empty_label=None)

    def __init__(self, *args: Any, files: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = files  # type: ignore[attr-defined]
        self.fields["file"].label_from_instance = lambda file: file.name  # type: ignore[attr-defined]
