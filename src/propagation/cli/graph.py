"""The command ``graph``: follower graphs in folders."""

import typer

from propagation.cli.graph_drawing import cache, draw
from propagation.cli.terminal import examples

graph = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Large follower graphs in folders that are mapped into memory.",
)

graph.command(epilog=examples("propagation graph draw scenarios/occupy.yaml --to graph"))(draw)
graph.command(epilog=examples("propagation graph cache", "propagation graph cache --empty"))(cache)
