"""What bounds a training step of image models on one core.

    python -m benchmarks.image_steps --output benchmarks/RESULTS.md
    python -m benchmarks.image_steps --one "fastcnn 24, 48, 96" "as it is"

Processor time of whole training steps, in variants, and the rate of floating-point operations that
each 3 x 3 convolution of the nets reaches, beside that of a plain matrix product. Each measurement
is made by a process of its own with one thread, in the environment of a worker.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from automl.data.kinds.signature import InputSignature
from automl.data.task import Task, TaskKind
from automl.space import find_space
from benchmarks.apart import measured_apart
from benchmarks.machine import load, machine, version_line, versions
from benchmarks.results_file import markdown_table, put_section

SHAPE = (28, 28, 1)
CLASSES = 10
BATCH = 128
#: Rows and columns of the matrices whose product is the peak.
PEAK_SIDE = 1024
#: Processor seconds of one timing, and how many timings the least is taken of.
SECONDS = 4.0
TIMINGS = 3
#: Multiplications of a convolution in a step: its outputs, and the gradients of maps and kernel.
PASSES = 3

MATRIX_PRODUCT = "matrix product"
CONVOLUTIONS = "convolutions"
MICROSECONDS = "microseconds an image"
GFLOPS = "GFLOP/s"

Found = Mapping[str, float]


@dataclass(frozen=True)
class Variant:
    """How a step is computed.

    Attributes:
        mixed: Whether it is computed in bfloat16, as `dtype_policy` has it.
        batch: Images in a step.
        fused: Whether normalization and GELU are those that the trainer puts in.
        xla: Whether XLA compiles the step.
        environment: What is added to the environment of a worker.
    """

    mixed: bool = False
    batch: int = BATCH
    fused: bool = True
    xla: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


AS_IT_IS = "as it is"
BFLOAT16 = "bfloat16"
VARIANTS = {
    AS_IT_IS: Variant(),
    BFLOAT16: Variant(mixed=True),
    "batch 512": Variant(batch=512),
    "XLA": Variant(xla=True),
    "Eigen": Variant(environment={"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "not fused": Variant(fused=False),
}
NETS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{
        f"fastcnn {', '.join(map(str, widths))}": ("fastcnn", {"fast_widths": widths})
        for widths in ((24, 48, 96), (32, 64, 128), (32, 128, 128))
    },
    "plain_cnn": ("plain_cnn", {}),
}


def least_seconds(step: Callable[[], Any], seconds: float) -> float:
    """Processor seconds of a call: the least of several timings, each of many calls.

    Args:
        step: What is called; it returns once its work is done.
        seconds: Least processor seconds of one timing.
    """
    step()
    step()
    measured = []
    for _ in range(TIMINGS):
        calls, started = 0, time.process_time()
        while calls == 0 or time.process_time() - started < seconds:
            step()
            calls += 1
        measured.append((time.process_time() - started) / calls)
    return min(measured)


def built_core(name: str, values: Mapping[str, Any]) -> Any:
    """The core model of a space's configuration, compiled as a trial compiles it."""
    from automl.models.core import build_core, compile_core

    space = find_space(name)
    # Pixels are random, of which a net learns nothing: a small rate keeps the weights finite.
    config = space.configuration({**values, "learning_rate": 1e-3})
    task = Task(TaskKind.MULTICLASS, CLASSES, ("y",), tuple(map(str, range(CLASSES))))
    signature = InputSignature(0, mean=(127.5,), std=(74.0,), shape=SHAPE, pixel="uint8")
    core = build_core(space, config, task, signature)
    compile_core(core, config, task)
    return core.model


def training_step(name: str, values: Mapping[str, Any], variant: Variant) -> Callable[[], float]:
    """A training step of a space's configuration; a call makes one and gives its loss."""
    import keras
    import tensorflow as tf

    from automl.training.device import choose_options
    from automl.training.flat_updates import flatten_updates
    from automl.training.fused_normalization import fuse_normalization
    from automl.training.graphs import trace_once
    from automl.training.mixed_precision import mixed_precision
    from automl.training.reused_gelu import reuse_gelu
    from automl.vocabulary.inputs import IMAGE

    keras.utils.set_random_seed(0)
    model = built_core(name, values)
    if variant.fused:
        fuse_normalization(model)
        reuse_gelu(model)
    options = choose_options(model, variant.batch, 100, 10)
    options = options.with_xla() if variant.xla else options
    if options.flat_updates:
        flatten_updates(model)
    else:
        model.optimizer.build(model.trainable_variables)
    draw = np.random.default_rng(0)
    images = tf.constant(draw.integers(0, 256, (variant.batch, *SHAPE), dtype=np.uint8))
    classes = tf.constant(draw.integers(0, CLASSES, (variant.batch, 1), dtype=np.int32))

    def step(x: Any, y: Any) -> Any:
        return model.train_step(({IMAGE: x}, y))["loss"]

    signature = [tf.TensorSpec(rows.shape, rows.dtype) for rows in (images, classes)]
    with options.applied(), mixed_precision(model, variant.mixed):
        graph = trace_once(step, signature, xla=variant.xla)

    def call() -> float:
        with options.applied():
            return float(graph(images, classes))

    return call


