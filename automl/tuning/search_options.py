"""The options of a search about what is searched, for how long and how.

Each is declared here alone; see `automl.common.option`.
"""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from automl.common.option import Option
from automl.common.option_values import (
    above_zero_bytes,
    above_zero_count,
    above_zero_seconds,
    at_least,
    not_negative,
    path_text,
)
from automl.errors import RequestError
from automl.space.batch_size import checked_batch_size
from automl.tuning.budget import DEFAULT_FINALISTS, DEFAULT_TRIALS
from automl.tuning.pruners import DEFAULT_WITH_TIME, DEFAULT_WITH_TRIALS, PRUNERS
from automl.tuning.samplers import DEFAULT_SAMPLER, SAMPLERS

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from automl.space import SearchSpace


def installed_spaces() -> set[str]:
    """The names of the installed search spaces, none of which is loaded."""
    return {entry.name for entry in entry_points(group="automl.search_spaces")}


def parse_settings(flag: str, settings: Sequence[str]) -> dict[str, str]:
    """Reads the ``NAME=VALUE`` of --set.

    Raises:
        RequestError: There is no ``=``, or a name is given twice.
    """
    values: dict[str, str] = {}
    for part in settings:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not value:
            raise RequestError(
                f"{flag} {part} is not NAME=VALUE; write it like depth=3, width=64:256 or "
                "activation=relu,elu."
            )
        if name in values:
            raise RequestError(
                f"{name} is set twice, to {values[name]} and to {value}; set it once, several "
                f"values as {name}={values[name]},{value}."
            )
        values[name] = value
    return values


def parse_metrics(flag: str, given: Sequence[str]) -> tuple[str, ...]:
    """Reads the names of --metrics, several with commas between them."""
    names = (name.strip() for part in given for name in part.split(","))
    return tuple(name for name in names if name)


class SpaceOptions(TypedDict, total=False):
    """What is searched."""

    space: Annotated[
        "str | SearchSpace | Any",
        Option(
            "A space's name (`automl spaces` lists them), a file (mine.py or mine.py:space) or "
            "module:attribute.",
            default="mlp",
            metavar="SPACE",
            names=installed_spaces,
            in_python="Or a `SearchSpace`, or what KerasTuner takes: a function ``build(hp)`` or "
            "a ``keras_tuner.HyperModel``.",
            on_resume="The run's search space, where it is not an installed one and the run was "
            "not begun on this machine: my_space.py or module:attribute, which is then run.",
            elsewhere=("hypermodel", "build_model", "search_space"),
        ),
    ]
    from_model: Annotated[
        str | os.PathLike[str] | None,
        Option(
            "An exported model, or a file of weights of a network of keras.applications (--set "
            "backbone=NAME), whose layers are taken over: frozen first, then fine-tuned, under a "
            "head of their own. It chooses the space: transfer, transfer_rows or pretrained. "
            "Default: models are trained from scratch.",
            metavar="MODEL",
            word="from",
            check=path_text,
            on_resume="What the models take over, where the run was not begun on this machine.",
            elsewhere=("pretrained", "init_from", "warm_start"),
        ),
    ]
    settings: Annotated[
        Mapping[str, Any] | None,
        Option(
            "Fix a hyperparameter (depth=3), narrow it (width=64:256) or restrict it "
            "(activation=relu,elu). Repeatable. Default: the whole space.",
            metavar="NAME=VALUE",
            word="set",
            repeats=True,
            parse=parse_settings,
            in_python='A dictionary, such as ``{"depth": 3}`` or ``{"width": "64:256"}``.',
        ),
    ]
    batch_size: Annotated[
        int | str | Sequence[int] | None,
        Option(
            "Rows in a step, for every trial: a number, several (32,64) or a range (16:256). "
            "Default: as the space has it, else 32.",
            metavar="N",
            check=checked_batch_size,
            elsewhere=("batch", "batchsize"),
        ),
    ]
    loss: Annotated[
        Any,
        Option(
            "Keras's name of a loss in place of the one that your own builder build(hp) compiles "
            "its models with. Default: the builder's.",
            metavar="NAME",
            in_python="Or a loss of Keras's.",
        ),
    ]
    optimizer: Annotated[
        Any,
        Option(
            "Keras's name of an optimizer in place of your own builder's. Default: the builder's. "
            "(In other spaces it is a hyperparameter: --set optimizer=adam.)",
            metavar="NAME",
            in_python="Or an optimizer of Keras's.",
        ),
    ]
    hyperparameters: Annotated[
        Any,
        Option(
            "A ``keras_tuner.HyperParameters``, which count in place of those that your own "
            "builder declares under the same names.",
            only_python=True,
        ),
    ]
    tune_new_entries: Annotated[
        bool,
        Option(
            "Whether those that it declares beside them are searched; else they have their "
            "defaults.",
            default=True,
            only_python=True,
        ),
    ]
    allow_new_entries: Annotated[
        bool, Option("Whether it may declare others.", default=True, only_python=True)
    ]
    callbacks: Annotated[
        Any,
        Option(
            "`keras.callbacks.Callback` objects for the models of all trials, which `Model.fit` "
            "then trains, slower than without; each trial gets them as new.",
            only_python=True,
            on_resume="The run's callbacks once more, where it was started with some.",
        ),
    ]


