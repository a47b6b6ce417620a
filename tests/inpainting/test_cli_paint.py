"""The command `paint`: every tool, many pictures, and all that is refused before the work."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpainting.cli import BAD_INPUT, DONE
from inpainting.photo import open_photo, read_png_text, read_recipe
from inpainting.recipe import Recipe, recipe_from_json, unpack_mask
from inpainting.selection import refine
from inpainting.types import Combine, Edges, LoraUse, Point, Prompts, Region, Sides, Tool
from tests.support.commands import UNUSED, Run, mask_in, noise_file
from tests.support.fakes import colour_of

EDGES = ["--grow", 3, "--smooth", 2, "--fill", 4, "--specks", 5]
CLICK = ["--at", "30,20"]
SEA = [*CLICK, "--prompt", "sea"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return noise_file(tmp_path)


def recipe_in(path: Path) -> Recipe:
    recipe = read_recipe(path)
    assert recipe is not None
    return recipe


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "photo.png")


@pytest.mark.parametrize("region", ["background", "subject"])
def test_paint_keeps_exactly_what_the_mask_says(photo: Path, tmp_path: Path, region: str) -> None:
    out, mask_out = tmp_path / "out.png", tmp_path / "mask.png"
    clicks = [*CLICK, "--box", "10,5,50,40"]
    options = ["--region", region, "--prompt", "sea", "--seed", 9, "--steps", 3]
    run = Run("paint", photo, *clicks, *options, "-o", out, "--mask-out", mask_out)
    assert run.code == DONE, run.err
    assert run.out[-1] == "seed 9"
    before, after = open_photo(photo).pixels, open_photo(out).pixels
    hole = mask_in(mask_out) if region == "subject" else ~mask_in(mask_out)
    assert np.array_equal(before[~hole], after[~hole])
    assert (before[hole] != after[hole]).any()
    again = tmp_path / "again.png"
    assert Run("paint", photo, "--mask", mask_out, *options, "-o", again).code == DONE
    assert np.array_equal(open_photo(again).pixels, after)


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("given", [False, True])
def test_paint_treats_the_edges_for_its_region_of_clicks_and_of_a_mask(
    photo: Path, tmp_path: Path, region: Region, given: bool
) -> None:
    plain, used = tmp_path / "plain.png", tmp_path / "used.png"
    assert Run("select", photo, *CLICK, "-o", plain).code == DONE
    start = ["--mask", plain] if given else CLICK
    paths = ["-o", tmp_path / "out.png", "--mask-out", used]
    options = ["--prompt", "sea", "--region", region.value]
    assert Run("paint", photo, *start, *EDGES, *options, *paths).code == DONE
    expected = refine(mask_in(plain), Edges(3, 2, 4, 5), region)
    assert np.array_equal(mask_in(used), expected)


def test_paint_softens_by_the_feather_asked_for(photo: Path, tmp_path: Path) -> None:
    hard, soft = tmp_path / "hard.png", tmp_path / "soft.png"
    options = [*SEA, "--seed", 1]
    assert Run("paint", photo, *options, "--feather", 0, "-o", hard).code == DONE
    assert Run("paint", photo, *options, "--feather", 9, "-o", soft).code == DONE
    before = open_photo(photo).pixels.astype(int)
    change = [abs(open_photo(path).pixels - before).sum() for path in (hard, soft)]
    assert change[1] < change[0]


def test_progress_goes_to_stderr_and_the_seed_drawn_ends_stdout(
    photo: Path, tmp_path: Path
) -> None:
    run = Run("paint", photo, *SEA, "-o", tmp_path / "out.png")
    assert run.code == DONE
    assert any(re.fullmatch(r"step 1 of \d+", line) for line in run.err)
    assert re.fullmatch(r"seed \d+", run.out[-1])
    assert read_png_text((tmp_path / "out.png").read_bytes())


def test_every_option_comes_into_the_recipe(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    painting = ["--negative", "people", "--seed", 5, "--steps", 6, "--guidance", 2.5]
    more = ["--strength", 0.75, "--scheduler", "DDIM", "--softness", 4, "--context", 0.5]
    last = ["--separate", "--prefill", "noise", "--match-colour", "--feather", 2]
    last += ["--guidance-until", 0.5, "--reuse", 3]
    loras = ["--lora", "ink.safetensors:0.8", "--lora", "sketch"]
    run = Run("paint", photo, *SEA, "--not-at", "1,1", *painting, *more, *last, *loras, "-o", out)
    assert run.code == DONE, run.err
    recipe = recipe_in(out)
    used = recipe.settings
    assert (used.prompt, used.negative_prompt, used.seed, used.steps) == ("sea", "people", 5, 6)
    assert (used.guidance, used.strength, used.scheduler) == (2.5, 0.75, "DDIM")
    assert (used.softness, used.guidance_until, used.reuse) == (4, 0.5, 3)
    assert used.loras == (LoraUse("ink.safetensors", 0.8), LoraUse("sketch", 1.0))
    assert (recipe.context, recipe.separate, recipe.prefill) == (0.5, True, "noise")
    assert (recipe.match_colour, recipe.feather) == (True, 2)
    clicks = Prompts((Point(30, 20), Point(1, 1, include=False)))
    assert recipe.prompts == clicks
    assert recipe.selection is not None
    (part,) = recipe.selection.parts
    assert (part.op, part.prompts, part.strokes) == (Combine.ADD, clicks, ())
    assert recipe.selection.edges == Edges(feather=2)
    assert part.mask == recipe.mask


def test_colours_are_matched_or_not_as_asked(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    for flag, wanted in (("--match-colour", True), ("--no-match-colour", False)):
        assert Run("paint", photo, *SEA, flag, "-o", out).code == DONE
        assert recipe_in(out).match_colour is wanted


def test_remove_fills_the_subject_without_a_prompt(photo: Path, tmp_path: Path) -> None:
    out, mask_out = tmp_path / "out.png", tmp_path / "mask.png"
    words = ["paint", photo, "--tool", "remove", *CLICK, "-o", out, "--mask-out", mask_out]
    run = Run(*words)
    assert run.code == DONE, run.err
    before, after, mask = open_photo(photo).pixels, open_photo(out).pixels, mask_in(mask_out)
    assert (before[mask] != after[mask]).any(axis=1).mean() > 0.9
    assert np.array_equal(before[0], after[0])
    assert (recipe_in(out).tool, recipe_in(out).method) == (Tool.REMOVE, "patchmatch")
    assert Run(*words, "--method", "lama").code == DONE
    assert recipe_in(out).method == "lama"
    run = Run(*words, "--method", "magic")
    assert run.code == BAD_INPUT
    assert "choose patchmatch, lama" in run.err[0]


def test_what_was_painted_stays_marked_as_made_by_ai_when_something_is_removed(
    photo: Path, tmp_path: Path
) -> None:
    out, then = tmp_path / "out.png", tmp_path / "then.png"
    remove = ["--tool", "remove", *CLICK, "-o", then]
    assert Run("paint", photo, *remove).code == DONE
    assert "edited photo" in read_png_text(then.read_bytes())["Software"]
    assert "AI" not in read_png_text(then.read_bytes())["Software"]
    assert Run("paint", photo, *SEA, "-o", out).code == DONE
    assert Run("paint", out, *remove).code == DONE
    assert "AI-edited" in read_png_text(then.read_bytes())["Software"]


def test_remove_grows_what_it_removes(photo: Path, tmp_path: Path) -> None:
    masks = [tmp_path / "plain.png", tmp_path / "grown.png"]
    for path, grow in zip(masks, (0, 4), strict=True):
        words = ["--tool", "remove", *CLICK, "--grow", grow, "--mask-out", path]
        assert Run("paint", photo, *words, "-o", tmp_path / "out.png").code == DONE
    assert np.count_nonzero(mask_in(masks[1])) > np.count_nonzero(mask_in(masks[0]))


def test_extend_keeps_the_photo_and_paints_round_it(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    run = Run("paint", photo, "--tool", "extend", "--extend", "8,4,0,2", "-o", out)
    assert run.code == DONE, run.err
    after = open_photo(out)
    assert after.size == (64 + 8, 48 + 4 + 2)
    assert np.array_equal(after.pixels[4:52, 8:], open_photo(photo).pixels)
    recipe = recipe_in(out)
    assert (recipe.tool, recipe.sides, recipe.mask) == (Tool.EXTEND, Sides(8, 4, 0, 2), None)


def test_restyle_paints_all_without_a_selection_and_its_side_with_one(
    photo: Path, tmp_path: Path
) -> None:
    out, mask_out = tmp_path / "out.png", tmp_path / "mask.png"
    words = ["paint", photo, "--tool", "restyle", "--prompt", "ink", "--seed", 1, "-o", out]
    assert Run(*words).code == DONE
    recipe = recipe_in(out)
    assert recipe.is_whole
    assert (open_photo(out).pixels == colour_of(recipe.settings)).all()
    assert Run(*words, *CLICK, "--region", "subject", "--mask-out", mask_out).code == DONE
    kept = ~mask_in(mask_out)
    assert np.array_equal(open_photo(out).pixels[kept], open_photo(photo).pixels[kept])


def test_create_needs_no_photo(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    words = ["paint", "--tool", "create", "--prompt", "sea", "-o", out]
    run = Run(*words, "--size", "96x64")
    assert run.code == DONE, run.err
    assert open_photo(out).size == (96, 64)
    assert recipe_in(out).photo_digest == ""
    assert Run(*words).code == DONE
    assert open_photo(out).size == (256, 256)


def test_variations_are_files_of_their_own_with_seeds_that_count_up(
    photo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o.png"
    words = ["--prompt", "{red|blue} sea", "--seed", 7, "--variations", 3]
    beside = ["--recipe", tmp_path / "r.json", "--film", tmp_path / "f.png"]
    sheet = ["--sheet", tmp_path / "s.png"]
    run = Run("paint", photo, *CLICK, *words, *beside, *sheet, "-o", out)
    assert run.code == DONE, run.err
    numbered = [tmp_path / name for name in ("o.png", "o-2.png", "o-3.png")]
    expected = [[str(path), f"seed {seed}"] for path, seed in zip(numbered, (7, 8, 9), strict=True)]
    assert run.out == [line for pair in expected for line in pair]
    prompts = [recipe_in(path).settings.prompt for path in numbered]
    assert prompts == ["red sea", "blue sea", "red sea"]
    names = ["f-2.png", "f-3.png", "f.png", "o-2.png", "o-3.png", "o.png"]
    assert files(tmp_path) == [*names, "r-2.json", "r-3.json", "r.json", "s.png"]
    for path, name in zip(numbered, ("r.json", "r-2.json", "r-3.json"), strict=True):
        assert recipe_from_json((tmp_path / name).read_text("ascii")) == recipe_in(path)
    sheet_picture = open_photo(tmp_path / "s.png").pixels
    for path in numbered:
        colour = colour_of(recipe_in(path).settings)
        assert (sheet_picture == colour).all(axis=2).sum() > 500


def test_a_grid_is_single_results_and_one_labelled_picture(photo: Path, tmp_path: Path) -> None:
    out, sheet = tmp_path / "o.png", tmp_path / "s.png"
    axes = ["--grid-x", "steps: 2, 3", "--grid-y", "prompt: sea, lake, moor"]
    run = Run("paint", photo, *SEA, *axes, "--sheet", sheet, "-o", out)
    assert run.code == DONE, run.err
    assert len(run.out) == 12
    paths = [Path(line) for line in run.out[::2]]
    assert [path.name for path in paths] == ["o.png", *(f"o-{n}.png" for n in range(2, 7))]
    used = [recipe_in(path).settings for path in paths]
    assert [(s.prompt, s.steps) for s in used] == [
        ("sea", 2),
        ("sea", 3),
        ("lake", 2),
        ("lake", 3),
        ("moor", 2),
        ("moor", 3),
    ]
    assert len({s.seed for s in used}) == 1
    width, height = open_photo(sheet).size
    assert width > 2 * 96
    assert height > 3 * 96
    assert "AI-edited" in read_png_text(sheet.read_bytes())["Software"]


def test_a_grid_is_checked_whole_before_its_first_picture(photo: Path, tmp_path: Path) -> None:
    axes = ["--grid-x", "scheduler: Euler, Heun"]
    run = Run("paint", photo, *SEA, *axes, "-o", tmp_path / "o.png")
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert "scheduler is 'Heun'" in run.err[0]


def test_the_film_shows_the_steps(photo: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    run = Run("paint", photo, *SEA, "--steps", 5, "--film", film, "-o", tmp_path / "o.png")
    assert run.code == DONE
    assert open_photo(film).size[0] > 5 * 90
    run = Run("paint", photo, "--tool", "remove", *CLICK, "-o", tmp_path / "o.png", "--film", film)
    assert run.code == DONE


def test_the_recipe_is_a_json_file(photo: Path, tmp_path: Path) -> None:
    out, recipe = tmp_path / "out.png", tmp_path / "recipe.json"
    assert Run("paint", photo, *SEA, "-o", out, "--recipe", recipe).code == DONE
    assert json.loads(recipe.read_text("ascii"))["schema"] == 2
    recorded = recipe_from_json(recipe.read_text("ascii"))
    assert recorded == recipe_in(out)
    assert recorded.mask is not None
    assert unpack_mask(recorded.mask, (64, 48))[20, 30]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--at", "64,0"], "x of a point is 64"),
        (["--at", "1;2"], "X,Y in whole pixels"),
        (["--at", "1.5,2"], "X,Y in whole pixels"),
        (["--box", "1,2,3"], "X0,Y0,X1,Y1"),
        (["--box", "9,9,2,2"], "x1 of the box"),
        ([], "Click the subject"),
        (["--not-at", "3,3"], "Click the subject"),
        (["--at", "3,3", "--mask", "mask.png"], "not both"),
        (["--mask", "absent.png"], "absent.png|mask"),
        (["--at", "3,3", "--steps", "many"], "invalid int value"),
        (["--at", "3,3", "--steps", "0"], "steps is 0"),
        (["--at", "3,3", "--guidance", "nan"], "guidance is nan"),
        (["--at", "3,3", "--strength", "1.5"], "strength is 1.5"),
        (["--at", "3,3", "--scheduler", "Heun"], "scheduler is 'Heun'"),
        (["--at", "3,3", "--seed", "-1"], "seed is -1"),
        (["--at", "3,3", "--region", "sky"], "invalid choice"),
        (["--at", "3,3", "--tool", "sky"], "invalid choice"),
        (["--at", "3,3", "--preset", "huge"], "preset is 'huge'"),
        (["--at", "3,3", "--grow", "65"], "grow is 65; it must be a whole number from -64 to 64"),
        (["--at", "3,3", "--grow", "much"], "invalid int value"),
        (["--at", "3,3", "--smooth", "-1"], "smooth is -1"),
        (["--at", "3,3", "--fill", "513"], "fill is 513"),
        (["--at", "3,3", "--specks", "513"], "specks is 513"),
        (["--at", "3,3", "--feather", "257"], "feather is 257"),
        (["--at", "3,3", "--context", "9"], "context is 9"),
        (["--at", "3,3", "--softness", "999"], "softness is 999"),
        (["--at", "3,3", "--guidance-until", "2"], "guidance until is 2.0"),
        (["--at", "3,3", "--reuse", "9"], "reuse is 9"),
        (["--at", "3,3", "--prefill", "lava"], "invalid choice"),
        (["--at", "3,3", "--lora", "a:b"], "NAME:WEIGHT"),
        (["--at", "3,3", "--lora", "a:9"], "weight of 'a' is 9"),
        (["--at", "3,3", "--variations", "9"], "must be from 1 to 8"),
        (["--at", "3,3", "--subject"], "Unrecognized arguments"),
        (["--at", "3,3", "--nonsense"], "Unrecognized arguments"),
    ],
)
def test_bad_input_is_one_plain_sentence_exit_2_and_no_file(
    photo: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    out = tmp_path / "out.png"
    run = Run("paint", photo, "--prompt", "sea", *arguments, "-o", out)
    assert run.code == BAD_INPUT
    assert len(run.err) == 1
    assert re.search(sentence, run.err[0])
    assert files(tmp_path) == []


def extend(*more: str) -> list[str]:
    return ["--tool", "extend", "--extend", "8,0,0,0", *more]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (CLICK, "--prompt"),
        (["--tool", "restyle"], "--prompt"),
        (["--tool", "extend"], "Say with --extend"),
        (["--tool", "extend", "--extend", "0,0,0,0"], "Say with --extend"),
        (["--tool", "extend", "--extend", "1,2"], "LEFT,TOP,RIGHT,BOTTOM"),
        (["--tool", "create", "--prompt", "x"], "leave the photo out"),
        (["--tool", "remove", *SEA], "--prompt is for --tool repaint or restyle or create"),
        (extend("--at", "1,1"), "--at is for --tool repaint"),
        (extend("--not-at", "1,1"), "--not-at is for"),
        (extend("--mask", "m.png"), "--mask is for"),
        (extend("--mask-out", "m.png"), "--mask-out is for"),
        (extend("--separate"), "--separate is for"),
        ([*SEA, "--extend", "1,1,1,1"], "--extend is for --tool extend, not for --tool repaint"),
        ([*SEA, "--size", "64x64"], "--size is for --tool create"),
        ([*SEA, "--size", "large"], "WIDTHxHEIGHT"),
        ([*SEA, "--method", "lama"], "--method is for --tool remove"),
        (["--tool", "restyle", "--prompt", "x", "--mask-out", "m.png"], "nothing is selected"),
        (["--tool", "remove", *CLICK, "--grid-x", "seed: 1"], "--grid-x is for"),
        ([*SEA, "--grid-x", "steps"], "SETTING:VALUES"),
        ([*SEA, "--grid-x", "colour: 1"], "not known; choose steps"),
        ([*SEA, "--grid-x", "steps: 0"], "steps is 0"),
        ([*SEA, "--grid-x", "prompt: moor, lake"], "does not have 'moor'"),
        ([*SEA, "--grid-y", "steps: 1"], "A grid begins with --grid-x"),
        ([*SEA, "--grid-x", "steps: 1", "--grid-y", "steps: 2"], "Both sides"),
        ([*SEA, "--grid-x", "steps: 1", "--variations", "2"], "not both"),
        ([*SEA, "--sheet", "s.png"], "--sheet is for many pictures"),
        ([*SEA, "--variations", "2", "--film", "out-2.png"], "--output and --film name the same"),
        ([*SEA, "--mask-out", "out.png"], "--output and --mask-out name the same file"),
        ([*SEA, "--variations", "2", "--sheet", "out-2.png"], "--output and --sheet"),
        ([*SEA, "--recipe", "r.txt"], "end in .json"),
        ([*SEA, "--film", "f.gif"], "end in .png"),
        ([*SEA, "--mask-out", "folder.png"], "is a folder"),
    ],
)
def test_what_does_not_go_together_is_told_before_any_model_is_loaded(
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    run = Run("paint", photo, *arguments, "-o", "out.png", maker=UNUSED)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert sentence in run.err[0]


def test_a_photo_is_needed_unless_one_is_created(tmp_path: Path) -> None:
    run = Run("paint", *SEA, "-o", tmp_path / "out.png", maker=UNUSED)
    assert (run.code, run.err) == (
        BAD_INPUT,
        ["The following arguments are required: PHOTO. See --help."],
    )


@pytest.mark.parametrize("name", ["out.jpg", "out", "nowhere/out.png"])
def test_a_place_that_cannot_hold_the_result_is_refused_before_the_work(
    photo: Path, tmp_path: Path, name: str
) -> None:
    run = Run("paint", photo, *SEA, "-o", tmp_path / name, maker=UNUSED)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)


def test_a_mask_with_another_size_is_refused(photo: Path, tmp_path: Path) -> None:
    Image.new("L", (10, 10)).save(tmp_path / "m.png")
    words = ["--mask", tmp_path / "m.png", "--prompt", "sea", "-o", tmp_path / "o.png"]
    run = Run("paint", photo, *words, maker=UNUSED)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert "10 x 10" in run.err[0]
