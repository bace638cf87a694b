"""Columns as people elsewhere write them: other scripts, eras, currencies, durations, codes.

As in ``test_writings``: each is read with the right value, or is named as not read; none becomes
categories in silence.
"""

# ruff: noqa: RUF001 - letters and signs of other scripts are what is tested

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from automl.data.columns.column import clean, numeric_values
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import ColumnKind

COLUMNS, ROWS = 6, 60
EPOCH = dt.datetime(1970, 1, 1)
Random = np.random.Generator

ARABIC = "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"
PERSIAN = "\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9"
HINDI = "".join(chr(0x966 + i) for i in range(10))
WIDE = "".join(chr(0xFF10 + i) for i in range(10))


def script(text: str, digits: str, marks: str = ",.") -> str:
    return text.translate(str.maketrans("0123456789,.", digits + marks))


def lakhs(value: float) -> str:
    whole, _, part = f"{value:.2f}".partition(".")
    head, pairs = whole[:-3], []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, whole[-3:]]) + "." + part


def german(value: float) -> str:
    return script(f"{value:,.2f}", "0123456789", ".,")


NUMBERS: dict[str, Callable[[float], str]] = {
    "rupees": lambda v: ("-" if v < 0 else "") + "₹ " + lakhs(abs(v)),
    "arabic": lambda v: script(f"{v:,.2f}", ARABIC, "\u066c\u066b"),
    "arabic, ungrouped": lambda v: script(f"{v:.2f}", ARABIC, "\u066c\u066b"),
    "persian": lambda v: script(f"{v:.2f}", PERSIAN),
    "hindi": lambda v: script(f"{v:,.2f}", HINDI),
    "full width": lambda v: script(f"{v:,.2f}", WIDE, "\uff0c\uff0e"),
    "reals": lambda v: ("-" if v < 0 else "") + "R$ " + german(abs(v)),
    "zlotys": lambda v: german(v).replace(".", " ") + " zł",
    "rubles": lambda v: german(v).replace(".", "\u00a0") + " ₽",
    "dollars, named": lambda v: f"{v:,.2f} USD",
    "dollars, american": lambda v: f"US${v:,.2f}" if v > 0 else f"-US${-v:,.2f}",
    "accounts in euros": lambda v: f"({german(-v)} €)" if v < 0 else f"{german(v)} €",
    "accounts, sign outside": lambda v: f"$({-v:,.2f})" if v < 0 else f"$ {v:,.2f}",
    "accounts, sign behind": lambda v: f"({german(-v)}) €" if v < 0 else f"{german(v)} €",
    "accounts, code in front": lambda v: f"CHF ({-v:,.2f})" if v < 0 else f"CHF {v:,.2f}",
    "accounts, percent": lambda v: f"({-v:,.2f})%" if v < 0 else f"{v:,.2f}%",
    "dollars, twice": lambda v: f"${v:,.2f} CAD" if v > 0 else f"-${-v:,.2f} CAD",
    "a long dash": lambda v: ("\u2014" if v < 0 else "") + f"{abs(v):,.2f}",
    "a hyphen that holds": lambda v: ("\u2011" if v < 0 else "") + f"{abs(v):,.2f}",
    "times ten": lambda v: f"{v * 1e-3!r}×10^3",
    "times ten, raised": lambda v: f"{v * 1e3!r} × 10⁻³",
    "times ten, starred": lambda v: f"{v * 1e-2!r}*10**2",
    "fortran": lambda v: f"{v:.12E}".replace("E", "D"),
    "per mille": lambda v: f"{v:.2f} ‰",
    "square metres": lambda v: f"{v:.2f} m²",
    "degrees": lambda v: f"{v:.2f} °F",
    "degrees, one sign": lambda v: f"{v:.2f} ℃",
    "rupiahs": lambda v: ("-" if v < 0 else "") + "Rp" + german(abs(v)),
    "ringgits": lambda v: f"RM {v:,.2f}",
    "riyals": lambda v: f"QAR {v:,.2f}",
    "percent, arabic": lambda v: script(f"{v:.2f}", ARABIC, "\u066c\u066b") + "\u066a",
    "percent, full width": lambda v: script(f"{v:.2f}", WIDE, "\uff0c\uff0e") + "\uff05",
    "mark of a file's start": lambda v: f"\ufeff{v:,.2f}",
    "marks of direction": lambda v: f"\u2066{v:,.2f}\u2069 €",
    "a blank without width": lambda v: f"{v:.2f}\u200b",
}


