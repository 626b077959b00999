"""The data-flow map, drawn from the declarations: what is read from which system, and what is written back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from concord.contract import ChangedBetween, Resource, Snapshot, System, Worklist

Box = tuple[str, str, tuple[str, ...]]
Ends = Callable[[int], tuple[int, int, int, int]]

_ROW, _GAP, _TOP = 19, 16, 92
_LEFT, _MIDDLE, _RIGHT, _WIDTH = 20, 470, 650, 1080
_BOX, _HUB = 380, 110
_LONGEST = 54


@dataclass(frozen=True, slots=True)
class Flows:
    """One system's side of the map, in lines of text."""

    title: str
    owns: str
    read: tuple[str, ...]
    written: tuple[str, ...]


def flows_of(system: System) -> Flows:
    """What is read of a system every night, and what is written back resource by resource."""
    return Flows(
        title=system.title,
        owns=system.owns or "nothing",
        read=tuple(_read(system)),
        written=tuple(line for resource in system.resources if (line := _written(resource))),
    )


def _read(system: System) -> Iterator[str]:
    for how, kind in (("what changed", ChangedBetween), ("whole", Snapshot), ("what we ask for", Worklist)):
        names = [resource.name for resource in system.resources if isinstance(resource.changes, kind)]
        if names:
            yield f"{how}: {', '.join(names)}"


def _written(resource: Resource) -> str:
    if resource.writes is None:
        return ""
    parts = [", ".join(sorted(resource.writes.update))] if resource.writes.update else []
    parts += ["new records"] if resource.writes.create else []
    return f"{resource.name}: {'; '.join(parts)}"


def render_map(systems: Sequence[System]) -> str:
    """The map as an SVG picture: systems on the left as they are read, on the right as they are written."""
    flows = [flows_of(system) for system in systems]
    readers = [(item.title, f"owns {item.owns}", item.read) for item in flows]
    writers = [(item.title, "", item.written) for item in flows if item.written]
    height = _TOP + max(_height_of(readers), _height_of(writers)) + 10
    middle = (_TOP + height) // 2
    parts = [_HEAD.format(width=_WIDTH, height=height)]
    parts.append(
        f'<rect class="hub" x="{_MIDDLE}" y="{middle - 40}" width="{_HUB}" height="80" rx="6"/>'
        f'<text class="head" text-anchor="middle" x="{_MIDDLE + _HUB // 2}" y="{middle - 4}">Concord</text>'
        f'<text class="small" text-anchor="middle" x="{_MIDDLE + _HUB // 2}" y="{middle + 16}">every night</text>'
    )
    parts += _column(readers, _LEFT, lambda y: (_LEFT + _BOX, y, _MIDDLE, middle))
    parts += _column(writers, _RIGHT, lambda y: (_MIDDLE + _HUB, middle, _RIGHT, y))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _lines(box: Box) -> list[str]:
    _, subtitle, lines = box
    return [piece for line in ([subtitle] if subtitle else []) + list(lines) for piece in _folded(line)]


def _folded(line: str) -> list[str]:
    """The line in pieces that fit the box."""
    pieces = [""]
    for word in line.split():
        if len(pieces[-1]) + len(word) >= _LONGEST:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {word}".strip()
    return pieces


def _height_of(boxes: Sequence[Box]) -> int:
    return sum(_ROW * (len(_lines(box)) + 1) + 14 + _GAP for box in boxes)


def _column(boxes: Sequence[Box], left: int, ends: Ends) -> list[str]:
    parts, y = [], _TOP
    for box in boxes:
        lines = _lines(box)
        height = _ROW * (len(lines) + 1) + 14
        parts.append(f'<rect class="system" x="{left}" y="{y}" width="{_BOX}" height="{height}" rx="6"/>')
        parts.append(f'<text class="head" x="{left + 12}" y="{y + 22}">{escape(box[0])}</text>')
        parts += [
            f'<text class="small" x="{left + 12}" y="{y + 22 + _ROW * number}">{escape(text)}</text>'
            for number, text in enumerate(lines, 1)
        ]
        x1, y1, x2, y2 = ends(y + height // 2)
        parts.append(f'<path class="line" d="M{x1} {y1} C{x1 + 40} {y1} {x2 - 40} {y2} {x2 - 2} {y2}"/>')
        y += height + _GAP
    return parts


_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
font-family="system-ui, sans-serif" font-size="14" role="img" \
aria-label="Which data is read from which system every night, and what is written back.">
<style>
.system {{ fill: #fff6e5; stroke: #a06a00; stroke-width: 1.5 }}
.hub {{ fill: #f4f6fb; stroke: #4a5a8a; stroke-width: 1.5 }}
.line {{ stroke: #4a5a8a; stroke-width: 1.4; fill: none; marker-end: url(#arrow) }}
text {{ fill: #1c2440 }} .small {{ font-size: 12px; fill: #4d5675 }} .head {{ font-weight: 600 }}
</style>
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0 0 10 5 0 10z" fill="#4a5a8a"/></marker></defs>
<rect fill="#ffffff" width="{width}" height="{height}" rx="8"/>
<text class="head" x="20" y="36">What moves between the systems, every night</text>
<text class="small" x="20" y="58">Generated from the declarations in plugins/concord/systems.</text>
<text class="small" x="20" y="80">read from</text>
<text class="small" x="650" y="80">may be written back to</text>"""
