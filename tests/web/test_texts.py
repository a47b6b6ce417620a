from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from gradio.i18n import I18nData

from inpainting import errors
from inpainting.settings import Settings
from inpainting.types import Region
from inpainting.web import texts
from inpainting.web.page import build_page
from inpainting.web.parts import FOLDER
from tests.support.photos import fake_studio
from tests.support.switching import FakeSwitch

ROOT = FOLDER.parents[1]
NOT_IN_THE_PAGE = (
    *("arguments.py", "__main__.py", "settings.py", "serve.py", "checks.py", "console.py"),
    *("cli.py", "cli_paint.py", "cli_repeat.py", "cli_select.py", "parameters.py"),
)
"""What these say is for the command line."""

CODE = [
    *(path for path in sorted((ROOT / "inpainting").rglob("*.py"))),
    *(path for path in sorted((ROOT / "models").glob("*.py"))),
    *(
        path
        for room in ("rows", "loaders")
        for path in sorted((ROOT / "models" / room).glob("*.py"))
    ),
]
SHOWN = [path for path in CODE if path.name not in NOT_IN_THE_PAGE]

REFUSALS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
WORDED = {"bad_photo", "_require_whole", "_require_number", "_text", "note_on_rest", "_model"}
"""Functions of ours that build a sentence or markup round the word they get first."""

UNSHOWN = {"ValueError", "TypeError", "RuntimeError", "AssertionError", "KeyError", "OSError"}
LOGS = {"_LOG", "logger", "warnings"}

SENTENCE = re.compile(r" ?[A-Z{][^<>\n]* [^<>\n]*[.!?]")
LINE = re.compile(r"[A-Z][a-z]+:? [^<>\n]*\{\}[^<>\n]*")
WORDS = re.compile(r"[A-Za-z]{2}")
SAME = {"PNG, JPEG, WebP ·", "{} MB"}
"""What is written in the same way in all languages."""

ATTRIBUTES = ("title", "aria-label", "placeholder", "alt")
HOLE = re.compile(r"\{(\w*)\}")


def pattern(node: ast.expr) -> str | None:
    """A string with {} for what is put in, None for what is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
        return "".join(map(str, parts))
    return None


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def table(path: str, name: str) -> set[str]:
    """The strings in a table of a module, which need not be sentences."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf8"))
    (found,) = (n for n in tree.body if isinstance(n, ast.AnnAssign) and name_of(n.target) == name)
    texts = (pattern(node) for node in ast.walk(found) if isinstance(node, ast.Constant))
    return {text for text in texts if text is not None}


def is_unshown(node: ast.AST) -> bool:
    """Whether a node is for developers: a log's line, an error of Python's own, a docstring."""
    if isinstance(node, ast.Call):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        return name_of(node.func) in UNSHOWN or name_of(owner) in LOGS
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def shown_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    yield tree
    for child in ast.iter_child_nodes(tree):
        # The parts of an f-string are no texts of their own.
        if not is_unshown(child) and not isinstance(tree, ast.JoinedStr):
            yield from shown_nodes(child)


def spoken(tree: ast.AST) -> Iterator[str]:
    """The texts for users in a module: refusals, words put into sentences, and other sentences."""
    for node in shown_nodes(tree):
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in REFUSALS | WORDED:
            text = pattern(node.args[0])
            if text is not None and WORDS.search(HOLE.sub("", text)):
                yield text
        elif isinstance(node, ast.expr):
            text = pattern(node)
            if text is not None and (SENTENCE.fullmatch(text) or is_line(node, text)):
                yield text.strip()
            elif text is not None and "data-t" in text:
                yield from Markup(text).marked


def is_line(node: ast.expr, text: str) -> bool:
    """Whether something is put into words that make no whole sentence, as in "Step {} of {}"."""
    return isinstance(node, ast.JoinedStr) and bool(LINE.fullmatch(text))


