"""Tells the rows of a CSV text apart, also where the quotes of one of them do not match.

A row is whole where each cell is bare or quoted as RFC 4180 says and the row has as many cells as the first. A row
that is not ends before the next line at which a whole one begins.
"""

import csv
import io
import re
from collections.abc import Sequence

_CELL = rb'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_ROW = re.compile(rb"%b(?:,%b)*+(?:\r?\n|\r|\Z)" % (_CELL, _CELL))
_LINE_END = re.compile(rb"\r?\n|\r")

Row = list[str]


def split_rows(content: bytes) -> tuple[list[Row], list[bytes]]:
    """The rows that have as many cells as the first, and the bytes of the others.

    Bytes that are not UTF-8 are surrogates in the cells. Raises `ValueError` where the text ends within a row, or
    its first row cannot be read.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    rows = _rows_at_once(content)
    if rows is not None and all(len(row) == len(rows[0]) for row in rows):
        return rows, []
    whole, others = _tell_apart(content)
    if others and content.endswith(others[-1]) and not content.endswith((b"\n", b"\r")):
        raise ValueError("a row of the file is cut off")
    return [_cells(row) for row in whole], others


def _rows_at_once(content: bytes) -> list[Row] | None:
    """All rows; None where a quote does not match, or may not, and each row is to be looked at."""
    try:
        lines = io.StringIO(content.decode("utf-8", "surrogateescape"), newline="")
        rows = [row for row in csv.reader(lines, strict=True) if row]
    except csv.Error:
        return None
    is_bare = content.count(b'"') != 0 and any('"' in cell for row in rows for cell in row)
    return None if is_bare else rows


def _tell_apart(content: bytes) -> tuple[list[bytes], list[bytes]]:
    """The whole rows and the others."""
    first = _ROW.match(content)
    if first is None or not content:
        raise ValueError("its first row, which names the columns, cannot be read")
    columns = len(_cells(first[0]))
    whole, others, at = [first[0]], [], first.end()
    while at < len(content):
        row = _ROW.match(content, at)
        if row and not row[0].strip(b"\r\n"):
            at = row.end()
        elif row and len(_cells(row[0])) == columns:
            whole.append(row[0])
            at = row.end()
        else:
            end = _next_row(content, at, columns)
            others.append(content[at:end])
            at = end
    return whole, others


def _next_row(content: bytes, at: int, columns: int) -> int:
    """Where the next whole row begins behind the one at a place; the end of the text where there is none."""
    for line_end in _LINE_END.finditer(content, at):
        row = _ROW.match(content, line_end.end())
        if row and row[0].strip() and len(_cells(row[0])) == columns:
            return line_end.end()
    return len(content)


def _cells(row: bytes) -> Row:
    text = row.decode("utf-8", "surrogateescape")
    return next(csv.reader(io.StringIO(text, newline=""), strict=True), [])


def lines_of(rows: Sequence[bytes]) -> list[bytes]:
    """The lines of some rows, each of which may be a row by itself."""
    return [line for row in rows for line in row.splitlines() if line]
