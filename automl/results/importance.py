"""How much each hyperparameter mattered in a run, and whose best value lies at its range's edge."""

from __future__ import annotations

import math
import textwrap
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from automl.common.forms import to_form
from automl.errors import RequestError, RunError, SpaceError
from automl.results.board_columns import config_text, number
from automl.results.reading_report import ReadingReport, ReportColumn
from automl.results.record import RunRecord
from automl.results.run_directory import RunDirectory
from automl.space.choice import Choice
from automl.space.condition import to_list, to_tuple
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int
from automl.space.optuna_bridge import distribution, stored
from automl.space.search_space import SearchSpace

if TYPE_CHECKING:
    import optuna

#: Completed trials without which nothing is said.
LEAST_TRIALS = 10
#: Trials that count as the best: a tenth, and at least as many as Optuna advises for its estimate.
BEST_SHARE, LEAST_BEST = 0.1, 5
#: A hyperparameter that was active in fewer trials, or in fewer of the best, is left out: how the
#: values of one or two are spread is chance, and it would come first.
LEAST_ACTIVE, LEAST_ACTIVE_BEST = 10, 3
#: What lies so near to an end of a range, as a share of it, lies at its edge.
EDGE = 0.02


@dataclass(frozen=True)
class HyperparameterImportance:
    """One hyperparameter.

    Attributes:
        hyperparameter: Its name, with its label where several have one name.
        importance: Its share of what tells the best trials from the others, 0 to 1.
        trials: Completed trials in which it was active.
        best: Its value in the best trial; None where it was not active there.
        of_best: Its values in the best tenth of trials: the least and the greatest of numbers, the
            most frequent of others.
        range: What it may be, as text.
        edge: ``low`` or ``high`` where the best lie at that end of the range, or "".
        advice: Of one at an edge, a sentence on how to search beyond; or "".
    """

    hyperparameter: str
    importance: float
    trials: int
    best: Any
    of_best: tuple[Any, ...]
    range: str
    edge: str = ""
    advice: str = ""


@dataclass(frozen=True)
class _Tried:
    """A completed trial: its configuration by Optuna's keys, and its score, less being better."""

    params: Mapping[str, Any]
    loss: float


def hyperparameter_importance(run: RunDirectory, record: RunRecord) -> ReadingReport:
    """Estimates how much each hyperparameter mattered.

    By conditional PED-ANOVA, as Optuna has it: how far the values of the best tenth of completed
    trials are spread otherwise than those of all (Watanabe et al. 2023, arXiv 2304.10255; with
    conditions 2601.20800). Of a finalist the score of the search's own training counts, which all
    have. The trials are put into a study in memory: no storage is opened.

    Args:
        run: The run.
        record: What its study says.

    Returns:
        A row for each hyperparameter, the most important first; see `HyperparameterImportance`.

    Raises:
        RequestError: Too few trials have completed.
        RunError: The space of the run cannot be read, or a trial does not fit it.
    """
    space = _space_of(run)
    known = {parameter.key: parameter for parameter in space.hyperparameters}
    tried = _tried(record, space)
    if len(tried) < LEAST_TRIALS:
        raise RequestError(
            f"{len(tried)} trials of {run.path} have completed, and the importance of "
            f"hyperparameters needs {LEAST_TRIALS}: go on with `automl resume --trials`, or search "
            "with --pruner none, where most are stopped early."
        )
    count = max(math.ceil(BEST_SHARE * len(tried)), LEAST_BEST)
    best = sorted(tried, key=lambda one: one.loss)[:count]
    told = _told(known, tried, best)
    if not told:
        raise RequestError(
            f"No hyperparameter of {run.path} was active, with more than one value to choose from, "
            f"in {LEAST_ACTIVE} of its {len(tried)} completed trials; go on with `automl resume "
            "--trials`."
        )
    shares = _shares(run, {key: known[key] for key in told}, tried, count / len(tried))
    rows = [
        _importance(known[key], share, tried, best)
        for key, share in sorted(shares.items(), key=lambda pair: -pair[1])
    ]
    notes = [row.advice for row in rows if row.advice]
    return ReadingReport(
        f"{record.name}: importance of {len(rows)} hyperparameters for {record.objective}, by "
        f"PED-ANOVA over {len(tried)} completed trials (the best {count} against all)",
        [{**to_form(row), "of_best": _joined(row.of_best)} for row in rows],
        _COLUMNS,
        [*notes, *_left_out(space, record, shares, tried)],
    )


