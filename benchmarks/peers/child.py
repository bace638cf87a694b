"""The process of one search: `python -m benchmarks.peers.child ASSIGNMENT EVENTS`."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from benchmarks.catalogue import ImageWorkload, Workload
from benchmarks.machine import versions
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog

TOOLS = {
    "automl": "benchmarks.peers.automl_search",
    "keras-tuner": "benchmarks.peers.keras_tuner_search",
    "optuna": "benchmarks.peers.optuna_loop",
    "ray": "benchmarks.peers.ray_tune_search",
    "autokeras": "benchmarks.peers.autokeras_search",
}
#: The tools that have image networks of their own.
IMAGE_TOOLS = {
    "automl": "benchmarks.peers.automl_search",
    "keras-tuner": "benchmarks.peers.keras_tuner_images",
    "autokeras": "benchmarks.peers.autokeras_images",
}


def tools_of(workload: Workload) -> Mapping[str, str]:
    """The tools that a workload is searched by, each with its module."""
    return IMAGE_TOOLS if isinstance(workload, ImageWorkload) else TOOLS


def main() -> int:
    """Runs the tool that the assignment names; 1 where it fails, with the reason in the events."""
    form, events = sys.argv[1:]
    log = EventLog(events)
    try:
        assignment = Assignment.from_json(json.loads(Path(form).read_text(encoding="utf-8")))
        tool = tools_of(assignment.workload)[assignment.tool]
        importlib.import_module(tool).search(assignment, log)
    except Exception as error:  # noqa: BLE001 - whatever a tool raises is a row of the table
        traceback.print_exc()
        told = [line.strip() for line in str(error).splitlines() if line.strip()]
        # The first line says what, and where a traceback is told on, the last one says why.
        said = " ... ".join(dict.fromkeys((*told[:1], *told[-1:])))
        log.failed(f"{type(error).__name__}: {said}"[:300])
        return 1
    finally:
        log.told(versions=versions())
    return 0


if __name__ == "__main__":
    sys.exit(main())
