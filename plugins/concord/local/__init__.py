"""The processes of an installation on one machine: PostgreSQL, Airflow and whatever the demo adds to them."""
