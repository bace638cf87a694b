"""The stages of a training: one, or with a backbone, frozen first and fine-tuned then.

A space asks for two by the hyperparameters of `automl.space.fine_tuning`. The backbone is the layer
of its model that is named ``backbone``, mostly a model itself. In the first stage all of it is
frozen; in the second, the share of its layers that lies on top is trained with a learning rate 20
times lower (Géron, Hands-On Machine Learning, 2nd ed., chapter 14), by an optimizer that begins
anew. Batch normalization in it stays frozen in both, and with that in inference mode: few rows
would spoil its moving averages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.errors import SpaceError
from automl.models.core import Core, compile_core
from automl.models.inputs.piecewise import is_piecewise
from automl.models.keras_private import layers_of
from automl.models.schedules import Schedule
from automl.training.checkpoint import Checkpoint
from automl.vocabulary.two_stages import BACKBONE, FINE_TUNED_SHARE, FROZEN_EPOCHS, RATE_DIVISOR

#: Makes the schedule over a number of epochs; None for a model that has its own.
SchedulesOver = Callable[[int], Schedule | None]


@dataclass(frozen=True)
class Stage:
    """A part of a trial's epochs, in which the same layers are trained.

    Attributes:
        share: Of the backbone's layers with weights, those on top that are trained; None where a
            model has no backbone.
        ends: The share of all epochs with which it ends.
        divisor: What the learning rate is divided by.
    """

    share: float | None = None
    ends: float = 1.0
    divisor: float = 1.0

    def last(self, epochs: int) -> int:
        """Its last epoch, at least the first one.

        Args:
            epochs: How many there are in all.
        """
        return min(epochs, max(1, round(self.ends * epochs)))

    def prepare(self, core: Core, config: Mapping[str, Any], task: Any) -> None:
        """Freezes what the stage does not train, and compiles the model anew.

        Raises:
            SpaceError: The space's builder has compiled it.
        """
        if self.share is None:
            return
        if core.compiled_by_user:
            raise SpaceError(
                f"A model that is fine-tuned ({FINE_TUNED_SHARE}) is compiled anew for each stage, "
                "and the builder has compiled it: return it uncompiled."
            )
        freeze(core.model, self.share)
        compile_core(core, config, task)
        rate = core.model.optimizer.learning_rate
        core.model.optimizer.learning_rate = float(np.asarray(rate)) / self.divisor

    def schedules(self, over: SchedulesOver) -> SchedulesOver:
        """What makes the learning rates of its epochs: those of the whole training, divided."""

        def divided(epochs: int) -> Schedule | None:
            whole = over(epochs)
            return None if whole is None else _Divided(whole, self.divisor)

        return over if self.divisor == 1.0 else divided


def stages_of(core: Core, config: Mapping[str, Any]) -> tuple[Stage, ...]:
    """The stages that a configuration asks for.

    Args:
        core: The built model.
        config: The trial's configuration.

    Returns:
        One stage, or two where a part of a backbone is to be fine-tuned.

    Raises:
        SpaceError: The model has no backbone.
    """
    share = None if core.hyper is not None else config.get(FINE_TUNED_SHARE)
    if share is None:
        return (Stage(),)
    if not backbone_layers(core.model):
        raise SpaceError(
            f"The space has {FINE_TUNED_SHARE}, and its model no layer with weights that is named "
            f"{BACKBONE}: name the layer, or the model inside the model, that was trained before."
        )
    if not share:
        return (Stage(0.0),)
    frozen = Stage(0.0, ends=float(config.get(FROZEN_EPOCHS, 0.0)))
    return frozen, Stage(float(share), divisor=RATE_DIVISOR)


def stage_place(stages: tuple[Stage, ...], checkpoint: Checkpoint | None, epochs: int) -> int:
    """The place of the stage that a trial's checkpoint was taken in; 0 without one.

    Args:
        stages: The trial's stages.
        checkpoint: The checkpoint; of the last epoch of a stage, it is of that stage still.
        epochs: The budget's, of which the trial may have planned fewer.
    """
    if checkpoint is None:
        return 0
    planned = checkpoint.control.get("epochs") or epochs
    places = [n for n, stage in enumerate(stages) if checkpoint.epoch <= stage.last(planned)]
    return places[0] if places else len(stages) - 1


def backbone_layers(model: Any) -> list[Any]:
    """The layers of a model's backbone that have weights of their own, from the bottom to the top.

    Args:
        model: A built ``keras.Model``.
    """
    found = []
    for layer in model.layers:
        if layer.name == BACKBONE:
            parts = layers_of(layer) if isinstance(layer, keras.Model) else [layer]
            found += [
                one
                for one in parts
                if one.weights and not isinstance(one, keras.Model) and not is_piecewise(one)
            ]
    return found


def freeze(model: Any, share: float) -> None:
    """Freezes a model's backbone but for a share of its layers.

    Args:
        model: A built ``keras.Model``; it is to be compiled afterwards.
        share: Of the layers with weights, those on top that are trained; batch normalization is
            counted, and stays frozen.
    """
    layers = backbone_layers(model)
    trained = round(share * len(layers))
    for place, layer in enumerate(layers):
        is_on_top = place >= len(layers) - trained
        layer.trainable = is_on_top and not isinstance(layer, keras.layers.BatchNormalization)


class _Divided(Schedule):
    """Another schedule's rates, divided.

    Args:
        whole: The other one, whose state it shares.
        divisor: By what.
    """

    def __init__(self, whole: Schedule, divisor: float) -> None:
        super().__init__(whole.steps_per_epoch, whole.epochs)
        self._whole = whole
        self._divisor = np.float32(divisor)

    def rates(self, epoch: int) -> npt.NDArray[np.float32]:
        """See `Schedule.rates`."""
        return self._whole.rates(epoch) / self._divisor

    def momenta(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """See `Schedule.momenta`."""
        return self._whole.momenta(epoch)

    def after_epoch(self, val_loss: float) -> None:
        """See `Schedule.after_epoch`."""
        self._whole.after_epoch(val_loss)

    def state(self) -> dict[str, float]:
        """See `Schedule.state`."""
        return self._whole.state()

    def restore_state(self, state: Mapping[str, float]) -> None:
        """See `Schedule.restore_state`."""
        self._whole.restore_state(state)
