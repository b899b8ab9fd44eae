"""The command ``report``: figures and page of a finished run, again."""

from pathlib import Path
from typing import Annotated

import typer

from propagation.cli.terminal import guarded


@guarded
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a finished run.")],
) -> None:
    """Render figures, tables and report.html again from the stored runs."""
    from propagation.report.page import write_report

    print(write_report(folder))
