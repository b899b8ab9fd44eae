"""The ids of accounts: whole numbers or text, decided once for a whole file, and in what order.

Ids that look alike but are not equal ("8151" and 8151, "007" and 7, "12.0") are what makes a
simulation on real data silently stay flat, so nothing is converted unless all of a file allows it.
"""

import difflib
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from propagation.problems import InputError, Problem

Kind: TypeAlias = Literal["text", "integer"]
Labels: TypeAlias = NDArray[np.int64] | NDArray[np.object_]
"""Ids of accounts: whole numbers (those of a graph folder may be of a smaller type than int64), or
str in an object array."""

LARGEST = 2**63 - 1
DIGITS = "^[0-9]+$"
PLAIN = "^(0|[1-9][0-9]{0,18})$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
CONTROL = r"\p{Cc}"
MOST_COMPARED = 1_000_000
"""Ids beyond which no similar ones are looked for among all."""
MISSING_WORDS = ("na", "n/a", "nan", "null", "none", "nil", "#n/a")


def matches(texts: pa.Array, pattern: str) -> NDArray[np.bool_]:
    """Return which texts match a regular expression."""
    mask: NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(
        zero_copy_only=False
    )
    return mask


def fits_64_bits(texts: pa.Array) -> NDArray[np.bool_]:
    """Return which texts are digits only, as a number at most 2**63 - 1."""
    digits = matches(texts, DIGITS)
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(digits & (lengths >= len(str(LARGEST)))):
        digits[place] = int(texts[int(place)].as_py()) <= LARGEST
    return digits


def plain(texts: pa.Array) -> NDArray[np.bool_]:
    """Return which texts are whole numbers written in the one usual way."""
    return matches(texts, PLAIN) & fits_64_bits(texts)


def numeric(texts: pa.Array) -> NDArray[np.bool_]:
    """Return which texts are numbers of any form, or what stands for one that is missing."""
    return matches(texts, NUMBER) | _stand_ins(texts) | matches(texts, "^$")


def kind_of(texts: pa.Array) -> Kind:
    """Whole numbers only if every id is a plain one; otherwise "007" and "7" would be the same."""
    return "integer" if bool(plain(texts).all()) else "text"


def why_text(texts: pa.Array) -> tuple[str, ...]:
    """Say why ids are text although some of them are whole numbers."""
    others = ~plain(texts)
    if others.all():
        return ()
    example = min(texts.filter(pa.array(others)).to_pylist())
    return (
        f"ids are compared as text, because {np.count_nonzero(others):,} of {len(texts):,} are no "
        f"plain whole numbers, such as '{example}'",
    )


def faults(
    texts: pa.Array, declared: Kind | None, unit: str = "line"
) -> list[tuple[NDArray[np.bool_], str]]:
    """Return what cannot be an id: for each fault, which texts have it and what to say of it."""
    empty = matches(texts, "^$")
    digits = matches(texts, DIGITS)
    found = [
        (empty, f"is empty, but every {unit} needs it"),
        (matches(texts, CONTROL), "holds a line break or another control character"),
        (matches(texts, '^"'), "starts with a quote: quotes must touch the delimiter"),
    ]
    if declared == "integer":
        found.append((~digits & ~empty, f"is not a whole number from 0 to {LARGEST}"))
        found.append((digits & ~fits_64_bits(texts), f"is above {LARGEST}; use `ids: text`"))
    elif declared is None and digits.any() and numeric(texts).all():
        advice = "`ids: text` takes every id as it is written"
        numbers = matches(texts, NUMBER) & ~digits
        found.append((numbers, f"is a number but not a whole one from 0 up; {advice}"))
        found.append((_stand_ins(texts), f"stands for a missing id among numbers; {advice}"))
    return [(mask, message) for mask, message in found if mask.any()]


def _stand_ins(texts: pa.Array) -> NDArray[np.bool_]:
    words = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(MISSING_WORDS, texts.type))
    mask: NDArray[np.bool_] = words.to_numpy(zero_copy_only=False)
    return mask


