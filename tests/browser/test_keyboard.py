"""The page without a mouse, in another language, in the dark and on a phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import OpenPage, Site
from tests.support.browser import Visit
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser

PHOTO = png(noise(640, 480))
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}


def focused(site: Site, open_page: OpenPage, **options: Any) -> Visit:
    guest = open_page(site.url, **options)
    guest.open(PHOTO)
    guest.page.focus(".pp-stage")
    return guest


def test_a_photo_is_selected_and_repainted_by_keys_alone(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page)
    guest.page.keyboard.press("ArrowRight")
    (x, y) = guest.cursor()
    guest.page.keyboard.press("Shift+ArrowLeft")
    assert guest.cursor() == (x - 10, y)
    assert guest.press("Enter")["points"] == [[x - 10, y, 1]]
    for _ in range(4):
        guest.page.keyboard.press("Shift+ArrowUp")
    assert guest.press("Shift+Enter")["points"] == [[x - 10, y, 1], [x - 10, y - 40, 0]]
    guest.page.keyboard.press("Control+Enter")
    guest.finished()
    assert guest.progress().startswith("Done")


def test_a_box_and_a_stroke_by_keys(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page)
    guest.page.keyboard.press("m")
    guest.page.keyboard.press("ArrowRight")
    x, y = guest.cursor()
    guest.page.keyboard.press("Enter")
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        guest.page.keyboard.press(key)
    state = guest.press("Enter")
    assert state["box"] == [x, y, x + 11, y + 11]
    guest.page.keyboard.press("b")
    guest.page.keyboard.press("Enter")
    guest.page.keyboard.press("Shift+ArrowRight")
    assert guest.press("Enter")["parts"][0]["strokes"] == 1


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        ("x", "exclude"),
        ("m", "box"),
        ("b", "brush"),
        ("e", "eraser"),
        ("h", "hand"),
        ("w", "include"),
    ],
)
def test_each_tool_has_its_key_and_says_so(
    site: Site, open_page: OpenPage, key: str, tool: str
) -> None:
    guest = focused(site, open_page)
    guest.page.keyboard.press(key)
    button = guest.page.locator(f".pp-tool[data-tool={tool}]")
    assert button.get_attribute("aria-pressed") == "true"
    title = button.get_attribute("title") or ""
    assert f"({key.upper()}" in title


def test_keys_do_nothing_while_one_types(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page)
    guest.page.focus("#pp-prompt textarea")
    guest.page.keyboard.type("bx?")
    assert guest.page.input_value("#pp-prompt textarea") == "bx?"
    assert guest.page.locator(".pp-tool[data-tool=include]").get_attribute("aria-pressed") == "true"
    assert guest.page.locator("dialog[open]").count() == 0


def test_the_sheet_of_keys_opens_and_closes(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page)
    guest.page.keyboard.press("?")
    guest.page.wait_for_selector("dialog.pp-help[open]")
    assert guest.page.locator("dialog.pp-help kbd").count() > 20
    guest.page.keyboard.press("Escape")
    guest.page.wait_for_selector("dialog.pp-help[open]", state="detached")


def test_every_control_has_a_name_for_a_screen_reader(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page)
    guest.click(320, 240)
    nameless = guest.page.evaluate("""() => {
      const named = (node) => node.ariaLabel || node.innerText?.trim() || node.labels?.length
        || node.title || node.getAttribute('aria-labelledby');
      const shown = (node) => node.checkVisibility?.({ visibilityProperty: true });
      return [...document.querySelectorAll('#pp-main button, #pp-main input, #pp-main select')]
        .filter((node) => shown(node) && !named(node)).map((node) => node.outerHTML.slice(0, 120));
    }""")
    assert nameless == []


def test_a_german_browser_gets_german_throughout(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url, locale="de-DE")
    text = guest.page.inner_text("body")
    assert "Malen" in text
    assert "Repaint" not in text
    guest.choose(b"no photo", "x.png")
    guest.page.wait_for_selector(".pp-hint.pp-error")
    assert "Foto" in guest.message()


def test_the_dark_page_is_dark(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url, color_scheme="dark")
    guest.page.wait_for_selector("body.dark, .dark")
    colour = guest.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in colour.strip("rgba()").split(",")[:3]) < 60


def test_on_a_phone_all_fits_and_fingers_find_their_targets(
    site: Site, open_page: OpenPage
) -> None:
    guest = focused(site, open_page, **PHONE)
    assert guest.page.evaluate("document.documentElement.scrollWidth") <= 390
    small = guest.page.evaluate("""() =>
      [...document.querySelectorAll('.pp-tools button, .pp-tools summary, #pp-main button')]
        .filter((node) => node.checkVisibility())
        .map((node) => [node.getBoundingClientRect(), node.className + ' ' + node.innerText])
        .filter(([box]) => box.width < 40 || box.height < 43.5).map(([, name]) => name)
    """)
    assert small == []


IN_SIGHT = """() => ['#pp-progress', '#pp-repaint', '#pp-stop'].filter((selector) => {
  const node = document.querySelector(selector);
  if (!node?.checkVisibility()) return false;
  const { left, right, top, bottom } = node.getBoundingClientRect();
  const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return top >= 0 && bottom <= innerHeight && node.contains(found);
})"""


def test_on_a_phone_repaint_and_stop_are_in_sight_wherever_one_is(
    site: Site, open_page: OpenPage
) -> None:
    guest = focused(site, open_page, **PHONE)
    assert guest.page.evaluate(IN_SIGHT) == ["#pp-repaint"]
    guest.page.touchscreen.tap(*guest.spot(320, 240))
    guest.settled()
    site.gate.close(step=3)
    guest.page.locator("#pp-repaint").tap()
    guest.started()
    for place in (0, 400, 10_000):
        guest.page.evaluate("(y) => scrollTo(0, y)", place)
        assert guest.page.evaluate(IN_SIGHT) == ["#pp-progress", "#pp-stop"]
    guest.page.evaluate("() => scrollTo(0, 0)")
    guest.page.locator("#pp-stop").tap()
    site.gate.open.set()
    guest.stopped()
    assert guest.page.evaluate("scrollY") == 0


def test_on_a_phone_the_downloads_follow_a_picture_that_is_on_show(
    site: Site, open_page: OpenPage
) -> None:
    guest = focused(site, open_page, **PHONE)
    guest.page.touchscreen.tap(*guest.spot(320, 240))
    guest.settled()
    guest.repaint()
    guest.page.wait_for_selector(".pp-comparing")
    assert guest.lies("#pp-canvas")[1] < guest.lies("#pp-result")[1] < guest.lies("#pp-form")[1]
    guest.page.locator("[data-action=selection]").tap()
    guest.page.wait_for_selector(".pp-root:not(.pp-comparing)")
    assert guest.lies("#pp-form")[1] < guest.lies("#pp-result")[1]


def test_on_a_phone_nothing_stays_under_the_buttons_at_the_edge(
    site: Site, open_page: OpenPage
) -> None:
    guest = focused(site, open_page, **PHONE)
    guest.repaint()
    assert "click the subject" in guest.progress()
    guest.page.evaluate("scrollTo(0, 100_000)")
    _, top, _, height = guest.lies("#pp-action")
    assert top + height == pytest.approx(PHONE["viewport"]["height"], abs=1)
    _, last, _, tall = guest.lies("#pp-status")
    assert last + tall <= top


NAMES_IN_FULL = """(selector) => [...document.querySelectorAll(selector)]
  .filter((node) => node.checkVisibility())
  .map((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [node, range.getBoundingClientRect(), node.parentElement.getBoundingClientRect()];
  })
  .map(([node, words, room]) => [node.innerText, Math.round(room.top),
    words.left >= room.left && words.right <= room.right && words.height < 25])"""


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_tools_have_their_names_in_full_in_windows_of_any_width(
    site: Site, open_page: OpenPage, locale: str
) -> None:
    guest = focused(site, open_page, locale=locale)
    guest.page.add_style_tag(content="* { transition: none !important; }")
    for width in (320, 390, 600, 768, 900, 1100, 1280, 1366, 1470, 1600, 1920):
        guest.page.set_viewport_size({"width": width, "height": 844})
        switch = guest.page.evaluate(NAMES_IN_FULL, "#pp-tool label > span")
        assert len(switch) == 5
        assert len({top for _, top, _ in switch}) == 1, (width, switch)
        names = guest.page.evaluate(NAMES_IN_FULL, ".pp-tools .pp-group > button > span")
        assert names if width > 640 else len(names) == 8, (width, names)
        assert all(whole for *_, whole in [*switch, *names]), (width, switch, names)
        assert width < 1200 or guest.lies(".pp-tools")[3] < 60, (width, "the toolbar wraps")


def test_on_a_phone_every_part_can_be_deleted(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page, **PHONE, locale="de-DE")
    for op in ("add", "subtract"):
        guest.new_part(op)
        guest.page.touchscreen.tap(*guest.spot(320, 240))
        guest.settled()
    for index in range(2):
        left, _, width, _ = guest.lies(f".pp-part:nth-child({index + 1}) .pp-drop-part")
        assert left + width <= 390


def test_on_a_phone_the_result_is_in_sight(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page, **PHONE)
    guest.page.touchscreen.tap(*guest.spot(320, 240))
    guest.settled()
    guest.repaint()
    guest.result_shown()
    guest.page.wait_for_function("""() => {
      const { top, bottom } = document.querySelector('.pp-stage').getBoundingClientRect();
      return top > -60 && bottom < innerHeight + 60;
    }""")


def test_one_finger_scrolls_the_page_while_the_photo_fits_and_pans_when_zoomed(
    site: Site, open_page: OpenPage
) -> None:
    guest = focused(site, open_page, **PHONE)
    x, y = guest.spot(320, 240)
    before = guest.page.evaluate("scrollY")
    guest.fingers(*([(x, y - n)] for n in range(0, 100, 20)))
    guest.page.wait_for_function("(before) => scrollY > before + 40", arg=before)
    guest.page.evaluate("scrollTo(0, 0)")
    guest.page.locator("[data-action=whole]").tap()
    guest.settled()
    x, y = guest.spot(320, 240)
    left = guest.lies()[0]
    guest.fingers(*([(x - n, y)] for n in range(0, 80, 20)))
    assert guest.lies()[0] < left - 30
    state = guest.settled()
    assert (state["points"], state["box"]) == ([], None)


def test_two_fingers_zoom_and_select_nothing(site: Site, open_page: OpenPage) -> None:
    guest = focused(site, open_page, **PHONE)
    x, y = guest.spot(320, 240)
    width = guest.lies()[2]
    guest.fingers(*([(x - gap, y), (x + gap, y)] for gap in range(20, 100, 15)))
    assert guest.lies()[2] > 2 * width
    state = guest.settled()
    assert (state["points"], state["box"]) == ([], None)
