"""A first look at GraphML and GEXF: what networkx would pass over in silence, or not survive.

It goes through the elements once and keeps none, so it knows the lines, and refuses entities (a
few bytes of them grow into gigabytes) and deep nesting before anything is built.
"""

from collections.abc import Mapping
from xml.parsers import expat

from propagation.problems import InputError, Problem, not_one_of

ROOTS = {"GraphML": "graphml", "GEXF": "gexf"}
DIRECTION = {"GraphML": "edgedefault", "GEXF": "defaultedgetype"}
"""The attribute of a graph that says whether its edges have a direction."""
DIRECTIONS = {
    "GraphML": ("directed", "undirected"),
    "GEXF": ("directed", "undirected", "mutual"),
}
DEEPEST = 50
NEEDED = {"node": ("id",), "edge": ("source", "target")}


class _Outline:
    """The handlers of one pass over a file."""

    def __init__(self, kind: str, file: str) -> None:
        self.kind, self.file = kind, file
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.EntityDeclHandler = self.entity
        self.open: list[str] = []
        self.graphs = 0
        self.nodes: dict[str, int] = {}

    def refuse(self, message: str) -> None:
        line = self.parser.CurrentLineNumber
        raise InputError(Problem(message, file=self.file, line=line))

    def entity(self, name: str, *_: object) -> None:
        self.refuse(f"declares the entity '{name}': entities are not read, write its text instead")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        element = name.rpartition(" ")[2]
        if not self.open and element != ROOTS[self.kind]:
            self.refuse(f"holds <{element}>, not <{ROOTS[self.kind]}>: it is no {self.kind} file")
        if len(self.open) >= DEEPEST:
            self.refuse(f"elements stand more than {DEEPEST} deep inside each other")
        if element in ("graph", "node", "edge", "nodes", "edges") and "node" in self.open:
            self.refuse("a graph stands inside a node: graphs inside graphs are not read")
        if element == "graph":
            self.graph(attributes)
        for needed in NEEDED.get(element, ()):
            if not attributes.get(needed, "").strip():
                self.refuse(f"<{element}> has no '{needed}'")
        if element == "node":
            self.node(attributes["id"].strip())
        self.open.append(element)

    def end(self, _: str) -> None:
        self.open.pop()

    def graph(self, attributes: Mapping[str, str]) -> None:
        self.graphs += 1
        if self.graphs > 1:
            self.refuse("a second graph starts here: a file must hold one graph")
        key = DIRECTION[self.kind]
        default = "undirected" if self.kind == "GEXF" else ""  # as each format defines it
        found = attributes.get(key, default)
        if found not in DIRECTIONS[self.kind]:
            said = not_one_of(found, DIRECTIONS[self.kind])
            self.refuse(f"<graph> must say which edges it has: {key} {said}")

    def node(self, name: str) -> None:
        if name in self.nodes:
            first = self.nodes[name]
            self.refuse(f"node '{name}' stands in the file twice, first on line {first}")
        self.nodes[name] = self.parser.CurrentLineNumber


def check_xml(content: bytes, kind: str, file: str) -> None:
    """Refuse what cannot be read as one graph of this kind, ``GraphML`` or ``GEXF``.

    Raises
    ------
    InputError
        With the line.
    """
    outline = _Outline(kind, file)
    try:
        outline.parser.Parse(content, True)
    except expat.ExpatError as error:
        message = f"is no {kind} file, or a damaged one ({expat.ErrorString(error.code)})"
        raise InputError(Problem(message, file=file, line=error.lineno)) from None
    except InputError:
        raise
    except (LookupError, ValueError) as error:
        message = f"is in an encoding that is not read: {error}"
        raise InputError(Problem(message, file=file)) from None
    if not outline.graphs:
        raise InputError(Problem("holds no graph", file=file))
