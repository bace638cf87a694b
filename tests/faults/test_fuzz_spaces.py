"""Mutated space files and arguments: a space that keeps what it declares, or one sentence."""

from __future__ import annotations

import io
import itertools
import json
import random
import subprocess
import sys
import tokenize
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import strategies as st

from automl.cli.main import main
from automl.errors import SpaceError
from automl.space import Boolean, Choice, Float, Int, SearchSpace
from automl.space.registry import find_space
from automl.space.template import template_text
from tests.faults.mutations import (
    assert_one_sentence,
    byte_edits,
    form_edits,
    form_text,
    fuzz,
    mutate,
    mutate_form,
    refused,
)
from tests.faults.rounds import rounds

optuna.logging.set_verbosity(optuna.logging.ERROR)
# Python's and Optuna's, of what was mutated.
pytestmark = pytest.mark.filterwarnings("ignore")

OWN = template_text("mine")
CONDITIONS = '''\
"""Conditions on one another, options of every kind, names in common."""
from automl.space import Boolean, Choice, Float, Int, Ref, SearchSpace

norm = Boolean("norm", default=True)
kind = Choice("kind", ["a", "b", 3, None, (1, 2.5)], default="b")
depth = Int("depth", 0, 6, step=2, when=norm | (kind == "a"))
deep = Float("deep", 1e-4, 1.0, log=True, when=(depth > 2) & ~kind.isin(["a", 3]), otherwise=0.5)
rates = [
    Float("rate", 0.0, 1.0, step=0.25, when=kind == "a"),
    Float("rate", 2.0, 3.0, when=kind != "a", label="high"),
]
extra = Int("extra", 1, 100, log=True, when=Ref("deep") < 0.1)


def build(config, inputs, task):
    return inputs


space = SearchSpace("conditions", [norm, kind, [depth, [deep, rates]], extra], build)
'''
HYPER = '''\
"""A builder in KerasTuner's form."""


def build_model(hp):
    import keras

    model = keras.Sequential()
    for i in range(hp.Int("depth", 1, 3)):
        model.add(keras.layers.Dense(hp.Int(f"units_{i}", 8, 64, step=8)))
    return model
'''
#: What takes a token's place; nothing in it can loop or fill the memory.
WORDS = (
    "0", "-1", "1e308", "1e-320", "9" * 30, "0.5", "True", "None", '""', '"a"', "'\\x00'", "b'a'",
    "[]", "()", "{}", "norm", "depth", "kind", "space", "build", "Int", "Float", "Choice",
    "Boolean", "SearchSpace", "==", ">", "&", "|", "~", "not", "and", "lambda:", "=", ",",
    "(", ")", "[", "]", ":", "float('nan')", "float('inf')", "object()", "print", "Ref", "1j",
    "set()", "...", "*", "/", "raise", "import", "exit()", "del", "class A: pass", "return",
    "yield", "await", "\n", "    ",
)  # fmt: skip


def nowhere(reference: str) -> SearchSpace:
    """Stands for the process that has Keras, which these tests do without."""
    raise SpaceError(f"{reference} needs Keras.")


numbers = itertools.count()


def found(folder: Path, content: bytes) -> SearchSpace:
    path = folder / f"space_{next(numbers)}.py"
    path.write_bytes(content)
    try:
        return find_space(str(path), nowhere)
    finally:
        path.unlink()


def assert_sound(space: SearchSpace) -> None:
    """Its configurations keep to the ranges and conditions that its JSON form tells."""
    form = json.loads(json.dumps(space.to_json(), allow_nan=False))
    again = SearchSpace.from_json(form)
    assert again.hash() == space.hash()
    rng = np.random.default_rng(0)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(sampler=sampler)
    configs = [space.defaults(), *(space.sample(rng) for _ in range(5)), space.suggest(study.ask())]
    for config in configs:
        values = config.to_json()
        assert_kept(values, form["hyperparameters"])
        assert space.configuration(values) == config
        assert again.configuration(json.loads(json.dumps(values))) == config
    assert space.count() >= 1
    assert len(space.describe()) == len(form["hyperparameters"])


def assert_kept(values: dict[str, Any], parameters: list[dict[str, Any]]) -> None:
    """Read from the JSON form alone: each value is one that is declared, and active."""
    for name, value in values.items():
        declared = [p for p in parameters if p["name"] == name and holds(p["when"], values)]
        assert len(declared) == 1, f"{name} in {values}"
        parameter = declared[0]
        if "options" in parameter:
            assert any(value == o and type(value) is type(o) for o in parameter["options"])
        else:
            assert parameter["low"] <= value <= parameter["high"], f"{name}={value}"
    for parameter in parameters:
        assert parameter["name"] in values or not holds(parameter["when"], values)


