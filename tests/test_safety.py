"""What no line of the program may do: run data as code (S27), or talk to somebody whose certificate nobody has checked (S30)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = sorted(path for folder in ("bot", "store") for path in (ROOT / folder).rglob("*.py"))

CODE_FROM_DATA = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}
RUNS = {"eval", "exec", "compile", "__import__", "yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"}
UNCHECKED = {"ssl.CERT_NONE", "ssl._create_unverified_context", "ssl.CERT_OPTIONAL"}
SWITCHES = {"ssl", "verify", "verify_ssl", "check_hostname"}


def dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{dotted(value)}.{name}"
    return ""


def faults(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"imports {each.name}" for each in names if each.name.split(".")[0] in CODE_FROM_DATA)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in CODE_FROM_DATA:
                yield f"imports {module}"
            case ast.Call(func=func, keywords=keywords):
                if dotted(func) in RUNS:
                    yield f"calls {dotted(func)}"
                for each in keywords:
                    if each.arg in SWITCHES and isinstance(each.value, ast.Constant) and each.value.value is False:
                        yield f"{each.arg}=False"
            case ast.Attribute() if dotted(node) in UNCHECKED:
                yield dotted(node)
            case ast.Assign(targets=targets, value=ast.Constant(value=False)):
                yield from (
                    f"{each.attr} = False"
                    for each in targets
                    if isinstance(each, ast.Attribute) and each.attr in SWITCHES
                )


@pytest.mark.promise(id="S27")
@pytest.mark.promise(id="S30")
def test_no_line_does() -> None:
    assert len(PROGRAM) > 150
    assert {
        f"{path.relative_to(ROOT)}: {fault}" for path in PROGRAM for fault in faults(ast.parse(path.read_text()))
    } == set()


@pytest.mark.parametrize(
    "line, fault",
    [
        ("import pickle", "imports pickle"),
        ("from marshal import loads", "imports marshal"),
        ("eval(text)", "calls eval"),
        ("yaml.load(text)", "calls yaml.load"),
        ("session.get(url, ssl=False)", "ssl=False"),
        ("context.check_hostname = False", "check_hostname = False"),
        ("context.verify_mode = ssl.CERT_NONE", "ssl.CERT_NONE"),
        (
            "re.compile(text); connection.exec_driver_sql(text); yaml.safe_load(text); session.get(url, ssl=context)",
            None,
        ),
    ],
)
def test_such_a_line_is_found(line: str, fault: str | None) -> None:
    assert list(faults(ast.parse(line))) == ([] if fault is None else [fault])
