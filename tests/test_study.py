"""All that a scenario asks for besides its runs, through the command line and the report."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from varied import SMALL

from propagation.cli import app
from propagation.experiment.storage import SUMMARY, UNCERTAIN

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
