"""Sets in a prompt: `{red|blue} car` is one text after the other, for variations.

Sets may stand in each other. A backslash before a brace or a bar makes it a plain letter; outside
of a set a bar is one anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import NoReturn

from inpainting.errors import BadRequest

MAX_DEPTH = 10
"""How many sets may stand in each other."""

_TOKEN = re.compile(r"\\[{}|]|[{}|]|[^\\{}|]+|\\")


@dataclass(frozen=True, slots=True)
class _Set:
    """Texts to choose from; each is a row of plain texts and sets."""

    options: tuple[_Row, ...]

    @property
    def count(self) -> int:
        return sum(option.count for option in self.options)

    def pick(self, n: int) -> str:
        ends = list(accumulate(option.count for option in self.options))
        chosen = next(i for i, end in enumerate(ends) if n < end)
        return self.options[chosen].pick(n - (ends[chosen - 1] if chosen else 0))


@dataclass(frozen=True, slots=True)
class _Row:
    """Plain texts and sets one after the other."""

    parts: tuple[str | _Set, ...]

    @property
    def count(self) -> int:
        return prod(part.count for part in self.parts if isinstance(part, _Set))

    def pick(self, n: int) -> str:
        """The first set counts fastest."""
        texts = []
        for part in self.parts:
            if isinstance(part, str):
                texts.append(part)
            else:
                n, digit = divmod(n, part.count)
                texts.append(part.pick(digit))
        return "".join(texts)


def variant(text: str, n: int) -> str:
    """Return the text with one choice made in each set: the n-th combination, from 0.

    The first set changes with every n, the next each time the first has come round; after the last
    combination the first comes again. White space at both ends is dropped. Raises BadRequest for
    braces that do not match and for more than MAX_DEPTH sets in each other.
    """
    row = _parse(text)
    return row.pick(n % row.count).strip()


def count(text: str) -> int:
    """Return how many combinations the sets of a text have, 1 for none; raises as `variant`."""
    return _parse(text).count


def escaped(text: str) -> str:
    """Return a text whose only variant is `text`, less white space at its ends."""
    return re.sub(r"[{}]|(?<=\\)\|", r"\\\g<0>", text)


def _parse(text: str) -> _Row:
    """Read a text from left to right; `options` and `parts` of the sets that are open are kept."""
    open_sets: list[list[_Row]] = []
    rows: list[list[str | _Set]] = [[]]
    for token in _TOKEN.findall(text):
        if token == "{":
            _enter(open_sets, rows)
        elif token == "}":
            if not open_sets:
                _refuse()
            options = (*open_sets.pop(), _Row(tuple(rows.pop())))
            rows[-1].append(_Set(options))
        elif token == "|" and open_sets:
            open_sets[-1].append(_Row(tuple(rows[-1])))
            rows[-1] = []
        else:
            rows[-1].append(token[1:] if len(token) == 2 and token[0] == "\\" else token)
    if open_sets:
        _refuse()
    return _Row(tuple(rows[0]))


def _enter(open_sets: list[list[_Row]], rows: list[list[str | _Set]]) -> None:
    if len(open_sets) == MAX_DEPTH:
        raise BadRequest(f"More than {MAX_DEPTH} sets {{a|b}} stand in each other in the prompt.")
    open_sets.append([])
    rows.append([])


def _refuse() -> NoReturn:
    raise BadRequest(
        "A brace in the prompt has no partner: write sets as {red|blue}, and a brace alone as \\{."
    )
