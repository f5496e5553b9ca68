"""Team sales: features of Airflow that make requests of their own, each in a small task.

``conf`` of the run: ``file``, which a deferred task waits for.
"""

from datetime import timedelta

from airflow.exceptions import AirflowException
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.triggers.file import FileTrigger
from airflow.sdk import Asset, BaseOperator, dag, task

ORDERS = Asset("sales_orders")


class WaitForFile(BaseOperator):
    """Waits in the triggerer."""

    def execute(self, context):
        trigger = FileTrigger(filepath=context["dag_run"].conf["file"], poke_interval=0.5)
        self.defer(trigger=trigger, method_name="found")

    def found(self, context, event):
        return "found"


@dag(schedule=None, default_args={"queue": "sales"})
def sales_features():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def double(number):
        return 2 * number

    @task
    def total(doubled):
        return sum(doubled)

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def flaky(ti):
        if ti.try_number == 1:
            raise AirflowException("the first try fails")
        return ti.try_number

    # The lab sets the time earlier: see lab/testbed/src/airflow/waiting.rs.
    @task.sensor(poke_interval=3600, mode="reschedule")
    def arrived(task_reschedule_count):
        return task_reschedule_count > 0

    @task(outlets=[ORDERS])
    def publish():
        print("published orders")

    total(double.expand(number=numbers()))
    flaky()
    arrived()
    publish()
    WaitForFile(task_id="wait_for_file")
    TriggerDagRunOperator(
        task_id="start_daily",
        trigger_dag_id="sales_daily",
        trigger_run_id="by-{{ run_id }}",
        wait_for_completion=True,
        poke_interval=1,
    )


@dag(schedule=[ORDERS], default_args={"queue": "sales"})
def sales_on_orders():
    @task
    def count(triggering_asset_events):
        return len(triggering_asset_events[ORDERS])

    count()


sales_features()
sales_on_orders()
