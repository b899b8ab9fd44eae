"""Finished runs of several scenarios compared: pairing, answers, what differs, what is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from campaigns import DRAWN, REAL, run, write_campaign
from scipy import stats
from typer.testing import CliRunner, Result

from propagation import cli
from propagation.experiment.across import compare_folders, short_names
from propagation.experiment.across_words import change_lines, verdict
from propagation.experiment.contrasts import Sample, contrast, why_not_paired
from propagation.experiment.finished import Finished, read_finished
from propagation.experiment.intervals import moments
from propagation.experiment.pair_answers import answers
from propagation.experiment.scenario_differences import Change, changes, doubts
from propagation.experiment.summary import Standing
from propagation.problems import InputError
from propagation.scenario.reading import parse_scenario

VARIANTS = {
    "base": DRAWN,
    "keen": DRAWN.replace("interest: {news: 0.1}", "interest: {news: 0.4}"),
    "seeded": DRAWN.replace("seed: 3", "seed: 4"),
    "worlds": DRAWN.replace("draws: 3", "draws: 4"),
    "longer": DRAWN.replace("replicates: 13", "replicates: 20"),
    "other": DRAWN.replace("  small: [", "  little: [")
    .replace("  large: [", "  big: [")
    .replace("baseline: large", "baseline: big"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("across")
    for name, text in VARIANTS.items():
        assert name == "base" or text != DRAWN
        run(write_campaign(home / "in", text, name=name), home / name)
    return home


def of(home: Path, *names: str) -> list[Path]:
    return [home / name for name in names]


# --- one strategy in two folders, worked by hand ---


def sample(values: list[float], draws: int = 1, *, heavy: bool = False) -> Sample:
    found = np.array(values)
    return Sample("x", found, np.arange(len(found)) % draws, heavy)


OURS = [14.0, 16.0, 18.0, 12.0, 99.0]
THEIRS = [11.0, 16.0, 15.0, 14.0]


def found_of(ours: Sample, theirs: Sample, *, paired: bool, metric: str = "reach", count: int = 1):
    return contrast(
        "a", metric, ours, theirs, paired=paired, matters=0.05, seed=1, comparisons=count
    )


def test_pairs_are_over_the_replicates_that_both_have() -> None:
    found = found_of(sample(OURS), sample(THEIRS), paired=True)
    assert found.replicates == 4
    gains = np.array([3.0, 0.0, 3.0, -2.0])
    assert found.difference == moments(gains, np.zeros(4, np.int64)).interval()
    assert found.difference.mean == pytest.approx(1.0)
    assert found.ratio.mean == pytest.approx(60 / 56)
    assert found.probability_better.mean == pytest.approx(2.5 / 4)
    assert found.ours.mean == pytest.approx(15.0)  # not of the run that only one has
    assert found.unpaired.low is None
    assert found.variance_ratio == pytest.approx(4.5 / 8.5)


def test_unpaired_samples_count_every_run() -> None:
    found = found_of(sample(OURS), sample(THEIRS), paired=False)
    welch = stats.ttest_ind(OURS, THEIRS, equal_var=False).confidence_interval()
    assert found.replicates is None
    assert found.variance_ratio is None
    assert found.probability_better.mean is None
    assert found.difference.mean == pytest.approx(159 / 5 - 14)
    assert found.ratio.mean == pytest.approx(159 / 5 / 14)
    # 14: 1.5, 16: 3.5, 18: 4, 12: 1, 99: 4 of 4 each
    assert found.unpaired.mean == pytest.approx(14 / 20)
    # skewed: Welch's lower end, and an upper end moved outwards
    assert found.difference.low == pytest.approx(welch.low)
    assert found.difference.high > welch.high


def test_luck_in_common_makes_the_interval_narrow_and_only_if_it_is_matched() -> None:
    rng = np.random.default_rng(8)
    world = rng.gamma(2, 50, 400)
    ours, theirs = sample(list(world * 1.1), 10), sample(list(world), 10)

    def width(found):
        return found.difference.high - found.difference.low

    paired = found_of(ours, theirs, paired=True)
    assert paired.standing is Standing.BETTER
    assert width(paired) < width(found_of(ours, theirs, paired=False)) / 4
    # the fault it guards against: runs matched that have nothing in common gain nothing
    mixed = replace(ours, values=rng.permutation(ours.values))
    assert found_of(mixed, theirs, paired=True).variance_ratio > 0.8
    assert paired.variance_ratio < 0.05


def test_lower_is_better_for_times() -> None:
    low, high = sample([1.0, 2.0, 1.5, 1.2] * 30), sample([8.0, 9.0, 8.5, 8.1] * 30)
    for paired in (True, False):
        found = found_of(low, high, paired=paired, metric="time_to_half")
        assert found.standing is Standing.BETTER
        assert found.chance.mean == 1.0
        assert found_of(low, high, paired=paired).standing is Standing.WORSE


def test_a_difference_within_what_matters_is_none() -> None:
    base = [100.0, 101.0, 99.0, 100.5] * 20
    found = found_of(sample([x + 1 for x in base]), sample(base), paired=True)
    assert found.standing is Standing.SAME
    far = found_of(sample([x + 20 for x in base]), sample(base), paired=True)
    assert (far.standing, far.matters) == (Standing.BETTER, True)


def test_heavy_tails_as_the_summary_says_leave_only_chances() -> None:
    for paired in (True, False):
        found = found_of(
            sample([9.0, 8.0, 7.0] * 40, heavy=True), sample([1.0, 2.0, 3.0] * 40), paired=paired
        )
        assert found.heavy
        assert found.difference.mean == pytest.approx(6.0)
        assert found.difference.low is found.ratio.mean is None
        assert found.standing is Standing.BETTER  # by the chance
        assert found.as_dict()["ratio"] is None


def test_intervals_hold_together() -> None:
    for paired in (True, False):
        one, five = (
            found_of(sample(OURS), sample(THEIRS), paired=paired, count=count) for count in (1, 5)
        )
        assert five.difference.low < one.difference.low
        assert five.chance.low < one.chance.low


# --- folders ---


def test_the_same_seed_and_draws_pair_replicates(home: Path) -> None:
    found = compare_folders(of(home, "base", "keen"))
    assert found.metric == "reach"
    assert found.apart == {"keen": ""}
    runs = {name: each.runs["large"]["reach"] for name, each in found.folders.items()}
    large = next(each for each in found.contrasts if each.strategy == "large")
    assert large.difference.mean == pytest.approx(np.mean(runs["keen"] - runs["base"]))
    # more interest never shrinks a cascade with the same luck
    assert (runs["keen"] >= runs["base"]).all()
    assert large.probability_better.mean > 0.5
    assert large.replicates == 13
    assert [each.strategy for each in found.contrasts] == ["small", "large"]


@pytest.mark.parametrize(("name", "word"), [("seeded", "seeds"), ("worlds", "draws")])
def test_other_seeds_or_draws_are_not_paired(home: Path, name: str, word: str) -> None:
    found = compare_folders(of(home, "base", name))
    assert word in found.apart[name]
    assert not any(each.paired for each in found.contrasts)
    assert f"because their {word} differ" in "\n".join(verdict(found))
    one, other = (read_finished(path) for path in of(home, "base", name))
    assert why_not_paired(one, other)
    assert not why_not_paired(one, one)


def test_more_replicates_of_the_same_scenario_make_no_difference(home: Path) -> None:
    found = compare_folders(of(home, "base", "longer"))
    for each in found.contrasts:
        assert each.difference.as_dict() == {"mean": 0, "low": 0, "high": 0}
        assert each.standing is Standing.SAME
        assert each.replicates == 13
    text = "\n".join(verdict(found))
    assert "Over the 13 pairs of runs, small reaches" in text
    assert "no practical difference" in text
    assert [each.path for each in found.changes["longer"]] == ["replicates"]


def test_outcomes_are_those_of_the_summaries(home: Path) -> None:
    found = compare_folders(of(home, "base", "keen"), "valued reach", ["large"])
    assert found.metric == "valued_reach"
    for name in ("base", "keen"):
        stored = json.loads((home / name / "summary.json").read_text())
        assert found.outcomes[name] == {"large": stored["strategies"]["large"]["valued_reach"]}
    assert [each.strategy for each in found.contrasts] == ["large"]
    assert found.answers == ()  # the baseline alone is compared with nothing


def heavy(home: Path, tmp_path: Path, name: str) -> Path:
    """Return a copy of a folder whose summary calls small's reach heavy."""
    shutil.copytree(home / name, tmp_path / "heavy")
    path = tmp_path / "heavy" / "summary.json"
    summary = json.loads(path.read_text())
    summary["strategies"]["small"]["reach"] |= {"heavy": True, "low": None, "high": None}
    path.write_text(json.dumps(summary))
    return path.parent


