"""The trainer that a model needs: the compiled kernel, compiled graphs, or `Model.fit`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from automl.export.loadable import error_text
from automl.training.bfloat16_gain import bfloat16_gain
from automl.training.device import GraphOptions, choose_options, has_gpu
from automl.training.device_data import DeviceData
from automl.training.fallback import FitTrainer, needs_fit
from automl.training.flat_updates import flatten_updates
from automl.training.fused_normalization import fuse_normalization
from automl.training.hyper_fit import HyperFitTrainer
from automl.training.kernel.codes import AbsentKernel, UnsupportedModel
from automl.training.kernel.trainer import DenseTrainer
from automl.training.loop import CompiledTrainer
from automl.training.mixed_precision import SLOWER
from automl.training.reused_gelu import reuse_gelu
from automl.training.timings import Timings
from automl.training.xla_refusal import xla_refusal
from automl.trial import TrainerName

if TYPE_CHECKING:
    from automl.models.hyper import HyperBuilt

Trainer = DenseTrainer | CompiledTrainer | FitTrainer | HyperFitTrainer

#: What is told of models that were to be trained in bfloat16.
IN_FLOAT32 = "models of this space are trained in float32, for in bfloat16 they cannot be: "
NOT_BY_FIT = f"{IN_FLOAT32}Keras's fit trains them"
#: What is told of models that XLA was to compile.
WITHOUT_XLA = "models of this space are not compiled by XLA, for they cannot be: "
SLOWER_WITH_XLA = (
    "steps that XLA compiles take 1.4 to 2 times as long on cores: trials of jit_compile false "
    "take less time"
)
NO_XLA_BY_FIT = f"{WITHOUT_XLA}Keras's fit trains them"
#: What is told of models that the kernel would train, were it there.
NO_KERNEL = (
    "dense networks are trained by TensorFlow, slower than by the compiled kernel, which is not "
    "there: install automl once more where there is a C compiler"
)
OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)


@dataclass(frozen=True)
class Training:
    """How a model is to be trained.

    Attributes:
        trainer: The trainer, ready.
        options: The options to run it with.
        name: What it is called in a trial's result.
        note: What a person should be told where it is not the fastest that there is, or "".
        can_pause: Whether what it holds between two epochs can be kept in a checkpoint; not where
            callbacks or a loop of a person's own hold a part of it.
    """

    trainer: Trainer
    options: GraphOptions
    name: TrainerName
    note: str = ""
    can_pause: bool = True


def make_trainer(
    model: Any,
    data: DeviceData,
    batch_size: int,
    epochs: int,
    scheduled: bool,
    timings: Timings,
    hyper: HyperBuilt | None = None,
    own_metrics: bool = False,
    callbacks: Sequence[Any] = (),
    staged: bool = False,
    mixed: bool = False,
    xla: bool = False,
) -> Training:
    """Chooses the fastest trainer that gives what `Model.fit` gives, and makes it ready.

    A function of the model, the data and the device, never of a live timing, so that the same
    trial gives the same numbers.

    Args:
        model: The compiled ``keras.Model``, built; its optimizer is not.
        data: What it trains on.
        batch_size: Rows in a step.
        epochs: Most epochs of the trial.
        scheduled: Whether the control gives learning rates.
        timings: Where seconds are counted.
        hyper: What a builder in KerasTuner's form was called with, or None.
        own_metrics: Whether the model's own metrics are wanted, which Keras alone can compute.
        callbacks: Callbacks of a person's own, which only `Model.fit` calls.
        staged: Whether this is one of several stages, which keep the best weights alike.
        mixed: Whether training steps are to compute in bfloat16.
        xla: Whether XLA is to compile them; else it does where it is known to pay.

    Returns:
        How it is trained.
    """
    if hyper is not None and hyper.trains_itself:
        own = HyperFitTrainer(hyper, data, batch_size, callbacks)
        return Training(own, GraphOptions(), TrainerName.OWN_FIT, can_pause=False)
    if callbacks:
        model.optimizer.build(model.trainable_variables)
        fit = _fit_training(model, data, batch_size, scheduled, callbacks=callbacks)
        return _also_noting(fit, _not_by_fit(mixed, xla))
    with timings.stage("trace"):
        needs_graph = own_metrics or staged or mixed or xla
        dense, note = _dense_trainer(model, data, batch_size, needs_graph)
    if dense is not None:
        return Training(dense, GraphOptions(), TrainerName.KERNEL)
    with timings.stage("build"):
        steps = math.ceil(len(data.train) / batch_size)
        options = settled_options(model, batch_size, steps, epochs)
    ways = options.ways(mixed, xla)
    with timings.stage("trace"):
        return _graph_trainer(model, data, batch_size, ways, scheduled, note)


def settled_options(model: Any, batch_size: int, steps: int, epochs: int) -> GraphOptions:
    """Makes a model and its optimizer ready for graphs on this device, and chooses how these run.

    Args:
        model: The compiled ``keras.Model``, built; its optimizer is not.
        batch_size: Rows in a step.
        steps: Steps in an epoch, the last partial one included.
        epochs: Most epochs of the trial.
    """
    if not has_gpu():
        fuse_normalization(model)
        reuse_gelu(model)
    options = choose_options(model, batch_size, steps, epochs)
    if options.flat_updates:
        flatten_updates(model)
    else:
        model.optimizer.build(model.trainable_variables)
    return options


def _dense_trainer(
    model: Any, data: DeviceData, batch_size: int, needs_graph: bool
) -> tuple[DenseTrainer | None, str]:
    """The kernel's trainer, or None and what a person should be told of that."""
    if has_gpu() or needs_graph:
        return None, ""
    try:
        return DenseTrainer(model, data.train, data.validation, batch_size), ""
    except AbsentKernel:
        return None, NO_KERNEL
    except UnsupportedModel:
        return None, ""


