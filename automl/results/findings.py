"""What a run's scores come to, in sentences: whether anything was learnt, and how far to trust it.

A search picks its winner among many, so a reader must be told where the winner is no better than
something simpler, and by how much its validation score flatters it.
"""

from __future__ import annotations

import math

from automl.common.neutral import printable
from automl.results.board_columns import number, tested_text
from automl.results.record import RunRecord, TrialRecord, candidate_name
from automl.trial import BOOSTING
from automl.vocabulary.two_stages import PRETRAINED, RANDOM, WEIGHT_KINDS, WEIGHTS

#: The baselines that look at no feature, in words.
CONSTANTS = {"majority": "the majority class", "mean": "the mean"}
#: Standard errors within which 95 % of a normal distribution lie.
NORMAL_95 = 1.96
_NAMES = {BOOSTING: "Gradient boosting", "linear": "The linear model"}


def findings(record: RunRecord) -> tuple[str, ...]:
    """What is to be said of a run's scores.

    Args:
        record: The run as recorded.

    Returns:
        One sentence each; none where no trial has completed, or all is as it should be.
    """
    told = (
        nothing_learnt(record),
        better_baseline(record),
        gap_to_test(record),
        never_validated(record),
        unbeaten_baseline(record),
        negative_transfer(record),
    )
    return tuple(printable(sentence) for sentence in told if sentence)


def nothing_learnt(record: RunRecord) -> str:
    """A sentence where the best trial is no better than the best constant; else ""."""
    best, constant = record.best(), _constant(record)
    if best is None or constant is None or best.score is None or constant.score is None:
        return ""
    compared = record.against_constant
    how = "cannot be told from it"
    if compared is not None and compared.trial == best.trial:
        is_better = compared.tells_apart
        how = "is worse than it" if compared.is_worse else how
    else:
        is_better = record.loss(best.score) < record.loss(constant.score)
        how = "is no better than it"
    if is_better:
        return ""
    return (
        f"Nothing was learnt: no trial beats {CONSTANTS[str(constant.trial)]}. The best, trial "
        f"{best.trial}, {how} on the validation rows ({record.objective} "
        f"{number(best.score)} and {number(constant.score)})."
    )


def better_baseline(record: RunRecord) -> str:
    """A sentence where a baseline that learns is better than what is exported; else ""."""
    best, constant = record.validated, _constant(record)
    learning = [one for one in record.baselines if one.trial not in CONSTANTS and one.is_ranked]
    if best is None or best.score is None or not learning:
        return ""
    strongest = min(learning, key=lambda one: record.loss(one.score))
    beaten = [best.score, *([] if constant is None else [constant.score])]
    if any(record.loss(strongest.score) >= record.loss(score) for score in beaten):
        return ""
    name = _NAMES.get(str(strongest.trial), f"The baseline {strongest.trial}")
    return (
        f"{name} is better here: {record.objective} {number(strongest.score)} on the validation "
        f"rows, against {number(best.score)} of {candidate_name(best.trial)}, the best."
    )


def gap_to_test(record: RunRecord) -> str:
    """A sentence on how the score on the test rows of what is exported differs; or ""."""
    best = record.validated
    tested = None if best is None else record.test_scores.get(best.trial, {}).get(record.objective)
    if best is None or best.score is None or tested is None:
        return ""
    interval = record.test_intervals.get(best.trial)
    worse = record.loss(tested) - record.loss(best.score)
    how = f"{number(abs(worse))} {'worse' if worse > 0 else 'better'} than"
    said = (
        f"The winner's test {record.objective} is {tested_text(tested, interval)}, "
        f"{how if worse else 'the same as'} its validation score {number(best.score)}"
    )
    if interval is None:
        return f"{said}."
    if interval[0] <= best.score <= interval[1]:
        return f"{said}, which lies within the interval."
    if abs(tested - best.score) <= _explained(best, best.score, tested, interval):
        return f"{said}, which lies outside the interval, but no further than the errors of both."
    if worse > 0:
        return f"{said}, which lies outside the interval: it flatters, so quote the test score."
    return f"{said}, which lies outside the interval: the test rows are easier."


def _explained(
    best: TrialRecord, score: float, tested: float, interval: tuple[float, float]
) -> float:
    """How far two scores may lie apart by the errors of both, at 95 %.

    The test rows' part is the half of its interval that looks to the validation score.
    """
    half = tested - interval[0] if score < tested else interval[1] - tested
    return math.hypot(half, NORMAL_95 * (best.standard_error or 0.0))


def never_validated(record: RunRecord) -> str:
    """A sentence on a refit that is exported; else ""."""
    refit = record.exported
    if refit is None or refit.refit_of is None:
        return ""
    said = (
        f"The refit, which is exported, is trial {refit.refit_of} trained on all rows but the test "
        "rows, so no rows have validated it"
    )
    own, of_trial = (
        record.test_scores.get(trial, {}).get(record.objective)
        for trial in (refit.trial, refit.refit_of)
    )
    if own is None:
        return f"{said}, and it has no test score."
    told = tested_text(own, record.test_intervals.get(refit.trial))
    other = "" if of_trial is None else f", and trial {refit.refit_of}'s {number(of_trial)}"
    return f"{said}; its test {record.objective} is {told}{other}."


def unbeaten_baseline(record: RunRecord) -> str:
    """A sentence on what is exported where a baseline is as good on the test rows; else ""."""
    tested = {
        trial: scores[record.objective]
        for trial, scores in record.test_scores.items()
        if record.objective in scores
    }
    best = record.exported
    baselines = [one.trial for one in record.baselines if one.trial in tested]
    if best is None or best.trial not in tested or not baselines:
        return ""
    strongest = min(baselines, key=lambda name: record.loss(tested[name]))
    if record.loss(tested[best.trial]) < record.loss(tested[strongest]):
        return ""
    return (
        f"On the test rows {candidate_name(best.trial)} is no better than the baseline "
        f"{strongest}: {record.objective} {number(tested[best.trial])} and "
        f"{number(tested[strongest])}."
    )


def negative_transfer(record: RunRecord) -> str:
    """A sentence where the same layers are better from scratch than with their weights; else ""."""
    best: dict[str, TrialRecord] = {}
    for trial in record.trials:
        kind = trial.config.get(WEIGHTS)
        if kind not in WEIGHT_KINDS or not trial.is_ranked or trial.score is None:
            continue
        if kind not in best or record.loss(trial.score) < record.loss(best[kind].score):
            best[kind] = trial
    if len(best) < len(WEIGHT_KINDS):
        return ""
    scratch, kept = best[RANDOM], best[PRETRAINED]
    if record.loss(scratch.score) >= record.loss(kept.score):
        return ""
    return (
        f"Taking weights over does not help here: trial {scratch.trial}, from scratch, has "
        f"{record.objective} {number(scratch.score)} on the validation rows, against "
        f"{number(kept.score)} of trial {kept.trial}, the best with pretrained weights."
    )


def _constant(record: RunRecord) -> TrialRecord | None:
    return next((one for one in record.baselines if one.trial in CONSTANTS), None)
