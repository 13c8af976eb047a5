"""What pm4py finds of how logs follow models: the answers our own figures must equal.

usage: conformance.py SHARED_DATA_DIR [NAME…] > crates/mining/tests/it/answers/conformance.json

Models are found by pm4py (inductive miner at noise 0 and 0.2) or made by hand from the
directly-follows pairs (no silent step, no label twice), and stored with their answers, so
that both sides measure the same net. Stored of each: cost of the best alignment of every
variant (in moves, as SHA-256 of the sorted list [variant, cost], with its sum), fitness by
alignments and by token replay, and both precisions where pm4py is quick enough.
A log that pm4py takes too long on is cut to its most frequent variants (`top`), and the
cases of each are divided (`cases_divided_by`); the answer says so.
"""
import contextlib, hashlib, io, json, sys, time, warnings
import pandas as pd

warnings.filterwarnings("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    import pm4py
    from pm4py.objects.petri_net.obj import PetriNet, Marking
    from pm4py.objects.petri_net.utils import petri_utils
    from pm4py.algo.conformance.alignments.petri_net import algorithm as alignments
    from pm4py.algo.evaluation.replay_fitness.variants import alignment_based, token_replay
    from pm4py.algo.evaluation.precision.variants import align_etconformance, etconformance_token

CASE, ACTIVITY, TIME = "case:concept:name", "concept:name", "time:timestamp"
SNAKE = ["case_id", "activity", "end_time"]
FINES = ["case_id", "activity", "timestamp"]
# name: (file, columns case, activity, end of a CSV, variants kept, variants kept for precision
# by alignments, what the cases of a variant are divided by, rounded up)
LOGS = {
    "receipt": ("log-receipt-wabo/receipt.xes.gz", None, 60, 10, 1),
    "helpdesk": ("log-helpdesk/helpdesk.xes.gz", None, None, None, 1),
    "sepsis": ("log-sepsis/Sepsis_Cases.xes.gz", None, 100, 20, 1),
    "insurance": ("log-insurance-claims/insurance.xes.gz", None, 15, 5, 1),
    "teleclaims": ("log-teleclaims/teleclaims.xes.gz", None, None, None, 1),
    "purchasing": ("log-purchasing-example/PurchasingExample.csv.gz", SNAKE, None, 40, 1),
    "fines": ("log-road-traffic-fines/road_traffic_fines.csv.gz", FINES, None, 60, 100),
    "bpic2012": ("log-bpic2012/BPI_Challenge_2012.xes.gz", None, 40, 10, 1),
}


def read(path, columns):
    """The log as pm4py's frame, cases in the order of the file, ties as delivered."""
    if columns is None:
        frame = pm4py.read_xes(path)
    else:
        case, activity, end = columns
        raw = pd.read_csv(path, dtype=str, keep_default_na=False)
        instant = pd.to_datetime(raw[end].str.replace("/", "-"), utc=True, format="ISO8601")
        frame = pd.DataFrame({CASE: raw[case], ACTIVITY: raw[activity], TIME: instant})
    frame[TIME] = pd.to_datetime(frame[TIME], utc=True)
    frame["rank"] = frame[CASE].map({c: i for i, c in enumerate(frame[CASE].unique())})
    return frame.sort_values(["rank", TIME], kind="stable").reset_index(drop=True)


def variants(frame):
    """Most frequent first, ties by names: the order of our traces."""
    counts = {}
    for steps in frame.groupby("rank", sort=False)[ACTIVITY].agg(tuple):
        counts[steps] = counts.get(steps, 0) + 1
    return sorted(counts.items(), key=lambda v: (-v[1], v[0]))


def as_log(kept):
    """A frame with one case for each case of the variants."""
    rows, start = [], pd.Timestamp("2020-01-01", tz="UTC")
    case = 0
    for steps, cases in kept:
        for _ in range(cases):
            rows += [(f"{case:07d}", a, start + pd.Timedelta(seconds=i)) for i, a in enumerate(steps)]
            case += 1
    return pm4py.format_dataframe(pd.DataFrame(rows, columns=["case", "act", "at"]), case_id="case", activity_key="act", timestamp_key="at")


def chain(kept):
    """A net without silent steps nor labels twice, from the most frequent variants.

    A place for each activity that stands for 'after it' cannot be had without repeating
    labels: instead the activities of the first variant, each once, stand in a row, and those
    of the second that the first lacks may be done any number of times between begin and end.
    """
    net, order = PetriNet("chain"), list(dict.fromkeys(kept[0][0]))
    more = [a for steps, _ in kept[1:6] for a in dict.fromkeys(steps) if a not in order]
    more = list(dict.fromkeys(more))[:3]
    places = [PetriNet.Place(f"p{i:02d}") for i in range(len(order) + 1)]
    net.places.update(places)
    for i, activity in enumerate(order):
        step = PetriNet.Transition(f"t{i:02d}", activity)
        net.transitions.add(step)
        petri_utils.add_arc_from_to(places[i], step, net)
        petri_utils.add_arc_from_to(step, places[i + 1], net)
    for i, activity in enumerate(more):
        step = PetriNet.Transition(f"u{i:02d}", activity)
        net.transitions.add(step)
        middle = places[(len(order) + 1) // 2]
        petri_utils.add_arc_from_to(middle, step, net)
        petri_utils.add_arc_from_to(step, middle, net)
    return net, Marking({places[0]: 1}), Marking({places[-1]: 1})


def parallel(kept):
    """Another such net: the first and last activity, and all others once in any order."""
    net = PetriNet("parallel")
    order = list(dict.fromkeys(kept[0][0]))
    first, last, middle = order[0], order[-1], order[1:-1]
    begin, end = PetriNet.Place("begin"), PetriNet.Place("end")
    split, join = PetriNet.Transition("a-first", first), PetriNet.Transition("z-last", last)
    net.places.update([begin, end])
    net.transitions.update([split, join])
    petri_utils.add_arc_from_to(begin, split, net)
    petri_utils.add_arc_from_to(join, end, net)
    for i, activity in enumerate(middle or []):
        before, after = PetriNet.Place(f"in{i:02d}"), PetriNet.Place(f"out{i:02d}")
        step = PetriNet.Transition(f"m{i:02d}", activity)
        net.places.update([before, after])
        net.transitions.add(step)
        for a, b in [(split, before), (before, step), (step, after), (after, join)]:
            petri_utils.add_arc_from_to(a, b, net)
    if not middle:
        between = PetriNet.Place("between")
        net.places.add(between)
        petri_utils.add_arc_from_to(split, between, net)
        petri_utils.add_arc_from_to(between, join, net)
    return net, Marking({begin: 1}), Marking({end: 1})


def as_json(net, im, fm):
    names = sorted(p.name for p in net.places)
    number = {p: i for i, p in enumerate(names)}
    steps = [
        {
            "name": t.name,
            "label": t.label,
            "inputs": sorted(number[a.source.name] for a in t.in_arcs),
            "outputs": sorted(number[a.target.name] for a in t.out_arcs),
        }
        for t in sorted(net.transitions, key=lambda t: t.name)
    ]
    marking = lambda m: sorted([number[p.name], int(n)] for p, n in m.items())
    return {"places": names, "transitions": steps, "initial": marking(im), "end": marking(fm)}


def sha(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


def measure(kept, few, net, im, fm):
    """Answers for one log and one net."""
    began = time.process_time()
    one_each = as_log([(steps, 1) for steps, _ in kept])
    found = alignments.apply(one_each, net, im, fm, parameters={"show_progress_bar": False})
    align_s = time.process_time() - began
    costs = [[list(steps), int(a["cost"] // 10000)] for (steps, _), a in zip(kept, found)]
    every = [a for (_, cases), a in zip(kept, found) for _ in range(cases)]
    log = as_log(kept)
    by_alignment = alignment_based.evaluate(every)
    by_replay = token_replay.apply(log, net, im, fm, parameters={"show_progress_bar": False})
    answer = {
        "variants": len(kept), "cases": sum(n for _, n in kept),
        "costs_sha256": sha(sorted(costs)), "costs_sum": sum(c for _, c in costs),
        "raw_costs_sum": int(sum(a["cost"] for a in found)),
        "align_log_fitness": by_alignment["log_fitness"],
        "align_average_fitness": by_alignment["average_trace_fitness"],
        "align_fitting_percent": by_alignment["percentage_of_fitting_traces"],
        "align_cpu_s": round(align_s, 2),
        "replay_log_fitness": by_replay["log_fitness"],
        "replay_average_fitness": by_replay["average_trace_fitness"],
        "replay_fitting_percent": by_replay["percentage_of_fitting_traces"],
        "replay_precision": etconformance_token.apply(log, net, im, fm, parameters={"show_progress_bar": False}),
    }
    short = kept if few is None else kept[:few]
    began = time.process_time()
    answer["align_precision"] = align_etconformance.apply(as_log(short), net, im, fm, parameters={"show_progress_bar": False, "multiprocessing": False})
    answer["align_precision_variants"] = len(short)
    answer["align_precision_cpu_s"] = round(time.process_time() - began, 2)
    return answer


if __name__ == "__main__":
    folder, names = sys.argv[1], sys.argv[2:] or list(LOGS)
    logs = {}
    for name in names:
        path, columns, top, few, thin = LOGS[name]
        with contextlib.redirect_stdout(io.StringIO()):
            frame = read(f"{folder}/{path}", columns)
            kept = variants(frame)
            full = len(kept)
            kept = [(steps, -(-cases // thin)) for steps, cases in kept[:top]]
            models = {
                "chain": chain(kept), "parallel": parallel(kept),
                "inductive-0": pm4py.discover_petri_net_inductive(as_log(kept), noise_threshold=0.0),
                "inductive-0.2": pm4py.discover_petri_net_inductive(frame if name == "bpic2012" else as_log(kept), noise_threshold=0.2),
            }
            found = {}
            for model, (net, im, fm) in models.items():
                began = time.process_time()
                found[model] = {"net": as_json(net, im, fm), **measure(kept, few, net, im, fm)}
                print(name, model, round(time.process_time() - began, 1), file=sys.stderr, flush=True)
        logs[name] = {"file": path, "top": top, "cases_divided_by": thin, "variants_of_the_log": full, "models": found}
    print(json.dumps({"pm4py": pm4py.__version__, "pandas": pd.__version__, "logs": logs}, indent=1, ensure_ascii=False))
