"""The memory foreseen is the memory taken: measured in processes of their own, on Linux."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from campaigns import REAL, write_campaign
from typer.testing import CliRunner

from benchmarks.memory import Case, campaign, drawn, holds, measure, peak, predict
from propagation import cli
from propagation.audience import memory
from propagation.experiment import campaign_footprint, footprint
from propagation.experiment.estimates import lies_in_a_file
from propagation.scenario.reading import parse_scenario

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what is private")
CASES = (
    Case("small", drawn(5_000, 2)),
    Case("large", drawn(700_000, 1, draws=4, topics=2, replicates=4), workers=2),
    Case("campaign", campaign(80_000, 160), workers=2),
    Case("agents", drawn(5_000, 2, replicates=2), workers=2, engine="mesa"),
)
DECISIVE = {
    "small": (("REPORT", "PROGRAM"),),
    "large": (("PROGRAM",), ("ACCOUNT",), ("PERSON",), ("THEORY_ACCOUNT",)),
    "campaign": (("ROW",),),
    "agents": (("PROCESS",),),
}
"""Constants that the cases cannot do without; the others need larger graphs to show."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Return the peak private memory of each case."""
    return {case.name: measure(case, tmp_path_factory.mktemp("memory"))[1] for case in CASES}


def foreseen(case: Case) -> int:
    return predict(parse_scenario(case.text), Path(), case)


@LINUX
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_foreseen_is_taken(case: Case, measured: dict[str, int]) -> None:
    assert holds(foreseen(case), measured[case.name]), (foreseen(case), measured[case.name])


