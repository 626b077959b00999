"""What one page of a resource tells, as a sentence and how much it matters."""

from concord.contract import Level
from concord.stages.check.pages import PageLook
from concord.stages.validate.gates import QUARANTINE_LIMIT, SMALL
from concord.wording import say_count, say_things

_REASONS_SHOWN = 3


def say_page(look: PageLook) -> tuple[Level, str]:
    """The level and the sentence for a page that could be read."""
    if not look.is_asked:
        return Level.NOTE, "Nothing is asked for yet: what to ask for comes from other systems, as they were read."
    if not look.records:
        return Level.NOTE, "No record came; if there are some, let the login see them."
    came = f"{say_things(look.records, 'record')} came with the first page"
    if not look.is_judged:
        return Level.OK, f"{came}; they were not judged, because no warehouse runs here."
    if not look.at_fault:
        return Level.OK, f"{came}, and {'all of them fit' if look.records > 1 else 'it fits'} the declaration."
    return _say_faults(look, came)


def _say_faults(look: PageLook, came: str) -> tuple[Level, str]:
    """A night refuses a batch of which too many records are at fault; it sets fewer aside one by one."""
    listed = [f"{reason} ({say_count(count)})" for reason, count in look.reasons.most_common(_REASONS_SHOWN)]
    more = len(look.reasons) - len(listed)
    reasons = ", ".join(listed) + (f" and {say_things(more, 'other reason')}" if more > 0 else "")
    is_refused = look.at_fault == look.records or (
        look.at_fault > SMALL and look.at_fault > look.records * QUARANTINE_LIMIT
    )
    aside = f"{came}, and {say_count(look.at_fault)} of them would be set aside: {reasons}."
    if is_refused:
        return Level.FAILS, f"{aside} A night would take nothing of it; correct the declaration of the system."
    return Level.NOTE, f"{aside} Correct them at the vendor, or the declaration of the system."