def _space_of(run: RunDirectory) -> SearchSpace:
    """The space as recorded, which can be read and not built from."""
    form = (run.read_manifest().get("space") or {}).get("definition")
    try:
        return SearchSpace.from_json(form or {})
    except (SpaceError, TypeError, ValueError) as error:
        raise RunError(
            f"The search space in {run.manifest_file} cannot be read ({error}); restore the file "
            "from a copy."
        ) from error


def _tried(record: RunRecord, space: SearchSpace) -> list[_Tried]:
    found = []
    for trial in record.trials:
        scored = trial.trained
        if not trial.is_ranked or scored is None or scored.score is None:
            continue
        if not math.isfinite(scored.score):
            continue
        config = {name: to_tuple(value) for name, value in trial.config.items()}
        params = {
            parameter.key: config[parameter.name]
            for parameter in space.hyperparameters
            if parameter.name in config and parameter.active(config)
        }
        found.append(_Tried(params, record.loss(scored.score)))
    return found


def _told(
    known: Mapping[str, Hyperparameter], tried: Sequence[_Tried], best: Sequence[_Tried]
) -> list[str]:
    """The hyperparameters of which something can be told."""
    return [
        key
        for key, parameter in known.items()
        if parameter.size > 1
        and sum(key in one.params for one in tried) >= LEAST_ACTIVE
        and sum(key in one.params for one in best) >= LEAST_ACTIVE_BEST
    ]


