"""The page on which anybody checks a certificate; short, since people type it and square codes hold it."""

from __future__ import annotations

from django.urls import path

from papers import views

app_name = "papers"

urlpatterns = [
    path("c/", views.check_page, name="check"),
    # As a square code says it: capitals and digits only.
    path("C/<str:number>/<str:code>", views.scanned_page, name="scanned"),
]
