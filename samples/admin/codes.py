"""Checksums on pages: codes in no language, to be copied."""

from __future__ import annotations

import re

from django.utils.safestring import SafeString

from audit.naming import as_recorded

_CODE = re.compile(r"(\d+: )?[0-9a-f]{64}")


def coded(value: str) -> SafeString | str:
    """A value as it stands; a checksum as a code."""
    return as_recorded(value) if _CODE.fullmatch(value) else value
