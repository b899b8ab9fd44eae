"""Real data in: every dialect read back equal, every silent mistake refused, two real graphs."""

import csv
import gzip
import io
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from propagation.audience.importing import (
    FollowsRead,
    find_account,
    match_accounts,
    read_accounts,
    read_follows,
)
from propagation.problems import InputError
from propagation.scenario.accounts import FollowsFile
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_athletes = pytest.mark.skipif(
    not (DATA / "olympics_multiview").is_dir(),
    reason="research data ../shared/data/olympics_multiview is not on this machine",
)
needs_ego = pytest.mark.skipif(
    not (DATA / "ego_twitter").is_dir(),
    reason="research data ../shared/data/ego_twitter is not on this machine",
)


def write(folder: Path, content: str | bytes, name: str = "follows.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pairs(read: FollowsRead) -> set[tuple[object, object]]:
    """The follows by id, as a set: what a reader is for."""
    return {
        (read.labels[a], read.labels[b])
        for a, b in zip(read.follower.tolist(), read.followee.tolist(), strict=True)
    }


def refused(path: Path, *columns: str | int, ids: str | None = None) -> list[str]:
    with pytest.raises(InputError) as error:
        read_follows(path, *(columns or (1, 2)), ids=ids)  # type: ignore[arg-type]
    return [str(problem).removeprefix(str(path)) for problem in error.value.problems]


# --- round trips -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    header: bool
    quotes: bool
    end: str
    mark: bool
    zipped: bool
    comments: int
    extra: bool
    swapped: bool
    padded: bool


dialects = st.builds(
    Dialect,
    delimiter=st.sampled_from("\t,;| "),
    header=st.booleans(),
    quotes=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.booleans(),
    zipped=st.booleans(),
    comments=st.integers(0, 2),
    extra=st.booleans(),
    swapped=st.booleans(),
    padded=st.booleans(),
)
letters = st.characters(categories=["L", "N", "P", "S"], exclude_characters='",;|')
names = st.text(letters, min_size=1, max_size=6).map(lambda name: "@" + name)
numbers = st.one_of(st.integers(0, 99), st.integers(0, 2**63 - 1))


def edges(ids: st.SearchStrategy[object]) -> st.SearchStrategy[list[tuple[object, object]]]:
    """At least one follow that is not of oneself; repeats and self-follows are common."""
    few = st.lists(ids, min_size=2, max_size=8, unique=True)
    return few.flatmap(
        lambda known: st.lists(
            st.tuples(st.sampled_from(known), st.sampled_from(known)), min_size=1, max_size=30
        ).map(lambda found: [(known[0], known[1]), *found])
    )


def encode(follows: list[tuple[object, object]], dialect: Dialect) -> bytes:
    """Write follows in a dialect; the delimiter is never part of an unquoted id."""
    rows = [(b, a) if dialect.swapped else (a, b) for a, b in follows]
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if dialect.quotes else csv.QUOTE_MINIMAL
    writer = csv.writer(
        out, delimiter=dialect.delimiter, quoting=quoting, lineterminator=dialect.end
    )
    for number in range(dialect.comments):
        out.write(f"{'#%'[number]} about, this; file{dialect.end}")
    extra = ["weight, in words"] if dialect.extra else []
    if dialect.header:
        titles = ["followed one", "the\tfan"] if dialect.swapped else ["the\tfan", "followed one"]
        plain = ["to", "by"] if dialect.swapped else ["by", "to"]
        writer.writerow([*(titles if dialect.delimiter in ",;|" else plain), *extra])
    for row in rows:
        writer.writerow([*row, *extra])
    text = out.getvalue()
    if dialect.padded and dialect.delimiter == " " and not (dialect.quotes or dialect.extra):
        lines = text.split(dialect.end)
        text = dialect.end.join("  " + line.replace(" ", " \t  ") + "\t" for line in lines)
        text = text.replace("  #", "#").replace("  %", "%")
    content = (b"\xef\xbb\xbf" if dialect.mark else b"") + text.encode()
    return gzip.compress(content) if dialect.zipped else content


def columns_of(dialect: Dialect) -> tuple[str | int, str | int]:
    if not dialect.header:
        return (2, 1) if dialect.swapped else (1, 2)
    return ("the\tfan", "followed one") if dialect.delimiter in ",;|" else ("by", "to")


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(data=st.data(), dialect=dialects, whole=st.booleans())
def test_every_dialect_is_read_back(
    tmp_path: Path, data: st.DataObject, dialect: Dialect, whole: bool
) -> None:
    follows = data.draw(edges(numbers if whole else names))
    path = write(tmp_path, encode(follows, dialect))
    read = read_follows(path, *columns_of(dialect))
    kind = int if whole else str
    assert pairs(read) == {(kind(a), kind(b)) for a, b in follows if a != b}
    assert read.labels.tolist() == sorted({kind(label) for pair in follows for label in pair})
    assert read.labels.dtype == (np.int64 if whole else np.object_)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(follows=st.one_of(edges(numbers), edges(names)), seed=st.integers(0, 9))
def test_the_order_of_lines_is_nothing(
    tmp_path: Path, follows: list[tuple[object, object]], seed: int
) -> None:
    lines = [f"{a}\t{b}\n" for a, b in follows]
    first = read_follows(write(tmp_path, "".join(lines)), 1, 2)
    random.Random(seed).shuffle(lines)
    second = read_follows(write(tmp_path, "".join(lines)), 1, 2)
    assert first.follower.tobytes() == second.follower.tobytes()
    assert first.followee.tobytes() == second.followee.tobytes()
    assert first.labels.tolist() == second.labels.tolist()
    assert first.report[0] == second.report[0]


def test_follows_are_sorted_by_followee_then_follower(tmp_path: Path) -> None:
    read = read_follows(write(tmp_path, "30,1\n2,30\n1,30\n2,1\n"), 1, 2)
    assert read.labels.tolist() == [1, 2, 30]
    assert list(zip(read.followee.tolist(), read.follower.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (2, 0),
        (2, 1),
    ]
    assert read.follower.dtype == read.followee.dtype == np.int32


def test_text_is_sorted_by_code_point_and_numbers_as_numbers(tmp_path: Path) -> None:
    text = read_follows(write(tmp_path, "é,Z\na,\U0001f600\n\uff5e,10\n9,a\n"), 1, 2)
    expected = ["10", "9", "Z", "a", "é", "\uff5e", "\U0001f600"]
    assert text.labels.tolist() == expected == sorted(expected)
    assert read_follows(write(tmp_path, "9 10\n"), 1, 2).labels.tolist() == [9, 10]
    assert read_follows(write(tmp_path, "9 10\n"), 1, 2, ids="text").labels.tolist() == ["10", "9"]


def test_a_swapped_direction_does_not_pass_for_the_right_one(tmp_path: Path) -> None:
    """The planted fault: the comparison of the round trips must notice swapped columns."""
    path = write(tmp_path, "src,dst\n1,9\n2,9\n3,9\n")
    right, wrong = read_follows(path, "src", "dst"), read_follows(path, "dst", "src")
    assert pairs(right) == {(1, 9), (2, 9), (3, 9)} != pairs(wrong)
    assert "'9' has the most followers (3)" in right.report[1]
    assert "'9' follows the most accounts (3)" in wrong.report[1]


# --- header, ids and report --------------------------------------------------------------------


def test_the_report_counts_what_was_dropped(tmp_path: Path) -> None:
    read = read_follows(write(tmp_path, "a,b\na,b\nb,b\nb,a\nc,a\n"), 1, 2)
    assert read.report == (
        "read 5 lines of follows.csv: 3 accounts, 3 follows; dropped 1 self-follows, 1 duplicates",
        "column '1' follows column '2': 'a' has the most followers (2), "
        "'a' follows the most accounts (1)",
        "accounts without followers: 1; accounts that follow nobody: 0",
        "line 1 was read as a follow: 'a' follows 'b'; if it is a header, give the columns' names "
        "instead of their numbers",
    )


@pytest.mark.parametrize("header", ["src,dst", "User ID,friend_id", "Konto,Folgt"])
def test_a_header_over_numbered_columns_is_noticed(tmp_path: Path, header: str) -> None:
    read = read_follows(write(tmp_path, f"{header}\n1,2\n3,2\n"), 1, 2)
    assert read.labels.tolist() == [1, 2, 3]
    left, right = header.split(",")
    assert read.report[-1] == f"line 1 ('{left}', '{right}') was read as a header"


def test_a_known_header_over_text_ids_is_noticed(tmp_path: Path) -> None:
    read = read_follows(write(tmp_path, "source\ttarget\nann\tbob\n"), 1, 2)
    assert read.labels.tolist() == ["ann", "bob"]


def test_one_name_and_one_number_may_be_mixed(tmp_path: Path) -> None:
    assert pairs(read_follows(write(tmp_path, "x,y\n1,2\n"), "x", 2)) == {(1, 2)}


def test_one_odd_id_makes_all_text_and_the_report_says_so(tmp_path: Path) -> None:
    read = read_follows(write(tmp_path, "1,2\n007,2\n"), 1, 2)
    assert read.labels.tolist() == ["007", "1", "2"]
    assert read.report[-1] == (
        "ids are compared as text, because 1 of 3 are no plain whole numbers, such as '007'"
    )
    assert read_follows(write(tmp_path, "7,2\n007,2\n"), 1, 2, ids="integer").follower.size == 1


def test_ids_up_to_64_bits_stay_exact(tmp_path: Path) -> None:
    path = write(tmp_path, f"{2**63 - 1} {2**63 - 2}\n")
    assert read_follows(path, 1, 2).labels.tolist() == [2**63 - 2, 2**63 - 1]
    path = write(tmp_path, f"{2**63} {2**63 - 2}\n")
    assert read_follows(path, 1, 2).labels.tolist() == [str(2**63 - 2), str(2**63)]


def test_cells_of_several_lines_are_read_and_lines_still_counted(tmp_path: Path) -> None:
    content = 'a,b,bio\n1,2,"one\n# two\n\nthree"\n3,4,x\n-5,6,y\n'
    assert refused(write(tmp_path, content), "a", "b") == [
        ":7: column 'a': '-5' is a number but not a whole one from 0 up; "
        "`ids: text` takes every id as it is written"
    ]


# --- refusals of edge lists --------------------------------------------------------------------

REFUSED: dict[str, tuple[str | bytes, tuple[str | int, ...], str | None, list[str]]] = {
    "empty": ("", (), None, [": is empty: there is nothing to read"]),
    "empty lines": (" \n\r\n", (), None, [": is empty: there is nothing to read"]),
    "comments": ("# a\n% b\n", (), None, [": holds only comments: there is nothing to read"]),
    "header only": ("a,b\n", ("a", "b"), None, [": holds a header but no follows"]),
    "self-follows": ("1 1\n", (), None, [": holds only accounts that follow themselves"]),
    "zipped nothing": (gzip.compress(b""), (), None, [": is empty: there is nothing to read"]),
    "too few cells": (
        "1,2\n3,4\n\n5\n6,7\n8\n",
        (),
        None,
        [":4: 1 cell where the first line has 2 (2 such lines)"],
    ),
    "too many cells": (
        "# c\n1\t2\n3\t4\t5\n",
        (),
        None,
        [":3: 3 cells where the first line has 2"],
    ),
    "missing ids": (
        "1,2\n,3\n4,\n,5\n",
        (),
        None,
        [
            ":2: column '1': is empty, but every line needs it (2 lines: 2, 4)",
            ":3: column '2': is empty, but every line needs it",
        ],
    ),
    "blank id": (
        "a,b\n1,2\n  ,3\n",
        ("a", "b"),
        None,
        [":3: column 'a': is empty, but every line needs it"],
    ),
    "stand-in": (
        "1,2\nNA,3\n",
        (),
        None,
        [
            ":2: column '1': 'NA' stands for a missing id among numbers; "
            "`ids: text` takes every id as it is written"
        ],
    ),
    "spreadsheet damage": (
        "1.2E+17,2\n3,4\n",
        (),
        None,
        [
            ":1: column '1': '1.2E+17' is a number but not a whole one from 0 up; "
            "`ids: text` takes every id as it is written"
        ],
    ),
    "declared negative": (
        "1,2\n-1,3\n",
        (),
        "integer",
        [f":2: column '1': '-1' is not a whole number from 0 to {2**63 - 1}"],
    ),
    "declared fraction": (
        "1,2\n1,3.0\n",
        (),
        "integer",
        [f":2: column '2': '3.0' is not a whole number from 0 to {2**63 - 1}"],
    ),
    "declared text": (
        "1,2\nann,3\n",
        (),
        "integer",
        [f":2: column '1': 'ann' is not a whole number from 0 to {2**63 - 1}"],
    ),
    "declared too large": (
        f"1,2\n1,{2**63}\n",
        (),
        "integer",
        [f":2: column '2': '{2**63}' is above {2**63 - 1}; use `ids: text`"],
    ),
    "same column": (
        "a,b\n1,2\n",
        ("a", "a"),
        None,
        [": followee: follower and followee are the same column, 'a': name both columns"],
    ),
    "same column twice": (
        "a,b\n1,2\n",
        ("a", 1),
        None,
        [": followee: follower and followee are the same column, '1': name both columns"],
    ),
    "unknown names": (
        "folower,followee\n1,2\n",
        ("follower", "x"),
        None,
        [
            ":1: follower: 'follower' is not one of the columns: 'folower', 'followee'. "
            "Did you mean 'folower'?",
            ":1: followee: 'x' is not one of the columns: 'folower', 'followee'.",
        ],
    ),
    "other case": (
        "SRC,DST\n1,2\n",
        ("src", "DST"),
        None,
        [":1: follower: 'src' is not one of the columns: 'SRC', 'DST'. Did you mean 'SRC'?"],
    ),
    "names without header": (
        "1,2\n3,4\n",
        ("src", 2),
        None,
        [
            ":1: follower: 'src' is not one of the columns: '1', '2'. "
            "If this line is no header, give the columns' numbers, counted from 1."
        ],
    ),
    "header as comment": (
        "# src dst\na b\n",
        ("src", "dst"),
        None,
        [
            f":2: {setting}: '{name}' is not one of the columns: 'a', 'b'. "
            "Lines before it that are empty or start with # or % are no header."
            for setting, name in (("follower", "src"), ("followee", "dst"))
        ],
    ),
    "repeated name": (
        "a,b,a\n1,2,3\n",
        ("a", "b"),
        None,
        [
            ":1: follower: column 'a' occurs more than once: give its number, counted from 1",
        ],
    ),
    "no such number": (
        "1,2\n",
        (0, 3),
        None,
        [
            ":1: follower: there is no column 0: the first line has 2, counted from 1",
            ":1: followee: there is no column 3: the first line has 2, counted from 1",
        ],
    ),
    "comment inside": (
        "1 2\n#3 4\n",
        (),
        None,
        [
            ":2: starts with '#': comments stand before the first line of data only; "
            "an id that starts so must be in quotes"
        ],
    ),
    "open quote": (
        '1,2,"x\n3,4,y\n5,6,z\n',
        (),
        None,
        [":1: quotes do not match in the row that starts here (unexpected end of data)"],
    ),
    "quotes that swallow": (
        '1,2,x\n1,3,"x\n3,4,y\n5,6,"z\n',
        (),
        None,
        [":2: quotes do not match in the row that starts here (',' expected after '\"')"],
    ),
    "quote after a blank": (
        '1, "2"\n3, "4"\n',
        (),
        None,
        [
            ":1: column '2': '\"2\"' starts with a quote: quotes must touch the delimiter "
            "(2 lines: 1, 2)"
        ],
    ),
    "line break in an id": (
        'a,b\n1,"2\n3"\n',
        ("a", "b"),
        None,
        [":2: column 'b': '2\\n3' holds a line break or another control character"],
    ),
    "latin-1": (
        "a,b\né,c\n".encode("latin-1"),
        ("a", "b"),
        None,
        [":2: byte 0xe9 is not UTF-8: save the file as UTF-8"],
    ),
    "spreadsheet": (
        b"PK\x03\x04\0\0",
        (),
        None,
        [
            ": is not text (a spreadsheet, an archive, or UTF-16?): save it as CSV in UTF-8; "
            "gzip is the only packing that is read"
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    content, columns, ids, expected = REFUSED[case]
    assert refused(write(tmp_path, content), *columns, ids=ids) == expected


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d %d\n" % (i, i * i) for i in range(1, 2000)))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for content in (whole[:-400], whole[:-2], bytes(flipped), whole[:5]):
        [message] = refused(write(tmp_path, content))
        assert message.startswith(": is a damaged gzip file, copy or download it again (")
    assert read_follows(write(tmp_path, whole), 1, 2).follower.size == 1998


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "1,2\n", "follows.csv.gz")
    assert refused(tmp_path / "folows.csv.gz") == [
        ": there is no such file. Did you mean 'follows.csv.gz'?"
    ]
    assert refused(tmp_path) == [": is a folder, not a file"]
    [message] = refused(tmp_path / "no" / "where.csv")
    assert message.startswith(": there is no such file: nor is there a folder")


def test_long_lists_of_lines_are_cut(tmp_path: Path) -> None:
    [message] = refused(write(tmp_path, "a,b\n" + ",1\n" * 1000), "a", "b")
    assert message.endswith("(1,000 lines: 2, 3, 4, 5, 6, ...)")


# --- tables of accounts ------------------------------------------------------------------------

TABLE = "id;name;weight;note\n2;Bob;0.5;\n10;Ann, the first;1e-3;x\n1; Cy ;;\n"


def test_a_table_keeps_its_order_and_types(tmp_path: Path) -> None:
    table = read_accounts(write(tmp_path, TABLE), "id")
    assert table.labels.tolist() == [2, 10, 1]
    assert table.columns["id"].tolist() == [2.0, 10.0, 1.0]
    assert table.columns["name"].tolist() == ["Bob", "Ann, the first", "Cy"]
    np.testing.assert_array_equal(table.columns["weight"], [0.5, 0.001, np.nan])
    assert table.columns["note"].tolist() == ["", "x", ""]
    assert table.columns["weight"].dtype == np.float64
    assert [table.line_of(row) for row in range(3)] == [2, 3, 4]
    assert table.texts("id").tolist() == ["2", "10", "1"]
    assert table.numbers("id").tolist() == [2.0, 10.0, 1.0]


@pytest.mark.parametrize(
    ("use", "column", "expected"),
    [
        ("numbers", "weight", [":4: column 'weight': is empty"]),
        ("texts", "note", [":2: column 'note': is empty (2 lines: 2, 4)"]),
        (
            "numbers",
            "name",
            [":2: column 'name': 'Bob' is not a number such as 0.25 or 1e-3 (3 lines: 2, 3, 4)"],
        ),
        (
            "numbers",
            "wieght",
            [
                ":1: column: 'wieght' is not one of the columns: 'id', 'name', 'weight', 'note'. "
                "Did you mean 'weight'?"
            ],
        ),
    ],
)
def test_cells_are_checked_when_used(
    tmp_path: Path, use: str, column: str, expected: list[str]
) -> None:
    path = write(tmp_path, TABLE)
    table = read_accounts(path, "id")
    with pytest.raises(InputError) as error:
        getattr(table, use)(column)
    assert [str(p).removeprefix(str(path)) for p in error.value.problems] == expected


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "0,5", "20%", "0x1"])
def test_what_is_no_finite_number_is_refused(tmp_path: Path, value: str) -> None:
    table = read_accounts(write(tmp_path, f"id\tw\n1\t{value}\n"), "id")
    with pytest.raises(InputError, match=r":2: column 'w': '.*' is (not a number|too large)"):
        table.numbers("w")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,x\n1,2\n,3\n", ":3: column 'id': is empty, but every line needs it"),
        ("id,x\n7,2\n8,2\n7,3\n", ":4: column 'id': '7' has 2 rows, one is allowed (lines 2, 4)"),
        (
            "id,x\na,2\na,2\nb,3\nb,3\n",
            ":3: column 'id': 'a' has 2 rows, one is allowed "
            "(lines 2, 3; 2 accounts have more than one row)",
        ),
        ("id,x\n", ": holds a header but no accounts"),
        (
            "node,x\n1,2\n",
            ":1: id: 'id' is not one of the columns: 'node', 'x'.",
        ),
        ("id,x\n1,2\n1\n", ":3: 1 cell where the first line has 2"),
    ],
)
def test_tables_are_refused(tmp_path: Path, content: str, expected: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError) as error:
        read_accounts(path, "id")
    assert str(error.value).removeprefix(str(path)) == expected


