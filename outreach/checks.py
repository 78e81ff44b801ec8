"""What is wrong with the settings of this room, said at start."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from outreach.connectors import connector_class


@register()
def connector_is_one(app_configs: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """MESSAGE_CONNECTOR names a class with `send`."""
    try:
        named = connector_class()
    except ImportError as error:
        return [Error(f"MESSAGE_CONNECTOR cannot be imported: {error}", id="outreach.E001")]
    if not callable(getattr(named, "send", None)):
        return [Error("MESSAGE_CONNECTOR names no connector: it has no `send`.", id="outreach.E002")]
    return []
