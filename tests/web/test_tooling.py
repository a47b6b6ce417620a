from __future__ import annotations

import re

from inpainting.settings import Settings
from inpainting.types import Tool
from inpainting.web.page import build_page
from inpainting.web.tooling import NOTES, SHOWN_FOR, TITLES, tool_css
from tests.support.photos import fake_studio


def test_every_tool_has_its_words() -> None:
    assert set(TITLES) == set(NOTES) == set(Tool)


def test_each_tool_hides_what_does_not_matter_for_it() -> None:
    rules = tool_css().split("\n")
    remove = next(rule for rule in rules if '[value="remove"]' in rule)
    assert {"#pp-prompt", "#pp-guidance", "#pp-sides"} <= set(re.findall(r"#[\w-]+", remove))
    assert "#pp-method" not in remove
    create = next(rule for rule in rules if '[value="create"]' in rule)
    assert "#pp-region" in create
    assert "#pp-prompt" not in create


def test_what_is_hidden_is_a_part_of_the_page() -> None:
    page = build_page(fake_studio(), Settings(), ())
    try:
        ids = {getattr(block, "elem_id", None) for block in page.blocks.values()}
    finally:
        page.close(verbose=False)
    assert {f"pp-{name}" for name in SHOWN_FOR} <= ids


def test_no_two_parts_have_the_same_id() -> None:
    page = build_page(fake_studio(), Settings(), ())
    try:
        ids = [block.elem_id for block in page.blocks.values() if getattr(block, "elem_id", None)]
    finally:
        page.close(verbose=False)
    assert len(set(ids)) == len(ids)