class BudgetOptions(TypedDict, total=False):
    """What the search and each trial may spend."""

    trials: Annotated[
        int | None,
        Option(
            f"Total number of trials. Default: {DEFAULT_TRIALS}, or no limit where --time is "
            "given.",
            letter="n",
            check=at_least(1),
            on_resume="New total number of trials.",
            elsewhere=("max_trials", "n_trials", "num_samples", "n_iter", "max_evals"),
        ),
    ]
    time: Annotated[
        float | str | None,
        Option(
            "Wall clock from start to exported model: 90s, 10m, 1h30m. Default: no limit.",
            metavar="DURATION",
            check=above_zero_seconds,
            in_python="Or seconds.",
            on_resume="New total wall clock: 90s, 10m, 1h30m.",
            elsewhere=("timeout", "max_time", "time_budget", "time_budget_s", "time_limit"),
        ),
    ]
    #: Most epochs and the patience of early stopping: Géron, Hands-On Machine Learning (2nd ed.),
    #: chapter 10, trains up to 100 epochs with a patience of 10.
    epochs: Annotated[
        int | None,
        Option(
            "Most epochs of a trial; learning-rate schedules stretch over it.",
            default=100,
            check=at_least(1),
            elsewhere=("max_epochs", "max_iter", "n_epochs"),
        ),
    ]
    patience: Annotated[
        int | None,
        Option(
            "Epochs without improvement after which a trial stops by itself.",
            default=10,
            check=at_least(1),
            elsewhere=("n_iter_no_change", "early_stopping_rounds"),
        ),
    ]
    min_delta: Annotated[
        float,
        Option(
            "Least change of the objective that counts as improvement.",
            default=0.0,
            check=not_negative,
        ),
    ]
    trial_time: Annotated[
        float | str | None,
        Option(
            "Wall clock of one trial; it then counts with what it has reached. Default: no limit.",
            metavar="DURATION",
            check=above_zero_seconds,
            in_python='Seconds, or a text such as ``"30s"``.',
        ),
    ]
    executions_per_trial: Annotated[
        int,
        Option(
            "How often each configuration is trained, with other seeds; its score is the mean, "
            "its model that of the best one.",
            default=1,
            metavar="N",
            check=at_least(1),
        ),
    ]
    max_parameters: Annotated[
        int | str | None,
        Option(
            "Most parameters (weights) of a model: 500000, 500k, 2M. What has more is not trained, "
            "told to the sampler as infeasible, and counts for no trial. Default: no limit.",
            metavar="N",
            check=above_zero_count,
            on_resume="Most parameters of a model: 500000, 500k, 2M.",
        ),
    ]
    max_flops: Annotated[
        int | str | None,
        Option(
            "Most multiply-adds that one row takes forward through a model: 50M, 1.5G (an addition "
            "that goes with a multiplication is not counted again); as --max-parameters. "
            "Default: no limit.",
            metavar="N",
            check=above_zero_count,
            on_resume="Most multiply-adds of a row: 50M, 1.5G.",
        ),
    ]
    max_memory: Annotated[
        int | str | None,
        Option(
            "Most memory that a step of training may take by a model's layers, weights and "
            "optimizer, an estimate without TensorFlow's own and the data: 500M, 4G; as "
            "--max-parameters. Default: no limit.",
            metavar="SIZE",
            check=above_zero_bytes,
            in_python="Or bytes.",
            on_resume="Most memory that a step of training may take: 500M, 4G.",
        ),
    ]
    finalists: Annotated[
        int,
        Option(
            "How many of the best trials are trained again at the end, each several times with "
            "fresh seeds, and the default configuration with them: the score that a trial is "
            "chosen by is the luckiest of many. The best over these is exported. 0: none.",
            default=DEFAULT_FINALISTS,
            metavar="N",
            check=at_least(0),
            on_resume="How many of the best trials are trained again at the end; 0: none.",
        ),
    ]
    goal: Annotated[
        float | None,
        Option(
            "A trial stops once its score is as good as this. Default: none.",
            metavar="SCORE",
        ),
    ]


