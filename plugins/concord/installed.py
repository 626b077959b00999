"""Where the product's files lie, and by which command it is called: in a checkout, or installed from a wheel.

A wheel has them in `share/` of the package: the Dags, the dbt project, the suites, the plugins of Airflow, the
examples and the sandbox. In a checkout they are folders of the repository.
"""

from pathlib import Path
from typing import Final

_SHARE = Path(__file__).with_name("share")
_IN_CHECKOUT = "./concord"

IS_INSTALLED: Final = _SHARE.is_dir()
PRODUCT: Final = _SHARE if IS_INSTALLED else Path(__file__).resolve().parents[2]
"""The folder that holds `dags/`, `dbt_project/`, `expectations/`, `plugins/` and `sandbox/`."""
COMMAND: Final = "concord" if IS_INSTALLED else _IN_CHECKOUT
"""The command line, as messages name it."""


def as_called(text: str | None) -> str:
    """A docstring that is shown to a user, with the command as it is called here; empty where there is none."""
    return (text or "").replace(_IN_CHECKOUT, COMMAND)
