"""Values of each dataclass that lies on disk or crosses a process; beside them, their forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automl.data.clipping import Clip
from automl.data.columns.column import ColumnSource
from automl.data.columns.cycles import Cycle
from automl.data.columns.number_format import NumberFormat
from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.kinds.image.plan import ImageFeature, ImagePlan
from automl.data.kinds.signature import InputSignature
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.data.kinds.table.plan import TablePlan
from automl.data.metrics import Objective
from automl.data.plan import PreprocessingPlan, TargetScale
from automl.data.request import DataRequest
from automl.data.task import Task, TaskKind
from automl.engines.contract import Job, SpaceHandle
from automl.export.prediction_check import CheckOutcome
from automl.results.leaderboard import LeaderboardRow
from automl.results.time_spent import TimeSpent
from automl.space.fit_options import FitOptions
from automl.space.own_code import OwnCode
from automl.trial import (
    EpochReport,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
    Verdict,
)
from automl.tuning.budget import SearchBudget
from automl.tuning.known_runs import KnownRun
from automl.tuning.search_request import SearchRequest

NUMBERS = NumberFormat(",", ".", units=("EUR", "€"), negative="trailing")
WHEN = NumericFeature(
    "when",
    19000.5,
    19100.0,
    30.25,
    indicator=True,
    source=ColumnSource.DATE,
    date_format="%d.%m.%Y",
    strays=("never", "?"),
    cycles=(Cycle.YEAR, Cycle.WEEK),
)
TABLE = PreprocessingPlan(
    TablePlan(
        (
            NumericFeature("price", 1, 2.5, 0.1, number_format=NUMBERS, clip=Clip.of("hard")),
            WHEN,
            CategoricalFeature("city", ("", "Köln", "Lund")),
        )
    ),
    TargetScale((1.5, -2.0), (0.5, 3)),
)
ARRAY = PreprocessingPlan(ArrayPlan(ArrayFeature((2, 2), (0.5,), (2.0,), Clip.of("smooth"))))
IMAGES = PreprocessingPlan(
    ImagePlan(ImageFeature(28, 20, 2, (100.5, 7.0), (50.0, 2.5), shares=True, fit="pad"))
)
REQUEST = DataRequest(
    "digits",
    ("a", -1),
    ignore="b",
    cv="3x2",
    class_weight={"no": 1, "yes": 2.5},
    date_format={"when": "%Y"},
    cycles={"when": "year,week"},
    clip="smooth",
    input="raw",
    seed=7,
    day_first=True,
)

EXAMPLES: dict[str, Any] = {
    "trial spec": TrialSpec(
        3,
        {"depth": 2, "kernel": [3, 3], "rate": 1e-3, "flip": True, "none": None},
        seed=0,
        budget=TrialBudget(100, 10, 0, 3.5, 1),
        keep_threshold=0.25,
        wait_for_answer=True,
        thresholds=(float("inf"), 0.5, 1),
        views=("fold-1", "fold-2"),
        start="trials/2/checkpoint.npz",
    ),
    "epoch report": EpochReport(4, 0.5, {"loss": 1, "val_loss": 0.1 + 0.2}, (0.75, 1)),
    "trial result": TrialResult(
        TrialState.FAILED,
        score=float("nan"),
        metrics={"accuracy": 0.5},
        verdict=Verdict.OVERFITTING,
        cause=FailureCause.OUT_OF_MEMORY,
        timings={"build": 1.5},
        found=({"kind": "int", "name": "units", "low": 1},),
        scaled={"units": 12, "shape": [1, 2]},
        executions=(0.5, 0.25),
        folds=(1, 2.0),
        notes=("One thing.", "Another."),
        reason="out of memory: 5 GB",
    ),
    "paused": TrialResult(TrialState.PAUSED, checkpoint="trials/2/checkpoint.npz"),
    "job": Job(
        {"search": SpaceHandle("mlp", fit={"loss": "mae"}), "linear": SpaceHandle(carried="gA==")},
        Path("/runs/a/arrays"),
        Path("/runs/a"),
        Objective("loss", "minimize"),
        ("fold-1",),
    ),
    "objective": Objective("auc", "maximize", of_model=True, further=("accuracy", "f1")),
    "plain objective": Objective("accuracy", "maximize"),
    "task": Task(TaskKind.MULTICLASS, 3, ("y",), ("01", 2, 2.5)),
    "regression": Task(TaskKind.REGRESSION, 2, ("a", "b"), (), (NUMBERS, NumberFormat())),
    "number format": NUMBERS,
    "clip": Clip.of("hard"),
    "table signature": TABLE.signature,
    "array signature": ARRAY.signature,
    "bare signature": InputSignature(3),
    "image signature": IMAGES.signature,
    "table plan": TABLE,
    "array plan": ARRAY,
    "image plan": IMAGES,
    "data request": REQUEST,
    "search request": SearchRequest(
        REQUEST,
        space="cnn",
        settings={"depth": "1:3", "units": [32, 64]},
        batch_size=(32, 64),
        loss={"class_name": "Huber", "module": "keras.losses", "config": {"delta": 2.0}},
        hyperparameters=({"kind": "int", "name": "units", "low": 1, "high": 3},),
        callbacks=("Stop",),
        metrics="f1,auc",
        budget=SearchBudget(trials=5, seconds=60.5),
        trial_budget=TrialBudget(20, 5, goal=1),
        memory_per_worker=2 << 30,
        seed=5,
    ),
    "fit options": FitOptions("mae", None, ("units", "rate"), True),
    "no fit options": FitOptions(),
    "check": CheckOutcome(512, 1e-7),
    "time spent": TimeSpent("failed", 3, 1.25, 0.4, "linear", 1),
    "leaderboard row": LeaderboardRow(
        1, 7, "completed", 0.5, {"accuracy": 0.9}, {"depth": 2, "kernel": [3, 3]}, 12, 9, 3.5,
        1000, 0, "good fit", "", {"accuracy": 1}, 0.1, trainer="kernel", standard_error=0.01,
        folds={"fold-1": 0.5},
    ),
    "own code": OwnCode("mine.py", "", {"mine.py": "space = None\n"}),
    "known run": KnownRun("/runs/a", 12345, "mine.py", begun=True),
}  # fmt: skip
