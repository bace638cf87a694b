"""What a run's study holds, read from its journal, from a database or from the open study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.errors import AutoMLError, RequestError, RunError
from automl.results.replay import StudyContent, StudyTrial, replay_journal
from automl.results.run_directory import RunDirectory
from automl.results.storage_url import named_storage
from automl.trial import TrialState

if TYPE_CHECKING:
    import optuna

_OWN = "restore it, or leave --storage out to read what is in the run's own directory"


def read_study(
    run: RunDirectory, manifest: Mapping[str, Any], storage: str | None = None
) -> StudyContent:
    """Reads the run's study, wherever it is kept.

    Args:
        run: The run's directory.
        manifest: The content of ``run.json``.
        storage: The database that the study is in, as the reader names it; None where it is in
            the run's own journal.

    Returns:
        The study; an empty one where nothing was recorded yet.

    Raises:
        RequestError: The study is not in ``storage``.
        RunError: The study cannot be read.
    """
    name = manifest.get("study") or run.name
    recorded = manifest.get("storage")
    if storage is not None:
        if not recorded:
            raise RequestError(
                f"The run {run.path} has its study in its own directory; leave --storage out."
            )
        return _read_from_storage(named_storage(recorded, storage), name)
    studies = replay_journal(run.study_file)
    # A run's own journal holds one study, whatever the run's directory was renamed to since.
    return studies[0] if studies else StudyContent(name)


def _read_from_storage(url: str, name: str) -> StudyContent:
    import optuna

    from automl.results.database import driver_message, open_storage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = open_storage(url, read_only=True)
        return study_content(optuna.load_study(study_name=name, storage=storage))
    except AutoMLError:
        raise
    except KeyError as error:
        raise RunError(f"There is no study {name} in the database of the run; {_OWN}.") from error
    except Exception as error:  # each database driver has exceptions of its own
        raise RunError(
            f"The database of the run cannot be read ({driver_message(error)}); {_OWN}."
        ) from error


def study_content(study: optuna.Study) -> StudyContent:
    """What an open study holds.

    Args:
        study: The study, which goes on: nothing of the content may be changed.
    """
    import optuna

    states = {
        optuna.trial.TrialState.RUNNING: TrialState.RUNNING,
        optuna.trial.TrialState.COMPLETE: TrialState.COMPLETED,
        optuna.trial.TrialState.PRUNED: TrialState.PRUNED,
        optuna.trial.TrialState.FAIL: TrialState.FAILED,
        optuna.trial.TrialState.WAITING: TrialState.WAITING,
    }
    return StudyContent(
        study.study_name,
        dict(study.user_attrs),
        [
            StudyTrial(
                number=trial.number,
                state=states[trial.state],
                value=trial.values[0] if trial.values else None,
                attributes=dict(trial.user_attrs),
                first_values=trial.intermediate_values,
            )
            for trial in study.get_trials(deepcopy=False)
        ],
    )
