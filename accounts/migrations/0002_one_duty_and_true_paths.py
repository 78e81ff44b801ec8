"""Composite foreign keys: one duty per person, and paths that cannot disagree with their parents."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Keys that Django cannot declare."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            ALTER TABLE accounts_membership ADD CONSTRAINT membership_one_duty_per_person
                FOREIGN KEY (user_id, duty) REFERENCES accounts_user (id, duty)
            """,
            reverse_sql="ALTER TABLE accounts_membership DROP CONSTRAINT membership_one_duty_per_person",
        ),
        # Deferred: moving a subtree rewrites parents and children in two statements.
        migrations.RunSQL(
            sql="""
            ALTER TABLE accounts_organization ADD CONSTRAINT organization_path_follows_parent
                FOREIGN KEY (parent_id, parent_path) REFERENCES accounts_organization (id, path)
                DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE accounts_organization DROP CONSTRAINT organization_path_follows_parent",
        ),
    ]
