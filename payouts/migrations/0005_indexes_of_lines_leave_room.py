from django.db import migrations

from audit.indexing import IndexesLeaveRoom


class Migration(migrations.Migration):

    dependencies = [
        ("payouts", "0004_words"),
    ]

    operations = [IndexesLeaveRoom(["payouts_batchline"])]
