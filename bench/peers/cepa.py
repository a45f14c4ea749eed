"""Cepa itself, as bench/run asks the peers' processes: trained by the command, predicting through bench/predict.c."""
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import threading
import time

from meter import process

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("CEPA_BUILD", "build")
EPOCH_END = re.compile(r"\d+/\d+ - ")  # how fit --verbose 2 says so, and roofline --meet


def fit_command(model, data, epochs, batch, threads, more=()):
    how = {"--data": data, "--scale": "1/255", "--validation": "none", "--verbose": 2, "--epochs": epochs,
           "--batch-size": batch, "--threads": threads}
    return [BUILD / "cepa", "fit", model, *(str(word) for pair in how.items() for word in pair), *more]


def timed(command):
    """Runs a command; seconds by the clock."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def pin(core):
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def npy(kind, shape, numbers):
    """An array as NumPy's file format has it."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers


class Standing:
    """A command that says how far it is after so many rows each, and goes on only while its rate is asked for."""
    def __init__(self, command, rows, core=None):
        self.rows, self.ends = rows, []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pin(core))
        threading.Thread(target=self.read, daemon=True).start()
        while len(self.ends) < 2:
            if self.process.poll() is not None:
                raise subprocess.CalledProcessError(self.process.returncode, command)
            time.sleep(0.01)
        self.process.send_signal(signal.SIGSTOP)

    def read(self):
        for line in self.process.stdout:
            if EPOCH_END.match(line):
                self.ends.append(time.perf_counter())

    def ended(self, since):
        return [end for end in self.ends if end >= since]

    def rate(self, since):
        """Rows a second, of the epochs that began and ended since then."""
        ends = self.ended(since)
        return self.rows * (len(ends) - 1) / (ends[-1] - ends[0])

    def close(self):
        self.process.kill()
        self.process.wait()


def rate_together(commands, seconds):
    """Rows a second of commands that go on at once, for so long and at least until each has ended three epochs."""
    for command in commands:
        command.process.send_signal(signal.SIGCONT)
    since = time.perf_counter()
    time.sleep(seconds)
    while any(len(command.ended(since)) < 3 for command in commands):
        time.sleep(0.01)
    for command in commands:
        command.process.send_signal(signal.SIGSTOP)
    return sum(command.rate(since) for command in commands)


class Cepa:
    """Answers as peers/worker.py does."""
    def __init__(self, threads, core):
        self.threads, self.core = threads, core

    def ask(self, do, **request):
        return {"train": self.train, "predict": self.predict}[do](**request)

    def train(self, network, data, batch, epochs):
        """An epoch without what happens before the first ends."""
        command = fit_command(f"{network}/model.keras", data, 1 + epochs, batch, self.threads)
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pin(self.core))
        ends = [(time.perf_counter(), process(child.pid)) for line in child.stdout if EPOCH_END.match(line)]
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command)
        wall, cpu = ((last - first) / epochs for first, last in zip(ends[0], ends[-1]))
        return {"wall": wall, "cpu": cpu, "peak": used.ru_maxrss * 1024}

    def predict(self, network, batch, seconds):
        done = subprocess.run([BUILD / "bench" / "predict", f"{network}/model.keras", f"{network}/x.npy", str(batch),
                               str(self.threads), str(seconds)], check=True, capture_output=True, text=True,
                              preexec_fn=pin(self.core))
        return json.loads(done.stdout)

    def close(self):
        pass
