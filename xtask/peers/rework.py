"""What pm4py finds of rework, hand-overs and work in common in each shared log.

usage: rework.py SHARED_DATA_DIR [NAME…] > crates/mining/tests/it/answers/rework.json

Reads the logs as pm4py_answers.py does (every delivered row is an event at its timestamp). Stores,
per log: cases where each activity is repeated, fewest steps between two of its occurrences, cases
by number of repeats; the hand-over matrix and the pairs that share cases, by resource. pm4py
divides hand-overs by their sum and shared cases by the number of rows: both are undone. It cannot
sort missing resources among names: they get a name that is taken out afterwards. Pseudonyms are
not the names of the file, so people are numbered by first appearance, cases in the order of their
identifiers. Lists as SHA-256 of their sorted JSON, with sums.
"""
import collections, contextlib, io, json, sys
import pandas as pd
from pm4py_answers import ACTIVITY, CASE, LOGS, RESOURCE, TIME, pm4py, read, sha

with contextlib.redirect_stdout(io.StringIO()):
    from pm4py.statistics.rework.cases.pandas import get as case_rework

NOBODY = "\0nobody"


def people(frame):
    """Number of each resource, by first appearance in the order of the case identifiers."""
    ordered = frame.sort_values([CASE], kind="stable")[RESOURCE].dropna()
    return {name: i for i, name in enumerate(ordered.unique())}


def answers(path, columns, ignored):
    frame = read(path, columns, ignored)
    repeated = sorted([a, int(n)] for a, n in pm4py.get_rework_cases_per_activity(frame).items())
    nearest = sorted([a, int(n)] for a, n in pm4py.get_minimum_self_distances(frame).items())
    per_case = collections.Counter(int(c["rework"]) for c in case_rework.apply(frame).values())
    found = {
        "repeated_cases": sum(n for _, n in repeated), "repeated_activities": len(repeated), "repeated_sha256": sha(repeated),
        "nearest_sha256": sha(nearest), "repeats": sum(k * v for k, v in per_case.items()), "repeats_per_case_sha256": sha(sorted([k, v] for k, v in per_case.items())),
    }
    if RESOURCE not in frame or frame[RESOURCE].notna().sum() == 0:
        return {**found, "people": 0}
    numbers = people(frame)
    frame[RESOURCE] = frame[RESOURCE].fillna(NOBODY)
    sequences = frame.groupby(CASE, sort=False)[RESOURCE].size()
    pairs = int((sequences - 1).sum())
    passed = pm4py.discover_handover_of_work_network(frame).connections
    matrix = sorted([numbers[a], numbers[b], round(share * pairs)] for (a, b), share in passed.items() if NOBODY not in (a, b))
    # What rounds must have been whole.
    assert all(abs(share * pairs - round(share * pairs)) < 1e-3 for share in passed.values())
    rows = len(frame)
    shared = pm4py.discover_working_together_network(frame).connections
    assert all(abs(share * rows - round(share * rows)) < 1e-3 for share in shared.values())
    together = sorted([numbers[a], numbers[b], round(share * rows)] for (a, b), share in shared.items() if NOBODY not in (a, b) and numbers[a] < numbers[b])
    return {
        **found, "people": len(numbers), "passed": sum(n for a, b, n in matrix if a != b), "kept": sum(n for a, b, n in matrix if a == b),
        "matrix_sha256": sha(matrix), "matrix_cells": len(matrix), "together": sum(n for *_, n in together), "together_sha256": sha(together), "together_pairs": len(together),
    }


if __name__ == "__main__":
    folder, names = sys.argv[1], sys.argv[2:] or list(LOGS)
    found = {}
    for name in names:
        path, columns, ignored = LOGS[name]
        with contextlib.redirect_stdout(io.StringIO()):
            found[name] = {"file": path, "ignored": ignored, **answers(f"{folder}/{path}", columns, ignored)}
        print(name, file=sys.stderr, flush=True)
    print(json.dumps({"pm4py": pm4py.__version__, "pandas": pd.__version__, "logs": found}, indent=1, ensure_ascii=False))
