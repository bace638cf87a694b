"""An ensemble of a run's models: which models there are, what is selected, what is recorded."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.common.averages import mean_metrics, mean_of
from automl.common.files import write_sealed_json
from automl.common.forms import to_form
from automl.errors import RunError
from automl.results.ensembles import (
    BAG,
    ENSEMBLE,
    MOST_MODELS,
    PLANS_FILE,
    TEST_TIME_VIEWS,
    EnsembleForm,
    MemberForm,
)
from automl.results.predictions import add_predictions, predictions_of, read_predictions
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.results.scorings import whole_rounds
from automl.trial import (
    MODEL_FILE,
    PREDICTIONS_FILE,
    TrialResult,
    Verdict,
)
from automl.tuning.ensemble import Member, Selected, parts_of, select

if TYPE_CHECKING:
    from pathlib import Path

    from automl.data.arrays import Arrays
    from automl.data.kinds.kind import InputPlan
    from automl.data.metrics import Objective
    from automl.data.plan import PreprocessingPlan

#: What a learning curve says of models that no ensemble has.
_JUNK = (Verdict.DIVERGED, Verdict.CHANCE, Verdict.NOT_LEARNING)
#: Validation rows from which on the luck of an epoch is small (own choice).
OWN_FROM = 1000


class NoEnsemble(RunError):
    """Models that could be in an ensemble cannot be put together; the message says why."""


@dataclass(frozen=True)
class _Trained:
    """A member, with what its training came to."""

    member: Member
    results: tuple[TrialResult, ...]


class Ensembling:
    """Makes the ensembles of a run.

    Args:
        run: The run.
        views: The rows of each view, by its name, the first one first.
        objective: What trials are ranked by.
        seed: The run's seed.
    """

    def __init__(
        self, run: RunDirectory, views: Mapping[str, Arrays], objective: Objective, seed: int
    ) -> None:
        self._run = run
        self._views = views
        self._objective = objective
        self._seed = seed

    def make(self, record: RunRecord) -> dict[str, EnsembleForm]:
        """Selects an ensemble; over folds, makes one of the best configuration's folds as well.

        Args:
            record: The run, with its finalists; without any, where trials took too long to be
                trained again, the models of the search's own trainings may do.

        Returns:
            What was made, by name; empty where there is too little to choose among.

        Raises:
            NoEnsemble: Models cannot be put together.
        """
        best = record.best()
        if best is None or not (best.is_finalist or self._takes_own):
            return {}
        self._check_can_be_averaged()
        found = self._members(record, best)
        own = [one for one in found if _is_of(one.member, best)]
        if not own:
            return {}
        if self._inputs() is None:
            raise NoEnsemble(
                "the folds read some column otherwise, so that one model cannot have the "
                "preprocessing of all (--categorical, --numeric and --date-format settle it)"
            )
        made = {}
        if len(self._views) > 1:
            made[BAG] = self._bag(own)
        if len(found) > 1:
            made[ENSEMBLE] = self._selected(found)
        return {name: form for name, form in made.items() if math.isfinite(form.score)}

    def _check_can_be_averaged(self) -> None:
        """Checks that predictions can be scored, and that models of all views are of one standing.

        Raises:
            NoEnsemble: Keras's loss and a metric of the models are no function of predictions; or
                the order of time makes the folds, and the first models know few and old rows.
        """
        name = self._objective.name
        if name not in {str(getattr(one, "name", one)) for one in self._objective.named}:
            raise NoEnsemble(f"{name} is told by each model, and not by what it predicts")
        if len({len(view.train) + len(view.validation) for view in self._views.values()}) > 1:
            raise NoEnsemble("the models of earlier folds know fewer and older rows than others")

    @property
    def _takes_own(self) -> bool:
        """Whether models of the search's own trainings may be members, of one division.

        Their predictions are those of the epoch that is best on all validation rows: of few rows
        that is luck, and they would win over those of finalists, whose epochs are cross-fitted.
        """
        [first, *others] = self._views.values()
        return not others and len(first.validation) >= OWN_FROM

    def _inputs(self) -> InputPlan | None:
        """The inputs of one model with all views' plans, where there can be one."""
        from automl.data.plan import joined_inputs

        return joined_inputs([view.plan.inputs for view in self._views.values()])

    def _members(self, record: RunRecord, best: TrialRecord) -> list[_Trained]:
        """Models that may be members: those of the best configuration first, then by score."""
        worst = next((one.score for one in record.baselines if not one.config), None)
        trials = [t for t in record.trials if t.is_ranked and not t.place and t.score is not None]
        trials.sort(key=lambda t: (t is not best, not t.is_finalist, record.loss(t.score)))
        found = []
        for trial in trials:
            trained = trial.trained
            if trained is None or trained.verdict in _JUNK:
                continue
            if worst is not None and record.loss(trial.score) >= record.loss(worst):
                continue
            found += self._scorings(trial)
            if self._takes_own and trial.searched is None:
                found += self._own(trial, trained)
        return found[: 2 * max(1, MOST_MODELS // len(self._views))]

    def _scorings(self, trial: TrialRecord) -> list[_Trained]:
        """The models of a finalist's trainings, each round one member."""
        rounds: dict[int, dict[str, Any]] = {}
        for one in whole_rounds(trial.scorings) if trial.is_finalist else ():
            rounds.setdefault(one.number, {})[one.view] = one
        found = []
        for known in rounds.values():
            names = {view: known[view].name for view in self._views if view in known}
            member = self._read(names, {view: view for view in names})
            if member is not None and len(names) == len(self._views):
                results = tuple(known[view].result for view in self._views)
                found.append(_Trained(member, results))
        return found

    def _own(self, trial: TrialRecord, result: TrialResult) -> list[_Trained]:
        """The model that the search has kept of a trial."""
        [view] = self._views
        member = self._read({view: str(trial.trial)}, {view: view})
        return [] if member is None else [_Trained(member, (result,))]

    def _read(self, names: Mapping[str, str], views: Mapping[str, str]) -> Member | None:
        """A member of models in some folders, where they and their predictions were kept."""
        predictions = {}
        for view, name in names.items():
            folder = self._run.trials / name
            try:
                if not self._run.root.is_file(folder / MODEL_FILE):
                    return None
                task = self._views[view].task
                values = read_predictions(self._run.root, folder / PREDICTIONS_FILE, task)
            except RunError:
                return None
            known = values.get(views[view])
            if known is None or len(known.values) != len(self._views[view].validation):
                return None
            if not np.isfinite(known.values).all():
                return None
            predictions[view] = known.values
        return Member(names, predictions) if self._has_no_code(names) else None

    def _has_no_code(self, names: Mapping[str, str]) -> bool:
        """Whether Keras alone loads the models."""
        from automl.export.own_code import own_objects

        first = next(iter(names.values()))
        return not own_objects(self._run.trials / first / MODEL_FILE)

    def _score(self) -> Callable[[str, Any, Any], float]:
        from automl.data.metrics import compute_metric

        task = next(iter(self._views.values())).task
        metric = self._objective.metric

        def score(view: str, values: Any, rows: Any) -> float:
            known = self._views[view].validation
            weight = None if known.weight is None else known.weight[rows]
            return compute_metric(metric, task, known.truth[rows], values, weight)

        return score

    def _metrics(self, predictions: Mapping[str, Any]) -> dict[str, float]:
        from automl.data.metrics import compute_metrics

        return mean_metrics(
            [
                compute_metrics(
                    self._views[view].task,
                    self._views[view].validation.truth,
                    values,
                    self._views[view].validation.weight,
                    self._objective.named,
                )
                for view, values in predictions.items()
            ]
        )

    def _selected(self, found: Sequence[_Trained]) -> EnsembleForm:
        """An ensemble of several models.

        One alone would be the training that was luckiest with the validation rows: of three of one
        configuration, digits as images, 243 validation rows, that which told all of them right came
        to a log loss of 0.0002 there and of 0.158 on the test rows, where the best trial, chosen by
        the mean of its trainings, had 0.011.

        Raises:
            NoEnsemble: One would have all the weight.
        """
        members = [one.member for one in found]
        ids = {
            view: np.arange(len(rows.validation)) if (p := rows.validation_positions) is None else p
            for view, rows in self._views.items()
        }
        most = max(1, MOST_MODELS // len(self._views))
        selected = select(
            members, parts_of(ids, self._seed), self._score(), self._objective.direction, most
        )
        if len(selected.weights) * len(self._views) < 2:
            raise NoEnsemble(
                "one model alone answers the validation rows best, which is mostly luck"
            )
        self._keep(ENSEMBLE, selected.predictions)
        return self._form(found, selected.weights, selected.predictions, selected)

    def _bag(self, found: Sequence[_Trained]) -> EnsembleForm:
        """The models of the best configuration on all folds; scored where they were not trained."""
        weights = {place: 1.0 / len(found) for place in range(len(found))}
        predictions = {
            view: np.mean([one.member.predictions[view] for one in found], axis=0)
            for view in self._views
        }
        self._keep(BAG, predictions)
        return self._form(found, weights, predictions, None)

    def _form(
        self,
        found: Sequence[_Trained],
        weights: Mapping[int, float],
        predictions: Mapping[str, Any],
        selected: Selected | None,
    ) -> EnsembleForm:
        score = self._score()
        folds = [score(view, p, np.arange(len(p))) for view, p in predictions.items()]
        models = [
            (MemberForm(name, view, weight / len(self._views)), result)
            for place, weight in weights.items()
            for (view, name), result in zip(
                found[place].member.names.items(), found[place].results, strict=True
            )
        ]
        hashes = " ".join(sorted(result.model_hash for _, result in models))
        return EnsembleForm(
            members=tuple(member for member, _ in models),
            score=mean_of(folds),
            metrics=self._metrics(predictions),
            folds=tuple(folds) if len(folds) > 1 else (),
            parts=() if selected is None or len(folds) > 1 else selected.part_scores,
            gain=None if selected is None else selected.gain,
            gain_error=None if selected is None else selected.gain_error,
            parameters=sum(result.parameters for _, result in models),
            model_hash=hashlib.sha256(hashes.encode()).hexdigest(),
        )

    def _keep(self, name: str, predictions: Mapping[str, Any]) -> None:
        """Keeps an ensemble's predictions, and the plans of its views, beside the trials'."""
        run, folder = self._run, self._run.trial_directory(name)
        run.root.remove(folder / PREDICTIONS_FILE)
        kept = {}
        for view, values in predictions.items():
            rows, positions = self._views[view].validation, self._views[view].validation_positions
            kept[view] = predictions_of(np.asarray(values, np.float32), rows, positions)
        add_predictions(run.root, folder, kept)
        plans = {view: arrays.plan for view, arrays in self._views.items()}
        first, inputs = next(iter(plans.values())), self._inputs()
        whole = first if inputs is None else replace(first, inputs=inputs)
        write_plans(folder / PLANS_FILE, plans, whole)


def write_plans(
    file: Path, plans: Mapping[str, PreprocessingPlan], whole: PreprocessingPlan
) -> None:
    """Writes the plans that an export of an ensemble needs.

    Args:
        file: Where to.
        plans: By the views that its models were trained on.
        whole: That of the one model of all.
    """
    forms = {view: to_form(plan) for view, plan in plans.items()}
    write_sealed_json(file, {"plans": forms, "plan": to_form(whole)})


def _is_of(member: Member, trial: TrialRecord) -> bool:
    return set(member.names.values()) <= {str(trial.trial), *(one.name for one in trial.scorings)}


def chosen_ensemble(made: Mapping[str, EnsembleForm]) -> str:
    """Which ensemble is exported in place of the best trial's one model; "" for none.

    The selected one or the best one's mean over test-time views, where it is better than the best
    configuration by more than the error of that; of both the one that gains more. Else, over folds,
    the models of all folds: of a convex loss the mean of answers is no worse than the mean of
    losses (Jensen's inequality), which is the score that it has. Of other metrics that is mostly
    so.

    Args:
        made: The ensembles, by name.
    """
    better = {
        name: known.gain
        for name in (ENSEMBLE, TEST_TIME_VIEWS)
        if (known := made.get(name)) is not None
        and known.gain is not None
        and known.gain > (known.gain_error or 0.0)
    }
    if better:
        return max(better, key=better.__getitem__)
    return BAG if BAG in made else ""
