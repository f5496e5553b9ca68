"""Teams sales and ml: each has a DAG ``<team>_leaky`` in airflow, whose task leaves its token in a readable file."""

from leaky import leaky

sales = leaky("sales")
ml = leaky("ml")
