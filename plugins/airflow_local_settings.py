"""Airflow imports this into each of its programs: those that start tasks prepare what tasks import."""

from concord.orchestration.preload import prepare_to_fork

prepare_to_fork()
