"""What a figure shows, in words: the text for those who do not see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import decimals, number, phrase, span, with_interval


def outcome_in_words(found: Mapping[str, Mapping[str, Any]], metric: str) -> str:
    """Return the means, intervals and ranges of a metric by strategy, as one sentence each."""
    sentences = [f"{phrase(metric).label[0].upper()}{phrase(metric).label[1:]} by strategy."]
    for name, each in found.items():
        if each["p10"] is None:
            sentences.append(f"{name}: never defined.")
            continue
        places = decimals(max(each["p90"] - each["p10"], 1e-9), each["p90"])
        land = span(each["p10"], each["p90"], places)
        centre = f"median {number(each['median'], places)}"
        if each["low"] is not None:
            centre = f"mean {with_interval(Interval(each['mean'], each['low'], each['high']))}"
        sentences.append(f"{name}: {centre}, 8 of 10 campaigns {land}.")
    return " ".join(sentences)


def pair_in_words(found: Sequence[Mapping[str, Any]], metric: str) -> str:
    """Return differences in a metric with their intervals, as one sentence each."""
    sentences = [f"Differences in {phrase(metric).label}."]
    for each in found:
        pair = f"{each['strategy']} minus {each['baseline']}"
        interval = Interval(**each["difference"])
        shown = "no interval" if interval.low is None else with_interval(interval)
        sentences.append(f"{pair}: {shown}.")
    return " ".join(sentences)
