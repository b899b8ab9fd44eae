"""The commands ``data list`` and ``data get``: follower graphs that others have published."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from propagation.cli.terminal import INTERRUPTED, bar_on_stderr, examples, guarded, leave, say

if TYPE_CHECKING:
    from propagation.audience.resuming import Progress

data = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Published follower graphs to try scenarios on: list them, download them once.",
)


@data.command("list", epilog=examples("propagation data list"))
@guarded
def list_() -> None:
    """List published follower graphs: what they are, how large, whose, and how to cite them."""
    from propagation.audience.public_data import listing

    print("\n".join(listing()))


@data.command(epilog=examples("propagation data get ego-twitter"))
@guarded
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where to.  [default: the folder PROPAGATION_DATA names, or the user's cache]",
        ),
    ] = None,
) -> None:
    """Download a published follower graph, check it, and print the line for a scenario.

    What lies there already is not downloaded again, and a download that was cut off goes on where
    it stopped.
    """
    from propagation.audience.public_data import data_set

    chosen = data_set(name)
    from propagation.audience.downloading import fetch  # slow: not before a wrong name is told

    try:
        with download_bar(chosen.file) as progress:
            fetched = fetch(chosen, to, progress, say)
    except KeyboardInterrupt:
        leave(
            INTERRUPTED, "interrupted; what has come is kept: the same command goes on from there"
        )
    for line in fetched.report:
        say(line)
    say(
        f"As published: {chosen.accounts:,} accounts, {chosen.follows:,} follows, self-follows too."
    )
    if not fetched.downloaded:
        say("It was here already: nothing was downloaded.")
    say(f"It lies at {fetched.path} (sha256 {fetched.sha256}).")
    say(f"Cite: {chosen.citation}")
    say("For a scenario:")
    print(fetched.graph)


@contextmanager
def download_bar(name: str) -> "Iterator[Progress]":
    """Show how much has come, on stderr if that is a terminal."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with bar_on_stderr(*columns) as bar:
        task = bar.add_task(name, total=None, visible=False)

        def report(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        yield report
