"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from portal.garbage import search_seldom

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()
# Without this the first request would load all pages, and every search after it would go through them.
get_resolver().url_patterns  # noqa: B018 - a property that loads
search_seldom()
