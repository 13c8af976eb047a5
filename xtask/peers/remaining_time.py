"""Remaining time of cases by LightGBM, on the split that our own promises are judged by.

usage: remaining_time.py LOG.csv
LOG.csv: columns case, activity, at (ISO 8601), resource, then what is known of a case from its start: numbers as
num:NAME, categories as cat:NAME. Cases in order of their start: the first 64 % train, 16 % calibrate, 20 % test. What is
learned is learned from cases that were over before the first test case began. A row is an event of a case, the last
left out; its target the days to the last one. Prints one JSON line: mean absolute error of the median learned from
the training part (mae_train) and from both parts (mae), the share inside the 90 % band of two quantiles widened
by split conformal calibration, its mean width, seconds of learning and telling on one thread.
"""
import json, resource, sys, time
from importlib.metadata import version

import lightgbm
import numpy as np
import pandas as pd

log = pd.read_csv(sys.argv[1], dtype={"case": str, "activity": str, "resource": str})
log["at"] = pd.to_datetime(log["at"], utc=True, format="ISO8601")
log = log.sort_values(["case", "at"], kind="stable", ignore_index=True)
log["t"] = (log["at"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
of_case = log.groupby("case", sort=False)
began, over = of_case["t"].transform("min"), of_case["t"].transform("max")
activity = pd.Series(pd.factorize(log["activity"])[0], index=log.index)
place = of_case.cumcount()

rows = pd.DataFrame({
    "place": place,
    "age": log["t"] - began,
    "since": of_case["t"].diff().fillna(0.0),
    "weekday": log["at"].dt.dayofweek,
    "hour": log["at"].dt.hour,
    "activity": activity,
    "resource": pd.factorize(log["resource"].fillna(""))[0],
})
for back in (1, 2, 3):
    rows[f"before_{back}"] = activity.groupby(log["case"], sort=False).shift(back).fillna(-1)
for code in range(activity.max() + 1):
    rows[f"count_{code}"] = (activity == code).groupby(log["case"], sort=False).cumsum()
# The load of the office, from what has begun, ended and happened by then.
starts, ends, events = (np.sort(of_case["t"].min()), np.sort(of_case["t"].max()), np.sort(log["t"]))
rows["open"] = np.searchsorted(starts, log["t"], "right") - np.searchsorted(ends, log["t"], "right")
rows["lately"] = np.searchsorted(events, log["t"]) - np.searchsorted(events, log["t"] - 7.0)
for column in log.columns:
    if column.startswith("num:"):
        rows[column.replace(":", "_")] = pd.to_numeric(log[column], errors="coerce")
    elif column.startswith("cat:"):
        rows[column.replace(":", "_")] = pd.factorize(log[column].fillna(""))[0]

order = of_case["t"].min().sort_values(kind="stable")
rank = log["case"].map(pd.Series(np.arange(len(order)), index=order.index))
first, second = int(0.64 * len(order)), int(0.8 * len(order))
test_from = order.iloc[second]
asked = place < of_case["t"].transform("size") - 1
known = asked & (over < test_from)
train, calibrate, test = known & (rank < first), known & (rank >= first) & (rank < second), asked & (rank >= second)
left = over - log["t"]

OPTIONS = dict(learning_rate=0.05, num_leaves=63, min_child_samples=40, subsample=0.8, subsample_freq=1,
               colsample_bytree=0.7, n_jobs=1, verbose=-1, random_state=0)


def learned(part, rounds=400, **loss):
    return lightgbm.LGBMRegressor(n_estimators=rounds, **OPTIONS, **loss).fit(rows[part], left[part])


def error(part):
    told = np.maximum(learned(part, objective="l1").predict(rows[test]), 0.0)
    return float(np.abs(told - left[test]).mean())


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    return work(), time.perf_counter() - wall, time.process_time() - cpu


def band():
    low, high = (learned(train, 150, objective="quantile", alpha=share) for share in (0.05, 0.95))

    def ends(part):
        both = np.sort([low.predict(rows[part]), high.predict(rows[part])], axis=0)
        return both[0], both[1]

    down, up = ends(calibrate)
    missed = np.maximum(down - left[calibrate], left[calibrate] - up)
    widen = np.quantile(missed, min(1.0, 0.9 * (1.0 + 1.0 / max(1, len(missed)))))
    down, up = ends(test)
    inside = (left[test] >= down - widen) & (left[test] <= up + widen)
    return float(inside.mean()), float((up - down + 2.0 * widen).mean())


mae_train = error(train)
mae, wall, cpu = timed(lambda: error(train | calibrate))
(inside, width), more_wall, more_cpu = timed(band)
print(json.dumps({
    "engine": "lightgbm", "version": version("lightgbm"), "cases": len(order), "promises": int(test.sum()),
    "mae_days": mae, "mae_train_days": mae_train, "inside": inside, "width_days": width,
    "wall_s": wall + more_wall, "cpu_s": cpu + more_cpu,
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
