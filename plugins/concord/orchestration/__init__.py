"""Where Airflow meets the stages; a Dag calls these modules and nothing else of Concord."""
