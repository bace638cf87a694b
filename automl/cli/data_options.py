"""The options of `search` about its data: how they are read, split and weighted."""

from __future__ import annotations

from typing import Annotated

import typer

DATA = "Data"
SPLIT = "Split and weights"

# ---- data

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, also .gz or .zip), - "
        "for standard input, or a set bundled with scikit-learn: digits, iris, wine, "
        "breast_cancer or diabetes.",
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="COLUMN",
        help="What to predict: a column's name or position (from 0; -1 is the last). Repeat it "
        "for several outputs. Bundled sets and NPZ files know theirs.",
        rich_help_panel=DATA,
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="KIND",
        help="binary, multiclass, multilabel, regression, or classification (by the number of "
        "classes). Default: by what the target holds.",
        rich_help_panel=DATA,
    ),
]
Categorical = Annotated[
    list[str] | None,
    typer.Option(
        "--categorical",
        metavar="COLUMN",
        help="Take a column as categories though it looks like numbers or dates. Repeatable. "
        "Default: columns of text.",
        rich_help_panel=DATA,
    ),
]
Numeric = Annotated[
    list[str] | None,
    typer.Option(
        "--numeric",
        metavar="COLUMN",
        help="Take a column as numbers though it looks like dates, codes or texts; what is none "
        "counts as missing. Repeatable. Default: by what the column holds.",
        rich_help_panel=DATA,
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(
        "--decimal",
        metavar="MARK",
        help="Decimal mark of numbers, . or , (then 1.234 is a thousand). Default: what each "
        "column shows.",
        rich_help_panel=DATA,
    ),
]
DayFirst = Annotated[
    bool,
    typer.Option(
        "--day-first",
        metavar="",
        help="Take the day before the month in dates such as 01/02/2024. Default: what the column "
        "shows, else the month.",
        rich_help_panel=DATA,
    ),
]
DateFormat = Annotated[
    list[str] | None,
    typer.Option(
        "--date-format",
        metavar="COLUMN=FORMAT",
        help="Format of a column's dates, as for strptime (when=%d.%m.%Y). Repeatable. Default: "
        "what each column shows.",
        rich_help_panel=DATA,
    ),
]
Cycles = Annotated[
    list[str] | None,
    typer.Option(
        "--cycles",
        metavar="COLUMN=CYCLES",
        help="Cycles in which a date's or a time's place is used beside it: some of year, week and "
        "day with commas between them, or none (when=year,week). Repeatable. Default: those that "
        "the training rows have seen enough of.",
        rich_help_panel=DATA,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="COLUMN",
        help="Leave a column out. Repeatable. Default: only columns without information.",
        rich_help_panel=DATA,
    ),
]
Names = Annotated[
    str | None,
    typer.Option(
        "--names",
        metavar="A,B,...",
        help="Column names of a file without a header, or a file with one name a line. "
        "Default: the first line is the header.",
        rich_help_panel=DATA,
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="CHARACTER",
        help="What separates the values of text files: a character, or comma, semicolon, tab, bar "
        "or blanks. Default: found.",
        rich_help_panel=DATA,
    ),
]
ClipKind = Annotated[
    str,
    typer.Option(
        "--clip",
        metavar="hard|smooth|none",
        help="How standardized numbers far from their mean are clipped, in training and in the "
        "exported model: hard cuts them off at 5 standard deviations, smooth bends them below 3.",
        rich_help_panel=DATA,
    ),
]
InputKind = Annotated[
    str,
    typer.Option(
        "--input",
        metavar="raw|standardize|auto",
        help="How numbers come to the models: raw is as they are; auto standardizes them, unless "
        "a model of your own takes whole numbers (an Embedding) or scales by itself.",
        rich_help_panel=DATA,
    ),
]
AllowWide = Annotated[
    bool,
    typer.Option(
        "--allow-wide",
        metavar="",
        help="Accept a table with more columns than rows, which is refused by default: it is "
        "mostly a mistake.",
        rich_help_panel=DATA,
    ),
]

# ---- split and weights

Validation = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="FILE|SHARE",
        help="Validation rows: a file like DATA, or their share of the rows that are not test "
        "rows. Default: 0.15.",
        rich_help_panel=SPLIT,
    ),
]
Cv = Annotated[
    str | None,
    typer.Option(
        "--cv",
        metavar="FOLDS",
        help="Train each configuration on that many folds of the rows that are not test rows, and "
        "rank by the mean: a number such as 5, or folds and repeats, such as 5x2. By --group, and "
        "--split-by-time (each fold validates on what follows it). Default: one division.",
        rich_help_panel=SPLIT,
    ),
]
Test = Annotated[
    str | None,
    typer.Option(
        "--test",
        metavar="FILE|SHARE",
        help="Test rows, scored once, at the end: a file, or their share of all rows (0: none). "
        "Default: 0.2 below 1,000 rows, 0.1 below 10,000, else 0.05.",
        rich_help_panel=SPLIT,
    ),
]
SplitByTime = Annotated[
    str | None,
    typer.Option(
        "--split-by-time",
        metavar="COLUMN|order|none",
        help="The latest rows by this column are test and validation rows; order: the last in the "
        "order that the rows are in (arrays too). Default: rows are shuffled, and stratified by "
        "class, but windows that overlap are taken in their order; none shuffles these too.",
        rich_help_panel=SPLIT,
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COLUMN",
        help="Rows with the same value here stay together in the split. Default: each row by "
        "itself.",
        rich_help_panel=SPLIT,
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(
        "--weight",
        metavar="COLUMN",
        help="Weight of each row, in training and in scores. Default: all alike.",
        rich_help_panel=SPLIT,
    ),
]
ClassWeight = Annotated[
    str | None,
    typer.Option(
        "--class-weight",
        metavar="balanced|A=2,B=1",
        help="Weight of each class in training: balanced (as if classes were equally frequent), "
        "or given. Default: all alike.",
        rich_help_panel=SPLIT,
    ),
]
