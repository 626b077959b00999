"""Salesforce shows an id with 15 characters, in which case counts, or with 3 more that make it safe without case.

https://help.salesforce.com/s/articleView?id=000385585
"""

import re

_ID = re.compile(r"(?<![A-Za-z0-9])([A-Za-z0-9]{15})(?:[A-Za-z0-9]{3})?(?![A-Za-z0-9])")


def first_fifteen(key: str) -> str:
    """The 15 characters that both forms of an id have in common, also out of the address of a page."""
    found = _ID.search(key)
    return found.group(1) if found else key
