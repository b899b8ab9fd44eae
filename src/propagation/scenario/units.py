"""Quantities as people write them: ``7 days``, ``300 s``, ``5%``, and how to write them back.

Inside the package a duration is a number of hours and a percentage a number where 100% is 1.
Text is converted in exact arithmetic, so ``5%`` is the number ``0.05`` and not a neighbour of it.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

LONGEST_TEXT = 60
"""Quantities longer than this many characters are not read at all."""

LARGEST_WHOLE = 10**300
"""Whole numbers beyond this are cut before they become floats; every limit lies far below."""

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
    text = str(value) if isinstance(value, str) else _plain(value)
    cut = text[:LONGEST_TEXT] + ("..." if len(text) > LONGEST_TEXT else "")
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
    return f"'{text}'" if isinstance(value, str) else text


def _plain(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 10**LONGEST_TEXT:
        return "a number of more than 60 digits"
    return str(write_number(value)) if isinstance(value, float) else str(value)


def _listed(names: Mapping[str, object]) -> str:
    shown = [f"'{name}'" for name in list(names)[:3]]
    return ", ".join(shown) + (", ..." if len(names) > 3 else "")


def read_number(value: object) -> float:
    """Return a number as a float; text, true and false are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {found(value)}")
    return float(
        max(-LARGEST_WHOLE, min(value, LARGEST_WHOLE)) if isinstance(value, int) else value
    )


def read_whole(value: object) -> int:
    """Return a whole number as an int; ``1e5`` is one, ``"5"`` and ``true`` are not."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(f"must be a whole number, not {found(value)}")


def read_share(value: object) -> float:
    """Return a number, or a percentage such as ``5%``, as a number where 100% is 1."""
    if not isinstance(value, str):
        return read_number(value) if not _is_other(value) else _refuse_share(value)
    number, unit = _split(value)
    if number is None or unit != "%":
        return _refuse_share(value)
    return float(number / 100)


def _is_other(value: object) -> bool:
    return isinstance(value, bool) or not isinstance(value, int | float)


def _refuse_share(value: object) -> float:
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
        raise ValueError(f"{found(text)} has the unit '{spelling}'; it must be one of: {allowed}")
    if number is not None or not _is_other(text):
        raise ValueError(f"{found(text)} needs a unit ({allowed}), for example '{text} h'")
    raise ValueError(f"must be a duration such as '40 min' or '7 days', not {found(text)}")


def _split(text: str) -> tuple[Fraction | None, str]:
    parts = _QUANTITY.fullmatch(text.strip()) if len(text) <= LONGEST_TEXT else None
    return (Fraction(Decimal(parts[1])), parts[2]) if parts else (None, "")


def write_share(share: float) -> str:
    """Write a number as a percentage that reads back as exactly the same number."""
    return f"{_shortest(Decimal(repr(share)).scaleb(2))}%"


def write_number(number: float) -> int | float:
    """Drop the ``.0`` of a float that is whole, as people write it."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def write_duration(hours: float) -> str:
    """Write hours in the unit that reads best, so that it reads back as exactly the same number."""
    candidates = []
    for name in ("days", "h", "min", "s"):
        amount = float(Fraction(hours) / UNITS[name])
        text = f"{_shortest(Decimal(repr(amount)))} {name}"
        if read_duration(text) == hours:
            candidates.append((not amount.is_integer() or (name == "days" and not amount), text))
    whole = [text for is_broken, text in candidates if not is_broken]
    text = whole[0] if whole else min((text for _, text in candidates), key=len)
    return "1 day" if text == "1 days" else text


def _shortest(number: Decimal) -> str:
    if number == number.to_integral_value() and abs(number) < Decimal("1e15"):
        return str(int(number))
    text = str(number.normalize())
    return f"{number.normalize():f}" if "E" in text and -12 < number.adjusted() < 15 else text
