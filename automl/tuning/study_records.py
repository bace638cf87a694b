"""What a study records beside its trials: baselines, finalists, ensembles, refit, test scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.common.forms import from_form, to_form
from automl.results.ensembles import (
    CHOSEN,
    EnsembleForm,
    ensemble_entry,
    recorded_ensembles,
)
from automl.results.refits import RefitForm, recorded_refit
from automl.results.scorings import FINALISTS, FinalistScoring, recorded_scorings, scoring_entry
from automl.trial import REFIT, TrialResult

if TYPE_CHECKING:
    import optuna

    from automl.results.record import AgainstConstant


class StudyRecords:
    """What is recorded beside the trials, where it influences no sampler.

    Args:
        study: Optuna's study.

    Attributes:
        study: The same.
    """

    def __init__(self, study: optuna.Study) -> None:
        self.study = study

    def baselines(self) -> dict[str, TrialResult]:
        """Results of the baselines recorded so far, by name."""
        return {
            key.removeprefix("baseline:"): from_form(TrialResult, value["result"])
            for key, value in self.study.user_attrs.items()
            if key.startswith("baseline:")
        }

    def record_baseline(
        self, name: str, config: Mapping[str, Any], seed: int, result: TrialResult
    ) -> None:
        """Records a baseline beside the trials, where it influences no sampler."""
        value = {"config": dict(config), "seed": seed, "result": to_form(result)}
        self.study.set_user_attr(f"baseline:{name}", value)

    def scorings(self) -> tuple[FinalistScoring, ...]:
        """The scorings of finalists that are recorded."""
        return recorded_scorings(self.study.user_attrs)

    def record_scoring(self, scoring: FinalistScoring) -> None:
        """Records one training of a finalist."""
        key, form = scoring_entry(scoring)
        self.study.set_user_attr(key, form)

    def record_finalists(self, finalists: Sequence[int]) -> None:
        """Records which trials are trained again."""
        if list(finalists) != self.study.user_attrs.get(FINALISTS, []):
            self.study.set_user_attr(FINALISTS, list(finalists))

    def ensembles(self) -> dict[str, EnsembleForm]:
        """The ensembles that are recorded, by name."""
        return recorded_ensembles(self.study.user_attrs)

    def record_ensemble(self, name: str, ensemble: EnsembleForm | None) -> None:
        """Records an ensemble, or that there is none any more; its test scores are forgotten."""
        self._forget_test_scores(name)
        key, form = ensemble_entry(name, ensemble)
        self.study.set_user_attr(key, form)

    def refit(self) -> RefitForm | None:
        """The refit that is recorded, or None."""
        return recorded_refit(self.study.user_attrs)

    def record_refit(self, refit: RefitForm) -> None:
        """Records the refit; the test scores of a former one are forgotten."""
        self._forget_test_scores(REFIT)
        self.study.set_user_attr(REFIT, to_form(refit))

    def _forget_test_scores(self, name: str) -> None:
        scores = self.test_scores()
        if scores.pop(name, None) is not None:
            self.record_test_scores(scores)

    def record_chosen(self, candidate: str) -> None:
        """Records which ensemble or refit is exported; "" for the best trial."""
        if candidate != self.study.user_attrs.get(CHOSEN, ""):
            self.study.set_user_attr(CHOSEN, candidate)

    def test_scores(self) -> dict[str, dict[str, float]]:
        """Scores on the test rows recorded so far, by trial number (as text) or baseline."""
        scores: dict[str, dict[str, float]] = self.study.user_attrs.get("test_scores", {})
        return scores

    def test_intervals(self) -> dict[str, list[float]]:
        """Intervals of the objective on the test rows, by trial number (as text) or baseline."""
        intervals: dict[str, list[float]] = self.study.user_attrs.get("test_intervals", {})
        return intervals

    def record_test_interval(self, trial: int | str, interval: tuple[float, float] | None) -> None:
        """Records the interval of a trial's or baseline's objective there; None for none."""
        known = self.test_intervals()
        others = {name: ends for name, ends in known.items() if name != str(trial)}
        intervals = others if interval is None else {**others, str(trial): list(interval)}
        if intervals != known:
            self.study.set_user_attr("test_intervals", intervals)

    def record_against_constant(self, found: AgainstConstant) -> None:
        """Records how the best trial compares with the constant baseline."""
        self.study.set_user_attr("against_constant", to_form(found))

    def late_for_test_rows(self) -> int | None:
        """The trial for whose test rows a session had no time left, or None."""
        number: int | None = self.study.user_attrs.get("late_for_test_rows")
        return number

    def record_late_for_test_rows(self, trial: int) -> None:
        """Records such a trial: the next session takes the time if it is still the best."""
        self.study.set_user_attr("late_for_test_rows", trial)

    def record_test_scores(self, scores: Mapping[str, Mapping[str, float]]) -> None:
        """Records scores on the test rows."""
        self.study.set_user_attr("test_scores", {key: dict(value) for key, value in scores.items()})