def test_a_table_of_one_column_and_unnamed_columns_are_fine(tmp_path: Path) -> None:
    assert read_accounts(write(tmp_path, "id\nb c\na\n"), "id").labels.tolist() == ["b c", "a"]
    table = read_accounts(write(tmp_path, "id,x,,x\n1,2,3,4\n"), "id")
    assert set(table.columns) == {"id"}
    with pytest.raises(InputError, match="column 'x' occurs more than once"):
        table.numbers("x")


# --- matching ----------------------------------------------------------------------------------


def match(
    folder: Path, follows: str, table: str, isolated: str = "refuse"
) -> tuple[list[int], tuple[str, ...]]:
    labels = read_follows(write(folder, follows), 1, 2).labels
    accounts = read_accounts(write(folder, table, "accounts.csv"), "id")
    rows, report = match_accounts(labels, accounts, isolated)  # type: ignore[arg-type]
    assert accounts.labels[rows].astype(str).tolist() == labels.astype(str).tolist()
    return rows.tolist(), report


def mismatch(folder: Path, follows: str, table: str, isolated: str = "refuse") -> list[str]:
    with pytest.raises(InputError) as error:
        match(folder, follows, table, isolated)
    prefix = str(folder / "accounts.csv")
    return [str(problem).removeprefix(prefix) for problem in error.value.problems]


