"""A careless task of a team: it writes its token into the file ``leak_to`` of its run's ``conf``.

With ``until`` in the ``conf``, it runs until that file exists, so that the token belongs to a running task.
"""

import time
from pathlib import Path

from airflow.sdk import dag, task

DEADLINE = 300


def leaky(team):
    @dag(dag_id=f"{team}_leaky", schedule=None, default_args={"queue": team})
    def one_task():
        @task
        def leak(ti, dag_run):
            import task_token

            conf = dag_run.conf
            file = Path(conf["leak_to"])
            fresh = file.with_suffix(".new")
            fresh.write_text(task_token.own(ti.id))
            fresh.rename(file)
            deadline = time.monotonic() + DEADLINE
            while "until" in conf and not Path(conf["until"]).exists():
                if time.monotonic() > deadline:
                    raise TimeoutError(conf["until"])
                time.sleep(0.1)
            # Airflow writes the returned value as an XCom; the proxy must still know the task for that.
            return "done"

        leak()

    return one_task()