def _shares(
    run: RunDirectory, known: Mapping[str, Hyperparameter], tried: Sequence[_Tried], share: float
) -> dict[str, float]:
    """The importance of each of some hyperparameters; 1 in all."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's, of what is said here in sentences
        study = optuna.create_study(direction="minimize")
        try:
            study.add_trials([_frozen(known, one) for one in tried])
        except ValueError as error:
            raise RunError(
                f"A trial of {run.path} does not fit the space that run.json holds ({error}); "
                "restore the run from a copy."
            ) from error
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=min(share, 0.99))
        return optuna.importance.get_param_importances(study, evaluator=evaluator)


def _frozen(known: Mapping[str, Hyperparameter], tried: _Tried) -> optuna.trial.FrozenTrial:
    import optuna

    keys = [key for key in known if key in tried.params]
    return optuna.trial.create_trial(
        params={key: stored(tried.params[key]) for key in keys},
        distributions={key: distribution(known[key]) for key in keys},
        value=tried.loss,
    )


def _importance(
    parameter: Hyperparameter, share: float, tried: Sequence[_Tried], best: Sequence[_Tried]
) -> HyperparameterImportance:
    key = parameter.key
    values = [one.params[key] for one in best if key in one.params]
    first = best[0].params.get(key)
    edge = _edge(parameter, first, values)
    return HyperparameterImportance(
        hyperparameter=key,
        importance=share,
        trials=sum(key in one.params for one in tried),
        best=to_list(first),
        of_best=tuple(to_list(list(_summary(parameter, values)))),
        range=parameter.values_text,
        edge=edge,
        advice=_advice(parameter, edge, first, values),
    )


def _summary(parameter: Hyperparameter, values: Sequence[Any]) -> Sequence[Any]:
    if not values:
        return ()
    if _places(parameter) is not None:
        return (min(values), max(values))
    return (Counter(values).most_common(1)[0][0],)


def _places(parameter: Hyperparameter) -> tuple[float, float, bool] | None:
    """The ends of a range, and whether it is logarithmic; None where there is no order."""
    if isinstance(parameter, Int | Float):
        return parameter.low, parameter.high, parameter.log
    if isinstance(parameter, Choice) and parameter.is_numeric:
        least, greatest = min(parameter.options), max(parameter.options)
        return least, greatest, least > 0 and greatest / least >= 10
    return None


def _edge(parameter: Hyperparameter, first: Any, values: Sequence[Any]) -> str:
    """The end of the range at which the best value lies, or the middle one of the best; or ""."""
    ends = _places(parameter)
    if ends is None or not values or parameter.size < 3:
        return ""
    low, high, is_log = ends
    if is_log:
        low, high = math.log(low), math.log(high)

    def place(value: float) -> float:
        return ((math.log(value) if is_log else value) - low) / (high - low)

    for value in (*([] if first is None else [first]), median(values)):
        if place(value) <= EDGE and ends[0] != 0:  # below nothing there is nothing to try
            return "low"
        if place(value) >= 1.0 - EDGE:
            return "high"
    return ""


def _advice(parameter: Hyperparameter, edge: str, first: Any, values: Sequence[Any]) -> str:
    if not edge:
        return ""
    value = median(values) if first is None else first
    name, end = parameter.key, "lower" if edge == "low" else "upper"
    told = f"The best {name} ({value:.4g}) lies at the {end} end of {parameter.values_text}"
    if isinstance(parameter, Choice):
        return f"{told}: try one beyond its options with `--set {parameter.name}=VALUE`."
    return (
        f"{told}: --set only narrows a range, so declare a wider one in a space of your own "
        "(`automl spaces new NAME`), if values beyond it make sense."
    )


def _left_out(
    space: SearchSpace, record: RunRecord, shares: Mapping[str, float], tried: Sequence[_Tried]
) -> list[str]:
    """Sentences on what the importances do not tell."""
    fixed = [one.key for one in space.hyperparameters if one.size == 1]
    rare = [one.key for one in space.hyperparameters if one.key not in (*shares, *fixed)]
    unknown = sorted({name for one in record.trials for name in one.config} - set(space.names))
    notes = [
        f"Left out: {', '.join(names)} ({why})."
        for names, why in (
            (fixed, "one value"),
            (
                rare,
                f"active in fewer than {LEAST_ACTIVE} completed trials, or in fewer than "
                f"{LEAST_ACTIVE_BEST} of the best",
            ),
            (unknown, "not in the space that run.json holds"),
        )
        if names
    ]
    if any(len(one.params) != len(tried[0].params) for one in tried):
        notes.append(
            "Of hyperparameters that are not always active, both count: that they are, and their "
            "values among the trials in which they are."
        )
    if len(tried) * BEST_SHARE < LEAST_BEST:
        notes.append(f"With {len(tried)} completed trials these are rough: 50 make a tenth of 5.")
    return notes


def _joined(values: Sequence[Any]) -> str:
    return "..".join(_shown(value) for value in dict.fromkeys(map(to_tuple, values)))


def _shown(value: Any) -> str:
    return "" if value is None else config_text({"": to_list(value)}, [""])[1:]


_shortened = partial(textwrap.shorten, width=34, placeholder=" ...")
_COLUMNS = (
    ReportColumn("hyperparameter", lambda row: row["hyperparameter"], right=False),
    ReportColumn("importance", lambda row: number(row["importance"])),
    ReportColumn("trials", lambda row: str(row["trials"])),
    ReportColumn("best", lambda row: _shown(row["best"])),
    ReportColumn("best tenth", lambda row: row["of_best"]),
    ReportColumn("edge", lambda row: row["edge"], right=False),
    ReportColumn("range", lambda row: _shortened(row["range"]), right=False),
)