def test_rows_are_found_by_id_whatever_their_order(tmp_path: Path) -> None:
    assert match(tmp_path, "1 2\n10 2\n", "id\n10\n1\n2\n")[0] == [1, 2, 0]
    assert match(tmp_path, "a b\n", "id\nb\na\n")[0] == [1, 0]
    assert match(tmp_path, "007 2\n", "id\n2\n007\n")[0] == [1, 0]
    assert match(tmp_path, "a 2\n", "id\n2\na\n")[1] == (
        "every account of the follows has its row in accounts.csv",
    )


def test_a_numeric_table_matches_text_follows_as_written(tmp_path: Path) -> None:
    """The table alone looks like numbers; its ids must still meet the text of the follows."""
    labels = read_follows(write(tmp_path, "5 10\n"), 1, 2, ids="text").labels
    table = read_accounts(write(tmp_path, "id\n5\n10\n", "t.csv"), "id")
    assert labels.tolist() == ["10", "5"]
    assert table.labels.dtype == np.int64
    assert match_accounts(labels, table)[0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("follows", "table", "expected"),
    [
        (
            "1 2\n3 2\n",
            "id\n2\n1\n",
            [": id: 1 of the 3 accounts of the follows are not in the table: '3'; "
             "every account needs its row"],
        ),
        (
            "1 2\n",
            "id\n2\n1\n4\n5\n",
            [":4: id: 2 of the 4 accounts of the table are not in the follows: '4', '5'; "
             "correct the ids, or take these rows out: no message can reach them"],
        ),
        (
            "1 2\n",
            "id\n2\n4\n",
            [": id: 1 of the 2 accounts of the follows are not in the table: '1'; "
             "every account needs its row",
             ":3: id: 1 of the 2 accounts of the table are not in the follows: '4'; "
             "correct the ids, or take these rows out: no message can reach them"],
        ),
        (
            "1 2\n",
            "id\nann\nbob\n",
            [":2: column 'id': 'ann' is not a whole number, as the ids of the follows are: "
             "ids must be the same in both (2 lines: 2, 3)"],
        ),
        (
            "1 2\n",
            "id\n1.0\n2.0\n",
            [":2: column 'id': '1.0' is not a whole number, as the ids of the follows are: "
             "ids must be the same in both (2 lines: 2, 3)"],
        ),
        (
            "ann bob\n",
            "id\n1\n2\n",
            [": id: none of the 2 ids of the table is in the follows (table: '1', '2'; "
             "follows: 'ann', 'bob'): different ids for the same accounts, or the wrong column"],
        ),
        (
            "1 2\n",
            "id\n1\n2\n02\n",
            [":4: column 'id': '2' has 2 rows, one is allowed (lines 3, 4)"],
        ),
    ],
)  # fmt: skip
def test_mismatches_are_refused(
    tmp_path: Path, follows: str, table: str, expected: list[str]
) -> None:
    assert mismatch(tmp_path, follows, table) == expected


