"""Fills a vendor in bulk: from files with one JSON record in each line, or from any iterable of records."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sandbox.server.records import Record, decode
from sandbox.server.vendor import Vendor
from sandbox.vendors.registry import find_vendors, open_vendor

_LOCATION = {"id": "gid://shopify/Location/1", "name": "Warehouse"}


def load(vendor_name: str, data_dir: Path, records_by_resource: Mapping[str, Iterable[Record]]) -> dict[str, int]:
    """Loads records unchanged, also wrong ones; the vendor's server must not run. Returns counts by collection."""
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
    for name in find_vendors():
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
    """Add the location and the products of the variants, which the world does not generate."""
    store = vendor.store
    if store.count("locations") == 0:
        store.load("locations", [vendor.prepare("locations", dict(_LOCATION))])
    if store.count("products") == 0 and store.count("product_variants") > 0:
        store.load_inner("product_variants", "product", "products")
