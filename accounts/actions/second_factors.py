"""Actions on second factors: set up, checked, replaced, reset."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from accounts import totp
from accounts.actions.guards import refuse_beyond_reach
from accounts.actions.users import end_sessions
from accounts.errors import AccountsRefused
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.policy import policy
from audit import events
from audit.faults import fault_point

RECOVERY_CODES = 8
#: No 0 O 1 I L U: codes are copied from paper. 16 signs of 29 give 76 random bits: a fast hash is enough.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 16
_SEPARATORS = re.compile(r"[\s-]+")


@transaction.atomic
def begin_second_factor(user: User, *, by: User | str, at: datetime) -> SecondFactor:
    """The unconfirmed second factor of a user, made when there is none; its secret goes into the QR code."""
    user = _locked(user)
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        fault_point("accounts.begin_second_factor.before")
        factor = SecondFactor.objects.create(user=user, secret=totp.new_secret(), created_at=at)
        _record("second_factor.begun", user, by=by, at=at)
        fault_point("accounts.begin_second_factor.after")
    elif factor.confirmed_at is not None:
        raise AccountsRefused("ALREADY_ENROLLED")
    return factor


def confirm_second_factor(user: User, *, token: str, by: User | str, at: datetime) -> list[str] | None:
    """Finish the set-up with a first token: gives the recovery codes (shown once), None when the token is wrong.

    Other sessions of the user end, since they were opened by a password alone.
    """
    codes, rows = _new_codes(user, at=at)
    with transaction.atomic():
        user = _locked(user)
        factor = SecondFactor.objects.select_for_update().get(user=user)
        if factor.confirmed_at is not None:
            raise AccountsRefused("ALREADY_ENROLLED")
        step = totp.matching_step(factor.secret.reveal(), _clean(token), at=at, after=factor.last_step)
        if step is None:
            return None
        factor.confirmed_at, factor.last_step = at, step
        fault_point("accounts.confirm_second_factor.before")
        factor.save(update_fields=["confirmed_at", "last_step"])
        _replace(user, rows)
        end_sessions(user)
        _record("second_factor.set_up", user, by=by, at=at)
        fault_point("accounts.confirm_second_factor.after")
    return codes


@transaction.atomic
def verify_second_factor(user: User, *, token: str, by: User | str, at: datetime) -> bool:
    """Whether a token (or an unused recovery code) is right; it is used up. A blank one is no attempt at all.

    Wrong ones are counted under the row's lock; too many close the second factor for a while.
    """
    token = _clean(token)
    if not token:
        return False
    factor = SecondFactor.objects.select_for_update(of=("self",)).select_related("user__organization").get(user=user)
    if factor.confirmed_at is None or factor.is_locked(at=at):
        return False
    step = totp.matching_step(factor.secret.reveal(), token, at=at, after=factor.last_step)
    fault_point("accounts.verify_second_factor.before")
    if step is not None:
        factor.last_step = step
    elif not _use_recovery_code(factor.user, token, by=by, at=at):
        _count_failure(factor, by=by, at=at)
        fault_point("accounts.verify_second_factor.counted")
        return False
    factor.failures, factor.locked_until = 0, None
    factor.save(update_fields=["last_step", "failures", "locked_until"])
    fault_point("accounts.verify_second_factor.after")
    return True


def replace_recovery_codes(user: User, *, by: User | str, at: datetime) -> list[str]:
    """New recovery codes, shown once; the old ones stop working."""
    codes, rows = _new_codes(user, at=at)
    with transaction.atomic():
        user = _locked(user)
        if not SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists():
            raise AccountsRefused("NO_SECOND_FACTOR")
        fault_point("accounts.replace_recovery_codes.before")
        _replace(user, rows)
        _record("second_factor.codes_replaced", user, by=by, at=at)
        fault_point("accounts.replace_recovery_codes.after")
    return codes


@transaction.atomic
def reset_second_factor(user: User, *, by: User | str, at: datetime) -> User:
    """Remove a lost second factor; sessions end, and who must have one sets it up anew at the next sign-in."""
    if isinstance(by, User) and by.pk == user.pk:
        raise AccountsRefused("OWN_ACCOUNT")
    refuse_beyond_reach(user, permission="accounts.reset_second_factor", by=by)
    user = _locked(user)
    fault_point("accounts.reset_second_factor.before")
    removed, _ = SecondFactor.objects.filter(user=user).delete()
    if not removed:
        raise AccountsRefused("NO_SECOND_FACTOR")
    RecoveryCode.objects.filter(user=user).delete()
    end_sessions(user)
    _record("second_factor.reset", user, by=by, at=at)
    fault_point("accounts.reset_second_factor.after")
    return user


def _new_codes(user: User, *, at: datetime) -> tuple[list[str], list[RecoveryCode]]:
    codes = ["".join(secrets.choice(_SIGNS) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    rows = [RecoveryCode(user=user, code_hash=_hash(code), created_at=at) for code in codes]
    return ["-".join(code[start : start + 4] for start in range(0, _CODE_LENGTH, 4)) for code in codes], rows


def _hash(code: str) -> str:
    return hashlib.sha256(f"accounts.recovery_code:{code}".encode()).hexdigest()


def _replace(user: User, rows: list[RecoveryCode]) -> None:
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(rows)


def _use_recovery_code(user: User, token: str, *, by: User | str, at: datetime) -> bool:
    if len(token) != _CODE_LENGTH:
        return False
    unused = RecoveryCode.objects.filter(user=user, used_at__isnull=True)
    if not unused.filter(code_hash=_hash(token.upper())).update(used_at=at):
        return False
    _record("second_factor.recovery_code_used", user, by=by, at=at, data={"left": unused.count()})
    return True


def _count_failure(factor: SecondFactor, *, by: User | str, at: datetime) -> None:
    factor.failures += 1
    if factor.failures >= policy().second_factor_failure_limit:
        factor.failures = 0
        factor.locked_until = at + timedelta(seconds=policy().sign_in_lock_seconds)
    factor.save(update_fields=["failures", "locked_until"])
    verb = "second_factor.failed" if factor.locked_until is None or factor.failures else "second_factor.locked"
    _record(verb, factor.user, by=by, at=at)


def _clean(token: str) -> str:
    return _SEPARATORS.sub("", token)


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True, of=("self",)).select_related("organization").get(pk=user.pk)


def _record(
    verb: str, user: User, *, by: User | str, at: datetime, data: dict[str, object] | None = None
) -> None:
    events.record(
        verb, user, by=by, at=at, organization=user.organization, region_code=user.organization.region_code,
        data=data or {},
    )