def test_the_flag_of_heavy_tails_is_read_and_not_found_again(home: Path, tmp_path: Path) -> None:
    found = compare_folders([home / "base", heavy(home, tmp_path, "keen")])
    assert {each.strategy: each.heavy for each in found.contrasts} == {
        "small": True,
        "large": False,
    }
    text = "\n".join(verdict(found))
    assert "In the median campaign small reaches" in text
    assert "means are not compared" in text
    names = [f"{folder}: {one}" for folder in ("base", "heavy") for one in ("small", "large")]
    assert len(found.levels) == 2
    for level in found.levels:
        assert list(level.chances) == names
        reached = found.folders["heavy"].runs["small"]["reach"] >= level.level
        assert level.chances["heavy: small"].mean == pytest.approx(reached.mean())
        assert f"At least {level.level:,g} in raw reach: base: small in" in text
    assert compare_folders(of(home, "base", "keen")).levels == ()


# --- does the answer survive ---


def with_difference(finished: Finished, low: float, high: float, name: str = "small") -> Finished:
    """Return a run whose summary has this difference of reach from a baseline of mean 100."""
    runs = {
        each: {**columns, "reach": np.full(13, 100.0)} for each, columns in finished.runs.items()
    }
    kept = [
        {
            **each,
            "strategy": name,
            "difference": {"mean": (low + high) / 2, "low": low, "high": high},
        }
        for each in finished.summary["differences"]
        if each["metric"] == "reach"
    ]
    summary = MappingProxyType({**finished.summary, "differences": kept})
    return replace(finished, runs=runs, summary=summary)


