"""The page's texts in a browser: translated by pattern, filled, and marked in the markup."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from inpainting.web import texts

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A German browser's page with nothing but the head."""
    context = browser.new_context(locale="de-AT")
    page = context.new_page()
    page.set_content(f"<!doctype html><head>{texts.head()}</head><body></body>")
    yield page
    context.close()


TRIED = {
    "Open a photo first.": "Zuerst ein Foto öffnen.",
    "There are 51 points; at most 50 are used.": "Es sind 51 Punkte; höchstens 50 sind erlaubt.",
    "Downloading X: 1.5 of 7.0 GB.": "X wird heruntergeladen: 1,5 von 7 GB.",
    "The guidance is 'x'; it must be a number from 0 to 30.": (
        "Prompt-Treue: 'x' geht nicht; erlaubt ist eine Zahl von 0 bis 30."
    ),
    "The recipe is no valid JSON text. The picture was opened as a plain photo.": (
        "Das Rezept ist kein gültiger JSON-Text. Das Bild wurde als einfaches Foto geöffnet."
    ),
    "Nothing is known of this. Or this.": "Nothing is known of this. Or this.",
    "": "",
}


def test_sentences_of_the_server_are_translated(page: Page) -> None:
    assert page.evaluate("ppLanguage") == "de"
    for english, german in TRIED.items():
        assert page.evaluate("(text) => ppText(text)", english) == german


def test_holes_are_filled_with_numbers_as_the_language_writes_them(page: Page) -> None:
    script = "ppText('Result {n}, seed {seed}', {n: 1.5, seed: 1234567})"
    assert page.evaluate(script) == "Ergebnis 1,5, Startwert 1234567"
    assert page.evaluate("ppText('$& {a} {b}', {a: '$1'})") == "$& $1 {b}"


def test_marked_elements_are_translated_and_others_are_not(page: Page) -> None:
    markup = """<p data-t title="Download PNG">\n  Use this\n seed <i>Use this seed</i></p>"""
    markup += "<kbd>Delete</kbd><kbd>Y</kbd><b data-t>Delete</b>"
    script = """(markup) => {
      document.body.innerHTML = markup;
      ppTranslate(document.body);
      ppTranslate(document.body);
      return document.body.innerHTML;
    }"""
    done = page.evaluate(script, markup)
    assert 'title="PNG herunterladen"' in done
    assert '<kbd>Entf</kbd><kbd>Y</kbd><b data-t="">Löschen</b>' in done
    assert "Startwert übernehmen <i>Use this seed</i>" in done


def test_in_english_and_unknown_languages_all_stays_english(page: Page) -> None:
    assert page.context.browser is not None
    context = page.context.browser.new_context(locale="fr-FR")
    other = context.new_page()
    other.set_content(f"<!doctype html><head>{texts.head()}</head><body></body>")
    assert other.evaluate(
        "[ppLanguage, ppText('Open a photo first.'), ppText('{n} x', {n: 2})]"
    ) == [
        "en",
        "Open a photo first.",
        "2 x",
    ]
    context.close()
