"""Pages of signing in; mounted at the admin's own prefix, before it, so that they stand in for its login."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("login/", views.login_page, name="login"),
    path("login/code/", views.token_page, name="second_factor"),
    path("password_change/", views.password_change_page, name="password_change"),
    path("second-factor/", views.set_up_page, name="second_factor_set_up"),
    path("second-factor/codes/", views.recovery_codes_page, name="recovery_codes"),
]
