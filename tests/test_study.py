"""All that a scenario asks for besides its runs, through the command line and the report."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from varied import SMALL

from propagation.cli import app
from propagation.experiment.storage import SUMMARY, UNCERTAIN, ResultsFolder
from propagation.exploration.study import Study
from propagation.problems import InputError, Problem

AUDIENCE = "ours.broadcaster.followers.public"
BLOCKS = f"""
break even: {{vary: {AUDIENCE}, from: 10, to: 900, at most: 300}}
uncertain:
  messages.call.resonance: [0.05, 0.3]
  segments.public.attention: [0.1, 0.4]
exploring: {{points: 4, replicates: 20}}
sweep:
  over: {{{AUDIENCE}: [50, 200, 600]}}
  replicates: 20
"""


def _call(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explored")
    (folder / "s.yaml").write_text(SMALL + BLOCKS, encoding="utf-8")
    code, _, err = _call("run", str(folder / "s.yaml"), "--out", str(folder / "out"))
    assert code == 0, err
    return folder


def test_the_verdict_tells_the_range_over_what_is_uncertain_first(explored: Path) -> None:
    summary = json.loads((explored / "out" / SUMMARY).read_text(encoding="utf-8"))
    first, *rest = summary["verdict"]
    assert first.startswith("Over what is uncertain")
    by_simulation = next(i for i, each in enumerate(rest) if "simulation error alone" in each)
    as_written = next(i for i, each in enumerate(rest) if each == summary["verdict_of_runs"][0])
    assert by_simulation < as_written
    assert summary["verdict"][-1] == summary["verdict_of_runs"][-1]
    assert {"uncertain", "break_even", "sweep", "why"} <= set(summary)
    assert (explored / "out" / UNCERTAIN).is_file()


def test_the_report_leads_with_it_too(explored: Path) -> None:
    page = (explored / "out" / "report.html").read_text(encoding="utf-8")
    answer = page[page.index('class="answer"') :]
    assert "of what is uncertain" in answer[: answer.index("</p>")]
    assert answer.index("of what is uncertain") < answer.index("As the scenario is written")


def test_factors_multiply_to_the_simulated_ratio(explored: Path) -> None:
    (why,) = json.loads((explored / "out" / SUMMARY).read_text(encoding="utf-8"))["why"]
    product = 1.0
    for factor in why["factors"]:
        product *= factor["value"]
    assert product == pytest.approx(why["ratio"]["mean"])
    assert len(why["factors"]) == 5


def test_a_tie_can_be_asked_for_on_the_command_line(explored: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SMALL, encoding="utf-8")
    words = ("break-even", str(path), "--vary", AUDIENCE, "--from", "10", "--at-most", "300")
    code, out, err = _call(*words, "--json")
    assert code == 0, err
    found = json.loads(out)
    stored = json.loads((explored / "out" / SUMMARY).read_text(encoding="utf-8"))["break_even"]
    assert found["to"] == 900  # the whole segment
    assert (found["value"], found["low"], found["high"]) == tuple(
        stored[part] for part in ("value", "low", "high")
    )
    code, out, _ = _call("break-even", str(explored / "s.yaml"))
    assert code == 0
    assert "over what is uncertain" in out
    assert "60 followers of organiser equal" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--vary: is needed"),
        (("--vary", "ours.broadcaster.followers.publi"), "Did you mean 'public'"),
        (("--vary", "messages.call.resonance"), "--from: is needed"),
        (("--vary", AUDIENCE, "--from", "9", "--to", "3"), "must be below"),
        (("--vary", AUDIENCE, "--to", "901"), "900 accounts"),
        (("--vary", AUDIENCE, "--between", "small", "larg"), "Did you mean 'large'"),
        (("--vary", AUDIENCE, "--within", "0"), "above 0"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SMALL, encoding="utf-8")
    code, out, err = _call("break-even", str(path), *words)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_check_foresees_what_is_explored(explored: Path) -> None:
    code, out, _ = _call("check", str(explored / "s.yaml"))
    assert code == 0
    assert "a sweep of 3 points, 20 replicates of 2 strategies at each: 120 runs" in out
    assert "16 combinations of what is uncertain" in out
    assert "a tie in the followers of broadcaster from public" in out


def _written(folder: Path, blocks: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(SMALL + blocks, encoding="utf-8")
    return path


TOGETHER = """
sweep:
  over:
    segments.public.accounts: [400, 900]
    ours.broadcaster.followers.public: [100, 500]
  replicates: 5