def sorted_labels(texts: pa.Array, kind: Kind) -> tuple[Labels, NDArray[np.int64]]:
    """Return the sorted labels of distinct or repeated texts, and the account of each text.

    Numbers are sorted as numbers, text by code point (the order of its UTF-8 bytes).
    """
    if kind == "integer":
        numbers: NDArray[np.int64] = texts.cast(pa.int64()).to_numpy()
        labels, accounts = np.unique(numbers, return_inverse=True)
        return labels, accounts.astype(np.int64)
    order = pc.sort_indices(texts).to_numpy().astype(np.int64)
    ordered = texts.take(pa.array(order))
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = pc.not_equal(ordered.slice(1), ordered.slice(0, len(order) - 1)).to_numpy(
        zero_copy_only=False
    )
    accounts = np.empty(len(order), dtype=np.int64)
    accounts[order] = np.cumsum(new) - 1
    return as_text(ordered.filter(pa.array(new))), accounts


def as_text(texts: pa.Array) -> NDArray[np.object_]:
    """Return texts as an object array of str."""
    return np.array([*texts.to_pylist(), None], dtype=np.object_)[:-1]


def find_account(labels: Labels, label: str | int, path: str = "") -> int:
    """Return the account with this id; ``path`` says where in the scenario the id stands."""
    wanted = str(label).strip()
    if labels.dtype == np.object_:
        places = np.flatnonzero(labels == wanted)
        if len(places):
            return int(places[0])
    elif wanted.isascii() and wanted.isdecimal() and int(wanted) <= LARGEST:
        place = _place_of(labels, int(wanted))
        if place is not None:
            return place
    raise InputError(Problem(_no_such_account(labels, wanted), path))


def _place_of(labels: Labels, number: int) -> int | None:
    """Return where a number stands among ids; of their own type, or all would be converted."""
    if number > np.iinfo(labels.dtype.str).max:
        return None
    place = int(np.searchsorted(labels, labels.dtype.type(number)))
    return place if place < len(labels) and labels[place] == number else None


def _no_such_account(labels: Labels, wanted: str) -> str:
    if not len(labels):
        return f"'{wanted}' cannot be found: there are no accounts"
    kind = "text" if labels.dtype == np.object_ else "whole numbers"
    span = f"{kind}, '{labels[0]}' to '{labels[-1]}'"
    close = _near(labels, wanted)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"'{wanted}' is not among the {len(labels):,} accounts of the follows ({span}).{hint}"


def _near(labels: Labels, wanted: str) -> list[str]:
    """Return up to three similar ids; only those of like length and ends are compared."""
    bare = wanted.lstrip("@").removesuffix(".0").casefold()
    if len(labels) > MOST_COMPARED and labels.dtype != np.object_:
        found = sorted(each for each in _one_edit_from(bare) if _place_of(labels, each) is not None)
        return difflib.get_close_matches(bare, map(str, found), n=3, cutoff=0.7)
    names = [
        name
        for name in map(str, labels)
        if abs(len(name) - len(bare)) <= 2
        and (name[:1].casefold() == bare[:1] or name[-2:].casefold() == bare[-2:])
    ]
    same = [name for name in names if name.casefold() == bare]
    return same[:3] or difflib.get_close_matches(bare, names[:50_000], n=3, cutoff=0.7)


def _one_edit_from(text: str) -> set[int]:
    """Return the whole numbers that come of a text by one digit put in, taken out or changed."""
    texts = {text}
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        texts.add(before + after[1:])
        texts.update(before + digit + rest for digit in "0123456789" for rest in (after, after[1:]))
        texts.add(before + after[1:2] + after[:1] + after[2:])
    plain = (each for each in texts if each.isascii() and each.isdecimal() and len(each) < 20)
    return {int(each) for each in plain if str(int(each)) == each}
