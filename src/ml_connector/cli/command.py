"""
How a function becomes a command: with the three options accepted everywhere, and with one way to end.

A command takes the `Door` first and may return an exit code. Its docstring is its help; indented lines keep their
line breaks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from ml_connector.cli.door import Door, Output
from ml_connector.cli.failures import guarded

MOST = 1_000_000_000
"""What no count on the command line exceeds: a database takes no number of any size."""

F = TypeVar("F", bound=Callable[..., int | None])

_HELP = {"help_option_names": ["-h", "--help"]}
_SHARED = {
    "connection": Annotated[
        str | None, typer.Option("--connection", metavar="NAME", help="Which connection; optional if there is one.")
    ],
    "output": Annotated[Output | None, typer.Option("--output", help="Words for people, or JSON on standard output.")],
    "config": Annotated[
        Path | None, typer.Option("--config", metavar="PATH", help="Configuration file [ml-connector.toml].")
    ],
}


class Sections(TyperGroup):
    """A group whose help lists its commands by purpose, in the order they are declared."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _in_plain_words():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _in_plain_words():
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        width = max(len(name) for name in self.commands) if self.commands else 0
        for name, command in self.commands.items():
            if not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                line = command.get_short_help_str(formatter.width - width - 6)
                panels.setdefault(panel if isinstance(panel, str) else "Commands", []).append((name.ljust(width), line))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Leave out what the checker of a value puts before its reason."""
    try:
        yield
    except typer.BadParameter as error:
        error.message = error.message.removeprefix("Value error, ").removeprefix("Input ")
        raise


def make_group(
    help_text: str = "",
    *,
    default: Callable[..., int | None] | None = None,
    own: Callable[..., int | None] | None = None,
) -> typer.Typer:
    """
    Make a group of commands; *default* runs when the group is called without one of them.

    *own* gives a group without a default options of its own.
    """
    group = typer.Typer(
        cls=Sections,
        rich_markup_mode=None,
        help=help_text or None,
        no_args_is_help=default is None,
        context_settings=_HELP,
    )
    group.callback(
        invoke_without_command=default is not None, help=_help_of(default) if default else help_text or None
    )(_with_shared_options(default or own or _nothing))
    return group


def command(
    group: typer.Typer, name: str | None = None, *, panel: str | None = None, discreet: bool = False
) -> Callable[[F], F]:
    """
    Register a function as a command of *group*; *panel* is the section of the help it is listed in.

    A *discreet* one never repeats words that are too many: one of them may be a secret.
    """

    def register(function: F) -> F:
        group.command(
            name or function.__name__.replace("_", "-"),
            help=_help_of(function),
            rich_help_panel=panel or "Commands",
            context_settings={"allow_extra_args": discreet},
        )(_with_shared_options(function))
        return function

    return register


def _with_shared_options(function: Callable[..., int | None]) -> Callable[..., None]:
    def run(ctx: typer.Context, **values: Any) -> None:
        outer = ctx.obj if isinstance(ctx.obj, Door) else Door()
        door = outer.narrowed(**{name: values.pop(name) for name in _SHARED})
        ctx.obj = door
        if (
            ctx.allow_extra_args
            and ctx.args
            and ctx.invoked_subcommand is None
            and not isinstance(ctx.command, TyperGroup)
        ):
            raise typer.BadParameter("too many words; none of them is repeated here, for a secret may be among them")
        if ctx.invoked_subcommand is not None:
            _refuse_ignored(ctx, values)
        if ctx.invoked_subcommand is None:
            code = guarded(lambda: function(door, **values), config=door.config, as_json=door.json)
            if code:
                raise typer.Exit(code)

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *shared]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _refuse_ignored(ctx: typer.Context, options: Iterable[str]) -> None:
    """What is said to a group and meant for its own command would be ignored by another one."""
    given = [name for name in options if (source := ctx.get_parameter_source(name)) and source.name == "COMMANDLINE"]
    if given:
        raise typer.BadParameter(f"{ctx.invoked_subcommand} takes no --{given[0].replace('_', '-')}")


def _nothing(_door: Door) -> None:
    """A group without a default only passes its options on."""


def _help_of(function: Callable[..., Any]) -> str:
    """The docstring; a leading `\\b` line keeps the line breaks of an indented paragraph."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return "\n\n".join(f"\b\n{text}" if text.startswith("    ") else text for text in paragraphs)
