"""What a workshop asks of a log, asked of pm4py and of the Rust crate process_mining (r4pm).

usage: mining_peers.py pm4py|r4pm map LOG.xes.gz RUNS
       mining_peers.py pm4py discover LOG RUNS
       mining_peers.py pm4py rework LOG RUNS
       mining_peers.py pm4py|r4pm align MODEL.bpmn VARIANTS.json MOST SECONDS
prints one JSON line. map, discover and rework: medians of RUNS on the log already read into memory; `read_s`
is what reading took, once; every row is an event at its instant. align: the variants in the order of
VARIANTS.json (the answer of our `variants`), one case of each, MOST of them at most, until SECONDS
have passed; `given_up` are those the peer itself refused to go on with; `cost` sums the moves of the others.
"""
import contextlib, io, json, resource, signal, statistics, sys, time, warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
engine, question, *rest = sys.argv[1:]
NOISE = 0.2
# The Rust crate maps a log without pm4py; it is handed the model by it.
if (engine, question) != ("r4pm", "map"):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import pandas as pd
        import pm4py


def read(path):
    """The log as pm4py's frame; a CSV has the columns of the fines."""
    if ".xes" in path:
        return pm4py.read_xes(path)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame["timestamp"] = pd.to_datetime(frame["timestamp"].str.replace("/", "-"), utc=True, format="ISO8601")
    return pm4py.format_dataframe(frame, case_id="case_id", activity_key="activity", timestamp_key="timestamp")


def repeated(runs, work):
    """Medians of wall and processor seconds."""
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        said = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return {"wall_s": statistics.median(walls), "cpu_s": statistics.median(cpus), **said}


def ask_map(engine, path, runs):
    begun = time.perf_counter()
    if engine == "pm4py":
        log = read(path)

        def work():
            edges, variants = pm4py.discover_dfg(log)[0], pm4py.get_variants(log)
            return {"edges": len(edges), "variants": len(variants)}
    else:
        import r4pm

        log = r4pm.import_item("EventLog", path)

        def work():
            edges = r4pm.bindings.discover_dfg(log)["directly_follows_relations"]
            kept = r4pm.bindings.log_to_activity_projection(log)
            variants = r4pm.bindings.get_variants(kept)
            r4pm.remove_item(kept)
            return {"edges": len(edges), "variants": len(variants)}

    took = time.perf_counter() - begun
    return {"read_s": took, **repeated(runs, work)}


def ask_frame(question, path, runs):
    begun = time.perf_counter()
    frame = read(path)
    took = time.perf_counter() - begun

    def discover():
        tree = pm4py.discover_process_tree_inductive(frame, noise_threshold=NOISE)
        return {"leaves": str(tree).count("'") // 2}

    def rework():
        return {"activities": len(pm4py.get_rework_cases_per_activity(frame))}

    return {"read_s": took, **repeated(runs, discover if question == "discover" else rework)}


class TooLong(BaseException):
    """Not an Exception: nothing on the way may take it for an error of its own."""


def stop(*_):
    raise TooLong


def ask_align(engine, model, path, most, seconds):
    with open(path, encoding="utf-8") as file:
        variants = [v["variant"] for v in json.load(file)["variants"]]
    net = pm4py.convert_to_petri_net(pm4py.read_bpmn(model))
    if engine == "pm4py":
        from pm4py.algo.conformance.alignments.petri_net import algorithm
        from pm4py.objects.log.obj import Event, Trace

        # A move costs 10,000 there, a silent one 1.
        cost = lambda steps: algorithm.apply(Trace([Event({"concept:name": a}) for a in steps]), *net)["cost"] // 10_000
    else:
        import r4pm

        own = r4pm.petri_net.from_pm4py(*net)
        cost = lambda steps: r4pm.bindings.align_trace(own, steps)["cost"]
    said = {"of": len(variants), "aligned": 0, "given_up": 0, "cost": 0}
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        for steps in variants[:most]:
            try:
                said["cost"] += cost(steps)
                said["aligned"] += 1
            except Exception:
                said["given_up"] += 1
    except TooLong:
        pass
    signal.alarm(0)
    return {**said, "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    if question == "map":
        said = ask_map(engine, rest[0], int(rest[1]))
    elif question == "align":
        said = ask_align(engine, rest[0], rest[1], int(rest[2]), int(rest[3]))
    else:
        said = ask_frame(question, rest[0], int(rest[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"engine": engine, "version": version(engine), "mib": peak, **said}))
