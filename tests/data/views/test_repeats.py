"""Equal rows stay on one side of a split, and where they do not, it is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.kinds.hashing import count_repeats
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.views.repeats import joined_groups, keep_together, shared_rows
from automl.data.views.splits import SplitRule, split_shuffled, split_stratified

RULE = SplitRule(0.2, 0.15, 0)


def repeated(different=60, times=5, seed=0):
    """Random labels, each row several times: nothing can be learnt but the rows themselves."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(different, 3)), columns=["a", "b", "c"])
    frame["y"] = rng.choice(["no", "yes"], different)
    return pd.concat([frame] * times, ignore_index=True)


def rows_of(part):
    codes = np.hstack(list(part.inputs.values()))
    return {row.tobytes() for row in codes}


def crossing(data):
    train, validation, test = (rows_of(part) for part in (data.train, data.validation, data.test))
    return len(train & validation) + len((train | validation) & test)


def said(data, text):
    return [note for note in data.notes if text in note]


def parts_of(split):
    return [split.train, split.validation, split.test]


@given(
    st.lists(st.integers(1, 12), min_size=3, max_size=80),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.integers(0, 3),
)
def test_equal_rows_are_kept_together_or_not_at_all(sizes, classes, test, seed):
    same = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(seed)
    rng.shuffle(same)
    strata = rng.integers(0, classes, len(same))
    rule = SplitRule(test, 0.15, seed)
    split = split_stratified(strata, rule)
    kept = keep_together(split, same, strata, rule, 3)
    if kept is None or kept is split:
        return
    assert sorted(np.concatenate(parts_of(kept)).tolist()) == list(range(len(same)))
    assert not shared_rows(same, kept.test, np.concatenate([kept.train, kept.validation]))
    assert not shared_rows(same, kept.validation, kept.train)
    assert set(strata[kept.train]) == set(strata)
    for before, after in zip(parts_of(split), parts_of(kept), strict=True):
        assert len(before) / 2 <= len(after)
        assert len(set(same[after].tolist())) >= min(3, len(before))
    again = keep_together(split, same, strata, rule, 3)
    assert all(np.array_equal(a, b) for a, b in zip(parts_of(kept), parts_of(again), strict=True))


@given(st.integers(10, 200), st.integers(0, 3))
def test_rows_without_repeats_are_split_as_ever(n, seed):
    rule = SplitRule(0.2, 0.15, seed)
    split = split_shuffled(n, rule)
    assert keep_together(split, np.arange(n), np.zeros(n, int), rule, 3) is split


def test_the_parts_stay_as_large_and_as_mixed_as_without_repeats():
    rng = np.random.default_rng(0)
    same = rng.permutation(np.repeat(np.arange(1_000), rng.integers(1, 6, 1_000)))
    strata = (rng.random(1_000) < 0.1)[same].astype(int)
    split = split_stratified(strata, RULE)
    kept = keep_together(split, same, strata, RULE, 3)
    for before, after in zip(parts_of(split), parts_of(kept), strict=True):
        assert abs(len(after) - len(before)) <= 6
        assert abs(strata[after].sum() - strata[before].sum()) <= 4


def test_few_equal_rows_move_and_all_others_stay_where_they_were():
    same = np.arange(500)
    same[1] = 0
    same = pd.factorize(same)[0]
    split = next(
        split
        for split in (split_shuffled(500, SplitRule(0.2, 0.15, seed)) for seed in range(50))
        if len({i for i, part in enumerate(parts_of(split)) if {0, 1} & set(part.tolist())}) == 2
    )
    kept = keep_together(split, same, np.zeros(500, int), RULE, 3)
    moved = sum(
        len(set(a.tolist()) - set(b.tolist()))
        for a, b in zip(parts_of(split), parts_of(kept), strict=True)
    )
    assert moved <= 2


@pytest.mark.parametrize("target", ["classes", "numbers"])
def test_repeated_rows_of_a_table_stay_together(target):
    frame = repeated()
    if target == "numbers":
        frame["y"] = np.random.default_rng(1).normal(size=len(frame))
    data = prepare(DataRequest(frame, "y"))
    assert crossing(data) == 0
    assert said(data, "300 of 300 rows equal another")


@pytest.mark.parametrize("kind", ["float32", "uint8 images", "float64 vectors"])
def test_repeated_rows_of_arrays_stay_together(kind):
    rng = np.random.default_rng(0)
    if kind == "uint8 images":
        x = rng.integers(0, 2, (80, 5, 3)).astype(np.uint8)
    else:
        x = rng.integers(0, 3, (80, 9)).astype(kind.split()[0])
    x = np.concatenate([x] * 3)
    data = prepare(DataRequest((x, rng.integers(0, 2, len(x)))))
    assert crossing(data) == 0
    assert said(data, "240 of 240 rows equal another")


def test_a_column_that_names_the_rows_does_not_hide_that_they_repeat():
    frame = repeated()
    frame["id"] = np.arange(len(frame))
    frame["code"] = [f"row {i}" for i in range(len(frame))]
    data = prepare(DataRequest(frame, "y"))
    assert crossing(data) == 0 and said(data, "300 of 300 rows equal another")


def test_eight_different_rows_are_split_one_by_one_and_it_is_said():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({c: rng.choice(["a", "b"], 1_000) for c in "xyz"})
    frame["t"] = rng.choice(["no", "yes"], 1_000)
    data = prepare(DataRequest(frame, "t"))
    assert (len(data.train), len(data.test)) == (765, 100)
    assert said(data, "100 of 100 test rows equal a training or validation row")


def test_one_column_of_categories_is_split_row_by_row():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"city": [f"c{i}" for i in rng.integers(0, 300, 3_000)]})
    frame["y"] = rng.normal(size=3_000)
    assert said(prepare(DataRequest(frame, "y")), "test rows equal a training")


