"""Random search spaces for the tests of the space language."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import strategies as st

from automl.space import Boolean, Choice, Float, Hyperparameter, Int, SearchSpace, tied
from automl.space.condition import Condition


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@st.composite
def leaves(draw: st.DrawFn, parameter: Hyperparameter) -> Condition:
    value = draw(st.sampled_from(list(parameter.grid_values(3))))
    if isinstance(parameter, Choice):
        kinds = ["==", "!=", "in", "not in"]
    else:
        kinds = ["==", "!=", "in", "<", "<=", ">", ">="]
    kind = draw(st.sampled_from(kinds))
    if kind == "in":
        return parameter.isin([value, *draw(st.sampled_from([[], [parameter.default]]))])
    if kind == "not in":
        return ~parameter.isin([value, parameter.default])
    compare = {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
    made: Condition = compare[kind](parameter, value)
    return made


def conditions_on(parents: list[Hyperparameter]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        st.sampled_from(parents).flatmap(leaves),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
            st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
            inner.map(lambda condition: ~condition),
        ),
        max_leaves=4,
    )


@st.composite
def hyperparameters(
    draw: st.DrawFn, name: str, when: Condition | None, finite: bool
) -> Hyperparameter:
    kind = draw(st.sampled_from(["int", "log int", "float", "choice", "boolean"]))
    options: dict[str, Any] = {"when": when}
    if draw(st.booleans()):
        options["otherwise"] = draw(st.sampled_from([None, 0, "off"]))
    if kind in ("int", "log int"):
        low = draw(st.integers(1, 5)) if kind == "log int" else draw(st.integers(-3, 3))
        options |= {"step": draw(st.integers(1, 3)), "log": kind == "log int"}
        return Int(name, low, low + draw(st.integers(0, 7)), **options)
    if kind == "float":
        log = draw(st.booleans())
        step = draw(st.sampled_from([0.1, 0.25, 0.3])) if finite or draw(st.booleans()) else None
        low = draw(st.sampled_from([0.1, 0.5] if log else [-1.0, 0.0, 0.1]))
        high = low + draw(st.sampled_from([0.3, 0.75, 1.0]))
        return Float(name, low, high, step=step, log=log, **options)
    if kind == "boolean":
        return Boolean(name, default=draw(st.booleans()), **options)
    pool = ["a", "b", None, 3, 0.5, (1, 2), ("a", (None, 1.5))]
    chosen = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4, unique=True))
    return Choice(name, chosen, default=draw(st.sampled_from(chosen)), **options)


@st.composite
def random_spaces(draw: st.DrawFn, finite: bool = True) -> SearchSpace:
    made: list[Hyperparameter] = []
    for index in range(draw(st.integers(1, 5))):
        when = draw(conditions_on(made)) if made and draw(st.booleans()) else None
        made.append(draw(hyperparameters(f"p{index}", when, finite)))
    everything: list[Any] = list(made)
    choices = [parameter for parameter in made if isinstance(parameter, Choice)]
    if choices and draw(st.booleans()):
        parent = draw(st.sampled_from(choices))
        variants = {
            (option,): draw(hyperparameters("rate", None, finite)) for option in parent.options
        }
        everything.insert(0, tied("rate", parent, variants))
    return SearchSpace("random", everything, build)


@pytest.fixture(scope="session")
def finite_spaces() -> st.SearchStrategy[SearchSpace]:
    """Spaces of at most a few thousand configurations."""
    return random_spaces(finite=True).filter(lambda space: space.count() <= 3000)


@pytest.fixture(scope="session")
def any_spaces() -> st.SearchStrategy[SearchSpace]:
    """Spaces of any size, continuous hyperparameters included."""
    return random_spaces(finite=False)


@pytest.fixture(scope="session")
def any_conditions() -> st.SearchStrategy[Condition]:
    """Conditions on the numbers a and b, the choice c and the boolean d."""
    return conditions_on(
        [Int("a", 0, 3), Int("b", 0, 3), Choice("c", ["x", "y", "z"]), Boolean("d")]
    )
