"""Words of the small world and the captions that are written with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["landscape", "texture"]

SKIES = ("day", "sunset", "night", "storm")
GROUNDS = ("sea", "meadow", "desert", "snow", "mountains", "city", "forest")
COLOURS = (
    "red",
    "green",
    "blue",
    "yellow",
    "white",
    "black",
    "orange",
    "purple",
    "pink",
    "brown",
)
TEXTURES = ("wall", "brick", "checkerboard", "stripes", "dots", "wood")

_SKY_WORDS = {
    "day": ("day", "daytime", "sunny", "sunny day", "bright day"),
    "sunset": ("sunset", "dusk", "evening", "golden sunset", "sundown"),
    "night": ("night", "starry night", "moonlit", "dark night", "midnight"),
    "storm": ("storm", "stormy", "thunderstorm", "rainy", "cloudy storm"),
}
_SKY_PHRASES = {
    "day": ("under a blue sky", "by day", "on a sunny day", "at noon", "in daylight"),
    "sunset": ("at sunset", "under a sunset sky", "at dusk", "in the evening", "at sundown"),
    "night": ("at night", "under a starry sky", "in moonlight", "under the stars", "at midnight"),
    "storm": (
        "in a storm",
        "under storm clouds",
        "in the rain",
        "in bad weather",
        "under a grey sky",
    ),
}
_GROUND_WORDS = {
    "sea": ("sea", "ocean", "water", "open sea"),
    "meadow": ("meadow", "grass", "green field", "green hills", "field of flowers"),
    "desert": ("desert", "sand", "sand dunes", "dunes"),
    "snow": ("snow", "snowy hills", "winter", "snowfield", "snowy field"),
    "mountains": ("mountains", "mountain", "mountain peaks", "rocky mountains"),
    "city": ("city", "town", "skyline", "city skyline", "skyscrapers"),
    "forest": ("forest", "woods", "pine trees", "trees", "pine forest"),
}
_COLOUR_WORDS = {
    "red": ("red", "bright red", "crimson"),
    "green": ("green", "bright green"),
    "blue": ("blue", "bright blue"),
    "yellow": ("yellow", "bright yellow"),
    "white": ("white", "pure white"),
    "black": ("black", "dark black"),
    "orange": ("orange", "bright orange"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rose pink"),
    "brown": ("brown", "dark brown"),
}
_TEXTURE_WORDS = {
    "wall": ("wall", "plaster wall", "plain wall", "painted wall", "plaster"),
    "brick": ("brick", "brick wall", "bricks", "wall of bricks"),
    "checkerboard": ("checkerboard", "chessboard", "checks", "checkered pattern", "squares"),
    "stripes": ("stripes", "striped pattern", "striped wallpaper", "stripe pattern"),
    "dots": ("dots", "polka dots", "dotted pattern", "spots"),
    "wood": ("wood", "wooden planks", "wooden wall", "wood planks", "boards"),
}
_PREFIXES = ("", "", "", "", "a ", "the ", "a photo of ", "a picture of ", "a painting of ")
_BACKDROPS = ("", "", "", "", " background", " in the background")


@dataclass(frozen=True)
class Label:
    """What a drawing shows: (sky, ground) of a landscape, (colour, kind) of a texture."""

    kind: Kind
    head: str
    tail: str

    @property
    def words(self) -> str:
        """The plain two-word caption, such as "sunset sea" or "red brick"."""
        return f"{self.head} {self.tail}"


def all_labels() -> tuple[Label, ...]:
    """Every label of the small world: 28 landscapes, then 60 textures."""
    landscapes = tuple(Label("landscape", s, g) for s in SKIES for g in GROUNDS)
    return landscapes + tuple(Label("texture", c, t) for c in COLOURS for t in TEXTURES)


def write_caption(label: Label, rng: np.random.Generator) -> str:
    """A caption of a label: the plain two words half of the time, else freely phrased."""
    chance = rng.random()
    if chance < 0.5:
        return label.words
    if chance < 0.58:
        return _partial(label, rng)
    phrase = _landscape(label, rng) if label.kind == "landscape" else _texture(label, rng)
    return f"{_pick(_PREFIXES, rng)}{phrase}{_pick(_BACKDROPS, rng)}"


def vocabulary() -> tuple[str, ...]:
    """Every word that a caption may hold, sorted."""
    tables = (_SKY_WORDS, _SKY_PHRASES, _GROUND_WORDS, _COLOUR_WORDS, _TEXTURE_WORDS)
    phrases = [phrase for table in tables for row in table.values() for phrase in row]
    phrases += [*_PREFIXES, *_BACKDROPS, "over"]
    return tuple(sorted({word for phrase in phrases for word in phrase.split()}))


def _partial(label: Label, rng: np.random.Generator) -> str:
    if label.kind == "landscape":
        return _pick(
            (_pick(_SKY_WORDS[label.head], rng), _pick(_GROUND_WORDS[label.tail], rng)), rng
        )
    return _pick(
        (_pick(_COLOUR_WORDS[label.head], rng), _pick(_TEXTURE_WORDS[label.tail], rng)), rng
    )


def _landscape(label: Label, rng: np.random.Generator) -> str:
    sky = _pick(_SKY_WORDS[label.head], rng)
    ground = _pick(_GROUND_WORDS[label.tail], rng)
    phrase = _pick(_SKY_PHRASES[label.head], rng)
    forms = (
        f"{sky} {ground}",
        f"{ground} {sky}",
        f"{ground} {phrase}",
        f"{ground} {phrase}",
        f"{sky} over the {ground}",
        f"{sky} over a {ground}",
    )
    return _pick(forms, rng)


def _texture(label: Label, rng: np.random.Generator) -> str:
    colour = _pick(_COLOUR_WORDS[label.head], rng)
    texture = _pick(_TEXTURE_WORDS[label.tail], rng)
    return _pick((f"{colour} {texture}", f"{colour} {texture}", f"{texture}, {colour}"), rng)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
