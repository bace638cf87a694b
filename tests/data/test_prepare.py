"""Preparing: the whole way from a request to arrays, on files and objects."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.task import TaskKind
from automl.errors import DataError, RequestError


def houses(rows=400, seed=0):
    """A table of all kinds of column."""
    rng = np.random.default_rng(seed)
    area = rng.normal(100, 20, rows)
    rooms = np.where(rng.random(rows) < 0.1, np.nan, rng.integers(1, 8, rows))
    return pd.DataFrame(
        {
            "area": area,
            "rooms": rooms,
            "town": rng.choice(["Bern", "Basel", None], rows),
            "built": pd.date_range("1950-01-01", periods=rows, freq="30D").strftime("%Y-%m-%d"),
            "garden": rng.choice(["yes", "no"], rows),
            "new": rng.choice([True, False], rows),
            "owner": [f"owner {i}" for i in range(rows)],
            "country": "CH",
            "weight": rng.uniform(0.5, 2, rows),
            "agent": rng.integers(0, 20, rows),
            "price": area * 5000 + rng.normal(0, 1e4, rows),
        }
    )


def shifted(rows: int) -> pd.DataFrame:
    return houses(rows, seed=9).sample(frac=1, axis=1, random_state=0)


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "houses.csv"
    houses().to_csv(path, index=False)
    return path


def said(data, text):
    return [note for note in data.notes if text in note]


def test_a_table_is_read_split_and_preprocessed(csv):
    data = prepare(DataRequest(str(csv), "price", ignore="agent", seed=1))
    assert data.task.kind is TaskKind.REGRESSION
    assert [len(data.train), len(data.validation), len(data.test)] == [272, 48, 80]
    assert data.plan.inputs.columns == ("area", "rooms", "town", "built", "garden", "new", "weight")
    signature = data.plan.signature
    assert signature.numeric_names[-1] == "rooms is missing"
    assert data.train.inputs["numeric"].shape == (272, signature.numeric)
    assert data.train.inputs["categorical"].max(axis=0).tolist() == [
        n - 1 for n in signature.cardinalities
    ]
    plain = data.train.inputs["numeric"][:, : len(data.plan.inputs.numeric_features)]
    np.testing.assert_allclose(plain.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(plain.std(axis=0), 1, atol=1e-4)
    np.testing.assert_allclose(data.train.target.std(), 1, atol=1e-5)
    assert data.train.truth.dtype == np.float64 and data.train.truth.mean() > 1e5
    assert said(data, "'owner' is left out: 272 of its 272") and said(data, "'country' is left out")
    assert said(data, "'built' holds dates")
    assert json.loads(json.dumps(data.summary))["left_out"] == ["owner", "country"]


def test_the_check_rows_are_raw_validation_rows(csv):
    data = prepare(DataRequest(str(csv), "price"))
    assert len(data.check) == len(data.check_positions) == 48
    for name, array in data.plan.apply(data.check).items():
        checked = data.validation.inputs[name][data.check_positions]
        np.testing.assert_array_equal(array, checked)


def test_same_request_same_rows_and_file_equals_frame(csv):
    first, again = (prepare(DataRequest(str(csv), "price", seed=0)) for _ in range(2))
    other = prepare(DataRequest(str(csv), "price", seed=1))
    frame = prepare(DataRequest(houses(), "price", seed=0))
    np.testing.assert_array_equal(first.train.inputs["numeric"], again.train.inputs["numeric"])
    assert first.fingerprint == again.fingerprint and first.plan == again.plan
    assert not np.array_equal(first.train.inputs["numeric"], other.train.inputs["numeric"])
    np.testing.assert_array_equal(first.train.inputs["numeric"], frame.train.inputs["numeric"])
    np.testing.assert_array_equal(
        first.train.inputs["categorical"], frame.train.inputs["categorical"]
    )


def test_the_plan_sees_training_rows_only():
    frame = houses()
    first = prepare(DataRequest(frame, "price"))
    changed = frame.copy()
    test_rows = ~np.isin(frame["price"], np.concatenate([first.train.truth[:, 0]]))
    changed.loc[test_rows, "area"] *= 1000
    changed.loc[test_rows, "rooms"] = np.nan
    changed.loc[test_rows, "town"] = "Genf"
    again = prepare(DataRequest(changed, "price"))
    assert again.plan == first.plan
    assert (again.validation.inputs["categorical"][:, 0] == 0).all()


def test_files_for_validation_and_test_are_used_as_given(tmp_path, csv):
    shifted(60).to_csv(tmp_path / "validation.csv", index=False)
    shifted(30).to_parquet(tmp_path / "test.parquet")
    request = DataRequest(
        str(csv),
        "price",
        validation=str(tmp_path / "validation.csv"),
        test=str(tmp_path / "test.parquet"),
    )
    data = prepare(request)
    assert [len(data.train), len(data.validation), len(data.test)] == [400, 60, 30]
    np.testing.assert_allclose(data.validation.truth[:, 0], shifted(60)["price"])
    assert said(data, "as given")


def test_rows_split_by_time_and_group_do_not_leak():
    frame = houses()
    by_time = prepare(DataRequest(frame, "price", split_by_time="built"))
    last = frame["price"].to_numpy()[-80:]
    np.testing.assert_allclose(by_time.test.truth[:, 0], last)
    assert "built" not in by_time.plan.inputs.columns
    by_group = prepare(DataRequest(frame, "price", group="agent"))
    agents = frame.set_index("price")["agent"]
    groups = [
        set(agents[rows.truth[:, 0]])
        for rows in (by_group.train, by_group.validation, by_group.test)
    ]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert "agent" not in by_group.plan.inputs.columns


def test_weights_count_and_class_weights_only_in_the_loss():
    data = prepare(DataRequest(houses(), "garden", weight="weight", class_weight={"yes": 10}))
    weight = houses()["weight"].to_numpy()
    assert weight.min() <= data.validation.weight.min() <= data.validation.weight.max() <= 2
    positive = data.train.target[:, 0] == 1
    loss_weight = data.train.loss_weight
    assert loss_weight[positive].min() >= 5 and loss_weight[~positive].max() <= 2
    assert data.train.weight.max() <= 2
    assert prepare(DataRequest(houses(), "garden")).train.weight is None


def test_shares_can_be_given():
    data = prepare(DataRequest(houses(), "price", test=0.5, validation=0.25))
    assert [len(data.train), len(data.validation), len(data.test)] == [150, 50, 200]
    assert prepare(DataRequest(houses(), "price", test=0)).test is None


def test_categorical_keeps_and_forces():
    data = prepare(DataRequest(houses(), "price", categorical=["owner", "rooms"]))
    sizes = dict(
        zip(data.plan.signature.categorical_names, data.plan.signature.cardinalities, strict=True)
    )
    assert sizes["owner"] == 273 and sizes["rooms"] == 9
    vocabulary = {f.name: f.vocabulary for f in data.plan.inputs.categorical_features}["rooms"]
    assert set(vocabulary) == {"", *"1234567"}


def test_numbers_with_a_stray_text_stay_numbers(tmp_path):
    frame = houses().astype({"rooms": object})
    frame.loc[5, "rooms"] = "unknown"
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = prepare(DataRequest(str(tmp_path / "t.csv"), "price"))
    assert "rooms" in data.plan.signature.numeric_names and said(data, "'unknown'")
    hidden = data.plan.apply(frame.replace("unknown", "hidden"))["numeric"]
    np.testing.assert_array_equal(hidden, data.plan.apply(frame)["numeric"])


@pytest.mark.parametrize("part", ["validation", "test"])
def test_training_rows_alone_decide_what_a_column_is(tmp_path, part):
    late = shifted(60).astype({"area": object, "built": object})
    late.loc[3:, "area"] = "big"
    late.loc[5, "built"] = "long ago"
    late.loc[7, "town"] = "Genf"
    late.to_csv(tmp_path / "late.csv", index=False)
    alone = prepare(DataRequest(houses(), "price", **{part: shifted(60)}))
    for source in (tmp_path / "late.csv", late):
        data = prepare(DataRequest(houses(), "price", **{part: source}))
        assert data.plan == alone.plan
        assert said(data, f"57 of the 60 values in the {part} rows, such as 'big' in row 4,")
        assert said(data, "is it the column 'area' of the training rows?")
        assert said(data, f"the {part} rows, such as 'long ago' in row 6, is no date")
        assert said(data, "such as 'Genf' in row 8, is not among those kept from training")
        assert len(data.notes) == len(alone.notes) + 3


def test_words_in_rows_that_are_split_off_do_not_make_a_column_text():
    frame = houses().astype({"area": object})
    first = prepare(DataRequest(frame, "price"))
    held_out = np.flatnonzero(~np.isin(frame["price"], first.train.truth[:, 0]))
    frame.loc[held_out, "area"] = "big"
    data = prepare(DataRequest(frame, "price"))
    assert data.plan == first.plan and said(data, "values in the test rows, such as 'big'")


def test_thousands_of_categories_are_cut_and_said():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"city": rng.integers(0, 10_000, 30_000), "y": rng.normal(size=30_000)})
    frame["city"] = "c" + frame["city"].astype(str)
    data = prepare(DataRequest(frame, "y"))
    assert data.plan.signature.cardinalities == (1001,)
    assert said(data, "1,000 most frequent are kept")
    kept = prepare(DataRequest(frame, "y", categorical="city"))
    assert kept.plan.signature.cardinalities[0] > 9000
    frame["city"] = [f"c{i}" for i in range(30_000)]
    bounded = prepare(DataRequest(frame, "y", categorical="city"))
    assert bounded.plan.signature.cardinalities == (10_001,)
    assert said(bounded, "the 10,000 most frequent are kept, the others count as unseen (--ignore")


def test_rows_without_target_are_left_out_and_said():
    frame = houses()
    frame.loc[:9, "price"] = np.nan
    data = prepare(DataRequest(frame, "price"))
    assert len(data.train) + len(data.validation) + len(data.test) == 390
    assert said(data, "10 rows without a value of the target 'price'")


@pytest.mark.parametrize("word", ["NA", "None", "null"])
def test_a_label_that_counts_as_missing_is_named(tmp_path, word):
    path = tmp_path / "towns.csv"
    labels = [("EU", "AS", word)[i % 3] for i in range(61)]
    pd.DataFrame({"x": np.arange(61) ** 2 % 17, "y": labels}).to_csv(path, index=False)
    notes = prepare(DataRequest(str(path), "y")).notes
    assert (
        f"20 rows without a value of the target 'y' are left out ('{word}' (20) there" in notes[0]
    )


def test_a_file_without_a_header_and_labels_with_full_stops(tmp_path):
    rng = np.random.default_rng(0)
    lines = [
        f"{a}, {w}, {'>50K' if a > 40 else '<=50K'}"
        for a, w in zip(
            rng.integers(20, 60, 100), rng.choice(["Private", "?", "State"], 100), strict=True
        )
    ]
    (tmp_path / "train.csv").write_text("\n".join(lines))
    (tmp_path / "test.csv").write_text("\n".join(line + "." for line in lines))
    data = prepare(
        DataRequest(
            tmp_path / "train.csv",
            "income",
            names="age,work,income",
            test=tmp_path / "test.csv",
        )
    )
    assert data.task.classes == ("<=50K", ">50K") and len(data.test) == 100
    assert set(data.plan.inputs.categorical_features[0].vocabulary) == {"Private", "State", ""}
    assert said(data, "full stop")


def test_several_targets_of_both_kinds():
    frame = houses()
    frame["old"] = ~frame["new"]
    both = prepare(DataRequest(frame, ["price", "area"], ignore="owner"))
    assert both.train.target.shape[1] == 2 and both.task.outputs == 2
    labels = prepare(DataRequest(frame, ["new", "old"]))
    assert labels.task.kind is TaskKind.MULTILABEL
    assert labels.train.target.dtype == np.float32 and labels.train.truth is labels.train.target


def images(rows=120, **options):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (rows, 4, 3, 2), dtype=np.uint8)
    return x, np.arange(rows) % 6


def test_arrays_of_any_rank_are_flattened():
    x, y = images()
    data = prepare(DataRequest((x, y)))
    signature = data.plan.signature
    assert signature.shape == (4, 3, 2) and signature.numeric == 24
    assert data.train.inputs["numeric"].dtype == np.float32 and data.train.inputs.keys() == {
        "numeric"
    }
    assert abs(float(data.train.inputs["numeric"].mean())) < 1e-4
    assert isinstance(data.check, np.ndarray) and data.check.shape[1:] == (4, 3, 2)
    numeric = data.plan.apply(data.check)["numeric"]
    np.testing.assert_array_equal(numeric, data.validation.inputs["numeric"][data.check_positions])
    assert prepare(DataRequest((np.arange(50.0), np.arange(50.0) ** 2))).plan.signature.numeric == 1


def test_vectors_are_standardized_column_by_column():
    x = np.random.default_rng(0).normal([0, 1000, 5], [1, 100, 0], (200, 3))
    data = prepare(DataRequest((x, x[:, 0])))
    np.testing.assert_allclose(data.train.inputs["numeric"].std(axis=0), [1, 1, 0], atol=1e-3)
    assert said(data, "1 of 3 columns of x are constant")


def test_one_hot_targets_are_classes():
    x, y = images()
    data = prepare(DataRequest((x, np.eye(6)[y])))
    assert data.task.kind is TaskKind.MULTICLASS and said(data, "one-hot")
    assert prepare(DataRequest((x, np.eye(6)[y]), task="multilabel")).task.outputs == 6


def test_npz_parts_are_used_as_given(tmp_path):
    x, y = images()
    np.savez(
        tmp_path / "a.npz",
        x_train=x,
        y_train=y,
        x_val=x[:20],
        y_val=y[:20],
        x_test=x[:10],
        y_test=y[:10],
    )
    data = prepare(DataRequest(str(tmp_path / "a.npz")))
    assert [len(data.train), len(data.validation), len(data.test)] == [120, 20, 10]
    np.testing.assert_array_equal(data.validation.truth, y[:20])


@pytest.mark.parametrize(
    "option",
    [{"ignore": "a"}, {"group": "g"}, {"categorical": "c"}, {"group": np.int64(3)}],
)
def test_column_options_do_not_fit_arrays(option):
    with pytest.raises(RequestError, match="arrays have none"):
        prepare(DataRequest(images(), **option))


def test_targets_of_arrays_have_names_of_their_own_and_weights_are_floats():
    x, y = images()
    pair = x, np.stack([y, y[::-1]], axis=1)
    with pytest.raises(DataError, match="Two columns of y are named 'a'"):
        prepare(DataRequest(pair, target=("a", "a")))
    with pytest.raises(DataError, match=r"'.ud800' of a column of y is no valid text"):
        prepare(DataRequest(images(), target="\ud800"))
    with pytest.raises(DataError, match="The weights are no numbers"):
        prepare(DataRequest(images(), weight=[10**400] * len(y)))


def test_options_that_name_no_column_fit_arrays():
    given = {"ignore": (), "date_format": {}, "cycles": {}, "names": ()}
    assert prepare(DataRequest(images(), **given)).plan == prepare(DataRequest(images())).plan


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_bundled_sets_need_no_target(name):
    data = prepare(DataRequest(name))
    assert data.task.kind is (
        TaskKind.REGRESSION
        if name == "diabetes"
        else TaskKind.BINARY
        if name == "breast_cancer"
        else TaskKind.MULTICLASS
    )
    assert len(data.test) and np.isfinite(data.train.inputs["numeric"]).all()
