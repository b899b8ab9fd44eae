"""The text of the document as blocks, from which both the page and the print are made.

What the template yields is a small part of Markdown: headings (``#``), paragraphs, lists (``-``),
the answer (``!``), remarks (``>``), figures and tables by name (``::figure map``), a table with
its caption below. Within a line there are **strong** and *emphasised* words and
[links](address).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

INLINE = re.compile(
    r"\*\*(?P<strong>.+?)\*\*|\*(?P<emph>.+?)\*|\[(?P<label>[^\]]+)\]\((?P<to>[^)]+)\)"
)


@dataclass(frozen=True)
class Span:
    """Some words: ``kind`` is plain, strong, emph or link; ``to`` is where a link leads."""

    kind: str
    text: str
    to: str = ""


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``kind`` is plain, answer (large) or remark (in a box)."""

    spans: Spans
    kind: str = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Spans, ...]


@dataclass(frozen=True)
class Placed:
    """Where a figure, a table or a page break stands; ``what`` says which of these."""

    what: str
    name: str = ""
    caption: str = ""


Block = Heading | Paragraph | Bullets | Placed


@dataclass(frozen=True)
class Table:
    """A table; cells may hold inline marks. The first ``words`` columns are set flush left."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


@dataclass(frozen=True)
class Picture:
    """A figure in files ``name``.svg and, for phones, ``name``-narrow.svg."""

    name: str
    caption: str
    alt: str


KINDS = {"!": "answer", ">": "remark"}


def spans_of(text: str) -> Spans:
    """Return the words of a line with their marks."""
    found: list[Span] = []
    end = 0
    for mark in INLINE.finditer(text):
        if mark.start() > end:
            found.append(Span("plain", text[end : mark.start()]))
        if mark["label"] is not None:
            found.append(Span("link", mark["label"], mark["to"]))
        else:
            kind = "strong" if mark["strong"] is not None else "emph"
            found.append(Span(kind, mark[kind]))
        end = mark.end()
    if end < len(text):
        found.append(Span("plain", text[end:]))
    return tuple(found)


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the blocks of a text, which empty lines keep apart."""
    return tuple(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        if lines:
            yield _block(lines)


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if first.startswith("#"):
        mark, _, words = " ".join(lines).partition(" ")
        return Heading(len(mark), words)
    if first.startswith("::"):
        what, *name = first[2:].split()
        return Placed(what, "".join(name), " ".join(lines[1:]))
    if first.startswith("- "):
        return Bullets(tuple(spans_of(item) for item in _items(lines)))
    if first[0] in KINDS and first[1:2] == " ":
        words = " ".join(line.removeprefix(first[:2]) for line in lines)
        return Paragraph(spans_of(words), KINDS[first[0]])
    return Paragraph(spans_of(" ".join(lines)))


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += f" {line}"
    return items