def read(values, name="c"):
    said: list[str] = []
    column = clean(pd.Series(values, name=name))
    found = infer_column(column, said.append)
    if found.kind is ColumnKind.CATEGORY:
        return found.kind, np.full(len(values), np.nan), found.looks
    return found.kind, numeric_values(column, found.reading), " ".join(said)


def rng_of(name: str, number: int) -> Random:
    return np.random.default_rng([number, *name.encode()])


@pytest.mark.parametrize("writing", NUMBERS)
def test_numbers_have_their_value(writing):
    for number in range(COLUMNS):
        rng = rng_of(writing, number)
        values = np.round(rng.lognormal(5, 2, ROWS) * rng.choice([1, 1, -1], ROWS), 2)
        values[:2] = -12_345_678.25, 2.5
        kind, found, said = read([NUMBERS[writing](float(v)) for v in values])
        assert kind is ColumnKind.NUMBER, said
        np.testing.assert_allclose(found, values, rtol=1e-12)


CENTLESS: dict[str, Callable[[int], str]] = {
    "german": lambda v: f"{v:,}".replace(",", ".") + ",- €",
    "german, dash": lambda v: "€ " + f"{v:,}".replace(",", ".") + ",\u2013",
    "swiss": lambda v: "Fr. " + f"{v:,}".replace(",", "'") + ".\u2014",
    "american": lambda v: f"${v:,}.-",
    "swedish": lambda v: f"{v:,}:-".replace(",", " "),
    "indian": lambda v: f"Rs. {v}/-",
}


@pytest.mark.parametrize("writing", CENTLESS)
def test_prices_with_a_dash_for_cents_are_whole(writing):
    for number in range(COLUMNS):
        values = rng_of(writing, number).integers(100, 9_000, ROWS)
        kind, found, said = read([CENTLESS[writing](int(v)) for v in values])
        assert kind is ColumnKind.NUMBER and "nothing tells it" not in said, said
        np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("Jahr", "Jahre"), ("Tag", "Tage"), ("Person", "Personen"), ("jour", "jours"),
        ("mes", "meses"), ("inch", "inches"), ("year", "years"), ("-star", "-star"),
        ("-Zimmer", "-Zimmer"), (" - month", " - month"),
    ],
)  # fmt: skip
def test_units_have_plurals_and_hyphens(one, many):
    counts = [1, 1, 1, *range(2, 30)] * 2
    gap = "" if "-" in one else " "
    kind, found, said = read([f"{n}{gap}{one if n == 1 else many}" for n in counts])
    assert kind is ColumnKind.NUMBER and "missing" not in said and "negative" not in said, said
    np.testing.assert_array_equal(found, counts)


def test_a_unit_of_its_own_is_no_plural():
    texts = ["1 mm", "1 mm"] + [f"{n} mmol" for n in range(2, 90)]
    _, found, said = read(texts)
    assert np.isnan(found[:2]).all() or "mmol" not in said
    assert read([f"{n} {unit}" for n in range(1, 40) for unit in ("kg", "kgm")])[0] is not (
        ColumnKind.NUMBER
    )


RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
POLISH = "sty lut mar kwi maj cze lip sie wrz paź lis gru"
TURKISH = "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık"
CZECH = "ledna února března dubna května června července srpna září října listopadu prosince"
CZECH = CZECH.replace("listopadu", "listopad").replace("prosince", "prosinec")


def named(names: str, pattern: str = "{0} {1} {2}") -> Callable[[dt.datetime], str]:
    return lambda t: pattern.format(t.day, names.split()[t.month - 1], t.year)


