"""What a run tells, as the Python interface gives it: its leaderboard, importances, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.results.read_record import read_record
from automl.results.record import RunRecord
from automl.results.run_directory import RunDirectory

if TYPE_CHECKING:
    import pandas as pd


class RunReadings:
    """A run that is only read.

    Args:
        directory: The run's directory.
        storage: The database of its study, as the person has named it, or None.
    """

    def __init__(self, directory: RunDirectory, storage: str | None = None) -> None:
        self._directory = directory
        self._storage = storage

    @property
    def record(self) -> RunRecord:
        """All that the study says about the run, read afresh."""
        return read_record(self._directory, storage=self._storage)

    def leaderboard(self, pareto: str | Sequence[str] | None = None) -> pd.DataFrame:
        """The leaderboard, one row a trial or baseline, best first.

        Its columns are those of ``leaderboard.csv``: ``rank``, ``trial``, ``score``, ...,
        ``metrics.accuracy``, ``config.depth``.

        Args:
            pareto: Two or more of ``score``, ``parameters``, ``latency`` and ``seconds``: only the
                models that no other beats in all of these. A latency is measured now, of the
                models that were kept: ``latency.1`` and ``latency.1000`` are milliseconds.

        Raises:
            RequestError: ``pareto`` names something else.
            RunError: The study cannot be read, or there is no model to be timed.
        """
        import pandas as pd

        from automl.results.leaderboard import leaderboard
        from automl.results.readings.csv import flat_columns

        rows = leaderboard(self.record)
        if pareto is not None:
            from automl.engines.latencies import front_of
            from automl.results.pareto import read_criteria

            rows, _ = front_of(self._directory, rows, read_criteria(pareto))
        return pd.DataFrame(flat_columns(rows))

    def importance(
        self,
        columns: bool = False,
        trial: int | str | None = None,
        repeats: int = 10,
        seed: int = 0,
        trust: bool = False,
        data: Any = None,
    ) -> pd.DataFrame:
        """How much each hyperparameter mattered, or each column of the data.

        Args:
            columns: Columns of the table, for a trained model, on its validation rows; else
                hyperparameters, by PED-ANOVA over the completed trials. What follows is of these.
            trial: The trial's number or baseline's name; None for the best trial.
            repeats: How often each column is shuffled.
            seed: Of the shuffles.
            trust: Consent to run the code of its author that the model needs.
            data: The data, where they were given in memory and are needed again.

        Returns:
            A row for each, the most important first: ``hyperparameter``, ``importance`` (1 in
            all), ``trials``, ``best``, ``of_best``, ``range``, ``edge`` and ``advice``, as
            `automl.results.importance.HyperparameterImportance` says; or ``column``, ``drop``
            (by how much the objective is worse), ``low`` and ``high`` (its 95 % interval).

        Raises:
            RequestError: Fewer than 10 trials have completed; or there is no such model, or the
                data are no table.
            RunError: The run cannot be read, or its data have changed.
        """
        import pandas as pd

        if columns:
            from automl.tuning.column_importance import column_importance

            asked: dict[str, Any] = {"repeats": repeats, "seed": seed, "trust": trust}
            report = column_importance(self._directory, self.record, trial, source=data, **asked)
        else:
            from automl.results.importance import hyperparameter_importance

            report = hyperparameter_importance(self._directory, self.record)
        return pd.DataFrame(report.rows)

    def compare(self, *others: RunReadings | str | Path) -> pd.DataFrame:
        """Compares this run with others on the same data.

        Args:
            others: Runs, or their directories.

        Returns:
            A row for each run, the best first, with the columns that
            `automl.results.comparison.ComparedRun` says: ``run``, ``candidate``, ``score``, ...,
            ``difference``, ``low`` and ``high``.

        Raises:
            RequestError: Their data, objective or test rows differ, or there is no other run.
            RunError: One cannot be read.
        """
        import pandas as pd

        from automl.results.comparison import compare_runs

        given = [
            one if isinstance(one, RunReadings) else RunReadings(RunDirectory.open(one))
            for one in others
        ]
        runs = [self, *given]
        report = compare_runs([one._directory for one in runs], [one.record for one in runs])
        return pd.DataFrame(report.rows)
