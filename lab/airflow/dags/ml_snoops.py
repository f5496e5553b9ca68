"""Team ml: a task that looks for secrets in what its worker's memory was when the worker forked it.

``conf`` of the run: ``secrets``, by name, each written backward so that it is nowhere by being asked for.
"""

import os
import signal
from pathlib import Path

from airflow.sdk import dag, task


def copy():
    """A process with this one's memory, which is the worker's. A task may read a process of its own."""
    process = os.fork()
    if process == 0:
        while True:
            signal.pause()
    return process


def memory(process):
    """What can be written, a region at a time."""
    with open(f"/proc/{process}/mem", "rb") as file:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            addresses, permissions = line.split()[:2]
            if not permissions.startswith("rw"):
                continue
            start, end = (int(address, 16) for address in addresses.split("-"))
            try:
                file.seek(start)
                yield file.read(end - start)
            except OSError:  # A region of the kernel's.
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
