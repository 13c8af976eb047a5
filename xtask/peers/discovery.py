"""What pm4py says of our models, opened from our BPMN, and of its own for the same logs.

usage: discovery.py SHARED_DATA_DIR MODELS_DIR [NAME…] > crates/mining/tests/it/answers/discovery.json

MODELS_DIR is filled by the test `write_models` of the mining crate (NAME-0.bpmn, NAME-0.2.bpmn).
Stored for each log: the SHA-256 of both models; fitness by token replay of the model without
noise; at noise 0.2, fitness and precision by token replay, and by alignments on the small
logs, of our model and of the one of the infrequent inductive miner. A measure that takes
longer than its allowance is null. Of the fines, 20 cases of each variant at most are kept.
"""
import contextlib, hashlib, io, json, re, signal, sys, time, warnings
from pathlib import Path

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
folder, models, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
# The table of logs and their reading are those of the other answers; nothing is computed there.
here = Path(__file__).with_name("pm4py_answers.py").read_text(encoding="utf-8")
exec(here.split("\nfolder, names")[0])

NOISE = 0.2
SMALL = {"teleclaims", "loan", "closed-problems", "academic"}
COMPARED = {"receipt", "helpdesk", "sepsis", "bpic2012", "insurance", "teleclaims", "fines", "purchasing", "closed-problems", "incidents", "academic", "loan", "production", "bpic2015-1"}
ALLOWANCE_S = 20


class TooLong(Exception):
    pass


def stop(*_):
    raise TooLong


signal.signal(signal.SIGALRM, stop)


def timed(work):
    signal.alarm(ALLOWANCE_S)
    try:
        return work()
    except TooLong:
        return None
    finally:
        signal.alarm(0)


def measures(frame, net, small):
    fit = timed(lambda: pm4py.fitness_token_based_replay(frame, *net))
    found = {
        "transitions": len(net[0].transitions),
        "silent": sum(t.label is None for t in net[0].transitions),
        "arcs": len(net[0].arcs),
        "replay_fitness": fit and fit["log_fitness"],
        "replay_cases_fitting_percent": fit and fit["perc_fit_traces"],
        "replay_precision": timed(lambda: pm4py.precision_token_based_replay(frame, *net)),
    }
    if small:
        fit = timed(lambda: pm4py.fitness_alignments(frame, *net))
        found["alignment_fitness"] = fit and fit["log_fitness"]
        found["alignment_precision"] = timed(lambda: pm4py.precision_alignments(frame, *net))
    return found


def ours(name, noise):
    file = models / f"{name}-{noise}.bpmn"
    return pm4py.convert_to_petri_net(pm4py.read_bpmn(str(file))), hashlib.sha256(file.read_bytes()).hexdigest()


found = {}
for name in names or list(LOGS):
    path, columns, ignored = LOGS[name]
    begun = time.time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        frame = read(f"{folder}/{path}", columns, ignored)
        net, sha = ours(name, 0)
        fit = timed(lambda: pm4py.fitness_token_based_replay(frame, *net))
        answer = {"sha256": sha, "replay_fitness": fit and fit["log_fitness"], "replay_cases_fitting_percent": fit and fit["perc_fit_traces"]}
        if name in COMPARED:
            if name == "fines":
                order = frame.groupby(CASE)[ACTIVITY].agg(tuple)
                kept = order.groupby(order).head(20).index
                frame = frame[frame[CASE].isin(kept)]
            net, sha = ours(name, NOISE)
            answer["ours"] = {"sha256": sha, **measures(frame, net, name in SMALL)}
            tree = pm4py.discover_process_tree_inductive(frame, noise_threshold=NOISE)
            answer["theirs"] = measures(frame, pm4py.convert_to_petri_net(tree), name in SMALL)
    found[name] = answer
    print(name, round(time.time() - begun, 1), json.dumps(answer), file=sys.stderr, flush=True)
print(json.dumps({"pm4py": pm4py.__version__, "noise": NOISE, "logs": found}, indent=1))
