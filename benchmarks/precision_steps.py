"""Training steps of every family of image models in float32 and in bfloat16, one against the other.

    python -m benchmarks.precision_steps --output benchmarks/RESULTS.md
    python -m benchmarks.precision_steps --one xception

A net's steps in both are timed in turns, in one process of one thread with the environment of a
worker, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from automl.vocabulary.dtype_policies import FLOAT32
from benchmarks.apart import measured_apart
from benchmarks.image_steps import BFLOAT16, SHAPE, Variant, training_step
from benchmarks.machine import load, machine, version_line, versions
from benchmarks.results_file import markdown_table, put_section

#: The families that are built for images of `SHAPE` by their defaults.
FAMILIES = (
    *("plain_cnn", "lenet5", "alexnet", "vgg", "fastcnn", "resnet", "senet", "inception"),
    *("xception", "mobilenet", "densenet"),
)
#: A search's own batches of images.
BATCH = 64
#: Timings of each precision, in turns; the least counts. Processor seconds of one.
TIMINGS, SECONDS = 6, 1.0
GAIN = "two convolutions"

#: Microseconds of processor time an image, by precision.
Found = Mapping[str, float]


def in_turns(
    steps: Mapping[str, Callable[[], Any]], timings: int, seconds: float
) -> dict[str, float]:
    """Processor seconds of a call of each, the least of several timings made in turns.

    Args:
        steps: What is called, by name; each returns once its work is done.
        timings: How many of each.
        seconds: Least processor seconds of one.
    """
    least = dict.fromkeys(steps, float("inf"))
    for step in steps.values():
        step()
    for _ in range(timings):
        for name, step in steps.items():
            calls, started = 0, time.process_time()
            while calls == 0 or time.process_time() - started < seconds:
                step()
                calls += 1
            least[name] = min(least[name], (time.process_time() - started) / calls)
    return least


def measure_here(family: str, timings: int, seconds: float) -> Found:
    """A family's steps in both precisions, or what the search itself measures, in this process."""
    from automl.training.bfloat16_gain import bfloat16_gain

    if family == GAIN:
        return {FLOAT32: bfloat16_gain(), BFLOAT16: 1.0}
    steps = {
        name: training_step(family, {}, Variant(mixed=name == BFLOAT16, batch=BATCH))
        for name in (FLOAT32, BFLOAT16)
    }
    took = in_turns(steps, timings, seconds)
    return {name: 1e6 * each / BATCH for name, each in took.items()}


def measure_apart(family: str, timings: int, seconds: float) -> Found:
    """The same, in a process of its own.

    Raises:
        RuntimeError: It ended without one.
    """
    words = ("--one", family, "--timings", str(timings), "--seconds", str(seconds), "--here")
    found: Found = measured_apart("precision_steps", words, family)
    return found


def section(found: Mapping[str, Found], command: str, busy: float) -> str:
    """The section of the results."""
    height, width, _ = SHAPE
    rows = [
        [family, *(f"{each[name]:,.0f}" for name in (FLOAT32, BFLOAT16)), f"{_gain(each):.2f}"]
        for family, each in found.items()
        if family != GAIN
    ]
    usual = f"{_gain(found[GAIN]):.2f} times" if GAIN in found else "not measured"
    return "\n\n".join(
        [
            "## Steps of image models in bfloat16",
            f"`{command}`, {date.today()}; {machine()}; load before {busy:.1f}; "
            f"{version_line(versions())}.",
            f"Microseconds of processor time that an image of {height} x {width} x 1 takes in a "
            f"training step of each family's default on one thread (batches of {BATCH}, both "
            "precisions in turns, the least timing of each), and how many times as fast bfloat16 "
            "is. What a search measures before it begins, two convolutions of 32 maps: "
            f"**{usual}**.",
            markdown_table(["family", FLOAT32, BFLOAT16, "gain"], rows),
        ]
    )


def _gain(found: Found) -> float:
    return found[FLOAT32] / found[BFLOAT16]


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.precision_steps", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--output", type=Path, help="write the section there; else it is printed")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"of one timing ({SECONDS:g})"
    )
    parser.add_argument(
        "--timings", type=int, default=TIMINGS, help=f"of each precision ({TIMINGS})"
    )
    parser.add_argument("--one", choices=(*FAMILIES, GAIN), help="measure one, and print it")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what was asked, and prints the section or writes it."""
    asked = options(arguments)
    how = asked.timings, asked.seconds
    if asked.one:
        measure = measure_here if asked.here else measure_apart
        print(json.dumps(measure(asked.one, *how)), flush=True)
        return
    words = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "benchmarks.precision_steps", *words])
    busy, found = load(), {}
    for family in (GAIN, *FAMILIES):
        found[family] = measure_apart(family, *how)
        print(f"{family}: {_gain(found[family]):.2f} {json.dumps(found[family])}", flush=True)
    put_section(asked.output, "precision steps", section(found, command, busy))


if __name__ == "__main__":
    main()
