"""What people do with exports, and what their time does to them."""

from exports.actions.asking import Handed, ask_export, send_export
from exports.actions.ending import cancel_export, purge_exports
from exports.actions.fetching import open_export

__all__ = ["Handed", "ask_export", "cancel_export", "open_export", "purge_exports", "send_export"]
