# What ends every script of a peer: one request a line on standard input, one answer a line on standard output. A script has answer(request),
# or PEERS: by name, what makes of an input the work to be timed, a function that says what it found; its attribute check, if it has
# one, is called before the clock starts.
import json
import sys
import time
import traceback


def timed(request):
    work = PEERS[request["peer"]](request["input"])  # noqa: F821
    if check := getattr(work, "check", None):
        check()
    start, used = time.perf_counter(), time.process_time()
    found = work()
    return {"Wall": time.perf_counter() - start, "CPU": time.process_time() - used, "Found": found}


answer = globals().get("answer", timed)
for line in sys.stdin:
    try:
        out = answer(json.loads(line))
    except Exception:
        out = {"Error": traceback.format_exc()}
    print(json.dumps(out), flush=True)
