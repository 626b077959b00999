"""Good records of the help desk as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing import STAMP, RowFaults, Rows

GOOD: Final[Rows] = {
    "requesters": {
        "source_id": "70001",
        "requester_name": "Ada Lovelace",
        "email": "ada@example.com",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
    "tickets": {
        "source_id": "900001",
        "requester_source_id": "70001",
        "subject": "Where is my parcel?",
        "ticket_state": "open",
        "priority": "4",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "requesters": {
        "source_id is no number": {"source_id": "x"},
        "email is no e-mail address": {"email": "none"},
    },
    "tickets": {
        "source_id is no number": {"source_id": "x"},
        "ticket_state is unknown": {"ticket_state": "lost"},
        "priority is not from 1 to 4": {"priority": "5"},
        "the ticket changed before it was made": {"updated_at": "2026-10-31T08:00:00Z"},
    },
}
