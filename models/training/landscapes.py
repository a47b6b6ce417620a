"""Landscapes: four skies over seven grounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.training.noise import Field, cloud_noise, jagged_line, ridge_line, smooth_noise

_RGB = tuple[int, int, int]
_GRADIENTS: dict[str, tuple[_RGB, _RGB]] = {
    "day": ((70, 145, 235), (205, 230, 250)),
    "sunset": ((85, 50, 125), (252, 140, 55)),
    "night": ((8, 10, 38), (32, 38, 92)),
    "storm": ((62, 66, 74), (128, 132, 138)),
}
_LIGHT: dict[str, tuple[float, float, float]] = {
    "day": (1.0, 1.0, 1.0),
    "sunset": (0.82, 0.58, 0.50),
    "night": (0.26, 0.29, 0.42),
    "storm": (0.52, 0.54, 0.57),
}


@dataclass(frozen=True)
class _View:
    """What every ground needs to know: the sky, its light, the horizon row, the sun's place."""

    sky: str
    light: Field
    horizon: int
    sun: tuple[int, int]
    rng: np.random.Generator

    def lit(self, colour: _RGB) -> Field:
        """A colour as it looks in this light, with a little variation."""
        tinted = np.array(colour, np.float32) + self.rng.normal(0, 5, 3).astype(np.float32)
        return np.asarray(tinted * self.light, np.float32)


def draw_landscape(
    sky: str, ground: str, height: int, width: int, rng: np.random.Generator
) -> Field:
    """Draw one landscape: HxWx3 float32 RGB, about 0..255."""
    horizon = round(height * rng.uniform(0.42, 0.62))
    sun = (
        round(width * rng.uniform(0.15, 0.85)),
        round(horizon * (rng.uniform(0.7, 0.95) if sky == "sunset" else rng.uniform(0.2, 0.5))),
    )
    view = _View(sky, np.array(_LIGHT[sky], np.float32), horizon, sun, rng)
    picture = _draw_sky(view, height, width)
    _GROUNDS[ground](picture, view)
    if sky == "storm":
        _rain(picture, view)
    return picture


def _draw_sky(view: _View, height: int, width: int) -> Field:
    top, bottom = (np.array(c, np.float32) for c in _GRADIENTS[view.sky])
    jitter = view.rng.normal(0, 7, 3).astype(np.float32)
    down = np.clip(np.arange(height, dtype=np.float32) / view.horizon, 0, 1)[:, None, None]
    column = top + jitter + (bottom - top) * down
    picture: Field = np.repeat(column, width, axis=1).astype(np.float32)
    _DECORATIONS[view.sky](picture, view)
    return picture


def _blend(picture: Field, colour: Field | _RGB, weight: Field) -> None:
    picture += (np.asarray(colour, np.float32) - picture) * weight[..., None]


def _clouds(picture: Field, view: _View, colour: _RGB, cover: float) -> None:
    height, width = picture.shape[:2]
    noise = cloud_noise(height, width, (height / 8, width / 4), view.rng)
    _blend(picture, colour, np.clip((noise - 1 + cover) * 4, 0, 0.95).astype(np.float32))


def _day(picture: Field, view: _View) -> None:
    _clouds(picture, view, (255, 255, 255), view.rng.uniform(0.35, 0.55))


def _storm(picture: Field, view: _View) -> None:
    _clouds(picture, view, (42, 44, 52), view.rng.uniform(0.5, 0.7))
    if view.rng.random() < 0.4:
        _lightning(picture, view)


