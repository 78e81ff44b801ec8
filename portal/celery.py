"""The Celery application: a doorbell for rows of `jobs`; it carries ids and nothing else."""

from __future__ import annotations

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

#: Before any broker is spoken to: kombu's own lets a worker read a message that is half written.
TRANSPORT_ALIASES["filesystem"] = "portal.local.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
