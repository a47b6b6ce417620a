"""The page's texts in other languages: English is the key, and each language a file in texts/."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import gradio as gr
from gradio.i18n import I18nData

from inpainting.web.parts import part

LANGUAGES = ("de",)
"""Languages besides English; texts/NAME.json holds two tables, English: translation.

`labels` are those that gradio itself shows, `texts` those that the page's own parts show. A hole,
{} or {name}, stands for a number or a name; in a translation {0} is the first hole of all.
"""

TRANSLATE = "ppTranslate(element); watch('value', () => ppTranslate(element));"
"""The script of a gr.HTML whose markup comes from the server and says with data-t what is text."""

Table = Mapping[str, str]


def labels(language: str) -> Table:
    """Return what gradio shows, English: translation."""
    return _tables(language)["labels"]


def texts(language: str) -> Table:
    """Return all there is, English: translation."""
    both = _tables(language)
    return {**both["texts"], **both["labels"]}


def label(text: str) -> I18nData:
    """Return a text in a form that gradio translates; it must be one of `labels`."""
    return I18nData(text)


def i18n() -> gr.I18n:
    """Return gradio's own table of the labels, English included."""
    english = {text: text for text in labels(LANGUAGES[0])}
    return gr.I18n(en=english, **{name: dict(labels(name)) for name in LANGUAGES})


def head() -> str:
    """Return the script for the page's head: the tables, and the functions ppText, ppTranslate."""
    tables = {name: _for_script(texts(name)) for name in LANGUAGES}
    return f"<script>\nwindow.ppTexts = {_in_script(tables)};\n{part('texts.js')}</script>"


def _for_script(table: Table) -> dict[str, object]:
    """Return a table, and its keys with {} as expressions for whole sentences with their texts.

    Those with most words of their own go first.
    """
    keys = sorted((key for key in table if "{}" in key), key=len, reverse=True)
    forms = ["([^]*?)".join(map(re.escape, key.split("{}"))) for key in keys]
    patterns = [(f"^{form}$", table[key]) for form, key in zip(forms, keys, strict=True)]
    return {"table": dict(table), "patterns": patterns}


def _tables(language: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(part(f"texts/{language}.json"))
    return found


def _in_script(value: object) -> str:
    """Return JSON that no text can break out of: without "<" no tag and no comment begins."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
