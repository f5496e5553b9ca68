"""Team sales: the requests of providers' hooks and of Airflow's settings, each kind in a task."""

from airflow.sdk import dag, setup, task, teardown


def told(context):
    print("called back for", context["ti"].task_id)


@dag(schedule=None, default_args={"queue": "sales"})
def sales_hooks():
    @task
    def buckets():
        """Without a connection `aws_default` the hook uses the pod's credentials."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return [bucket["Name"] for bucket in S3Hook().get_conn().list_buckets()["Buckets"]]

    @task
    def cluster():
        """Without a connection `kubernetes_default` the hook uses the pod's settings."""
        from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook

        return KubernetesHook(in_cluster=True).conn_extras

    @task
    def other_database():
        """A connection that the policy gives to another team."""
        from airflow.sdk import Connection

        try:
            Connection.get("ml_db")
        except Exception as error:
            return repr(error)
        return "had"

    @task
    def from_backend():
        """A connection from a secrets backend: it causes no request."""
        from airflow.sdk import Connection

        return Connection.get("sales_kept").host

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
    cluster()
    other_database()
    from_backend()


sales_hooks()
