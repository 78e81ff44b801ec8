"""All settings, from the environment. A missing or bad value stops with a sentence that says what to set."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_EVAL
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.logs import frames_only, scrubbed
from portal.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
MASTER_KEYS_HINT = (
    "1: and 32 random bytes in base64, as `openssl rand -base64 32` prints them; several, the active one first, "
    "separated by commas"
)
HOSTS_HINT = "the portal's host names, separated by commas"
#: A name (a dot before it: with all below it), an IPv6 address in brackets, or every host.
HOST = r"\*|\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]"
ORIGIN = r"https?://[^/,\s]+"
DATABASE_HINT = "postgres://USER:PASSWORD@HOST:5432/DATABASE"
CACHE_HINT = "redis://HOST:6379/0 (or locmemcache:// on one machine)"
CACHES_KNOWN = {"redis": "hostname", "rediss": "hostname", "locmemcache": ""}
BROKER_HINT = "amqp://USER:PASSWORD@HOST:5672// or redis://HOST:6379/1"
BROKERS_KNOWN = {
    "amqp": "hostname", "amqps": "hostname", "redis": "hostname", "rediss": "hostname", "filesystem": "path", "memory": "",
}


def required(name: str, hint: str) -> str:
    """A variable that must be set."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Set it to {hint}.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """A variable that says true or false."""
    value = env.str(name, default="").strip().lower()
    if value in ("", "true", "1", "yes", "false", "0", "no"):
        return default if not value else value in ("true", "1", "yes")
    raise ImproperlyConfigured(f"{name} is neither true nor false. Set it to true or to false.")


def number(name: str, *, default: int) -> int:
    """A variable that holds a whole number above zero."""
    value = env.str(name, default="").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and int(value) > 0):
        raise ImproperlyConfigured(f"{name} is no whole number above zero. Set it to one, such as {default}.")
    return int(value)


def one_of(name: str, *choices: str) -> str:
    """A variable that names one of the choices; the first is the default."""
    value = env.str(name, default="").strip() or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(f"{name} names nothing we know. Set it to one of: {', '.join(choices)}.")
    return value


def listed(name: str, text: str, pattern: str, *, hint: str) -> list[str]:
    """Words between commas, each as `pattern` wants it."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = next((word for word in words if not re.fullmatch(pattern, word)), None)
    if wrong is not None:
        raise ImproperlyConfigured(f"{name} holds {wrong}. Set it to {hint}.")
    return words


def hosts(text: str) -> list[str]:
    """Host names without scheme or port."""
    found = listed("ALLOWED_HOSTS", text, HOST, hint=HOSTS_HINT)
    if not found:
        raise ImproperlyConfigured(f"ALLOWED_HOSTS names no host. Set it to {HOSTS_HINT}.")
    return found


def public_url(text: str) -> str:
    """An origin, with a path or without, no slash at its end; empty for none."""
    found = listed("PUBLIC_URL", text, ORIGIN + r"(/[A-Za-z0-9._-]+)*/?", hint="one address such as https://portal.example.org")
    if len(found) > 1:
        raise ImproperlyConfigured("PUBLIC_URL names several addresses. Set it to one such as https://portal.example.org.")
    return found[0].rstrip("/") if found else ""


def service(name: str, url: str, schemes: dict[str, str], *, hint: str) -> str:
    """The URL of a service that we know. `schemes`: scheme -> which part it cannot do without ("" for none)."""
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} names no service that we know. Set it to {hint}.")
    needed = schemes[parts.scheme]
    if needed and not getattr(parts, needed):
        raise ImproperlyConfigured(f"{name} names no {'folder' if needed == 'path' else 'host'}. Set it to {hint}.")
    return url


