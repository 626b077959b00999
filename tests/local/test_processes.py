"""Child processes end completely, however their owner ends."""

import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from concord.errors import ConfigurationError
from concord.local.processes import Command, Processes

# A child, its child in a session of its own, and an orphan; all carry the token in their command line.
FAMILY = textwrap.dedent("""
    import subprocess, sys, time
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]]
    subprocess.Popen(sleeper, start_new_session=True)
    subprocess.run([sys.executable, "-c",
        "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)", *sleeper])
    print("ready", flush=True)
    time.sleep(600)
""")
STUBBORN = textwrap.dedent("""
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    time.sleep(600)
""")


def wait_until(is_true: Callable[[], bool], seconds: float = 45.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(0.02)
    return False


def carriers(token: str) -> list[int]:
    """The processes with this token among their arguments."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if token in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def run_python(name: str, code: str, *arguments: str, grace: float = 5.0) -> Command:
    return Command(name=name, arguments=[sys.executable, "-c", code, *arguments], grace=grace)


def start_and_wait(processes: Processes, command: Command) -> None:
    processes.start(command)
    log = processes.log(command.name)
    processes.wait_ready(command.name, probe=lambda: "ready" in log.read_text(), timeout=10)


def test_stop_ends_children_in_other_sessions_and_orphans(home: Path) -> None:
    with Processes(home, is_bound=True) as processes:
        start_and_wait(processes, run_python("family", FAMILY, str(home)))
        assert len(carriers(str(home))) == 3
        processes.stop("family")
        assert carriers(str(home)) == []
        assert processes.running() == []


def test_leaving_the_context_ends_everything(home: Path) -> None:
    with Processes(home, is_bound=True) as processes:
        start_and_wait(processes, run_python("family", FAMILY, str(home)))
        assert carriers(str(home)) != []
    assert carriers(str(home)) == []


def test_a_process_that_ignores_the_signal_is_killed_after_its_grace(home: Path) -> None:
    with Processes(home, is_bound=True) as processes:
        start_and_wait(processes, run_python("stubborn", STUBBORN, str(home), grace=0.2))
        started = time.monotonic()
        processes.stop("stubborn")
        assert time.monotonic() - started < 5
    assert carriers(str(home)) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_nothing_outlives_the_death_of_its_owner(home: Path, number: signal.Signals) -> None:
    owner = subprocess.Popen([sys.executable, str(Path(__file__).with_name("owner.py")), str(home), FAMILY])
    try:
        log = Processes(home, is_bound=False).log("family")
        assert wait_until(lambda: log.exists() and "ready" in log.read_text())
        assert len(carriers(str(home))) == 4  # the owner itself is one of them
        owner.send_signal(number)
        owner.wait(timeout=10)
    finally:
        owner.kill()
        owner.wait()
    assert wait_until(lambda: carriers(str(home)) == [])
    assert wait_until(lambda: Processes(home, is_bound=False).running() == [])


def test_the_end_of_the_command_ends_what_it_left_behind(home: Path) -> None:
    code = FAMILY.replace("time.sleep(600)\n", "", 1).rsplit("time.sleep(600)", 1)[0]
    with Processes(home, is_bound=True) as processes:
        processes.start(run_python("family", code, str(home)))
        assert wait_until(lambda: not processes.is_running("family"))
        assert carriers(str(home)) == []


def test_an_unbound_process_is_stopped_by_another_owner(home: Path) -> None:
    first = Processes(home, is_bound=False)
    start_and_wait(first, run_python("family", FAMILY, str(home)))
    first.close()
    second = Processes(home, is_bound=False)
    assert second.running() == ["family"]
    second.stop("family")
    assert carriers(str(home)) == []


def test_a_record_of_another_process_is_never_signalled(home: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        processes = Processes(home, is_bound=False)
        processes.records.mkdir(parents=True)
        (processes.records / "stale.json").write_text(f'{{"pid": {stranger.pid}, "created": 1.0}}')
        assert not processes.is_running("stale")
        processes.stop("stale")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_command_that_fails_at_once_is_reported_with_its_last_words(home: Path) -> None:
    with Processes(home, is_bound=True) as processes:
        processes.start(run_python("broken", "raise SystemExit('ValueError: no such colour')"))
        with pytest.raises(ConfigurationError, match="broken ended while starting: ValueError: no such colour"):
            processes.wait_ready("broken", probe=lambda: False, timeout=10)


def test_a_name_that_runs_is_refused(home: Path) -> None:
    with Processes(home, is_bound=True) as processes:
        start_and_wait(processes, run_python("family", FAMILY, str(home)))
        with pytest.raises(ConfigurationError, match="family runs already"):
            processes.start(run_python("family", FAMILY))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with (
        Processes(tmp_path / "file", is_bound=True) as processes,
        pytest.raises(ConfigurationError, match="set CONCORD_HOME to another folder"),
    ):
        processes.start(run_python("anything", "pass"))


def test_an_owner_has_no_open_descriptors_left(home: Path) -> None:
    before = psutil.Process().num_fds()
    with Processes(home, is_bound=True) as processes:
        start_and_wait(processes, run_python("family", FAMILY, str(home)))
    assert psutil.Process().num_fds() == before


def test_what_a_process_writes_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    script = "import pathlib, time; pathlib.Path('made').touch(); print('ready', flush=True); time.sleep(600)"
    with Processes(tmp_path / "home", is_bound=True) as processes:
        processes.log("old").parent.mkdir(parents=True)
        processes.log("old").touch(mode=0o644)
        processes.start(Command(name="old", arguments=[sys.executable, "-c", script], folder=tmp_path))
        assert wait_until(lambda: "ready" in processes.log("old").read_text())
    for path in (tmp_path / "made", processes.log("old")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
