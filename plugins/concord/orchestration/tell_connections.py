"""Prints connections as Airflow keeps them, for the command line, which does not import Airflow.

    python -m concord.orchestration.tell_connections NAME...

The last line is JSON: the parts of each connection by its name; one that Airflow does not know is left out. It
holds passwords, so it is for a pipe and for nobody's eyes.
"""

import json
import sys

from airflow.exceptions import AirflowNotFoundException
from airflow.models.connection import Connection

PARTS = ("conn_type", "host", "schema", "port", "login", "password", "extra")


def tell(names: list[str]) -> dict[str, dict[str, object]]:
    """The parts of the connections that Airflow knows, from its variables, its database or a secrets backend."""
    found: dict[str, dict[str, object]] = {}
    for name in names:
        try:
            connection = Connection.get_connection_from_secrets(name)
        except AirflowNotFoundException:
            continue
        found[name] = {part: getattr(connection, part) for part in PARTS}
    return found


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(tell(sys.argv[1:])) + "\n")
