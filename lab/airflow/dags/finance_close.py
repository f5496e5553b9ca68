"""Finance's books, a day at a time. It has a time table, as backfills want, whose time is over, so no run starts by itself."""

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
