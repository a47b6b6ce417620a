"""The pure parts of the benchmarks for a GPU and for peers; nothing here needs either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks.cuda_batch import line as batch_line
from benchmarks.cuda_compile import BLOCKS, EAGER
from benchmarks.cuda_compile import line as compile_line
from benchmarks.cuda_fast import FEW, SHORTCUTS, expected
from benchmarks.cuda_limit import of, steps_run, tflop
from benchmarks.cuda_setup import SETTINGS, Place, place, verdict, work
from benchmarks.cuda_switches import flag
from benchmarks.gpu import SCRIPTS, Ended, Script, left_by, there, written
from benchmarks.in_turn import Found, Rival, figures_of, in_turn, lines_of, rows_of, unlike
from benchmarks.peer_iopaint import box_round, judged, with_old_names
from benchmarks.timing import Row, keep
from inpainting.types import Rgb

CPU = Place(torch.device("cpu"), torch.float32, 64)


def _grey(value: int) -> Rgb:
    return np.full((4, 4, 3), value, np.uint8)


def test_the_work_of_a_repaint_is_the_counted_one() -> None:
    assert steps_run(SETTINGS) == 20
    assert of(SETTINGS) == pytest.approx(291, abs=1)
    assert tflop(4) == pytest.approx(47.5, abs=0.1)


def test_rivals_run_in_turn_each_in_its_setting() -> None:
    calls: list[str] = []

    @contextmanager
    def around() -> Iterator[None]:
        calls.append("(")
        yield
        calls.append(")")

    rivals = [
        Rival("one", lambda number: calls.append(f"one{number}")),
        Rival("two", lambda number: calls.append(f"two{number}"), around),
        Rival("three", lambda number: calls.append(f"three{number}"), once=True),
    ]
    found = in_turn(rivals, 2, CPU, 60)
    heard = " ".join(calls)
    assert heard == "one0 ( two0 ) one1 ( two1 ) three1 one2 ( two2 )"
    assert [len(one.seconds) for one in found] == [2, 2, 1]


def test_one_round_is_measured_though_the_time_is_over() -> None:
    found = in_turn([Rival("one", lambda _: None)], 5, CPU, 0)
    assert len(found[0].seconds) == 1


def test_a_rival_that_fails_is_a_row_and_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_number: int) -> Rgb:
        raise ValueError("no such kernel\nand more")

    saved: list[int] = []
    rivals = [Rival("good", lambda _: _grey(0)), Rival("bad", fail)]
    found = in_turn(rivals, 1, CPU, 60, lambda known: saved.append(len(rows_of(known))))
    assert saved == [0, 1]
    assert lines_of(found, "good")[1][2] == "failed: ValueError: no such kernel"
    assert figures_of(found)["bad"] == {
        "expected": "",
        "psnr": None,
        "failed": "ValueError: no such kernel",
    }
    assert "bad failed" in capsys.readouterr().out


def test_pictures_are_compared_with_the_first_rival() -> None:
    rivals = [
        Rival("first", lambda _: _grey(10)),
        Rival("near", lambda _: _grey(11), same=True),
        Rival("far", lambda _: _grey(200), same=True),
        Rival("other", lambda _: _grey(200)),
        Rival("small", lambda _: _grey(10)[:2]),
    ]
    found = in_turn(rivals, 1, CPU, 60)
    assert found[1].near == pytest.approx(48.1, abs=0.1)
    assert found[4].near is None
    assert unlike(found, 30.0) == ["far"]


def test_a_line_says_how_many_times_faster() -> None:
    found = [
        Found(Rival("slow", lambda _: None), [4.0]),
        Found(Rival("quick", lambda _: None), [2.0]),
    ]
    assert lines_of(found, "slow")[1][2:5] == ("2.00 x", "2.000", "2.000-2.000")
    assert lines_of(found, "not measured")[1][2] == ""


def test_a_promise_that_is_not_held_is_said_and_ends_with_1() -> None:
    text, code = verdict([("ratio", 1.4, "at least", 1.5), ("s", 0.3, "at most", 0.4)])
    assert text == "ratio: 1.40 (at least 1.5; NOT held)\ns: 0.30 (at most 0.4)"
    assert code == 1
    assert verdict([("ratio", 1.4, "at least", 1.5)], binding=False)[1] == 0


def test_each_round_has_another_prompt_and_picture() -> None:
    one, two = work(CPU, 1), work(CPU, 2)
    assert one.settings.prompt != two.settings.prompt
    assert (one.rgb != two.rgb).any()
    assert (one.hole == two.hole).all()


def test_without_a_gpu_only_tiny_models_run() -> None:
    assert place(tiny=True) == CPU
    assert CPU.peak_gb() is None
    assert "mean nothing" in CPU.name


def test_a_flag_is_as_before_also_after_an_error() -> None:
    holder = SimpleNamespace(on=False)
    with pytest.raises(RuntimeError), flag(holder, "on", True):
        assert holder.on
        raise RuntimeError
    assert not holder.on


def test_few_steps_are_expected_to_give_what_the_arithmetic_says() -> None:
    assert expected("4 steps", FEW["4 steps"]) == "6.1 x: 47 TFLOP"
    assert expected("reuse 3", SHORTCUTS["reuse 3"]).startswith("DeepCache")


def test_batches_are_told_in_pictures_a_minute() -> None:
    assert batch_line(Row("4", (8.0,), 20.0)) == ("4", "30.0", "8.000", "8.000-8.000", "20.00")


def test_a_way_of_compiling_tells_its_gain_or_why_there_is_none() -> None:
    rows = [{"name": EAGER, "seconds": [3.0]}, {"name": BLOCKS, "seconds": [2.0]}]
    told = {"rows": rows, "figures": {"first": 9.0, BLOCKS: {"psnr": 60.0, "failed": ""}}}
    assert compile_line(BLOCKS, told)[2:] == ("1.50 x", "2.000", "3.000", "9.0", "60.0")
    assert compile_line(BLOCKS, {"failed": "stopped"})[2] == "failed: stopped"
    late = {"rows": rows[:1], "figures": {BLOCKS: {"psnr": None, "failed": "no"}}}
    assert compile_line(BLOCKS, late)[2] == "failed: no"
    assert compile_line(BLOCKS, {"rows": [], "figures": {"failed": "no"}})[2] == "failed: no"


def test_what_a_stopped_script_had_measured_is_told(tmp_path: Path) -> None:
    file = tmp_path / "cuda.json"
    assert left_by(file) == ""
    keep(file, [Row("ours", (1.0, 3.0))])
    assert "| ours | 2.000 |" in left_by(file)
    ended = [Ended(Script("cuda", 9), "stopped after 9 s", 9.0, "a GPU\n", left_by(file))]
    text = written(ended, {"date": "today"})
    assert "`python -m benchmarks.cuda`: stopped after 9 s, 9 s\n\na GPU\n\n| what |" in text


def test_scripts_that_are_not_here_are_left_out() -> None:
    assert there((Script("cuda", 1), Script("nothing", 1))) == [Script("cuda", 1)]
    assert SCRIPTS[0].name == "cuda"


def test_the_square_round_a_hole_lies_in_the_photo() -> None:
    hole = np.zeros((600, 800), np.bool_)
    hole[300:340, 400:440] = True
    assert box_round(hole, 512) == [164, 64, 512, 512]
    corner = np.zeros((600, 800), np.bool_)
    corner[590:, 790:] = True
    assert box_round(corner, 512) == [288, 88, 512, 512]


def test_pixels_that_should_have_been_kept_are_counted() -> None:
    photo, hole = _grey(1), np.zeros((4, 4), np.bool_)
    hole[0] = True
    result = photo.copy()
    result[:2, 0] = 9
    assert judged(photo, hole, result).changed == 1
    smaller = judged(photo, hole, result[:2])
    assert (smaller.size, smaller.changed) == ((4, 2), 12)


def test_names_of_weights_are_old_once() -> None:
    names = with_old_names({"embeddings.weight": 1, "text_model.encoder.weight": 2})
    assert list(names) == ["text_model.embeddings.weight", "text_model.encoder.weight"]
    assert json.dumps(names)
