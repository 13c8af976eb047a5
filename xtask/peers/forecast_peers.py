"""One model of statsforecast on files of series in the long format (unique_id, ds, y).

usage: forecast_peers.py FILE[,FILE...] HORIZON SEASON MODEL [SECONDS]
MODEL is SeasonalNaive, AutoETS, AutoTheta, or MSTL with its seasons: MSTL:24:168. Every file is fitted by itself.
Writes FILE.MODEL.csv (unique_id, ds, mean, lo-80, hi-80, lo-95, hi-95) beside each file and prints one JSON line:
seconds of fitting and forecasting on one thread, after one series was fitted unmeasured (the compiler of the package
is not counted), and the largest memory. Nothing is written when SECONDS are over: `gave_up` says it.
Missing days are filled with the value of a week before: these models know no gaps.
"""
import json, resource, signal, sys, time, warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
from statsforecast import StatsForecast, models

warnings.filterwarnings("ignore")
files, horizon, season, name = sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
seconds = int(sys.argv[5]) if len(sys.argv) > 5 else 0
LEVELS = [80, 95]


class TooLong(BaseException):
    """Not an Exception: the package replaces a model that raises one by another."""


def stop(*_):
    raise TooLong


def model():
    if name.startswith("MSTL"):
        seasons = [int(s) for s in name.split(":")[1:]] or [season]
        trend = models.AutoETS(model="ZZN", season_length=1)
        return models.MSTL(season_length=seasons, trend_forecaster=trend, alias="m")
    return getattr(models, name)(season_length=season, alias="m")


def daily(frame):
    """Step of the days of a series, or None where steps are no days."""
    steps = frame["ds"].diff().dropna()
    if steps.min() != pd.Timedelta(days=1):
        return None
    return "D" if (frame["ds"].dt.dayofweek > 4).any() else "B"


def opened(path):
    """Series by their place in time, and the stamps that their steps ahead bear."""
    long = pd.read_csv(path, parse_dates=["ds"], dtype={"unique_id": str})
    parts, ahead = [], {}
    for key, frame in long.groupby("unique_id", sort=False):
        frame = frame.sort_values("ds")
        step = daily(frame)
        values = frame["y"].to_numpy(float)
        if step:
            days = pd.date_range(frame["ds"].iloc[0], frame["ds"].iloc[-1], freq=step)
            filled = frame.set_index("ds")["y"].reindex(days).to_numpy(float)
            week = 7 if step == "D" else 5
            for i in np.flatnonzero(np.isnan(filled)):
                filled[i] = filled[i - week] if i >= week else np.nanmean(filled[:week])
            values = filled
            ahead[key] = [d.strftime("%Y-%m-%d") for d in pd.date_range(days[-1], periods=horizon + 1, freq=step)[1:]]
        else:
            ahead[key] = [f"{i + 1:05}" for i in range(horizon)]
        parts.append(pd.DataFrame({"unique_id": key, "ds": np.arange(len(values)), "y": values}))
    return pd.concat(parts, ignore_index=True), ahead


def fitted(frame):
    engine = StatsForecast(models=[model()], freq=1, n_jobs=1, fallback_model=models.SeasonalNaive(season_length=season, alias="m"))
    return engine.forecast(df=frame, h=horizon, level=LEVELS)


opened_files = [opened(path) for path in files]
first = opened_files[0][0]
fitted(first[first["unique_id"] == first["unique_id"].iloc[0]])
wall, cpu = time.perf_counter(), time.process_time()
said, gave_up = [], False
signal.signal(signal.SIGALRM, stop)
signal.alarm(seconds)
try:
    for frame, _ in opened_files:
        said.append(fitted(frame))
except TooLong:
    gave_up = True
signal.alarm(0)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
written = []
if not gave_up:
    for path, (_, ahead), out in zip(files, opened_files, said):
        out = out.reset_index() if "unique_id" not in out else out
        out = out.sort_values(["unique_id", "ds"], kind="stable")
        out["ds"] = [stamp for key in out["unique_id"].drop_duplicates() for stamp in ahead[key]]
        names = {"m": "mean", **{f"m-{side}-{level}": f"{side}-{level}" for side in ("lo", "hi") for level in LEVELS}}
        place = f"{path}.{name.replace(':', '-')}.csv"
        out.rename(columns=names)[["unique_id", "ds", *names.values()]].to_csv(place, index=False)
        written.append(place)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"engine": "statsforecast", "version": version("statsforecast"), "model": name, "files": written,
                  "gave_up": gave_up, "cpu_s": cpu, "wall_s": wall, "mib": peak}))
