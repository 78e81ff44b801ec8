"""A text field that is sealed at rest and masked wherever it is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import FieldError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from audit import keys
from audit.errors import KeyDestroyed
from audit.masking import Mask, hidden

#: Whether there is a value, and what the history triggers compare with: tokens, never texts.
_ALLOWED_LOOKUPS = frozenset({"isnull", "df", "ndf"})


class Sealed:
    """A sealed value: `str()` gives the mask, `reveal()` the text. Never compared or pickled in the clear."""

    __slots__ = ("_mask", "logical_name", "token")

    def __init__(self, token: bytes, logical_name: str, mask: Mask = hidden) -> None:
        self.token, self.logical_name, self._mask = bytes(token), logical_name, mask

    def reveal(self) -> str:
        """The text in the clear."""
        return keys.open_sealed(self.token, self.logical_name)

    def told(self) -> str:
        """The text in the clear, or what says that nobody can read it any more."""
        try:
            return self.reveal()
        except KeyDestroyed:
            return str(self)

    def __str__(self) -> str:
        try:
            return self._mask(self.reveal())
        except KeyDestroyed:
            return gettext("(destroyed)")

    def __repr__(self) -> str:
        return f"<sealed {self.logical_name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sealed:
        return self


class SealedInput(forms.CharField):
    """An input that never shows what is stored: left empty it keeps it."""

    def prepare_value(self, value: Any) -> Any:
        """Nothing of a stored value, not even its mask: a mask sent back would take the value's place."""
        return "" if isinstance(value, Sealed) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Only something typed is a change."""
        return bool(data)


class SealedTextField(models.BinaryField):
    """Text sealed under `purpose`, this year's key, and `logical_name` as associated data.

    The logical name never changes: it is what binds history and copies of a value to its place. Assign a `str` (sealed
    when saved), a `Sealed` or None. No lookup but `isnull`: search goes through a blind index.
    """

    # What django-stubs reads: assigned a str, a Sealed or None; read as Sealed or None.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def __init__(
        self, *args: Any, logical_name: str = "", purpose: str = "", mask: Mask | None = None, **kwargs: Any
    ) -> None:
        self.logical_name, self.purpose, self.mask = logical_name, purpose, mask or hidden
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """The mask is how a value is shown: no matter of migrations."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.update(logical_name=self.logical_name, purpose=self.purpose)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        """A stored token."""
        return None if value is None else Sealed(value, self.logical_name, self.mask)

    def to_python(self, value: Any) -> Any:
        """A text stays a text until it is saved."""
        return value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Seal a text that was assigned."""
        value = getattr(model_instance, self.attname)
        if isinstance(value, str):
            value = self.seal(value)
            setattr(model_instance, self.attname, value)
        return value

    def seal(self, text: str) -> Sealed | None:
        """A text sealed now; an empty one is none."""
        if not text:
            return None
        sealer = keys.sealer(self.logical_name, purpose=self.purpose, year=timezone.localdate().year)
        return Sealed(sealer.seal(text), self.logical_name, self.mask)

    def get_prep_value(self, value: Any) -> Any:
        """The token; a text is sealed."""
        if isinstance(value, str):
            value = self.seal(value)
        return value.token if isinstance(value, Sealed) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The token as the driver wants it."""
        return super().get_db_prep_value(self.get_prep_value(value), connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is a value can be asked."""
        if lookup_name not in _ALLOWED_LOOKUPS:
            raise FieldError(f"{self.name} is sealed: search by its blind index.")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        """What a serializer gets: the mask."""
        return str(self.value_from_object(obj) or "")

    def formfield(self, **kwargs: Any) -> Any:
        """An input that keeps what is stored when left empty."""
        return SealedInput(required=not self.blank, label=self.verbose_name, help_text=self.help_text)

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """What was typed; nothing typed changes nothing."""
        if data:
            super().save_form_data(instance, data)
