"""Make the document: ``python -m argument [--out FOLDER] [--scenarios FOLDER] [--work FOLDER]``."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from argument.document import MOST_PAGES, build
from argument.pieces import Workshop
from propagation.problems import InputError, MachineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is missing, and the document; return 1 if it has too many pages."""
    options = _parser().parse_args(arguments)
    start = time.perf_counter()
    workshop = Workshop(options.scenarios, options.work, options.workers, _tell)
    try:
        pages = build(workshop, options.out)
    except (InputError, MachineError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.out / 'index.html'}\n{options.out / 'argument.pdf'}: {pages} pages")
    _tell(f"{time.perf_counter() - start:.0f} s")
    if pages > MOST_PAGES:
        print(f"more than {MOST_PAGES} pages", file=sys.stderr)
        return 1
    return 0


def _tell(message: str) -> None:
    print(message, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m argument", description=__doc__)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("results/argument"),
        metavar="FOLDER",
        help="where index.html and argument.pdf go",
    )
    parser.add_argument(
        "--scenarios",
        type=Path,
        default=Path("scenarios"),
        metavar="FOLDER",
        help="where the scenario files lie",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/argument"),
        metavar="FOLDER",
        help="where finished runs are kept, so that none is repeated",
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="threads; 0: one a processor"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
