"""The tasks of the Dags, one module a kind of Dag: a task calls a step of `stages` with what Airflow knows."""
