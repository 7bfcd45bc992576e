"""Every action that the program records has a name, and so has every kind of object.

The source is read: a call's action is a literal, or follows from the literals that a helper is called
with, or from the members of the enumeration that it is said to be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from marketplace.domain import auctions, disposals, orders, states
from marketplace.domain.audit_names import ACTION_NAMES, OBJECT_NAMES

ENUMERATIONS = {
    "OrderAction": orders.OrderAction,
    "AssetAction": states.AssetAction,
    "ProjectAction": disposals.ProjectAction,
    "AuctionAction": auctions.AuctionAction,
}
WRITERS = ("register_merge", "idle_flagging", "idle_silence", "timetable_walk", "events", "escalations")
"""Use cases that insert entries by the thousand."""
ACTION, KIND = 3, 4
"""Where ``audit.record`` takes them."""


class Module:
    """One file of source, and what its calls record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text())

    def recorded(self, place: int) -> Iterator[str]:
        """All values that one argument of ``audit.record`` may have."""
        for function in self._functions():
            for call in _calls(function):
                if _name(call.func) == "audit.record":
                    yield from self._values(call.args[place], function)

    def _functions(self) -> list[ast.FunctionDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def _values(self, node: ast.expr, function: ast.FunctionDef) -> list[str]:
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.IfExp):
            return self._values(node.body, function) + self._values(node.orelse, function)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, function)
        if isinstance(node, ast.Name):
            return self._named(node.id, function)
        raise AssertionError(f"{self.path}:{node.lineno} says its action in a way that this test can't read")

    def _joined(self, node: ast.JoinedStr, function: ast.FunctionDef) -> list[str]:
        texts = [""]
        for part in node.values:
            expression = part.value if isinstance(part, ast.FormattedValue) else part
            texts = [text + more for text in texts for more in self._values(expression, function)]
        return texts

    def _named(self, name: str, function: ast.FunctionDef) -> list[str]:
        """The values of a variable: assigned in the function, or given by whoever calls it."""
        assigned = [
            value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and _name(node.targets[0]) == name
            for value in self._values(node.value, function)
        ]
        arguments = [*function.args.args, *function.args.kwonlyargs]
        places = [index for index, argument in enumerate(arguments) if argument.arg == name]
        for place in places:
            kind = arguments[place].annotation
            if kind is not None and (words := ENUMERATIONS.get(_name(kind).rpartition(".")[2])):
                return [str(word) for word in words]
            assigned += self._given(function.name, name, place)
        assert assigned, f"{self.path}: nothing says what {name} in {function.name} may be"
        return assigned

    def _given(self, called: str, name: str, place: int) -> list[str]:
        return [
            value
            for function in self._functions()
            for call in _calls(function)
            if _name(call.func) == called
            for argument in [_argument(call, name, place)]
            if argument is not None
            for value in self._values(argument, function)
        ]


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def _argument(call: ast.Call, name: str, place: int) -> ast.expr | None:
    if place < len(call.args):
        return call.args[place]
    return next((word.value for word in call.keywords if word.arg == name), None)


def _name(node: ast.expr) -> str:
    return ast.unparse(node)


def recorded(root: Path, place: int) -> set[str]:
    paths = [path for part in ("marketplace", "jobs", "search") for path in (root / part).rglob("*.py")]
    return {value for path in paths for value in Module(path).recorded(place)}


def written_by_statement(root: Path) -> set[str]:
    """Actions of entries that are inserted by the thousand, without ``audit.record``."""
    use_cases = root / "marketplace" / "use_cases"
    paths = [root / "marketplace" / "demo" / "load.py", *(use_cases / f"{name}.py" for name in WRITERS)]
    texts = [path.read_text() for path in paths]
    constants = {
        node.value
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        text for text in constants if text.partition(".")[0] in ("asset", "import", "order") and "." in text
    }


def test_every_recorded_action_has_a_name(root: Path) -> None:
    found = recorded(root, ACTION) | written_by_statement(root)
    assert {
        "sign_in",
        "asset.photo_add",
        "user.activate",
        "synonyms.create",
        "import.begin",
        "order.submit",
    } < found
    written = {"asset.create", "asset.edit", "asset.import", "asset.list", "asset.flag", "asset.stage"}
    assert written <= written_by_statement(root)
    assert found - ACTION_NAMES.keys() == set()


def test_every_kind_of_object_has_a_name(root: Path) -> None:
    found = recorded(root, KIND)
    assert {"asset", "user", "order", "audit"} < found
    assert found - OBJECT_NAMES.keys() == set()
