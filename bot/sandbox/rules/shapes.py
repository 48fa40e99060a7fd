"""Small checks that combine into the shape of a JSON value, and the problems that they find.

A check looks at one node and notes what Slack would refuse, in Slack's words and with a JSON pointer.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why Slack refuses: its error code, what is wrong, and where (a JSON pointer such as `/blocks/0/text/text`)."""

    code: str
    message: str
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]" if self.pointer else self.message


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it stands, and the list that its problems go to."""

    value: Any
    pointer: str
    problems: list[Problem]
    code: str = "invalid_blocks"

    def refuse(self, message: str, *, code: str | None = None) -> None:
        self.problems.append(Problem(code or self.code, message, self.pointer))

    def at(self, key: str | int) -> Self:
        return type(self)(self.value[key], f"{self.pointer}/{key}", self.problems, self.code)

    def each(self) -> Iterator[Self]:
        for index in range(len(items(self.value))):
            yield self.at(index)

    def get(self, key: str) -> Any:
        """A field of an object; None where there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None


Check = Callable[[Node], None]
Fields = Mapping[str, Check]

A_LOT: Final = 1_000
"""Where Slack documents no upper bound."""


def items(value: Any) -> list[Any]:
    """The items of a list; none for anything else, which its own check refuses."""
    return value if isinstance(value, list) else []


def string(most: int, *, least: int = 1) -> Check:
    def check(node: Node) -> None:
        if not isinstance(node.value, str):
            node.refuse("must be a string")
        elif len(node.value) < least:
            node.refuse(f"must be more than {least - 1} characters")
        elif len(node.value) > most:
            node.refuse(f"must be less than {most + 1} characters")

    return check


def matching(pattern: str, described: str) -> Check:
    def check(node: Node) -> None:
        if not (isinstance(node.value, str) and re.fullmatch(pattern, node.value)):
            node.refuse(f"must be {described}")

    return check


slack_id: Final = matching(r"[A-Z0-9]{2,}", "an id")


def one_of(*words: str) -> Check:
    def check(node: Node) -> None:
        if node.value not in words:
            node.refuse(f"must be one of {', '.join(words)}")

    return check


def flag(node: Node) -> None:
    if not isinstance(node.value, bool):
        node.refuse("must be a boolean")


def integer(least: int, most: int) -> Check:
    def check(node: Node) -> None:
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            node.refuse("must be an integer")
        elif not least <= node.value <= most:
            node.refuse(f"must be between {least} and {most}")

    return check


def number(node: Node) -> None:
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        node.refuse("must be a number")


def listing(item: Check, most: int, *, least: int = 1) -> Check:
    def check(node: Node) -> None:
        if not isinstance(node.value, list):
            node.refuse("must be an array")
            return
        if len(node.value) < least:
            node.refuse(f"no less than {least} items required")
        if len(node.value) > most:
            node.refuse(f"no more than {most} items allowed")
        for each in node.each():
            item(each)

    return check


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: the fields that it must have, those that it may have, and no others; `also` are rules across fields."""

    needs: Fields = field(default_factory=dict)
    may: Fields = field(default_factory=dict)
    also: tuple[Check, ...] = ()

    def __call__(self, node: Node) -> None:
        if not isinstance(node.value, dict):
            node.refuse("must be an object")
            return
        for key in self.needs:
            if key not in node.value:
                node.refuse(f"missing required field: {key}")
        checks = {**self.needs, **self.may}
        for key in node.value:
            if key == "type":
                continue
            if check := checks.get(key):
                check(node.at(key))
            else:
                node.refuse(f"invalid additional property: {key}")
        for rule in self.also:
            rule(node)


def by_type(shapes: Fields) -> Check:
    """An object whose `type` says which of the shapes it has."""

    def check(node: Node) -> None:
        if not isinstance(node.value, dict):
            node.refuse("must be an object")
        elif "type" not in node.value:
            node.refuse("missing required field: type")
        elif shape := shapes.get(node.value["type"]) if isinstance(node.value["type"], str) else None:
            shape(node)
        else:
            node.refuse(f"unsupported type: {node.value['type']}")

    return check


def unique(node: Node, values: list[Any], name: str) -> None:
    """Refuse a text that occurs twice."""
    seen: set[str] = set()
    for value in values:
        if not isinstance(value, str):
            continue
        if value in seen:
            node.refuse(f"`{name}` {value} already exists")
            return
        seen.add(value)
