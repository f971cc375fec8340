"""Read the file and the environment, and tell every fault with the path of its key."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ml_connector.errors import ConfigurationError, Fault, FaultsError
from ml_connector.settings.lines import find_line
from ml_connector.settings.model import Database, Settings, Vault

CONFIG_VARIABLE = "ML_CONNECTOR_CONFIG"
DEFAULT_FILE = "ml-connector.toml"
_ENV_PREFIX = "ML_CONNECTOR__"


def config_path(override: str | os.PathLike[str] | None = None) -> Path:
    """The configuration file in force: the argument, `$ML_CONNECTOR_CONFIG`, or `./ml-connector.toml`."""
    return Path(override or os.environ.get(CONFIG_VARIABLE) or DEFAULT_FILE)


def load_settings(path: str | os.PathLike[str] | None = None) -> Settings:
    """
    Read the file and the environment into frozen settings.

    Raises:
        ConfigurationError: missing, unreadable or wrong; the message names each faulty key.
    """
    file = config_path(path)
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no configuration file {file}", remedy="ml-connector init   (or --config PATH)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None
    data, variables = _with_environment(data)
    return parse_settings(data, name=str(file), folder=file.resolve().parent, text=text, variables=variables)


def parse_settings(
    data: dict[str, Any],
    *,
    name: str,
    folder: Path | None = None,
    text: str = "",
    variables: Mapping[tuple[str, ...], str] | None = None,
) -> Settings:
    """
    Check a mapping against the settings; relative files are taken from *folder*.

    Raises:
        FaultsError: every fault, in the order of the lines of *text*, the file as it is written; what one of the
            environment's *variables* says instead is its fault, and not the line's.
    """
    if folder is not None:
        data = _anchor_files(data, folder)
    found = [_blame(fault, variables or {}) for fault in _find_faults(data, text)]
    faults = sorted(found, key=lambda fault: fault.line or 0)
    if faults:
        where = name if any(fault.code == "key" for fault in faults) else "the environment"
        raise FaultsError(where, faults=faults, remedy=f"correct {where}; ml-connector config schema   shows every key")
    return Settings.model_validate(data)


def _blame(fault: Fault, variables: Mapping[tuple[str, ...], str]) -> Fault:
    """A fault of the file's, or of the variable that says something else than the file."""
    path = tuple(fault.subject.split("."))
    variable = next((variable for at, variable in variables.items() if path[: len(at)] == at), None)
    if variable is None:
        return fault
    return replace(fault, code="variable", line=None, message=f"{fault.message} (as {variable} has it)")


def _find_faults(data: dict[str, Any], text: str) -> list[Fault]:
    """
    Every fault at once, in plain sentences, with its line in *text*.

    One key at fault keeps whole tables from being looked at; so what is wrong is mended in a copy, and looked at again.
    """
    hosts = data.get("hosts")
    allow = hosts.get("allow") if isinstance(hosts, dict) else None
    context = {"allow": tuple(str(entry).lower() for entry in allow) if isinstance(allow, list | tuple) else ()}
    data, told = deepcopy(data), dict[str, Fault]()
    for _ in range(_LOOKS):
        try:
            Settings.model_validate(data, context=context)
        except ValidationError as error:
            faults = error.errors(include_url=False)
            for fault in faults:
                line, subject = find_line(text, fault["loc"]), ".".join(map(str, fault["loc"]))
                for words in _explain_fault(fault):
                    told.setdefault(words, Fault(code="key", subject=subject, message=words, remedy="", line=line))
            if not [fault for fault in faults if _mend(data, fault)]:
                break
        else:
            break
    return list(told.values())


def _mend(data: Any, fault: Any) -> bool:
    """Put something plausible in the place of what is wrong; whether that was possible."""
    *path, leaf = fault["loc"] or ("",)
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False  # inside a union or a mapping key: nothing of the file's own
    if not isinstance(data, dict) or (fault["type"] != "missing" and leaf not in data):
        return False
    if fault["type"] == "extra_forbidden" and (near := _nearest_key(fault)) is not None and near not in data:
        # Left out, a misspelt `location` would make a route for every location.
        data[near] = data.pop(leaf)
        return True
    if leaf in _PLAUSIBLE and not _is_plausible(leaf, data.get(leaf)):
        # Two plants must not come to share a number.
        data[leaf] = "0" * (int(path[-1]) % 10 + 1) if leaf == "pcn" else _PLAUSIBLE[leaf]
        return True
    if fault["type"] == "missing" or (isinstance(data[leaf], dict | list) and fault["type"] != "extra_forbidden"):
        return False
    del data[leaf]
    return True