def test_isolated_accounts_may_be_left_out_but_no_account_goes_without_a_row(
    tmp_path: Path,
) -> None:
    rows, report = match(tmp_path, "1 2\n", "id\n4\n2\n1\n", "leave out")
    assert rows == [2, 1]
    assert report[1] == (
        "1 of the 3 accounts of the table are not in the follows: '4'; they are left out, "
        "no message can reach them"
    )
    assert len(mismatch(tmp_path, "1 2\n", "id\n2\n4\n", "leave out")) == 1
    assert "none of the" in mismatch(tmp_path, "1 2\n", "id\n3\n4\n", "leave out")[0]


# --- our accounts ------------------------------------------------------------------------------

WHOLE = np.array([7, 815, 8151], dtype=np.int64)
TEXT = np.array(["007", "Ann", "anna"], dtype=object)


def test_an_account_is_found_by_number_or_text() -> None:
    assert find_account(WHOLE, "8151") == find_account(WHOLE, 8151) == 2
    assert find_account(TEXT, "007") == 0
    assert find_account(np.array(["5"], dtype=object), 5) == 0


@pytest.mark.parametrize(
    ("labels", "label", "expected"),
    [
        (WHOLE, "8152", "whole numbers, '7' to '8151'). Did you mean '815' or '8151'?"),
        (WHOLE, "8151.0", "whole numbers, '7' to '8151'). Did you mean '8151'?"),
        (WHOLE, "-7", "whole numbers, '7' to '8151')."),
        (WHOLE, "ceo", "whole numbers, '7' to '8151')."),
        (WHOLE, str(2**64), "whole numbers, '7' to '8151')."),
        (TEXT, "7", "text, '007' to 'anna')."),
        (TEXT, "@ann", "text, '007' to 'anna'). Did you mean 'Ann'?"),
        (TEXT, "annna", "text, '007' to 'anna'). Did you mean 'anna'?"),
    ],
)
def test_an_unknown_account_is_refused_with_near_ones(
    labels: np.ndarray, label: str, expected: str
) -> None:
    with pytest.raises(InputError) as error:
        find_account(labels, label, "ours.ceo.account")
    start = f"ours.ceo.account: '{label}' is not among the 3 accounts of the follows ("
    assert str(error.value) == start + expected


