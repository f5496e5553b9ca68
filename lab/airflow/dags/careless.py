"""Teams sales and ml: each has a DAG ``<team>_leaky`` in airflow, whose task leaves its token where others find it."""

from leaky import leaky

sales = leaky("sales")
ml = leaky("ml")
