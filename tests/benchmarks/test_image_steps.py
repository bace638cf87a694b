"""The tables of training steps, from numbers that are made up, and one timing."""

from __future__ import annotations

import pytest

from benchmarks.image_steps import (
    AS_IT_IS,
    BFLOAT16,
    CONVOLUTIONS,
    GFLOPS,
    MATRIX_PRODUCT,
    MICROSECONDS,
    NETS,
    SECONDS,
    TIMINGS,
    VARIANTS,
    convolution_table,
    least_seconds,
    options,
    section,
    step_table,
)

NET, OTHER = list(NETS)[:2]
FOUND = {
    (MATRIX_PRODUCT, AS_IT_IS): {GFLOPS: 40.0},
    (MATRIX_PRODUCT, BFLOAT16): {GFLOPS: 80.0},
    **{(NET, way): {MICROSECONDS: 1000.0} for way in VARIANTS},
    (NET, "XLA"): {MICROSECONDS: 1600.0},
    (NET, CONVOLUTIONS): {"13 x 13, 24 to 24 channels": 10.0},
    (OTHER, CONVOLUTIONS): {"13 x 13, 24 to 24 channels": 30.0},
}


def test_steps_are_given_as_multiples_of_the_net_as_it_is() -> None:
    header, _, first, second = step_table(FOUND, [NET, OTHER]).splitlines()
    assert header.startswith(f"| net | {AS_IT_IS} | {BFLOAT16} |")
    assert first.startswith(f"| {NET} | 1,000 | 1,000 (1.00) |")
    assert "| 1,600 (1.60) |" in first
    assert second.count("failed") == len(VARIANTS)


def test_a_convolution_of_several_nets_is_one_row_with_its_share_of_the_peak() -> None:
    lines = convolution_table(FOUND, [NET, OTHER]).splitlines()
    assert lines[2:] == ["| 13 x 13, 24 to 24 channels | 20.0 | 50% |"]


def test_the_section_names_its_command_and_both_peaks() -> None:
    text = section(FOUND, [NET], "python -m benchmarks.image_steps", 0.1)
    assert text.startswith("## What bounds a training step of images")
    assert "`python -m benchmarks.image_steps`" in text
    assert "40.0 in float32, 80.0 in bfloat16" in text


def test_the_least_of_the_timings_counts() -> None:
    calls: list[int] = []
    took = least_seconds(lambda: calls.append(0), 0.0)
    assert len(calls) == 2 + TIMINGS
    assert 0.0 <= took < 0.1


def test_what_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert options([]).seconds == SECONDS
    for words in (("resnet", AS_IT_IS), (NET, "float16"), (MATRIX_PRODUCT, CONVOLUTIONS)):
        with pytest.raises(SystemExit):
            options(["--one", *words])
        assert f"no {'net' if words[0] == 'resnet' else 'variant'}" in (
            capsys.readouterr().err.replace("has no convolutions", "no variant")
        )
