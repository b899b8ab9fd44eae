"""The command ``break-even``: the value of an input at which two strategies tie."""

from pathlib import Path
from typing import Annotated

import typer

from propagation.cli.terminal import guarded, part_bar, print_json, print_rows, say


@guarded
def break_even(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file.")],
    vary: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The input, such as ours.brand.followers.customers.  [default: the scenario's]",
        ),
    ] = None,
    low: Annotated[
        float | None, typer.Option("--from", help="Lowest value.  [default: 1 follower]")
    ] = None,
    high: Annotated[
        float | None, typer.Option("--to", help="Highest value.  [default: the whole segment]")
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="NAME NAME",
            help="Two strategies.  [default: the first that is compared, and the baseline]",
        ),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(help="Half-width of the interval that is enough.  [default: 0.05]"),
    ] = None,
    at_most: Annotated[
        int | None, typer.Option(help="Largest number of replicates.  [default: 2000]")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="Threads; 0 for one a processor.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON.")] = False,
) -> None:
    """Find the value of an input at which two strategies tie, with its interval.

    Where the scenario names what is uncertain, the range over that is told first. Nothing is
    stored: a 'break even' block in the scenario makes the search a part of 'run' and of the report.
    """
    from propagation.cli import load
    from propagation.scenario.reading import located

    scenario, folder = load(file)
    given = {
        "vary": vary,
        "from": low,
        "to": high,
        "between": None if between is None else dict([between]),
        "within": within,
        "at most": at_most,
    }
    from propagation.compiling import say_when_compiling
    from propagation.exploration.asked import searching
    from propagation.exploration.explorer import Explorer
    from propagation.exploration.tie_sentences import of_break_even
    from propagation.exploration.tie_table import looked_at
    from propagation.exploration.ties import break_even_of

    asked = searching(scenario, {key: value for key, value in given.items() if value is not None})
    say_when_compiling(say)
    assert asked.break_even is not None
    explorer = Explorer(asked, folder, draws=asked.draws, workers=workers)
    with located(file), part_bar(f"{scenario.name}: break-even", "points") as progress:
        found = break_even_of(explorer, asked.break_even, progress)
    sentences = of_break_even(found)
    if as_json:
        print_json({**found.as_dict(), "sentences": list(sentences)})
        return
    print("\n".join(sentences))
    print()
    print_rows(looked_at(found))
