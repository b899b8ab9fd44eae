"""The command ``compare``: finished results of several scenarios, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from propagation.cli.terminal import guarded, print_json, print_rows


@guarded
def compare(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR DIR...",
            help="Folders of finished runs; the first is the one the others are compared with.",
        ),
    ],
    on: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="Another metric than the first folder's."),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this strategy; can be given several times."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON.")] = False,
) -> None:
    """Compare finished runs of different scenarios: what changed, and whether the answer survives.

    Strategies of the same name are compared with themselves in the first folder, and each folder's
    own answer is laid beside the others'.
    """
    from propagation.experiment.across import as_dict, compare_folders
    from propagation.experiment.across_words import (
        answer_rows,
        change_lines,
        contrast_rows,
        outcome_rows,
        verdict,
    )

    found = compare_folders(folders, on, strategy or ())
    sentences = verdict(found)
    if as_json:
        print_json(as_dict(found, sentences))
        return
    for line in (*sentences, *(f"Warning: {each}" for each in found.warnings)):
        print(line)
    print()
    for line in change_lines(found):
        print(line)
    print_rows(outcome_rows(found), words=2, is_narrow=True)
    for rows in (contrast_rows(found), answer_rows(found)):
        if len(rows) > 1:
            print_rows(rows, words=2, is_narrow=True)
