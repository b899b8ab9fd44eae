"""The command line: parse, call, print. Results go to stdout, everything else to stderr.

Everything heavy is imported where it is used, so that help comes at once.
"""

import gc
import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from propagation.cli.break_even import break_even
from propagation.cli.compare import compare
from propagation.cli.data import data
from propagation.cli.graph import graph
from propagation.cli.report import report
from propagation.cli.terminal import examples, guarded, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from propagation.experiment.runner import Result
    from propagation.scenario.spec import Scenario

STARTER = "scenario.yaml"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""How far does a message go through a small community that cares, and how far through a
large random audience? Describe both in a scenario file and run it.

\b
  propagation init              write a first scenario, scenario.yaml
  propagation check FILE        see what it means and how long it will take
  propagation run FILE          run it and read the verdict
  propagation break-even FILE   find where two strategies tie
  propagation compare DIR DIR   lay results beside each other: does the answer survive?""",
)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Handle what is not a command."""
    if version:
        from importlib.metadata import version as installed

        print(f"propagation {installed('propagation')}")
        raise typer.Exit


@app.command(epilog=examples("propagation init campaign", "propagation run campaign/scenario.yaml"))
@guarded
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write it; made if missing.")
    ] = Path(),
) -> None:
    """Write a commented starter scenario that runs in seconds."""
    from propagation.experiment.storage import cannot_write
    from propagation.problems import InputError, Problem
    from propagation.scenario.starter import starter_scenario

    path = folder / STARTER
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem("is a file; name a folder", file=str(folder)))
    if path.exists():
        raise InputError(Problem("exists already; nothing was written", file=str(path)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(starter_scenario(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise cannot_write(path, error) from error
    print(path)
    say(f"Written. Next: propagation run {path}")


@app.command(epilog=examples("propagation check scenarios/occupy.yaml"))
@guarded
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file.")],
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Draw the graph and find by its accounts what to expect."),
    ] = False,
) -> None:
    """Validate a scenario and print it resolved, with its size, time, memory and expectations.

    Everything wrong is listed at once, with its line. The scenario is printed with all defaults
    filled in, as YAML that can be run; the estimates, and what theory expects of the strategies,
    stand below as comments.
    """
    from propagation.scenario.reading import located, write_scenario

    scenario, folder = load(file)
    from propagation.compiling import say_when_compiling  # a second's import: see ``run``
    from propagation.experiment.checking import notes
    from propagation.exploration import foreseen

    say_when_compiling(say)
    with located(file):
        foreseen.check_points(scenario)
        comments = [*notes(scenario, folder, exact=exact), *foreseen.notes(scenario)]
    print(write_scenario(scenario), end="")
    print("\n".join(f"# {line}" for line in comments))


@app.command(
    epilog=examples(
        "propagation run scenarios/occupy.yaml",
        "propagation run scenarios/occupy.yaml --replicates 100 --out quick",
        "propagation run results/occupy/provenance.json --out again",
    )
)
@guarded
def run(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A scenario file, or the provenance.json of an earlier run."
        ),
    ],
    replicates: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Runs of each strategy, as a number.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="Another seed: another sample.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Results folder.  [default: results/<scenario name>]"),
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="[compiled|mesa]", help="Both give the same numbers.")
    ] = "compiled",
    agents: Annotated[
        str | None,
        typer.Option(metavar="FILE.py:CLASS", help="Your own behaviour, a subclass of Account."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="Threads or processes; 0 for one a processor.")
    ] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in the folder.")] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write no figures and no report.html.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json.")] = False,
) -> None:
    """Run every strategy, store the runs, write the report, and print the verdict and a table."""
    from propagation.problems import InputError, Problem, not_one_of
    from propagation.scenario.reading import located

    if engine not in ("compiled", "mesa"):
        raise InputError(Problem(not_one_of(engine, ("compiled", "mesa")), "--engine"))
    scenario, folder = load(file)
    update: dict[str, object] = {}
    if replicates is not None:
        update["replicates"] = replicates
    if seed is not None:
        update["seed"] = seed
    if agents is not None:
        path, _, name = agents.rpartition(":")
        if not path.endswith(".py") or not name.isidentifier():
            raise InputError(Problem(f"'{agents}' is not written as FILE.py:CLASS", "--agents"))
        update["agents"] = f"{Path(path).absolute().as_posix()}:{name}"
    scenario = scenario.model_copy(update=update)
    from propagation.compiling import say_when_compiling
    from propagation.experiment.runner import Run  # a second's import: not before bad input is told
    from propagation.exploration.foreseen import check_points

    say_when_compiling(say)
    with located(file), progress_bar(scenario.name) as progress:
        check_points(scenario)
        result = Run(
            scenario,
            folder,
            out or Path("results") / scenario.name,
            engine=engine,
            workers=workers,
            resume=resume,
            force=force,
            command=["propagation", *sys.argv[1:]],
            progress=progress,
            tell=say,
        )()
    with located(file):
        result = explored(result, scenario, folder, engine, workers)
    page = None if no_report else report_of(result)
    show(result, as_json, page)


