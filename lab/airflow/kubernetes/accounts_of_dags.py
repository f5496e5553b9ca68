"""Prints the service account that the cluster policy gives each DAG, or null.

It reads the ids as a list from standard input.
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
