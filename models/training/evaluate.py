"""Measure how well the embedded painter obeys: `python -m models.training.evaluate`.

Trains a judge on drawings, measures the judge on drawings it has not seen, then paints unseen
cases (photo, hole, prompt, seed) and counts how often the judge reads what the prompt asked for.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import StableDiffusionXLInpaintPipeline
from PIL import Image
from safetensors.torch import load_file, save_file

from models.training.captions import Label, all_labels, write_caption
from models.training.classifier import (
    HEADS,
    TAILS,
    Drawings,
    Judge,
    draw_pool,
    large_hole,
    name_scenes,
    train_judge,
)
from models.training.latents import to_unit
from models.training.photos import Pixels, load_photos, random_patch

_LOG = logging.getLogger(__name__)
_EMBEDDED = Path(__file__).resolve().parents[1] / "embedded"
_SIZE = (256, 256)
_JUDGE_SEED = 101


@dataclass(frozen=True)
class Case:
    """One painting to judge: what is asked, of which photo, where, from which seed."""

    label: Label
    prompt: str
    photo: Pixels
    hole: npt.NDArray[np.bool_]
    seed: int


@dataclass(frozen=True)
class Settings:
    """How the cases are painted."""

    steps: int
    guidance: float


@dataclass(frozen=True)
class Verdict:
    """What was asked and the two words that the judge read."""

    case: Case
    head: str
    tail: str

    @property
    def scene_right(self) -> bool:
        """Sky and ground of a landscape, or the kind of a texture, are as asked."""
        tail_right = self.tail == self.case.label.tail
        return tail_right and (self.head_right or self.case.label.kind == "texture")

    @property
    def head_right(self) -> bool:
        """The sky of a landscape, or the colour of a texture, is as asked."""
        return self.head == self.case.label.head


def make_cases(photos: list[Pixels], rounds: int, seed: int) -> list[Case]:
    """`rounds` cases a label; every third round is freely phrased, the rest are the two words."""
    return [
        _make_case(photos, label, free=turn % 3 == 2, seed=(seed, turn, number))
        for turn in range(rounds)
        for number, label in enumerate(all_labels())
    ]


def paint(pipeline: StableDiffusionXLInpaintPipeline, case: Case, settings: Settings) -> Pixels:
    """The case's photo with its hole repainted: 256x256x3 uint8, kept pixels untouched."""
    picture = pipeline(
        prompt=case.prompt,
        image=Image.fromarray(case.photo),
        mask_image=Image.fromarray(case.hole.astype(np.uint8) * 255),
        width=_SIZE[0],
        height=_SIZE[1],
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        strength=1.0,
        generator=torch.Generator().manual_seed(case.seed),
    ).images[0]
    return np.where(case.hole[..., None], np.asarray(picture, np.uint8), case.photo)


def judge_cases(judge: Judge, cases: Sequence[Case], painted: Sequence[Pixels]) -> list[Verdict]:
    """What the judge reads in the hole of each painted case."""
    pixels = to_unit(list(painted), torch.device("cpu"))
    holes = torch.from_numpy(np.stack([case.hole for case in cases]))[:, None].float()
    words = name_scenes(judge, pixels, holes)
    return [Verdict(case, *pair) for case, pair in zip(cases, words, strict=True)]


def judge_accuracy(judge: Judge, drawings: Drawings, seed: int) -> tuple[float, float]:
    """The judge's own share of right heads and right tails on drawings it has not seen."""
    rng = np.random.default_rng(seed)
    holes = np.stack([large_hole((128, 128), rng) for _ in drawings.heads])
    words = name_scenes(judge, drawings.pixels.float(), torch.from_numpy(holes)[:, None].float())
    heads = [HEADS[number] == head for number, (head, _) in zip(drawings.heads, words, strict=True)]
    tails = [TAILS[number] == tail for number, (_, tail) in zip(drawings.tails, words, strict=True)]
    return _share(heads), _share(tails)


def summarize(verdicts: Sequence[Verdict]) -> list[str]:
    """The figures as lines of text: overall, then a class at a time, then the mistakes."""
    landscapes = [v for v in verdicts if v.case.label.kind == "landscape"]
    textures = [v for v in verdicts if v.case.label.kind == "texture"]
    plain = [v for v in verdicts if v.case.prompt == v.case.label.words]
    free = [v for v in verdicts if v.case.prompt != v.case.label.words]
    lines = [
        _line("scenes right", [v.scene_right for v in verdicts]),
        _line("  landscapes, sky and ground", [v.scene_right for v in landscapes]),
        _line("  textures, kind", [v.scene_right for v in textures]),
        _line("  two-word prompts", [v.scene_right for v in plain]),
        _line("  freely phrased prompts", [v.scene_right for v in free]),
        _line("colours right", [v.head_right for v in textures]),
        _line("skies right", [v.head_right for v in landscapes]),
    ]
    return lines + _by_class(verdicts) + _mistakes(verdicts)


