"""``python -m propagation``, or ``propagation``, is the command line."""

import sys


def main() -> None:
    """Run the command line; an interrupt while it is being loaded is not an error either."""
    try:
        from propagation.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
