"""Values of a stranger's JSON object, each of its own type or refused by name."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import NoReturn, TypeGuard

from inpainting.errors import BadRequest
from inpainting.types import Size

_NOT_PLAIN = re.compile("[\0\ud800-\udfff]")


class Fields:
    """The fields of one JSON object; `where` names the object in a refusal.

    Every method raises BadRequest where a field is missing, of another type or out of its range.
    """

    def __init__(self, where: str, value: object) -> None:
        if not isinstance(value, dict):
            raise BadRequest(f"{where[:1].upper()}{where[1:]} must be a JSON object.")
        self._where = where
        self._values: dict[str, object] = value
        self._read: set[str] = set()

    def _get(self, name: str) -> object:
        if name not in self._values:
            raise BadRequest(f"In {self._where} the field {name!r} is missing.")
        self._read.add(name)
        return self._values[name]

    def _refuse(self, name: str, right: str) -> NoReturn:
        raise BadRequest(f"In {self._where} the field {name!r} must be {right}.")

    def end(self) -> None:
        """Refuse fields that nobody has read."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise BadRequest(f"In {self._where} the field {unknown[0][:40]!r} is unknown.")

    def has(self, name: str) -> bool:
        """Tell whether a field is there; one that need not be is asked for by this first."""
        return name in self._values

    def is_null(self, name: str) -> bool:
        """Tell whether a field is null."""
        return self._get(name) is None

    def text(self, name: str, longest: int) -> str:
        """Return a text of at most `longest` characters that can be written as UTF-8."""
        value = self._get(name)
        if not isinstance(value, str) or not is_plain(value, longest):
            self._refuse(name, f"text of at most {longest} characters")
        return value

    def texts(self, most: int, longest: int) -> dict[str, str]:
        """Return all fields as texts; at most `most` of them."""
        if len(self._values) > most:
            raise BadRequest(f"There are more than {most} fields in {self._where}.")
        return {name: self.text(name, longest) for name in self._values if self._plain(name)}

    def _plain(self, name: str) -> bool:
        if not is_plain(name, 100):
            raise BadRequest(f"In {self._where} a name is no text of at most 100 characters.")
        return True

    def whole(self, name: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._get(name)
        if not _is_whole(value, low, high):
            self._refuse(name, f"a whole number from {low} to {high}")
        return value

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(name, "a number")
        if not _is_finite(value):
            self._refuse(name, "a finite number")
        return float(value)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._get(name)
        if not isinstance(value, bool):
            self._refuse(name, "true or false")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return one of `choices`."""
        value = self._get(name)
        if not isinstance(value, str) or value not in choices:
            self._refuse(name, f"one of {', '.join(choices)}")
        return value

    def pairs(self, name: str, most: int) -> tuple[tuple[float, float], ...]:
        """Return a list of at most `most` pairs of finite numbers."""
        value = self._get(name)
        if not isinstance(value, list) or len(value) > most:
            self._refuse(name, f"a list of at most {most} pairs of numbers")
        if not all(_is_pair(item) for item in value):
            self._refuse(name, "a list of pairs of finite numbers")
        return tuple((float(x), float(y)) for x, y in value)

    def size(self, name: str, most: int) -> Size:
        """Return (width, height), each from 1 to `most`."""
        value = self._get(name)
        if not isinstance(value, list) or len(value) != 2:
            self._refuse(name, "a width and a height")
        if not all(_is_whole(side, 1, most) for side in value):
            self._refuse(name, f"a width and a height from 1 to {most}")
        return value[0], value[1]

    def inner(self, name: str) -> Fields:
        """Return the fields of an object in this one."""
        return Fields(f"{self._where}, {name},", self._get(name))

    def inners(self, name: str, most: int) -> list[Fields]:
        """Return the fields of each object in a list of at most `most`."""
        value = self._get(name)
        if not isinstance(value, list) or len(value) > most:
            self._refuse(name, f"a list of at most {most} objects")
        return [Fields(f"{self._where}, {name},", item) for item in value]


def is_plain(text: str, longest: int) -> bool:
    """Tell whether a text is short enough and free of NUL and of half surrogate pairs."""
    return len(text) <= longest and _NOT_PLAIN.search(text) is None


def _is_finite(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= sys.float_info.max


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_finite, value))


def _is_whole(value: object, low: int, high: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
