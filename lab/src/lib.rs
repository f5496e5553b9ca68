//! The real parts as processes: Envoy, Airflow, certificates, load.
