"""Numbers with their nouns, as all sentences for people have them."""


def say_count(number: int) -> str:
    """A number with thin groups of three: 12 345."""
    return f"{number:,}".replace(",", "\u202f")


def say_things(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 change, 2 changes."""
    return f"{say_count(number)} {one if number == 1 else many or one + 's'}"


def say_were(number: int, one: str, many: str = "") -> str:
    """A number with its noun and verb of the past: 1 change was, 2 changes were."""
    return f"{say_things(number, one, many)} {'was' if number == 1 else 'were'}"