@LINUX
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_constant_forgotten_is_noticed(
    case: Case, measured: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for names in DECISIVE[case.name]:
        with monkeypatch.context() as patched:
            for name in names:
                of = footprint if hasattr(footprint, name) else campaign_footprint
                patched.setattr(of, name, 0)
            assert not holds(foreseen(case), measured[case.name]), names


SIZE = footprint.Size(
    accounts=100_000,
    follows=3_000_000,
    worlds=4,
    drawn_at_once=2,
    is_drawn=True,
    is_clustered=False,
    is_mapped=False,
    interests=2,
    topics=1,
    messages=1,
    touched=1000,
    runs=1000,
    workers=2,
    in_processes=False,
    is_limited=False,
    asks=False,
    peels=False,
)


def test_more_of_anything_never_takes_less() -> None:
    least = footprint.peak(SIZE)
    together = replace(SIZE, worlds=20, is_clustered=True)
    assert footprint.peak(replace(together, drawn_at_once=20)) > footprint.peak(together)
    for name in ("accounts", "follows", "worlds", "interests", "topics"):
        assert footprint.peak(replace(SIZE, **{name: 10 * getattr(SIZE, name)})) > least, name
    for name in ("messages", "touched", "runs", "workers"):  # may fall into a lower peak
        assert footprint.peak(replace(SIZE, **{name: 10 * getattr(SIZE, name)})) >= least, name
        assert footprint.peak(replace(SIZE, **{name: 1000 * getattr(SIZE, name)})) > least, name
    for name in ("in_processes", "is_limited", "asks"):
        assert footprint.peak(replace(SIZE, **{name: True})) > least, name
    assert footprint.peak(replace(SIZE, follows=30_000_000, peels=True)) > footprint.peak(
        replace(SIZE, follows=30_000_000)
    )


CHOOSING = """\
  asking: [{seed: call, to: {choose: 5, by: acquaintance}, at: 0 h}]
  core: [{follow: {choose: 5, by: k-core}, by: us, topic: news, per day: 5, back: 0.1, at: 0 h}]
  named: [{seed: call, to: {named: ["fans 1"]}, at: 0 h}]
"""


@pytest.mark.parametrize(
    ("strategies", "attention", "expected"),
    [
        ((), "0.2", (False, False, False)),
        ((0, 2), "0.2", (False, True, False)),
        ((1,), "{capacity: 9, per followee: 1}", (True, False, True)),
    ],
)
def test_what_takes_memory_is_found_in_a_scenario(
    strategies: tuple[int, ...], attention: str, expected: tuple[bool, bool, bool]
) -> None:
    lines = "".join(f"{CHOOSING.splitlines()[i]}\n" for i in strategies)
    scenario = parse_scenario(
        "name: choosing\nsegments:\n  fans: {accounts: 90, interest: {news: 1}, "
        f"follows: {{mean: 5}}, attention: {attention}}}\n"
        "ours: {us: {followers: {fans: 5}}}\nmessages: {call: {topic: news, resonance: 1}}\n"
        f"strategies:\n  one: [{{post: call, by: us, at: 0 h}}]\n{lines}"
        "compare: {on: reach, baseline: one}\n"
    )
    size = footprint.size_of(
        scenario, 90, 450, [[10.0]] * (1 + len(strategies)), 2, "compiled", False
    )
    assert (size.is_limited, size.asks, size.peels) == expected


def test_a_mapped_graph_counts_no_follows() -> None:
    mapped = replace(SIZE, is_mapped=True, is_clustered=False)
    assert footprint.peak(mapped) == footprint.peak(replace(mapped, follows=10**9))


def test_an_array_is_known_to_lie_in_a_file(tmp_path: Path) -> None:
    np.arange(10, dtype=np.int32).tofile(tmp_path / "numbers")
    mapped = np.memmap(tmp_path / "numbers", np.int32, "r")
    assert lies_in_a_file(mapped)
    assert lies_in_a_file(np.asarray(mapped)[2:5])
    assert not lies_in_a_file(mapped.copy()[2:5])
    assert not lies_in_a_file(np.arange(3))


def test_what_does_not_fit_says_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``check`` names the size that ``run`` refuses, and both say what takes less."""
    file = tmp_path / "large.yaml"
    file.write_text(drawn(1_000_000, 30, draws=10))
    monkeypatch.setattr(memory, "free_memory", lambda: 10**9)
    monkeypatch.setattr("propagation.experiment.checking.free_memory", lambda: 10**9)
    checked = CliRunner().invoke(cli.app, ["check", str(file)])
    (said,) = (line for line in checked.stdout.splitlines() if line.startswith("# memory: "))
    assert said.endswith(
        "more than the 1.00 GB that are free: it would be refused, "
        "fewer accounts, follows, draws or workers need less"
    )
    ran = CliRunner().invoke(cli.app, ["run", str(file), "--out", str(tmp_path / "out")])
    assert (ran.exit_code, ran.stdout, len(ran.stderr.splitlines())) == (1, "", 1)
    gigabytes = float(said.split()[2])
    assert f"needs about {gigabytes:.1f} GB of memory, 1.0 GB are free" in ran.stderr
    assert not (tmp_path / "out").exists()


@LINUX
def test_a_given_graph_is_refused_once_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_campaign(tmp_path, REAL)
    held = memory.private_memory()
    assert held is not None
    monkeypatch.setattr(memory, "free_memory", lambda: 10**6)
    monkeypatch.setattr("propagation.experiment.estimates.private_memory", lambda: 10**6)
    ran = CliRunner().invoke(cli.app, ["run", str(file), "--out", str(tmp_path / "out")])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "needs about 0.3 GB of memory, 0.0 GB are free; fewer draws" in ran.stderr
    assert not (tmp_path / "out").exists()


@LINUX
def test_private_memory_is_what_is_measured() -> None:
    """A hundred megabytes of one's own count, and as many of a file's that is mapped do not."""
    base = "import mmap, time, tempfile\n"
    own = "x = bytearray(10**8)\nfor i in range(0, 10**8, 4096): x[i] = 1\ntime.sleep(0.2)"
    mapped = (
        "f = tempfile.TemporaryFile()\nf.truncate(10**8)\n"
        "m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\n"
        "s = sum(m[i] for i in range(0, 10**8, 4096))\ntime.sleep(0.2)"
    )
    least, filled, shared = (
        peak([sys.executable, "-c", base + code])[1] for code in ("time.sleep(0.2)", own, mapped)
    )
    assert 0.98e8 < filled - least < 1.1e8
    assert abs(shared - least) < 1e7


def test_more_of_a_campaign_never_takes_less() -> None:
    def bytes_of(text: str, rows: int = 100_000) -> int:
        return campaign_footprint.scenes(parse_scenario(text), 50_000, 1, [rows, rows])

    least = campaign(50_000, 120)
    assert bytes_of(drawn(50_000, 2)) == 0
    assert bytes_of(least, 1_000_000) > bytes_of(least) + 2 * 900_000 * 48
    for more in (
        least.replace("0.2", "{capacity: 10, per followee: 2}"),
        least.replace("at: 1 h", "every: 1 h, for: 120 h"),
        least.replace("  brand:", "  ceo: {followers: {public: 5}}\n  brand:"),
    ):
        assert bytes_of(more) > bytes_of(least), more


def test_rows_are_bounded_by_accounts_and_instances() -> None:
    assert campaign_footprint.rows_of([], 1000) == 0
    assert campaign_footprint.rows_of([10.0], 1000) == 100
    assert campaign_footprint.rows_of([10.0] * 9, 1000) == 180
    assert campaign_footprint.rows_of([900.0] * 9, 1000) == 9000
