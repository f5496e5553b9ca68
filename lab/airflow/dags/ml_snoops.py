"""Team ml: a task that looks for secrets in its worker's memory, as it was when the worker forked the task.

``conf`` of the run: ``secrets``, by name. Each is written backward, so that the search itself does not put it there.
"""

import os
import signal
from pathlib import Path

from airflow.sdk import dag, task


def copy():
    """A process with this process's memory, which is the worker's. A task may read its own child process."""
    process = os.fork()
    if process == 0:
        while True:
            signal.pause()
    return process


def memory(process):
    """The writable memory of a process, region by region."""
    with open(f"/proc/{process}/mem", "rb") as file:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            addresses, permissions = line.split()[:2]
            if not permissions.startswith("rw"):
                continue
            start, end = (int(address, 16) for address in addresses.split("-"))
            try:
                file.seek(start)
                yield file.read(end - start)
            except OSError:  # A region that belongs to the kernel.
                continue


@dag(schedule=None, default_args={"queue": "ml"})
def ml_snoops():
    @task
    def snoop(dag_run):
        process = copy()
        try:
            secrets = {name: text[::-1].encode() for name, text in dag_run.conf["secrets"].items()}
            found = dict.fromkeys(secrets, 0)
            for region in memory(process):
                for name, secret in secrets.items():
                    found[name] += region.count(secret)
            return found
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)

    snoop()


ml_snoops()
