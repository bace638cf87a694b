"""What other tools (KerasTuner, Optuna, Ray, scikit-learn) call the arguments of a search.

For the command line and the Python interface alike: our word for theirs, which the option's
declaration has, or, where there is no such argument, what to do in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from automl.common.names import did_you_mean
from automl.errors import RequestError
from automl.tuning.options import SEARCH_OPTIONS

OWN_NAMES = {word: option.name for option in SEARCH_OPTIONS.values() for word in option.elsewhere}
"""Their word to ours, without dashes."""

ADVICE = {
    "overwrite": "a run is never overwritten; choose another directory, or remove the old one",
    "project_name": "directory is the run's whole path, such as my_dir/my_project",
    "max_consecutive_failed_trials": "three failures in a row with the same cause end a search",
    "max_retries_per_trial": "a trial that failed would fail again with the same numbers",
    "distribution_strategy": "for several machines there is the engine ray",
    "tuner_id": "searches that share one study are given the same storage and study",
    "num_initial_points": "the sampler begins with random trials of its own",
    "hyperband_iterations": "choose the pruner asha and the number of trials",
    "factor": "the pruner asha has a fixed one",
    "shuffle": "training rows are shuffled in every epoch",
    "steps_per_epoch": "an epoch is all training rows once",
    "initial_epoch": "every trial begins with its first epoch",
    "x": "arrays are given as one pair, automl.search((x, y), ...)",
    "y": "arrays are given as one pair, automl.search((x, y), ...)",
}
"""Arguments of theirs that a search has no counterpart of, and what to do."""


def own_name(word: str) -> str | None:
    """Our word for an argument of another tool, or None.

    Args:
        word: With or without dashes, such as ``--max-trials`` or ``max_trials``.
    """
    return OWN_NAMES.get(_plain(word))


def own_flag(word: str) -> str | None:
    """Our option of the command line for an argument of another tool, or None."""
    name = own_name(word)
    return None if name is None else SEARCH_OPTIONS[name].flag


def advice(word: str) -> str | None:
    """What to do where another tool's argument has no counterpart, or None."""
    return ADVICE.get(_plain(word))


def _plain(word: str) -> str:
    return word.lstrip("-").replace("-", "_")


def check_arguments(given: Iterable[str], known: Collection[str]) -> None:
    """Refuses arguments that a search does not have.

    Args:
        given: Their names.
        known: The names that there are.

    Raises:
        RequestError: One is unknown; the sentence names ours for it, where there is one.
    """
    for name in given:
        if name in known:
            continue
        meant, way = own_name(name), advice(name)
        if meant in known:
            raise RequestError(f"There is no argument {name!r}: it is {meant!r} here.")
        if way is not None:
            raise RequestError(f"There is no argument {name!r}: {way}.")
        hint = did_you_mean(name, known, "; see help(automl.search).", 1)
        raise RequestError(f"There is no argument {name!r}{hint}")