def database(url: str) -> dict[str, Any]:
    """PostgreSQL from a URL."""
    hint = f"Set it to {DATABASE_HINT}."
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL does not name PostgreSQL. {hint}")
    try:
        config = env.db_url_config(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not readable. {hint}") from error
    if not config["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL names no database. {hint}")
    return {
        **config, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False,
        "TEST": {"NAME": f"test_{config['NAME']}"},
    }


def master_keys(text: str) -> dict[int, bytes]:
    """ID:BASE64 pairs of 32 bytes; the first is the active one."""
    hint = MASTER_KEYS_HINT
    keys: dict[int, bytes] = {}
    for part in text.split(","):
        number_text, _colon, value = part.strip().partition(":")
        try:
            key = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not (number_text.isascii() and number_text.isdecimal()) or len(key) != 32:
            raise ImproperlyConfigured(f"MASTER_KEYS is not readable. Set it to {hint}.")
        if int(number_text) in keys:
            raise ImproperlyConfigured(f"MASTER_KEYS names the id {int(number_text)} twice. Set it to {hint}.")
        keys[int(number_text)] = key
    return keys


def storage(url: str) -> dict[str, Any]:
    """Where uploaded files are kept, sealed: a folder, or any Django storage with its options."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/"):
        return {"BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": parts.path, "file_permissions_mode": 0o600,
                            "directory_permissions_mode": 0o700}}
    if parts.scheme == "class" and parts.netloc:
        if not _is_installed(parts.netloc):
            raise ImproperlyConfigured(
                f"STORAGE_URL names {parts.netloc}, which is not installed. Set it to class://DOTTED.PATH.OF.STORAGE."
            )
        return {"BACKEND": parts.netloc, "OPTIONS": storage_options(env.str("STORAGE_OPTIONS", default="{}"))}
    raise ImproperlyConfigured(
        "STORAGE_URL is not readable. Set it to file:///FOLDER, or to class://DOTTED.PATH.OF.STORAGE with STORAGE_OPTIONS."
    )


def storage_options(text: str) -> dict[str, Any]:
    """What a storage class is made with."""
    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise ImproperlyConfigured(f"STORAGE_OPTIONS is no JSON object. Set it to one. ({error})") from error
    if not isinstance(options, dict):
        raise ImproperlyConfigured("STORAGE_OPTIONS is no JSON object. Set it to one, such as {\"bucket_name\": \"NAME\"}.")
    return options


def _is_installed(path: str) -> bool:
    """Whether the module of a dotted class exists; the class itself is looked up when Django is ready."""
    module, _dot, name = path.rpartition(".")
    try:
        return bool(name) and bool(module) and find_spec(module) is not None
    except ModuleNotFoundError:
        return False


# -- What runs where ---------------------------------------------------------------------------------------------------
TESTING = flag("TESTING", default=False)
DEMO = flag("DEMO", default=False)
#: Of the people on the demo's rosters one in as many is loaded: all of them, or a demo that is loaded in less time.
DEMO_ONE_IN = number("DEMO_ONE_IN", default=1)
DEBUG = False
SECRET_KEY = required("SECRET_KEY", "50 or more random characters")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short. Set it to 50 or more random characters.")
ALLOWED_HOSTS = hosts(required("ALLOWED_HOSTS", HOSTS_HINT))
CSRF_TRUSTED_ORIGINS = listed(
    "CSRF_TRUSTED_ORIGINS", env.str("CSRF_TRUSTED_ORIGINS", default=""), ORIGIN,
    hint="origins such as https://portal.example.org, separated by commas",
)
DATABASES = {"default": database(required("DATABASE_URL", DATABASE_HINT))}
CACHES = {
    "default": env.cache_url_config(service("CACHE_URL", required("CACHE_URL", CACHE_HINT), CACHES_KNOWN, hint=CACHE_HINT))
}
STORAGES = {
    "default": storage(required("STORAGE_URL", "file:///FOLDER, or class://DOTTED.PATH.OF.STORAGE")),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEMO or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Keys of personal data ---------------------------------------------------------------------------------------------
MASTER_KEYS = master_keys(required("MASTER_KEYS", MASTER_KEYS_HINT))
CIPHER = one_of("CIPHER", "aes-256-gcm", "sm4-gcm")
INDEX_DIGEST = one_of("INDEX_DIGEST", "sha256", "sm3")
REVEAL_MINUTES = number("REVEAL_MINUTES", default=15)
REVEALS_PER_DAY = number("REVEALS_PER_DAY", default=200)
#: Rows a day, in all rosters of a program's offices, that may disagree with people known to others only.
IDENTITY_CONFLICTS_PER_DAY = number("IDENTITY_CONFLICTS_PER_DAY", default=50)

# -- Background work ---------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = service(
    "CELERY_BROKER_URL", required("CELERY_BROKER_URL", BROKER_HINT), BROKERS_KNOWN, hint=BROKER_HINT
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Beat writes it into its own table at each start: a removed or changed entry comes back.
CELERY_BEAT_SCHEDULE = {
    "audit.seal_events": {"task": "audit.seal_events", "schedule": 3.0, "options": {"expires": 3}},
    "jobs.sweep": {"task": "jobs.sweep", "schedule": 20.0, "options": {"expires": 20}},
    # A day's close is at midnight; asking each quarter of an hour, a missed one is made up for.
    "beneficiaries.lapse": {"task": "beneficiaries.lapse", "schedule": 900.0, "options": {"expires": 900}},
    # Whoever a release before this one left without marks, or a writer that knows none.
    "beneficiaries.mark": {"task": "beneficiaries.mark", "schedule": 300.0, "options": {"expires": 300}},
    "gates.close_notices": {"task": "gates.close_notices", "schedule": 900.0, "options": {"expires": 900}},
    "beneficiaries.settle_standing": {"task": "beneficiaries.settle_standing", "schedule": crontab(hour="3", minute="15")},
    # In the small hours; a scheduler that was off then asks when it is on again.
    "intake.retention": {"task": "intake.retention", "schedule": crontab(hour="3", minute="30")},
    "claims.recount": {"task": "claims.recount", "schedule": crontab(hour="4", minute="25")},
    "filings.attach": {"task": "filings.attach", "schedule": 600.0, "options": {"expires": 600}},
    "years.count_due": {"task": "years.count_due", "schedule": 600.0, "options": {"expires": 600}},
    "papers.retention": {"task": "papers.retention", "schedule": crontab(hour="4", minute="0")},
    "gates.retention": {"task": "gates.retention", "schedule": crontab(hour="3", minute="55")},
    "outreach.retention": {"task": "outreach.retention", "schedule": crontab(hour="4", minute="5")},
    "samples.retention": {"task": "samples.retention", "schedule": crontab(hour="4", minute="15")},
    "exports.retention": {"task": "exports.retention", "schedule": crontab(hour="3", minute="45")},
    "handover.retention": {"task": "handover.retention", "schedule": crontab(hour="3", minute="50")},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
DJANGO_CELERY_BEAT_TZ_AWARE = True
if CELERY_BROKER_URL.startswith("filesystem://"):
    _folder = urlsplit(CELERY_BROKER_URL).path
    CELERY_BROKER_URL = "filesystem://"
    # The default polls once a second. It loses a message whose worker is killed: rows with leases are the truth.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": _folder, "data_folder_out": _folder, "store_processed": False, "polling_interval": 0.1,
        "control_folder": f"{_folder}/control",
    }

# -- Rooms -------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "portal",
    "accounts",
    "portal.site.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "pgtrigger",
    "pghistory",
    "import_export",
    "django_celery_beat",
    "django_structlog",
    "django_prometheus",
    "health_check",
    "rest_framework",
    "audit",
    "jobs",
    "intake",
    "exports",
    "benefits",
    "programs",
    "beneficiaries",
    "continuity",
    "gates",
    "handover",
    "subsidies",
    "papers",
    "outreach",
    "claims",
    "years",
    "payouts",
    "closing",
    "results",
    "filings",
    "records",
    "complaints",
    "takeup",
    "reconciliation",
    "samples",
    "retention",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.logs.RequestLog",
    "pghistory.middleware.HistoryMiddleware",
    "accounts.middleware.SessionLimits",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# -- Language and files ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = "Asia/Shanghai"
FORMAT_MODULE_PATH = ["portal.formats"]
USE_TZ = True
USE_I18N = True
STATIC_URL = "static/"
STATIC_ROOT = None if DEMO or TESTING else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEMO or TESTING
#: Bytes of one upload; larger rosters are split.
UPLOAD_LIMIT = number("UPLOAD_LIMIT", default=300 * 1024 * 1024)
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
#: Days for which an uploaded file is kept after its import has ended.
FILE_KEPT_DAYS = number("FILE_KEPT_DAYS", default=1825)
#: Days for which a large export waits for whoever asked for it; exports of one person a day.
EXPORT_KEPT_DAYS = number("EXPORT_KEPT_DAYS", default=7)
EXPORTS_PER_DAY = number("EXPORTS_PER_DAY", default=100)
#: The address by which people outside reach the portal, for what is printed: https://NAME. Empty: papers name none.
PUBLIC_URL = public_url(env.str("PUBLIC_URL", default=""))
#: Days for which printed files wait for whoever asked for them; papers of single people that one person prints a day.
PRINTING_KEPT_DAYS = number("PRINTING_KEPT_DAYS", default=7)
PRINTS_PER_DAY = number("PRINTS_PER_DAY", default=300)
#: What takes messages to people on (docs/messages.md), by its dotted name; days for which their files wait.
MESSAGE_CONNECTOR = env.str("MESSAGE_CONNECTOR", default="outreach.connectors.files.FileConnector")
SENDING_KEPT_DAYS = number("SENDING_KEPT_DAYS", default=7)
#: What carries payout files to the bank (docs/payouts.md), by its dotted name; empty: people download them.
PAYOUT_CONNECTOR = env.str("PAYOUT_CONNECTOR", default="")
#: Where a folder's connector puts them.
PAYOUT_FOLDER = env.str("PAYOUT_FOLDER", default="")
#: Where an SFTP server takes them: sftp://USER@HOST:PORT/FOLDER, its public key as a line of known_hosts has it, and a secret.
PAYOUT_SFTP_URL = env.str("PAYOUT_SFTP_URL", default="")
PAYOUT_SFTP_HOST_KEY = env.str("PAYOUT_SFTP_HOST_KEY", default="")
PAYOUT_SFTP_PASSWORD = env.str("PAYOUT_SFTP_PASSWORD", default="")
PAYOUT_SFTP_KEY_FILE = env.str("PAYOUT_SFTP_KEY_FILE", default="")
#: Days for which the evidence of an audit sample waits for whoever asked for it.
EVIDENCE_KEPT_DAYS = number("EVIDENCE_KEPT_DAYS", default=30)
#: Days within which a person's request about their data is answered (docs/privacy.md); years for which the data of an insured
#: person is kept after the last cover.
REQUEST_DAYS = number("REQUEST_DAYS", default=15)
RETENTION_YEARS = number("RETENTION_YEARS", default=10)

# -- Who signs in ------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.RoleBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "admin:index"
SECOND_FACTOR_REQUIRED = flag("SECOND_FACTOR_REQUIRED", default=not DEMO)
SECOND_FACTOR_FAILURE_LIMIT = number("SECOND_FACTOR_FAILURE_LIMIT", default=5)
#: Failures of one account, and of one address, which an office shares.
SIGN_IN_FAILURE_LIMIT = number("SIGN_IN_FAILURE_LIMIT", default=5)
SIGN_IN_ADDRESS_FAILURE_LIMIT = number("SIGN_IN_ADDRESS_FAILURE_LIMIT", default=30)
SIGN_IN_LOCK_SECONDS = number("SIGN_IN_LOCK_SECONDS", default=15 * 60)
#: Time between the password and the second factor.
SIGN_IN_PENDING_SECONDS = number("SIGN_IN_PENDING_SECONDS", default=5 * 60)
PASSWORD_MIN_LENGTH = number("PASSWORD_MIN_LENGTH", default=12)
PASSWORD_MIN_CLASSES = number("PASSWORD_MIN_CLASSES", default=3)
PASSWORD_HISTORY = number("PASSWORD_HISTORY", default=5)
PASSWORD_MAX_AGE_DAYS = number("PASSWORD_MAX_AGE_DAYS", default=90)
SESSION_ENGINE = "accounts.session_store"
SESSION_IDLE_SECONDS = number("SESSION_IDLE_SECONDS", default=30 * 60)
SESSION_ABSOLUTE_SECONDS = number("SESSION_ABSOLUTE_SECONDS", default=12 * 60 * 60)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.validators.LongEnough"},
    {"NAME": "accounts.validators.EnoughClasses"},
    {"NAME": "accounts.validators.NotUsedBefore"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if TESTING:
    # Hashing slowly is the point in production and only costs time in tests.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
elif DEMO:
    # Its passwords are random: nobody guesses them, and a first start makes nineteen.
    PASSWORD_HASHERS = ["accounts.hashers.DemoPasswordHasher"]
# Which of the addresses that a request names is the browser's depends on PROXIES, below.
AXES_CLIENT_IP_CALLABLE = "accounts.addresses.client_address"
AXES_USERNAME_CALLABLE = "accounts.lockout.counted_name"
AXES_HANDLER = "accounts.lockout.AccountAndAddress"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_FAILURE_LIMIT = SIGN_IN_FAILURE_LIMIT
AXES_COOLOFF_TIME = timedelta(seconds=SIGN_IN_LOCK_SECONDS)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_page"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# -- Browser -----------------------------------------------------------------------------------------------------------
HTTPS = not (DEMO or TESTING)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
#: Our own proxies one behind another: each adds to X-Forwarded-For whom it saw.
PROXIES = number("PROXIES", default=1)
if not BEHIND_PROXY:
    PROXIES = 0
else:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Alpine.js, which unfold uses, evaluates its attributes.
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# -- History -----------------------------------------------------------------------------------------------------------
PGHISTORY_APPEND_ONLY = True
PGHISTORY_ADMIN_CLASS = None
PGHISTORY_INSTALL_CONTEXT_FUNC_ON_MIGRATE = True

# -- Watching ----------------------------------------------------------------------------------------------------------
#: Bearer token of whoever reads /metrics; without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
PROMETHEUS_EXPORT_MIGRATIONS = False
LOG_LEVEL = one_of("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR")
LOG_FORMAT = one_of("LOG_FORMAT", "json", "console")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# One line a request, when it is answered.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                frames_only,
                scrubbed,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False) if LOG_FORMAT == "json"
                else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
            ],
            "foreign_pre_chain": _shared_processors,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # It names each character that it embeds, of the names of people too.
        "fontTools": {"level": "WARNING"},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "axes": {"level": "ERROR"},
        "kombu.connection": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        *_shared_processors,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
