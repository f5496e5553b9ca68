"""Shows the Kubernetes executor's result for the tasks of a folder's DAGs: a pod, or a failure.

It runs Airflow's own steps without a cluster: the DAG processor parses and serializes the DAGs, the scheduler makes
task instances from the serialized DAGs, and the executor makes the pods. It prints one object, by task.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from queue import Queue

from airflow.dag_processing.dagbag import DagBag
from airflow.executors.executor_utils import ExecutorName
from airflow.executors.workloads import BundleInfo, ExecuteTask
from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.providers.cncf.kubernetes.exceptions import PodMutationHookException
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_utils import AirflowKubernetesScheduler
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from airflow.serialization.serialized_objects import DagSerialization
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.timezone import utcnow
from airflow.utils.types import DagRunTriggeredByType, DagRunType


class Scheduler(AirflowKubernetesScheduler):
    """An executor that makes pods and does not watch them."""

    def _make_kube_watchers(self):
        return {}


def parse(folder):
    """The DAGs that the DAG processor writes into the database, and the errors that it shows."""
    bag = DagBag(folder)
    return json.dumps([DagSerialization.to_dict(dag) for dag in bag.dags.values()]), bag.import_errors


def keep(dag_ids, bundle):
    """Stores the bundle that the DAGs came from, as the DAG processor does."""
    with create_session() as session:
        session.merge(DagBundleModel(name=bundle))
        session.flush()
        for dag_id in dag_ids:
            session.merge(DagModel(dag_id=dag_id, bundle_name=bundle))


def instances_of(dag, bundle):
    """The task instances of a run of the DAG, made as the scheduler and the api-server make them."""
    with create_session() as session:
        version = DagVersion.write_dag(dag_id=dag.dag_id, bundle_name=bundle, session=session)
        run = DagRun(
            dag_id=dag.dag_id,
            run_id="manual__1",
            run_after=utcnow(),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.REST_API,
            state=DagRunState.RUNNING,
        )
        run.dag = dag
        session.add(run)
        session.flush()
        run.verify_integrity(dag_version_id=version.id, session=session)
        instances = run.get_task_instances(session=session)
        for instance in instances:
            instance.try_number = 1
            instance.context_carrier = {}
        session.flush()
        session.expunge_all()
    return instances


def workload(instance, bundle):
    return ExecuteTask(
        ti=TaskInstanceDTO.model_validate(instance, from_attributes=True),
        dag_rel_path="dag.py",
        token="a token",
        log_path=None,
        bundle_info=BundleInfo(name=bundle),
    )


def outcome(executor, scheduler, work):
    executor.execute_async(work.ti.key, [work], work.ti.queue, work.ti.executor_config)
    if executor.task_queue.empty():
        _, reason = executor.event_buffer.pop(work.ti.key)
        return failed(reason, work)
    try:
        return {"pod": PodGenerator.serialize_pod(scheduler._build_pod_request(executor.task_queue.get()))}
    except PodMutationHookException as error:
        return failed(str(error.__cause__), work)


def failed(reason, work):
    return {"failed": {"reason": reason, "executor_config": work.ti.executor_config}}


def main(folder, bundle):
    executor = KubernetesExecutor()
    executor.task_queue = Queue()
    scheduler = Scheduler(executor.kube_config, None, None, "1")
    # As in Airflow, authors' code runs in a process of its own.
    with ProcessPoolExecutor(1) as processor:
        dags, import_errors = processor.submit(parse, folder).result()
    dags = [DagSerialization.from_dict(dag) for dag in json.loads(dags)]
    keep([dag.dag_id for dag in dags], bundle)
    instances = {
        f"{dag.dag_id}.{instance.task_id}": instance for dag in dags for instance in instances_of(dag, bundle)
    }
    outcomes = {
        task: outcome(executor, scheduler, workload(instance, bundle)) for task, instance in instances.items()
    }
    # The scheduler's check before it starts a task.
    executor.name = ExecutorName(module_path="KubernetesExecutor", alias="KubernetesExecutor")
    runner = SchedulerJobRunner(Job(), executors=[executor])
    places = {
        task: {
            "queue": instance.queue,
            "executor": instance.executor,
            "starts": runner._try_to_load_executor(instance, session=None) is not None,
        }
        for task, instance in instances.items()
    }
    print(json.dumps({"import_errors": import_errors, "tasks": outcomes, "places": places}, default=str))


main(*sys.argv[1:])
