"""Requests: what is refused at once, and the JSON form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.common.forms import to_form
from automl.data.prepare import prepare
from automl.data.request import DataRequest, is_in_memory
from automl.errors import DataError, RequestError


def test_a_request_survives_json(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    request = DataRequest("a.csv", "y", ignore=["id", 3], test=0.2, class_weight={1: 2}, seed=0)
    again = DataRequest.from_json(json.loads(json.dumps(to_form(request))))
    assert again.source == str(tmp_path / "a.csv")
    assert again.target == ("y",) and again.ignore == ("id", 3) and again.test == 0.2
    assert again.class_weight == {"1": 2.0} and again.can_be_read_again
    assert DataRequest.from_json(again.to_json()) == again


def test_a_bundled_set_keeps_its_name():
    assert to_form(DataRequest("digits"))["source"] == "digits"
    assert DataRequest("digits").name == "digits"
    assert DataRequest("folder/my data.csv").name == "my data"


@pytest.mark.parametrize("source", [pd.DataFrame({"a": [1]}), (np.ones((2, 2)), np.ones(2))])
def test_data_in_memory_is_noted_and_must_be_given_again(source):
    request = DataRequest(source, "a")
    again = DataRequest.from_json(json.loads(json.dumps(to_form(request))))
    assert is_in_memory(again.source) and not again.can_be_read_again
    assert not request.can_be_read_again
    with pytest.raises(DataError, match="give the same rows again"):
        prepare(again)
    assert again.with_data(source).source is source


def test_names_come_as_text_list_or_file(tmp_path):
    (tmp_path / "names.txt").write_text("a\n b \n\nc\n")
    for names in ("a, b,c", ["a", "b", "c"], tmp_path / "names.txt", str(tmp_path / "names.txt")):
        assert DataRequest("x.csv", names=names).names == ("a", "b", "c")
    with pytest.raises(DataError, match="no file"):
        DataRequest("x.csv", names=tmp_path / "none.txt")
    with pytest.raises(DataError, match="There is no file"):
        DataRequest("x.csv", names=Path("x" * 5000))
    assert DataRequest("x.csv", names=np.array("a, b")).names == ("a", "b")
    assert DataRequest("x.csv", names="x" * 5000).names == ("x" * 5000,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": 1.0}, "test share"),
        ({"validation": 0}, "validation share"),
        ({"split_by_time": "t", "group": "g"}, "by time or by group"),
        ({"class_weight": "heavy"}, "'heavy'"),
        ({"test": -0.1}, "test share of -0.1"),
        ({"test": True}, "test share of True"),
        ({"validation": float("nan")}, "validation share"),
        ({"decimal": "x"}, "decimal mark 'x'"),
        ({"decimal": 5}, "decimal is 5, of the type int; give"),
        ({"task": 5}, "task is 5, of the type int; give a kind"),
        ({"separator": 5}, "separator is 5"),
        ({"names": 5}, "names is 5"),
        ({"group": 1.5}, "group is 1.5"),
        ({"class_weight": 5}, "class_weight is 5"),
        ({"class_weight": {"a": "x"}}, "weight 'x' of class 'a'"),
        ({"class_weight": {"a": None}}, "weight None of class 'a'"),
        ({"date_format": "x"}, "date_format is 'x'"),
        ({"decimal": ""}, "decimal mark ''"),
        ({"date_format": {"a": 1}}, "date_format is 1, of the type int"),
        ({"date_format": {"a": "%"}}, "The date format '%' of column 'a' cannot be read by"),
        ({"date_format": {"a": "%Q"}}, "The date format '%Q' of column 'a' cannot be read by"),
        ({"class_weight": {"a": 10**400}}, "of class 'a' is no number, or none that a float holds"),
        ({"cv": np.array([1, 2])}, "cv is array"),
        ({"cv": [5]}, "cv is .5., of the type list; give a number of folds"),
        ({"gap": [1]}, "gap is .1., of the type list; give a number of rows"),
        ({"clip": []}, "clip is .., of the type list"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(RequestError, match=message):
        DataRequest("x.csv", **options)


def test_columns_come_in_whatever_holds_names():
    table = pd.DataFrame(columns=["a", "b"])
    for given in (table.columns, np.array(["a", "b"]), pd.Series(["a", "b"]), ["a", "b"]):
        request = DataRequest("x.csv", ignore=given, names=given)
        assert request.ignore == ("a", "b") and request.names == ("a", "b")
