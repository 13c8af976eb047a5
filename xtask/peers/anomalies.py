"""What SciPy finds of the trend of the series of our tests.

usage: anomalies.py SHARED_DATA_DIR > crates/mining/tests/it/answers/anomalies.json

Stores series (some with ties), Kendall's test (exact where nothing ties, otherwise the
variance behind the normal law), the slope of Theil and Sen with its interval at 95 %, and
normal and chi-square tails. The data are drawn from a fixed seed: the shared data are not read.
"""
import json, sys
import numpy as np, scipy
from scipy import special, stats

assert len(sys.argv) == 2, __doc__
rng = np.random.default_rng(1945)
series = []
for n in [8, 12, 13, 24, 36, 60]:
    for slope in [0.0, 0.05, -0.2]:
        for ties in [False, True]:
            y = rng.normal(size=n) + slope * np.arange(n)
            y = np.round(y * 2) / 2 if ties else y
            x = np.arange(n)
            theil = stats.theilslopes(y, x, 0.95)
            tied = len(set(y.tolist())) < n
            sign = np.sign(y[None, :] - y[:, None])
            s = int(np.triu(sign, 1).sum())
            found = stats.kendalltau(x, y, method="asymptotic" if tied else "exact")
            row = {"y": y.tolist(), "tied": tied, "s": s, "p": found.pvalue, "slope": theil.slope, "interval": [theil.low_slope, theil.high_slope]}
            if tied:
                z = stats.norm.isf(found.pvalue / 2)
                row["variance"] = (s / z) ** 2 if s else None
            series.append(row)
tails = [[z, 2 * stats.norm.sf(z)] for z in [0.0, 0.1, 0.5, 1.0, 1.5, 1.96, 2.5, 2.82, 2.83, 3.0, 5.0, 8.0, 20.0, 37.0]]
json.dump({"scipy": scipy.__version__, "series": series, "tails": tails}, sys.stdout, indent=1)
