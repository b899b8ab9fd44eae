"""What every command shares: exit codes, errors in one line each, tables and the progress bar.

Results go to stdout, everything else to stderr. Heavy libraries are imported where they are used.
"""

import functools
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn

    from propagation.experiment.runner import Progress

Parameters = ParamSpec("Parameters")

DONE, MACHINE, INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done, the machine cannot, the input is wrong, interrupted."""


def examples(*commands: str) -> str:
    """Return commands as they stand below a command's help."""
    return "\n".join(("\b", "Example:", *(f"  {command}" for command in commands)))


def say(message: str) -> None:
    """Print to stderr."""
    print(message, file=sys.stderr)


def leave(code: int, message: str = "") -> NoReturn:
    """End with an exit code, saying why."""
    if message:
        say(message)
    raise typer.Exit(code)


def guarded(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn errors into one line each on stderr and an exit code."""

    @functools.wraps(command)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        from propagation.problems import InputError, MachineError, in_one_line

        try:
            command(*args, **kwargs)
            sys.stdout.flush()  # here, where a full disk is told, and not at the very end
        except InputError as error:
            leave(INPUT, str(error))
        except MachineError as error:
            leave(MACHINE, in_one_line(str(error)))
        except MemoryError as error:
            traceback.clear_frames(error.__traceback__)  # they hold what filled the memory, and
            gc.collect()  # graphs hold themselves: without room not even leaving succeeds
            leave(MACHINE, "not enough memory; try fewer accounts, fewer draws or --workers 1")
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            leave(DONE)
        except OSError as error:  # a file or folder that the system will not give
            what = f"{error.filename}: " if error.filename else ""
            leave(MACHINE, in_one_line(f"{what}{error.strerror or error}"))
        except KeyboardInterrupt as error:
            leave(INTERRUPTED, interruption(error))

    return call


def interruption(error: KeyboardInterrupt) -> str:
    """Say what is left after an interrupt, and how to go on."""
    kept, folder = getattr(error, "kept", 0), getattr(error, "folder", None)
    if not kept:
        return "interrupted; nothing was finished yet"
    if getattr(error, "exploring", False):
        kept_too = "the runs and what was explored are"
        return f"interrupted while exploring; {kept_too} kept in {folder}: the same command goes on"
    count = "1 finished replicate is" if kept == 1 else f"{kept:,} finished replicates are"
    return f"interrupted; {count} kept in {folder}: the same command with --resume goes on"


def print_json(content: Mapping[str, object]) -> None:
    """Print JSON, in letters that the other side can read."""
    in_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(content, indent=2, ensure_ascii=not in_unicode))


@contextmanager
def bar_on_stderr(*columns: "ProgressColumn") -> "Iterator[Bar]":
    """Show a bar of such columns on stderr while it lasts, if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


@contextmanager
def part_bar(name: str, unit: str) -> "Iterator[Callable[[int, int], None]]":
    """Show how far it is, on stderr if that is a terminal."""
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with bar_on_stderr(*columns) as shown:
        task = shown.add_task(name, total=None)

        def report(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield report


@contextmanager
def progress_bar(name: str) -> "Iterator[Progress]":
    """Show a progress bar with the remaining time on stderr, if that is a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("replicates"),
        TimeRemainingColumn(),
    )
    with bar_on_stderr(*columns) as bar:
        task = bar.add_task(f"{name}: reading and drawing", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        yield report


def print_table(summary: Mapping[str, Any]) -> None:
    """Print each strategy's means with their intervals, and the range of most runs."""
    from propagation.experiment.table import table_rows

    print_rows(table_rows(summary))


def print_rows(rows: Sequence[Sequence[str]], words: int = 1, *, is_narrow: bool = False) -> None:
    """Print a heading and rows as a table; the first ``words`` columns are words."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=100)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=is_narrow)
    heading, *below = rows
    for place, name in enumerate(heading):
        table.add_column(name, justify="left" if place < words else "right", overflow="fold")
    for row in below:
        table.add_row(*row)
    console.print(table)
