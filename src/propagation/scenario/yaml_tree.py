"""YAML text to plain dictionaries and lists that know the line of every key and value.

YAML 1.2 by ruamel.yaml, whose tree of nodes is walked here: no object is ever built from a tag,
keys are text, and a small file cannot expand into a huge tree.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from propagation.problems import InputError, Problem
from propagation.scenario.findings import Path, path_text
from propagation.scenario.units import LARGEST, found

DEEPEST = 20
MOST_VALUES = 100_000
"""How many values a file may hold after every alias is replaced by what it stands for."""

_TAG = "tag:yaml.org,2002:"
_NUMBERS = (_TAG + "int", _TAG + "float", _TAG + "bool")
_TEXTS = (_TAG + "str", _TAG + "timestamp", _TAG + "merge", _TAG + "value")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_OTHER_VERSION = re.compile(r"^%YAML(?! 1\.2\s*$)", re.MULTILINE)


@dataclass
class Tree:
    """A file's data, the lines (from 1) of its keys and values, and what is wrong with it."""

    file: str
    data: Any = None
    key_lines: dict[Path, int] = field(default_factory=dict)
    value_lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value_at(self, path: Path) -> object:
        """Return the value at a path that exists."""
        value = self.data
        for step in path:
            value = value[step]
        return value

    def holds(self, path: Path) -> bool:
        """Say whether the file has a value at a path."""
        return path in self.value_lines

    def line_of(self, path: Path, key: str | None = None) -> int:
        """Return the line of a value, of a block's key, or of ``key`` inside the block."""
        if key is not None and (*path, key) in self.key_lines:
            return self.key_lines[*path, key]
        while path and path not in self.value_lines:
            path = path[:-1]
        is_block = isinstance(self.value_at(path), dict | list)
        lines = self.key_lines if is_block and path in self.key_lines else self.value_lines
        return lines[path]

    def report(self, path: Path, message: str, key: str | None = None) -> None:
        """Add a problem at a path."""
        line = self.line_of(path, key)
        self.problems.append(Problem(message, path_text(path), self.file, line))


class _TooDeepError(MarkedYAMLError):
    pass


class _BoundedComposer(Composer):
    """Stops at a depth instead of at Python's recursion limit."""

    def __init__(self, loader: object = None) -> None:
        super().__init__(loader=loader)
        self.warn_double_anchors = False
        self.levels = 0

    def compose_node(self, parent: object, index: object) -> Node:
        self.levels += 1
        if self.levels > DEEPEST:
            raise _TooDeepError(problem_mark=self.parser.peek_event().start_mark)
        node: Node = super().compose_node(parent, index)
        self.levels -= 1
        return node


def read_tree(text: str, file: str) -> Tree:
    """Parse YAML text; what is wrong inside it is listed in ``problems`` of the tree.

    Raises
    ------
    InputError
        If the text is not YAML at all, or is nested too deeply or expands into too much.
    """
    if other := _OTHER_VERSION.search(text):
        line = text.count("\n", 0, other.start()) + 1
        raise InputError(Problem("the file must be YAML 1.2", file=file, line=line))
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    try:
        root = yaml.compose(text)
    except _TooDeepError as error:
        message = f"nested too deeply: at most {DEEPEST} levels"
        raise InputError(Problem(message, file=file, line=error.problem_mark.line + 1)) from None
    except YAMLError as error:
        raise InputError(_syntax_problem(error, text, file)) from None
    tree = Tree(file)
    if root is None:
        tree.problems.append(Problem("the file is empty", file=file))
    else:
        tree.data = _Walk(tree, yaml.constructor).value(root, ())
    return tree


def _syntax_problem(error: YAMLError, text: str, file: str) -> Problem:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = ", ".join(filter(None, (error.context, error.problem)))
        line = mark.line + 1 if mark else None
    else:  # a character that YAML does not allow
        place = getattr(error, "position", 0)
        line = text.count("\n", 0, place) + 1
        words = f"the character U+{getattr(error, 'character', 0):04X} is not allowed"
    return Problem(f"not valid YAML: {' '.join(words.split())}", file=file, line=line)


HALF = "holds half a character (a lone surrogate)"


def _joined(text: str) -> str:
    r"""Join the two halves of a character written as JSON writes it: ``\ud83d\ude00``."""
    if not _has_half_a_character(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _has_half_a_character(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


class _Walk:
    """Turns nodes into values and notes lines and problems in a tree."""

    def __init__(self, tree: Tree, constructor: Any) -> None:
        self.tree = tree
        self.left = MOST_VALUES
        self.constructor = constructor

    def value(self, node: Node, path: Path) -> object:
        line = node.start_mark.line + 1
        self.tree.value_lines[path] = line
        self.left -= 1
        if self.left < 0:
            message = f"aliases expand the file to more than {MOST_VALUES:,} values"
            raise InputError(Problem(message, file=self.tree.file, line=line))
        if len(path) > DEEPEST:
            message = f"nested too deeply: at most {DEEPEST} levels"
            raise InputError(Problem(message, file=self.tree.file, line=line))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if node.tag not in (_TAG + "map", _TAG + "seq"):
            self._refuse_tag(node, path)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or key_node.tag == _TAG + "null":
                message = "a key must be a name, not " + (
                    "nothing" if isinstance(key_node, ScalarNode) else "a list or a block"
                )
                self._add(message, path, line)
                continue
            key = _joined(str(key_node.value))
            if _has_half_a_character(key):
                self._add(f"the key {found(key)} {HALF}", path, line)
                continue
            if key in values:
                first = self.tree.key_lines[*path, key]
                self._add(f"{found(key)} is given twice, first in line {first}", path, line)
                continue
            self.tree.key_lines[*path, key] = line
            values[key] = self.value(value_node, (*path, key))
        return values

    def _scalar(self, node: ScalarNode, path: Path) -> object:
        line = node.start_mark.line + 1
        if node.tag == _TAG + "null":
            line = self.tree.key_lines.get(path, line)
            self._add("has no value: write one, or leave the key out", path, line)
            return None
        is_text = node.tag in _TEXTS or _LEADING_ZERO.fullmatch(node.value)
        if not is_text and node.tag in _NUMBERS:
            number = self._number(node)
            if number is None:
                self._add(f"{found(node.value)} cannot be read as a number", path, line)
            return number
        if not is_text:
            self._refuse_tag(node, path)
        text = _joined(str(node.value))
        if _has_half_a_character(text):
            self._add(HALF, path, line)
            return None
        return text

    def _number(self, node: ScalarNode) -> object:
        try:
            number = self.constructor.construct_object(node)
        except (ValueError, LookupError, YAMLError):
            return None
        is_enormous = isinstance(number, int) and abs(number) > LARGEST
        return None if is_enormous else number

    def _refuse_tag(self, node: Node, path: Path) -> None:
        line = node.start_mark.line + 1
        tag = str(node.tag).replace(_TAG, "!!")
        self._add(f"the tag {found(tag)} is not allowed: write plain values", path, line)

    def _add(self, message: str, path: Path, line: int) -> None:
        self.tree.problems.append(Problem(message, path_text(path), self.tree.file, line))
