//! End to end on real Airflow.
