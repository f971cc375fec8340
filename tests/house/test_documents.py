"""What the documents promise is what the code does: commands, settings, exit codes, audit events, words."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel
from typer.core import TyperGroup

from ml_connector import errors
from ml_connector.audit.event import AuditAction
from ml_connector.cli import failures
from ml_connector.cli.main import app
from ml_connector.connectors.plex.catalog import Catalog
from ml_connector.settings.model import Settings

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"


def text_of(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def drawn_tree(docstring: str) -> dict[str, str]:
    """Child → parent, from the indentation of the drawing."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in docstring.splitlines():
        name = re.match(r"( +)([A-Z]\w*Error_?)\b", line)
        if name:
            depth = len(name[1])
            above = [pair for pair in above if pair[0] < depth]
            parents[name[2]] = above[-1][1] if above else "Exception"
            above.append((depth, name[2]))
    return parents


def test_the_drawn_error_tree_is_the_one_in_the_code() -> None:
    classes = {
        name: each.__bases__[0].__name__
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, Exception) and each.__module__ == errors.__name__
    }
    assert drawn_tree(errors.__doc__ or "") == classes


def commands(group: TyperGroup, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, command in group.commands.items():
        full = f"{prefix}{name}"
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{full} ")
        else:
            yield full, command


COMMANDS = dict(commands(typer.main.get_command(app)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_a_guide(name: str) -> None:
    assert f"ml-connector {name}" in text_of(*GUIDES.glob("*.md"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_and_a_short_line(name: str) -> None:
    text = COMMANDS[name].help  # type: ignore[attr-defined]
    assert f"ml-connector {name.removesuffix(' list')}" in text or f"ml-connector {name}" in text
    first = text.split("\n\n")[0].split(". ")[0]
    assert len(first) <= 78, first


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_three_options(name: str) -> None:
    names = {parameter.name for parameter in COMMANDS[name].params}  # type: ignore[attr-defined]
    assert {"connection", "output", "config"} <= names


def test_every_command_in_the_documents_exists() -> None:
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    for path in documents():
        for words in re.findall(r"`?ml-connector ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", path.read_text(encoding="utf-8")):
            first, _, second = words.partition(" ")
            known = first in COMMANDS or words in COMMANDS or first in groups
            assert known, f"{path.name}: ml-connector {words}"
            if first in groups and first not in COMMANDS and second:
                assert words in COMMANDS or first == "runs", f"{path.name}: ml-connector {words}"


PROMISED: set[str] = set()  # commands that messages may name before they are there


def literals() -> Iterator[tuple[str, str]]:
    """Every text in the source that a person may come to read, with its file; the parts of an f-string as one."""
    for path in sorted((ROOT / "src" / "ml_connector").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value
            elif isinstance(node, ast.JoinedStr):
                yield (
                    path.name,
                    "".join(
                        str(getattr(part, "value", "")) if isinstance(part, ast.Constant) else "{}"
                        for part in node.values
                    ),
                )


def named_commands(text: str) -> list[str]:
    """`ml-connector WORD WORD` in a text; what follows as an argument is left to the caller."""
    return re.findall(r"ml-connector ([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?![\w.:/])", text)


def test_every_command_that_a_message_names_exists_or_is_promised() -> None:
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    found = {(file, words) for file, text in literals() for words in named_commands(text)}
    assert len(found) > 40
    for file, words in sorted(found):
        first, _, second = words.partition(" ")
        known = first in COMMANDS or first in PROMISED or words in COMMANDS or (first in groups and not second)
        assert known or (first in groups and first in {"runs"}), f"{file}: ml-connector {words}"


def keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = [
            part
            for part in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if isinstance(part, type) and issubclass(part, BaseModel)
        ]
        if inner:
            yield from keys(inner[0])
        else:
            yield name


@pytest.mark.parametrize("key", sorted(set(keys(Settings))))
def test_every_setting_is_documented(key: str) -> None:
    assert re.search(rf"`?\b{key}\b", text_of(GUIDES / "engineer.md")), key


def exit_codes() -> set[int]:
    named = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}
    raised = {
        each.exit_code
        for each in vars(errors).values()
        if inspect.isclass(each) and issubclass(each, errors.MLConnectorError)
    }
    return named | raised | {2}


def test_exit_codes_are_those_of_the_operator_guide() -> None:
    documented = re.findall(r"^\| (\d+) \|", text_of(GUIDES / "operator.md"), flags=re.MULTILINE)
    assert {int(code) for code in documented} == exit_codes()


def test_every_audit_action_is_in_the_auditors_guide_and_none_besides() -> None:
    documented = set(re.findall(r"`([a-z]+\.[a-z]+)`(?=[^\n]*\|)", text_of(GUIDES / "auditor.md")))
    assert documented == {action.value for action in AuditAction}


def test_every_audit_action_is_written_somewhere() -> None:
    """A vocabulary nobody speaks promises the auditor what is not there."""
    event = ROOT / "src" / "ml_connector" / "audit" / "event.py"
    code = text_of(*(path for path in (ROOT / "src" / "ml_connector").rglob("*.py") if path != event))
    assert [action.name for action in AuditAction if f"AuditAction.{action.name}" not in code] == []


def test_every_data_source_is_named_for_the_plex_champion() -> None:
    text = text_of(GUIDES / "connecting-real-systems.md")
    for entry in Catalog({}).used():
        assert f"`{entry.name}`" in text
        if entry.id is not None:
            assert re.search(rf"`{entry.name}` \| {entry.id} ", text), entry.name


def test_links_between_documents_lead_somewhere() -> None:
    for path in documents():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} → {target}"


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_file_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    files = [ROOT / name for name in listed.stdout.splitlines()] or [ROOT / "README.md"]
    places = re.compile(r"(?<![\w.])/(?:home/\w+|Users/\w+|root|work/\w+)/|file:///(?:opt|home)|--(?:extra-)?index-url")
    for file in files:
        if file == Path(__file__) or not file.is_file() or file.suffix in {".png", ".gz"}:
            continue
        found = places.search(file.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{file.relative_to(ROOT)}: {found and found[0]}"


def test_no_module_carries_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "misc", "base", "core", "manager", "processor", "handler", "service"}
    names = {path.stem for path in (ROOT / "src" / "ml_connector").rglob("*.py")}
    assert not names & empty