DAYS: dict[str, Callable[[dt.datetime], str]] = {
    "windows": lambda t: f"\u200e{t.month}\u200e/\u200e{t.day}\u200e/\u200e{t.year}",
    "mark of a file's start": lambda t: t.strftime("\ufeff%Y-%m-%d"),
    "hebrew": lambda t: t.strftime("\u200f%d.%m.%Y"),
    "chinese": lambda t: f"{t.year}年{t.month}月{t.day}日",
    "chinese, padded": lambda t: t.strftime("%Y年%m月%d日"),
    "korean": lambda t: f"{t.year}년 {t.month}월 {t.day}일",
    "korean, dots": lambda t: f"{t.year}. {t.month}. {t.day}.",
    "hungarian": lambda t: t.strftime("%Y.%m.%d."),
    "croatian": lambda t: f"{t.day}.{t.month}.{t.year}.",
    "heisei": lambda t: f"平成{t.year - 1988}年{t.month}月{t.day}日",
    "full width": lambda t: script(t.strftime("%Y/%m/%d"), WIDE),
    "arabic": lambda t: script(t.strftime("%d/%m/%Y"), ARABIC),
    "russian": named(RUSSIAN),
    "russian, year": named(RUSSIAN, "{0} {1} {2} г."),
    "polish": named(POLISH),
    "turkish": named(TURKISH),
    "czech": named(CZECH, "{0}. {1} {2}"),
}
MOMENTS: dict[str, Callable[[dt.datetime], str]] = {
    "chinese": lambda t: t.strftime("%Y年%m月%d日 %H:%M:%S"),
    "c": lambda t: t.strftime("%a %b %d %H:%M:%S %Y"),
    "c, zone": lambda t: t.strftime("%a %b %d %H:%M:%S UTC %Y"),
    "apache": lambda t: t.strftime("%d/%b/%Y:%H:%M:%S +0000"),
    "logging": lambda t: t.strftime("%Y-%m-%d %H:%M:%S,000"),
    "basic": lambda t: t.strftime("%Y%m%dT%H%M%SZ"),
}


def moments(name: str, number: int) -> list[dt.datetime]:
    seconds = np.sort(rng_of(name, number).integers(0, 4 * 365 * 86_400, ROWS))
    start = dt.datetime(1990 + 3 * number, 1, 8)
    return [dt.datetime(1999, 12, 31, 23, 59, 58)] + [
        start + dt.timedelta(seconds=int(s)) for s in seconds
    ]


@pytest.mark.parametrize("writing", [*DAYS, *(f"{name}, time" for name in MOMENTS)])
def test_dates_are_found(writing):
    whole = writing in DAYS
    write = DAYS[writing] if whole else MOMENTS[writing.removesuffix(", time")]
    for number in range(COLUMNS):
        times = moments(writing, number)
        days = np.array([(t - EPOCH).total_seconds() / 86_400 for t in times])
        kind, found, said = read([write(t) for t in times])
        assert kind is ColumnKind.DATE and "holds dates" in said, said
        np.testing.assert_allclose(found, np.floor(days) if whole else days, atol=1e-7, rtol=0)


def test_fractions_of_seconds_after_a_comma_are_read():
    times = moments("comma", 0)
    kind, found, _ = read([t.strftime("%Y-%m-%d %H:%M:%S,250") for t in times])
    assert kind is ColumnKind.DATE
    days = [((t - EPOCH).total_seconds() + 0.25) / 86_400 for t in times]
    np.testing.assert_allclose(found, days, atol=1e-7, rtol=0)


DURATIONS: dict[str, Callable[[int], str]] = {
    "pandas": lambda s: str(pd.Timedelta(s, "s")),
    "iso": lambda s: f"PT{s // 3600}H{s // 60 % 60}M{s % 60}S",
    "iso, days": lambda s: f"P{s // 86400}DT{s // 3600 % 24}H{s // 60 % 60}M{s % 60}S",
    "clock": lambda s: f"{s // 3600 % 1000}:{s // 60 % 60:02}:{s % 60:02}",
}


