"""What is loaded, where and why, as the page tells it; data-t marks what is translated."""

from __future__ import annotations

from html import escape

from inpainting.status import Status
from inpainting.types import ModelInfo


def pill(status: Status) -> str:
    """Return the header's short line: what is loaded, and what is on its way."""
    busy = '<span class="pp-spin"></span>' if status.loading else ""
    names = escape(f"{status.segmenter.title} + {status.painter.title}")
    device = escape(status.painter.device)
    return f'<div class="pp-pill">{busy}<b>{names}</b><span>{device}</span></div>'


def card(status: Status) -> str:
    """Return the card with all there is to say about the models; every text is escaped."""
    lines = [
        _model("Selects", status.segmenter),
        _model("Paints", status.painter),
        _paragraph("pp-why", status.reason),
        _loading(status),
        _paragraph("pp-fail", status.failure),
        _advice(status.advice),
    ]
    return f'<div class="pp-status" data-t aria-label="What is loaded">{"".join(lines)}</div>'


def _model(does: str, info: ModelInfo) -> str:
    where = escape(f"{info.device}, {info.dtype}")
    if info.placement:
        where += f"; <span data-t>{escape(info.placement)}</span>"
    return (
        f"<p><span data-t>{does}</span> <b>{escape(info.title)}</b> <small>{where}</small>"
        f"<br><span data-t>{escape(info.world)}</span></p>"
    )


def _paragraph(kind: str, text: str) -> str:
    return f'<p class="{kind}" data-t>{escape(text)}</p>' if text else ""


def _loading(status: Status) -> str:
    if not status.loading:
        return ""
    value = "" if status.fraction is None else f' value="{min(1.0, max(0.0, status.fraction)):.3f}"'
    bar = f'<progress max="1"{value}></progress>'
    return f'<p class="pp-load" data-t>{escape(status.loading)}{bar}</p>'


def _advice(text: str) -> str:
    return (
        f"<p><span data-t>For SAM and SDXL, run</span> <code>{escape(text)}</code></p>"
        if text
        else ""
    )
