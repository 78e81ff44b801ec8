"""Import and export on a list's page, as django-import-export has them: file and format, preview, confirmation, template."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from import_export.mixins import BaseExportMixin, BaseImportMixin
from import_export.results import RowResult
from unfold.contrib.import_export import forms as unfold_forms
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from audit.admin.base import visible
from audit.errors import Refused
from intake import storage
from intake.actions import discard_upload, hold_upload, record_export, take_in_upload
from intake.errors import IntakeRefused
from intake.exports import RefusedRow, harmless, write_refused_xlsx, write_template
from intake.models import HeldUpload
from intake.readers import FileRefused
from intake.reference.formats import ListCsv, ListWorkbook
from intake.reference.reading import MOST_BYTES, MOST_ROWS, ListFile, read_list
from intake.reference.resource import Preview, ReferenceResource

#: Rows on a page of the preview.
PER_PAGE = 100
_SHEET = ListWorkbook.content_type
#: What a row is, in words, with the tone of its badge.
KINDS = {
    RowResult.IMPORT_TYPE_NEW: (_("New"), "good"), RowResult.IMPORT_TYPE_UPDATE: (_("Changed"), "wait"),
    RowResult.IMPORT_TYPE_SKIP: (_("Unchanged"), ""), RowResult.IMPORT_TYPE_INVALID: (_("Refused"), "bad"),
}


def listing(permission: str) -> Callable[..., bool]:
    """A `has_x_permission` method of a list: a role of the user gives the permission, and may change rows of the list."""
    changing = permission.replace(".export_", ".import_")

    def has_permission(self: Any, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(permission) and not visible(self.model, request.user, changing).query.is_empty()

    # Whoever asks which permission a button needs reads it here: the scope matrix does.
    has_permission.permission = permission  # type: ignore[attr-defined]
    return has_permission


class ImportForm(unfold_forms.ImportForm):
    """A file; its format is told by its content unless it is chosen."""

    #: Further fields, kept with the file until it is confirmed.
    option_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["format"]
        chosen.required = False
        chosen.choices = [("", _("By its content")), *list(chosen.choices)[1:]]
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.xlsx"
        # Where the parent puts them: the file, its format, then what a list of its own asks.
        self.order_fields(["resource", "import_file", "format", *self.option_names])

    def clean_import_file(self) -> UploadedFile:
        """Not too large to be looked through at once."""
        file: UploadedFile = self.cleaned_data["import_file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _t("The file is larger than %(megabytes)d MB. Split it into several files.")
                % {"megabytes": MOST_BYTES // 1024**2}
            )
        return file

    @property
    def options(self) -> dict[str, str]:
        """What was chosen beside the file, as text."""
        return {name: str(self.cleaned_data[name]) for name in self.option_names if self.cleaned_data.get(name)}


class ExportForm(unfold_forms.ExportForm):
    """A format, and a part of a long list."""

    beginning = forms.CharField(
        label=_("Only codes that begin with"), required=False, max_length=40, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Empty: the whole list."),
    )


class ReferencePages(BaseImportMixin, BaseExportMixin):
    """Mixed into a ScopedModelAdmin, before it. It gives `resource_classes`, and `has_import_permission` and
    `has_export_permission` by `listing`."""

    resource_classes: Any = ()
    formats: Any = (ListWorkbook, ListCsv)
    import_form_class: type[ImportForm] = ImportForm
    actions_list: Any = ("import_action", "export_action", "blank_template")
    #: These lists leave as they come in: by export and import of their resource.
    list_export = False
    #: The field by which an export is cut short.
    code_field = "code"

    @property
    def list_label(self) -> str:
        """Which list it is: "app.model"."""
        return str(self.model._meta.label_lower)

    # -- Import --------------------------------------------------------------------------------------------------------

    @action(description=_("Import"), url_path="import", permissions=["import"], icon="upload")
    def import_action(self, request: HttpRequest) -> HttpResponse:
        """A file is chosen; what it would do is shown; whoever has seen it confirms or discards it."""
        posted = request.method == "POST"
        number = request.POST.get("held") if posted else request.GET.get("held")
        if number is not None:
            held = self._held(request, number)
            if held is None:
                messages.error(request, str(IntakeRefused("NOT_HELD")))
                return HttpResponseRedirect(self._list_address())
            if posted:
                return self._decide(request, held)
            return self._refused_rows(request, held) if "refused" in request.GET else self._preview_page(request, held)
        form = self.import_form_class(
            self.get_import_formats(), self.get_import_resource_classes(request),
            data=request.POST if posted else None, files=request.FILES if posted else None,
        )
        if posted and form.is_valid():
            try:
                held = self._hold(request, form)
            except FileRefused as refused:
                for finding in refused.findings:
                    form.add_error("import_file", str(finding))
            except Refused as refused:
                form.add_error("import_file", str(refused))
            else:
                return HttpResponseRedirect(self._import_address(held))
        columns = self._resource_class(request).columns
        return render(request, "intake/reference_import.html", {
            **self._context(request, _t("Import: %(list)s")), "form": form, "columns": columns,
            "template_url": reverse(self._name("blank_template")), "most_rows": f"{MOST_ROWS:,}",
            "most_megabytes": MOST_BYTES // 1024**2,
        })

    def _hold(self, request: HttpRequest, form: ImportForm) -> HeldUpload:
        """Read it before it is kept: what cannot be read is told at once, and nothing of it stays."""
        file: Any = form.cleaned_data["import_file"]
        chosen = form.cleaned_data["format"]
        name = file.name
        if chosen:
            name = f"list.{self.get_import_formats()[int(chosen)]().get_extension()}"
        read_list(file, self._resource_class(request).columns, name=name)
        file.seek(0)
        user: Any = request.user
        return hold_upload(file, name=file.name, kind=self.list_label, options=form.options, by=user, at=timezone.now())

    def _held(self, request: HttpRequest, number: str) -> HeldUpload | None:
        """A file of the user's own for this list; another's is as missing as one that never was."""
        user: Any = request.user
        if not (number.isascii() and number.isdecimal() and len(number) <= 18):
            return None
        return HeldUpload.objects.select_related("file__organization").filter(
            pk=int(number), kind=self.list_label, file__uploaded_by=user, file__purged_at=None
        ).first()

    def _read(self, request: HttpRequest, held: HeldUpload) -> ListFile:
        try:
            with storage.opened(held.file.storage_key, held.file.size) as source:
                return read_list(source, self._resource_class(request).columns)
        except FileNotFoundError:
            # Confirmed or discarded a moment ago, by the same person's other click.
            raise IntakeRefused("NOT_HELD") from None

    def _preview_page(self, request: HttpRequest, held: HeldUpload, *, problem: str = "") -> HttpResponse:
        """Counts, then rows: the refused ones first, since they stand against all others."""
        try:
            preview = self._resource(request, held.options).preview(self._read(request, held))
        except Refused as refused:
            return render(request, "intake/reference_preview.html", {
                **self._context(request, _t("Import: %(list)s")), "held": held, "problem": problem or str(refused),
                "back_url": self._import_address(None),
            }, status=409)
        return self._shown(request, held, preview, problem=problem)

    def _shown(self, request: HttpRequest, held: HeldUpload, preview: Preview, *, problem: str) -> HttpResponse:
        counts = {kind: preview.count(kind) for kind in KINDS}
        kind = request.GET.get("show", "")
        if kind not in KINDS:
            kind = next((each for each in (RowResult.IMPORT_TYPE_INVALID, *KINDS) if counts[each]), "")
        rows = [row for row in preview.rows if row.import_type == kind]
        page = _page_number(request, len(rows))
        address = self._import_address(held)
        return render(request, "intake/reference_preview.html", {
            **self._context(request, _t("Import: %(list)s")), "held": held, "preview": preview, "problem": problem,
            "tabs": [
                {"kind": each, "label": label, "count": f"{counts[each]:,}", "tone": tone, "here": each == kind,
                 "url": f"{address}&show={each}"}
                for each, (label, tone) in KINDS.items() if counts[each] or each == kind
            ],
            "rows": rows[(page - 1) * PER_PAGE : page * PER_PAGE], "beside": preview.beside[:PER_PAGE],
            "beside_more": max(len(preview.beside) - PER_PAGE, 0), "kind": kind,
            "page": page, "pages": _pages(len(rows)), "previous_url": f"{address}&show={kind}&page={page - 1}" if page > 1 else "",
            "next_url": f"{address}&show={kind}&page={page + 1}" if page < _pages(len(rows)) else "",
            "refused_url": f"{address}&refused=1" if preview.refused else "",
            "back_url": self._import_address(None),
        }, status=409 if problem else 200)

    def _decide(self, request: HttpRequest, held: HeldUpload) -> HttpResponse:
        """Confirm what was shown, or discard the file."""
        user: Any = request.user
        now = timezone.now()
        if "discard" in request.POST:
            discard_upload(held, by=user, at=now)
            messages.success(request, _t("The file was discarded. Nothing was changed."))
            return HttpResponseRedirect(self._list_address())
        try:
            done = take_in_upload(
                held, self._resource(request, held.options), self._read(request, held),
                digest=request.POST.get("digest", ""), by=user, at=now,
            )
        except Refused as refused:
            if HeldUpload.objects.filter(pk=held.pk).exists():
                return self._preview_page(request, held, problem=str(refused))
            messages.error(request, str(refused))
            return HttpResponseRedirect(self._list_address())
        messages.success(
            request, _t("Imported: %(added)s new, %(changed)s changed, %(unchanged)s unchanged.") % {
                "added": f"{done.added:,}", "changed": f"{done.changed + len(done.beside):,}", "unchanged": f"{done.unchanged:,}",
            },
        )
        return HttpResponseRedirect(self._list_address())

    def _refused_rows(self, request: HttpRequest, held: HeldUpload) -> HttpResponse:
        """The refused rows in the file's own layout, with line and reason: corrected, they are uploaded again."""
        file = self._read(request, held)
        preview = self._resource(request, held.options).preview(file)
        rows = [
            RefusedRow(row.line, [harmless(cell) for cell in cells], ";".join(row.sentences), row.sheet)
            for row, cells in zip(preview.rows, file.cells, strict=True) if row.import_type == RowResult.IMPORT_TYPE_INVALID
        ]
        target = io.BytesIO()
        write_refused_xlsx(target, file.headings, rows)
        return _download(target.getvalue(), f"{self.opts.model_name}-refused.xlsx", _SHEET)

    # -- Export and template -------------------------------------------------------------------------------------------

    @action(description=_("Export"), url_path="export", permissions=["export"], icon="download")
    def export_action(self, request: HttpRequest) -> HttpResponse:
        """The rows that the user may change, as the import reads them again."""
        posted = request.method == "POST"
        form = ExportForm(
            self.get_export_formats(), self.get_export_resource_classes(request), data=request.POST if posted else None
        )
        if posted and form.is_valid():
            rows = self._rows_to_export(request, form.cleaned_data["beginning"].strip())
            number = rows.order_by()[: MOST_ROWS + 1].count()
            if number <= MOST_ROWS:
                chosen = self.get_export_formats()[int(form.cleaned_data["format"])]()
                return self._exported(request, rows, chosen)
            form.add_error("beginning", _t("The list has more than %(rows)s rows: say with what the codes begin.") % {
                "rows": f"{MOST_ROWS:,}",
            })
        resource = self._resource_class(request)
        return render(request, "intake/reference_export.html", {
            **self._context(request, _t("Export: %(list)s")), "form": form, "columns": resource.columns,
        })

    def _rows_to_export(self, request: HttpRequest, beginning: str) -> QuerySet:
        """Rows of the user's own table in the reach of the export's permission, in the list's order."""
        permission = f"{self.opts.app_label}.export_{self.opts.model_name}"
        rows = self._resource(request).own_table(visible(self.model, request.user, permission))
        if beginning:
            rows = rows.filter(**{f"{self.code_field}__startswith": beginning})
        return rows.order_by(*self.opts.ordering)

    def _exported(self, request: HttpRequest, rows: QuerySet, chosen: Any) -> HttpResponse:
        dataset = self._resource(request).export(rows)
        content = chosen.export_data(dataset)
        user: Any = request.user
        record_export(
            content, kind=self.list_label, rows=len(dataset), extension=chosen.get_extension(), by=user, at=timezone.now()
        )
        name = f"{self.opts.model_name}-{timezone.localdate():%Y%m%d}.{chosen.get_extension()}"
        return _download(content, name, chosen.get_content_type())

    @action(description=_("Blank template"), url_path="template", permissions=["import"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """A workbook with the headings, notes and drop-downs."""
        target = io.BytesIO()
        write_template(
            target, self._resource_class(request).columns,
            title=str(self.opts.verbose_name_plural),
        )
        return _download(target.getvalue(), f"{self.opts.model_name}-template.xlsx", _SHEET)

    # -- Shared --------------------------------------------------------------------------------------------------------

    def _resource_class(self, request: HttpRequest) -> type[ReferenceResource]:
        classes: Any = self.get_import_resource_classes(request)
        return classes[0]

    def _resource(self, request: HttpRequest, options: Any = None) -> ReferenceResource:
        return self._resource_class(request)(user=request.user, options=options)

    def _name(self, verb: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{verb}"

    def _list_address(self) -> str:
        return reverse(self._name("changelist"))

    def _import_address(self, held: HeldUpload | None) -> str:
        address = reverse(self._name("import_action"))
        return address if held is None else f"{address}?held={held.pk}"

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title % {"list": self.opts.verbose_name_plural},
            "list_url": self._list_address(),
        }


def _pages(rows: int) -> int:
    return max(1, -(-rows // PER_PAGE))


def _page_number(request: HttpRequest, rows: int) -> int:
    text = request.GET.get("page", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
    return min(max(number, 1), _pages(rows))


def _download(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

