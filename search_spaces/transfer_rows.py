"""The layers of an exported model of a table or an array, with a new head: frozen, then fine-tuned.

`automl search rows.csv --from MODEL`: as `automl.search_spaces.transfer`, whose head it has.
"""

from __future__ import annotations

from automl.space import SearchSpace, training_hyperparameters
from automl.space.fine_tuning import fine_tuning_hyperparameters
from automl.space.origin import BUNDLE, ReusingBuilder

from .transfer import PORTFOLIO, build, head_hyperparameters

space = SearchSpace(
    "transfer_rows",
    [
        *fine_tuning_hyperparameters(),
        *head_hyperparameters(),
        *training_hyperparameters(),
    ],
    ReusingBuilder(build, BUNDLE),
    inputs="table",
    description="The layers of an exported model of a table or an array (--from), with a new head.",
    portfolio=PORTFOLIO,
)
