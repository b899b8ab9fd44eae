"""What the page says besides the verdict: tables in plain words, method, citations, provenance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    counted,
    decimals,
    number,
    phrase,
    share,
    share_with_interval,
    span,
    with_interval,
)
from propagation.report.stored import Stored
from propagation.scenario.spec import METRIC_MEANINGS, NetworkxGraph, Scenario, as_written
from propagation.scenario.units import write_duration

HEADLINES = ("relevant_reach", "reach", "valued_reach", "shares", "time_to_half")


@dataclass(frozen=True)
class Table:
    """A table: its caption, its heading, and rows; the first cell of a row names it."""

    caption: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Any]]


def outcome_table(stored: Stored, strategies: Sequence[str]) -> Table:
    """Return mean, median and range of the headline metrics by strategy, the compared one first."""
    compared = stored.summary["metric"]
    metrics = [compared, *(metric for metric in HEADLINES if metric != compared)]
    rows = []
    for metric in metrics:
        for name in strategies:
            found = stored.summary["strategies"][name][metric]
            unit = " (hours)" if phrase(metric).times == "as long" else ""
            rows.append((f"{phrase(metric).label}{unit}", name, *_outcome_cells(found)))
    heading = ("Metric", "Strategy", "Mean (95% interval)", "Median", "8 of 10 campaigns")
    return Table("Results by strategy", heading, rows)


def _outcome_cells(found: Mapping[str, Any]) -> tuple[str, str, str]:
    if found["p10"] is None:
        return "never defined", "", ""
    places = decimals(max(found["p90"] - found["p10"], 1e-9), found["p90"])
    mean = "not claimed"
    if found["mean"] is not None and found["low"] is not None:
        mean = with_interval(Interval(found["mean"], found["low"], found["high"]))
    median = number(found["median"], places)
    return mean, median, span(found["p10"], found["p90"], places)


def difference_table(stored: Stored) -> Table:
    """Return the differences from the baseline in the headline metrics."""
    metrics = (stored.summary["metric"], *HEADLINES)
    found = [each for each in stored.summary["differences"] if each["metric"] in metrics]
    found.sort(key=lambda each: metrics.index(each["metric"]))
    return _differences(found, f"Differences from {stored.summary['baseline']}")


def step_table(step: Mapping[str, Any]) -> Table:
    """Return the differences of a step."""
    return _differences(step["differences"], f"Comparisons: {step['title']}")


def _differences(found: Iterable[Mapping[str, Any]], caption: str) -> Table:
    rows = []
    for each in found:
        ratio = each["ratio"]
        rows.append(
            (
                phrase(each["metric"]).label,
                f"{each['strategy']} less {each['baseline']}",
                _interval(each["difference"]),
                "not given" if ratio is None else _interval(ratio),
                _chance(each["probability_better"]),
            )
        )
    heading = ("Metric", "Comparison", "Difference", "Ratio of means", "Chance of doing better")
    return Table(caption, heading, rows)


def _interval(found: Mapping[str, float | None]) -> str:
    return "not given" if found["mean"] is None else with_interval(Interval(**found))


def _chance(found: Mapping[str, float | None]) -> str:
    return "not given" if found["mean"] is None else share_with_interval(Interval(**found))


def level_table(stored: Stored) -> Table:
    """Return the chances to reach round levels of the compared metric."""
    found = stored.summary.get("at_least", [])
    names = list(found[0]["strategies"]) if found else []
    rows = [
        (f"at least {each['level']:,g}", *(_chance(each["strategies"][name]) for name in names))
        for each in found
    ]
    label = phrase(stored.summary["metric"]).label
    return Table(f"Chance to reach a level of {label}", ("Level", *names), rows)


def assumption_tables(scenario: Scenario) -> list[Table]:
    """Return what the scenario assumes, as tables a client can read."""
    written: Any = as_written(scenario)
    return [
        *(_segments(written) if scenario.segments is not None else _given(scenario, written)),
        Table(
            "Our accounts",
            ("Account", "Followers"),
            [(name, _plain(block)) for name, block in written["ours"].items()],
        ),
        _messages(written),
        _strategies(written, scenario.shuffled),
    ]


def _segments(written: Mapping[str, Any]) -> list[Table]:
    rows = [
        (
            name,
            f"{block['accounts']:,}",
            _plain(block["attention"]),
            _plain(block["value"]),
            ", ".join(f"{topic}: {_plain(each)}" for topic, each in block["interest"].items()),
            _follows(block),
        )
        for name, block in written["segments"].items()
    ]
    heading = ("Segment", "Accounts", "Attention", "Value", "Interest", "Follows")
    return [Table("Who is there", heading, rows)]


def _given(scenario: Scenario, written: Mapping[str, Any]) -> list[Table]:
    kind = "generated by networkx" if isinstance(scenario.graph, NetworkxGraph) else "a file"
    heading = ("Setting", "Value")
    graph = [(key, _plain(value)) for key, value in written["graph"].items()]
    accounts = [(key, _plain(value)) for key, value in written["accounts"].items()]
    return [
        Table(f"The follower graph ({kind})", heading, graph),
        Table("Its accounts", heading, accounts),
    ]


def _messages(written: Mapping[str, Any]) -> Table:
    rows = [
        (
            name,
            block["topic"],
            block["resonance"],
            _plain(block["response"]),
            _plain(block["delay"]),
        )
        for name, block in written["messages"].items()
    ]
    heading = ("Message", "Topic", "Resonance", "Decision rule", "Delay before sharing")
    return Table("Messages", heading, rows)


def _strategies(written: Mapping[str, Any], shuffled: Sequence[str]) -> Table:
    rows = [
        (
            name,
            "; ".join(f"{p['by']} posts {p['post']} at {_plain(p['at'])}" for p in posts),
            "shuffled" if name in shuffled else "as drawn",
        )
        for name, posts in written["strategies"].items()
    ]
    return Table("Strategies", ("Strategy", "Posts", "World"), rows)


def _follows(block: Mapping[str, Any]) -> str:
    follows = block["follows"]
    to = follows.get("to")
    shares = f" ({', '.join(f'{name} {part}' for name, part in to.items())})" if to else ""
    return f"{follows['mean']} accounts on average{shares}"


def _plain(value: Any) -> str:
    """Return a block of a scenario on one line, as a person would write it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def method(stored: Stored) -> list[str]:
    """Say how the numbers came about."""
    scenario, replicates = stored.scenario, stored.summary["replicates"]
    sentences = [
        f"Each strategy was played {counted(replicates, 'time')}, in "
        f"{counted(scenario.draws, 'world')}. {stored.summary['stopped']}",
        "Campaign number r of every strategy is played in the same world with the same luck, so "
        "differences are those of the strategies and are counted pair by pair.",
        "Low and high are the 95% interval of the mean: how well the mean is known. More campaigns "
        "make it narrower. The range of 8 of 10 campaigns says what one campaign may bring; it "
        "does not become narrower.",
        "Differences from the baseline hold together at 95%. A ratio is given only where the "
        f"baseline surely is above zero. A difference below {share(scenario.compare.matters)} of "
        "the baseline is called no practical difference.",
        f"An account counts as relevant from an interest of {scenario.relevant:g} on. What happens "
        f"after {_horizon(scenario)} does not count.",
    ]
    if scenario.shuffled:
        sentences.append(
            "In the shuffled world every account trades places in the graph with one of as many "
            "followers (or nearly as many, for rare hubs) and keeps its segment and traits: what "
            "remains of a community is its people without their company."
        )
    meanings = METRIC_MEANINGS
    metrics = dict.fromkeys((stored.summary["metric"], *HEADLINES))
    sentences.append(
        "Metrics: " + "; ".join(f"{phrase(m).label}: {meanings[m]}" for m in metrics) + "."
    )
    return sentences


