"""What the page says besides verdict and tables: method, limits, literature, provenance."""

import shlex
from collections.abc import Mapping
from typing import Any

from propagation.experiment.phrases import counted, share
from propagation.report.assumptions import file_name
from propagation.report.stored import Stored
from propagation.scenario.metrics import has_cost, is_campaign, is_limited, moves, pitches
from propagation.scenario.spec import Scenario, as_written
from propagation.scenario.units import write_duration

NO_COST = (
    "Notices and shares are counted. Whether somebody is persuaded or acts, and what a campaign "
    "costs, is not."
)
WITH_COST = (
    "Notices, shares, followers and costs are counted. Whether somebody is persuaded or acts is "
    "not."
)
NO_BACKLASH = "There is no backlash: nobody is put off, unfollows or answers."
MOVING_BACKLASH = (
    "There is no backlash beyond followers who leave: nobody answers or speaks against us."
)
WORN = (
    "A pitch that is irrelevant wears the willingness to open the next one from the same account; "
    "nothing else of it is remembered, and it does not heal."
)
COMPETING = (
    "Only the scenario's own messages compete for attention. What else is in a feed is the same in "
    "every strategy and at every hour."
)
OF_THEIR_OWN = (
    "People write about a topic at most once, at the first notice of it, whoever they noticed it "
    "from. Sizes of cascades, and the typical one, are of messages of the strategy only; all else "
    "counts what people wrote as well."
)
UNLIMITED = (
    "Messages do not take attention from each other: however much is posted, each is noticed with "
    "the same chance."
)
LIMITS = (
    "How people decide whether to share changes results more than any parameter does. The rule in "
    "force is named in the verdict; another rule can give another answer.",
    "There is no algorithmic feed: people see what the accounts they follow share, and nothing "
    "else.",
    NO_BACKLASH,
    "Inactive followers are there only as given: an account that never looks has attention 0.",
    "The follows of other accounts do not change during a campaign.",
    NO_COST,
    "The numbers follow from the assumptions above. They say what these imply, not what will "
    "happen.",
)


def limits(scenario: Scenario) -> list[str]:
    """Return what the results of a scenario leave out."""
    found = list(LIMITS)
    if moves(scenario):
        found[found.index(NO_BACKLASH)] = MOVING_BACKLASH
    if has_cost(scenario):
        found[found.index(NO_COST)] = WITH_COST
    further = [WORN] if pitches(scenario) else []
    if scenario.originals is not None:
        further.append(OF_THEIR_OWN)
    if is_limited(scenario):
        further.append(COMPETING)
    elif is_campaign(scenario):
        further.append(UNLIMITED)
    return [*found[:-1], *further, found[-1]]


