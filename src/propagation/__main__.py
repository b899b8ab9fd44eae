"""``python -m propagation`` is the command line."""

from propagation.cli import main

if __name__ == "__main__":
    main()
