"""The code pages that Python lacks are compared with those of this machine's C library, where it has them."""

import shutil
import subprocess

import pytest

from concord.errors import ConfigurationError, ContractError
from concord.protocols.files.code_pages import KNOWN, find_code_page
from concord.protocols.files.layout import FileLayout
from concord.protocols.files.runs import read_terms
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.settings import Connection
from concord.systems.ibm_i.layouts import CUSTMAST, ENVELOPE

EVERY_BYTE = bytes(range(256))
OURS = [277, 278, 280, 284, 285, 297, 870, 871, 1025, 1047, 1112, *range(1141, 1150), 1153]
# Where glibc has another letter than OpenJDK and IBM: its own mistakes in old tables.
OTHERWISE = {278: {0x71, 0xE0}, 285: {0xA1}, 870: {0xB0}, 871: {0x4A, 0xC0}}


def letters_of_the_library(page: int) -> list[str | None]:
    letters: list[str | None] = []
    for number in range(256):
        command = ["iconv", "-f", f"IBM{page}", "-t", "UTF-16BE"]
        told = subprocess.run(command, input=bytes([number]), capture_output=True, check=False)
        if told.returncode and b"not supported" in told.stderr:
            pytest.skip(f"this machine's iconv has no code page {page}")
        letters.append(told.stdout.decode("utf-16-be") if told.returncode == 0 else None)
    return letters


@pytest.mark.parametrize("page", OURS)
def test_each_page_is_that_of_the_c_library(page: int) -> None:
    if shutil.which("iconv") is None:
        pytest.skip("there is no iconv here")
    ours, theirs = EVERY_BYTE.decode(f"cp{page}"), letters_of_the_library(page)
    others = {at for at in range(256) if ours[at] != theirs[at]}
    assert others == OTHERWISE.get(page, set())


@pytest.mark.parametrize("page", OURS)
def test_every_byte_is_a_letter_that_is_written_back_as_that_byte(page: int) -> None:
    text = EVERY_BYTE.decode(f"cp{page}")
    assert len(set(text)) == 256
    assert text.encode(f"cp{page}") == EVERY_BYTE
    assert b"\xf0\xf9\xc1\x81\x40".decode(f"cp{page}") == "09Aa "


LETTERS = [
    (277, "4a7b7c5b9fa1", "#ÆØÅ]ü"),
    (278, "5b7b7c6a71e0", "ÅÄÖö\\É"),
    (280, "5a6a79c0d0e0", "éòùàèç"),
    (284, "6a7b4a5a", "ñÑ[]"),
    (285, "5b4aa1", "£$¯"),
    (297, "44c0d07c5a", "@éèà§"),
    (870, "ba9ab2b18ab0", "ŁłżĄś˙"),
    (871, "4ac07c795a", "ÞþÐðÆ"),
    (1141, "9f4ae05aa1bc", "€ÄÖÜß¯"),
    (1142, "5a7b", "€Æ"),
    (1143, "5a67", "€$"),
    (1148, "9f4a", "€["),
    (1153, "9fba9a", "€Łł"),
]


@pytest.mark.parametrize(("page", "cells", "text"), LETTERS, ids=[str(row[0]) for row in LETTERS])
def test_national_letters_and_the_euro_lie_where_the_page_has_them(page: int, cells: str, text: str) -> None:
    assert bytes.fromhex(cells).decode(find_code_page(str(page))) == text
    assert text.encode(find_code_page(f"IBM-{page}")) == bytes.fromhex(cells)


@pytest.mark.parametrize("name", ["1141", "cp1141", "CP01141", "IBM-1141", "ibm01141", "CCSID 1141", " cp1141 "])
def test_a_page_is_known_by_each_of_its_names(name: str) -> None:
    assert find_code_page(name) == "cp1141"
    assert find_code_page("37") == find_code_page("IBM037") == "cp037"


@pytest.mark.parametrize("name", ["1390", "cp9999", "UTF-16", "ebcdic", ""])
def test_an_unknown_page_is_refused_by_its_name_and_with_those_there_are(name: str) -> None:
    connection = Connection("ibm_i_default", "file:///x", extra={"custmast_code_page": name or "-"})
    with pytest.raises(ConfigurationError, match='"custmast_code_page" of connection "ibm_i_default"') as caught:
        read_terms(HttpSession(connection, FileLogin()), CUSTMAST)
    assert (name or "-") in caught.value.message
    assert all(str(page) in caught.value.message for page in KNOWN)
    with pytest.raises(ContractError, match="file CUSTMAST cannot be used"):
        FileLayout("CUSTMAST", 200, name, ENVELOPE, CUSTMAST.records)


def test_a_letter_that_a_page_lacks_is_no_other_letter() -> None:
    with pytest.raises(UnicodeEncodeError):
        "ł".encode("cp1141")
    with pytest.raises(LookupError):
        "a".encode("cp1390")
