from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, astuple, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.utils import get_upload_folder

from inpainting.studio import Studio
from inpainting.types import PaintDefaults, Tool
from inpainting.web import editing, progress
from inpainting.web.desk import Desk, Desks
from inpainting.web.events import CROWDED, UNFIT, Events
from inpainting.web.fields import BAD_SEED, painter_of
from inpainting.web.finished import Sheet
from inpainting.web.form import COUNT, NO_PHOTO, NOT_SELECTED, Form
from inpainting.web.form import FIELDS as FORM_FIELDS
from inpainting.web.queries import ENDED
from inpainting.web.tooling import NOTES
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import noise, photo, png

EXAMPLES = sorted((Path(__file__).parents[2] / "assets" / "photos").glob("*.jpg"))
FIELDS = ("sea", "", "17", 5.0, 4, 1.0, "Euler", 1)
SKIP = gr.skip()


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def painter() -> FakePainter:
    return FakePainter()


@pytest.fixture
def events(painter: FakePainter) -> Events:
    return Events(Studio(FakeSegmenter(), painter), tuple(EXAMPLES), Desks())


def sent(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


def window(name: str = "window") -> gr.Request:
    return gr.Request(session_hash=name)


def selected(events: Events) -> Desk:
    desk, opened = events.desks.new(), photo(256, 200)
    desk.open(opened)
    sheet = Sheet(opened.digest, opened.size, opened.name, "x.jpg")
    desk.change(partial(editing.load, sheet=sheet))
    events.act(desk, click(desk, x=100, y=90))
    return desk


def click(desk: Desk, **fields: Any) -> gr.EventData:
    serial = desk.session.serial
    return sent(**{"action": "include", "desk": desk.key, "photo": serial, "seq": 1, **fields})


def begun(events: Events, desk: Desk, name: str = "window") -> int:
    ticket = events.begin(desk, desk.key, window(name))[0]
    assert isinstance(ticket, int)
    return ticket


def painted(events: Events, desk: Desk) -> list[Any]:
    return list(events.run(desk, begun(events, desk), *FIELDS))


def test_an_action_draws_the_canvas_and_leaves_the_rest(events: Events) -> None:
    desk = selected(events)
    view, given, region, results, *job = events.act(desk, click(desk, x=30, y=30))
    assert len(view["points"]) == 2
    assert given is desk
    assert [region, results, *job] == [SKIP] * 5


def test_undo_gives_the_region_switch_back(events: Events) -> None:
    desk = selected(events)
    events.region(desk, "subject")
    assert events.act(desk, click(desk, action="undo"))[2] == "background"


def test_a_repaint_can_be_undone_shown_and_gone_on_with(events: Events) -> None:
    desk = selected(events)
    last = painted(events, desk)[-1]
    assert last[0]["state"] == "done"
    assert [item["id"] for item in last[1]["items"]] == [1]
    view, tool = events.refresh(desk)
    assert tool == "repaint"
    assert (view["result"], view["undo"]) == (1, True)
    view, _, _, results, *_ = events.act(desk, click(desk, action="undo"))
    assert (view["result"], results["current"], len(results["items"])) == (0, 0, 1)
    view, _, _, results, *_ = events.show(desk, sent(result=1))
    assert (view["result"], results["current"]) == (1, 1)
    view, _, _, results, *job = events.further(desk, sent(result=1))
    assert view["parts"][0]["points"] == 0
    assert len(results["items"]) == 1
    assert job[0] == progress.IDLE


def test_the_first_thing_that_is_selected_ends_what_was_said_of_a_repaint(events: Events) -> None:
    desk, opened = events.desks.new(), photo(256, 200)
    desk.open(opened)
    sheet = Sheet(opened.digest, opened.size, opened.name, "x.jpg")
    desk.change(partial(editing.load, sheet=sheet))
    _, card, *_ = events.begin(desk, desk.key, window(), *FIELDS)
    assert card["state"] == "failed"
    assert events.act(desk, click(desk, x=100, y=90))[4] == progress.IDLE
    assert events.act(desk, click(desk, x=110, y=90, seq=2))[4:] == (SKIP,) * 3


def test_extend_keeps_its_words_below_the_photo_while_no_result_is_seen(events: Events) -> None:
    desk = selected(events)
    events.tool(desk, "extend")
    view = events.act(desk, click(desk, x=110, y=90, seq=2))[0]
    assert view["note"] == NOTES[Tool.EXTEND]
    events.tool(desk, "repaint")
    assert events.act(desk, click(desk, x=120, y=90, seq=3))[0]["note"] == ""
    painted(events, desk)
    events.tool(desk, "extend")
    assert events.show(desk, sent(result=1))[0]["note"] == ""


def test_an_example_brings_its_prompt_and_a_quiet_card(events: Events) -> None:
    desk = selected(events)
    painted(events, desk)
    view, _, _, _, card, repaint, stop, prompt, *_ = events.example(desk, sent(index=0))
    assert view["photo"]["name"] == EXAMPLES[0].stem
    assert card == progress.IDLE
    assert (repaint["visible"], stop["visible"]) == (True, False)
    assert prompt
    assert len(desk.session.results) == 1
    assert events.example(desk, sent(index=99))[7:] == (SKIP,) * (COUNT + 1)


def uploaded(events: Events, desk: Desk, data: bytes, name: str = "other.png") -> dict[str, Any]:
    """What the form's fields get when a file is opened, but for those that stay."""
    path = Path(get_upload_folder()) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    *_, quick = values = events.open(desk, sent(path=str(path), name=name, desk=desk.key, seq=1))
    fields = dict(zip((*FORM_FIELDS, "quick"), (*values[7:-1], quick), strict=True))
    return {name: value for name, value in fields.items() if value != SKIP}


NO_SIDES = {"left": 0, "top": 0, "right": 0, "bottom": 0, "quick": None}


def test_a_photo_of_another_size_begins_without_the_sides_of_the_former(events: Events) -> None:
    desk = selected(events)
    assert uploaded(events, desk, png(noise(256, 200, 1))) == {}
    assert uploaded(events, desk, b"no picture") == {}
    assert uploaded(events, desk, png(noise(200, 256))) == NO_SIDES
    events.act(desk, click(desk, action="close"))
    assert uploaded(events, desk, png(noise(200, 256))) == NO_SIDES
    *_, quick = values = events.example(desk, sent(index=0))
    fields = dict(zip(FORM_FIELDS, values[7:-1], strict=True))
    assert (fields["left"], fields["steps"], quick) == (0, SKIP, None)
    assert fields["prompt"]


def test_the_first_photo_leaves_the_form_alone(events: Events) -> None:
    assert uploaded(events, events.desks.new(), png(noise(200, 256))) == {}


def test_the_photo_of_an_extended_picture_keeps_its_sides(events: Events) -> None:
    desk = selected(events)
    form = asdict(replace(Form(*FIELDS), tool="extend", left=20, bottom=30))
    last = list(events.run(desk, begun(events, desk), *form.values()))[-1]
    assert last[0]["state"] == "done"
    data = Path(desk.session.results[-1].sheet.path).read_bytes()
    other = events.desks.new()
    brought = uploaded(events, other, data, "extended.png")
    assert (brought["left"], brought["bottom"], brought["quick"]) == (20, 30, None)
    assert uploaded(events, other, png(noise(256, 200))) == {}
    assert uploaded(events, other, png(noise(100, 80))) == NO_SIDES


def test_another_photo_ends_the_repaint_and_one_that_waits_says_nothing_more(
    events: Events,
) -> None:
    desk = selected(events)
    ticket = begun(events, desk)
    assert events.example(desk, sent(index=0))[4] == progress.IDLE
    (last,) = events.run(desk, ticket, *FIELDS)
    assert (last[0]["state"], last[2]["visible"]) == ("done", True)


def test_repaint_with_the_session_gone_says_so(events: Events) -> None:
    fresh = events.desks.new()
    ticket, card, repaint, stop, _ = events.begin(fresh, "of another server", window())
    assert card == {**progress.failed(ENDED), "run": 1}
    assert (ticket, repaint["visible"], stop["visible"]) == (0, True, False)
    assert list(events.run(fresh, ticket, *FIELDS)) == [(SKIP,) * 4]
    (_, card, *_) = events.begin(fresh, fresh.key, window())
    assert card == {**progress.failed(NO_PHOTO), "run": 2}


def test_who_waits_is_told_the_place_in_line(events: Events) -> None:
    first, second = selected(events), selected(events)
    ticket = begun(events, first)
    run = events.run(first, ticket, *FIELDS)
    next(run)
    mine, card, *_, timer = events.begin(second, second.key, window("other"))
    assert card == progress.waiting(1)
    assert timer.active
    assert events.wait(second, mine)[0] == progress.waiting(1)
    run.close()
    assert events.wait(second, mine)[0] == progress.waiting(0)
    list(events.run(second, mine, *FIELDS))
    card, results, timer = events.wait(second, mine)
    assert (card, results, timer.active) == (SKIP, SKIP, False)


def test_who_is_painted_with_others_waits_for_none_of_them(
    events: Events, painter: FakePainter
) -> None:
    painter.info = replace(painter.info, batch=2)
    desks = [selected(events) for _ in range(4)]
    told = [events.begin(desk, desk.key, window(str(n))) for n, desk in enumerate(desks)]
    assert [one[1] for one in told] == [progress.waiting(n) for n in (0, 0, 1, 2)]
    assert [one[4].active for one in told] == [False, False, True, True]
    events.stop(desks[0])
    assert events.wait(desks[3], told[3][0])[0] == progress.waiting(1)


def test_a_repaint_keeps_the_ticket_that_it_was_sent_with(
    events: Events, painter: FakePainter
) -> None:
    desk = selected(events)
    first = begun(events, desk)
    events.stop(desk)
    second = begun(events, desk)
    assert list(events.run(desk, first, *FIELDS)) == [(SKIP,) * 4]
    assert list(events.run(desk, second, *FIELDS))[-1][0]["state"] == "done"
    assert len(painter.settings) == 1


def test_a_full_queue_is_a_sentence_and_the_repaint_has_left_the_line(events: Events) -> None:
    desk = selected(events)
    begun(events, desk)
    assert events.refused(desk)[0] == progress.failed(CROWDED)
    assert not events.line.has(desk)
    assert events.refused(desk)[0] == progress.STOPPED


def test_fields_that_gradio_refuses_are_told_and_a_repaint_under_way_goes_on(
    events: Events,
) -> None:
    desk = selected(events)
    card, repaint, stop = events.unfit(desk)
    assert (card["state"], card["text"]) == ("failed", UNFIT)
    assert (repaint["visible"], stop["visible"]) == (True, False)
    ticket = begun(events, desk)
    card, repaint, stop = events.unfit(desk)
    assert (repaint["visible"], stop["visible"]) == (False, True)
    assert desk.wants(ticket)
    assert events.line.has(desk)


def test_a_page_that_is_loaded_again_gets_everything_back(events: Events) -> None:
    desk = selected(events)
    painted(events, desk)
    events.region(desk, "subject")
    fields = replace(Form(*FIELDS), prompt="sea", negative_prompt="ice", seed="3", tool="restyle")
    events.remember(desk, painter_of(events.studio.painter.info), *astuple(fields))
    view, given, region, results, *job = events.resume(
        events.desks.new(), sent(desk=desk.key, language="en")
    )
    *told, painter = job[:4]
    fields = job[4:]
    assert told == [SKIP] * 3
    assert given is desk
    assert (view["desk"], region, view["points"]) == (desk.key, "subject", [[100, 90, 1]])
    assert [item["id"] for item in results["items"]] == [1]
    assert painter == painter_of(events.studio.painter.info)
    assert fields[:6] == ["sea", "ice", "3", 5.0, 4, 1.0]
    assert (fields[6]["value"], fields[7], fields[8]) == ("Euler", 1, "restyle")


def test_a_page_without_a_desk_of_its_own_gets_an_empty_one(events: Events) -> None:
    fresh = events.desks.new()
    for data in ({}, {"desk": "nobody"}, {"desk": [1]}):
        view, given, _, results, *rest = events.resume(fresh, sent(**data))
        assert given is fresh
        assert (view["photo"], results["items"]) == (None, [])
        assert rest == [SKIP] * (COUNT + 4)


@pytest.fixture
def swapped(events: Events) -> Iterator[Events]:
    """The page whose painter was swapped after its fields were filled."""
    best = PaintDefaults(steps=20, guidance=8.0, strength=0.99, scheduler="UniPC")
    other = FakePainter()
    other.info = replace(other.info, key="other", schedulers=("UniPC", "DDIM"), defaults=best)
    events.studio.use(painter=other)
    yield events


def test_after_a_swap_only_what_was_left_alone_changes(events: Events, swapped: Events) -> None:
    old = painter_of(FakePainter().info)
    drawn = swapped.status(old, 6.5, 4, 1.0, "DDIM", 0.7)
    painter, (guidance, steps, strength, scheduler, look) = drawn[3], drawn[-5:]
    assert painter == painter_of(events.studio.painter.info)
    assert (guidance, steps, strength, scheduler["value"]) == (6.5, 20, 0.99, "DDIM")
    assert (scheduler["choices"], look) == (["UniPC", "DDIM"], 0.7)
    assert swapped.status(painter, 6.5, 4, 1.0, "DDIM", 0.7)[-5:] == (SKIP,) * 5


def test_a_seed_that_is_none_is_told_under_its_field(events: Events) -> None:
    assert events.check_seed("abc")["info"].key == BAD_SEED
    assert events.check_seed("17")["info"].key != BAD_SEED


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("prompt", "a {red sea", "brace"), ("steps", 0, "steps is 0"), ("tool", "fly", "five tools")],
)
def test_what_cannot_be_painted_is_refused_before_it_waits(
    events: Events, field: str, value: object, sentence: str
) -> None:
    desk = selected(events)
    form = asdict(Form())
    form.update({"prompt": "sea", field: value})
    ticket, card, repaint, stop, _ = events.begin(desk, desk.key, window(), *form.values())
    assert (ticket, card["state"]) == (0, "failed")
    assert sentence in card["text"]
    assert (repaint["visible"], stop["visible"]) == (True, False)


def test_without_a_selection_repaint_is_refused_before_it_waits(events: Events) -> None:
    desk = selected(events)
    events.act(desk, click(desk, action="clear"))
    (ticket, card, *_) = events.begin(desk, desk.key, window(), "sea")
    assert (ticket, card["text"]) == (0, NOT_SELECTED)
