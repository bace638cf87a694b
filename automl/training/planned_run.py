"""Running a trainer whose first epoch may show that there is time for fewer of them."""

from __future__ import annotations

from automl.training.hyper_fit import HyperFitTrainer
from automl.training.trainers import Training
from automl.training.trial_progress import TrialProgress


def run_planned(training: Training, progress: TrialProgress) -> None:
    """Trains; once more from the beginning where that shows that there are to be fewer epochs."""
    trainer = training.trainer
    if not training.can_pause or isinstance(trainer, HyperFitTrainer):
        progress.keep_epochs()
        trainer.run(progress)
        return
    beginning = trainer.state() if progress.may_begin_anew else {}
    trainer.run(progress)
    if progress.begins_anew:
        trainer.restore_state(beginning)
        progress.begin_anew()
        trainer.run(progress)
