"""What pm4py finds in each shared log: the answers our own figures must equal.

usage: pm4py_answers.py SHARED_DATA_DIR [NAME…] > crates/cli/tests/it/pm4py_answers.json

Every delivered row is an event at its timestamp (its end when it has a start too);
rows of a case with the same instant keep the order of the file.
"""
import contextlib, hashlib, io, json, sys, warnings
import pandas as pd

warnings.filterwarnings("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    import pm4py
    from pm4py.statistics.traces.generic.pandas import case_statistics

CASE, ACTIVITY, TIME, RESOURCE = "case:concept:name", "concept:name", "time:timestamp", "org:resource"
# name: (file, columns case, activity, end, start, resource of a CSV; nothing for XES, activities left out)
SNAKE = ["case_id", "activity", "end_time", "start_time", "resource"]
AGENT = ["case_id", "activity_name", "end_timestamp", "start_timestamp", "resource"]
W, ACR, LOAN, SIM = "log-bpic2012-w/BPIC_2012_W", "log-academic-credentials/", "log-loan-app/", "sim-ground-truth-loan-application/Loan_Application"
LOGS = {
    "receipt": ("log-receipt-wabo/receipt.xes.gz", None, []),
    "helpdesk": ("log-helpdesk/helpdesk.xes.gz", None, []),
    "bpic2012": ("log-bpic2012/BPI_Challenge_2012.xes.gz", None, []),
    "bpic2012-w": (W + ".csv.gz", SNAKE, []),
    "bpic2012-w-train": (W + "_train.csv.gz", SNAKE, []),
    "bpic2012-w-test": (W + "_test.csv.gz", SNAKE, []),
    "consulta": (ACR + "ConsultaDataMining201618.csv.gz", [CASE, "Activity", TIME, "start_timestamp", "Resource"], ["Start", "End"]),
    "academic": (ACR + "AcademicCredentials.csv.gz", SNAKE, []),
    "academic-train": (ACR + "AcademicCredentials_train.csv.gz", SNAKE, []),
    "academic-test": (ACR + "AcademicCredentials_test.csv.gz", SNAKE, []),
    "production": ("log-production/Production.csv.gz", ["Case ID", "Activity", "Complete Timestamp", "Start Timestamp", "Resource"], ["Start", "End"]),
    "purchasing": ("log-purchasing-example/PurchasingExample.csv.gz", SNAKE, []),
    "loan": (LOAN + "LoanApp.csv.gz", SNAKE, []),
    "loan-train": (LOAN + "agentsimulator_train.csv.gz", AGENT, []),
    "loan-test": (LOAN + "agentsimulator_test.csv.gz", AGENT, []),
    "incidents": ("log-bpic2013/incidents.xes.gz", None, []),
    "closed-problems": ("log-bpic2013/closed_problems.xes.gz", None, []),
    "bpic2015-1-full": ("log-bpic2015-municipalities/BPIC15_1_full.xes.gz", None, []),
    "bpic2015-1": ("log-bpic2015-municipalities/T_BPIC15_1.xes.gz", None, []),
    "bpic2015-2": ("log-bpic2015-municipalities/T_BPIC15_2.xes.gz", None, []),
    "bpic2015-3": ("log-bpic2015-municipalities/T_BPIC15_3.xes.gz", None, []),
    "sepsis": ("log-sepsis/Sepsis_Cases.xes.gz", None, []),
    "insurance": ("log-insurance-claims/insurance.xes.gz", None, []),
    "teleclaims": ("log-teleclaims/teleclaims.xes.gz", None, []),
    "fines": ("log-road-traffic-fines/road_traffic_fines.csv.gz", ["case_id", "activity", "timestamp", None, "resource"], []),
    "bpic2019-sample": ("log-bpic2019-sample/bpic2019_one_case_per_variant.xes.gz", None, []),
    "sim": (SIM + ".csv.gz", SNAKE, []),
    "sim-1": (SIM + "_1_timer.csv.gz", SNAKE, []),
    "sim-3": (SIM + "_3_timers.csv.gz", SNAKE, []),
    "sim-5": (SIM + "_5_timers.csv.gz", SNAKE, []),
    "sim-5-after": (SIM + "_5_timers_after.csv.gz", SNAKE, []),
}


def read(path, columns, ignored):
    """The log as pm4py's frame; for a CSV the starts of rows in a column of their own."""
    if columns is None:
        frame = pm4py.read_xes(path)
    else:
        case, activity, end, start, resource = columns
        raw = pd.read_csv(path, dtype=str, keep_default_na=False)
        instant = lambda column: pd.to_datetime(raw[column].str.replace("/", "-"), utc=True, format="ISO8601")
        frame = pd.DataFrame({CASE: raw[case], ACTIVITY: raw[activity], TIME: instant(end), "row_start": instant(start or end)})
        frame[RESOURCE] = raw[resource].where(raw[resource] != "")
    frame[TIME] = pd.to_datetime(frame[TIME], utc=True)
    frame = frame[~frame[ACTIVITY].isin(ignored)].reset_index(drop=True)
    # pm4py's own sort is not stable on every path: the order of ties is fixed here.
    frame["rank"] = frame[CASE].map({c: i for i, c in enumerate(frame[CASE].unique())})
    return frame.sort_values(["rank", TIME], kind="stable").reset_index(drop=True)


def sha(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


def answers(path, columns, ignored):
    frame = read(path, columns, ignored)
    edges, starts, ends = pm4py.discover_dfg(frame)
    edges = sorted([a, b, int(n)] for (a, b), n in edges.items())
    variants = sorted([list(v), len(n) if isinstance(n, list) else int(n)] for v, n in pm4py.get_variants(frame).items())
    spans = case_statistics.get_cases_description(frame)
    # Half a millisecond goes up, on whole microseconds: no float decides.
    micros = {c: round(s["caseDuration"] * 1e6) for c, s in spans.items()}
    first = min(frame[TIME].min(), frame["row_start"].min()) if columns else frame[TIME].min()
    nodes = sorted([a, int(n)] for a, n in pm4py.get_event_attribute_values(frame, ACTIVITY).items())
    return {
        "file": path, "ignored": ignored, "cases": len(spans), "events": len(frame), "activities": len(nodes),
        "resources": frame[RESOURCE].nunique() if RESOURCE in frame else 0, "first": first.isoformat(), "last": frame[TIME].max().isoformat(),
        "nodes_sha256": sha(nodes), "edges": len(edges), "directly_follows": sum(n for *_, n in edges), "edges_sha256": sha(edges),
        "starts_sha256": sha(sorted([a, int(n)] for a, n in starts.items())), "ends_sha256": sha(sorted([a, int(n)] for a, n in ends.items())),
        "starts": len(starts), "ends": len(ends), "variants": len(variants), "top_variant_cases": max(n for _, n in variants),
        "variants_sha256": sha(variants), "durations_sum_s": sum(micros.values()) / 1e6,
        "durations_sha256": sha(sorted([c, (us + 500) // 1000] for c, us in micros.items())),
    }


if __name__ == "__main__":
    folder, names = sys.argv[1], sys.argv[2:] or list(LOGS)
    found = {}
    for name in names:
        path, columns, ignored = LOGS[name]
        with contextlib.redirect_stdout(io.StringIO()):
            found[name] = {**answers(f"{folder}/{path}", columns, ignored), "file": path}
        print(name, file=sys.stderr, flush=True)
    print(json.dumps({"pm4py": pm4py.__version__, "pandas": pd.__version__, "logs": found}, indent=1, ensure_ascii=False))
