"""Runs commands on prepared runs, one after another; a program of its own, to be watched.

Its arguments are a JSON list of runs, each with its folder and the commands, the file for a JSON
list of what each command printed and how it ended, and ``warm`` where the commands share processes
in which TensorFlow is imported already.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from pathlib import Path


def run_all(orders: list[dict[str, object]]) -> list[list[object]]:
    """Carries orders out: ``folder`` to be in, ``commands`` to run."""
    from automl.cli.main import main
    from automl.errors import AutoMLError

    told: list[list[object]] = []
    for order in orders:
        os.chdir(str(order["folder"]))
        for command in order["commands"]:  # type: ignore[attr-defined]
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                if command[0] in IN_PYTHON:
                    try:
                        IN_PYTHON[command[0]]()
                        code = 0
                    except AutoMLError as error:
                        print(error, file=sys.stderr)
                        code = error.exit_code
                else:
                    code = main(command)
            told.append([order["name"], command, code, out.getvalue(), err.getvalue()])
    return told


def run_warm(orders: list[dict[str, object]]) -> list[list[object]]:
    """The same with processes that are kept from one command to the next."""
    from automl.engines.warm_processes import warm_processes
    from tests.lent import lending

    with contextlib.closing(warm_processes()) as processes, lending(processes):
        return run_all(orders)


def _load_run() -> None:
    from automl.api import load_run

    run = load_run("run")
    print(len(run.leaderboard()), run.best.config)


def _load_bundle() -> None:
    from automl.export.bundle import load_model

    warnings.simplefilter("ignore")  # Keras's own, to a person in Python
    print(load_model("run/best").count_params())


#: What is a call in Python and no command.
IN_PYTHON = {"load_run": _load_run, "load_bundle": _load_bundle}


if __name__ == "__main__":
    orders, told, *kept = sys.argv[1:]
    found = (run_warm if kept else run_all)(json.loads(Path(orders).read_text()))
    Path(told).write_text(json.dumps(found))
