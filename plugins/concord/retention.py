"""For how many nights the warehouse keeps what grows each night, as the project or the environment says."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from concord.errors import ConfigurationError
from concord.project import read_project

VARIABLE = "CONCORD_KEEP_NIGHTS"
LEAST = 7  # nights that limits of a plan and alarms look back
_FORM = "parts with their nights, like landing=30,journal=800"


@dataclass(frozen=True, slots=True)
class Retention:
    """Nights for which each part is kept; `journal` holds for plans' changes, too, which an undo needs."""

    landing: int = 90
    dispositions: int = 90
    dead_letters: int = 90
    journal: int = 400
    reports: int = 90
    dbt_results: int = 90
    api_calls: int = 90

    def span(self, part: str) -> timedelta:
        """How long a part is kept."""
        return timedelta(days=asdict(self)[part])


def read_retention() -> Retention:
    """CONCORD_KEEP_NIGHTS, as in `landing=30,journal=800`, then `keep_nights` of the project, then the defaults.

    Raises ConfigurationError for a part that there is not, and for fewer than `LEAST` nights.
    """
    project = read_project()
    said = dict(project.entries.get("keep_nights", {})) if project else {}
    text = os.environ.get(VARIABLE, "")
    try:
        nights = {**said, **_read_pairs(text)}
        if min(nights.values(), default=LEAST) < LEAST:
            raise ValueError(nights)
        return replace(Retention(), **nights)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{VARIABLE} is {text!r}, which is not {_FORM}, of {', '.join(asdict(Retention()))}, each at least "
            f"{LEAST} nights.",
            variable=VARIABLE,
        ) from error


def _read_pairs(text: str) -> Mapping[str, int]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    return {name.strip(): int(count) for name, _, count in pairs}
