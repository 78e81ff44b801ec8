"""The roof: settings, urls, celery, admin site; nobody imports it. Importing it makes the Celery application known."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