def _sunset(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot(columns - view.sun[0], rows - view.sun[1]) / height
    _blend(picture, (255, 205, 110), np.asarray(0.7 * np.exp(-((away / 0.22) ** 2)), np.float32))
    _disc(picture, view.sun, height * view.rng.uniform(0.06, 0.085), (255, 240, 180))


def _night(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    for _ in range(int(view.rng.integers(18, 40))):
        at = (int(view.rng.integers(width)), int(view.rng.integers(max(2, view.horizon))))
        _disc(picture, at, view.rng.uniform(1.2, 2.6), (235, 235, 245))
    _disc(picture, view.sun, height * view.rng.uniform(0.05, 0.075), (240, 238, 215))


def _disc(picture: Field, centre: tuple[int, int], radius: float, colour: _RGB) -> None:
    cv2.circle(
        picture,
        (centre[0] * 16, centre[1] * 16),
        max(8, round(radius * 16)),
        colour,
        thickness=-1,
        lineType=cv2.LINE_AA,
        shift=4,
    )


def _lightning(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    steps = 6
    at = view.rng.uniform(0.1, 0.9) * width + np.cumsum(view.rng.normal(0, width * 0.035, steps))
    down = np.linspace(0, view.horizon, steps)
    points = np.stack([at, down], axis=1).round().astype(np.int32)
    cv2.polylines(picture, [points], False, (250, 250, 225), max(2, height // 70), cv2.LINE_AA)


def _rain(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    streaks = smooth_noise(height, width, (26, 3), view.rng)
    picture += (np.clip(streaks - 0.9, 0, 1) * 26)[..., None]


def _fill_below(picture: Field, tops: Field, colour: Field, view: _View, rough: float) -> None:
    height, width = picture.shape[:2]
    below = np.arange(height, dtype=np.float32)[:, None] >= tops[None, :]
    grain = smooth_noise(height, width, (9, 16), view.rng)[..., None] * rough * view.light
    np.copyto(picture, colour + grain, where=below[..., None])


def _hills(
    picture: Field, view: _View, colours: tuple[_RGB, ...], rough: float, swell: float
) -> None:
    height, width = picture.shape[:2]
    for layer, colour in enumerate(colours):
        line = ridge_line(width, width / view.rng.uniform(2.0, 3.5), view.rng)
        drop = height * (0.15 * layer)
        tops = view.horizon + drop + height * swell * line
        _fill_below(picture, tops.astype(np.float32), view.lit(colour), view, rough)


def _sea(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    flat = np.full(width, view.horizon, np.float32)
    _fill_below(picture, flat, view.lit((25, 105, 165)), view, 3)
    waves = smooth_noise(height, width, (7, 46), view.rng)
    depth = np.clip((np.arange(height) - view.horizon) / (height * 0.25), 0, 1)[:, None]
    picture += (waves * depth * 16)[..., None] * view.light
    if view.sky in ("sunset", "night"):
        _glitter(picture, view, waves)


def _glitter(picture: Field, view: _View, waves: Field) -> None:
    height, width = picture.shape[:2]
    away = (np.arange(width, dtype=np.float32) - view.sun[0]) / (width * 0.07)
    below = (np.arange(height) >= view.horizon)[:, None]
    path = np.exp(-(away**2))[None, :] * below * np.clip(0.55 + 0.3 * waves, 0, 1)
    shine = (255, 190, 110) if view.sky == "sunset" else (170, 175, 190)
    _blend(picture, shine, np.asarray(path * 0.8, np.float32))


def _meadow(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    _hills(picture, view, ((110, 190, 75), (75, 160, 55)), 9, 0.04)
    start = min(height - 2, view.horizon + round(height * 0.14))
    tints: tuple[_RGB, ...] = ((245, 220, 70), (235, 80, 80), (245, 245, 245))
    for _ in range(int(view.rng.integers(12, 26))):
        at = (int(view.rng.integers(width)), int(view.rng.integers(start, height)))
        tint = view.lit(tints[int(view.rng.integers(3))])
        size = height * (0.006 + 0.016 * (at[1] - start) / max(1, height - start))
        _disc(picture, at, size, (int(tint[0]), int(tint[1]), int(tint[2])))


def _desert(picture: Field, view: _View) -> None:
    colours: tuple[_RGB, ...] = ((232, 192, 122), (218, 168, 96), (200, 148, 80))
    _hills(picture, view, colours, 3, 0.05)


def _snow(picture: Field, view: _View) -> None:
    colours: tuple[_RGB, ...] = ((222, 232, 248), (238, 243, 252), (228, 236, 250))
    _hills(picture, view, colours, 2, 0.05)


def _mountains(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    for reach, base, rock in ((0.36, 0.02, (112, 116, 138)), (0.22, 0.1, (84, 86, 100))):
        peaks = jagged_line(width, width / view.rng.uniform(4.0, 6.5), view.rng)
        tops = view.horizon + height * (base - reach * (peaks - 0.2))
        _fill_below(picture, tops.astype(np.float32), view.lit(rock), view, 8)
        _caps(picture, view, tops.astype(np.float32), peaks)
    foot = view.horizon + height * (0.16 + 0.02 * ridge_line(width, width / 3, view.rng))
    _fill_below(picture, foot.astype(np.float32), view.lit((70, 84, 66)), view, 8)


def _caps(picture: Field, view: _View, tops: Field, peaks: Field) -> None:
    height = picture.shape[0]
    rows = np.arange(height, dtype=np.float32)[:, None]
    thick = height * 0.13 * np.clip(peaks - 0.45, 0, 1) * 2
    cap = (rows >= tops[None]) & (rows < (tops + thick)[None])
    np.copyto(picture, view.lit((240, 244, 252)), where=cap[..., None])


def _city(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    street = view.horizon + round(height * 0.14)
    lit_windows = view.sky in ("sunset", "night")
    left = -int(view.rng.integers(0, 10))
    while left < width:
        wide = int(width * view.rng.uniform(0.09, 0.17))
        top = street - round(height * view.rng.uniform(0.2, 0.52))
        _tower(picture, view, (left, top, left + wide, street), lit_windows)
        left += wide + int(view.rng.integers(0, 4))
    flat = np.full(width, street, np.float32)
    _fill_below(picture, flat, view.lit((92, 92, 98)), view, 3)


def _tower(picture: Field, view: _View, box: tuple[int, int, int, int], lit_windows: bool) -> None:
    left, top, right, bottom = box
    tone = view.rng.uniform(0.75, 1.2)
    wall = view.lit((int(105 * tone), int(112 * tone), int(128 * tone)))
    picture[max(0, top) : bottom, max(0, left) : max(0, right)] = wall
    pane = max(4, picture.shape[0] // 40)
    glow = np.array((252, 215, 105) if lit_windows else (185, 212, 232), np.float32)
    glow = glow if lit_windows else glow * view.light
    for row in range(top + pane, bottom - pane, 2 * pane):
        for column in range(left + pane, right - pane, 2 * pane):
            if view.rng.random() < 0.7 and column >= 0 and row >= 0:
                picture[row : row + pane, column : column + pane] = glow


def _forest(picture: Field, view: _View) -> None:
    height, width = picture.shape[:2]
    flat = np.full(width, view.horizon + height * 0.06, np.float32)
    _fill_below(picture, flat, view.lit((62, 92, 48)), view, 8)
    for row in range(3):
        count = int(view.rng.integers(8, 13))
        for place in view.rng.permutation(count):
            centre = (place + view.rng.uniform(0.1, 0.9)) / count * width
            tall = height * view.rng.uniform(0.24, 0.4)
            foot = view.horizon + height * (0.1 + 0.13 * row)
            tone = view.rng.uniform(0.8, 1.25)
            green = view.lit((int(34 * tone), int((88 + 18 * row) * tone), int(46 * tone)))
            _pine(picture, (centre, foot), tall, green)


def _pine(picture: Field, foot: tuple[float, float], tall: float, colour: Field) -> None:
    half = tall * 0.28
    corners = np.array(
        [[foot[0], foot[1] - tall], [foot[0] - half, foot[1]], [foot[0] + half, foot[1]]]
    )
    shade = (float(colour[0]), float(colour[1]), float(colour[2]))
    points = np.round(corners * 16).astype(np.int32)
    cv2.fillPoly(picture, [points], shade, lineType=cv2.LINE_AA, shift=4)


_Painter = Callable[[npt.NDArray[np.float32], _View], None]
_DECORATIONS: dict[str, _Painter] = {
    "day": _day,
    "sunset": _sunset,
    "night": _night,
    "storm": _storm,
}
_GROUNDS: dict[str, _Painter] = {
    "sea": _sea,
    "meadow": _meadow,
    "desert": _desert,
    "snow": _snow,
    "mountains": _mountains,
    "city": _city,
    "forest": _forest,
}