STANDINGS = {
    (20.0, 30.0): Standing.BETTER,
    (-30.0, -20.0): Standing.WORSE,
    (-4.0, 4.0): Standing.SAME,
    (-20.0, 30.0): Standing.UNSETTLED,
}


@pytest.fixture
def base(home: Path) -> Finished:
    return read_finished(home / "base")


@pytest.mark.parametrize("limits", STANDINGS)
def test_answers_are_judged_as_a_verdict_judges(
    base: Finished, limits: tuple[float, float]
) -> None:
    folders = {"a": with_difference(base, *limits), "b": with_difference(base, 20, 30)}
    told = dict.fromkeys(folders, ("small", "large"))
    (answer,) = answers(folders, told, "reach", 0.05)
    assert [each.standing for each in answer.found] == [STANDINGS[limits], Standing.BETTER]
    assert answer.same == (STANDINGS[limits] is Standing.BETTER)


def survival(found, *limits: tuple[float, float]) -> str:
    folders = {
        name: with_difference(each, *limit)
        for (name, each), limit in zip(found.folders.items(), limits, strict=True)
    }
    told = dict.fromkeys(folders, ("small", "large"))
    changed = replace(found, folders=folders, answers=answers(folders, told, "reach", 0.05))
    return verdict(changed)[0]


def test_the_first_sentence_says_whether_the_answer_survives(home: Path) -> None:
    found = compare_folders(of(home, "base", "keen"))
    assert survival(found, (20, 30), (22, 40)) == (
        "In raw reach the answer is the same in both folders: small does better than large."
    )
    assert survival(found, (20, 30), (-5, 40)) == (
        "In raw reach the answer is not the same in all folders: small against large: better in "
        "base, not settled in keen."
    )
    assert survival(found, (20, 30), (-30, -20)).endswith("better in base, worse in keen.")
    assert survival(found, (-5, 40), (-5, 40)).endswith(
        "both folders: whether small does better than large is not settled."
    )
    three = compare_folders(of(home, "base", "keen", "seeded"))
    assert "the same in all 3 folders" in survival(three, (20, 30), (20, 30), (20, 30))


def test_folders_without_a_shared_name_are_laid_side_by_side_as_they_are(home: Path) -> None:
    found = compare_folders(of(home, "base", "other"))
    assert found.contrasts == ()
    (answer,) = found.answers
    assert [(each.folder, each.strategy, each.baseline) for each in answer.found] == [
        ("base", "small", "large"),
        ("other", "little", "big"),
    ]
    assert answer.same  # it is the same scenario under other names
    text = "\n".join(verdict(found))
    assert "small does worse than large" in text
    assert "little does worse than big" in text
    assert "none is compared with itself" in text


# --- what differs ---


def resolved(base: Finished, text: str) -> Finished:
    return replace(base, scenario=parse_scenario(text))


