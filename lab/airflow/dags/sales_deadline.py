"""Team sales: a task that waits until its run's deadline is missed and the deadline's callback has run. Airflow 3.4 gives
the callback a token of its own; earlier releases have no such DAG."""

import os
import time
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from airflow.sdk import dag, task


def in_home(name):
    return Path(os.environ["AIRFLOW_HOME"], name)


def wait_for(name):
    deadline = time.monotonic() + 120
    while not in_home(name).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"there is no file {name}")
        time.sleep(0.5)


def missed():
    """The callback: it reads with its own token."""
    from airflow.sdk import Variable

    wait_for("running")
    in_home(Variable.get("sales_deadline")).touch()


if version("apache-airflow-task-sdk").split(".")[:2] >= ["1", "4"]:
    from airflow.sdk.definitions.callback import SyncCallback
    from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

    alert = DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(seconds=1), callback=SyncCallback(missed)
    )

    @dag(schedule=None, default_args={"queue": "sales"}, deadline=alert)
    def sales_deadline():
        @task
        def wait():
            from airflow.sdk import Variable

            Variable.set("sales_deadline", "missed")
            in_home("running").touch()
            wait_for("missed")

        wait()

    sales_deadline()
