"""Deployment checks: what is right for a demo must not reach production."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def no_demo_relaxations(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each relaxation that `make run` takes is an error here."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(Error("DEMO is on.", hint="Unset DEMO: it serves over http and knows demo logins.", id="portal.E001"))
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