def _graph_trainer(
    model: Any,
    data: DeviceData,
    batch_size: int,
    ways: Mapping[tuple[bool, bool], GraphOptions],
    scheduled: bool,
    otherwise: str,
) -> Training:
    """A trainer of TensorFlow's, its graphs traced: the fastest way that the model's code allows.

    Whole epochs are traced below `tf.function`, then by it, each with XLA and in bfloat16 if these
    are chosen, then without; then Keras's `fit` traces a step; what cannot be traced runs eagerly.

    Args:
        ways: What `GraphOptions.ways` gave.
        otherwise: What a person should be told where whole epochs are traced, or "".
    """
    asked, reason = next(iter(ways)), ""
    reasons: dict[tuple[bool, tuple[bool, bool]], str] = {}
    tried = itertools.product((False, True), ways)
    for plain, way in () if needs_fit(model) else tried:
        compiled = CompiledTrainer(model, data.train, batch_size, ways[way])
        try:
            compiled.trace(scheduled, data.validation, plain)
        except OUT_OF_MEMORY:
            raise
        except Exception as error:  # noqa: BLE001 - an error of the model, `fit` meets too
            reason = xla_refusal(error) if way[1] else error_text(error)
            reasons[plain, way] = reason
        else:
            notes = _notes_on(plain, asked, way, reasons)
            found = Training(compiled, compiled.options, TrainerName.COMPILED, notes.pop(0))
            for note in (*([] if plain else [otherwise]), *notes):
                found = _also_noting(found, note)
            return found
    fit = _fit_training(model, data, batch_size, scheduled, reason)
    return _also_noting(fit, _not_by_fit(*asked))


def _notes_on(
    plain: bool,
    asked: tuple[bool, bool],
    way: tuple[bool, bool],
    reasons: Mapping[tuple[bool, tuple[bool, bool]], str],
) -> list[str]:
    """What a person should be told of how whole epochs are traced, each a sentence or "".

    Args:
        plain: Whether `tf.function` traces them.
        asked: Whether bfloat16 and XLA were asked for.
        way: Whether there is either.
        reasons: Why other ways could not be traced.
    """
    mixed, xla = way
    notes = [""]
    if plain:
        reason = reasons[False, way]
        notes = [f"graphs are traced by tf.function, which is slower: {reason}"]
    if asked[1] and not xla:
        notes.append(f"{WITHOUT_XLA}{reasons[plain, (mixed, True)]}")
    if asked[0] and not mixed:
        notes.append(f"{IN_FLOAT32}{reasons[plain, (True, xla)]}")
    if mixed and bfloat16_gain() < 1.0:
        notes.append(SLOWER)
    if xla and not has_gpu():
        notes.append(SLOWER_WITH_XLA)
    return notes


def _not_by_fit(mixed: bool, xla: bool) -> str:
    """What a person should be told who wants what Keras's `fit` does not do, or ""."""
    return "; ".join([*([NOT_BY_FIT] if mixed else []), *([NO_XLA_BY_FIT] if xla else [])])


def _also_noting(training: Training, note: str) -> Training:
    """A training of which a person should be told one thing more, or "" for none."""
    return replace(training, note="; ".join(filter(None, (training.note, note))))


def _fit_training(
    model: Any,
    data: DeviceData,
    batch_size: int,
    scheduled: bool,
    reason: str = "",
    callbacks: Sequence[Any] = (),
) -> Training:
    """Keras's `fit`, a graph a step; eagerly where the model's code cannot be traced.

    Args:
        reason: Why whole epochs could not be traced, or "".
        callbacks: Callbacks of a person's own, for which `fit` was chosen: what they cost was said.
    """
    if not needs_fit(model):
        step = _step_error(model, data)
        reason, model.run_eagerly = step or reason, bool(step)
    fit = FitTrainer(model, data.train, batch_size, callbacks)
    fit.trace(scheduled, data.validation)
    name = TrainerName.EAGER if model.run_eagerly else TrainerName.FIT
    note = "" if callbacks and not model.run_eagerly else _fit_note(model, reason)
    # At its end `fit` puts averages in the place of weights, which a pause would then keep.
    can_pause = not callbacks and not model.optimizer.use_ema
    return Training(fit, GraphOptions(), name, note, can_pause=can_pause)


def _fit_note(model: Any, reason: str) -> str:
    """What a person should be told of a model that is trained by Keras's `fit`."""
    if model.run_eagerly:
        why = reason or "it was compiled with run_eagerly=True"
        return (
            "models of this space are trained eagerly by Keras's fit, some 30 times slower than in "
            f"a graph: {why}"
        )
    if reason:
        return (
            "models of this space are trained by Keras's fit, a graph a step, slower than whole "
            f"epochs in a graph: {reason}"
        )
    return (
        "models of this space are trained by Keras's fit, slower than whole epochs in a graph, for "
        "they have a fit or a make_train_function of their own"
    )


def _step_error(model: Any, data: DeviceData) -> str:
    """Why Keras could not trace a step of training or of evaluation, or ""."""
    signature = tf.nest.map_structure(
        lambda tensor: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype), data.train.data
    )
    try:
        for step in (model.train_step, model.test_step):
            tf.function(step, autograph=False).get_concrete_function(signature)
    except OUT_OF_MEMORY:
        raise
    except Exception as error:  # noqa: BLE001 - code of a person's own, which eager running meets
        return error_text(error)
    return ""
