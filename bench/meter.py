"""How much of the machine others used while something was measured; Linux tells it."""
import os
import pathlib
import time

TICKS = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.04  # from this share of the machine on


def machine():
    """Seconds that all processors worked, and that passed on them."""
    ticks = [int(field) for field in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / TICKS, sum(ticks) / TICKS


def process(pid):
    """Seconds that a process and the children it waited for used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / TICKS


class Meter:
    """pids(): gives the processes that belong to us besides this one and its finished children."""
    def __init__(self, pids):
        self.pids = pids
        self.begin()

    def begin(self):
        self.first = (*machine(), self.own())

    def own(self):
        return sum(map(process, [os.getpid(), *self.pids()]))

    def others(self):
        """Their share of all processors since begin."""
        busy, passed, own = (now - then for now, then in zip((*machine(), self.own()), self.first))
        return max(0.0, (busy - own) / passed) if passed else 0.0

    def take(self, measure, patience):
        """Measures, and up to patience times more, each when others are quiet or have not been for half a minute, where
        others disturbed it; gives the least disturbed: their share and the value."""
        taken = []
        for _ in range(1 + patience):
            self.await_quiet(30 if patience else 0)
            self.begin()
            value = measure()
            taken.append((self.others(), value))
            if taken[-1][0] < DISTURBED:
                break
        return min(taken)

    def await_quiet(self, seconds):
        end = time.monotonic() + seconds
        others = 1.0
        while others >= DISTURBED and time.monotonic() < end:
            self.begin()
            time.sleep(0.5)
            others = self.others()