def holds(when: Any, values: dict[str, Any]) -> bool:
    if when is None:
        return True
    if "all" in when:
        return all(holds(part, values) for part in when["all"])
    if "any" in when:
        return any(holds(part, values) for part in when["any"])
    if when["name"] not in values:
        return False
    a, b = values[when["name"]], when["value"]
    return {
        "==": lambda: a == b, "!=": lambda: a != b, "<": lambda: a < b, "<=": lambda: a <= b,
        ">": lambda: a > b, ">=": lambda: a >= b,
        "in": lambda: a in b, "not in": lambda: a not in b,
    }[when["operator"]]()  # fmt: skip


def retold(text: str, edits: list[tuple[str, float, str]]) -> bytes:
    """The text with some of its tokens gone, repeated, exchanged or replaced by other words."""
    starts = [
        (t.start, t.end)
        for t in tokenize.generate_tokens(io.StringIO(text).readline)
        if t.string.strip() and t.start[0] == t.end[0]
    ]
    lines = text.splitlines(keepends=True)
    offsets = list(itertools.accumulate(map(len, lines), initial=0))
    spans = [(offsets[a[0] - 1] + a[1], offsets[b[0] - 1] + b[1]) for a, b in starts]
    chosen = {
        min(int(share * len(spans)), len(spans) - 1): (how, word) for how, share, word in edits
    }
    for index in sorted(chosen, reverse=True):
        (how, word), (start, end) = chosen[index], spans[index]
        old = text[start:end]
        other = text[slice(*spans[index - 1])]
        new = {"replace": word, "drop": "", "twice": f"{old} {old}", "other": other}[how]
        text = text[:start] + new + text[end:]
    return text.encode()


token_edits = st.lists(
    st.tuples(
        st.sampled_from(["replace", "replace", "replace", "drop", "twice", "other"]),
        st.floats(0, 1),
        st.sampled_from(WORDS),
    ),
    min_size=1,
    max_size=4,
)
texts = st.sampled_from([OWN, CONDITIONS, CONDITIONS, HYPER])


@pytest.mark.parametrize("examples", rounds(40, 1500))
def test_a_space_file_with_other_tokens_is_a_sound_space_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    def check(text: str, edits: Any) -> None:
        no, space = refused(lambda: found(tmp_path, retold(text, edits)))
        if not no:
            assert_sound(space)

    fuzz(check, texts, token_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("examples", rounds(25, 800))
def test_a_mutated_space_file_is_a_sound_space_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    def check(text: str, edits: Any) -> None:
        no, space = refused(lambda: found(tmp_path, mutate(text.encode(), edits)))
        if not no:
            assert_sound(space)

    fuzz(check, texts, byte_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("examples", rounds(40, 1200))
def test_the_json_form_of_a_space_with_other_values_is_a_sound_space_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    forms = [found(tmp_path, text.encode()).to_json() for text in (OWN, CONDITIONS)]

    def check(number: int, edits: Any) -> None:
        content = form_text(mutate_form(forms[number], edits))
        try:
            form = json.loads(content)
        except RecursionError:
            return
        no, space = refused(lambda: SearchSpace.from_json(form))
        if not no:
            assert_sound(space)

    fuzz(check, st.integers(0, 1), form_edits, examples=examples, moments=moments)


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3),
    st.binary(max_size=2), st.builds(complex),
    st.sampled_from([10**400, 2**63, -(2**63), 1e308, 5e-324, object(), len, [], {}, (), [1, "a"]]),
    st.lists(st.one_of(st.integers(), st.text(max_size=2), st.floats(), st.none()), max_size=3),
    st.builds(np.float32, st.floats(width=32)), st.builds(np.array, st.just([1])),
)  # fmt: skip
words = st.fixed_dictionaries(
    {},
    optional={"default": anything, "when": anything, "otherwise": anything, "label": anything,
              "help": anything, "source": anything},
)  # fmt: skip
extremes = st.sampled_from(
    [0, 1, -1, 2**31, 2**53, -(2**53), 2**63, 10**400, 5e-324, 0.1, 1e300, 1.7e308, -1.7e308]
)
of_numbers = st.fixed_dictionaries(
    {}, optional={"step": st.one_of(extremes, anything), "log": st.one_of(st.booleans(), anything)}
)
ranges = st.one_of(
    st.tuples(extremes, extremes),
    st.tuples(anything, anything),
    st.tuples(st.integers(-3, 3), st.integers(1, 2000)),
    st.tuples(st.floats(0, 1), st.floats(1, 1e300)),
)
declarations = st.one_of(
    st.tuples(st.just(Int), ranges, words, of_numbers),
    st.tuples(st.just(Float), ranges, words, of_numbers),
    st.tuples(st.just(Choice), st.tuples(anything), words, st.just({})),
    st.tuples(st.just(Boolean), st.just(()), words, st.just({})),
)
names = st.one_of(st.sampled_from(["a", "b", "width", "items", "_", "a=b"]), anything)


