"""The admin site: unfold's, without the list of all models that no page of ours shows."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, cached_property
from unfold.settings import get_config
from unfold.sites import UnfoldAdminSite

from portal.offered import offers


class PortalSite(UnfoldAdminSite):
    """Django makes `available_apps` for each page, with a permission and two addresses a model: here only when it is read."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """All rooms and models that the user may open, or one room's; made when first looked at."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        make = super().get_app_list
        return cast("list[Any]", SimpleLazyObject(lambda: make(request)))

    @cached_property
    def _config(self) -> dict[str, Any]:
        """Unfold's defaults with our settings, which stay what they are: it merges them anew for each of thirty words of a page."""
        merged: dict[str, Any] = get_config(self.settings_name)
        return merged

    def _get_config(self, key: str, *args: Any) -> Any:
        found = self._config.get(key)
        return self._get_value(found, *args) if found else None

    def _build_app_dict(self, request: HttpRequest, label: str | None = None) -> dict[str, Any]:
        """Rooms and models as the sidebar has them: the palette finds nothing that is not offered."""
        found: dict[str, Any] = super()._build_app_dict(request, label)
        for room in found.values():
            room["models"] = [each for each in room["models"] if offers(request.user, each["model"]._meta.label_lower)]
        return found


class PortalAdminConfig(AdminConfig):
    """`django.contrib.admin` with our site."""

    default_site = "portal.site.PortalSite"