def _horizon(scenario: Scenario) -> str:
    finite = scenario.horizon < float("inf")
    return write_duration(scenario.horizon) if finite else "the last share"


CASCADE = (
    "Goldenberg, J., Libai, B., Muller, E. (2001): Talk of the network. Marketing Letters 12, 211 "
    "(independent cascade)."
)
INFLUENCE = (
    "Kempe, D., Kleinberg, J., Tardos, E. (2003): Maximizing the spread of influence through a "
    "social network. KDD (independent cascade and linear threshold)."
)
THRESHOLDS = "Granovetter, M. (1978): Threshold models of collective behavior. AJS 83, 1420."
WATTS = "Watts, D. J. (2002): A simple model of global cascades on random networks. PNAS 99, 5766."
CONTAGION = "Centola, D., Macy, M. (2007): Complex contagions. AJS 113, 702."
SEISMIC = "Zhao, Q. et al. (2015): SEISMIC: a self-exciting point process model. KDD (delays)."
VIRALITY = (
    "Goel, S. et al. (2016): The structural virality of online diffusion. Manag. Sci. 62, 180."
)
INTERVALS = (
    "Wilson, E. B. (1927): Probable inference. JASA 22, 209 (intervals of chances).",
    "Efron, B. (1987): Better bootstrap confidence intervals. JASA 82, 171 (ratios).",
    "Hall, P. (1992): On the removal of skewness by transformation. JRSS B 54, 221 (means).",
)


def citations(scenario: Scenario) -> list[str]:
    """Return the literature behind the rules and the statistics that this scenario uses."""
    written: Any = as_written(scenario)
    found = [CASCADE, INFLUENCE]
    for block in written["messages"].values():
        response = block["response"]
        kind = response if isinstance(response, str) else next(iter(response))
        found += {"threshold": [THRESHOLDS, WATTS], "reinforced": [CONTAGION]}.get(kind, [])
        if isinstance(block["delay"], Mapping) and block["delay"].get("law") == "power":
            found.append(SEISMIC)
    return list(dict.fromkeys([*found, VIRALITY, *INTERVALS]))


def provenance_rows(stored: Stored) -> list[tuple[str, str]]:
    """Return how the numbers were made, and how to make them again."""
    found = stored.provenance
    packages: Any = found.get("packages", {})
    git: Any = (found.get("git") or {}).get("program")
    rows = [
        ("Program", f"propagation {found.get('propagation', '')}"),
        ("Commit", f"{git['commit']}{' with changes' if git['changed'] else ''}" if git else ""),
        ("Python and packages", _packages(found.get("python", ""), packages)),
        ("Engine", str(found.get("engine", ""))),
        ("Seed", str(found.get("seed", ""))),
        ("Started and finished", f"{found.get('started', '')} to {found.get('finished', '')}"),
        ("Inputs", _inputs(stored.scenario)),
        ("To run it again", "propagation run provenance.json --out again"),
    ]
    return [(key, value) for key, value in rows if value]


def _packages(python: object, packages: Mapping[str, str]) -> str:
    return ", ".join([f"Python {python}", *(f"{name} {one}" for name, one in packages.items())])


def _inputs(scenario: Scenario) -> str:
    written: Any = as_written(scenario)
    files = [(written.get("graph", {}), "follows"), (written.get("accounts", {}), "table")]
    return ", ".join(
        f"{block[key]} (sha256 {str(block.get('sha256', ''))[:16]}...)"
        for block, key in files
        if key in block
    )
