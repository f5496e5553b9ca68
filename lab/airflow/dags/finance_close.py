"""Team finance: closes the books of one day. Its schedule, which backfills need, has ended, so no run starts itself."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag


@dag(
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    end_date=datetime(2026, 1, 31, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
)
def finance_close():
    EmptyOperator(task_id="close")


finance_close()