"""


@pytest.mark.parametrize("command", ["check", "run"])
def test_points_that_cannot_be_are_told_before_anything_runs(tmp_path: Path, command: str) -> None:
    path = _written(tmp_path, TOGETHER.replace("500", "800").replace("400", "600"))
    out = ("--out", str(tmp_path / "out")) if command == "run" else ()
    code, printed, err = _call(command, str(path), *out)
    assert (code, printed) == (2, "")
    assert "sweep.over" in err
    assert "800 followers are more than the 600 accounts" in err
    assert not (tmp_path / "out").exists()


PARTS_ASKED = """
uncertain: {messages.call.resonance: [0.05, 0.3]}
exploring: {points: 2, replicates: 6}
sweep: {over: {ours.broadcaster.followers.public: [50, 200]}, replicates: 6}
"""


def test_a_part_that_fails_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = _written(tmp_path, PARTS_ASKED), tmp_path / "out"

    def fails(study: Study, folder: ResultsFolder) -> None:
        raise InputError(Problem("cannot be run", "sweep"))

    with monkeypatch.context() as patched:
        patched.setattr(Study, "_sweep", fails)
        code, _, _ = _call("run", str(path), "--out", str(out))
    assert code == 2
    summary = json.loads((out / SUMMARY).read_text(encoding="utf-8"))
    assert "uncertain" in summary
    assert "sweep" not in summary
    assert summary["verdict"][0].startswith("Over what is uncertain")
    code, _, _ = _call("run", str(path), "--out", str(out), "--no-report")
    assert code == 0
    assert "sweep" in json.loads((out / SUMMARY).read_text(encoding="utf-8"))


def test_an_answer_never_stands_for_another_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped right after the new question was stored, the old answer must be gone."""
    out = tmp_path / "out"
    _call("run", str(_written(tmp_path, PARTS_ASKED)), "--out", str(out), "--no-report")
    path = _written(tmp_path, PARTS_ASKED.replace("[0.05, 0.3]", "[0.01, 0.02]"))

    def stops(study: Study, part: str, summary: object, folder: ResultsFolder) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Study, "_add", stops)
        code, _, err = _call("run", str(path), "--out", str(out), "--no-report")
    assert code == 130
    assert "the same command goes on" in err
    _call("run", str(path), "--out", str(out), "--no-report")
    (told,) = json.loads((out / SUMMARY).read_text(encoding="utf-8"))["uncertain"]["inputs"]
    assert (told["low"], told["high"]) == (0.01, 0.02)


def test_equal_audiences_are_never_said_to_differ(tmp_path: Path) -> None:
    """Luck that all combinations share moves all of them alike: that is no finding."""
    text = SMALL.replace("{activists: 60}", "{public: 300}").replace("public: 500", "public: 300")
    for seed in (1, 2, 3, 4, 5):
        path = tmp_path / f"{seed}.yaml"
        path.write_text(
            text.replace("seed: 3", f"seed: {seed}").replace("draws: 2", "draws: 10") + PARTS_ASKED,
            encoding="utf-8",
        )
        out = tmp_path / f"out-{seed}"
        code, _, err = _call("run", str(path), "--out", str(out), "--no-report")
        assert code == 0, err
        (pair,) = json.loads((out / SUMMARY).read_text(encoding="utf-8"))["uncertain"]["pairs"]
        assert max(pair["surely_ahead"], pair["surely_behind"]) < 1
        assert pair["shift"] > 0
