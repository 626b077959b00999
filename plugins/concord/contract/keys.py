"""Keys as people type them: the same key has several notations, in Concord and at the vendor."""


def last_part(key: str) -> str:
    """What all notations of a key have in common: what follows the last slash, a number without leading zeros."""
    part = key.rstrip("/").rpartition("/")[2]
    return part.lstrip("0") or "0" if part.isdecimal() else part
