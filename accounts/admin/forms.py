"""Forms behind the buttons; choices are limited to what the signed-in user may see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Organization, Region, User
from accounts.models.region import CODE_LENGTHS
from accounts.roles import Role


class OrganizationChoice(forms.ModelChoiceField):
    """Organizations as an indented tree."""

    def label_from_instance(self, organization: Organization) -> str:
        """Deeper ones stand further right."""
        return "　" * organization.depth + organization.name


def organizations_for(user: User) -> Any:
    """Organizations that still work and that a user may see."""
    return Organization.objects.visible_to(user).active().order_by("path")


class RegionCodeField(forms.CharField):
    """A region typed by its code; cleans to the Region, None when blank."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "maxlength": 12})
        super().__init__(required=False, max_length=12, widget=widget, **kwargs)

    def clean(self, value: Any) -> Region | None:
        """The live region of this code."""
        code = super().clean(value)
        if not code:
            return None
        found = Region.objects.live(on=timezone.localdate()).filter(code=code).first()
        if found is None or len(code) not in CODE_LENGTHS:
            raise forms.ValidationError(_("There is no region with this code."), code="unknown")
        return found


class NewUserForm(forms.Form):
    """A new member of staff."""

    username = forms.CharField(
        label=_("User name"), max_length=64, widget=UnfoldAdminTextInputWidget(attrs={"autocapitalize": "none"}),
        help_text=_("3 to 64 lower-case letters, digits, dots, hyphens or underscores."),
    )
    display_name = forms.CharField(label=_("Name"), max_length=60, widget=UnfoldAdminTextInputWidget())
    organization = OrganizationChoice(
        label=_("Organization"), queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    phone = forms.CharField(label=_("Phone"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations_for(by)


class CorrectUserForm(forms.Form):
    """A correction of a member of staff; the stored phone is not shown."""

    display_name = forms.CharField(label=_("Name"), max_length=60, widget=UnfoldAdminTextInputWidget())
    phone = forms.CharField(
        label=_("New phone"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Leave empty to keep the stored number."),
    )


class GrantForm(forms.Form):
    """A role for a user."""

    user = forms.ModelChoiceField(label=_("User"), queryset=User.objects.none(), widget=UnfoldAdminSelectWidget())
    role = forms.ChoiceField(label=_("Role"), choices=Role, widget=UnfoldAdminSelectWidget())
    organization = OrganizationChoice(
        label=_("Organization"), queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    region = RegionCodeField(label=_("Region code"), help_text=_("Empty: the organization's own region."))
    expires_on = forms.DateField(
        label=_("Expires on"), required=False, widget=UnfoldAdminDateWidget(),
        help_text=_("The first day on which it no longer holds."),
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        users = User.objects.visible_to(by).filter(is_active=True).exclude(pk=by.pk)
        self.fields["user"].queryset = users.order_by("username")
        self.fields["organization"].queryset = organizations_for(by)


class OrganizationForm(forms.Form):
    """What an organization is called and where it is."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=UnfoldAdminTextInputWidget())
    short_name = forms.CharField(
        label=_("Short name"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget()
    )
    region = RegionCodeField(label=_("Region code"), help_text=_("Empty: the whole country."))
    uscc = forms.CharField(
        label=_("Unified social credit code"), max_length=18, required=False, widget=UnfoldAdminTextInputWidget()
    )


class NewOrganizationForm(OrganizationForm):
    """A new organization below one that the user may see."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Organization.Kind, widget=UnfoldAdminSelectWidget())
    parent = OrganizationChoice(
        label=_("Part of"), queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = organizations_for(by)


class MoveForm(forms.Form):
    """A new place in the tree."""

    parent = OrganizationChoice(
        label=_("Part of"), queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = organizations_for(by)
