"""The commands ``graph import``, ``check``, ``show``, ``draw`` and ``cache``: graphs in folders."""

from pathlib import Path
from typing import Annotated

import typer

from propagation.cli.graph_drawing import cache, draw
from propagation.cli.terminal import examples, guarded, part_bar, say

graph = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Follower graphs in folders that are mapped into memory: imported once, opened at once.",
)
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A graph folder.")]


@graph.command(
    "import",
    epilog=examples(
        "propagation graph import follows.tsv --to graph --follower 1 --followee 2",
        "propagation graph import follows.csv --to graph --follower src --followee dst --both",
    ),
)
@guarded
def import_(
    edges: Annotated[
        Path, typer.Argument(metavar="EDGES", help="A file of follows, in any format that is read.")
    ],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The graph folder to write.")],
    follower: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Column of the account that follows: name, or number from 1."
        ),
    ] = None,
    followee: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of the account that is followed.")
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(
            metavar="[text|integer]", help="What ids are.  [default: integers if all of them are]"
        ),
    ] = None,
    arrows: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="In a GraphML, GEXF or GML file: 'follower to followee', or the reverse.",
        ),
    ] = None,
    both: Annotated[bool, typer.Option("--both", help="Keep the lists of followees too.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a graph folder that is there.")
    ] = False,
) -> None:
    """Make a graph folder from a file of follows, once; scenarios then refer to the folder.

    Text with whole numbers as ids may be larger than memory. The folder is there when it is
    complete, and not before.
    """
    from propagation.audience.graph_import import GraphImport

    with part_bar(edges.name, "of the way") as progress:
        importing = GraphImport.asked(
            edges, to, follower, followee, ids=ids, arrows=arrows, both=both, replace=force
        )
        report = importing(progress)
    for line in report:
        say(line)
    say(f"Graph folder: {to}")


@graph.command(epilog=examples("propagation graph check graph"))
@guarded
def check(folder: Folder) -> None:
    """Read all of a graph folder and compare it with its checksums.

    Scenarios that use it check its manifest and the ends of its files only.
    """
    from propagation.audience.graph_folder import check_in_full, open_graph_folder

    opened = open_graph_folder(folder)
    with part_bar(str(folder), "of the bytes") as progress:
        check_in_full(opened, progress)
    print(
        f"{folder}: {opened.accounts:,} accounts and {opened.follows:,} follows, "
        "all as they were written"
    )


@graph.command(epilog=examples("propagation graph show graph"))
@guarded
def show(folder: Folder) -> None:
    """Say how large a graph is, how its followers are spread, and what it was made from."""
    from propagation.audience.graph_facts import facts_of
    from propagation.audience.graph_folder import open_graph_folder

    print("\n".join(facts_of(open_graph_folder(folder))))


graph.command(epilog=examples("propagation graph draw scenarios/occupy.yaml --to graph"))(draw)
graph.command(epilog=examples("propagation graph cache", "propagation graph cache --empty"))(cache)
