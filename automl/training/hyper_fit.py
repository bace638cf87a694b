"""Training by a KerasTuner hypermodel's own `fit`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from automl.space.batch_size import NAME
from automl.training.control import TrainingControl
from automl.training.device_data import DeviceData, DeviceRows
from automl.training.evaluation import Evaluator
from automl.training.fallback import Follower

if TYPE_CHECKING:
    from automl.models.hyper import HyperBuilt
    from automl.trial import TrialResult

_REPEATED = re.compile(r"got multiple values for (?:keyword )?argument '(\w+)'")


def with_found(result: TrialResult, hyper: HyperBuilt, notes: Sequence[str]) -> TrialResult:
    """The result of a builder in KerasTuner's form, with what it was found to declare.

    Args:
        result: The result.
        hyper: The built model with its hypermodel.
        notes: Further sentences for a person.
    """
    return replace(
        result,
        found=tuple(parameter.to_json() for parameter in hyper.found()),
        scaled=dict(hyper.hp.scaled),
        notes=(*result.notes, *hyper.notes(), *notes),
    )


class _Over(BaseException):
    """The control has ended, and a loop of a person's own goes on; it must not catch this."""


class HyperFitTrainer:
    """Trains a model by one call of its hypermodel's ``fit(hp, model, x, y, ...)``.

    The call is KerasTuner's: the rows as NumPy arrays, ``validation_data``, ``callbacks``,
    and ``epochs``, ``verbose`` and ``sample_weight`` unless the fit gives them itself. The
    callback scores the model after every epoch; what the fit returns is the score where the
    objective names it (`automl.training.returned`).

    Args:
        hyper: The built model with its hypermodel.
        data: The rows in the form that the model takes.
        batch_size: Rows in a step, where the fit takes it and was not given one of its own.
        callbacks: Callbacks of a person's own, called before the control hears of an epoch.

    Attributes:
        evaluator: Scores the model.
    """

    def __init__(
        self, hyper: HyperBuilt, data: DeviceData, batch_size: int, callbacks: Sequence[Any] = ()
    ) -> None:
        self.evaluator = Evaluator(hyper.model)
        self._hyper = hyper
        self._data = data
        self._callbacks = list(callbacks)
        self._batch = batch_size if NAME in hyper.given else None  # asked for, or the model's

    def run(self, control: TrainingControl) -> None:
        """Trains until the fit or the control ends it; see `TrainingControl`."""
        follower = _Stopper(control, self._hyper.model)
        options: dict[str, Any] = {"epochs": control.epochs, "verbose": 0}
        if self._data.train.weight is not None:
            options["sample_weight"] = self._data.train.weight.numpy()
        if self._batch is not None:
            options["batch_size"] = self._batch
        train, validation = _arrays(self._data.train), _arrays(self._data.validation)
        hypermodel: Any = self._hyper.hypermodel
        takes = _taken(hypermodel.fit)
        returned: Any = None
        while True:
            try:
                value = hypermodel.fit(
                    self._hyper.hp,
                    self._hyper.model,
                    *train,
                    validation_data=validation,
                    callbacks=[*self._callbacks, follower],
                    **{name: value for name, value in options.items() if takes(name)},
                )
            except _Over:
                break
            except TypeError as error:
                # The fit hands on what it was given beside its own: nothing has begun yet.
                repeated = _REPEATED.search(str(error))
                if repeated is None or repeated[1] not in options or follower.epochs:
                    raise
                del options[repeated[1]]
            else:
                returned = value
                break
        if not follower.epochs and not follower.cut:  # a loop that calls no callback
            control.end_epoch(1, {"loss": float(self.evaluator.evaluate(self._data.train)[0])})
        control.returned(returned)


def _taken(fit: Any) -> Callable[[str], bool]:
    """Whether a fit takes an argument of a name; its own loop may take few."""
    parameters = inspect.signature(fit).parameters
    any_name = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    return lambda name: any_name or name in parameters


def _arrays(rows: DeviceRows) -> tuple[Any, Any]:
    x, y = tf.nest.map_structure(lambda tensor: tensor.numpy(), rows.data[:2])
    return (list(x) if isinstance(x, tuple) else x), y


class _Stopper(Follower):
    """A follower that also ends loops that do not look at ``stop_training``.

    Attributes:
        epochs: Epochs that were told of.
        cut: Whether training was ended inside an epoch.
    """

    def __init__(self, control: TrainingControl, model: Any) -> None:
        super().__init__(control, scheduled=False)
        self.set_model(model)
        self.epochs = 0
        self._over = False

    @property
    def cut(self) -> bool:
        """Whether training was ended inside an epoch."""
        return self._cut

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Ends a loop that goes on after its end."""
        if self._over:
            raise _Over
        super().on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Tells the control of the epoch; a loop may tell no beginning."""
        if self._over:
            raise _Over
        self._epoch = self.epochs + 1
        super().on_epoch_end(epoch, logs)
        self.epochs += 1
        self._over = bool(self.model.stop_training)
