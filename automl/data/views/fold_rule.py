"""How many folds rows are divided into for cross-validation, as it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from automl.errors import RequestError

LEAST_FOLDS = 2
#: More than anybody runs; each fold is a training of its own.
MOST_FOLDS = 1000
#: What may be asked for beside a number: folds where the rows are few, or one division.
BY_SIZE, ONE_DIVISION = "auto", "none"
#: Folds where the rows are few, and from how many rows on they are not (see "Whole searches on
#: small sets" in benchmarks/RESULTS.md).
USUAL_FOLDS = 5
ENOUGH_ROWS = 2_000
#: Own choice: with more numbers in all rows together, preparing them for each fold takes minutes.
MOST_NUMBERS = 1_000_000


@dataclass(frozen=True)
class FoldRule:
    """How many folds.

    Attributes:
        folds: Parts that the rows are divided into; each validates once.
        repeats: How often they are divided, each time in another way.
    """

    folds: int
    repeats: int = 1

    @classmethod
    def of(cls, text: str | int) -> FoldRule:
        """Reads ``5``, or ``5x2`` for five folds twice.

        Raises:
            RequestError: It is neither.
        """
        match = re.fullmatch(r"(\d{1,4})(?:x(\d{1,4}))?", str(text).strip())
        rule = cls(int(match[1]), int(match[2] or 1)) if match else cls(0)
        if rule.folds < LEAST_FOLDS or not 0 < rule.repeats * rule.folds <= MOST_FOLDS:
            raise RequestError(
                f"--cv is {text!r}; expected a number of folds from {LEAST_FOLDS} on, such as 5, "
                "or folds and repeats, such as 5x2; or auto or none."
            )
        return rule

    @property
    def views(self) -> tuple[str, ...]:
        """The names of the views, in order: ``fold-1``, ``fold-2``, ..."""
        return tuple(f"fold-{number + 1}" for number in range(self.folds * self.repeats))
