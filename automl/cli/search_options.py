"""The options of `search` but those about its data (`data_options`) and its run (`run_options`)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from automl.cli.completion import one_of, space_names
from automl.tuning.budget import DEFAULT_TRIALS
from automl.tuning.pruners import DEFAULT_WITH_TIME, DEFAULT_WITH_TRIALS, PRUNERS
from automl.tuning.request import ENGINES
from automl.tuning.samplers import SAMPLERS

SPACE = "Search space"
BUDGET = "Budget"
STRATEGY = "Strategy"
MACHINE = "Machine"


def _listed(names: Any) -> str:
    """Names with what they mean, one a line, for a help text."""
    told = (f"[bold]{name}[/bold]: {meaning}." for name, meaning in names.items())
    return "  ".join(told).replace("automl[", r"automl\[")


# ---- search space

Space = Annotated[
    str,
    typer.Option(
        "--space",
        autocompletion=space_names,
        metavar="SPACE",
        help="A space's name (`automl spaces` lists them), a file (mine.py or mine.py:space) or "
        "module:attribute.",
        rich_help_panel=SPACE,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Fix a hyperparameter (depth=3), narrow it (width=64:256) or restrict it "
        "(activation=relu,elu). Repeatable. Default: the whole space.",
        rich_help_panel=SPACE,
    ),
]
BatchSize = Annotated[
    str | None,
    typer.Option(
        "--batch-size",
        metavar="N",
        help="Rows in a step, for every trial: a number, several (32,64) or a range (16:256). "
        "Default: as the space has it, else 32.",
        rich_help_panel=SPACE,
    ),
]

Loss = Annotated[
    str | None,
    typer.Option(
        "--loss",
        metavar="NAME",
        help="Keras's name of a loss in place of the one that your own builder build(hp) compiles "
        "its models with. Default: the builder's.",
        rich_help_panel=SPACE,
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        "--optimizer",
        metavar="NAME",
        help="Keras's name of an optimizer in place of your own builder's. Default: the builder's. "
        "(In other spaces it is a hyperparameter: --set optimizer=adam.)",
        rich_help_panel=SPACE,
    ),
]

# ---- budget

Trials = Annotated[
    int | None,
    typer.Option(
        "--trials",
        "-n",
        help=f"Total number of trials. Default: {DEFAULT_TRIALS}, or no limit where --time is "
        "given.",
        rich_help_panel=BUDGET,
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="DURATION",
        help="Wall clock from start to exported model: 90s, 10m, 1h30m. Default: no limit.",
        rich_help_panel=BUDGET,
    ),
]
Epochs = Annotated[
    int,
    typer.Option(
        "--epochs",
        help="Most epochs of a trial; learning-rate schedules stretch over it.",
        rich_help_panel=BUDGET,
    ),
]
Patience = Annotated[
    int,
    typer.Option(
        "--patience",
        help="Epochs without improvement after which a trial stops by itself.",
        rich_help_panel=BUDGET,
    ),
]
MinDelta = Annotated[
    float,
    typer.Option(
        "--min-delta",
        help="Least change of the objective that counts as improvement.",
        rich_help_panel=BUDGET,
    ),
]
TrialTime = Annotated[
    str | None,
    typer.Option(
        "--trial-time",
        metavar="DURATION",
        help="Wall clock of one trial; it then counts with what it has reached. Default: no limit.",
        rich_help_panel=BUDGET,
    ),
]
Goal = Annotated[
    float | None,
    typer.Option(
        "--goal",
        metavar="SCORE",
        help="A trial stops once its score is as good as this. Default: none.",
        rich_help_panel=BUDGET,
    ),
]
ExecutionsPerTrial = Annotated[
    int,
    typer.Option(
        "--executions-per-trial",
        metavar="N",
        help="How often each configuration is trained, with other seeds; its score is the mean, "
        "its model that of the best one.",
        rich_help_panel=BUDGET,
    ),
]

# ---- strategy

ObjectiveName = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="METRIC",
        help="What trials are ranked by, on the validation rows, under scikit-learn's or Keras's "
        "name (accuracy, roc_auc, rmse, val_loss, ...). Default: log_loss, or mse for numbers: "
        "they tell models apart that count the same rows as right.",
        rich_help_panel=STRATEGY,
    ),
]
Direction = Annotated[
    str | None,
    typer.Option(
        "--direction",
        metavar="min|max",
        help="Of --objective, where it is a metric that your own model is compiled with and its "
        "name does not say which way is better. Default: as the metric has it.",
        rich_help_panel=STRATEGY,
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metrics",
        metavar="A,B,...",
        help="Metrics to show beside the usual ones: balanced_accuracy, precision, recall, "
        "fbeta:2, mape, pinball:0.9, ... Repeatable. Default: none.",
        rich_help_panel=STRATEGY,
    ),
]
Sampler = Annotated[
    str,
    typer.Option(
        "--sampler",
        autocompletion=one_of(SAMPLERS),
        metavar="NAME",
        help="Which configuration next. " + _listed(SAMPLERS),
        rich_help_panel=STRATEGY,
    ),
]
Pruner = Annotated[
    str | None,
    typer.Option(
        "--pruner",
        autocompletion=one_of(PRUNERS),
        metavar="NAME",
        help="Which trial to stop early. Default, from a measurement on 12 tasks: "
        f"{DEFAULT_WITH_TIME} with --time, as it leaves the least regret for the same epochs; "
        f"otherwise {DEFAULT_WITH_TRIALS}, which saves two epochs in five and leaves hardly more "
        "regret for the same trials. " + _listed(PRUNERS),
        rich_help_panel=STRATEGY,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        help="Seed of everything random: split, sampling, weights, order, dropout.",
        rich_help_panel=STRATEGY,
    ),
]

# ---- machine

Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        autocompletion=one_of(ENGINES),
        metavar="NAME",
        help="Where trials run: local (warm processes on this machine) or ray (a Ray cluster).",
        rich_help_panel=MACHINE,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDRESS",
        help="Of --engine ray, the cluster. Default: one started on this machine.",
        rich_help_panel=MACHINE,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-w",
        help="Trials at once, one thread each: measured faster than many threads a trial. "
        "Default: one on each core that this process may use, or on each GPU; with --address, of "
        "the cluster. With 1, the same seed gives the same leaderboard.",
        rich_help_panel=MACHINE,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        help="What trials run on: cpu, gpu, or auto: the cores for models of table rows, the GPUs, "
        "where there are any, for others.",
        rich_help_panel=MACHINE,
    ),
]
MemoryPerWorker = Annotated[
    str | None,
    typer.Option(
        "--memory-per-worker",
        metavar="SIZE",
        help="Memory that a worker may hold, TensorFlow's own 0.3 GB included: 500M, 4G. A trial "
        "that takes more fails as out of memory. Default: no limit, but when the machine has "
        "hardly any memory left, the largest worker is ended. Of --engine local.",
        rich_help_panel=MACHINE,
    ),
]
