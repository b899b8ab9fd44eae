"""Checks of what is compared: strategies that must exist and differ, values that have a use."""

from collections.abc import Iterator, Mapping

from propagation.scenario.findings import Finding, Path, as_name, block, reference, unknown_keys
from propagation.scenario.metrics import metric_problems
from propagation.scenario.units import is_number


def compare_problems(tree: Mapping[str, object]) -> Iterator[Finding]:
    """Report names in ``compare``, ``steps`` and ``shuffled`` that no strategy has, and misuse."""
    strategies, compare = block(tree, "strategies"), block(tree, "compare")
    yield from reference(("compare", "baseline"), compare.get("baseline"), strategies)
    yield from metric_problems(("compare", "on"), compare.get("on"), tree)
    yield from _listed(("compare", "strategies"), compare.get("strategies"), strategies)
    yield from _equal_cost(compare, strategies)
    yield from _listed(("shuffled",), tree.get("shuffled"), strategies)
    steps = tree.get("steps")
    for i, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
        yield from _step(("steps", i), block(step), tree)


def _equal_cost(
    compare: Mapping[str, object], strategies: Mapping[str, object]
) -> Iterator[Finding]:
    """Report a budget, or costs to be made equal, that nothing depends on."""
    if "at equal" not in compare:
        if "budget" in compare:
            message = "changes nothing without 'at equal: cost'"
            yield Finding(("compare", "budget"), message)
        return
    listed = compare.get("strategies")
    names = [compare.get("baseline"), *(listed if isinstance(listed, list | tuple) else ())]
    told = map(as_name, names) if isinstance(listed, list | tuple) else strategies
    if not any(_costs(strategies.get(name)) for name in told if name is not None):
        message = "needs a strategy that costs something: give an action a 'cost'"
        yield Finding(("compare", "at equal"), message)


def _costs(strategy: object) -> bool:
    costs = [block(item, "cost") for item in strategy] if isinstance(strategy, list | tuple) else []
    return any(is_number(value) and value > 0 for cost in costs for value in cost.values())


def _listed(path: Path, names: object, strategies: Mapping[str, object]) -> Iterator[Finding]:
    known = names if isinstance(names, list | tuple) else ()
    for i, name in enumerate(known):
        yield from reference((*path, i), name, strategies)
        if as_name(name) is not None and as_name(name) in map(as_name, known[:i]):
            yield Finding((*path, i), f"'{name}' stands here twice")


def _step(path: Path, step: Mapping[str, object], tree: Mapping[str, object]) -> Iterator[Finding]:
    strategies = block(tree, "strategies")
    against = block(step, "against")
    yield from metric_problems((*path, "on"), step.get("on"), tree)
    yield from unknown_keys((*path, "against"), against, strategies)
    for strategy, other in against.items():
        yield from reference((*path, "against", strategy), other, strategies)
        if as_name(other) == strategy:
            yield Finding((*path, "against", strategy), "is compared with itself")
    worth = block(step, "worth")
    if not worth:
        return
    metric = step.get("on", block(tree, "compare").get("on"))
    if isinstance(metric, str) and metric.replace("_", " ") != "valued reach":
        message = f"changes only valued reach; the step is on {metric.replace('_', ' ')}"
        yield Finding((*path, "worth"), message)
    yield from unknown_keys((*path, "worth"), worth, block(tree, "segments"))
