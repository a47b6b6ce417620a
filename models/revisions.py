"""Which commit of a hub repository a model came from, where its row does not say."""

from __future__ import annotations

import re
from typing import Any

_SNAPSHOT = re.compile(r"snapshots[/\\]([0-9a-f]{40})(?:[/\\]|$)")


def commit_of(model: Any) -> str:
    """Return the 40 hex digits of the commit that a loaded model was read from; "" where unknown.

    `model` is of transformers or diffusers, or a pipeline, whose parts are asked in their order.
    """
    parts = getattr(model, "components", None)
    asked = parts.values() if isinstance(parts, dict) else (model,)
    return next(filter(None, map(_commit_of, asked)), "")


def _commit_of(model: Any) -> str:
    config = getattr(model, "config", None)
    known = getattr(config, "_commit_hash", None)
    if isinstance(known, str) and known:
        return known
    places = (getattr(config, "_name_or_path", None), getattr(model, "name_or_path", None))
    found = [_SNAPSHOT.search(place) for place in places if isinstance(place, str)]
    return next((match[1] for match in found if match), "")
