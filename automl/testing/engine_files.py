"""What every engine leaves in the run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl.common.root import Root
from automl.engines.contract import Job, TrialEnded
from automl.results.predictions import read_predictions
from automl.space.callbacks import carried_callbacks
from automl.testing.engine_trials import EngineSuite, Seen, make_job, make_spec
from automl.trial import HOLDOUT, Answer, TrialState


class FilesConformance(EngineSuite):
    """The files of a trial, and where its result says that they are."""

    def test_a_trials_files_are_in_the_run(self, seen: Seen, job: Job) -> None:
        seen.engine.submit(make_spec(40))
        seen.engine.submit(make_spec(41, keep=0.0))  # a log loss that nothing beats
        seen.until_ended(40, 41)
        kept, unkept = (
            {path.name for path in (job.run / "trials" / name).iterdir()} for name in ("40", "41")
        )
        assert kept == {"history.csv", "model.keras", "check.npy", "predictions.npz"}
        assert unkept == {"history.csv"}

    def test_a_baseline_goes_by_its_name(self, seen: Seen, job: Job) -> None:
        seen.engine.submit(make_spec("linear"))
        (result,) = seen.until_ended("linear")
        assert result.state is TrialState.COMPLETED
        assert (job.run / "trials" / "linear" / "model.keras").exists()

    def test_predictions_on_each_view_are_where_the_result_says(self, seen: Seen, job: Job) -> None:
        views = {42: (HOLDOUT,), 43: ("fold-2", "fold-3")}
        for trial, named in views.items():
            seen.engine.submit(replace(make_spec(trial), views=named))
        for trial, result in zip(views, seen.until_ended(*views), strict=True):
            assert result.state is TrialState.COMPLETED, result.reason
            assert (job.run / result.predictions).is_file()
            found = read_predictions(Root(job.run), job.run / result.predictions)
            assert set(found) == set(views[trial])


class CallbacksConformance(EngineSuite):
    """The files that Keras's callbacks of a person's own write in a trial's folders.

    Apart, since an engine is opened for one set of callbacks.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def job(cls, tmp_path_factory: pytest.TempPathFactory) -> Job:
        import keras

        _, callbacks = carried_callbacks(keras.callbacks.CSVLogger("curves/log.csv"))
        return replace(make_job(tmp_path_factory.mktemp("job")), callbacks=callbacks)

    def test_those_of_one_training_are_in_the_run(self, seen: Seen, job: Job) -> None:
        seen.engine.submit(make_spec(200))
        (result,) = seen.until_ended(200)
        assert result.state is TrialState.COMPLETED, result.reason
        assert _epochs(job, 200) == {"log.csv": 3}

    def test_those_of_every_fold_are_in_the_run(self, seen: Seen, job: Job) -> None:
        seen.engine.submit(replace(make_spec(201), views=("fold-2", "fold-3")))
        (result,) = seen.until_ended(201)
        assert result.state is TrialState.COMPLETED, result.reason
        assert _epochs(job, 201) == {"fold-2/log.csv": 3, "fold-3/log.csv": 3}

    def test_they_are_there_after_a_pause_and_after_the_rest(self, seen: Seen, job: Job) -> None:
        spec = replace(make_spec(202), views=(HOLDOUT, "fold-2", "fold-3"))
        seen.after[202, 2] = Answer.PAUSE
        seen.engine.submit(spec)
        (paused,) = seen.until_ended(202)
        assert paused.state is TrialState.PAUSED, paused.reason
        done = {"holdout/log.csv": 3, "fold-2/log.csv": 3}
        assert _epochs(job, 202) == done
        finished = tuple(report.result for report in seen.executions(202))
        told = len(seen.events)
        seen.engine.submit(replace(spec, finished=finished))
        while not any(isinstance(event, TrialEnded) for event in seen.events[told:]):
            seen.one_more()
        assert seen.results()[202].state is TrialState.COMPLETED, seen.results()[202].reason
        assert len(seen.executions(202)) == 2  # those that were finished were not trained again
        assert _epochs(job, 202) == {**done, "fold-3/log.csv": 3}


def _epochs(job: Job, trial: int) -> dict[str, int]:
    """The lines of each log of a trial, without its head."""
    folder = job.run / "trials" / str(trial) / "curves"
    logs = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): len(path.read_text().splitlines()) - 1 for path in logs
    }
