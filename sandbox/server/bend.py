"""Falsifies a response of the vendor before it is sent, as a planted fault says."""

import random
from typing import Any

from sandbox.server.faults import Rule
from sandbox.server.records import decode, encode
from sandbox.server.vendor import Call, Page, Vendor
from sandbox.server.wire import Answer

HTML = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We'll be back soon</h1></body></html>"
)
_REMEMBERED = 20


def html_answer(status: int) -> Answer:
    """The HTML page that a load balancer sends in place of the vendor's response."""
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(HTML)).encode())]
    return Answer(status, headers, HTML)


def remember(rules: list[Rule], vendor: Vendor, call: Call, answer: Answer) -> None:
    """Keep the last record and the cursor of the page in a response, for rules that repeat them later."""
    page = vendor.page_in(call, decode(answer.body)) if answer.status == 200 and rules else None
    if page is None or not page.records:
        return
    for rule in rules:
        rule.memory["last"] = page.records[-1]
        if page.cursor:
            rule.memory.setdefault("cursors", []).append(page.cursor)
            del rule.memory["cursors"][:-_REMEMBERED]


def bend(rule: Rule, vendor: Vendor, call: Call, answer: Answer) -> Answer:
    """The response, changed as the fault says; unchanged where the fault does not apply to it."""
    match rule.kind:
        case "html_after":
            return html_answer(int(rule.fault.get("status", 200)))
        case "status_after" | "errors_after":
            return vendor.refusal(rule.kind.removesuffix("_after"), rule.fault)
        case "malformed":
            answer.with_body(answer.body[: len(answer.body) // 2] + b'"],}}{')
            return answer
        case "replace":
            for pair in rule.fault["pairs"]:
                answer.with_body(answer.body.replace(*map(bytes.fromhex, pair)))
            return answer
        case "version":
            vendor.set_served_version(answer, str(rule.fault["served"]))
            return answer
    payload = decode(answer.body) if answer.body else None
    if rule.kind in ("shuffle", "short"):
        _bend_results(rule, vendor.results_in(payload))
    else:
        page = vendor.page_in(call, payload)
        if page is not None:
            _bend_page(rule, vendor, page)
    answer.with_body(encode(payload) if answer.body else b"")
    return answer


def _bend_results(rule: Rule, results: list[Any] | None) -> None:
    if not results:
        return
    if rule.kind == "short":
        del results[-int(rule.fault.get("missing", 1)) :]
    else:
        before = list(results)
        random.Random(int(rule.fault.get("seed", 1))).shuffle(results)
        if results == before:
            results.reverse()


def _bend_page(rule: Rule, vendor: Vendor, page: Page) -> None:
    match rule.kind:
        case "duplicate_within" if page.records:
            page.records.append(page.records[int(rule.fault.get("index", 0))])
        case "duplicate_across" if "last" in rule.memory:
            page.records.insert(0, rule.memory["last"])
        case "move" if page.records:
            _move(rule, vendor, page)
        case "loop":
            _loop(rule, page)
        case "empty_page":
            page.records.clear()
        case "schema":
            for record in page.records:
                _change_schema(rule.fault, page.unwrap(record))


def _move(rule: Rule, vendor: Vendor, page: Page) -> None:
    """Change a record of this page after it was read, so that a list by update time returns it again later."""
    record = page.unwrap(page.records[int(rule.fault.get("index", 0))])
    vendor.edit(page.collection, str(record[page.id_field]), dict(rule.fault.get("set", {})))


def _loop(rule: Rule, page: Page) -> None:
    """Replace the cursor of the page by an earlier one: `length` 1 is the last one, 2 the one before it."""
    given: list[str] = rule.memory.setdefault("cursors", [])
    length = int(rule.fault.get("length", 1))
    cursor = given[-length] if len(given) >= length else page.cursor
    if cursor:
        page.set_cursor(cursor)
        given.append(cursor)


def _change_schema(fault: dict[str, Any], record: Any) -> None:
    """Rename, remove or retype a field; its name is a dotted path."""
    *parents, name = str(fault["field"]).split(".")
    for parent in parents:
        record = record.get(parent) if isinstance(record, dict) else None
    if not isinstance(record, dict) or name not in record:
        return
    value = record[name]
    match fault["action"]:
        case "rename":
            record[str(fault["to"])] = record.pop(name)
        case "remove":
            del record[name]
        case "retype":
            record[name] = _retyped(value)


def _retyped(value: Any) -> Any:
    if isinstance(value, str):
        return {"value": value}
    return str(value)
