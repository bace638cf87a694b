"""All options of a search: those about its data and those of its own, each declared once.

`SearchRequest` has their values, but for what no record can hold (`automl.tuning.given`) and for
where the run is.
"""

from automl.common.option import options_of
from automl.data.image_options import ImageOptions
from automl.data.options import DATA_OPTIONS, ReadingOptions, SplitOptions
from automl.tuning.export_options import ExportOptions
from automl.tuning.run_options import MachineOptions, RunOptions
from automl.tuning.search_options import (
    BudgetOptions,
    SpaceOptions,
    StrategyOptions,
)


class SearchOptions(
    ReadingOptions,
    ImageOptions,
    SplitOptions,
    SpaceOptions,
    BudgetOptions,
    StrategyOptions,
    ExportOptions,
    MachineOptions,
    RunOptions,
    total=False,
):
    """All options of a search but the target, which Python takes by its place too."""


#: The options of a search, in the order of the help.
SEARCH_OPTIONS = DATA_OPTIONS | options_of(
    {
        "Search space": SpaceOptions,
        "Budget": BudgetOptions,
        "Strategy": StrategyOptions,
        "Export": ExportOptions,
        "Machine": MachineOptions,
        "Run": RunOptions,
    }
)
#: Those that may be given anew for a run that goes on.
RESUME_OPTIONS = {name: option for name, option in SEARCH_OPTIONS.items() if option.on_resume}