@pytest.mark.parametrize("writing", DURATIONS)
def test_durations_are_hours(writing):
    for number in range(COLUMNS):
        seconds = rng_of(writing, number).integers(0, 900 * 3600, ROWS)
        if writing == "pandas":
            seconds = seconds - 100 * 3600
        kind, found, said = read([DURATIONS[writing](int(s)) for s in seconds])
        assert kind is ColumnKind.TIME and "hours" in said, said
        np.testing.assert_allclose(found, seconds / 3600, rtol=1e-9, atol=1e-12)


def test_the_end_of_a_day_is_the_start_of_the_next():
    start = dt.datetime(2019, 12, 1)
    written = ("{0:%Y-%m-%d} {1:02}:00", "{0:%d.%m.%Y} {1:02}:00:00", "{0:%Y-%m-%dT}{1:02}:00:00Z")
    for pattern in written:
        hours = np.arange(1, 24 * 40)
        texts = [
            pattern.format(start + dt.timedelta(days=int(h - 1) // 24), (h - 1) % 24 + 1)
            for h in hours
        ]
        kind, found, said = read(texts)
        assert kind is ColumnKind.DATE and "missing" not in said, said
        np.testing.assert_allclose(found, (start - EPOCH).days + hours / 24, atol=1e-7, rtol=0)
    assert np.isnan(read([*texts, "2019-12-01T24:30:00Z"])[1][-1])


@pytest.mark.parametrize("pattern", ["%Hh%M", "%H:%M Uhr"])
def test_times_of_day_are_hours(pattern):
    times = moments(pattern, 0)
    kind, found, _ = read([t.strftime(pattern) for t in times])
    assert kind is ColumnKind.TIME
    np.testing.assert_allclose(found, [t.hour + t.minute / 60 for t in times])


DAY_ORDER = [f"{dt.datetime(2020, 1, 1) + dt.timedelta(days=6 * i):%b %d}" for i in range(60)]
NAMED: dict[str, Callable[[Random], str]] = {
    "thai, named": lambda r: f"{r.integers(1, 28)} ม.ค. {r.integers(2540, 2570)}",
    "japanese era, short": lambda r: f"H{r.integers(10, 30)}.{r.integers(1, 12)}.{r.integers(28)}",
    "fraction": lambda r: f"{r.integers(1, 9)}/{r.integers(2, 9)}",
    "halves": lambda r: f"{r.integers(1, 9)}½",
    "mixed fraction": lambda r: f"{r.integers(1, 9)} {r.integers(1, 4)}/4",
    "range": lambda r: f"{r.integers(10, 20)}–{r.integers(20, 30)}",
    "band": lambda r: str(r.choice(["18-24", "25-34", "35-44", "65+"])),
    "interval": lambda r: f"[{r.integers(0, 9)}, {r.integers(10, 19)})",
    "about": lambda r: f"~{r.integers(1, 999)}",
    "tolerance": lambda r: f"{r.normal():.2f} ± 0.1",
    "times a size": lambda r: f"{r.normal():.2f} x {r.integers(2, 5)}0",
    "feet": lambda r: f"{r.integers(4, 7)}'{r.integers(0, 12)}\"",
    "bytes": lambda r: f"{r.integers(1, 999)} {r.choice(['KB', 'MB'])}",
    "hours in words": lambda r: f"{r.integers(1, 9)} hours {r.integers(1, 59)} minutes",
    "quarter of a short year": lambda r: f"Q{r.integers(1, 5)}'{r.integers(10, 25)}",
    "fiscal year": lambda r: f"FY{r.integers(2010, 2025)}",
    "zip": lambda r: f"{r.integers(501, 99_950):05}",
    "zip, long": lambda r: f"{r.integers(501, 99_950):05}-{r.integers(0, 9999):04}",
    "zip, arabic": lambda r: script(f"{r.integers(0, 99):05}", ARABIC),
    "zip, british": lambda r: f"{r.choice(['SW', 'N'])}{r.integers(1, 20)} {r.integers(1, 9)}AB",
    "phone": lambda r: f"+{r.integers(10**10, 10**11)}",
    "phone, brackets": lambda r: f"({r.integers(200, 999)}) {r.integers(200, 999)}-1234",
    "phone, german": lambda r: f"0{r.integers(30, 99)} {r.integers(10**5, 10**6)}",
    "ip": lambda r: f"10.0.{r.integers(0, 3)}.{r.integers(1, 255)}",
    "ip, six": lambda r: f"2001:db8::{r.integers(4096, 65_535):x}",
    "uuid": lambda r: str(uuid.UUID(bytes=r.bytes(16))),
    "hex": lambda r: f"0x{r.integers(16, 255):x}",
    "iban": lambda r: f"DE{r.integers(10, 99)} {r.integers(1000, 9999)} {r.integers(1000, 9999)}",
    "place": lambda r: f"{r.normal():.4f},{r.normal():.4f}",
    "debit": lambda r: f"{r.integers(1, 999)}.00 {r.choice(['DR', 'CR'])}",
    "footnote": lambda r: f"{r.integers(1, 999)}" + str(r.choice(["", "", "*"])),
    "closed": lambda r: str(r.choice(["1.5", "2.5", "3.5", "closed"])),
    "a day without a year": lambda r: f"{DAY_ORDER[int(r.integers(60))]}",
    "a day without a year, dots": lambda r: f"{r.integers(1, 29):02}.{r.integers(1, 13):02}.",
}


@pytest.mark.parametrize("writing", NAMED)
def test_what_is_not_read_is_named(writing):
    for number in range(COLUMNS):
        rng = rng_of(writing, number)
        texts = [NAMED[writing](rng) for _ in range(2 * ROWS)]
        kind, _, looks = read(texts)
        assert kind is ColumnKind.CATEGORY and any(repr(text) in looks for text in texts), looks


@pytest.mark.parametrize("shift", [543, -579, -621])
def test_years_of_another_calendar_are_named(shift):
    for number in range(COLUMNS):
        texts = [f"{t.year + shift}/{t:%m/%d}" for t in moments("calendar", number)]
        texts = [text.replace("/02/29", "/02/28") for text in texts]
        kind, _, said = read(texts)
        assert kind is ColumnKind.DATE
        assert f"years such as {texts[0][:4]} are of another calendar" in said


@pytest.mark.parametrize(("unit", "scale"), [("seconds", 1), ("milliseconds", 1000)])
def test_seconds_since_1970_stay_numbers_and_are_named(unit, scale):
    times = [t for t in moments("epoch", 4) if t.year > 2000]
    counted = [int((t - EPOCH).total_seconds()) * scale for t in times]
    for values in (counted, [str(v) for v in counted]):
        kind, found, said = read(values)
        assert kind is ColumnKind.NUMBER and f"could count {unit} since 1970-01-01" in said
        np.testing.assert_array_equal(found, counted)
    assert read([v * 1.5 + 0.25 for v in counted])[2] == ""


def test_zero_dates_and_errors_of_spreadsheets_are_missing():
    times = moments("zeros", 2)
    texts = ["0000-00-00" if i % 3 == 0 else f"{t:%Y-%m-%d}" for i, t in enumerate(times)]
    kind, found, said = read(texts)
    assert kind is ColumnKind.DATE and np.isnan(found[::3]).all() and "'0000-00-00'" in said
    errors = ["#DIV/0!", "#VALUE!", "#REF!"]
    kind, found, _ = read([errors[i % 9 // 3] if i % 3 == 0 else f"{i / 2}" for i in range(90)])
    assert kind is ColumnKind.NUMBER and np.isnan(found).sum() == 30


def test_codes_with_a_letter_d_are_no_powers_of_ten():
    assert read([f"{n}D-{n % 3}" for n in range(1, 60)])[0] is ColumnKind.CATEGORY
    found = read([f"{n}.D-1" for n in range(1, 60)] + [".5d+1"])[1]
    np.testing.assert_allclose(found, [*(n / 10 for n in range(1, 60)), 5.0])
