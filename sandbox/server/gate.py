"""The gate in front of a vendor: counts every call, keeps a history of calls, and applies planted faults."""

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from sandbox.server.bend import bend, html_answer, remember
from sandbox.server.faults import BENT_ANSWERS, REFUSALS, Faults, Rule
from sandbox.server.vendor import Call, Described, Vendor
from sandbox.server.wire import Answer, App, Receive, Scope, Send, cut, read_body, run, send_partly

CONTROL = "/__control"
_HISTORY = 20_000


class CallLog:
    """The calls that arrived, whether they took effect or not; the store counts those that did."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all calls."""
        self.operations: Counter[str] = Counter()
        self.targets: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[int] = Counter()
        self.history: deque[dict[str, Any]] = deque(maxlen=_HISTORY)
        self.calls = 0

    def note(self, call: Call, described: Described) -> dict[str, Any]:
        """Add an entry for a call; its status, size and fault are filled in later."""
        self.calls += 1
        self.operations.update(described.operations)
        self.targets.update(described.targets)
        entry: dict[str, Any] = {
            "n": self.calls,
            "at": time.time(),
            "method": call.method,
            "path": call.path,
            "operations": list(described.operations),
            "targets": len(described.targets),
            "status": None,
            "bytes": 0,
            "fault": None,
        }
        self.history.append(entry)
        return entry


@dataclass(slots=True)
class Exchange:
    """One request on its way through the gate."""

    app: App
    vendor: Vendor
    scope: Scope
    receive: Receive
    send: Send
    call: Call

    async def answer(self) -> Answer:
        """The vendor's response to the request, without a fault."""
        return await run(self.app, self.scope, self.call.body)


class Gate:
    """ASGI middleware around one vendor."""

    def __init__(self, app: App, vendor: Vendor, faults: Faults, log: CallLog) -> None:
        self._app, self._vendor, self._faults, self._log = app, vendor, faults, log
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        if self._vendor.ignores_trailing_slash:
            scope["path"] = scope["path"].rstrip("/")
        call = await _call_of(scope, receive)
        described = self._vendor.describe(call)
        entry = self._log.note(call, described)
        exchange = Exchange(self._app, self._vendor, scope, receive, send, call)
        rule = self._faults.pick(call, described)
        started = time.perf_counter()
        if rule is None:
            answer: Answer | None = await exchange.answer()
            if self._faults.rules and answer is not None:
                remember(self._faults.watching(call, described), self._vendor, call, answer)
        else:
            entry["fault"] = rule.kind
            answer = await self._apply(rule, exchange)
        entry["seconds"] = round(time.perf_counter() - started, 6)
        if answer is not None:
            entry["status"], entry["bytes"] = answer.status, len(answer.body)
            self._log.statuses[answer.status] += 1
            answer.set_header("date", self._vendor.store.clock.http_date)
            await answer.send(send)

    async def _apply(self, rule: Rule, exchange: Exchange) -> Answer | None:
        """Apply the fault; gives the response to send, None where the fault has closed the connection."""
        if rule.kind in REFUSALS:
            return self._refuse(rule, exchange)
        if rule.kind in BENT_ANSWERS:
            return bend(rule, exchange.vendor, exchange.call, await exchange.answer())
        if rule.kind == "delay":
            await asyncio.sleep(float(rule.fault.get("seconds", 1)))
            return await exchange.answer()
        if rule.kind == "ignore":
            return await self._answer_without_effect(exchange)
        if rule.kind == "row_errors":
            return await self._answer_with_failed_rows(rule, exchange)
        await self._break_wire(rule, exchange)
        return None

    async def _answer_with_failed_rows(self, rule: Rule, exchange: Exchange) -> Answer:
        exchange.vendor.fail_rows(rule.fault)
        try:
            return await exchange.answer()
        finally:
            exchange.vendor.fail_rows(None)

    def _refuse(self, rule: Rule, exchange: Exchange) -> Answer:
        if rule.kind == "html":
            return html_answer(int(rule.fault.get("status", 200)))
        if rule.kind == "denied":
            return exchange.vendor.refusal(*exchange.vendor.denial)
        if rule.kind == "expired_token":
            exchange.vendor.expire_token(exchange.call)
        return exchange.vendor.refusal(rule.kind, rule.fault)

    async def _answer_without_effect(self, exchange: Exchange) -> Answer:
        """Respond with success and roll the writes of the call back."""
        exchange.vendor.store.discard_writes = True
        try:
            return await exchange.answer()
        finally:
            exchange.vendor.store.discard_writes = False

    async def _break_wire(self, rule: Rule, exchange: Exchange) -> None:
        reset = bool(rule.fault.get("reset", False))
        if rule.kind == "late":
            task = asyncio.create_task(self._carry_out_late(exchange, float(rule.fault.get("seconds", 1))))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        if rule.kind in ("cut_before", "late"):
            await cut(exchange.scope, exchange.receive, reset=reset)
            return
        answer = await exchange.answer()
        if rule.kind == "truncate":
            share = float(rule.fault.get("share", 0.5))
            await send_partly(exchange.scope, exchange.receive, exchange.send, answer, share=share)
        else:
            await cut(exchange.scope, exchange.receive, reset=reset)

    async def _carry_out_late(self, exchange: Exchange, seconds: float) -> None:
        """Carry the request out after its connection was closed."""
        await asyncio.sleep(seconds)
        await exchange.answer()


async def _call_of(scope: Scope, receive: Receive) -> Call:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope.get("query_string", b"").decode("latin-1")
    return Call(scope["method"], scope["path"], query, headers, await read_body(receive))