# --- real graphs, counted in the evidence ------------------------------------------------------


def reciprocity(read: FollowsRead) -> float:
    accounts = len(read.labels)
    keys = read.followee.astype(np.int64) * accounts + read.follower
    return float(np.isin(read.follower.astype(np.int64) * accounts + read.followee, keys).mean())


@needs_athletes
def test_the_athletes_as_counted() -> None:
    folder = DATA / "olympics_multiview"
    read = read_follows(folder / "follows.csv.gz", "src", "dst")
    table = read_accounts(folder / "nodes.csv.gz", "node")
    assert len(read.follower) == 10_642
    assert len(table.labels) == 464
    # One of the 464 follows nobody and is followed by nobody, so the follows hold one fewer.
    assert set(table.labels.tolist()) - set(read.labels.tolist()) == {409}
    assert len(set(table.texts("sport_class").tolist())) == 28
    with pytest.raises(InputError, match=r"nodes\.csv\.gz:410: id: 1 of the 464 .*'409'"):
        match_accounts(read.labels, table)
    rows, _ = match_accounts(read.labels, table, "leave out")
    sport = table.texts("sport_class")[rows]
    inside = float(np.mean(sport[read.follower] == sport[read.followee]))
    assert round(inside, 2) == 0.53


@needs_athletes
def test_the_direction_of_the_athletes_fits_their_retweets() -> None:
    """A retweet goes to somebody one follows: 86.9% of pairs as read, far fewer if swapped."""
    folder = DATA / "olympics_multiview"
    retweets = pairs(read_follows(folder / "retweets.csv.gz", "src", "dst"))
    right = pairs(read_follows(folder / "follows.csv.gz", "src", "dst"))
    wrong = pairs(read_follows(folder / "follows.csv.gz", "dst", "src"))
    assert len(retweets) == 3_740
    assert round(len(retweets & right) / len(retweets), 3) == 0.869
    assert len(retweets & wrong) / len(retweets) < 0.8


