"""What is wrong with the settings of this room, said at start."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from payouts.connectors import connector_class


@register()
def connector_is_one(app_configs: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """PAYOUT_CONNECTOR names a class with `deliver`, or nothing."""
    try:
        named = connector_class()
    except ImportError as error:
        return [Error(f"PAYOUT_CONNECTOR cannot be imported: {error}", id="payouts.E001")]
    if named is not None and not callable(getattr(named, "deliver", None)):
        return [Error("PAYOUT_CONNECTOR names no connector: it has no `deliver`.", id="payouts.E002")]
    return []
