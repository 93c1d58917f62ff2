"""From a run's configuration to the arguments of a constructor, strictly, and the JSON schema of them."""

from __future__ import annotations

import inspect
import json
import types
import typing
from typing import Any

from .errors import invalid

_JSON = {int: "integer", float: "number", str: "string", bool: "boolean", list: "array", dict: "object"}


def schema(make: type) -> bytes:
    """The JSON schema of what a class is made from: the parameters of its constructor with their annotations."""
    properties, required = {}, []
    for p in _parameters(make).values():
        kinds = [_JSON[k] for k in _kinds(make, p) if k in _JSON]
        properties[p.name] = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
        if p.default is inspect.Parameter.empty:
            required.append(p.name)
        elif _plain(p.default):
            properties[p.name]["default"] = p.default
    out = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": False, "properties": properties}
    if required:
        out["required"] = required
    return json.dumps(out).encode()


def _plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return value is not None


def construct(make: type, config: bytes) -> Any:
    """Make a thing from JSON. Unknown keys, missing keys and values of another type are refused by name."""
    try:
        values = json.loads(config) if config.strip() else {}
    except ValueError as e:
        raise invalid(f"the configuration is no JSON: {e}") from None
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise invalid("the configuration is no JSON object")
    parameters = _parameters(make)
    for key, value in values.items():
        if key not in parameters:
            raise invalid(f"unknown key; have {', '.join(parameters) or 'none'}", key)
        values[key] = _check(key, value, _kinds(make, parameters[key]))
    for p in parameters.values():
        if p.default is inspect.Parameter.empty and p.name not in values:
            raise invalid("this key is missing", p.name)
    return make(**values)


def _parameters(make: type) -> dict[str, inspect.Parameter]:
    init: Any = getattr(make, "__init__")  # noqa: B009
    if init is object.__init__:
        return {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {n: p for n, p in list(inspect.signature(init).parameters.items())[1:] if p.kind in kinds}


def _kinds(make: type, p: inspect.Parameter) -> list[Any]:
    """The plain types an annotation allows; [] if it says nothing that can be checked."""
    try:
        hint = typing.get_type_hints(getattr(make, "__init__")).get(p.name, Any)
    except NameError:
        return []
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    kinds = [typing.get_origin(o) or o for o in options]
    return kinds if all(k in _JSON or k is type(None) for k in kinds) else []


def _check(key: str, value: Any, kinds: list[Any]) -> Any:
    if not kinds or type(value) in kinds:
        return value
    if float in kinds and type(value) is int:
        return float(value)
    names = " or ".join("null" if k is type(None) else _JSON[k] for k in kinds)
    raise invalid(f"{json.dumps(value)[:60]} is no {names}", key)
