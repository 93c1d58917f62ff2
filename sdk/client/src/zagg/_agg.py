"""The entry point of the Python zagg."""
from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._commands import Config, run_summary
from ._open import Store


def agg(config: Config, *, catalog: Store | None = None, store: Store | None = None, backend: str = "local", driver: str | None = None,
        max_cells: int | None = None, morton_cell: str | None = None, max_workers: int | None = None, overwrite: bool = False,
        dry_run: bool = False, function_name: str | None = None, region: str | None = None, output_credentials: dict[str, str] | None = None,
        output_endpoint_url: str | None = None, profile: bool = False, invocation: str | None = None,
        on_progress: Callable[[str], None] | None = None, granules: Any = None, **options: Any) -> dict[str, Any]:
    """Aggregate, with the arguments of the Python zagg; gives its result as a mapping, of which `zagg.open(result["store_path"])`
    opens the store. Other keyword arguments are flags of `zagg run`; on Lambda the cost is not asked about."""
    env = {} if output_endpoint_url is None else {"AWS_ENDPOINT_URL_S3": output_endpoint_url}
    given: dict[str, Any] = {"backend": backend, "driver": driver, "max_cells": max_cells, "morton_cell": morton_cell, "max_workers": max_workers,
             "overwrite": overwrite, "dry_run": dry_run, "function_name": function_name, "region": region, "profile": profile,
             "invocation": invocation, "catalog": None if catalog is None else os.fspath(catalog), "yes": backend == "lambda" or None}
    with tempfile.TemporaryDirectory() as folder:
        if output_credentials is not None:
            keys = Path(folder) / "credentials.json"
            keys.touch(mode=0o600)
            keys.write_text(json.dumps(output_credentials))
            given["output_creds"] = str(keys)
        said = run_summary(config, granules, store or "", on_progress, {**given, **options}, env)
    return {**said, **_result(said, store, backend)} if not dry_run else said


def _result(said: dict[str, Any], store: Store | None, backend: str) -> dict[str, Any]:
    """The keys of the Python zagg, from the summary."""
    shards = said.get("shards", {})
    return {"total_cells": shards.get("total", 0), "cells_with_data": shards.get("with_data", 0), "cells_error": shards.get("errors", 0),
            "cells_current": shards.get("skipped", 0), "total_obs": said.get("observations", 0), "wall_time_s": said.get("wall_s", 0.0),
            "estimated_cost_usd": said.get("estimated_cost_usd"), "store_path": None if store is None else os.fspath(store), "backend": backend}
