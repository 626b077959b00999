"""Good records of the marketing tool as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import STAMP, RowFaults, Rows, TableFaults

GOOD: Final[Rows] = {
    "profiles": {
        "source_id": "01J9Z6M5Q4T8W2RC0N3V7KX1AB",
        "external_id": "P10001",
        "email": "ana@example.org",
        "phone": "+4930123456",
        "country_name": "Germany",
        "email_consent": "SUBSCRIBED",
        "can_receive_email": "true",
        "consented_at": STAMP,
        "updated_at": STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "profiles": {
        "source_id is no profile id": {"source_id": "01J9-Z6M5"},
        "email is no e-mail address": {"email": "ana@example"},
        "phone is not in E.164": {"phone": "030 123456"},
        "country_name is no country we know": {"country_name": "Atlantis"},
        "email_consent is unknown": {"email_consent": "PERHAPS"},
        "somebody who opted out may receive mail": {"email_consent": "UNSUBSCRIBED"},
        "nothing tells who this is": {"email": None, "phone": None, "external_id": None},
        "consented_at lies in the future": {"consented_at": "2199-01-01T00:00:00Z"},
    },
}

TABLE_FAULTS: Final[TableFaults] = {
    "profiles": {"no profile says whether it consents": (20, {"email_consent": None})},
}
