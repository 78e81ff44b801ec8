"""Django's command line; on a machine where `make run` was used it works on that portal's database."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    server = None
    if not os.environ.get("DATABASE_URL"):
        from portal.local.environment import enter_local

        server = enter_local()
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        _apps = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        sys.exit(str(error))

    with server.running() if server else nullcontext():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
