"""Runs one peer in a process of its own, for bench/run: reads requests as lines of JSON and answers each with one.

Usage: python -m peers.worker PEER THREADS CORE    CORE pins the process to one core; -: it may use all

Requests: {"do": "train", "network", "data", "batch", "epochs"}, {"do": "predict", "network", "batch", "seconds"}. The
answer has "wall" and "cpu", seconds an epoch or a call, and "peak", the most bytes that were resident so far; or
"missing" or "error". What a peer prints, and where it failed, goes to stderr."""
import importlib
import json
import os
import resource
import statistics
import sys
import time
import traceback


class Bench:
    def __init__(self, peer):
        self.peer = peer
        self.made = {}

    def once(self, key, make):
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def train(self, network, data, batch, epochs):
        def make():
            arrays = np.load(data)
            epochs_of = self.peer.trainer(Network(network), arrays["x"], arrays["y"], batch)
            epochs_of(1)
            return epochs_of
        train = self.once(("train", network, data, batch), make)
        wall, cpu = time.perf_counter(), time.process_time()
        train(epochs)
        return (time.perf_counter() - wall) / epochs, (time.process_time() - cpu) / epochs

    def predict(self, network, batch, seconds):
        def make():
            call = self.peer.predictor(Network(network), np.load(f"{network}/x.npy")[:batch])
            expected = np.load(f"{network}/y.npy")[:batch]
            furthest = abs(np.asarray(call()) - expected).max() / abs(expected).max()
            if not furthest < 1e-3:
                raise ValueError(f"its outputs are {furthest:.2g} of the largest away from Cepa's")
            return call
        call = self.once(("predict", network, batch), make)
        calls, start, cpu = [], time.perf_counter(), time.process_time()
        while not calls or calls[-1] < start + seconds:
            call()
            calls.append(time.perf_counter())
        each = [b - a for a, b in zip([start] + calls, calls)]
        return statistics.median(each), (time.process_time() - cpu) / len(calls)

    def answer(self, do, **request):
        wall, cpu = {"train": self.train, "predict": self.predict}[do](**request)
        return {"wall": wall, "cpu": cpu, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    name, threads, core = sys.argv[1:]
    if core != "-":
        os.sched_setaffinity(0, {int(core)})
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints is no answer
    try:
        global np, Network
        import numpy as np
        from peers.network import Network
        bench = Bench(importlib.import_module(f"peers.{name}").Peer(int(threads)))
        print(json.dumps({"ready": True}), file=answers, flush=True)
    except Exception as problem:
        print(json.dumps({"missing": f"{type(problem).__name__}: {problem}"}), file=answers, flush=True)
        return
    for line in sys.stdin:
        try:
            reply = bench.answer(**json.loads(line))
        except Exception as problem:
            traceback.print_exc()
            reply = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
