"""Columns as people write them, locale by locale: each is read right, or is named as not read.

Every writing is a small function of its own that turns known values into texts; four columns of
each are made from different values. None may become categories in silence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from automl.data.columns.column import clean, numeric_values, text_values
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import ColumnKind
from automl.data.prepare import prepare
from automl.data.request import DataRequest

COLUMNS, ROWS = 4, 80
EPOCH = dt.datetime(1970, 1, 1)

Number = Callable[[float], str]
Moment = Callable[[dt.datetime], str]


def grouped(value: float, mark: str, decimal: str, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", mark)


def indian(value: float) -> str:
    whole, _, part = f"{abs(value):.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ("-" if value < 0 else "") + ",".join([*pairs, tail]) + "." + part


def signed(write: Number, minus: str) -> Number:
    return lambda v: (minus if v < 0 else "") + write(abs(v))


NUMBERS: dict[str, Number] = {
    "plain": lambda v: f"{v:.2f}",
    "en": lambda v: grouped(v, ",", ".", 2),
    "de": lambda v: grouped(v, ".", ",", 2),
    "decimal comma": lambda v: grouped(v, "", ",", 2),
    "fr, narrow space": lambda v: grouped(v, "\u202f", ",", 2),
    "fr, hard space": lambda v: grouped(v, "\u00a0", ",", 2),
    "se": signed(lambda v: grouped(v, " ", ",", 2), "\u2212"),
    "si": lambda v: grouped(v, " ", ".", 2),
    "ch": lambda v: grouped(v, "'", ".", 2),
    "ch, typeset": lambda v: grouped(v, "\u2019", ".", 2),
    "at": lambda v: grouped(v, "'", ",", 2),
    "in": indian,
    "dollars": signed(lambda v: "$" + grouped(v, ",", ".", 2), "-"),
    "dollars behind the sign": lambda v: "$" + grouped(v, ",", ".", 2),
    "euros": lambda v: grouped(v, ".", ",", 2) + " €",
    "francs": lambda v: "CHF " + grouped(v, "'", ".", 2),
    "percent": lambda v: f"{v:.2f}%",
    "percent, de": lambda v: grouped(v, "", ",", 2) + "\u00a0%",
    "kilograms": lambda v: grouped(v, ",", ".", 2) + " kg",
    "degrees": lambda v: grouped(v, "", ",", 2) + "°C",
    "speed": lambda v: f"{v:.2f} km/h",
    "brackets": lambda v: f"({-v:,.2f})" if v < 0 else f"{v:,.2f}",
    "brackets, dollars": lambda v: f"(${-v:,.2f})" if v < 0 else f"${v:,.2f}",
    "minus behind": lambda v: grouped(abs(v), ".", ",", 2) + ("-" if v < 0 else ""),
    "scientific": lambda v: f"{v:.6e}",
    "scientific, comma": lambda v: f"{v:.6E}".replace(".", ","),
    "plus sign": lambda v: f"{v:+,.2f}",
    "spaces around": lambda v: f"  {v:,.2f} ",
    "fixed width": lambda v: f"{v:012.2f}",
}
WHOLE: dict[str, Number] = {
    "whole, en": lambda v: f"{v:,.0f}",
    "whole, ch": lambda v: grouped(v, "'", ".", 0),
    "whole, se": lambda v: grouped(v, " ", ".", 0),
    "whole, de with a million": lambda v: grouped(v * 1000, ".", ",", 0),
    "milliseconds": lambda v: f"{v:.0f}ms",
    "days": lambda v: f"{v:.0f} day" + ("" if v == 1 else "s"),
    "underscores": lambda v: f"{int(v):_}",
}
TIMES_OF_DAY: dict[str, Moment] = {
    "24 hours": lambda t: t.strftime("%H:%M"),
    "with seconds": lambda t: t.strftime("%H:%M:%S"),
    "12 hours": lambda t: t.strftime("%I:%M %p").lstrip("0"),
    "12 hours, dotted": lambda t: t.strftime("%I:%M ") + ("a.m." if t.hour < 12 else "p.m."),
}
FRENCH = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
SPANISH = "ene feb mar abr may jun jul ago sep oct nov dic"
DAYS: dict[str, Moment] = {
    "iso": lambda t: t.strftime("%Y-%m-%d"),
    "iso, slashes": lambda t: t.strftime("%Y/%m/%d"),
    "us": lambda t: t.strftime("%m/%d/%Y"),
    "us, short": lambda t: f"{t.month}/{t.day}/{t:%y}",
    "us, padded short": lambda t: t.strftime("%m/%d/%y"),
    "uk": lambda t: t.strftime("%d/%m/%Y"),
    "uk, dashes": lambda t: t.strftime("%d-%m-%Y"),
    "de": lambda t: t.strftime("%d.%m.%Y"),
    "de, short": lambda t: t.strftime("%d.%m.%y"),
    "de, unpadded": lambda t: f"{t.day}.{t.month}.{t.year}",
    "de, named": lambda t: f"{t.day}. {GERMAN.split()[t.month - 1]} {t.year}",
    "fr, named": lambda t: f"{t.day} {FRENCH.split()[t.month - 1]} {t.year}",
    "es, named": lambda t: f"{t.day}-{SPANISH.split()[t.month - 1]}-{t.year}",
    "en, named": lambda t: t.strftime("%b %d, %Y"),
    "en, named in full": lambda t: t.strftime("%d %B %Y"),
    "oracle": lambda t: t.strftime("%d-%b-%y").upper(),
    "weekday": lambda t: t.strftime("%a, %d %b %Y"),
    "digits": lambda t: t.strftime("%Y%m%d"),
    "cn": lambda t: t.strftime("%Y.%m.%d"),
    "iso week": lambda t: "{}-W{:02}-{}".format(*t.isocalendar()),
}
MOMENTS: dict[str, Moment] = {
    "iso": lambda t: t.isoformat(),
    "iso, space": lambda t: t.strftime("%Y-%m-%d %H:%M:%S"),
    "iso, zulu": lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "iso, UTC": lambda t: t.strftime("%Y-%m-%d %H:%M:%S UTC"),
    "iso, offset": lambda t: (t + dt.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
    "us, 12 hours": lambda t: t.strftime("%m/%d/%Y %I:%M:%S %p"),
    "de": lambda t: t.strftime("%d.%m.%Y %H:%M:%S"),
    "uk": lambda t: t.strftime("%d/%m/%Y, %H:%M:%S"),
    "mail": lambda t: t.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    "digits": lambda t: t.strftime("%Y%m%d%H%M%S"),
}
MONTHS: dict[str, Moment] = {
    "named": lambda t: t.strftime("%b %Y"),
    "numbers": lambda t: t.strftime("%m/%Y"),
    "iso": lambda t: t.strftime("%Y-%m"),
}


def read(texts: list[str]) -> tuple[ColumnKind, np.ndarray, list[str]]:
    """What a column of texts is taken for, its values, and what was said."""
    said: list[str] = []
    column = clean(pd.Series(texts, name="c", dtype="str"))
    found = infer_column(column, said.append)
    if found.kind is ColumnKind.CATEGORY:
        return found.kind, np.full(len(texts), np.nan), [*said, found.looks]
    return found.kind, numeric_values(column, found.reading), said


def rng_of(name: str, number: int) -> np.random.Generator:
    return np.random.default_rng([number, *name.encode()])


@pytest.mark.parametrize("writing", NUMBERS)
def test_numbers_have_their_value(writing):
    for number in range(COLUMNS):
        rng = rng_of(writing, number)
        values = np.round(rng.lognormal(4 + number / 2, 2, ROWS), 2) + 0.01
        values = np.round(values * rng.choice([1, 1, -1], ROWS), 2)
        values[:2] = -1_234_567.89, 1.5
        texts = [NUMBERS[writing](float(v)) for v in values]
        kind, found, said = read(texts)
        assert kind is ColumnKind.NUMBER, said
        np.testing.assert_allclose(found, values, rtol=1e-6)
        plain = pd.to_numeric(pd.Series(texts), errors="coerce").notna().all()
        assert [note for note in said if "is read as" in note] or plain


@pytest.mark.parametrize("writing", WHOLE)
def test_whole_numbers_have_their_value(writing):
    for number in range(COLUMNS):
        values = rng_of(writing, number).integers(1, 10 ** (4 + number % 3), ROWS)
        values[:2] = 1, 12_345
        scale = 1000 if "million" in writing else 1
        kind, found, said = read([WHOLE[writing](float(v)) for v in values])
        assert kind is ColumnKind.NUMBER and said, said
        np.testing.assert_array_equal(found, values * scale)


def moments(name: str, number: int) -> list[dt.datetime]:
    rng = rng_of(name, number)
    start = dt.datetime(1975 + 4 * number, 1, 1)
    seconds = np.sort(rng.integers(0, 4 * 365 * 86_400, ROWS))
    # A day above 12 tells day from month.
    return [dt.datetime(1999, 12, 31, 23, 59, 58)] + [
        start + dt.timedelta(seconds=int(s)) for s in seconds
    ]


def days_of(times: list[dt.datetime]) -> np.ndarray:
    return np.array([(t - EPOCH).total_seconds() / 86_400 for t in times])


@pytest.mark.parametrize("writing", DAYS)
def test_days_are_found(writing):
    for number in range(COLUMNS):
        times = moments(writing, number)
        kind, found, said = read([DAYS[writing](t) for t in times])
        assert kind is ColumnKind.DATE and "holds dates" in said[0], said
        np.testing.assert_array_equal(found, np.floor(days_of(times)))


@pytest.mark.parametrize("writing", MOMENTS)
def test_dates_with_a_time_are_found_to_the_second(writing):
    for number in range(COLUMNS):
        times = moments(writing, number)
        kind, found, said = read([MOMENTS[writing](t) for t in times])
        assert kind is ColumnKind.DATE and "holds dates" in said[0], said
        np.testing.assert_allclose(found, days_of(times), atol=1e-7, rtol=0)


@pytest.mark.parametrize("writing", MONTHS)
def test_months_are_their_first_day(writing):
    for number in range(COLUMNS):
        times = [t.replace(day=1) for t in moments(writing, number)]
        kind, found, said = read([MONTHS[writing](t) for t in times])
        assert kind is ColumnKind.DATE, said
        np.testing.assert_array_equal(found, np.floor(days_of(times)))


def test_quarters_are_their_first_day():
    times = moments("quarters", 1)
    expected = [dt.datetime(t.year, 3 * ((t.month - 1) // 3) + 1, 1) for t in times]
    for write in ("{1}-Q{0}", "{1}Q{0}", "Q{0} {1}", "{1} Q{0}"):
        kind, found, _ = read([write.format((t.month + 2) // 3, t.year) for t in times])
        assert kind is ColumnKind.DATE
        np.testing.assert_array_equal(found, days_of(expected))


@pytest.mark.parametrize("writing", TIMES_OF_DAY)
def test_times_of_day_are_hours(writing):
    for number in range(COLUMNS):
        times = moments(writing, number)
        kind, found, said = read([TIMES_OF_DAY[writing](t) for t in times])
        assert kind is ColumnKind.TIME and "hours" in said[0], said
        hours = [t.hour + t.minute / 60 + t.second / 3600 * ("sec" in writing) for t in times]
        np.testing.assert_allclose(found, hours, rtol=1e-12)


CODES: dict[str, Callable[[np.random.Generator], str]] = {
    "zip": lambda r: f"{r.integers(100, 99_999):05d}",
    "labels": lambda r: f"{r.integers(0, 100):02d}",
    "bank": lambda r: f"{r.integers(0, 10**8):010d}",
}


@pytest.mark.parametrize("writing", CODES)
def test_codes_stay_as_they_are(writing):
    for number in range(COLUMNS):
        rng = rng_of(writing, number)
        texts = ["00501", *(CODES[writing](rng) for _ in range(ROWS))]
        kind, _, said = read(texts)
        assert kind is ColumnKind.CATEGORY and "begin with 0" in said[-1]
        assert text_values(pd.Series(texts)).tolist() == texts


UNREAD: dict[str, Callable[[np.random.Generator], str]] = {
    "phone": lambda r: f"+41 79 {r.integers(100, 999)} {r.integers(10, 99)} {r.integers(10, 99)}",
    "phone, us": lambda r: f"{r.integers(200, 999)}-555-{r.integers(1000, 9999)}",
    "article": lambda r: f"SKU-{r.integers(1, 99999)}",
    "address": lambda r: ".".join(str(n) for n in r.integers(0, 255, 4)),
    "version": lambda r: f"{r.integers(0, 9)}.{r.integers(0, 99)}.{r.integers(0, 9)}",
    "two conventions": lambda r: f"{r.normal():.1f}".replace(".", str(r.choice([".", ","]))),
    "two units": lambda r: f"{r.integers(1, 99)} {r.choice(['kg', 'lb'])}",
    "range": lambda r: f"{r.integers(1, 9) * 10}-{r.integers(10, 19) * 10}",
    "fraction": lambda r: f"{r.integers(1, 20)}/10",
    "size": lambda r: f"{r.integers(1, 20)}x{r.integers(1, 20)}",
    "ordinal": lambda r: f"{r.choice(['1st', '2nd', '3rd', '4th', '5th'])}",
    "bounds": lambda r: f"<{r.integers(1, 99)}",
    "day or month": lambda r: str(r.choice(["31/01/2020", "01/31/2020", "12/30/2020"])),
    "duration": lambda r: f"{r.integers(1, 9)}h {r.integers(1, 59)}min",
    "magnitude": lambda r: f"{r.integers(1, 999)}{r.choice(['K', 'M'])}",
}


@pytest.mark.parametrize("writing", UNREAD)
def test_what_is_not_read_is_named_with_examples(writing):
    for number in range(COLUMNS):
        rng = rng_of(writing, number)
        texts = [UNREAD[writing](rng) for _ in range(ROWS)]
        kind, _, said = read(texts)
        assert kind is ColumnKind.CATEGORY
        assert said[-1] and any(repr(text) in said[-1] for text in texts)


@pytest.mark.parametrize(
    "writing",
    ["two conventions", "two units", "size", "bounds", "duration", "magnitude"],
)
def test_numbers_that_are_left_out_are_no_identifiers(writing):
    rng = rng_of(writing, 0)
    texts = list(dict.fromkeys(UNREAD[writing](rng) for _ in range(4 * ROWS)))[:ROWS]
    assert len(texts) == ROWS
    numbers = rng.normal(size=len(texts))
    frame = pd.DataFrame({"a": numbers, "c": texts, "y": numbers + rng.normal(size=len(texts))})
    data = prepare(DataRequest(frame, "y"))
    (note,) = [note for note in data.notes if note.startswith("column 'c' is left out")]
    assert "identifier" not in note and "--categorical c" in note
    assert any(repr(text) in note for text in texts)


def test_there_are_enough_columns():
    kinds = (NUMBERS, WHOLE, TIMES_OF_DAY, DAYS, MOMENTS, MONTHS, CODES, UNREAD)
    assert COLUMNS * sum(map(len, kinds)) >= 300 and len(NUMBERS) + len(WHOLE) >= 30


@pytest.mark.parametrize("writing", ["de", "dollars", "percent, de", "minus behind", "in"])
def test_a_file_means_the_same_as_its_numbers(tmp_path, writing):
    rng = rng_of(writing, 0)
    values = np.round(rng.normal(0, 4000, 200), 2)
    target = np.round(values / 7 + rng.normal(0, 100, 200), 2)
    write = NUMBERS[writing]
    pd.DataFrame(
        {"a": [write(float(v)) for v in values], "y": [write(float(v)) for v in target]}
    ).to_csv(tmp_path / "written.csv", sep=";", index=False)
    plain = prepare(DataRequest(pd.DataFrame({"a": values, "y": target}), "y"))
    data = prepare(DataRequest(tmp_path / "written.csv", "y"))
    np.testing.assert_array_equal(data.train.inputs["numeric"], plain.train.inputs["numeric"])
    np.testing.assert_array_equal(data.test.truth, plain.test.truth)
    assert sum("is read as" in note for note in data.notes) == 2
    assert data.task.number_formats[0] == data.plan.inputs.numeric_features[0].number_format
