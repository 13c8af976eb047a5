"""Touch times of three public logs by NumPy and SciPy, and tables of the distributions they use.

usage: unit_times.py SHARED_DATA_DIR > crates/mining/tests/it/answers/unit_times.json

Time is calendar time (a clock that never stops). Stores per log and activity, alone (each task as
long as it lasted) and shared (an instant with k tasks of one person counts 1/k for each, summed
segment by segment): size, quartiles, 90th percentile, mean; for the shared ones the mean under the
fence with Student's interval, SciPy's trimmed mean with its interval and, against the last 91 days, the rank-sum probability (asymptotic, with
continuity), Benjamini-Hochberg's correction over the activities of the log, and the median of all
differences. Seconds.
"""
import contextlib, io, json, sys
import numpy as np
import pandas as pd
import scipy
from scipy import stats
from pm4py_answers import ACTIVITY, CASE, LOGS, RESOURCE, TIME, read

QUARTER = 91 * 86_400 * 10**6
FEWEST = 30


def shared_times(frame):
    """Microseconds of each row, an instant with k tasks of one person counting 1/k."""
    took = (frame["end"] - frame["start"]).to_numpy(float, copy=True)
    for _, rows in frame[frame["end"] > frame["start"]].groupby(RESOURCE):
        starts, ends = rows["start"].to_numpy(), rows["end"].to_numpy()
        cuts = np.unique(np.concatenate([starts, ends]))
        lengths = np.diff(cuts)
        count = np.zeros(len(lengths))
        spans = list(zip(np.searchsorted(cuts, starts), np.searchsorted(cuts, ends)))
        for a, b in spans:
            count[a:b] += 1
        share = np.divide(lengths, count, out=np.zeros(len(lengths)), where=count > 0)
        for row, (a, b) in zip(rows.index, spans):
            took[row] = share[a:b].sum()
    return took


def figures(times):
    q = [float(x) for x in np.quantile(times, [0.25, 0.5, 0.75, 0.9])]
    return {"n": len(times), "quantiles": q, "mean": float(np.mean(times))}


def answers(path, columns, ignored):
    frame = read(path, columns, ignored)
    micros = lambda column: frame[column].astype("datetime64[us, UTC]").astype("int64")
    frame["start"], frame["end"] = micros("row_start"), micros(TIME)
    # Whole microseconds, as the program keeps them: noise in the last digits would undo ties.
    frame["shared"] = np.floor(shared_times(frame) + 0.5) / 1e6
    frame["alone"] = (frame["end"] - frame["start"]) / 1e6
    recent_from = frame["end"].max() - QUARTER
    found, tested = {}, []
    for activity, rows in frame.groupby(ACTIVITY):
        shared = rows["shared"].to_numpy()
        one = {"alone": figures(rows["alone"].to_numpy()), "shared": figures(shared), "people": int(rows[RESOURCE].nunique())}
        if len(shared) >= FEWEST and one["people"] >= 5:
            low, _, high, _ = one["shared"]["quantiles"]
            fenced = np.minimum(shared, high * (high / low) ** 1.5) if high > low > 0 else shared
            one["mean"] = [float(np.mean(fenced)), *(float(x) for x in stats.t.interval(0.95, len(fenced) - 1, np.mean(fenced), stats.sem(fenced)))] if np.ptp(fenced) > 0 else None
            one["trimmed"] = float(stats.trim_mean(shared, 0.2))
            one["trimmed_interval"] = [float(x) for x in stats.mstats.trimmed_mean_ci(shared, (0.2, 0.2), alpha=0.05)]
            recent, before = shared[rows["end"] >= recent_from], shared[rows["end"] < recent_from]
            if min(len(recent), len(before)) >= FEWEST:
                p = stats.mannwhitneyu(recent, before, use_continuity=True, method="asymptotic").pvalue
                one["drift"] = {"recent": len(recent), "before": len(before), "p": float(p), "shift": float(np.median(np.subtract.outer(recent, before)))}
                tested.append(one["drift"])
        found[activity] = one
    if tested:
        for drift, p in zip(tested, stats.false_discovery_control([d["p"] for d in tested])):
            drift["p"] = float(p)
    return found


folder = sys.argv[1]
logs = {}
for name in ["loan", "production", "bpic2012-w"]:
    path, columns, ignored = LOGS[name]
    with contextlib.redirect_stdout(io.StringIO()):
        logs[name] = {"file": path, "ignored": ignored, "activities": answers(f"{folder}/{path}", columns, ignored)}
    print(name, file=sys.stderr, flush=True)
student = [[nu, level, float(stats.t.ppf(0.5 + level / 2, nu))] for nu in [1, 2, 3, 4, 7, 29, 30, 199, 200, 201, 1000, 100_000] for level in [0.5, 0.9, 0.95, 0.99]]
normal = [[x, float(stats.norm.sf(x))] for x in [-5.0, -1.0, 0.0, 0.3, 1.0, 1.959964, 2.999, 3.0, 3.001, 5.0, 10.0, 30.0]]
ranks = []
for n in [6, 10, 29, 30, 100, 1001, 10_000]:
    k = int(stats.binom.ppf(0.025, n, 0.5))
    while stats.binom.cdf(k, n, 0.5) > 0.025:
        k -= 1
    ranks.append([n, k, n - 1 - k, float(1 - 2 * stats.binom.cdf(k, n, 0.5))])
print(json.dumps({"scipy": scipy.__version__, "numpy": np.__version__, "pandas": pd.__version__, "logs": logs, "student": student, "normal_tail": normal, "median_ranks_95": ranks}, indent=1, ensure_ascii=False))
