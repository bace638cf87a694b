"""One trial of a run, as the Python interface gives it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.bounded import MOST_TEXT, read_bounded
from automl.errors import RunError
from automl.results.record import TrialRecord
from automl.results.run_directory import RunDirectory
from automl.trial import HISTORY_FILE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class RunTrial:
    """One trial, or baseline, of a run.

    Attributes:
        run: The run's directory.
        record: What the study says of the trial.
    """

    run: RunDirectory
    record: TrialRecord

    def __repr__(self) -> str:
        score = "" if self.score is None else f", score {self.score:.6g}"
        return f"<trial {self.number} of {str(self.run.path)!r}: {self.record.state}{score}>"

    def _repr_html_(self) -> str:
        """The trial's configuration and metrics, for a notebook."""
        from automl.results.readings.html import trial_html

        return trial_html(self.record)

    @property
    def number(self) -> int | str:
        """The trial's number, or the baseline's name."""
        return self.record.trial

    @property
    def config(self) -> dict[str, Any]:
        """Value of every active hyperparameter."""
        return dict(self.record.config)

    @property
    def score(self) -> float | None:
        """The objective at the best epoch, in its own direction."""
        return self.record.score

    @property
    def metrics(self) -> dict[str, float]:
        """The task's metrics on the validation rows at the best epoch."""
        return dict(self.record.result.metrics) if self.record.result else {}

    def history(self) -> pd.DataFrame:
        """The learning curve: one row an epoch, as in ``history.csv``.

        Raises:
            RunError: The trial has no curve, or it cannot be read.
        """
        import pandas as pd

        from automl.training.history import read_history

        path = self.run.trial_file(self.number, HISTORY_FILE)
        if not read_history(path.parent):
            raise RunError(f"Trial {self.number} of {self.run.path} has no learning curve.")
        return pd.read_csv(io.BytesIO(read_bounded(self.run.root, path, MOST_TEXT)))

    def model(self, trust: bool = False) -> Any:
        """The exported `keras.Model` of this trial: raw rows in, predictions out.

        The run's exported best model is loaded as it is; another trial's is exported on the way.

        Args:
            trust: Consent to run the code of its author that the model needs (a layer of their
                own); without it such a model is refused.

        Raises:
            RequestError: The model needs code and that was not allowed.
            RunError: The trial's model was not kept, or its export is not what was scored.
        """
        import tempfile

        from automl.export.bundle import load_model
        from automl.export.in_child import export_in_child
        from automl.results.export_request import export_request

        if self._is_exported():
            return load_model(self.run.root.checked(self.run.best), trust)
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "bundle"
            export_in_child(**export_request(self.run, self.number, bundle, trust=trust))
            return load_model(bundle, trust)

    def _is_exported(self) -> bool:
        """Whether ``best/`` holds this trial; while a search goes on it holds an earlier best."""
        from automl.export.bundle import open_bundle

        if self.record.result is None or not self.run.root.is_folder(self.run.best):
            return False
        exported = open_bundle(self.run.root.checked(self.run.best)).config
        own = (self.number, self.record.result.model_hash)
        return own == (exported.get("trial"), exported.get("model_hash"))
