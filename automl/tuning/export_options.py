"""The options of a search about what is made of its trials at the end, and exported.

Each is declared here alone; see `automl.common.option`.
"""

from typing import Annotated, Any, TypedDict

from automl.common.option import Option
from automl.common.option_values import flag_of, whole_number
from automl.data.image_views import VIEW_COUNTS
from automl.errors import RequestError
from automl.trial import REFIT

#: What a search may export.
BEST = "best"
EXPORTED = (BEST, REFIT)


def view_count(name: str, value: Any) -> int:
    """How many test-time views an image has; 0 for none.

    Raises:
        RequestError: There are no so many.
    """
    count = whole_number(name, value)
    if count not in (0, *VIEW_COUNTS):
        raise RequestError(
            f"{flag_of(name)} is {count}: give 2 for an image and its mirror, 6 for both shifted "
            "by a pixel too, or 0 for none."
        )
    return count


class ExportOptions(TypedDict, total=False):
    """What is made of the trials, and exported."""

    no_ensemble: Annotated[
        bool,
        Option(
            "Make no ensemble of the finalists' models: by default one is selected, and exported "
            "where it is better than the best single one by more than the error of that.",
        ),
    ]
    export: Annotated[
        str,
        Option(
            "What is exported at the end: best, the best single trial or the ensemble that is "
            "better; or refit, the best trial's configuration trained on all rows but the test "
            "rows, for the epochs that it took, which no rows are left to validate.",
            default=BEST,
            metavar="NAME",
            names=EXPORTED,
            on_resume="What is exported at the end: best, or refit.",
        ),
    ]
    no_temperature: Annotated[
        bool,
        Option(
            "Leave the probabilities of what is exported as the model gives them: by default a "
            "classifier's logits are divided by one temperature where that lowers the log loss of "
            "validation rows that it was not fitted on by more than the error of that.",
        ),
    ]
    test_time_views: Annotated[
        int,
        Option(
            "Of images, average the best single model's answers to 2 or 6 views of each image at "
            "prediction (test-time augmentation): 2 are the image and its mirror, 6 both and both "
            "shifted by a pixel up left and down right. The mean is a candidate of its own, "
            "exported as one model where it is better by more than the error of that. Digits and "
            "letters are not mirrored (--symmetric). 0: none.",
            default=0,
            metavar="0|2|6",
            check=view_count,
            on_resume="Views of an image over which the best model's answers are averaged: 2 or "
            "6; 0: none.",
            elsewhere=("tta", "test_time_augmentation"),
        ),
    ]
