"""The options of a search about its data: how they are read, split and weighted.

Each is declared here alone; see `automl.common.option`. `DataRequest` has their values.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Annotated, Any, TypedDict

from automl.common.option import Option, options_of
from automl.common.option_values import of_types
from automl.data.clipping import ClipKind
from automl.data.data_option_values import (
    class_weight_option,
    clip_kind,
    column_names,
    column_or_position,
    columns,
    cycles,
    date_formats,
    decimal_mark,
    parse_class_weight,
    parse_of_columns,
    parse_rows,
    separator,
    share_or_rows,
)
from automl.data.image_options import ImageOptions

AUTO, STANDARDIZE, RAW = "auto", "standardize", "raw"
INPUTS = (RAW, STANDARDIZE, AUTO)
#: How rows that validate are chosen where there are no folds.
FIXED, RESHUFFLE = HOLDOUTS = ("fixed", "reshuffle")
_ColumnNames = str | int | Sequence[str | int] | None
_columns = partial(Option, default=(), metavar="COLUMN", check=columns, repeats=True)
_column = partial(Option, metavar="COLUMN", check=column_or_position)


class TargetOption(TypedDict, total=False):
    """What to learn, which Python takes by its place too."""

    target: Annotated[
        _ColumnNames,
        _columns(
            "What to predict: a column's name or position (from 0; -1 is the last). Repeat it "
            "for several outputs. Bundled sets and NPZ files know theirs.",
            letter="t",
            elsewhere=("label", "label_column", "response_column"),
        ),
    ]


class ReadingOptions(TypedDict, total=False):
    """How the data are read."""

    task: Annotated[
        str | None,
        Option(
            "binary, multiclass, multilabel, regression, classification (by the number of "
            "classes), or reconstruction (of the inputs, without a target: autoencoders). Default: "
            "by what the target holds.",
            metavar="KIND",
            check=of_types("a kind of task, such as 'regression'", str),
        ),
    ]
    categorical: Annotated[
        _ColumnNames,
        _columns(
            "Take a column as categories though it looks like numbers or dates. Repeatable. "
            "Default: columns of text.",
        ),
    ]
    numeric: Annotated[
        _ColumnNames,
        _columns(
            "Take a column as numbers though it looks like dates, codes or texts; what is none "
            "counts as missing. Repeatable. Default: by what the column holds.",
        ),
    ]
    decimal: Annotated[
        str | None,
        Option(
            "Decimal mark of numbers, . or , (then 1.234 is a thousand). Default: what each "
            "column shows.",
            metavar="MARK",
            check=decimal_mark,
        ),
    ]
    day_first: Annotated[
        bool,
        Option(
            "Take the day before the month in dates such as 01/02/2024. Default: what the column "
            "shows, else the month.",
        ),
    ]
    date_format: Annotated[
        Mapping[str, str] | None,
        Option(
            "Format of a column's dates, as for strptime (when=%d.%m.%Y). Repeatable. Default: "
            "what each column shows.",
            metavar="COLUMN=FORMAT",
            repeats=True,
            check=date_formats,
            parse=parse_of_columns("when=%d.%m.%Y"),
            in_python="A dictionary of columns to formats.",
        ),
    ]
    cycles: Annotated[
        Mapping[str, str] | None,
        Option(
            "Cycles in which a date's or a time's place is used beside it: some of year, week and "
            "day with commas between them, or none (when=year,week). Repeatable. Default: those "
            "that the training rows have seen enough of.",
            metavar="COLUMN=CYCLES",
            repeats=True,
            check=cycles,
            parse=parse_of_columns("when=year,week"),
            in_python="A dictionary of columns to cycles.",
        ),
    ]
    ignore: Annotated[
        _ColumnNames,
        _columns(
            "Leave a column out. Repeatable. Default: only columns without information.",
        ),
    ]
    names: Annotated[
        str | Path | Iterable[str] | None,
        Option(
            "Column names of a file without a header, or a file with one name a line. "
            "Default: the first line is the header.",
            default=(),
            metavar="A,B,...",
            check=column_names,
        ),
    ]
    separator: Annotated[
        str | None,
        Option(
            "What separates the values of text files: a character, or comma, semicolon, tab, bar "
            "or blanks. Default: found.",
            metavar="CHARACTER",
            check=separator,
        ),
    ]
    clip: Annotated[
        str,
        Option(
            "How standardized numbers far from their mean are clipped, in training and in the "
            "exported model: hard cuts them off at 5 standard deviations, smooth bends them "
            "below 3.",
            default=str(ClipKind.HARD),
            metavar="|".join(ClipKind),
            names=tuple(ClipKind),
            check=clip_kind,
        ),
    ]
    input: Annotated[
        str,
        Option(
            "How numbers come to the models: raw is as they are; auto standardizes them, unless "
            "a model of your own takes whole numbers (an Embedding) or scales by itself.",
            default=AUTO,
            metavar="|".join(INPUTS),
            names=INPUTS,
        ),
    ]
    allow_wide: Annotated[
        bool,
        Option(
            "Accept a table with more columns than rows, which is refused by default: it is "
            "mostly a mistake.",
        ),
    ]


class SplitOptions(TypedDict, total=False):
    """Which rows train, validate and test, and what each weighs."""

    validation: Annotated[
        Any,
        Option(
            "Validation rows, where there are no folds: a file like DATA, or their share of the "
            "rows that are not test rows. Default: 0.15.",
            metavar="FILE|SHARE",
            check=share_or_rows,
            parse=parse_rows,
            elsewhere=("validation_split", "validation_data", "validation_fraction"),
        ),
    ]
    cv: Annotated[
        str | int | None,
        Option(
            "Train each configuration on that many folds of the rows that are not test rows, and "
            "rank by the mean: a number such as 5, or folds and repeats, such as 5x2. By --group, "
            "and --split-by-time (each fold validates on what follows it). auto: 5 below 2,000 "
            "rows, where each can be learnt from and no limit of time is given (docs/data.md has "
            "the whole rule); none: one division. Default: auto.",
            metavar="FOLDS|auto|none",
            elsewhere=("n_splits", "num_folds", "kfold", "folds", "nfolds", "num_bag_folds"),
            check=of_types("a number of folds, 'auto' or 'none'", str, Integral),
        ),
    ]
    holdout: Annotated[
        str,
        Option(
            "Which rows validate where there are no folds: fixed, the same for each trial; "
            "reshuffle, for each trial others, so that no trial wins by the luck of one division "
            "(its scores are then not quite comparable).",
            default=FIXED,
            metavar="|".join(HOLDOUTS),
            names=HOLDOUTS,
        ),
    ]
    fold_column: Annotated[
        str | int | None,
        _column(
            "As --cv, with the folds that this column tells: each of its values validates once. "
            "It is not learnt from. Default: none.",
        ),
    ]
    test: Annotated[
        Any,
        Option(
            "Test rows, scored once, at the end: a file, or their share of all rows (0: none). "
            "Default: 0.2 below 1,000 rows, 0.1 below 10,000, else 0.05.",
            metavar="FILE|SHARE",
            check=share_or_rows,
            parse=parse_rows,
            elsewhere=("test_size", "test_split", "test_data"),
        ),
    ]
    split_column: Annotated[
        str | int | None,
        _column(
            "Each row of the table trains, validates or tests as this column says it: train, val, "
            "test and words like these, or a column is_test or is_valid of true and false. It is "
            "not learnt from. Default: none.",
        ),
    ]
    split_by_time: Annotated[
        str | int | None,
        Option(
            "The latest rows by this column are test and validation rows; order: the last in the "
            "order that the rows are in (arrays too). Default: rows are shuffled, and stratified "
            "by class, but windows that overlap are taken in their order; none shuffles these too.",
            metavar="COLUMN|order|none",
            check=column_or_position,
        ),
    ]
    gap: Annotated[
        str | int | None,
        Option(
            "With --split-by-time, what is left out before the rows that validate and those that "
            "test: rows (24), as gap of scikit-learn's TimeSeriesSplit, or where the column holds "
            "dates a time (12h, 7d, 2w). Default: 0.",
            metavar="ROWS|DURATION",
            check=of_types("a number of rows, or a time such as '7d'", str, Integral),
        ),
    ]
    group: Annotated[
        str | int | None,
        _column(
            "Rows with the same value here stay together in the split. Default: each row by "
            "itself.",
            elsewhere=("groups",),
        ),
    ]
    weight: Annotated[
        Any,
        Option(
            "Weight of each row, in training and in scores. Default: all alike.",
            metavar="COLUMN",
            in_python="Or the weights themselves, an array, a Series or a list.",
            elsewhere=("sample_weight", "sample_weights", "weights"),
        ),
    ]
    class_weight: Annotated[
        str | Mapping[Any, float] | None,
        Option(
            "Weight of each class in training: balanced (as if classes were equally frequent), "
            "or given. Default: all alike.",
            metavar="balanced|A=2,B=1",
            check=class_weight_option,
            parse=parse_class_weight,
        ),
    ]


#: The headings of the help, and what stands under each.
PANELS = {"Data": ReadingOptions, "Images": ImageOptions, "Split and weights": SplitOptions}
#: What may be given of the data beside where they are.
DATA_OPTIONS = options_of({"Data": TargetOption}) | options_of(PANELS)