def _is_plausible(leaf: Any, value: object) -> bool:
    """Whether what stands there was put there by us."""
    return (value in {"0" * count for count in range(1, 11)}) if leaf == "pcn" else value == _PLAUSIBLE[leaf]


def _anchor_files(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Files named in the configuration lie beside it, wherever the command is started from."""
    data = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    database = data.setdefault("database", {})
    vault = data.setdefault("vault", {})
    if not isinstance(database, dict) or not isinstance(vault, dict):
        return data
    url = database.get("url", Database.model_fields["url"].default)
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        database["url"] = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    key = vault.get("master_key", Vault.model_fields["master_key"].default)
    if isinstance(key, str) and key.startswith("file:"):
        vault["master_key"] = f"file:{folder / key.removeprefix('file:')}"
    for section, field in (("audit", "anchor_file"), ("log", "file"), ("hosts", "ca_bundle")):
        table = data.get(section)
        if isinstance(table, dict) and isinstance(table.get(field), str):
            table[field] = str(folder / table[field])
    return data


def _with_environment(data: dict[str, Any]) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """
    `ML_CONNECTOR__A__B=x` overrides `a.b`; words that are TOML values are read as such. Also, which variable did what.
    """
    variables: dict[tuple[str, ...], str] = {}
    for variable, text in os.environ.items():
        if not variable.startswith(_ENV_PREFIX):
            continue
        *path, leaf = variable.removeprefix(_ENV_PREFIX).lower().split("__")
        table = data
        for step in path:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                raise ConfigurationError(f"{variable} points into {step}, which is a single value")
        try:
            table[leaf] = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            table[leaf] = text
        variables[*path, leaf] = variable
    return data, variables


# What a key looks like, for people.
_EXAMPLES = {
    "host": "as in wd2-impl-services1.workday.com",
    "tenant": "as in acme1",
    "version": "as in v45.0",
    "staffing_version": "as in v6",
    "pcn": "the Plex Customer Number, digits only, as in 101",
    "company_code": "as in ACME-DET",
    "base_url": "as in https://cloud.plex.com/api",
    "source": "letters, digits and underscores, as in allWorkers",
    "owner": "who owns the report, as in ISU_mlc",
    "name": "of the report, as in ML_Connector_Workers",
}
_LOOKS = 8
# Something that passes, to look behind what does not.
_PLAUSIBLE = {
    "host": "127.0.0.1",
    "tenant": "acme1",
    "version": "v45.0",
    "pcn": "0",
    "company_code": "-",
    "base_url": "http://127.0.0.1/api",
    "token_url": "http://127.0.0.1/token",
    "owner": "-",
    "name": "-",
}


def _explain_fault(fault: Any) -> list[str]:
    """What is wrong with one key: a line for each thing."""
    path = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "extra_forbidden":
        near = _nearest_key(fault)
        return [f"unknown key {path}" + (f" (did you mean {near}?)" if near else "")]
    leaf = str(fault["loc"][-1]) if fault["loc"] else ""
    example = _EXAMPLES.get(leaf, "")
    if fault["type"] == "missing":
        return [f"{path} is missing" + (f": {example}" if example else "")]
    if fault["type"] == "string_pattern_mismatch":
        wrong = "is empty" if not str(fault["input"]).strip() else "has characters or a form it cannot have"
        return [f"{path} {wrong}" + (f": {example}" if example else "")]
    messages = str(fault["msg"]).removeprefix("Value error, ").split("\n")
    return [f"{path}: {message}" if path else message for message in messages]


def _nearest_key(fault: Any) -> str | None:
    """What an unknown key was meant to be, most likely."""
    near = difflib.get_close_matches(str(fault["loc"][-1]), _known_keys(fault["loc"][:-1]), n=1, cutoff=0.5)
    return near[0] if near else None


def _known_keys(path: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    for step in path:
        if isinstance(step, int) or model is None:
            continue
        field = getattr(model, "model_fields", {}).get(step)
        model = _model_inside(field.annotation) if field is not None else model
    return list(getattr(model, "model_fields", {}))


def _model_inside(annotation: Any) -> Any:
    """The settings class in `X`, `dict[str, X]` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        inside = _model_inside(part)
        if inside is not None:
            return inside
    return None
