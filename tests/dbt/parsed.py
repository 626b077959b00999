"""What dbt has read of the project, handed on from one warehouse of a test to the next one.

To read all of it takes ten seconds. dbt itself decides what is still right: it compares the address of the
warehouse, the variables and each file.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from concord.project import read_project
from concord.settings import Settings

_read: dict[tuple[str, str], bytes] = {}


@contextmanager
def handed_on(settings: Settings, systems: str) -> Iterator[None]:
    """Begin with what was read for these systems and a database of this name, and keep it for the next one.

    A business's own project names the folder that it was read from, so it is read anew.
    """
    if read_project() is not None:
        yield
        return
    key, file = (settings.warehouse_url, systems), settings.home / "dbt/target/partial_parse.msgpack"
    if key in _read and not file.exists():
        file.parent.mkdir(parents=True)
        file.write_bytes(_read[key])
    yield
    if file.exists():
        _read.setdefault(key, file.read_bytes())
