"""An installation on one machine: the processes of PostgreSQL and Airflow, and those that a demo adds."""
