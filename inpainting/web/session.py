"""What one browser session has on its desk, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

from inpainting.types import Combine, Edges, Mask, Prompts, Region, Stroke, Tool
from inpainting.web.answer import Answer, Composed, Hint
from inpainting.web.finished import Finished, Sheet
from inpainting.web.tooling import WHOLE

NO_PROMPTS = Prompts()


@dataclass(frozen=True, slots=True)
class Part:
    """One object of the selection: what was pointed at, the answer to it, and strokes on top.

    `answer` is None while there are no prompts and while the segmenter is at work; `hint` is the
    former answer that the segmenter starts from. `given` tells that the answer came without clicks
    (a mask file, a proposal, a segment), and clicks do not change it. `key` tells parts apart.
    """

    key: int = 0
    op: Combine = Combine.ADD
    shown: bool = True
    given: bool = False
    prompts: Prompts = NO_PROMPTS
    answer: Answer | None = None
    chosen: int = 0
    hint: Hint | None = field(default=None, compare=False)
    strokes: tuple[Stroke, ...] = ()

    @property
    def unanswered(self) -> bool:
        """Whether the segmenter has to be asked about the prompts."""
        return bool(self.prompts) and self.answer is None

    @property
    def empty(self) -> bool:
        """Whether nothing was done to it yet."""
        return not (self.prompts or self.answer or self.strokes)


NO_PARTS = (Part(),)
"""Where nothing was done yet there is one empty part."""

NO_EDGES = Edges()


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the work, all of which undo brings back.

    `active` is the index of the part that clicks and strokes go to; `result` the id of the result
    on show, 0 for none. `whole`: a restyle takes the whole photo, and not the `region`. `composed`
    is the selection worked out, None until `settle` has done so.
    """

    sheet: Sheet | None = None
    parts: tuple[Part, ...] = NO_PARTS
    active: int = 0
    edges: Edges = NO_EDGES
    region: Region = Region.BACKGROUND
    whole: bool = True
    result: int = 0
    composed: Composed | None = None

    @property
    def part(self) -> Part:
        """The active part."""
        return self.parts[self.active]

    @property
    def unanswered(self) -> bool:
        """Whether a part waits for the segmenter."""
        return any(part.unanswered for part in self.parts)


NO_STEP = Step()


@dataclass(frozen=True, slots=True)
class Session:
    """The work with its history, and the results so far, which undo does not take away.

    `serial` counts the photos put on the desk and `version` the changes, so that late events and
    late answers are told apart; `message` is a sentence on why the last action was refused, and
    `note` on what was done. `tool` is the one that is chosen, which undo leaves alone.
    """

    now: Step = NO_STEP
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    results: tuple[Finished, ...] = ()
    serial: int = 0
    version: int = 0
    message: str = ""
    note: str = ""
    tool: Tool = Tool.REPAINT

    @property
    def unsettled(self) -> bool:
        """Whether the selection is still to be worked out."""
        return self.now.sheet is not None and self.now.composed is None

    @property
    def selects(self) -> bool:
        """Whether anything is selected, as far as that is worked out."""
        return bool(self.now.composed and self.now.composed.area)

    @property
    def side(self) -> Region:
        """Which side of the selection the chosen tool works on."""
        return Region.SUBJECT if self.tool is Tool.REMOVE else self.now.region

    @property
    def choice(self) -> str:
        """What the region switch shows: a side, or the whole photo."""
        whole = self.tool is Tool.RESTYLE and self.now.whole
        return WHOLE if whole else self.now.region.value

    @property
    def on_mask(self) -> bool:
        """Whether the chosen tool works on a side of the selection."""
        return self.choice != WHOLE and self.tool not in (Tool.EXTEND, Tool.CREATE)

    @property
    def mask(self) -> Mask | None:
        """The selection HxW with its edges, None while nothing is selected or it is unsettled."""
        composed = self.now.composed
        return composed.mask.whole() if composed is not None and composed.area else None

    def result(self, number: int) -> Finished | None:
        """Return the result with that id, None where there is none."""
        return next((item for item in self.results if item.id == number), None)
