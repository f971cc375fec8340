"""Horizontal bars of CPU per worker, as text and as SVG. Pure, and without a drawing library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_COLUMNS = 40
_WIDTH, _LEFT, _ROW, _HEAD = 860, 330, 22, 40
_OURS, _PEER = "#1f6feb", "#8c959f"


class Bar(NamedTuple):
    """One bar: its label, its figure in CPU milliseconds per worker, and whether it is ours."""

    label: str
    cpu_ms: float
    ours: bool


def draw_text(bars: Sequence[Bar]) -> list[str]:
    """Draw bars for a console, the longest over the whole width."""
    longest = max((bar.cpu_ms for bar in bars), default=0.0)
    wide = max((len(bar.label) for bar in bars), default=0)
    return [
        f"{bar.label:<{wide}}  {'█' * max(1, round(_COLUMNS * bar.cpu_ms / longest))} {bar.cpu_ms:,.2f} ms"
        for bar in bars
    ]


def draw_svg(groups: Mapping[str, Sequence[Bar]]) -> str:
    """Draw all groups below each other, each on its own scale."""
    height = sum(_HEAD + _ROW * len(bars) for bars in groups.values()) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    top = 0
    for title, bars in groups.items():
        parts.append(f'<text x="12" y="{top + 28}" font-weight="bold">{escape(title)}: CPU ms per worker</text>')
        top += _HEAD
        for bar in bars:
            parts += _draw_bar(bar, top=top, longest=max(each.cpu_ms for each in bars))
            top += _ROW
    return "\n".join([*parts, "</svg>", ""])


def _draw_bar(bar: Bar, *, top: int, longest: float) -> list[str]:
    room = _WIDTH - _LEFT - 90
    length = max(2.0, room * bar.cpu_ms / longest)
    color = _OURS if bar.ours else _PEER
    return [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect x="{_LEFT}" y="{top + 3}" width="{length:.1f}" height="{_ROW - 7}" fill="{color}"/>',
        f'<text x="{_LEFT + length + 6:.1f}" y="{top + 14}">{bar.cpu_ms:,.2f}</text>',
    ]
