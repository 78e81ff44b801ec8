"""`manage.py grant_application ROLE`: give the application's database role what it needs, and nothing more."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from psycopg import sql

from audit.classification import our_models
from audit.faults import fault_point

#: Tables that nobody updates or deletes from; their triggers refuse it too.
APPEND_ONLY = (
    "audit_event", "audit_seal", "audit_reveal", "programs_ledgertransaction", "programs_ledgerentry",
    "beneficiaries_purchase", "closing_closedfigure", "closing_closedbalance",
)


#: django-pgtrigger's triggers ask this function whether to stand aside for `SET pgtrigger.ignore`, which any role may
#: say. Nothing here uses it, so nobody may: one injected statement would pass every guard by.
NEVER_IGNORE = """
CREATE OR REPLACE FUNCTION "public"._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN AS $$
    BEGIN RETURN FALSE; END;
$$ LANGUAGE plpgsql
"""


class Command(BaseCommand):
    """Run it as the owner, after each migrate: a migration that makes a trigger writes pgtrigger's function anew."""

    help = "Grants the application role its rights on all tables: no TRUNCATE, no DDL, append-only tables read and added to."

    def add_arguments(self, parser: CommandParser) -> None:
        """The role."""
        parser.add_argument("role")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        """Grant."""
        known = {model._meta.db_table for model in our_models()}
        name = sql.Identifier(role)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
            found = cursor.fetchone()
            if found is None:
                raise CommandError(f"There is no role {role}. Create it: CREATE ROLE {role} LOGIN")
            if found[0]:
                raise CommandError(f"{role} is a superuser: triggers and rights would not hold it. Use another role.")
            fault_point("portal.grant_application.before")
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
                # ANALYZE after a big COPY.
                "GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO {}",
            ):
                cursor.execute(sql.SQL(statement).format(name))
            cursor.execute(NEVER_IGNORE)
            for table in (*(table for table in APPEND_ONLY if table in known), "django_migrations"):
                cursor.execute(
                    sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), name)
                )
            fault_point("portal.grant_application.after")
