"""Reads the days that a person types, on the calendar of the business."""

import re
from datetime import UTC, date, datetime, timedelta

from concord.errors import ConfigurationError
from concord.settings import read_schedule

_AGO = re.compile(r"(\d{1,5})d")


def read_day(text: str, option: str) -> date:
    """A day in one of the notations that the error names; raises ConfigurationError for another."""
    today = read_schedule().day_of(datetime.now(UTC))
    words = {"today": 0, "yesterday": 1}
    word = text.strip().lower()
    ago = _AGO.fullmatch(word)
    try:
        if word in words or ago:
            return today - timedelta(days=int(ago[1]) if ago else words[word])
        return date.fromisoformat(word)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"{option} is {text!r}, which is not a day; write it like {today}, or as today, yesterday, "
            "or 7d for seven days ago."
        ) from error
