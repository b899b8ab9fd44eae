"""The document in print: typst's source, and the PDF made from it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from argument.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Placed,
    Spans,
    Table,
    spans_of,
)

PREAMBLE = Path(__file__).with_name("preamble.typ")
SPECIAL = re.compile(r"([\\#$*_`<>@\[\]~=+/-])")


def escaped(text: str) -> str:
    """Return text that typst sets as it stands."""
    return SPECIAL.sub(r"\\\1", text)


def source_of(
    blocks: tuple[Block, ...], tables: Mapping[str, Table], pictures: Mapping[str, Picture]
) -> str:
    """Return the typst source of the document; pictures lie in ``figures/`` beside it."""
    body = "\n\n".join(_block(block, tables, pictures) for block in blocks)
    return f"{PREAMBLE.read_text(encoding='utf-8')}\n{body}\n"


def write_pdf(source: Path, to: Path) -> int:
    """Set a typst source as PDF; return the number of pages."""
    import typst

    typst.compile(str(source), output=str(to), ignore_system_fonts=True)
    pages = typst.query(str(source), "<pages>", field="value", one=True, ignore_system_fonts=True)
    return int(json.loads(pages))


def _block(block: Block, tables: Mapping[str, Table], pictures: Mapping[str, Picture]) -> str:
    if isinstance(block, Heading):
        words = escaped(block.text)
        return f"#doctitle[{words}]" if block.level == 1 else f"{'=' * (block.level - 1)} {words}"
    if isinstance(block, Paragraph):
        words = _inline(block.spans)
        return words if block.kind == "plain" else f"#{block.kind}[{words}]"
    if isinstance(block, Bullets):
        return "\n".join(f"- {_inline(item)}" for item in block.items)
    return _placed(block, tables, pictures)


def _placed(block: Placed, tables: Mapping[str, Table], pictures: Mapping[str, Picture]) -> str:
    if block.what == "table":
        return _table(tables[block.name], block.caption)
    if block.what == "figure":
        picture = pictures[block.name]
        words = _inline(spans_of(picture.caption))
        alt = json.dumps(picture.alt, ensure_ascii=False)
        return f'#picture("figures/{picture.name}.svg", {alt})[{words}]'
    return "#pagebreak(weak: true)"


def _table(table: Table, caption: str) -> str:
    count = len(table.columns)
    head = ", ".join(f"[{_inline(spans_of(cell))}]" for cell in table.columns)
    cells = "\n".join(
        "  " + ", ".join(f"[{_inline(spans_of(cell))}]" for cell in row) + "," for row in table.rows
    )
    words = _inline(spans_of(caption))
    return f"#facts({count}, {table.words}, [{words}], ({head},), (\n{cells}\n))"


def _inline(spans: Spans) -> str:
    return "".join(_span(span.kind, span.text, span.to) for span in spans)


def _span(kind: str, text: str, to: str) -> str:
    words = escaped(text)
    if kind == "plain":
        return words
    if kind == "link":
        return f"#link({json.dumps(to)})[{words}]"
    return f"#{kind}[{words}]"
