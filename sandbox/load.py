"""Fills a vendor in bulk: from files of one JSON record a line, or from any iterable of records."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sandbox.server.vendor import Vendor
from sandbox.store import Record, decode
from sandbox.vendors.registry import VENDORS, open_vendor

_ONE_LOCATION = {"id": "gid://shopify/Location/1", "name": "Warehouse"}


def load(vendor_name: str, data_dir: Path, records_by_resource: Mapping[str, Iterable[Record]]) -> dict[str, int]:
    """Loads records as they are, dirt and all; the vendor must not be running."""
    vendor = open_vendor(vendor_name, data_dir)
    try:
        loaded = {}
        for resource, records in records_by_resource.items():
            collection = vendor.canonical(resource)
            prepared = (vendor.prepare(collection, record) for record in records)
            loaded[collection] = vendor.store.load(collection, prepared)
        if vendor_name == "shopify":
            _complete_shop(vendor)
        return loaded
    finally:
        vendor.store.close()


def load_folder(data_dir: Path, folder: Path) -> dict[str, dict[str, int]]:
    """Loads `<vendor>/<resource>.ndjson` for every vendor of the sandbox that has a folder there."""
    loaded = {}
    for name in VENDORS:
        files = sorted((folder / name).glob("*.ndjson"))
        if files:
            loaded[name] = load(name, data_dir, {file.stem: _lines(file) for file in files})
    if not loaded:
        raise FileNotFoundError(f"no <vendor>/<resource>.ndjson under {folder}")
    return loaded


def _lines(file: Path) -> Iterator[Record]:
    with file.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield decode(line)


def _complete_shop(vendor: Vendor) -> None:
    """A shop has a location, and each variant's product is a record too."""
    store = vendor.store
    if store.count("locations") == 0:
        store.load("locations", [vendor.prepare("locations", dict(_ONE_LOCATION))])
    if store.count("products") == 0 and store.count("product_variants") > 0:
        store.load_inner("product_variants", "product", "products")
