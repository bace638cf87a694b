"""Texts that say "no value" among numbers and dates, where these are at least half of a column.

In a column of words they may be one more category, as "unknown" is; there they stay what they are.
What is missing wherever it stands, in just its spelling, is `column.MISSING_TEXTS`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

# In small letters, with single blanks, without stops, brackets and other signs around them.
_WORDS = frozenset((
    "na", "n/a", "n a", "nan", "null", "nil", "none", "no value", "no data", "not available",
    "not applicable", "not known", "not reported", "not recorded", "not specified", "missing",
    "unknown", "unk", "undefined", "undisclosed", "empty", "blank", "tbd", "tba", "tbc", "n/k",
    "nd", "n/d", "s/d", "n/c", "nr", "n/r", "n/v", "nv",
    "k a", "ka", "k/a", "keine angabe", "keine angaben", "keine daten", "nicht verfügbar",
    "nicht bekannt", "unbekannt", "fehlt", "inconnu", "inconnue", "non disponible",
    "non renseigné", "manquant", "desconocido", "sin datos", "no disponible", "sconosciuto",
    "non disponibile", "desconhecido", "sem dados", "não disponível", "onbekend", "nvt", "n v t",
    "okänd", "ukjent", "ukendt", "brak", "brak danych", "nieznany", "bilinmiyor",
    "нет", "н/д", "нет данных", "неизвестно",
    "无", "無", "未知", "不明", "なし", "없음",
))  # fmt: skip
# Longer texts are none of them, signs included, and would make the pattern slow.
LONGEST = 60
_SIGNS = re.compile(r"^[^\w]+|[^\w]+$")


def says_no_value(text: str) -> bool:
    """Whether a text says that there is no value: a sign such as a dash, or one of the words."""
    if text == "\\N" or not re.search(r"\w", text):  # MySQL writes the one
        return True
    if len(text) > LONGEST:
        return False
    bare = _SIGNS.sub("", text.casefold().replace(".", " "))
    return " ".join(bare.replace("_", " ").split()) in _WORDS


def say_no_value(texts: pd.Series) -> npt.NDArray[np.bool_]:
    """Which texts do, bool (n,)."""
    known = {text: says_no_value(text) for text in texts.unique().tolist()}
    return texts.map(known).to_numpy(np.bool_)
