"""Team sales: Airflow's own sensors and operators that defer, each in a task.

``conf`` of the run: ``file``, which a task waits for.
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import dag

# The run of `sales_daily` that one task starts and another task watches.
MOMENT = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dag(schedule=None, default_args={"queue": "sales"})
def sales_waits():
    # Each task defers even if its wait is over already, except `file`.
    WaitSensor(task_id="delay", time_to_wait=timedelta(seconds=1), deferrable=True)
    DateTimeSensorAsync(task_id="moment", target_time="{{ dag_run.run_after.isoformat() }}")
    FileSensor(
        task_id="file",
        fs_conn_id="sales_files",
        filepath="{{ dag_run.conf['file'] }}",
        poke_interval=1,
        deferrable=True,
    )
    TriggerDagRunOperator(
        task_id="start_daily",
        trigger_dag_id="sales_daily",
        trigger_run_id="waited-for",
        logical_date=MOMENT,
        wait_for_completion=True,
        deferrable=True,
        poke_interval=1,
    )
    ExternalTaskSensor(
        task_id="watch_daily",
        external_dag_id="sales_daily",
        external_task_id="load",
        execution_date_fn=lambda _: MOMENT,
        poke_interval=1,
        deferrable=True,
    )


sales_waits()
