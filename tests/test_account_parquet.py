"""Tables in Parquet are read as the CSV file that holds the same, and refused in one line."""

import decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv as arrow_csv

from propagation.audience import parquet_tables
from propagation.audience.importing import match_accounts, read_accounts, read_follows
from propagation.experiment.runner import Run
from propagation.problems import InputError
from propagation.scenario.reading import read_scenario


def write(folder: Path, columns: dict[str, object], name: str = "accounts.parquet") -> Path:
    path = folder / name
    pq.write_table(pa.table(columns), path)
    return path


def refused(path: Path, id: str = "node", column: str | None = None) -> list[str]:
    with pytest.raises(InputError) as error:
        read_accounts(path, id).numbers(column or id)
    return [str(problem).removeprefix(f"{path}: ") for problem in error.value.problems]


NUMBERS = {
    "int8": pa.array([1, 2, 3], pa.int8()),
    "unsigned": pa.array([1, 2, 3], pa.uint64()),
    "float": pa.array([0.1, 1e-7, 1e300]),
    "float32": pa.array([0.1, 0.2, 0.3], pa.float32()),
    "decimal": pa.array([decimal.Decimal("0.50"), decimal.Decimal(1), decimal.Decimal(2)]),
    "coded numbers": pa.array([5, 6, 5]).dictionary_encode(),
    "numbers as text": pa.array(["0.25", " 1e-3 ", "2"]),
    "coded text": pa.array(["0.25", "1", "0.25"]).dictionary_encode(),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_every_kind_are_numbers(tmp_path: Path, name: str) -> None:
    column = NUMBERS[name]
    table = read_accounts(write(tmp_path, {"node": [1, 2, 3], "x": column}), "node")
    expected = [float(value) for value in column.to_pylist()]
    if name == "float32":  # shortest decimals, as in the CSV file
        expected = [0.1, 0.2, 0.3]
    assert table.numbers("x").tolist() == expected


def test_it_is_read_as_the_csv_file_that_holds_the_same(tmp_path: Path) -> None:
    ids, traits, segments = [30, 1, 2], [0.5, 0.25, 1e-3], ["a", "b", "a"]
    packed = read_accounts(write(tmp_path, {"node": ids, "x": traits, "s": segments}), "node")
    rows = zip(ids, traits, segments, strict=True)
    csv = tmp_path / "accounts.csv"
    csv.write_text("node,x,s\n" + "".join(f"{i},{x!r},{s}\n" for i, x, s in rows))
    plain = read_accounts(csv, "node")
    assert packed.labels.tolist() == plain.labels.tolist() == ids
    assert packed.numbers("x").tolist() == plain.numbers("x").tolist() == traits
    assert packed.texts("s").tolist() == plain.texts("s").tolist() == segments
    assert packed.columns.keys() == plain.columns.keys()
    labels = np.array([1, 2, 30])
    assert match_accounts(labels, packed)[0].tolist() == match_accounts(labels, plain)[0].tolist()


WRONG: dict[str, tuple[object, list[str]]] = {
    "null": (
        pa.array([0.5, None, None]),
        ["column 'x', row 2: is empty (2 rows: 2, 3)"],
    ),
    "bool": (
        pa.array([True, False, True]),
        [
            "column 'x', row 1: 'true' is not a number such as 0.25 or 1e-3 (3 rows: 1, 2, 3)",
        ],
    ),
    "not finite": (
        pa.array([1.0, float("nan"), 2.0]),
        ["column 'x', row 2: 'nan' is not a number such as 0.25 or 1e-3"],
    ),
    "text": (
        pa.array(["1", "much", None]).dictionary_encode(),
        [
            "column 'x', row 2: 'much' is not a number such as 0.25 or 1e-3",
            "column 'x', row 3: is empty",
        ],
    ),
    "lists": (
        pa.array([[1], [2], [3]]),
        ["column: column 'x' holds list<element: int64>: text or numbers are read"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_cells_that_are_no_numbers_are_refused_with_their_row(tmp_path: Path, case: str) -> None:
    column, expected = WRONG[case]
    path = write(tmp_path, {"node": [1, 2, 3], "x": column})
    assert sorted(refused(path, column="x")) == sorted(expected)


BAD_IDS: dict[str, tuple[object, str]] = {
    "decimals": (
        [1.0, 2.0],
        "column 'node': holds double, but ids must be whole numbers (int64) or text: save them so",
    ),
    "bools": (
        [True, False],
        "column 'node': holds bool, but ids must be whole numbers (int64) or text: save them so",
    ),
    "repeated": (
        [7, 7],
        "column 'node', row 2: '7' has 2 rows, one is allowed (rows 1, 2)",
    ),
    "null": ([7, None], "column 'node', row 2: is empty, but every row needs it"),
    "none": (pa.array([], pa.int64()), "holds no accounts"),
    "other name": ({"nodes": [1]}, "id: 'node' is not one of the columns: 'nodes'. Did you mean"),
}


@pytest.mark.parametrize("case", BAD_IDS)
def test_ids_are_refused(tmp_path: Path, case: str) -> None:
    ids, expected = BAD_IDS[case]
    path = write(tmp_path, ids if isinstance(ids, dict) else {"node": ids})
    (told,) = refused(path)
    assert told.startswith(expected)


def test_rows_without_follows_are_told_by_number(tmp_path: Path) -> None:
    table = read_accounts(write(tmp_path, {"node": [1, 2, 9]}), "node")
    with pytest.raises(InputError, match=r"id, row 3: 1 of the 3 accounts .* are not in"):
        match_accounts(np.array([1, 2]), table)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accounts.parquet"
    path.write_text("node\n1\n")
    assert refused(path) == ["is no Parquet file: give it the ending of what it is, such as .csv"]
    whole = write(tmp_path, {"node": list(range(1000))}).read_bytes()
    for content in (whole[: len(whole) // 2], whole[:50] + b"?" * 40 + whole[90:]):
        path.write_bytes(content)
        (told,) = refused(path)
        assert told.startswith("is a damaged Parquet file, copy or write it again (")
        assert "\n" not in told
    (told,) = refused(tmp_path / "acounts.parquet")
    assert told == "there is no such file. Did you mean 'accounts.parquet'?"


def test_a_small_file_cannot_claim_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = pa.array(np.zeros(100_000, np.int32))
    path = write(tmp_path, {"node": pa.DictionaryArray.from_arrays(few, ["x" * 900])})
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(parquet_tables, "MOST_TEXT", 10_000_000)
    assert refused(path) == [
        "column 'node': holds more than 10,000,000 bytes of text: leave columns out"
    ]
    monkeypatch.setattr(parquet_tables, "MOST_ROWS", 1000)
    assert refused(path) == ["says that it holds 100,000 rows; at most 1,000 are read"]


def test_follows_are_read_from_parquet_as_from_text(tmp_path: Path) -> None:
    src, dst = [1, 2, 3, 3, 3], [2, 3, 1, 1, 3]
    path = write(tmp_path, {"src": src, "dst": dst, "tags": [["a"]] * 5}, "follows.parquet")
    csv = tmp_path / "follows.csv"
    csv.write_text("src,dst\n" + "".join(f"{a},{b}\n" for a, b in zip(src, dst, strict=True)))
    packed, plain = (read_follows(each, "src", "dst") for each in (path, csv))
    assert packed.follower.tolist() == plain.follower.tolist()
    assert packed.followee.tolist() == plain.followee.tolist()
    assert packed.report[0] == (
        "read 5 rows of follows.parquet: 3 accounts, 3 follows; dropped 1 self-follows, "
        "1 duplicates"
    )
    assert packed.report[1:] == plain.report[1:]
    assert packed.selfish == plain.selfish == 1
    swapped = read_follows(path, "dst", "src")
    assert swapped.follower.tolist() != packed.follower.tolist()


def test_columns_of_follows_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"src": [1], "dst": [2], "odd": [0.5]}, "follows.parquet")
    with pytest.raises(InputError, match="read by the names of its columns, not by 1: 'src'"):
        read_follows(path, 1, "dst")
    with pytest.raises(InputError, match="column 'odd': holds double, but ids must be whole"):
        read_follows(path, "src", "odd")


SCENARIO = """\
name: net
seed: 5
replicates: 20
graph: {{follows: follows.{kind}, follower: src, followee: dst}}
accounts: {{table: accounts.{kind}, id: node, attention: {{column: x}}, interest: {{news: 0.8}}}}
ours: {{one: {{account: "0"}}, two: {{account: "1"}}}}
messages: {{hello: {{topic: news, resonance: 0.5}}}}
strategies:
  first: [{{post: hello, by: one, at: 0 h}}]
  second: [{{post: hello, by: two, at: 0 h}}]
compare: {{on: reach, baseline: first}}
"""


def test_runs_are_byte_equal_to_those_of_csv_and_can_be_made_again(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    follows = {"src": draw.integers(0, 40, 300), "dst": draw.integers(0, 40, 300)}
    accounts = {"node": np.arange(40), "x": draw.random(40)}
    for name, columns in (("follows", follows), ("accounts", accounts)):
        table = pa.table(columns)
        pq.write_table(table, tmp_path / f"{name}.parquet")
        arrow_csv.write_csv(table, tmp_path / f"{name}.csv")
    runs = {}
    for kind in ("csv", "parquet"):
        path = tmp_path / f"{kind}.yaml"
        path.write_text(SCENARIO.format(kind=kind))
        Run(read_scenario(path), tmp_path, tmp_path / kind)()
        runs[kind] = (tmp_path / kind / "runs.parquet").read_bytes()
    assert runs["parquet"] == runs["csv"]
    stored = read_scenario(tmp_path / "parquet" / "scenario.yaml")
    assert stored.accounts is not None
    assert (stored.accounts.table, len(str(stored.accounts.sha256))) == ("../accounts.parquet", 64)
    write(tmp_path, {"node": np.arange(40), "x": draw.random(40)})
    with pytest.raises(InputError, match=r"'accounts.parquet' has changed since its checksum"):
        Run(stored, tmp_path / "parquet", tmp_path / "changed")()
