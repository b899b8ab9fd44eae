"""Speed of the engines against each other and against cynetdiff: ``python -m benchmarks``."""
