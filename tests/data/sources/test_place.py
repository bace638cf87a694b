"""What is no file of rows is told in one true sentence."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from automl.common.files import to_json_text
from automl.common.forms import to_form
from automl.data.request import DataRequest
from automl.data.sources import load
from automl.errors import DataError


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("https://example.org/a/b.csv", "is an address, and rows .* `curl -O https://example.org/"),
        ("HTTP://example.org/b.csv", "is an address"),
        ("s3://bucket/b.parquet", r"`aws s3 cp s3://bucket/b.parquet \.`"),
        ("gs://bucket/b.csv", r"`gcloud storage cp gs://bucket/b.csv \.`"),
        ("hdfs://host/b.csv", "is an address, and rows .* copy the file here and give its path"),
        ("file:///data/b.csv", "give the file's path, '/data/b.csv'"),
        ("https://x/b.csv?a=1&b=2; rm -rf ~", r"curl -O 'https://x/b.csv\?a=1&b=2; rm -rf ~'"),
    ],
)
def test_addresses_are_refused(source, message):
    with pytest.raises(DataError, match=message):
        load(source)


def test_what_is_no_file_is_called_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "lost.csv").symlink_to(tmp_path / "away.csv")
    (tmp_path / "folder.csv").mkdir()
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "s"))
    expected = {
        "pipe.csv": "is a pipe: give - as the file",
        "loop.csv": "is a link that leads back to itself",
        "lost.csv": "is a link to '.*away.csv', which is not there",
        "folder.csv": "is a folder: give a file",
        "s": "is a socket",
        "x" * 300: "cannot be read: File name too long",
        "a\0b": "There is no file",
        "absent.csv": "There is no file '.*absent.csv'; did you mean|There is no file",
    }
    for name, message in expected.items():
        with pytest.raises(DataError, match=message) as told:
            load(f"{tmp_path}/{name}")
        assert f"did you mean '{name}'" not in str(told.value)
    with pytest.raises(DataError, match="is a device"):
        load("/dev/null")
    with pytest.raises(DataError, match="There is no file"):
        load(tmp_path / "none" / "x.csv")


def test_a_file_of_an_odd_name_is_read_and_one_that_is_not_there_can_be_told(tmp_path):
    odd = os.fsdecode(os.fsencode(str(tmp_path)) + b"/t\xff.csv")
    Path(odd).write_text("a,b\n1,2\n3,4\n")
    assert len(load(odd).main) == 2
    with pytest.raises(DataError) as told:
        load(odd + "x.csv")
    str(told.value).encode()


def test_a_request_for_a_file_of_an_odd_name_is_recorded_and_read_back(tmp_path):
    odd = os.fsdecode(os.fsencode(str(tmp_path)) + b"/t\xff.csv")
    Path(odd).write_text("a;b\n1;2\n3;4\n")
    request = DataRequest(odd, "b")
    assert request.name == "t_"
    text = to_json_text(to_form(request))
    text.encode()
    assert DataRequest.from_json(json.loads(text)).source == odd
    said: list[str] = []
    load(odd, say=said.append)
    said[0].encode()