def step_time(net: str, variant: Variant, seconds: float) -> Found:
    """Microseconds of processor time that an image takes in a training step."""
    took = least_seconds(training_step(*NETS[net], variant), seconds)
    return {MICROSECONDS: 1e6 * took / variant.batch}


def convolution_rates(net: str, seconds: float) -> Found:
    """GFLOP/s of each 3 x 3 convolution of a net, its gradients included."""
    import keras

    model = built_core(*NETS[net])
    found: dict[str, float] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (3, 3):
            shape = tuple(int(size) for size in layer.input.shape[1:])
            found[_convolution_name(shape, layer.filters)] = _rate(shape, layer.filters, seconds)
    return found


def _convolution_name(shape: tuple[int, ...], filters: int) -> str:
    height, width, channels = shape
    return f"{height} x {width}, {channels} to {filters} channels"


def _rate(shape: tuple[int, ...], filters: int, seconds: float) -> float:
    import tensorflow as tf

    from automl.training.graphs import trace_once

    height, width, channels = shape
    draw = np.random.default_rng(0)
    sizes = (BATCH, *shape), (3, 3, channels, filters), (BATCH, height, width, filters)
    given = [tf.constant(draw.standard_normal(size, dtype=np.float32)) for size in sizes]

    def passes(x: Any, kernel: Any, upstream: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch((x, kernel))
            y = tf.nn.conv2d(x, kernel, strides=1, padding="SAME")
        return y, tape.gradient(y, (x, kernel), output_gradients=upstream)

    graph = trace_once(passes, [tf.TensorSpec(one.shape, one.dtype) for one in given])
    operations = 2 * PASSES * BATCH * height * width * 9 * channels * filters
    return operations / least_seconds(lambda: graph(*given), seconds) / 1e9


def peak_rate(variant: Variant, seconds: float) -> Found:
    """GFLOP/s of a product of two large matrices."""
    import tensorflow as tf

    from automl.training.graphs import trace_once

    dtype = tf.bfloat16 if variant.mixed else tf.float32
    side = PEAK_SIDE
    matrix = tf.cast(np.random.default_rng(0).standard_normal((side, side)), dtype)
    graph = trace_once(tf.matmul, [tf.TensorSpec(matrix.shape, dtype)] * 2, xla=variant.xla)
    took = least_seconds(lambda: graph(matrix, matrix), seconds)
    return {GFLOPS: 2 * side**3 / took / 1e9}


def measure_here(subject: str, way: str, seconds: float) -> Found:
    """One measurement, in this process.

    Args:
        subject: A name of `NETS`, or `MATRIX_PRODUCT`.
        way: A name of `VARIANTS`, or `CONVOLUTIONS`.
        seconds: Least processor seconds of one timing.
    """
    if subject == MATRIX_PRODUCT:
        return peak_rate(VARIANTS[way], seconds)
    if way == CONVOLUTIONS:
        return convolution_rates(subject, seconds)
    return step_time(subject, VARIANTS[way], seconds)


def measure_apart(subject: str, way: str, seconds: float) -> Found:
    """One measurement, in a process of its own.

    Raises:
        RuntimeError: It ended without one.
    """
    added = VARIANTS[way].environment if way in VARIANTS else {}
    words = ("--one", subject, way, "--seconds", str(seconds), "--here")
    found: Found = measured_apart("image_steps", words, f"{subject}, {way}", added)
    return found


def measure_all(seconds: float, nets: Sequence[str]) -> dict[tuple[str, str], Found]:
    """All measurements, one after the other, the peak first; what fails is told and left out."""
    wanted = [(MATRIX_PRODUCT, way) for way in (AS_IT_IS, BFLOAT16)]
    wanted += [(net, way) for net in nets for way in (*VARIANTS, CONVOLUTIONS)]
    found = {}
    for subject, way in wanted:
        try:
            found[subject, way] = measure_apart(subject, way, seconds)
        except RuntimeError as error:
            print(error, file=sys.stderr, flush=True)
        else:
            print(f"{subject}, {way}: {json.dumps(found[subject, way])}", flush=True)
    return found


def step_table(found: Mapping[tuple[str, str], Found], nets: Sequence[str]) -> str:
    """Microseconds an image, and in brackets the time as a share of that of the net as it is."""
    rows = []
    for net in nets:
        plain = found.get((net, AS_IT_IS), {}).get(MICROSECONDS)
        cells = []
        for way in VARIANTS:
            value = found.get((net, way), {}).get(MICROSECONDS)
            share = "" if way == AS_IT_IS or not plain or value is None else value / plain
            told = f" ({share:.2f})" if share else ""
            cells.append("failed" if value is None else f"{value:,.0f}{told}")
        rows.append([net, *cells])
    return markdown_table(["net", *VARIANTS], rows)


def convolution_table(found: Mapping[tuple[str, str], Found], nets: Sequence[str]) -> str:
    """GFLOP/s of each convolution, the median where several nets have it, and its share."""
    peak = found.get((MATRIX_PRODUCT, AS_IT_IS), {}).get(GFLOPS)
    rates: dict[str, list[float]] = {}
    for net in nets:
        for name, rate in found.get((net, CONVOLUTIONS), {}).items():
            rates.setdefault(name, []).append(rate)
    rows = [
        [name, f"{np.median(each):.1f}", f"{np.median(each) / peak:.0%}" if peak else ""]
        for name, each in rates.items()
    ]
    return markdown_table(["3 x 3 convolution", GFLOPS, "of the matrix product"], rows)


def section(
    found: Mapping[tuple[str, str], Found], nets: Sequence[str], command: str, busy: float
) -> str:
    """The section of the results."""
    peaks = [
        f"{rate:.1f} in {name}"
        for name, way in (("float32", AS_IT_IS), (BFLOAT16, BFLOAT16))
        if (rate := found.get((MATRIX_PRODUCT, way), {}).get(GFLOPS)) is not None
    ]
    height, width, _ = SHAPE
    return "\n\n".join(
        [
            "## What bounds a training step of images",
            f"`{command}`, {date.today()}; {machine()}; load before {busy:.1f}; "
            f"{version_line(versions())}.",
            f"Microseconds of processor time that an image of {height} x {width} x 1 takes in a "
            f"training step on one thread (batches of {BATCH}, no augmentation; the least of "
            f"{TIMINGS} timings), and in brackets the multiple of the net's first column. *As it "
            "is* has the fused batch normalization and the GELU that re-uses what it has computed "
            "(`automl/training/fused_normalization.py`, `reused_gelu.py`); *not fused* has Keras's "
            "own. *bfloat16* is `--set dtype_policy=mixed_bfloat16`, *Eigen* TensorFlow without "
            "oneDNN.",
            step_table(found, nets),
            "What each 3 x 3 convolution of these nets reaches, forward and backward, float32. A "
            f"product of matrices of {PEAK_SIDE} x {PEAK_SIDE} on the same core: GFLOP/s "
            f"{', '.join(peaks)}.",
            convolution_table(found, nets),
        ]
    )


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.image_steps", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--output", type=Path, help="write the section there; else it is printed")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"of one timing ({SECONDS:g})"
    )
    parser.add_argument("--nets", nargs="+", choices=NETS, default=tuple(NETS), help="which (all)")
    parser.add_argument(
        "--one",
        nargs=2,
        metavar=("NET", "VARIANT"),
        help=f"measure one: a net or {MATRIX_PRODUCT!r}, and one of "
        f"{', '.join([*VARIANTS, CONVOLUTIONS])}",
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.one and asked.one[0] not in (*NETS, MATRIX_PRODUCT):
        parser.error(f"no net {asked.one[0]!r}; choose from {', '.join(NETS)}, {MATRIX_PRODUCT}")
    if asked.one and asked.one[1] not in (*VARIANTS, CONVOLUTIONS):
        parser.error(
            f"no variant {asked.one[1]!r}; choose from {', '.join([*VARIANTS, CONVOLUTIONS])}"
        )
    if asked.one == [MATRIX_PRODUCT, CONVOLUTIONS]:
        parser.error(f"a {MATRIX_PRODUCT} has no {CONVOLUTIONS}")
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what was asked, and prints the section or writes it."""
    asked = options(arguments)
    if asked.one:
        subject, way = asked.one
        measure = measure_here if asked.here else measure_apart
        print(json.dumps(measure(subject, way, asked.seconds)), flush=True)
        return
    words = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "benchmarks.image_steps", *words])
    busy = load()
    found = measure_all(asked.seconds, asked.nets)
    put_section(asked.output, "image steps", section(found, asked.nets, command, busy))


if __name__ == "__main__":
    main()
