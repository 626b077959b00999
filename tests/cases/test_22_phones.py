"""Phone numbers with extensions, second numbers, remarks and national notations."""

from pathlib import Path

import pytest

from concord.stages.reconcile.phone_spelling import PhoneNumber, Unreadable, read_phone

SPELLINGS = (Path(__file__).parent / "data" / "22_phones.txt").read_text().splitlines()
SEVERAL = PhoneNumber(reason=Unreadable.SEVERAL_NUMBERS)
TEXT = PhoneNumber(reason=Unreadable.OTHER_TEXT)
INVALID = PhoneNumber(reason=Unreadable.NOT_VALID)
HOME = PhoneNumber("+49301234567")
READ = {
    "+49 30 1234567 ext. 12": PhoneNumber("+49301234567", "12"),
    "+1 (555) 123-4567 x89": INVALID,  # no area has the code 555
    "+49 30 1234568;ext=12": PhoneNumber("+49301234568", "12"),
    "+49 30 1234569 / +49 171 23": SEVERAL,
    "+49 30 1234560 Durchwahl 0": PhoneNumber("+49301234560", "0"),
    "030 1234561-12": PhoneNumber("+4930123456112"),  # dialled straight through: the extension is part of it
    "+49 (0) 30 1234562": PhoneNumber("+49301234562"),
    "+49 30 12345 67 (Mo-Fr 9-17)": HOME,
}
NEIGHBOURS = {
    "+1 (212) 555-0100 x89": PhoneNumber("+12125550100", "89"),
    "+49301234567#12": PhoneNumber("+49301234567", "12"),
    "030 1234567 (ext 5)": PhoneNumber("+49301234567", "5"),
    "+1 212 555 0100, 212 555 0101": SEVERAL,
    "030 1234567 oder 0171 1234567": SEVERAL,
    "+49 30 1234567 +49 30 1234568": SEVERAL,
    "030 1234567/8": SEVERAL,
    "+49 30 1234567 (9-17)": TEXT,
    "+49 30 1234567 9-17 Uhr": TEXT,
    "0800 FLOWERS": TEXT,
    "Fax 030 1234567": TEXT,
    "call me": TEXT,
    "-": INVALID,
    "0": INVALID,
    "Tel. 030/1234567 (Büro)": HOME,
    "tel:+49-30-1234567": HOME,
    "(+49) 30 1234567": HOME,
    "0049 30 1234567": HOME,
    "030 – 1234567": HOME,
    "٠٣٠١٢٣٤٥٦٧": HOME,
    "\u202a+49 30 1234567\u202c": HOME,
}


def test_every_spelling_of_the_case_has_its_number_or_its_reason() -> None:
    assert {spelling: read_phone(spelling, "DE") for spelling in SPELLINGS} == READ


@pytest.mark.parametrize("spelling", NEIGHBOURS)
def test_a_number_is_read_alone_or_not_at_all(spelling: str) -> None:
    assert read_phone(spelling, "DE") == NEIGHBOURS[spelling]


@pytest.mark.parametrize("country", [None, "XX"])
def test_a_national_notation_needs_a_country(country: str | None) -> None:
    assert read_phone("030 1234567", country).e164 is None
    assert read_phone("+49 30 1234567", country) == HOME


def test_each_country_has_its_own_notation() -> None:
    assert read_phone("06/12345678", "IT").e164 == "+390612345678"
    assert read_phone("(020) 7200 6338", "GB").e164 == "+442072006338"
    assert read_phone("212.555.0100", "US").e164 == "+12125550100"
