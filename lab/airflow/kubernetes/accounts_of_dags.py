"""Prints the service account that the cluster policy gives each DAG, null where it gives none.

The ids come as a list on standard input.
"""

import json
import sys

import airflow_local_settings as policy
from airflow.exceptions import AirflowClusterPolicyViolation


def account(dag_id):
    try:
        return policy.account(dag_id)
    except AirflowClusterPolicyViolation:
        return None


print(json.dumps([account(dag_id) for dag_id in json.load(sys.stdin)]))
