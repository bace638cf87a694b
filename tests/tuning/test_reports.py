"""What a study takes and records of a running trial's epochs."""

from __future__ import annotations

from pathlib import Path

import optuna

from automl.results.journal_lines import read_blocks
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.trial import EpochReport
from automl.tuning.samplers import make_sampler
from automl.tuning.study import RunStudy
from automl.tuning.study_opening import open_study


def make_study(path: Path) -> tuple[RunDirectory, RunStudy]:
    """One session on a run, which is made where it is not there yet."""
    if path.exists():
        run = RunDirectory.open(path)
    else:
        objective = {"name": "mse", "direction": "minimize"}
        manifest = {"objective": objective, "storage": None, "study": "toy"}
        run = RunDirectory.create(path, manifest)
    space = find_space("linear")
    sampler = make_sampler("random", seed=3, space=space, workers=1, direction="minimize")
    return run, RunStudy(open_study(run, run.read_manifest(), sampler), space, seed=3)


def recorded(run: RunDirectory) -> dict[int, float]:
    _, again = make_study(run.path)
    return dict(again.study.get_trials(deepcopy=False)[0].intermediate_values)


def test_epochs_are_recorded_together_and_in_order(tmp_path: Path) -> None:
    run, study = make_study(tmp_path / "run")
    study.ask()
    for epoch in (1, 2, 3):
        study.report(0, EpochReport(epoch, 1.0 / epoch, {}))
    assert recorded(run) == {}
    study.write_reports()
    study.write_reports()
    assert recorded(run) == {1: 1.0, 2: 0.5, 3: 1.0 / 3}
    lines = [line for lines in read_blocks(run.study_file) for line in lines]
    assert sum(b'"intermediate_value":' in line for line in lines) == 3


def test_what_a_killed_driver_did_not_record_comes_with_the_checkpoint(tmp_path: Path) -> None:
    run, study = make_study(tmp_path / "run")
    study.ask()
    study.report(0, EpochReport(1, 4.0, {}))
    study.write_reports()
    study.report(0, EpochReport(2, 3.0, {}))  # and here it is killed
    _, after = make_study(run.path)
    after.ask_again(0)
    after.report(0, EpochReport(4, 5.0, {}, before=(4.0, 3.0, 6.0)))
    assert after._so_far(0).intermediate_values == {1: 4.0, 2: 3.0, 3: 6.0, 4: 5.0}
    after.write_reports()
    assert recorded(run) == {1: 4.0, 2: 3.0, 3: 6.0, 4: 5.0}


def test_a_trial_that_is_begun_again_is_judged_by_its_new_epochs(tmp_path: Path) -> None:
    _, study = make_study(tmp_path / "run")
    study.ask()
    for epoch in (1, 2, 1):
        study.report(0, EpochReport(epoch, 9.0, {}))
    assert study._so_far(0).intermediate_values == {1: 9.0}


def test_a_pruner_that_reads_the_record_finds_the_epoch_that_it_is_asked_about(
    tmp_path: Path,
) -> None:
    class Reader(optuna.pruners.BasePruner):
        def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
            recorded = study.get_trials(deepcopy=False)[trial.number].intermediate_values
            return recorded == trial.intermediate_values == {1: 4.0, 2: 5.0}

    _, study = make_study(tmp_path / "run")
    study.ask()
    for epoch, score in ((1, 4.0), (2, 5.0)):
        study.report(0, EpochReport(epoch, score, {}))
    assert study.should_prune(0, Reader())
    assert study.thresholds(0, Reader()) == ()
