"""No stamp of a vendor's decides by itself which of two records is the newer one: it may lie in the future."""

import re
from pathlib import Path

from concord.installed import PRODUCT

MODELS = PRODUCT / "dbt_project" / "models"
STAMPS = r"(?:changed|updated|modified|run)_at"
ORDERED = re.compile(rf"order by[^)]*\b{STAMPS}\b", re.DOTALL)
CHANGED = re.compile(r"^.*\bchanged_at\b,?$", re.MULTILINE)


def statements(folder: str) -> dict[Path, str]:
    return {
        path: re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for path in sorted((MODELS / folder).rglob("*.sql"))
    }


def test_staging_gives_each_record_a_stamp_that_is_believed() -> None:
    given = {
        (path.stem, line.strip().rstrip(","))
        for path, text in statements("staging").items()
        for line in CHANGED.findall(text)
    }
    assert len(given) > 35
    odd = {(model, line) for model, line in given if "believed(" not in line and "_modified_at" not in line}
    assert odd == set()


def test_no_model_orders_records_by_a_stamp_that_a_vendor_gave() -> None:
    found = {path: text for path, text in statements(".").items() if "order by" in text}
    assert len(found) > 10
    assert [path.stem for path, text in found.items() if ORDERED.search(text)] == []
