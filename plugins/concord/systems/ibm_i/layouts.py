"""The layouts of the wholesale department's files, version 01, as agreed with the host's team."""

from decimal import Decimal, InvalidOperation
from typing import Any

from concord.errors import ContractViolationError
from concord.protocols.files.layout import (
    Belonging,
    Envelope,
    FileLayout,
    Meaning,
    Moment,
    RecordLayout,
    Total,
    flag,
    packed,
    text,
    unsigned,
    zoned,
)

ENVELOPE = Envelope(
    header=RecordLayout(
        "H",
        (
            text("FILNAM", 2, 11),
            unsigned("RUNNO", 12, digits=7),
            packed("RUNDAT", 16, digits=7, meaning=Meaning.CENTURY_DATE),
            packed("RUNTIM", 20, digits=6, meaning=Meaning.TIME),
            text("LAYVER", 24, 25),
        ),
    ),
    trailer=RecordLayout(
        "T",
        (
            unsigned("RECCNT", 2, digits=9),
            unsigned("HSHTOT", 7, digits=15),
            packed("AMTTOT", 15, digits=13, scale=2),
        ),
    ),
)

ORDERS = FileLayout(
    name="ORDERS",
    length=100,
    code_page="cp037",
    envelope=ENVELOPE,
    records=(
        RecordLayout(
            "O",
            (
                unsigned("ORDNO", 2, digits=9),
                unsigned("CUSNO", 7, digits=7),
                text("CUSREF", 11, 30),
                packed("ORDDAT", 31, digits=7, meaning=Meaning.CENTURY_DATE),
                packed("ORDTIM", 35, digits=6, meaning=Meaning.TIME),
                text("STATUS", 39, 39),
                text("CURCOD", 40, 42),
                packed("ORDTOT", 43, digits=9, scale=2),
                zoned("LINCNT", 48, digits=3),
                zoned("REQDAT", 51, digits=8, meaning=Meaning.FULL_DATE),
                flag("DELFLG", 59, yes="D"),
                text("SALREP", 60, 69),
            ),
            moments=(Moment("ORDERED", "ORDDAT", "ORDTIM"),),
        ),
        RecordLayout(
            "L",
            (
                unsigned("ORDNO", 2, digits=9),
                zoned("LINNO", 7, digits=3),
                text("ITEMNO", 10, 24),
                packed("QTY", 25, digits=7, scale=2),
                packed("UNTPRC", 29, digits=9, scale=4),
                zoned("LINAMT", 34, digits=9, scale=2),
            ),
            belongs=Belonging("O", "lines", same="ORDNO", count="LINCNT"),
        ),
    ),
    totals=(Total("HSHTOT", "O", "ORDNO"), Total("AMTTOT", "O", "ORDTOT")),
)

CUSTMAST = FileLayout(
    name="CUSTMAST",
    length=200,
    code_page="cp273",
    envelope=ENVELOPE,
    records=(
        RecordLayout(
            "D",
            (
                unsigned("CUSNO", 2, digits=7),
                text("CUSNAM", 6, 45),
                text("STREET", 46, 80),
                text("CITY", 81, 105),
                text("POSTCD", 106, 115),
                text("CTRY", 116, 117),
                text("PHONE", 118, 137),
                packed("CRLIM", 138, digits=9, scale=2),
                zoned("BALDUE", 143, digits=9, scale=2),
                packed("LSTCHG", 152, digits=7, meaning=Meaning.CENTURY_DATE),
                zoned("LSTTIM", 156, digits=6, meaning=Meaning.TIME),
                flag("DELFLG", 162, yes="D"),
            ),
            moments=(Moment("CHANGED", "LSTCHG", "LSTTIM"),),
        ),
    ),
    totals=(Total("HSHTOT", "D", "CUSNO"),),
)

ORDACK = FileLayout(
    name="ORDACK",
    length=80,
    code_page="cp037",
    envelope=ENVELOPE,
    records=(
        RecordLayout(
            "A",
            (unsigned("ORDNO", 2, digits=9), text("ACKSTS", 7, 8), text("CRMNO", 9, 28), text("REASON", 29, 68)),
        ),
    ),
    totals=(Total("HSHTOT", "A", "ORDNO"),),
)

ORDREQ = FileLayout(
    name="ORDREQ",
    length=80,
    code_page="cp037",
    envelope=ENVELOPE,
    records=(
        RecordLayout(
            "O",
            (
                text("REFNO", 2, 21),
                unsigned("CUSNO", 22, digits=7),
                packed("ORDDAT", 26, digits=7, meaning=Meaning.CENTURY_DATE),
                text("CURCOD", 30, 32),
                packed("ORDTOT", 33, digits=9, scale=2),
                zoned("LINCNT", 38, digits=3),
            ),
        ),
        RecordLayout(
            "L",
            (
                text("REFNO", 2, 21),
                zoned("LINNO", 22, digits=3),
                text("ITEMNO", 25, 39),
                packed("QTY", 40, digits=7, scale=2),
                packed("UNTPRC", 44, digits=9, scale=4),
            ),
            belongs=Belonging("O", "lines", same="REFNO", count="LINCNT"),
        ),
    ),
    totals=(Total("AMTTOT", "O", "ORDTOT"),),
)


def number_lines(order: dict[str, Any]) -> dict[str, Any]:
    """An order with what the host wants beside our values: line numbers, the count of lines, the total."""
    lines = order.get("lines") or []
    try:
        total = sum((Decimal(str(line["QTY"])) * Decimal(str(line["UNTPRC"])) for line in lines), Decimal(0))
        numbered = [{**line, "REFNO": order["REFNO"], "LINNO": number} for number, line in enumerate(lines, 1)]
        return {**order, "lines": numbered, "LINCNT": len(lines), "ORDTOT": total.quantize(Decimal("0.01"))}
    except (TypeError, KeyError, InvalidOperation) as error:
        raise ContractViolationError(
            "A line needs ITEMNO, QTY and UNTPRC, the last two as numbers; correct it at its source."
        ) from error
