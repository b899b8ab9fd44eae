"""The commands ``graph draw`` and ``graph cache``: drawn follower graphs that are kept on disk."""

import time
from pathlib import Path
from typing import Annotated

import typer

from propagation.cli.terminal import guarded, part_bar, print_rows, say


@guarded
def draw(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file with segments.")],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where to.  [default: the folder PROPAGATION_GRAPHS names, or the user's cache, "
            "where `run` looks for large graphs]",
        ),
    ] = None,
    number: Annotated[
        int, typer.Option("--draw", metavar="N", min=0, help="Which of the scenario's draws.")
    ] = 0,
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="Threads; 0 for one a processor.")
    ] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a graph that is there.")] = False,
) -> None:
    """Draw the follower graph of a scenario's segments straight into a folder.

    Nothing is there before all of it is. It takes 4 bytes of disk a follow and 12 an account; in
    memory it takes about 20 bytes an account, unless a segment asks for reciprocity or clustering.
    """
    from propagation.audience.drawn_folders import draw_into_folder, place_to_keep
    from propagation.audience.population import asked_of
    from propagation.scenario.reading import located, read_scenario

    with located(file):
        asked = asked_of(read_scenario(file), number)
        target = to or place_to_keep(asked)
        if to is None and target.exists() and not force:
            say("This graph is kept already: nothing was drawn. --force draws it again.")
            print(target)
            return
        begun = time.perf_counter()
        with part_bar(str(target), "of the follows") as progress:
            folder = draw_into_folder(
                asked, target, replace=force, workers=workers, progress=progress
            )
    seconds = time.perf_counter() - begun
    say(
        f"{folder.follows:,} follows of {folder.accounts:,} accounts, drawn in {seconds:,.1f} s: "
        f"{folder.size / 1e9:,.2f} GB, {folder.size / max(1, folder.follows):.2f} bytes a follow"
    )
    print(folder.path)


@guarded
def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Remove them all.")] = False,
) -> None:
    """List the drawn graphs that are kept for later runs, or remove them.

    Graphs from 20 million follows on are kept; nothing is removed unasked.
    """
    from propagation.audience.drawn_folders import empty_graph_cache, graph_cache, kept_graphs

    kept = empty_graph_cache() if empty else kept_graphs()
    said = "Removed from" if empty else "Kept in"
    size = sum(one.size for one in kept)
    say(f"{said} {graph_cache()}: {len(kept):,} graphs, {size / 1e9:,.2f} GB")
    if not kept:
        return
    rows = [("scenario", "folder", "draw", "accounts", "follows", "GB", "still used")]
    for one in kept:
        numbers = (str(one.draw), f"{one.accounts:,}", f"{one.follows:,}", f"{one.size / 1e9:.2f}")
        rows.append((one.scenario, one.path.name, *numbers, "yes" if one.usable else "no"))
    print_rows(rows, words=2)
