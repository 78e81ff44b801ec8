"""The copy of everything that is held about a person: for people to read, and for programs."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from beneficiaries.holdings import Part, about, parts_of
from papers.models import PersonRequest

LANGUAGE = "zh-hans"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def bundle_of(request: PersonRequest, *, at: datetime) -> tuple[bytes, int]:
    """An archive with a page to read and the same as JSON, and how many entries it has. Always Chinese."""
    with override(LANGUAGE):
        parts = list(parts_of(about(request.person, request.organization)))
        facts: dict[str, Any] = {
            "office": request.organization.name, "request": request.pk, "at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}",
        }
        page = render_to_string("papers/bundle.html", {**facts, "parts": parts})
        data = json.dumps({**facts, "held": [_plain(part) for part in parts]}, ensure_ascii=False, indent=1)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("personal-data.html", page), ("personal-data.json", data)):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, text)
    return whole.getvalue(), sum(len(part.entries) for part in parts)


def _plain(part: Part) -> dict[str, Any]:
    return {"title": part.title, "entries": [dict(entry) for entry in part.entries]}
