"""Masks of this room's own sealed values."""

from __future__ import annotations

from django.utils.translation import gettext as _t


def mask_groups(codes: str) -> str:
    """Of groups of diseases how many, never which."""
    return _t("%(number)d group(s)") % {"number": len([code for code in codes.split(",") if code])}