@needs_ego
def test_the_ego_graph_as_counted() -> None:
    read = read_follows(DATA / "ego_twitter" / "twitter_combined_rebuilt.txt.gz", 1, 2)
    assert read.report[0] == (
        "read 1,768,149 lines of twitter_combined_rebuilt.txt.gz: 81,306 accounts, "
        "1,768,135 follows; dropped 14 self-follows, 0 duplicates"
    )
    assert np.bincount(read.followee).max() == 3_383  # "in": the most followers
    assert np.bincount(read.follower).max() == 1_205  # "out": the most followees
    assert round(reciprocity(read), 3) == 0.482
    assert find_account(read.labels, "115485051") == np.bincount(read.followee).argmax()


def test_reading_compiles_nothing() -> None:
    code = "import sys; import propagation.audience.importing; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the how-to and its scenarios --------------------------------------------------------------

ROOT = Path(__file__).parents[1]
HOW_TO = (ROOT / "docs" / "real-data.md").read_text(encoding="utf-8")


def follows_of(scenario: Scenario) -> FollowsRead:
    graph = scenario.graph
    assert isinstance(graph, FollowsFile)
    path = ROOT / "scenarios" / graph.follows
    return read_follows(path, graph.follower, graph.followee, graph.ids)


@needs_athletes
def test_the_how_to_tells_what_is_read_of_the_athletes(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = read_scenario(ROOT / "scenarios" / "athletes.yaml")
    read = follows_of(scenario)
    accounts = scenario.accounts
    assert accounts is not None
    assert accounts.table
    assert accounts.id
    assert accounts.segment
    monkeypatch.chdir((ROOT / "scenarios" / accounts.table).parent)
    table = read_accounts("nodes.csv.gz", accounts.id)
    assert all(line in HOW_TO for line in read.report)
    with pytest.raises(InputError) as error:
        match_accounts(read.labels, table)
    assert str(error.value) in HOW_TO
    rows, _ = match_accounts(read.labels, table, "leave out")
    sport = table.texts(accounts.segment)[rows]
    counts = {}
    for name, our in scenario.ours.items():
        account = find_account(read.labels, our.account or "")
        followers = read.follower[read.followee == account]
        counts[name] = (sport[account], len(followers), int(np.sum(sport[followers] == "14")))
    assert counts == {"insider": ("14", 51, 41), "star": ("2", 201, 23)}
    assert "| 315, the insider | 14 | 51 | 41 |\n| 455, the star | 2 | 201 | 23 |" in HOW_TO


@needs_ego
def test_the_how_to_tells_what_is_read_of_the_ego_graph() -> None:
    scenario = read_scenario(ROOT / "scenarios" / "ego-twitter.yaml")
    read = follows_of(scenario)
    assert all(line in HOW_TO for line in read.report)
    counts = np.bincount(read.followee, minlength=len(read.labels))
    for our in scenario.ours.values():
        account = find_account(read.labels, our.account or "")
        second = counts[read.follower[read.followee == account]].sum()
        assert re.search(rf"\| {our.account}, .* \| {counts[account]:,} \| {second:,} \|", HOW_TO)
