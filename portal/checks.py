"""Checks of what is deployed: nothing of a demo reaches production, and no database stands where no migration goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


@register(Tags.security, deploy=True)
def no_demo_relaxations(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each relaxation that `make run` takes is an error here."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(Error("DEMO is on.", hint="Unset DEMO: it serves over http and knows demo logins.", id="portal.E001"))
    if settings.TESTING:
        found.append(
            Error(
                "TESTING is on.", hint="Unset TESTING: it serves over http, hashes passwords fast and opens the fault points.",
                id="portal.E005",
            )
        )
    if not settings.SECOND_FACTOR_REQUIRED:
        found.append(
            Error(
                "Administrators sign in without a second factor.", hint="Unset SECOND_FACTOR_REQUIRED.", id="portal.E002"
            )
        )
    if settings.CELERY_BROKER_URL.startswith(("filesystem:", "memory:")):
        found.append(
            Error(
                "CELERY_BROKER_URL names a broker for one machine.",
                hint="Set it to Redis (redis://…) or RabbitMQ (amqp://…).", id="portal.E003",
            )
        )
    return found


@register(Tags.database)
def no_history_cut_in_the_middle(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Some of the migrations that another replaced were applied, and the rest are gone: Django would skip the room in silence."""
    found: list[CheckMessage] = []
    loader = MigrationLoader(None)
    for alias in databases or ():
        applied = MigrationRecorder(connections[alias]).applied_migrations().keys()
        for (room, name), migration in loader.replacements.items():
            lacking = [number for number in migration.replaces if number not in applied]
            gone = [number for number in lacking if number not in loader.disk_migrations]
            if gone and len(lacking) < len(migration.replaces):
                found.append(
                    Error(
                        f"The database lacks {', '.join('.'.join(number) for number in gone)}, which {room}.{name} replaces.",
                        hint="Migrate it with the last revision that has them, then with this one.", id="portal.E004",
                    )
                )
    return found