class StrategyOptions(TypedDict, total=False):
    """What trials are ranked by, and how the next one is chosen."""

    objective: Annotated[
        str | Any | None,
        Option(
            "What trials are ranked by, on the validation rows, under scikit-learn's or Keras's "
            "name (accuracy, roc_auc, rmse, val_loss, ...). Default: log_loss, or mse for numbers: "
            "they tell models apart that count the same rows as right.",
            metavar="METRIC",
            in_python="Or one of your own (an `automl.Metric`, a function of truth and prediction "
            "with ``direction``, a scorer of scikit-learn's `make_scorer`, an object of "
            "``keras.metrics``), or a ``keras_tuner.Objective``.",
            elsewhere=("metric", "scoring", "eval_metric"),
        ),
    ]
    direction: Annotated[
        str | None,
        Option(
            "Of --objective, where it is a function, or a metric that your own model is compiled "
            "with and its name does not say which way is better. Default: as the metric has it.",
            metavar="min|max",
        ),
    ]
    metrics: Annotated[
        Any,
        Option(
            "Metrics to show beside the usual ones: balanced_accuracy, precision, recall, "
            "fbeta:2, mape, pinball:0.9, ... Repeatable. Default: none.",
            default=(),
            metavar="A,B,...",
            repeats=True,
            parse=parse_metrics,
            in_python="Ones of your own, too, as with ``objective``.",
        ),
    ]
    sampler: Annotated[
        "str | BaseSampler",
        Option(
            "Which configuration next; for spaces of images with a portfolio local, unless one is "
            "named.",
            default=DEFAULT_SAMPLER,
            metavar="NAME",
            names=SAMPLERS,
            in_python="Or a sampler of Optuna's or your own (`optuna.samplers.BaseSampler`).",
            elsewhere=("search_alg",),
        ),
    ]
    pruner: Annotated[
        "str | BasePruner | None",
        Option(
            "Which trial to stop early. Default, from a measurement on 12 tasks: "
            f"{DEFAULT_WITH_TIME} with --time, as it leaves the least regret for the same epochs; "
            f"otherwise {DEFAULT_WITH_TRIALS}, which saves two epochs in five and leaves hardly "
            "more regret for the same trials.",
            metavar="NAME",
            names=PRUNERS,
            in_python="Or a pruner of Optuna's or your own (`optuna.pruners.BasePruner`), which "
            "is asked after every epoch.",
            elsewhere=("scheduler",),
        ),
    ]
    seed: Annotated[
        int,
        Option(
            "Seed of everything random: split, sampling, weights, order, dropout.",
            default=0,
            check=at_least(0),
            elsewhere=("random_state", "random_seed"),
        ),
    ]
