"""What the page says beside a prompt: how long it is for the painter, and what can stand in it."""

from __future__ import annotations

from html import escape

from inpainting.negatives import NEGATIVES

TIPS = (
    '<details class="pp-tips"><summary data-t>Tips</summary><ul>'
    "<li><code>(word:1.3)</code> <span data-t>gives a word more weight, below 1 less.</span></li>"
    "<li><code>{red|blue}</code> <span data-t>takes one, and the next variation the next.</span>"
    "</li></ul></details>"
)
"""What can stand in a prompt, folded away."""


def token_line(counted: tuple[int, int] | None) -> str:
    """Return how many tokens a prompt has of those read at a time, as markup; empty for None."""
    if counted is None or not counted[0]:
        return ""
    count, most = counted
    pieces = -(-count // most) if most else 1
    if pieces > 1:
        text = f"Length: {count} tokens, read in {pieces} pieces"
    else:
        text = f"Length: {count} of {most} tokens"
    return f"<span data-t>{escape(text)}</span>"


def negative_choices() -> list[str]:
    """Return the names of the texts to begin a negative prompt with."""
    return [name for name, _ in NEGATIVES]


def with_negative(text: object, name: object) -> str:
    """Return a negative prompt with the words of a preset added, each once."""
    now = text if isinstance(text, str) else ""
    wanted = next((words for title, words in NEGATIVES if title == name), "")
    known = {word.strip() for word in now.split(",")}
    fresh = [word for word in wanted.split(", ") if word not in known]
    return ", ".join(filter(None, (now.strip().rstrip(","), *fresh)))
