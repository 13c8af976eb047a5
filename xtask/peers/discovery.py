"""What pm4py says of our models, opened from our BPMN, and of its own for the same logs.

usage: discovery.py SHARED_DATA_DIR MODELS_DIR [NAME…] > crates/mining/tests/it/answers/discovery.json

MODELS_DIR is filled by the test `write_models` of the mining crate (NAME-0.2.bpmn). Stored for
each log: the SHA-256 of our diagram, then fitness and precision, by alignments and by token
replay, of the net pm4py reads in it and of the net of its own infrequent inductive miner. Both
miners see the whole log; the measures are taken on the variants and cases of conformance.py.
"""
import contextlib, hashlib, io, json, sys, time
from pathlib import Path

sys.dont_write_bytecode = True
from conformance import LOGS, measure, pm4py, read, variants

NOISE = 0.2
KEPT = ["variants", "cases", "align_log_fitness", "align_average_fitness", "align_precision",
        "align_precision_variants", "replay_log_fitness", "replay_precision"]


def judged(kept, few, net):
    found = measure(kept, few, *net)
    steps = net[0].transitions
    return {"transitions": len(steps), "silent": sum(t.label is None for t in steps), **{k: found[k] for k in KEPT}}


folder, models, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:] or list(LOGS)
logs = {}
for name in names:
    path, columns, top, few, thin = LOGS[name]
    began = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        frame = read(f"{folder}/{path}", columns)
        kept = [(steps, -(-cases // thin)) for steps, cases in variants(frame)[:top]]
        file = models / f"{name}-{NOISE}.bpmn"
        ours = pm4py.convert_to_petri_net(pm4py.read_bpmn(str(file)))
        theirs = pm4py.discover_petri_net_inductive(frame, noise_threshold=NOISE)
        logs[name] = {
            "file": path, "cases_divided_by": thin,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "ours": judged(kept, few, ours), "theirs": judged(kept, few, theirs),
        }
    print(name, round(time.process_time() - began, 1), json.dumps(logs[name]), file=sys.stderr, flush=True)
print(json.dumps({"pm4py": pm4py.__version__, "noise": NOISE, "logs": logs}, indent=1))