def main() -> None:
    """Read the command line, train the judge, paint the cases, log the figures."""
    options = _parse()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pipeline = _load(options.model)
    judge = _prepare_judge(pipeline, options)
    cases = make_cases(load_photos(options.photos), options.rounds, options.seed)
    for guidance in options.guidance:
        _measure(pipeline, judge, cases, Settings(options.steps, guidance), options.sheet)


def _prepare_judge(
    pipeline: StableDiffusionXLInpaintPipeline, options: argparse.Namespace
) -> Judge:
    judge = Judge()
    if options.judge is not None and options.judge.exists():
        judge.load_state_dict(load_file(options.judge))
    else:
        drawings = draw_pool(pipeline.vae, options.drawings, _JUDGE_SEED)
        judge = train_judge(drawings, options.judge_steps, _JUDGE_SEED)
    if options.judge is not None:
        save_file(judge.state_dict(), options.judge)
    heads, tails = judge_accuracy(judge.eval(), draw_pool(pipeline.vae, 480, _JUDGE_SEED + 1), 1)
    _LOG.info("judge on unseen drawings: sky or colour %.1f %%", 100 * heads)
    _LOG.info("judge on unseen drawings: ground or texture %.1f %%", 100 * tails)
    return judge


def _measure(
    pipeline: StableDiffusionXLInpaintPipeline,
    judge: Judge,
    cases: list[Case],
    settings: Settings,
    sheet: Path | None,
) -> None:
    started = time.monotonic()
    painted = [paint(pipeline, case, settings) for case in cases]
    spent = (time.monotonic() - started) / len(cases)
    _LOG.info("%d cases, %s, %.2f s a picture", len(cases), settings, spent)
    for line in summarize(judge_cases(judge, cases, painted)):
        _LOG.info("%s", line)
    if sheet is not None:
        _contact_sheet(painted).save(sheet)


def _make_case(photos: list[Pixels], label: Label, free: bool, seed: tuple[int, int, int]) -> Case:
    rng = np.random.default_rng(seed)
    prompt = _free_prompt(label, rng) if free else label.words
    return Case(
        label,
        prompt,
        random_patch(photos, _SIZE, rng),
        large_hole(_SIZE, rng),
        int(rng.integers(2**31)),
    )


def _free_prompt(label: Label, rng: np.random.Generator) -> str:
    # captions that name one word alone leave the other open: those cannot be judged
    while len(prompt := write_caption(label, rng).split()) < 3:
        pass
    return " ".join(prompt)


def _line(name: str, right: Iterable[bool]) -> str:
    marks = list(right)
    return f"{name}: {100 * _share(marks):.1f} % of {len(marks)}"


def _share(marks: Sequence[bool]) -> float:
    return sum(marks) / max(1, len(marks))


def _by_class(verdicts: Sequence[Verdict]) -> list[str]:
    lines = []
    for name in TAILS:
        marks = [v.scene_right for v in verdicts if v.case.label.tail == name]
        lines.append(_line(f"  {name}", marks))
    for name in HEADS:
        marks = [v.head_right for v in verdicts if v.case.label.head == name]
        lines.append(_line(f"  {name}", marks))
    return lines


def _mistakes(verdicts: Sequence[Verdict]) -> list[str]:
    wrong = Counter(
        f"  asked {v.case.prompt!r}, read {v.head} {v.tail}"
        for v in verdicts
        if not (v.scene_right and v.head_right)
    )
    return [line if count == 1 else f"{line} ({count} times)" for line, count in wrong.items()]


def _contact_sheet(painted: Sequence[Pixels], columns: int = 22) -> Image.Image:
    sheet = Image.new("RGB", (columns * 128, -(-len(painted) // columns) * 128))
    for number, picture in enumerate(painted):
        place = (number % columns * 128, number // columns * 128)
        sheet.paste(Image.fromarray(picture).resize((128, 128)), place)
    return sheet


def _load(folder: Path) -> StableDiffusionXLInpaintPipeline:
    pipeline = StableDiffusionXLInpaintPipeline.from_pretrained(
        folder, use_safetensors=True, local_files_only=True
    )
    pipeline.to(torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=_EMBEDDED)
    parser.add_argument("--photos", type=Path, default=Path("assets/photos"))
    parser.add_argument("--rounds", type=_count, default=3, help="cases for each of the 88 labels")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, nargs="+", default=[2.5])
    parser.add_argument("--drawings", type=int, default=1920)
    parser.add_argument("--judge-steps", type=int, default=1600)
    parser.add_argument("--judge", type=Path, default=None, help="keep the judge in this file")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sheet", type=Path, default=None, help="write the paintings here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
