"""dlt reads the same pages into the same PostgreSQL: `default` as its tutorial does, `fastest` as we tuned it.

Runs in the peers' environment: dlt_reading.py default|fastest SERVER_URL PAGES WAREHOUSE_URL FOLDER
"""

import json
import os
import resource as usage
import sys
import time
from collections.abc import Iterator

import dlt
import requests

FASTEST = {
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__WORKERS": "2",
    "NORMALIZE__START_METHOD": "fork",
    "LOAD__WORKERS": "2",
    "EXTRACT__DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "50000",
}


def read_pages(server: str, pages: int) -> Iterator[list[dict[str, object]]]:
    """The vendor's pages, decoded, a list of records at a time."""
    with requests.Session() as session:
        for page in range(1, pages + 1):
            answer = session.get(f"{server}/records", params={"page": page, "size": 1000}, timeout=60)
            answer.raise_for_status()
            yield answer.json()["records"]


def main() -> None:
    mode, server, pages, warehouse, folder = sys.argv[1:6]
    started = time.perf_counter()
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    if mode == "fastest":
        os.environ.update(FASTEST)
    resource = dlt.resource(
        read_pages(server, int(pages)),
        name="records",
        write_disposition="append",
        max_table_nesting=0 if mode == "fastest" else None,
    )
    pipeline = dlt.pipeline(
        pipeline_name=f"reading_{mode}",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(warehouse),
        dataset_name=f"dlt_{mode}",
    )
    if mode == "fastest":
        pipeline.run(resource, loader_file_format="parquet")
    else:
        pipeline.run(resource)
    peak = max(usage.getrusage(who).ru_maxrss for who in (usage.RUSAGE_SELF, usage.RUSAGE_CHILDREN)) / 1024
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - started, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main()
