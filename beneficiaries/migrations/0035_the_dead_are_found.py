from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('beneficiaries', '0034_counts_are_grouped_by_hash'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='person',
            index=models.Index(condition=models.Q(('deceased_on__isnull', False)), fields=['id'], name='person_deceased'),
        ),
    ]
