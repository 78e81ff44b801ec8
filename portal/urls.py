"""The portal's addresses: admin, sign-in, health and metrics."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from health_check.views import HealthCheckView

from portal import operations

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include("papers.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("health/live", operations.live, name="health_live"),
    path(
        "health/ready",
        HealthCheckView.as_view(
            checks=["health_check.checks.Database", "health_check.checks.Cache", "health_check.checks.Storage"]
        ),
        name="health_ready",
    ),
    path("metrics", operations.metrics, name="metrics"),
]
