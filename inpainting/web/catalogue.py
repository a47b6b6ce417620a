"""The models that can be loaded, as the page offers them: a list for each kind, and their facts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from inpainting.offers import Kind, Offer

KINDS: tuple[tuple[str, Kind], ...] = (
    ("Painter", "painter"),
    ("Selection", "segmenter"),
    ("Removal", "filler"),
)
"""What each kind is for people, and its name."""

GB, MB = 10**9, 10**6

NONE = "Choose a model to read about it."


def choices(offers: Sequence[Offer], kind: object) -> list[tuple[str, str]]:
    """Return titles and keys of the models of a kind, those on this disk first."""
    found = sorted((o for o in offers if o.kind == kind), key=lambda offer: not offer.here)
    return [(_title(offer), offer.info.key) for offer in found]


def _title(offer: Offer) -> str:
    return offer.info.title if offer.here else f"{offer.info.title} ↓ {_bytes(offer.download)}"


def facts(offers: Sequence[Offer], kind: object, key: object) -> str:
    """Return the card of a model, with all there is to know before it is loaded, as markup."""
    found = [offer for offer in offers if (offer.kind, offer.info.key) == (kind, key)]
    if not found:
        return f'<p class="pp-facts" data-t>{escape(NONE)}</p>'
    offer = found[0]
    words = " · ".join(
        f"<span data-t>{escape(text)}</span>" for text in (*_sizes(offer), *_terms(offer))
    )
    world = f"<span data-t>{escape(offer.info.world)}</span>"
    return f'<div class="pp-facts"><p>{world}</p><p>{words}</p>{_marks(offer)}</div>'


def _sizes(offer: Offer) -> list[str]:
    fetched = f"Download: {_bytes(offer.download)}"
    here = "On this disk" if offer.here else fetched
    return [here, *([f"Memory: {_bytes(offer.memory)}"] if offer.memory else [])]


def _terms(offer: Offer) -> list[str]:
    return [f"Licence: {offer.info.licence}"]


def _marks(offer: Offer) -> str:
    """What a licence asks for, before anybody finds out too late."""
    marks = []
    if offer.info.gated:
        marks.append("Its licence has to be accepted on its page at the hub first.")
    if not offer.info.commercial:
        marks.append("Its licence does not allow commercial use.")
    return "".join(f'<p class="pp-mark" data-t>{escape(mark)}</p>' for mark in marks)


def _bytes(count: int) -> str:
    return f"{count / GB:.1f} GB" if count >= GB else f"{max(1, round(count / MB))} MB"