@pytest.mark.parametrize("examples", rounds(60, 2500))
def test_a_declaration_of_anything_is_a_sound_space_or_refused(
    examples: int, moments: random.Random
) -> None:
    def check(parts: Any, name: Any, inputs: Any) -> None:
        def declare() -> SearchSpace:
            parameters = [
                kind(given_name, *range_, **more, **numeric)
                for given_name, (kind, range_, more, numeric) in parts
            ]
            return SearchSpace(name, parameters, len, inputs=inputs)

        no, space = refused(declare)
        if not no:
            assert_sound(space)

    fuzz(
        check, st.lists(st.tuples(names, declarations), min_size=1, max_size=2),
        st.one_of(st.just("s"), anything), st.one_of(st.just("vector"), anything),
        examples=examples, moments=moments,
    )  # fmt: skip


BOUNDS = [0, -1, 2**53, 2**53 + 1, 2**63, 10**400, 5e-324, 1e300, 1.7e308, -1.7e308]


@pytest.mark.parametrize("low", BOUNDS)
@pytest.mark.parametrize("high", BOUNDS)
def test_a_range_without_measure_is_sampled_or_refused(low: Any, high: Any) -> None:
    for kind in (Int, Float):
        for more in ({}, {"log": True}, {"step": 5e-324}, {"step": 0.1}, {"step": 3}):
            declare = partial(kind, "a", low, high, **more)
            no, space = refused(lambda d=declare: SearchSpace("s", [d()], len))  # type: ignore[misc]
            if not no:
                assert_sound(space)


@pytest.mark.parametrize(
    "when",
    [
        5, "x", [], {}, {"all": []}, {"all": 5}, {"any": {}}, {"all": [], "any": []},
        {"name": "depth", "operator": "~", "value": 1}, {"name": 5, "operator": "==", "value": 1},
        {"name": "depth", "operator": [], "value": 1}, {"name": "depth", "operator": "=="},
        {"name": "depth", "operator": "==", "value": {}},
        {"name": "depth", "operator": "in", "value": 1},
        {"name": "depth", "operator": "==", "value": float("nan")},
    ],
    ids=str,
)  # fmt: skip
def test_a_condition_of_another_form_is_refused(when: Any, tmp_path: Path) -> None:
    form = found(tmp_path, OWN.encode()).to_json()
    form["hyperparameters"][1]["when"] = when
    with pytest.raises(SpaceError, match="is not the JSON form of a condition"):
        SearchSpace.from_json(form)


@pytest.mark.parametrize("examples", rounds(8, 200))
def test_showing_a_mutated_space_file_ends_with_a_table_or_one_sentence(
    examples: int, tmp_path: Path, moments: random.Random, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"

    def check(text: str, edits: Any, form: str) -> None:
        path.write_bytes(retold(text, edits))
        code = main(["spaces", "show", str(path), "--format", form])
        printed = capfd.readouterr()
        assert code in (0, 2), printed.err
        if code:
            assert printed.err.startswith("automl: ") and "defect" not in printed.err
            assert_one_sentence(printed.err.rstrip("\n"))
        elif form == "json":
            assert_sound(SearchSpace.from_json(json.loads(printed.out)))

    own = st.sampled_from([OWN, CONDITIONS])
    fuzz(
        check, own, token_edits, st.sampled_from(["table", "json"]),
        examples=examples, moments=moments,
    )  # fmt: skip


def test_a_space_file_that_does_not_end_says_what_is_going_on(tmp_path: Path) -> None:
    """Its loop is the user's own code, which nobody but the user may stop."""
    path = tmp_path / "mine.py"
    path.write_text("while True:\n    pass\n")
    code = (
        "from automl.space import registry\n"
        "registry.SLOW_SECONDS = 0.2\n"
        f"registry.find_space({str(path)!r})\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
        finally:
            process.kill()
    assert str(path) in said and "Ctrl-C" in said
    assert_one_sentence(said.strip())
