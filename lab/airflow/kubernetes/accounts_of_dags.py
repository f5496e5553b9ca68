"""Prints the service account that the cluster policy gives each DAG, null where it gives none.

The ids come as a list on standard input.
"""

import json
import sys

from airflow.exceptions import AirflowClusterPolicyViolation
from dagward_airflow import cluster_policy as policy


def account(dag_id):
    try:
        return policy.account(dag_id)
    except AirflowClusterPolicyViolation:
        return None


print(json.dumps([account(dag_id) for dag_id in json.load(sys.stdin)]))
