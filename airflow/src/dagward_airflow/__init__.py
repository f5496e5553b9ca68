"""dagward's part of Airflow. Airflow finds both modules by the package's entry points."""
