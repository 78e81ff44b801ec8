"""The database refuses a job whose arguments or error hold a document or account number."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Checks on text within JSON, which Django cannot declare."""

    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            ALTER TABLE jobs_job ADD CONSTRAINT job_arguments_hold_no_personal_number
                CHECK (arguments::text !~ '[0-9]{13}')
            """,
            reverse_sql="ALTER TABLE jobs_job DROP CONSTRAINT job_arguments_hold_no_personal_number",
        ),
        migrations.RunSQL(
            sql="""
            ALTER TABLE jobs_job ADD CONSTRAINT job_error_holds_no_personal_number
                CHECK (error !~ '[0-9]{13}' AND error_facts::text !~ '[0-9]{13}')
            """,
            reverse_sql="ALTER TABLE jobs_job DROP CONSTRAINT job_error_holds_no_personal_number",
        ),
    ]
