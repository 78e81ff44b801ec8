"""Time-based one-time passwords (RFC 6238) over django-otp's arithmetic; pure, nothing is stored here."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from io import BytesIO
from urllib.parse import quote, urlencode

import qrcode
from django_otp.oath import hotp
from qrcode.image.svg import SvgPathImage

STEP_SECONDS = 30
DIGITS = 6
#: Steps before and after the present one that are accepted: phones' clocks drift.
TOLERANCE = 1
SECRET_BYTES = 20


def new_secret() -> str:
    """A fresh random secret in base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def token_at(secret: str, *, at: datetime) -> str:
    """The six digits that a phone shows at a time."""
    return f"{hotp(base64.b32decode(secret), _step(at), DIGITS):0{DIGITS}d}"


def matching_step(secret: str, token: str, *, at: datetime, after: int) -> int | None:
    """The step a token belongs to, newer than `after` (so none works twice); None when it fits none."""
    key, now, found = base64.b32decode(secret), _step(at), None
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        expected = f"{hotp(key, step, DIGITS):0{DIGITS}d}"
        if secrets.compare_digest(expected.encode(), token.encode()) and step > after:
            found = step
    return found


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """What an authenticator app reads from the QR code (otpauth://)."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?" + urlencode(
        {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    )


def qr_svg(text: str) -> str:
    """An inline SVG without style attributes or scripts, so a strict CSP shows it."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2, image_factory=SvgPathImage)
    code.add_data(text)
    out = BytesIO()
    code.make_image().save(out)
    svg = out.getvalue().decode("utf-8")
    return svg[svg.index("<svg") :]


def _step(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS
