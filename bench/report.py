"""A measurement's numbers: taken in rounds, printed as a table, written as CSV and drawn as bars (SVG)."""
import csv
import statistics
from xml.sax.saxutils import escape


class Contest:
    """One quantity of several programs. entries: {program: function that measures once}; share: of the machine's peak,
    for each unit of the quantity; rounds: instead of the run's."""
    def __init__(self, measurement, title, unit, entries, share=None, less_is_better=False, rounds=None):
        self.measurement, self.title, self.unit, self.entries = measurement, title, unit, entries
        self.share, self.less_is_better, self.rounds = share, less_is_better, rounds
        self.values, self.failed, self.disturbed = {}, {}, []

    def run(self, rounds, take):
        """All take turns, so that what disturbs the machine disturbs all. take: calls a function that measures; gives
        the share of the machine that others used meanwhile, and what was measured."""
        for _ in range(self.rounds or rounds):
            for program, measure in self.entries.items():
                if program in self.failed:
                    continue
                try:
                    others, value = take(measure)
                    self.disturbed.append(others)
                    self.values.setdefault(program, []).append(value)
                except RuntimeError as problem:
                    self.failed[program] = str(problem)
                    self.values.pop(program, None)

    def others(self):
        return statistics.mean(self.disturbed) if self.disturbed else 0.0

    def rows(self):
        first = None
        for program, values in self.values.items():
            middle = statistics.median(values)
            first = first or middle
            yield {"measurement": self.measurement, "what": self.title, "program": program, "unit": self.unit,
                   "median": middle, "low": min(values), "high": max(values), "rounds": len(values),
                   "others": self.others(), "share_of_peak": middle * self.share if self.share else "",
                   "lead_of_first": middle / first if self.less_is_better else first / middle}

    def print(self):
        busy = f" ({self.others():.0%} of the machine was used by others)" if self.others() >= 0.02 else ""
        print(f"\n{self.title}{busy}")
        print(f"  {self.unit:20} {'median':>9} {'low':>9} {'high':>9} {'of peak' if self.share else '':>8} {'lead':>7}")
        for row in self.rows():
            share = f"{row['share_of_peak']:.0%}" if self.share else ""
            numbers = " ".join(f"{number(row[key]):>9}" for key in ("median", "low", "high"))
            print(f"  {row['program']:20} {numbers} {share:>8} {row['lead_of_first']:6.2f}x")
        for program, why in self.failed.items():
            print(f"  {program:20} failed: {why}")
        print(end="", flush=True)


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def write(contests, folder):
    folder.mkdir(exist_ok=True)
    for name in dict.fromkeys(contest.measurement for contest in contests):
        rows = [row for contest in contests if contest.measurement == name for row in contest.rows()]
        if rows:
            with open(folder / f"{name}.csv", "w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=rows[0].keys())
                writer.writeheader()
                writer.writerows({key: f"{value:.5g}" if isinstance(value, float) else value
                                  for key, value in row.items()} for row in rows)
    (folder / "bench.svg").write_text(picture(contests))


WIDTH, LEFT, BARS, LINE = 760, 150, 480, 20
OURS, THEIRS = "#8b3a62", "#9aa5b1"


def picture(contests):
    """A panel of bars for each contest."""
    parts, y = [], 10
    for contest in contests:
        rows = list(contest.rows())
        if not rows:
            continue
        parts.append(f'<text x="8" y="{y + 14}" font-weight="bold">{escape(contest.title)} ({contest.unit})</text>')
        scale = BARS / max(row["high"] for row in rows)
        for row in rows:
            y += LINE
            parts.append(bar(row, y + 4, scale, OURS if row is rows[0] else THEIRS))
        y += LINE + 16
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" '
            f'font-size="12"><title>{escape("; ".join(contest.title for contest in contests))}</title>'
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n')


def bar(row, y, scale, colour):
    """The median, with a thin line from the lowest to the highest round."""
    width, low, high = (row[key] * scale for key in ("median", "low", "high"))
    middle = y + LINE / 2
    return (f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(row["program"])}</text>'
            f'<rect x="{LEFT}" y="{y + 3}" width="{width:.1f}" height="{LINE - 6}" fill="{colour}"/>'
            f'<path d="M{LEFT + low:.1f} {middle}H{LEFT + high:.1f}" stroke="#222"/>'
            f'<text x="{LEFT + high + 6:.1f}" y="{middle + 4}">{number(row["median"])}</text>')
