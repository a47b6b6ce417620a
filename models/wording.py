"""Prompts as people write them: weights in brackets, told apart from the text. Pure.

`(text)` counts 1.1 times, `[text]` 1 / 1.1 times, `(text:1.3)` 1.3 times; brackets nest, their
weights multiply. A backslash before a bracket or a backslash makes it an ordinary character, and so
is a bracket without its partner. The grammar is that of AUTOMATIC1111's web UI, which most prompts
in the wild are written for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

STEP = 1.1
"""What one pair of brackets multiplies by."""

MOST_WEIGHT = 4.0
"""Larger weights are taken as this: far below it a picture is already nothing but the word."""

_PIECE = re.compile(r"\\[()\[\]\\]|[()\[\]]|[^\\()\[\]]+|\\")
_NUMBER = re.compile(r"(.*):\s*(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*", re.DOTALL)
_PARTNER = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a prompt and how much it counts, 0 to `MOST_WEIGHT`."""

    text: str
    weight: float = 1.0


@dataclass(slots=True)
class _Open:
    """A bracket that waits for its partner, with the parts since then."""

    bracket: str
    parts: list[Part]


def parts_of(prompt: str) -> tuple[Part, ...]:
    """Return the parts of a prompt in their order, none empty, neighbours of different weights."""
    levels = [_Open("", [])]
    for piece in _PIECE.findall(prompt):
        if piece in ("(", "["):
            levels.append(_Open(piece, []))
        elif piece in _PARTNER and levels[-1].bracket == _PARTNER[piece]:
            inner = levels.pop()
            levels[-1].parts.extend(_weighted(inner))
        else:
            levels[-1].parts.append(Part(_unescaped(piece)))
    return tuple(_merged(_flat(levels)))


def plain(prompt: str) -> bool:
    """Tell whether a prompt means just its own letters: no weight, nothing escaped."""
    parts = parts_of(prompt)
    return not parts or parts == (Part(prompt),)


def note_on_rest(field: str, lost: int, most: int) -> tuple[str, ...]:
    """Return the sentence that tells how much of the `field` was not read, if anything."""
    if not lost:
        return ()
    return (
        f"The {field} is longer than the {most} tokens that are read; "
        f"the last {lost} were left out.",
    )


def _unescaped(piece: str) -> str:
    return piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece


def _weighted(level: _Open) -> Iterator[Part]:
    """Weigh the parts inside a pair of brackets; a number after a colon ends round ones."""
    parts = level.parts
    factor = STEP if level.bracket == "(" else 1 / STEP
    number = _NUMBER.fullmatch(parts[-1].text) if level.bracket == "(" and parts else None
    if number:
        factor = float(number[2])
        parts = [*parts[:-1], replace(parts[-1], text=number[1])]
    for part in parts:
        yield Part(part.text, min(MOST_WEIGHT, part.weight * factor))


def _flat(levels: Sequence[_Open]) -> Iterator[Part]:
    """The parts of all levels; a bracket that is still open is an ordinary character."""
    for level in levels:
        yield Part(level.bracket)
        yield from level.parts


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    """Join neighbours of the same weight and leave out what is empty."""
    held = Part("")
    for part in parts:
        if part.weight == held.weight or not part.text:
            held = replace(held, text=held.text + part.text)
            continue
        if held.text:
            yield held
        held = part
    if held.text:
        yield held
