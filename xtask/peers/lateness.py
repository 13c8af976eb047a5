"""What SciPy finds for the logistic regressions and two by two tables of our tests.

usage: lateness.py SHARED_DATA_DIR > crates/mining/tests/it/answers/lateness.json

Stores generated cases (grouped by the columns that are on, with how many are late) and,
for each ridge, the coefficients that minimise the penalised deviance, found by a
trust-region search on the ungrouped matrix, with the errors from the inverse of the
information; and Pearson's test, odds ratio and Woolf interval of tables. The data are
drawn from a fixed seed: the shared data are not read.
"""
import json, sys
import numpy as np, scipy
from scipy import linalg, optimize, stats
from scipy.special import expit

assert len(sys.argv) == 2, __doc__
rng = np.random.default_rng(20261123)


def fit(x, y, ridge):
    x = np.column_stack([np.ones(len(x)), x])
    penalty = ridge * np.concatenate([[0.0], np.ones(x.shape[1] - 1)])
    value = lambda b: np.logaddexp(0, x @ b).sum() - y @ (x @ b) + 0.5 * (penalty * b * b).sum()
    slope = lambda b: x.T @ (expit(x @ b) - y) + penalty * b
    def bend(b):
        p = expit(x @ b)
        return (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
    found = optimize.minimize(value, np.zeros(x.shape[1]), jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-9, "maxiter": 5000})
    b = found.x - linalg.solve(bend(found.x), slope(found.x))
    assert np.abs(slope(b)).max() < 1e-8, np.abs(slope(b)).max()
    return b.tolist(), np.sqrt(np.diag(linalg.inv(bend(b)))).tolist()


fits = []
for cases, chances, effects in [
    (400, [0.3, 0.5, 0.2], [0.8, -0.5, 0.0]),
    (3000, [0.1, 0.2, 0.4, 0.5, 0.05, 0.7], [1.2, -0.9, 0.3, 0.0, 2.0, -0.2]),
    (900, [0.5] * 8, [0.5, -0.5, 0.4, -0.4, 0.3, -0.3, 0.2, 0.0]),
]:
    x = (rng.random((cases, len(chances))) < chances).astype(float)
    y = (rng.random(cases) < expit(-1.0 + x @ effects)).astype(float)
    patterns = {}
    for row, late in zip(x, y):
        key = tuple(int(i) for i in np.flatnonzero(row))
        n, k = patterns.get(key, (0, 0))
        patterns[key] = (n + 1, k + int(late))
    for ridge in [0.0, 0.1, 5.0]:
        coefficients, errors = fit(x, y, ridge)
        fits.append({
            "columns": len(chances), "ridge": ridge,
            "patterns": [[list(k), n, late] for k, (n, late) in sorted(patterns.items())],
            "coefficients": coefficients, "errors": errors,
        })

tables = []
for a, b, c, d in [(30, 70, 50, 350), (5, 40, 60, 500), (200, 300, 150, 350), (12, 30, 30, 12), (40, 60, 400, 600)]:
    table = np.array([[a, b], [c, d]])
    chi = stats.chi2_contingency(table, correction=False)
    odds = stats.contingency.odds_ratio(table, kind="sample")
    interval = odds.confidence_interval()
    tables.append({"table": [a, b, c, d], "p": chi.pvalue, "odds": odds.statistic, "interval": [interval.low, interval.high]})

json.dump({"scipy": scipy.__version__, "numpy": np.__version__, "fits": fits, "tables": tables}, sys.stdout, indent=1)