def method(stored: Stored) -> list[str]:
    """Say how the numbers came about."""
    scenario, replicates = stored.scenario, stored.summary["replicates"]
    sentences = [
        f"Each strategy was played {counted(replicates, 'time')}, in "
        f"{counted(scenario.draws, 'world')}. {stored.summary['stopped']}",
        "Campaign number r of every strategy is played in the same world with the same luck, so "
        "differences are those of the strategies and are counted pair by pair.",
        "The range in brackets is the 95% interval of the mean: how well the mean is known. More "
        "campaigns make it narrower. The range of 8 of 10 campaigns says what one campaign may "
        "bring; it does not become narrower.",
        "Where several comparisons are made at once, as in a step, their intervals hold together "
        "at 95%, and are a little wider for that than those of one alone. A ratio is given only "
        "where the second strategy's mean surely is above zero. A difference below "
        f"{share(scenario.compare.matters)} of it is called no practical difference.",
        "No interval of a mean is claimed where tails are heavy: where the top 1% of campaigns "
        "hold over a quarter of the total, or where the theory of branching processes expects "
        "rare giants that so few campaigns need not have met. Medians and chances lead there.",
        f"An account counts as relevant from an interest of {scenario.relevant:g} on. What happens "
        f"after {_horizon(scenario)} does not count.",
    ]
    if has_cost(scenario):
        sentences.append(
            "Cost per reach is what is paid in all campaigns over all who are reached in them, "
            "with the interval of such a ratio. The chance to do better compares campaign by "
            "campaign; there one that reaches nobody is the dearest."
        )
    if scenario.shuffled:
        sentences.append(
            "In the shuffled world every account trades places in the graph with one of as many "
            "followers (or nearly as many, for rare hubs) and keeps its segment and traits: what "
            "remains of a community is its people without their company."
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
CONTAGION = "Centola, D., Macy, M. (2007): Complex contagions. AJS 113, 702 (reinforced sharing)."
BRANCHING = (
    "Harris, T. E. (1963): The theory of branching processes. Springer (giants that runs may lack)."
)
RULES = {
    "independent": (CASCADE, INFLUENCE, BRANCHING),
    "single": (BRANCHING,),
    "reinforced": (CONTAGION,),
    "threshold": (THRESHOLDS, WATTS, INFLUENCE),
}
"""Where each decision rule comes from (one decision a person has no source), and its theory."""
COMPETITION = (
    "Gleeson, J. P. et al. (2014): Competition-induced criticality in a model of meme popularity. "
    "PRL 112, 048701 (limited attention)."
)
DIVIDED = (
    "Hodas, N. O., Lerman, K. (2012): How visibility and divided attention constrain social "
    "contagion. SocialCom (limited attention)."
)
CE_PLANE = (
    "Black, W. C. (1990): The CE plane. Medical Decision Making 10, 212 (cost against effect)."
)
SEISMIC = "Zhao, Q. et al. (2015): SEISMIC: a self-exciting point process model. KDD (delays)."
VIRALITY = (
    "Goel, S. et al. (2016): The structural virality of online diffusion. Manag. Sci. 62, 180."
)
MEANS = "Hall, P. (1992): On the removal of skewness by transformation. JRSS B 54, 221 (means)."
CHANCES = "Wilson, E. B. (1927): Probable inference. JASA 22, 209 (intervals of chances)."
DRAWS = (
    "Korn, E. L., Graubard, B. I. (1998): Confidence intervals for proportions with small expected "
    "number of positive counts. Survey Methodology 24, 193 (chances over several worlds)."
)
RATIOS = "Efron, B. (1987): Better bootstrap confidence intervals. JASA 82, 171 (ratios)."


def citations(stored: Stored) -> list[str]:
    """Return the literature behind those rules and statistics that this report uses."""
    scenario, found = stored.scenario, list[str]()
    written: Any = as_written(scenario)
    for block in written["messages"].values():
        response = block["response"]
        kind = response if isinstance(response, str) else next(iter(response))
        found += RULES[kind] if scenario.agents is None else ()
        if isinstance(block["delay"], Mapping) and block["delay"]["law"] == "power":
            found.append(SEISMIC)
    steps = stored.summary.get("steps", [])
    if "structural_virality" in (stored.summary["metric"], *(step["metric"] for step in steps)):
        found.append(VIRALITY)
    if is_limited(scenario):
        found += [COMPETITION, DIVIDED]
    if has_cost(scenario):
        found.append(CE_PLANE)
    found += [MEANS, CHANCES, *([DRAWS] if scenario.draws > 1 else [])]
    compared = [*stored.summary["differences"], *(d for step in steps for d in step["differences"])]
    if any(each["ratio"] is not None for each in compared):
        found.append(RATIOS)
    return list(dict.fromkeys(found))


def provenance_rows(stored: Stored) -> list[tuple[str, str]]:
    """Return how the numbers were made, and how to make them again."""
    found = stored.provenance
    git: Any = found.get("git") or {}
    rows = [
        ("Program", f"propagation {found.get('propagation', '')}"),
        ("Commit of the program", _commit(git.get("program"))),
        ("Commit of the scenario", _commit(git.get("scenario"))),
        ("Sources of the program", str(found.get("sources", ""))),
        ("Python and packages", _packages(found)),
        ("Computer", str(found.get("platform", ""))),
        ("Engine", str(found.get("engine", ""))),
        ("Seed", str(found.get("seed", ""))),
        ("Command", shlex.join(map(str, found.get("command", [])))),
        ("Started and finished", f"{found.get('started', '')} to {found.get('finished', '')}"),
        *_inputs(stored),
        (
            "To run it again",
            "In this results folder: propagation run provenance.json --out again. The tables of "
            "that run are equal to these; an input file that has changed is refused.",
        ),
    ]
    return [(key, value) for key, value in rows if value]


def _commit(state: Mapping[str, Any] | None) -> str:
    if not state:
        return ""
    return f"{state['commit']}{', with changes since' if state['changed'] else ''}"


def _packages(found: Mapping[str, Any]) -> str:
    packages = found.get("packages", {}).items()
    return ", ".join([f"Python {found.get('python', '')}", *(f"{p} {v}" for p, v in packages)])


def _inputs(stored: Stored) -> list[tuple[str, str]]:
    """Return every file that the scenario reads, with its checksum."""
    written: Any = as_written(stored.scenario)
    graph, accounts = written.get("graph", {}), written.get("accounts", {})
    files = [
        (graph.get("follows"), "sha256", graph.get("sha256")),
        (graph.get("folder"), "checksum", graph.get("checksum")),
        (accounts.get("table"), "sha256", accounts.get("sha256")),
        (written.get("agents"), "sha256", stored.provenance.get("agents_sha256")),
    ]
    return [("Input", f"{file_name(name)} ({kind} {own})") for name, kind, own in files if name]
