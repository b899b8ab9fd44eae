"""Files of follows and tables of accounts with faults of every kind."""

import gzip
from pathlib import Path

from hypothesis import strategies as st

from propagation.audience.edge_lists import read_follows
from propagation.audience.importing import match_accounts, read_accounts
from propagation.problems import InputError
from tests.fuzz.scenarios import check_messages

IDS = (
    *("1", "2", "3", "0", "-1", "1.5", "007", "1e3", str(2**63 - 1), str(2**63), str(2**70)),
    *(
        "a",
        "b",
        "A",
        "",
        " ",
        "NA",
        "nan",
        "null",
        "anna karenina",
        '"quoted"',
        "'",
        "é",
        "e\u0301",
    ),
    *(
        "\u202e",
        "=1+1",
        "@x",
        "a,b",
        "a\tb",
        "#c",
        "0x1f",
        "\uff11",
        "e\u0301",
        "x" * 300,
        "None",
        "inf",
        "true",
    ),
)
PLAIN = st.sampled_from(("1", "2", "3", "40", "500"))
WORDS = st.sampled_from(("anna", "ben", "c d", "007", "é", "4"))
ANY = st.one_of(PLAIN, st.sampled_from(IDS), st.text(max_size=5))
HEADERS = ("src", "dst", "follower", "followee", "", "1", "src ", '"src"', "Src", "#src", "é")
DELIMITERS = (",", ",", ",", ";", "\t", " ", "|", ", ", "  ")
ENDS = ("\n", "\n", "\n", "\r\n", "\r", "\n\n", "")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A small table of ids: with or without a heading, quotes, comments and cells too many."""
    delimiter, end = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(ENDS))
    cell = draw(st.sampled_from((PLAIN, PLAIN, WORDS, ANY)))
    rows = []
    if draw(st.integers(0, 3)):
        rows.append(draw(st.sampled_from((["src", "dst"],) * 5 + (["src", "dst", "src"], ["dst"]))))
    elif draw(st.booleans()):
        rows.append(draw(st.lists(st.sampled_from(HEADERS), max_size=4)))
    width = draw(st.sampled_from((2, 2, 2, 2, 2, 3, 1)))
    for _ in range(draw(st.integers(0, 6))):
        odd = draw(st.integers(0, 14)) == 7
        rows.append(
            draw(st.lists(cell, min_size=0 if odd else width, max_size=4 if odd else width))
        )
    lines = [delimiter.join(row) for row in rows]
    if draw(st.integers(0, 9)) == 5:
        lines.insert(
            draw(st.integers(0, len(lines))), draw(st.sampled_from(("# note", "%", "", '"')))
        )
    text = end.join(lines) + draw(st.sampled_from((end, "")))
    return text.encode(draw(st.sampled_from(ENCODINGS)), errors="replace")


@st.composite
def table_files(draw: st.DrawFn) -> bytes:
    """A table, or its bytes with something cut, put in or packed."""
    content = draw(st.one_of(tables(), tables(), tables(), st.binary(max_size=60)))
    damage = draw(st.sampled_from(("", "", "", "", "insert", "cut", "pack", "pack")))
    if damage == "insert":
        place = draw(st.integers(0, len(content)))
        content = content[:place] + draw(st.binary(max_size=4)) + content[place:]
    elif damage == "cut":
        packed = gzip.compress(content, mtime=0)
        content = packed[: draw(st.integers(0, len(packed)))]
    elif damage == "pack":
        content = gzip.compress(content, mtime=0)
    return content


COLUMNS = (
    ("src", "dst"),
    ("src", "dst"),
    ("dst", "src"),
    (1, 2),
    (1, 2),
    (2, 1),
    ("follower", "followee"),
    (1, 3),
    ("src", "nobody"),
)


def edge_lists() -> st.SearchStrategy[tuple[bytes, bool, tuple[str | int, str | int], str | None]]:
    return st.tuples(
        table_files(),
        st.booleans(),
        st.sampled_from(COLUMNS),
        st.sampled_from((None, None, "text", "integer")),
    )


def check_edge_list(
    case: tuple[bytes, bool, tuple[str | int, str | int], str | None], folder: Path
) -> str:
    """Read the content as follows and as accounts; return how it ended."""
    content, packed, (follower, followee), ids = case
    file = folder / ("follows.csv.gz" if packed else "follows.csv")
    file.write_bytes(content)
    ended = []
    try:
        follows = read_follows(file, follower, followee, ids)
        assert len(follows.follower) == len(follows.followee) > 0
        assert min(follows.follower.min(), follows.followee.min()) >= 0
        assert max(follows.follower.max(), follows.followee.max()) < len(follows.labels)
        assert not (follows.follower == follows.followee).any()
        for line in follows.report:
            assert line.isprintable(), line
        ended.append("follows")
    except InputError as error:
        check_messages(error, file)
        follows = None
    try:
        table = read_accounts(file, str(follower))
        if follows is not None:
            match_accounts(follows.labels, table, "leave out")
        ended.append("accounts")
    except InputError as error:
        check_messages(error, file)
    return " and ".join(ended) or "refused"
