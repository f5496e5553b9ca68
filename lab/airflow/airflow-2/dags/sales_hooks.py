"""Team sales on Airflow 2: the requests of providers' hooks and of Airflow's settings, each kind in a task."""

from datetime import timedelta

import pendulum
from airflow.decorators import dag, setup, task, teardown
from airflow.sensors.time_delta import TimeDeltaSensorAsync


def told(context):
    print("called back for", context["ti"].task_id)


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1), on_success_callback=told)
def sales_hooks():
    @task
    def buckets():
        """Without a connection `aws_default` the hook uses the pod's credentials."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return [bucket["Name"] for bucket in S3Hook().get_conn().list_buckets()["Buckets"]]

    @task
    def other_database():
        """A connection of another team: read from the database, without a request."""
        from airflow.hooks.base import BaseHook

        return BaseHook.get_connection("ml_db").host

    @task
    def from_backend():
        """A connection from a secrets backend."""
        from airflow.hooks.base import BaseHook

        return BaseHook.get_connection("sales_kept").host

    @task
    def mapped(number):
        return number

    @setup
    def begin():
        return "begun"

    @task(on_success_callback=told)
    def work():
        return "worked"

    @teardown
    def end():
        return "ended"

    begin() >> work() >> end()
    buckets()
    other_database()
    from_backend()
    mapped.expand(number=[1, 2])
    TimeDeltaSensorAsync(task_id="delay", delta=timedelta(seconds=1))


sales_hooks()
