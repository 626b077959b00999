"""Starts a family of processes and waits to be ended; arguments: state folder, program of the family."""

import signal
import sys
import time
from pathlib import Path

from concord.local.processes import Command, Processes

home, code = sys.argv[1:]
# A shell that starts the tests in the background lets its children ignore this signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Processes(Path(home), is_bound=True) as processes:
    processes.start(Command(name="family", arguments=[sys.executable, "-c", code, home]))
    while True:
        time.sleep(600)
