"""From records to the table: medians, ratios, targets, and a row for what could not be done."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.catalogue import WORKLOADS
from benchmarks.peers.clock import Ended, Record
from benchmarks.peers.table import REACH, workload_table

DIGITS = WORKLOADS["digits"]


def make_record(tool: str, seconds: float, repeat: int = 0, best: float = 0.2) -> Record:
    trials = tuple(
        Ended(at=seconds * (n + 1) / 10, score=best + (9 - n) / 100, epochs=5) for n in range(10)
    )
    return Record("digits", tool, repeat, trials, seconds, whole=seconds + 2)


def cells(table: str, title: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_medians_and_ratios() -> None:
    records = [
        *(make_record("automl", seconds, n) for n, seconds in enumerate((9.0, 10.0, 30.0))),
        *(make_record("keras-tuner", seconds, n) for n, seconds in enumerate((90, 200, 300))),
        *(make_record("optuna", 150.0, n) for n in range(3)),
    ]
    table = workload_table(DIGITS, records)
    ours, tuner = cells(table, "this project"), cells(table, "KerasTuner RandomSearch")
    assert ours[1:5] == ["3,600", "10.0 (9.0-30.0)", "12.0", "10"]
    assert tuner[1:3] == ["180", "200.0 (90.0-300.0)"]
    assert tuner[-1] == "20.0"
    assert ours[-1] == ""
    assert "(Optuna + `Model.fit`): **15.0 times** (aimed at: 12; met)" in table


def test_a_missed_target_is_said() -> None:
    records = [make_record("automl", 10.0), make_record("keras-tuner", 100.0)]
    assert "**10.0 times** (aimed at: 12; not met)" in workload_table(DIGITS, records)


def test_what_a_peer_cannot_do_is_a_row_with_its_reason() -> None:
    broken = Record("digits", "autokeras", 0, (), None, 4.0, "ValueError: invalid units")
    table = workload_table(DIGITS, [make_record("automl", 10.0), broken])
    assert cells(table, "AutoKeras (its own optimizers and rates)")[1] == "not done"
    assert "1 of 1 searches not done: ValueError: invalid units" in table


def test_one_broken_repeat_counts_in_no_median() -> None:
    broken = Record("digits", "optuna", 1, (), None, 4.0, "killed")
    table = workload_table(DIGITS, [make_record("optuna", 10.0), broken])
    assert cells(table, "Optuna + `Model.fit`")[1] == "3,600"
    assert "1 of 2 searches not done: killed" in table


def test_failed_trials_are_counted() -> None:
    record = make_record("optuna", 10.0)
    failed = replace(record, trials=(*record.trials, Ended(10.0, None, 3)))
    assert cells(workload_table(DIGITS, [failed]), "Optuna + `Model.fit`")[4:6] == ["11", "1"]


def test_when_the_best_score_of_kerastuner_is_reached() -> None:
    records = [
        make_record("automl", 10.0, best=0.15),  # at 0.2 after its fifth trial
        make_record("keras-tuner", 100.0, best=0.2),
        make_record("optuna", 50.0, best=0.3),
    ]
    table = workload_table(DIGITS, records)
    assert cells(table, "this project")[-2] == "5.0"
    assert cells(table, "KerasTuner RandomSearch")[-2] == "100.0"
    assert cells(table, "Optuna + `Model.fit`")[-2] == "never"


def test_the_search_for_that_score_against_its_target() -> None:
    tuner = make_record("keras-tuner", 100.0, best=0.2)
    soon = Record("digits", REACH, 0, (Ended(4.0, 0.19, 5),), 4.0, 5.0)
    late = replace(soon, trials=(Ended(8.0, 0.19, 5),))
    never = Record("digits", REACH, 0, (Ended(4.0, 0.5, 5),), 99.0, 101.0)
    assert "4.0 s of 100.0 s: **1/25.0** of KerasTuner's time (aimed at: 1/20; met)" in (
        workload_table(DIGITS, [tuner, soon])
    )
    assert "**1/12.5** of KerasTuner's time (aimed at: 1/20; not met)" in (
        workload_table(DIGITS, [tuner, late])
    )
    assert "not reached in 101 s." in workload_table(DIGITS, [tuner, never])


def test_the_json_form_is_the_record() -> None:
    record = make_record("ray", 10.0)
    assert Record.from_json(record.to_json()) == record


def test_image_networks_have_titles_of_their_own_and_no_ratio_is_aimed_at() -> None:
    records = [make_record("automl", 10.0), make_record("autokeras", 30.0)]
    table = workload_table(WORKLOADS["images-28"], records)
    assert cells(table, "this project, `image`")[1] == "3,600"
    assert table.endswith("(AutoKeras, image classifier): **3.0 times**.")
