"""Quantities as people write them: ``7 days``, ``300 s``, ``5%``, and how to write them back.

Inside the package a duration is a number of hours and a percentage a number where 100% is 1.
Text is converted in exact arithmetic, so ``5%`` is the number ``0.05`` and not a neighbour of it.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeGuard

from propagation.problems import in_one_line

LONGEST_TEXT = 60
"""Quantities longer than this many characters are not read at all."""

LARGEST = 10**300
"""Numbers beyond this are cut before they become floats; every limit lies far below."""

UNITS = {
    "s": Fraction(1, 3600),
    "min": Fraction(1, 60),
    "h": Fraction(1),
    "days": Fraction(24),
    "weeks": Fraction(168),
}
"""Hours in each unit, under the name that messages use."""

_SPELLINGS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "days"),
    **dict.fromkeys(("week", "weeks"), "weeks"),
}
_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
DURATION_PATTERN = rf"^{_NUMBER} ?({'|'.join(_SPELLINGS)})$"
PERCENT_PATTERN = rf"^{_NUMBER} ?%$"
_QUANTITY = re.compile(rf"({_NUMBER})\s*(\S*)")


def found(value: object) -> str:
    """Show a value from a file in a message: text in quotes, numbers bare, the rest described."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return f"a block with {_listed(value)}" if value else "an empty block"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}" if value else "an empty list"
    return f"'{shown(value)}'" if isinstance(value, str) else _plain(value)


def shown(text: str) -> str:
    """Cut a text from a file and escape what would break the line of a message."""
    cut = text[:LONGEST_TEXT] + ("..." if len(text) > LONGEST_TEXT else "")
    return in_one_line(cut)


def _plain(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 10**LONGEST_TEXT:
        return "a number of more than 60 digits"
    return str(write_number(value)) if isinstance(value, float) else str(value)


def _listed(names: Mapping[str, object]) -> str:
    shown = [f"'{name}'" for name in list(names)[:3]]
    return ", ".join(shown) + (", ..." if len(names) > 3 else "")


def is_number(value: object) -> TypeGuard[int | float]:
    """Say whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_number(value: object) -> float:
    """Return a number as a float; text, true and false are refused."""
    if not is_number(value):
        raise ValueError(f"must be a number, not {found(value)}")
    if isinstance(value, int):
        value = max(-LARGEST, min(value, LARGEST))
    return float(value)


def read_whole(value: object) -> int:
    """Return a whole number as an int; ``1e5`` is one, ``"5"`` and ``true`` are not."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(f"must be a whole number, not {found(value)}")


def read_share(value: object) -> float:
    """Return a number, or a percentage such as ``5%``, as a number where 100% is 1."""
    if is_number(value):
        return read_number(value)
    number, unit = _split(value) if isinstance(value, str) else (None, "")
    if number is not None and unit == "%":
        return float(number / 100)
    raise ValueError(
        f"must be a number such as 0.05 or a percentage such as 5%, not {found(value)}"
    )


def read_duration(text: object) -> float:
    """Return the hours in a text such as ``7 days``, ``40 min`` or ``0 h``."""
    number, spelling = _split(text) if isinstance(text, str) else (None, "")
    if number is not None and spelling in _SPELLINGS:
        return float(number * UNITS[_SPELLINGS[spelling]])
    allowed = ", ".join(UNITS)
    if number is not None and spelling:
        raise ValueError(
            f"{found(text)} has the unit '{shown(spelling)}'; it must be one of: {allowed}"
        )
    if number is not None or is_number(text):
        raise ValueError(f"{found(text)} needs a unit ({allowed}), for example '7 days'")
    raise ValueError(f"must be a duration such as '40 min' or '7 days', not {found(text)}")


def exactly(hours: float) -> Fraction:
    """Return the duration that was meant by a number of hours: ``20 min`` is a third of one."""
    number, spelling = _split(write_duration(hours))
    return (number or Fraction(0)) * UNITS[_SPELLINGS[spelling]]


def _split(text: str) -> tuple[Fraction | None, str]:
    parts = _QUANTITY.fullmatch(text.strip()) if len(text) <= LONGEST_TEXT else None
    if not parts:
        return None, ""
    number = Fraction(Decimal(parts[1]))
    return max(Fraction(-LARGEST), min(number, Fraction(LARGEST))), parts[2]


def write_share(share: float) -> str:
    """Write a number as a percentage that reads back as exactly the same number."""
    return f"{_shortest(Decimal(repr(share)).scaleb(2))}%"


def write_number(number: float) -> int | float:
    """Drop the ``.0`` of a float that is whole, as people write it."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def write_duration(hours: float) -> str:
    """Write hours in the unit that reads best, so that it reads back as exactly the same number."""
    if hours == 0:
        return "0 h"
    amounts = {name: float(Fraction(hours) / UNITS[name]) for name in reversed(UNITS)}
    if amounts["weeks"] < 2 or not amounts["weeks"].is_integer():
        del amounts["weeks"]
    exact = [
        (value, text)
        for name, amount in amounts.items()
        for value in (float(f"{amount:.12g}"), amount)  # a division may end in 0000000000005
        if read_duration(text := f"{_shortest(Decimal(repr(value)))} {name}") == hours
    ]
    text = min(exact, key=_effort)[1]
    return "1 day" if text == "1 days" else text


def _effort(written: tuple[float, str]) -> int:
    """Return how long an amount is to read; fractions are longer, most of all those below 1."""
    amount, text = written
    fraction = 0 if amount.is_integer() else 1 if amount >= 1 else 3
    return sum(each.isdigit() for each in text) + fraction


def _shortest(number: Decimal) -> str:
    if number == number.to_integral_value() and abs(number) < Decimal("1e15"):
        return str(int(number))
    text = str(number.normalize())
    return f"{number.normalize():f}" if "E" in text and -12 < number.adjusted() < 15 else text