def test_a_value_that_most_rows_have_goes_to_training():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(600, 2)), columns=["a", "b"])
    frame.loc[200:, :] = 0.0
    frame["y"] = rng.normal(size=600)
    data = prepare(DataRequest(frame, "y"))
    assert crossing(data) == 0
    assert len(data.test) > 60 and len(data.validation) > 30


def test_groups_that_share_rows_go_together():
    frame = repeated(different=200, times=2)
    frame["g"] = np.arange(len(frame)) // 4
    data = prepare(DataRequest(frame, "y", group="g"))
    assert crossing(data) == 0
    assert said(data, "100 groups are taken as 50, for some share equal rows")
    assert joined_groups(np.array(["a", "b", "c"]), np.array([0, 1, 0])).tolist() == [0, 1, 0]


def test_groups_without_shared_rows_stay_as_they_are():
    frame = repeated(different=200, times=2)
    frame["g"] = [i % 200 // 4 for i in range(400)]
    assert not said(prepare(DataRequest(frame, "y", group="g")), "are taken as")


def test_a_split_by_time_keeps_its_order_and_says_what_repeats():
    frame = repeated()
    frame["when"] = np.arange(len(frame))
    data = prepare(DataRequest(frame, "y", split_by_time="when"))
    assert said(data, "60 of 60 test rows equal a training or validation row")


def test_test_rows_that_are_known_from_training_are_counted():
    frame = repeated(times=1)
    new = repeated(times=1, seed=1).iloc[:30]
    data = prepare(DataRequest(frame, "y", test=pd.concat([frame.iloc[:10], new])))
    assert said(data, "10 of 40 test rows equal a training or validation row")
    fresh = prepare(DataRequest(frame, "y", test=new))
    assert not said(fresh, "equal")


def test_repeats_are_counted():
    assert count_repeats(np.array([0, 1, 0, 2, 2, 2])) == 5


def test_numbers_are_compared_by_value_however_they_are_written():
    frame = repeated(times=1)
    known = frame.iloc[:10].astype(dict.fromkeys("abc", str))
    known["a"] = known["a"] + "0"
    texts = frame.astype(dict.fromkeys("abc", str))
    data = prepare(DataRequest(texts, "y", test=known))
    assert said(data, "10 of 10 test rows equal a training or validation row")
    mixed = prepare(DataRequest(texts, "y", test=frame.iloc[:10]))
    assert said(mixed, "10 of 10 test rows equal a training or validation row")
    x = np.array([[0.0, 1.0], [-0.0, 1.0]] * 10 + [[i, i] for i in range(2, 22)])
    assert said(prepare(DataRequest((x, np.arange(40) + 0.5))), "20 of 40 rows equal another")


@pytest.mark.parametrize(
    ("given_parts", "crosses", "ways"),
    [
        ((), False, ["(--test FILE gives test rows of your own)"]),
        (("test",), False, ["(--validation FILE gives validation rows of your own)"]),
        (("test", "validation"), False, ["rows stay in one part"]),
        (("test",), True, ["(leave them out of one side)"]),
        (("test", "validation"), True, ["(leave them out of one side)"] * 2),
    ],
)
def test_the_way_out_of_equal_rows_is_one_that_is_left(tmp_path, given_parts, crosses, ways):
    frame = repeated()
    request = {}
    for number, name in enumerate(given_parts):
        rows = repeated(20, 2, seed=0 if crosses else number + 1)
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
        request[name] = str(tmp_path / f"{name}.csv")
    data = prepare(DataRequest(frame, "y", **request))
    notes = said(data, "rows equal a")  # equal a training row; or, within one part, equal another
    assert len(notes) == len(ways)
    assert all(note.endswith(way) for note, way in zip(notes, ways, strict=True))
    assert all(f"--{name} FILE" not in note for note in notes for name in given_parts)


def test_rows_that_a_split_by_time_parts_have_the_file_as_their_way_out():
    frame = repeated()
    frame["day"] = np.arange(len(frame))
    notes = said(prepare(DataRequest(frame, "y", split_by_time="day")), "test rows equal a")
    assert [note.endswith("(--test FILE gives others)") for note in notes] == [True]


def test_numbers_that_a_model_cannot_tell_apart_are_equal():
    frame = repeated()
    frame["a"] += np.random.default_rng(1).normal(size=len(frame)) * 1e-12
    assert crossing(prepare(DataRequest(frame, "y"))) == 0
    arrays = (frame[["a", "b", "c"]].to_numpy(), frame["y"].to_numpy())
    assert said(prepare(DataRequest(arrays)), "300 of 300 rows equal another")


@pytest.mark.parametrize("kind", ["moment", "number"])
def test_rows_that_differ_in_one_column_alone_are_told(kind):
    frame = repeated()
    moments = pd.date_range("2024-01-01", periods=len(frame), freq="7h").astype(str)
    numbers = np.random.default_rng(2).uniform(size=len(frame))
    frame["noted at"] = moments if kind == "moment" else numbers
    (note,) = said(prepare(DataRequest(frame, "y")), "in all columns but")
    assert note.startswith("300 of 300 rows equal another in all columns but 'noted at'")
    assert "--ignore 'noted at' keeps" in note
    again = prepare(DataRequest(frame, "y", ignore="noted at"))
    assert crossing(again) == 0 and not said(again, "in all columns but")


def test_rows_of_few_categories_beside_one_measurement_are_no_repeats():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], 300),
            "age": rng.integers(20, 80, 300),
            "region": rng.choice(["n", "s", "w"], 300),
            "weight": rng.normal(70, 10, 300),
            "y": rng.normal(size=300),
        }
    )
    assert not said(prepare(DataRequest(frame, "y")), "in all columns but")
