"""The trainer that a model needs: the compiled kernel, compiled graphs, or `Model.fit`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from automl.training.dense.codes import UnsupportedModel
from automl.training.dense.trainer import DenseTrainer
from automl.training.device import GraphOptions, choose_options, has_gpu
from automl.training.device_data import DeviceData
from automl.training.fallback import FitTrainer, needs_fit
from automl.training.flat_updates import flatten_updates
from automl.training.fused_normalization import fuse_normalization
from automl.training.hyper_fit import HyperFitTrainer
from automl.training.loop import CompiledTrainer
from automl.training.timings import Timings

if TYPE_CHECKING:
    from automl.models.hyper import HyperBuilt

Trainer = DenseTrainer | CompiledTrainer | FitTrainer | HyperFitTrainer

OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)


def make_trainer(
    model: Any,
    data: DeviceData,
    batch_size: int,
    epochs: int,
    scheduled: bool,
    timings: Timings,
    hyper: HyperBuilt | None = None,
    own_metrics: bool = False,
) -> tuple[Trainer, GraphOptions]:
    """Chooses the fastest trainer that gives what `Model.fit` gives, and makes it ready.

    A function of the model, the data and the device, never of a live timing, so that the same
    trial gives the same numbers.

    Args:
        model: The compiled ``keras.Model``, built; its optimizer is not.
        data: What it trains on.
        batch_size: Rows in a step.
        epochs: Most epochs of the trial.
        scheduled: Whether the course gives learning rates.
        timings: Where seconds are counted.
        hyper: What a builder in KerasTuner's form was called with, or None.
        own_metrics: Whether the model's own metrics are wanted, which Keras alone can compute.

    Returns:
        The trainer, and the options to run it with.
    """
    if hyper is not None and hyper.trains_itself:
        return HyperFitTrainer(hyper, data, batch_size), GraphOptions()
    with timings.stage("trace"):
        dense = None if has_gpu() or own_metrics else _dense_trainer(model, data, batch_size)
    if dense is not None:
        return dense, GraphOptions()
    if not has_gpu():
        fuse_normalization(model)
    options = choose_options(model, batch_size, math.ceil(len(data.train) / batch_size), epochs)
    with timings.stage("build"):
        if options.flat_updates:
            flatten_updates(model)
        else:
            model.optimizer.build(model.trainable_variables)
    with timings.stage("trace"):
        return _graph_trainer(model, data, batch_size, options, scheduled)


def _dense_trainer(model: Any, data: DeviceData, batch_size: int) -> DenseTrainer | None:
    try:
        return DenseTrainer(model, data.train, data.validation, batch_size)
    except UnsupportedModel:
        return None


def _graph_trainer(
    model: Any, data: DeviceData, batch_size: int, options: GraphOptions, scheduled: bool
) -> tuple[CompiledTrainer | FitTrainer, GraphOptions]:
    """A trainer of TensorFlow's, its graphs traced."""
    if not needs_fit(model):
        compiled = CompiledTrainer(model, data.train, batch_size, options)
        try:
            compiled.trace(scheduled, data.validation)
        except OUT_OF_MEMORY:
            raise
        except Exception:  # noqa: BLE001 - if it is an error of the model, `fit` meets it too
            model.run_eagerly = True
        else:
            return compiled, compiled.options
    fit = FitTrainer(model, data.train, batch_size)
    fit.trace(scheduled, data.validation)
    return fit, GraphOptions()
