"""Whose address a request has when proxies stand in front of the portal; what anybody can write is not believed."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The browser's address as the outermost of our own proxies (PROXIES of them) saw it; who speaks to us where none stands.

    Each proxy adds whom it saw at the end of X-Forwarded-For: what stands further in front came with the request, and may be
    invented. A header that holds less than our proxies write, or no address there, is none of theirs.
    """
    near = str(request.META.get("REMOTE_ADDR", ""))
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if not settings.PROXIES or len(seen) < settings.PROXIES:
        return near
    try:
        return str(ip_address(seen[-settings.PROXIES]))
    except ValueError:
        return near
