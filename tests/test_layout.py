"""The house keeps its shape: who may import whom, who may print, and how long code may be."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "propagation"
STAGES = (
    "scenario",
    "audience",
    "strategy",
    "spread",
    "experiment",
    "exploration",
    "report",
    "cli",
)
"""In the order the data flows: each may import from those before it."""
GROUND = ("luck", "compiling", "instructions", "problems")
"""Importable by every stage, so they import none."""
FRONT = ("__init__", "__main__")
"""What a user meets first: public names, and ``python -m propagation``."""
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
SLOW_IMPORTS = ("numba", "mesa", "scipy", "pyarrow", "networkx", "matplotlib", "jinja2", "pooch")

Sources = Mapping[str, str]


def sources_of(package: Path) -> Sources:
    """Return the text of every module by its dotted name within the package."""
    return {
        ".".join(path.relative_to(package).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted(package.rglob("*.py"))
    }


SOURCES = sources_of(PACKAGE)


def imported(module: str, source: str) -> Iterator[str]:
    """Yield what a module imports of the package, dotted names without ``propagation.``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = [*["propagation", *module.split(".")][: -node.level]] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            # ``from propagation import x`` may name a module, or a public name of any stage
            names = [f"{start}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "propagation":
                yield name.partition(".")[2] or "__init__"


def room_of(module: str) -> str:
    return module.split(".")[0]


def imports_out_of_order(sources: Sources) -> list[str]:
    """Return ``importer -> imported`` where a stage does not import from a stage above it."""
    wrong = []
    for module, source in sources.items():
        importer = room_of(module)
        if importer in FRONT:
            continue
        for name in imported(module, source):
            room = room_of(name)
            if room == importer and importer in STAGES:
                continue
            allowed = STAGES[: STAGES.index(importer)] if importer in STAGES else ()
            if room not in (*allowed, *GROUND):
                wrong.append(f"{module} -> {name}")
    return wrong


def importers_of_the_command_line(sources: Sources) -> list[str]:
    return [
        module
        for module, source in sources.items()
        if room_of(module) not in ("cli", "__main__")
        and any(room_of(name) == "cli" for name in imported(module, source))
    ]


def rooms_nobody_knows(sources: Sources) -> list[str]:
    known = (*STAGES, *GROUND, *FRONT)
    return sorted({room_of(module) for module in sources} - set(known))


def printing(sources: Sources) -> list[str]:
    return [
        module
        for module, source in sources.items()
        if room_of(module) != "cli"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def long_modules(sources: Sources) -> dict[str, int]:
    lengths = {module: len(source.splitlines()) for module, source in sources.items()}
    return {module: length for module, length in lengths.items() if length > LONGEST_MODULE}


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def long_functions(sources: Sources) -> dict[str, int]:
    return {
        f"{module}.{node.name}": length_of(node)
        for module, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and length_of(node) > LONGEST_FUNCTION
    }


CHECKS = {
    "imports out of order": imports_out_of_order,
    "importers of the command line": importers_of_the_command_line,
    "rooms nobody knows": rooms_nobody_knows,
    "printing": printing,
    "long modules": long_modules,
    "long functions": long_functions,
}

PLANTED = {
    "a stage imports from one below": (
        "imports out of order",
        {"audience.world": "from propagation.spread.dynamics import spread"},
    ),
    "below, within a function": (
        "imports out of order",
        {"scenario.spec": "def read():\n    import propagation.audience.importing"},
    ),
    "below, relative": ("imports out of order", {"strategy.agenda": "from ..spread import agents"}),
    "below, through the public names": (
        "imports out of order",
        {"audience.world": "from propagation import Run"},
    ),
    "the whole package": ("imports out of order", {"spread.agents": "import propagation"}),
    "the ground imports a stage": (
        "imports out of order",
        {"luck": "from propagation.scenario.spec import Scenario"},
    ),
    "a stage imports the command line": (
        "importers of the command line",
        {"experiment.runner": "from propagation.cli import say"},
    ),
    "the front imports the command line": (
        "importers of the command line",
        {"__init__": "from propagation import cli"},
    ),
    "a new room": ("rooms nobody knows", {"utils.things": ""}),
    "a stage prints": ("printing", {"experiment.runner": "def run():\n    print('done')"}),
    "a long module": ("long modules", {"luck": "x = 1\n" * (LONGEST_MODULE + 1)}),
    "a long function": (
        "long functions",
        {"luck": "def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION + 1)},
    ),
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_house_keeps_its_shape(check: str) -> None:
    found = CHECKS[check](SOURCES)
    assert not found


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    check, sources = PLANTED[fault]
    assert CHECKS[check](sources)


def test_what_is_allowed_is_let_through() -> None:
    sources = {
        "spread.simulate": "from propagation.audience.world import World\n"
        "from propagation.spread import cascade\nfrom . import agents\n"
        "from propagation.luck import throw\nimport numpy\nprinted = 'print(1)'",
        "__main__": "from propagation.cli import main",
        "cli": "from propagation.experiment.runner import Run\nprint(1)",
        "luck": "from propagation.compiling import compiled\n" + "x = 1\n" * (LONGEST_MODULE - 1),
        "problems": 'def f():\n    """Say\n\n    more."""\n' + "    x = 1\n" * LONGEST_FUNCTION,
    }
    found = {name: check(sources) for name, check in CHECKS.items()}
    assert not any(found.values()), found


def test_the_sources_are_there_and_stages_do_import_each_other() -> None:
    assert {
        "cli.terminal",
        "luck",
        "spread.dynamics",
        "scenario.spec",
        "__init__",
    } <= SOURCES.keys()
    found = set(imported("spread.dynamics", SOURCES["spread.dynamics"]))
    assert {"compiling.compiled", "scenario.spec.Message"} <= found


def loaded_after(code: str) -> set[str]:
    """Return which of the slow libraries a fresh interpreter has loaded after running ``code``."""
    report = f"import sys; print(*(set(sys.modules) & set({SLOW_IMPORTS})), sep=' ')"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


HELP = """
from propagation.cli import app
try:
    app({words})
except SystemExit as end:
    assert not end.code
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["compare", "--help"], ["--version"]]
)
def test_help_loads_nothing_slow(words: list[str]) -> None:
    assert loaded_after(HELP.format(words=words)) == set()


def test_a_slow_import_would_be_noticed() -> None:
    assert loaded_after("from propagation.cli import app\nimport networkx") == {"networkx"}
