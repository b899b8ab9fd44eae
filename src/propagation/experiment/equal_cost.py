"""What is said of strategies that were scaled to one budget."""

from collections.abc import Iterator

from propagation.experiment.phrases import listed, quoted
from propagation.strategy.budget import EqualCost


def in_the_verdict(found: EqualCost | None) -> str:
    """Say at which budget strategies were compared, in a sentence; "" if they ran as written."""
    if found is None:
        return ""
    factors = listed([f"{each.factor:.4g} in '{each.strategy}'" for each in found.scalings])
    return (
        f"Compared at one budget of {found.budget:,.10g}: what is bought by number was multiplied "
        f"by {factors}."
    )


def in_full(found: EqualCost) -> list[str]:
    """Say at which budget strategies are compared, and how they were brought to it."""
    sentences = [
        f"The strategies are compared at one budget of {found.budget:,.10g}. What is bought by "
        "number, accounts chosen and impressions, was multiplied by one factor for each strategy "
        "and rounded down; what is due once or each time stays. No strategy costs more than the "
        "budget. Reposts count as if all that could be made were made."
    ]
    if found.free:
        verb = "costs nothing and stays" if len(found.free) == 1 else "cost nothing and stay"
        sentences.append(f"{quoted(list(found.free))} {verb} as written.")
    return sentences


def in_notes(found: EqualCost) -> Iterator[str]:
    """Say what is scaled by how much, line by line."""
    yield (
        f"equal cost: a budget of {found.budget:,.10g}; reposts count as if all that could be made "
        "were made"
    )
    for each in found.scalings:
        moved = ", ".join(f"{was:,} -> {now:,} {what}" for _, what, was, now in each.quantities)
        yield (
            f"equal cost: '{each.strategy}' times {each.factor:.4g}"
            f"{f' ({moved})' if moved else ''}, from {each.before:,.10g} to {each.after:,.10g}"
        )
    for name in found.free:
        yield f"equal cost: '{name}' costs nothing and stays as written"
