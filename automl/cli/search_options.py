"""The options of `search`: how each is spelt, what its help says, where it stands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from automl.cli.completion import one_of, space_names
from automl.tuning.budget import DEFAULT_TRIALS
from automl.tuning.pruners import DEFAULT_WITH_TIME, DEFAULT_WITH_TRIALS, PRUNERS
from automl.tuning.request import ENGINES
from automl.tuning.samplers import SAMPLERS

DATA = "Data"
SPLIT = "Split and weights"
SPACE = "Search space"
BUDGET = "Budget"
STRATEGY = "Strategy"
MACHINE = "Machine"


def _listed(names: Any) -> str:
    """Names with what they mean, one a line, for a help text."""
    told = (f"[bold]{name}[/bold]: {meaning}." for name, meaning in names.items())
    return "  ".join(told).replace("automl[", r"automl\[")


# ---- data

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, also .gz or .zip), - "
        "for standard input, or a set bundled with scikit-learn: digits, iris, wine, "
        "breast_cancer or diabetes.",
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="COLUMN",
        help="What to predict: a column's name or position (from 0; -1 is the last). Repeat it "
        "for several outputs. Bundled sets and NPZ files know theirs.",
        rich_help_panel=DATA,
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="KIND",
        help="binary, multiclass, multilabel, regression, or classification (by the number of "
        "classes). Default: by what the target holds.",
        rich_help_panel=DATA,
    ),
]
Categorical = Annotated[
    list[str] | None,
    typer.Option(
        "--categorical",
        metavar="COLUMN",
        help="Take a column as categories though it looks like numbers or dates. Repeatable. "
        "Default: columns of text.",
        rich_help_panel=DATA,
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(
        "--decimal",
        metavar="MARK",
        help="Decimal mark of numbers, . or , (then 1.234 is a thousand). Default: what each "
        "column shows.",
        rich_help_panel=DATA,
    ),
]
DayFirst = Annotated[
    bool,
    typer.Option(
        "--day-first",
        metavar="",
        help="Take the day before the month in dates such as 01/02/2024. Default: what the column "
        "shows, else the month.",
        rich_help_panel=DATA,
    ),
]
DateFormat = Annotated[
    list[str] | None,
    typer.Option(
        "--date-format",
        metavar="COLUMN=FORMAT",
        help="Format of a column's dates, as for strptime (when=%d.%m.%Y). Repeatable. Default: "
        "what each column shows.",
        rich_help_panel=DATA,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="COLUMN",
        help="Leave a column out. Repeatable. Default: only columns without information.",
        rich_help_panel=DATA,
    ),
]
Names = Annotated[
    str | None,
    typer.Option(
        "--names",
        metavar="A,B,...",
        help="Column names of a file without a header, or a file with one name a line. "
        "Default: the first line is the header.",
        rich_help_panel=DATA,
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="CHARACTER",
        help="What separates the values of text files: a character, or comma, semicolon, tab, bar "
        "or blanks. Default: found.",
        rich_help_panel=DATA,
    ),
]
ClipKind = Annotated[
    str,
    typer.Option(
        "--clip",
        metavar="hard|smooth|none",
        help="How standardized numbers far from their mean are clipped, in training and in the "
        "exported model: hard cuts them off at 5 standard deviations, smooth bends them below 3.",
        rich_help_panel=DATA,
    ),
]
InputKind = Annotated[
    str,
    typer.Option(
        "--input",
        metavar="raw|standardize|auto",
        help="How numbers come to the models: raw is as they are; auto standardizes them, unless "
        "a model of your own takes whole numbers (an Embedding) or scales by itself.",
        rich_help_panel=DATA,
    ),
]
AllowWide = Annotated[
    bool,
    typer.Option(
        "--allow-wide",
        metavar="",
        help="Accept a table with more columns than rows, which is refused by default: it is "
        "mostly a mistake.",
        rich_help_panel=DATA,
    ),
]

# ---- split and weights

Validation = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="FILE|SHARE",
        help="Validation rows: a file like DATA, or their share of the rows that are not test "
        "rows. Default: 0.15.",
        rich_help_panel=SPLIT,
    ),
]
Test = Annotated[
    str | None,
    typer.Option(
        "--test",
        metavar="FILE|SHARE",
        help="Test rows, scored once, at the end: a file, or their share of all rows (0: none). "
        "Default: 0.2 below 1,000 rows, 0.1 below 10,000, else 0.05.",
        rich_help_panel=SPLIT,
    ),
]
SplitByTime = Annotated[
    str | None,
    typer.Option(
        "--split-by-time",
        metavar="COLUMN|order|none",
        help="The latest rows by this column are test and validation rows; order: the last in the "
        "order that the rows are in (arrays too). Default: rows are shuffled, and stratified by "
        "class, but windows that overlap are taken in their order; none shuffles these too.",
        rich_help_panel=SPLIT,
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COLUMN",
        help="Rows with the same value here stay together in the split. Default: each row by "
        "itself.",
        rich_help_panel=SPLIT,
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(
        "--weight",
        metavar="COLUMN",
        help="Weight of each row, in training and in scores. Default: all alike.",
        rich_help_panel=SPLIT,
    ),
]
ClassWeight = Annotated[
    str | None,
    typer.Option(
        "--class-weight",
        metavar="balanced|A=2,B=1",
        help="Weight of each class in training: balanced (as if classes were equally frequent), "
        "or given. Default: all alike.",
        rich_help_panel=SPLIT,
    ),
]

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
        "Default: one on each core that this process may use, or on each GPU. With 1, the same "
        "seed gives the same leaderboard.",
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