class Markup(HTMLParser):
    """The texts of marked elements of some markup, and `unmarked` words of others."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.marked: list[str] = []
        self.unmarked: list[str] = []
        self.open: list[tuple[str, bool]] = []
        self.feed(re.sub(r"\$\{[^}]*\}", "{}", markup))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marked = "data-t" in dict(attrs)
        for name, value in attrs:
            if name in ATTRIBUTES:
                self.take(value or "", marked)
        if tag not in {"img", "input", "br", "path", "circle", "rect", "progress"}:
            self.open.append((tag, marked))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, marked = self.open[-1] if self.open else ("", False)
        key = tag == "kbd" and len(data) > 1
        self.take(f"[{data}]" if key else data, marked or key)

    def take(self, text: str, marked: bool) -> None:
        words = " ".join(unescape(text).split())
        if WORDS.search(HOLE.sub("", words)) and words not in SAME:
            (self.marked if marked else self.unmarked).append(words)


SCRIPT_TEXT = re.compile(r"'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\$]|\\.)*)`")
CALL = re.compile(r"\b(?:ppText|say)\(")


def scripted(source: str) -> Iterator[str]:
    """The texts in a script: all literals within ppText(...) or say(...), and other sentences."""
    source = re.sub(r"(^|\s)//[^\n]*", r"\1", source)
    for call in CALL.finditer(source):
        yield from literals(argument(source, call.end()))
    yield from filter(SENTENCE.fullmatch, literals(source))


def literals(source: str) -> Iterator[str]:
    for single, template in SCRIPT_TEXT.findall(source):
        text = (single or template).replace("\\'", "'")
        if WORDS.search(text):
            yield text


def argument(source: str, start: int) -> str:
    """The first argument of the call whose bracket opened before `start`."""
    depth, quote = 0, ""
    for at in range(start, len(source)):
        sign = source[at]
        if quote:
            quote = "" if sign == quote and source[at - 1] != "\\" else quote
        elif sign in "'`":
            quote = sign
        elif (sign in ",)" and not depth) or (sign in ")]}" and depth < 1):
            return source[start:at]
        else:
            depth += (sign in "([{") - (sign in ")]}")
    return source[start:]


BUTTON = "__i18n__"


@cache
def labelled() -> frozenset[str]:
    """What the page gives to gradio to be translated."""
    studio = fake_studio()
    page = build_page(studio, Settings(), (), FakeSwitch(studio, {}, ("grain",)))
    try:
        return frozenset(keys_in(page.get_config_file()))
    finally:
        page.close(verbose=False)


def keys_in(value: object) -> Iterator[str]:
    if isinstance(value, I18nData):
        yield value.key
    elif isinstance(value, str) and value.startswith(BUTTON):  # as the text of a button is sent
        yield json.loads(value.removeprefix(BUTTON))["key"]
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from keys_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from keys_in(part)


@cache
def existing() -> dict[str, set[str]]:
    """All texts, by where they stand."""
    found = {
        path.relative_to(ROOT).as_posix(): set(spoken(ast.parse(path.read_text(encoding="utf8"))))
        for path in SHOWN
    }
    for path in FOLDER.glob("*.html"):
        found[path.name] = set(Markup(path.read_text(encoding="utf8")).marked)
    for path in FOLDER.glob("*.js"):
        found[path.name] = set(scripted(path.read_text(encoding="utf8")))
    found["types.py"] = {region.value for region in Region}
    found["models/placing.py"] |= table("models/placing.py", "PLACEMENTS")
    return {place: there for place, there in found.items() if there}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_text_has_a_translation(language: str) -> None:
    known = texts.texts(language)
    missing = {
        place: sorted(there - known.keys())
        for place, there in existing().items()
        if there - known.keys()
    }
    assert missing == {}, json.dumps(missing, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_translation_is_of_a_text_that_exists(language: str) -> None:
    assert set(texts.texts(language)) - set().union(*existing().values()) - labelled() == set()


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_gradio_gets_its_labels_in_every_language(language: str) -> None:
    assert set(texts.labels(language)) == labelled()
    tables = texts.i18n().translations
    assert set(tables) == {"en", *texts.LANGUAGES}
    assert tables["en"] == {text: text for text in labelled()}
    # gradio looks for the end of a key at the first brace.
    assert not [text for text in labelled() if set("{}") & set(text)]


def holes(text: str) -> list[str]:
    """The names of the holes in order; nameless ones are counted."""
    names, count = [], 0
    for name in HOLE.findall(text):
        names.append(name or str(count))
        count += not name
    return names


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_translations_keep_the_holes(language: str) -> None:
    for english, other in texts.texts(language).items():
        assert Counter(holes(english)) == Counter(holes(other)), english
        assert other == other.strip() != "", english
        assert english[-1] != "." or other[-1] == ".", english


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.html")), ids=lambda path: path.name)
def test_all_words_in_the_markup_are_marked(path: Path) -> None:
    assert Markup(path.read_text(encoding="utf8")).unmarked == []


def test_the_head_is_one_script_that_no_text_can_break_out_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texts, "texts", lambda _: {"</script><!--": "<b>"})
    head = texts.head()
    assert head.startswith("<script>")
    assert head.count("</script") == 1
    assert head.endswith("</script>")
    assert "<!--" not in head