def test_the_paths_that_differ_are_listed(base: Finished) -> None:
    first = resolved(base, DRAWN)
    text = DRAWN.replace("interest: {news: 0.1}", "interest: {news: 0.4}").replace(
        "small: [{post: call, by: ceo, at: 0 h}]",
        "small: [{post: call, by: ceo, at: 0 h}, {post: echo, by: ceo, at: 1 h}]",
    )
    text = text.replace("name: tiny", "name: huge\nquestion: Why?")
    found = changes(first, resolved(base, text + "sources: {a: b}\n"))
    assert [str(each) for each in found] == [
        "segments.the public.interest.news: 0.1 -> 0.4",
        'strategies.small[1]: (nothing) -> {"post": "echo", "by": "ceo", "at": "1 h"}',
    ]
    assert found[0].as_dict() == {
        "path": "segments.the public.interest.news",
        "from": 0.1,
        "to": 0.4,
    }
    assert changes(first, first) == ()


def test_files_are_compared_by_what_is_in_them(tmp_path: Path) -> None:
    write_campaign(tmp_path / "in", REAL)
    run(tmp_path / "in" / "campaign.yaml", tmp_path / "one")
    run(tmp_path / "in" / "campaign.yaml", tmp_path / "deep" / "er")
    one, two = read_finished(tmp_path / "one"), read_finished(tmp_path / "deep" / "er")
    assert one.scenario.graph != two.scenario.graph  # paths relative to the folder
    assert changes(one, two) == ()
    (tmp_path / "in" / "follows.csv").write_text("src,dst\n0,1\n1,0\n2,0\n")
    accounts = "".join(f"{i},rowing,0.5\n" for i in range(3))
    (tmp_path / "in" / "accounts.csv").write_text("node,sport,attention\n" + accounts)
    text = (tmp_path / "in" / "campaign.yaml").read_text()
    text = text.replace("rowing: 5, diving: 10", "rowing: 2")
    (tmp_path / "in" / "campaign.yaml").write_text(text)
    run(tmp_path / "in" / "campaign.yaml", tmp_path / "three")
    paths = [each.path for each in changes(one, read_finished(tmp_path / "three"))]
    assert {"graph.sha256", "accounts.sha256"} <= set(paths)


def test_twelve_lines_and_a_count_of_the_rest(home: Path) -> None:
    found = compare_folders(of(home, "base", "keen"))
    many = tuple(Change(("a", i), i, i + 1) for i in range(15))
    lines = list(change_lines(replace(found, changes={"keen": many})))
    assert lines[:2] == ["What differs, base -> keen:", "  a[0]: 0 -> 1"]
    assert lines[13:] == ["  ... and 3 more differences"]
    assert list(change_lines(replace(found, changes={"keen": ()}))) == [
        "The scenarios of base and keen do not differ."
    ]


DOUBTS = {
    "relevant": (("horizon: 2 days", "horizon: 2 days\nrelevant: 20%"), "relevant_reach"),
    "horizon": (("horizon: 2 days", "horizon: none"), "reach"),
    "other values": (("value: 2", "value: 3"), "valued_reach"),
    "decide otherwise": (("response: single", "response: independent"), "reach"),
    "what matters": (("baseline: large", "baseline: large, matters: 9%"), "reach"),
    "baselines": (("baseline: large", "baseline: small"), "reach"),
}


def doubts_of(first: Finished, other: Finished, metric: str) -> str:
    return "\n".join(doubts({"a": first, "b": other}, {"a": ["small"], "b": ["small"]}, metric))


@pytest.mark.parametrize("word", DOUBTS)
def test_doubts_are_raised(base: Finished, word: str) -> None:
    change, metric = DOUBTS[word]
    other = resolved(base, DRAWN.replace(*change))
    assert word in doubts_of(base, other, metric)
    assert word not in doubts_of(base, base, metric)


def test_what_a_metric_does_not_count_raises_no_doubt(base: Finished) -> None:
    for word in ("relevant", "other values"):
        other = resolved(base, DRAWN.replace(*DOUBTS[word][0]))
        assert doubts_of(base, other, "reach") == doubts_of(base, base, "reach")
    named = DRAWN.replace("fans", "value")  # a segment by that name is no value
    keen = named.replace("interest: {news: 0.6}", "interest: {news: 0.7}")
    one, two = resolved(base, named), resolved(base, keen)
    assert doubts_of(one, two, "valued_reach") == doubts_of(one, one, "valued_reach")


def test_other_programs_and_engines_raise_doubts(base: Finished) -> None:
    for key, word in (("engine", "engine"), ("propagation", "version"), ("sources", "states")):
        other = replace(base, provenance={**base.provenance, key: "0"})
        assert word in doubts_of(base, other, "reach")
        assert word not in doubts_of(base, base, "reach")


def test_few_replicates_and_undefined_runs_raise_doubts(base: Finished) -> None:
    assert doubts_of(base, base, "reach").startswith("a has only 13 replicates")
    assert "a has only 3 draws" in doubts_of(base, base, "reach")
    assert "of small in a is defined in" in doubts_of(base, base, "doubling_time")