app.command(
    "break-even",
    epilog=examples(
        "propagation break-even scenarios/occupy.yaml --vary ours.broadcaster.followers.public"
    ),
)(break_even)
app.command(epilog=examples("propagation compare results/starter results/sober"))(compare)
app.command(epilog=examples("propagation report results/occupy"))(report)
app.add_typer(data, name="data")
app.add_typer(graph, name="graph")


@app.command(epilog=examples("propagation schema > scenario.schema.json"))
@guarded
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check as you type."""
    from propagation.scenario.schema import json_schema

    print_json(json_schema())


def load(file: Path) -> "tuple[Scenario, Path]":
    """Return the scenario of a file or a provenance, and the folder its paths are relative to."""
    from propagation.scenario.reading import read_scenario

    if file.suffix == ".json":
        from propagation.experiment.provenance import scenario_of

        return scenario_of(file), file.parent
    return read_scenario(file), file.parent


def explored(
    result: "Result", scenario: "Scenario", folder: Path, engine: str, workers: int
) -> "Result":
    """Return a result with what the scenario asks for besides its runs."""
    from propagation.cli.terminal import part_bar
    from propagation.exploration.study import Study

    study = Study(
        *(scenario, folder, result.folder, engine, workers),
        bar=lambda what: part_bar(f"{scenario.name}: {what}", "points"),
    )
    summary = study()
    return replace(result, summary=summary, new=result.new or summary != result.summary)


def report_of(result: "Result") -> Path:
    """Write the report of a run, unless an earlier call of the same run has written it."""
    from propagation.experiment.storage import REPORT

    page = result.folder / REPORT
    if not result.new and page.is_file():
        return page
    say("Drawing figures and writing the report ...")
    from propagation.report.page import write_report

    return write_report(result.folder)


def show(result: "Result", as_json: bool, page: Path | None) -> None:
    """Print a result: its verdict and table, or all of it as JSON."""
    if as_json:
        print_json(result.summary)
    else:
        verdict: Any = result.summary["verdict"]
        warnings: Any = result.summary["warnings"]
        print("\n".join(verdict))
        for warning in warnings:
            print(f"Warning: {warning}")
        print()
        print_table(result.summary)
    sys.stdout.flush()  # before what is said on stderr
    if not result.new:
        say("This scenario had been run before: that result is shown. --force runs it again.")
    elif result.stopped:
        say(result.stopped)
    say(f"Results: {result.folder}")
    if page is not None:
        say(f"Report:  {page}")


def main() -> None:
    """Run the command line."""
    # a stream that was closed before the start is None: nobody listens, so nobody is told
    sys.stdout, sys.stderr = (
        stream or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr)
    )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names a terminal cannot show
    from propagation.audience.memory import limit_memory

    limit_memory()
    # nearly all that is imported, read and compiled stays: looking through it for garbage as often
    # as Python does by itself takes a seventh of a start
    gc.set_threshold(100_000)
    app()
