"""Fitting a preprocessing plan: medians, means, vocabularies, from training rows only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.common.shell import option
from automl.data.clipping import Clip
from automl.data.columns.column import ColumnSource, Reading, is_text, numeric_values, text_values
from automl.data.columns.cycles import NO_CYCLES, Cycle, check_possible, describe, held_cycles
from automl.data.columns.schema import Column, ColumnKind
from automl.data.kinds.table.features import (
    CategoricalFeature,
    Feature,
    NumericFeature,
)
from automl.data.numbers import LEAST_RELATIVE_STD, LEAST_STD
from automl.data.say import Say
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Own choices. A text column is an identifier or free text when it has more different values
# than IDENTIFIER_VALUES and more than IDENTIFIER_SHARE of its values differ.
IDENTIFIER_VALUES = 20
IDENTIFIER_SHARE = 0.5
# Own choice: texts of four words and more on the average are sentences.
WORDS_OF_TEXT = 4.0
SHOWN_TEXTS = 1_000
# Letters of an example.
SHOWN = 40
# Rows by which an identifier is told from numbers and dates before any are set apart.
SAMPLE = 100
# The most categories kept of a column that was not declared categorical.
MOST_CATEGORIES = 1_000
# And of one that was: an embedding of mostly single rows takes minutes an epoch, and what stands
# in one row has nothing to teach (own choice).
MOST_DECLARED = 10_000
COUNTER_NAMES = ("id", "index", "rowid", "row_id", "row", "no")


def fit_features(
    frame: pd.DataFrame,
    schema: Sequence[Column],
    forced: Collection[str],
    say: Say,
    keep_constant: bool = False,
    clip: Clip | None = None,
    cycles: Mapping[str, tuple[Cycle, ...]] | None = None,
) -> tuple[Feature, ...]:
    """Fits a feature to each column that carries something, and says which are left out.

    Args:
        frame: The training rows' feature columns, cleaned.
        schema: What the columns are.
        forced: Names of columns that were declared categorical.
        say: Called with what a person should be told.
        keep_constant: Whether numbers that are all the same stay, as zeros, and dates are days
            alone: for a model whose author has counted the columns.
        clip: How far standardized numbers may lie from their mean; None for no limit.
        cycles: Name of a column to the cycles that a person asks for, to overrule what its values
            have seen enough of.

    Raises:
        DataError: A column has infinite values, no column carries anything, or a column has no
            such cycle.
    """
    features: list[Feature] = []
    for column in schema:
        cleaned = frame[column.name]
        reason = _useless(column, cleaned, column.name in forced, keep_constant)
        fitted: Feature | None = None
        if reason is None and column.kind is ColumnKind.CATEGORY:
            fitted = _fit_categorical(column, cleaned, column.name in forced, say)
        elif reason is None:
            asked = () if keep_constant else (cycles or {}).get(column.name)
            check_possible(column.name, asked or (), column.reading.source)
            fitted = _fit_numeric(column, cleaned, keep_constant, clip or Clip(), asked)
            reason = "its values differ too little for single precision; subtract a constant"
            _say_cycles(fitted, say, is_asked=asked is not None)
        if fitted is None:
            say(f"column {column.name!r} is left out: {reason}")
        else:
            features.append(fitted)
    if not features:
        raise DataError(
            "No column is left to learn from: give at least one column, besides the target, whose "
            "values differ and repeat."
        )
    return tuple(features)


def _useless(column: Column, cleaned: pd.Series, forced: bool, keep_constant: bool) -> str | None:
    """Why a column cannot serve, or None."""
    present = cleaned.dropna()
    if column.reading.strays and is_text(present):
        present = present[~present.isin(list(column.reading.strays))]
    distinct = int(present.nunique())
    if distinct == 0:
        return "all its values are missing"
    kept = keep_constant and column.kind is ColumnKind.NUMBER
    if distinct == 1 and len(present) == len(cleaned) and not kept:
        return f"all its values are the same ({str(present.iloc[0])!r})"
    if column.kind is ColumnKind.CATEGORY and not forced:
        share = distinct / len(present)
        if distinct > IDENTIFIER_VALUES and share > IDENTIFIER_SHARE:
            differ = f"{distinct:,} of its {len(present):,} values differ"
            keep = option("--categorical", column.name)
            way = f"({keep} keeps it)"
            example = str(present.iloc[0])[:SHOWN]
            if _is_free_text(present):
                return (
                    f"{differ}, such as {example!r}, so it is free text, which is not supported "
                    "yet: make columns of numbers of it first (word counts, the numbers of a "
                    f"sentence embedding); {keep} takes each text for a category"
                )
            if column.looks:
                return f"{differ}, and {column.looks}; {keep} keeps it"
            return (
                f"{differ}, such as {example!r}, so it looks like an identifier or free text {way}"
            )
    if column.kind is ColumnKind.NUMBER and _is_counter(column, present):
        return "it counts or names the rows"
    return None


def _is_free_text(present: pd.Series) -> bool:
    """Whether texts are sentences rather than names or codes."""
    # Of letters only: a date may be written in words too, three of them at most.
    words = [
        sum(word.strip(".,;:!?()'\"").isalpha() for word in str(text).split())
        for text in present.head(SHOWN_TEXTS)
    ]
    return sum(words) >= WORDS_OF_TEXT * len(words)


def names_the_rows(cleaned: pd.Series, column: Column) -> bool:
    """Whether a column would be left out, for it counts the rows or tells one from the other.

    Args:
        cleaned: The column, as `column.clean` gives it.
        column: What it seems to be.
    """
    if column.kind not in (ColumnKind.NUMBER, ColumnKind.CATEGORY):
        return False
    present = cleaned.dropna()
    if len(present) <= IDENTIFIER_VALUES:
        return False
    if column.kind is ColumnKind.NUMBER:
        return _is_counter(column, present)
    return int(present.nunique()) > max(IDENTIFIER_VALUES, IDENTIFIER_SHARE * len(present))


def _is_counter(column: Column, present: pd.Series) -> bool:
    plain = column.name.strip().lower().replace(" ", "_")
    named = plain in COUNTER_NAMES or plain.startswith("unnamed") or plain.endswith("_id")
    if not named or present.nunique() < len(present):
        return False
    values = numeric_values(present, column.reading)
    return bool((values == np.round(values)).all())


def _fit_numeric(
    column: Column,
    cleaned: pd.Series,
    keep_constant: bool,
    clip: Clip,
    asked: tuple[Cycle, ...] | None,
) -> NumericFeature | None:
    unfitted = NumericFeature(
        column.name,
        fill=0.0,
        mean=0.0,
        std=1.0,
        **_read_as(column.reading),
    )
    raw = unfitted.raw(cleaned)
    missing = np.isnan(raw)
    fill = float(np.median(raw[~missing].astype(np.float64)))
    cycles = asked
    if cycles is None:
        cycles = held_cycles(raw[~missing].astype(np.float64), unfitted.source)
    filled = np.where(missing, fill, raw.astype(np.float64))
    mean, std = float(filled.mean()), float(filled.std())
    if std <= LEAST_RELATIVE_STD * abs(mean) or std < LEAST_STD:
        if not missing.any() and not keep_constant:
            return None
        # One value or none: only the indicator tells them apart.
        std = 1.0
    return NumericFeature(
        column.name,
        fill=fill,
        mean=mean,
        std=std,
        indicator=bool(missing.any()),
        clip=clip,
        cycles=cycles,
        **_read_as(column.reading),
    )


def _say_cycles(feature: NumericFeature | None, say: Say, is_asked: bool) -> None:
    if feature is not None and feature.cycles:
        number = "days" if feature.source is ColumnSource.DATE else "hours"
        none = option("--cycles", f"{feature.name}={NO_CYCLES}")
        way = "" if is_asked else f" ({none} leaves it out)"
        say(
            f"column {feature.name!r}: its place in {describe(feature.cycles)} is used beside its "
            f"{number}, as sine and cosine{way}"
        )


def _read_as(reading: Reading) -> dict[str, Any]:
    return {f.name: getattr(reading, f.name) for f in fields(reading)}


def _fit_categorical(
    column: Column, cleaned: pd.Series, forced: bool, say: Say
) -> CategoricalFeature:
    if column.looks:
        say(
            f"column {column.name!r} is taken as categories: {column.looks} "
            f"({option('--ignore', column.name)} leaves it out)"
        )
    texts, counts = np.unique(text_values(cleaned).astype(str), return_counts=True)
    # Most frequent first, texts of equal frequency in alphabetical order.
    order = np.argsort(-counts, kind="stable")
    vocabulary = [str(texts[i]) for i in order]
    most = MOST_DECLARED if forced else MOST_CATEGORIES
    if len(vocabulary) > most:
        more = f"{option('--categorical', column.name)} keeps {MOST_DECLARED:,}, "
        say(
            f"column {column.name!r} has {len(vocabulary):,} categories: the {most:,} most "
            f"frequent are kept, the others count as unseen ({'' if forced else more}"
            f"{option('--ignore', column.name)} leaves it out)"
        )
        vocabulary = vocabulary[:most]
    return CategoricalFeature(column.name, tuple(vocabulary))