# --- names ---


def test_names_are_the_shortest_ends_that_differ() -> None:
    paths = [Path("/r/a/x"), Path("/r/b/x"), Path("/r/b/y")]
    assert short_names(paths) == ["a/x", "b/x", "y"]
    assert short_names([Path("/x"), Path("/r/x")]) == ["/x", "r/x"]


# --- the command ---


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["compare", *(str(one) for one in arguments)])


def test_the_command_prints_verdict_differences_and_tables(home: Path) -> None:
    result = call(*of(home, "base", "keen"))
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0].startswith("In raw reach the answer is ")
    assert any(line.startswith("Warning: base has only 13 replicates") for line in lines)
    at = lines.index("What differs, base -> keen:")
    assert lines[at + 1] == "  segments.the public.interest.news: 0.1 -> 0.4"
    for heading in ("mean (95% interval)", "less base", "strategy against baseline"):
        assert any(heading in line for line in lines[at:])


def test_json_is_strict_and_says_the_same(home: Path) -> None:
    result = call(*of(home, "base", "keen", "seeded"), "--json", "--on", "time_to_half")
    assert result.exit_code == 0, result.stderr

    def refuse(word: str) -> object:
        raise AssertionError(word)

    found = json.loads(result.stdout, parse_constant=refuse)
    assert list(found) == [
        *("metric", "baseline", "matters", "folders", "differences", "at_least", "answers"),
        *("changes", "verdict", "warnings"),
    ]
    assert (found["metric"], found["baseline"]) == ("time_to_half", "base")
    assert list(found["folders"]) == ["base", "keen", "seeded"]
    outcome = found["folders"]["keen"]["strategies"]["small"]
    stored = json.loads((home / "keen" / "summary.json").read_text())
    assert outcome == stored["strategies"]["small"]["time_to_half"]
    assert {(d["folder"], d["paired"]) for d in found["differences"]} == {
        ("keen", True),
        ("seeded", False),
    }
    for each in found["differences"]:
        assert (each["probability_better"] is None) == (not each["paired"])
        assert each["standing"] in [one.value for one in Standing]
    stored_difference = next(
        each for each in stored["differences"] if each["metric"] == "time_to_half"
    )
    told = next(each for each in found["answers"][0]["folders"] if each["folder"] == "keen")
    for key in ("difference", "ratio", "probability_better"):
        assert told[key] == stored_difference[key]


def test_everything_wrong_is_told_at_once_in_one_line_each(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    shutil.copytree(home / "base", tmp_path / "half")
    (tmp_path / "half" / "summary.json").unlink()
    folders = [*of(home, "base", "base", "nosuch"), tmp_path / "mine", tmp_path / "half"]
    result = call(*folders, "--on", "raech", "--strategy", "small")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines == [
        f"{home / 'base'}: stands here twice",
        f"{home / 'nosuch'}: there is no such folder",
        f"{tmp_path / 'mine'}: is no results folder written by 'propagation run'",
        f"{tmp_path / 'half'}: holds an unfinished run: go on with 'propagation run ... --resume'",
        lines[-1],
    ]
    assert lines[-1].startswith("--on: 'raech' is not one of: reach, relevant reach")
    assert "Did you mean 'reach'?" in lines[-1]


def test_one_folder_and_a_strategy_in_none_are_refused(home: Path) -> None:
    result = call(home / "base", "--strategy", "smal", "--strategy", "small")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "compare: needs two results folders or more",
        "--strategy: 'smal' is not one of: small, large. Did you mean 'small'?",
    ]


def test_a_folder_whose_tables_lack_a_strategy_is_refused(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "base", tmp_path / "lost")
    text = (tmp_path / "lost" / "scenario.yaml").read_text()
    (tmp_path / "lost" / "scenario.yaml").write_text(text.replace("small:", "smaller:"))
    with pytest.raises(InputError, match="has no runs of 'smaller'"):
        read_finished(tmp_path / "lost")


def test_a_folder_without_its_runs_is_refused(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "base", tmp_path / "kept")
    (tmp_path / "kept" / "runs.parquet").unlink()
    result = call(home / "base", tmp_path / "kept")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{tmp_path / 'kept'}: holds no runs.parquet")


def test_a_strategy_that_only_one_folder_has_may_be_asked_for(home: Path) -> None:
    result = call(*of(home, "base", "other"), "--strategy", "little")
    assert result.exit_code == 0, result.stderr
    assert "little" in result.stdout
