"""How many pictures and epochs, what that will take, and how long is left."""

import contextlib
import dataclasses
import shlex
import time

import printed


@dataclasses.dataclass(frozen=True)
class Training:
    """One of the lesson's trainings: how often it goes over the pictures, in the episode and in the quick page."""

    name: str
    source: str
    epochs: int
    quick_epochs: int
    settings: tuple = ()
    fits: int = 1

    def set_options(self):
        return "".join(f" --set {setting}" for setting in self.settings)


RATES = tuple(printed.SWEEP_LOSS)
OLDER = ("dropout_rate=0.2", "filters=32", "units=32")
TRAININGS = (
    Training("cnn", "lesson/cifar_model.py", 10, 4),
    Training("dense", "lesson/dense_model.py", 30, 10),
    Training("extra", "lesson/extra_layer.py", 20, 5),
    Training("dropout", "lesson/dropout_model.py", 20, 5),
    Training("older", "lesson/dropout_model.py", 20, 3, OLDER),
    Training("sweep", "lesson/dropout_model.py", 20, 2, fits=len(RATES)),
)


class Plan:
    """The size of everything: the episode's, or a tenth of it for a page in half a minute."""

    def __init__(self, quick, data):
        self.quick, self.data = quick, shlex.quote(data)
        self.budget = 30 if quick else 300  # seconds on two cores
        self.rest = 8 if quick else 15  # of them for figures, tables and looking inside
        self.rows = 1600 if quick else 5000
        self.held_back = 400 if quick else 0  # of the rows, to validate with; 0: the test part, as in the episode

    def epochs(self, training):
        return training.quick_epochs if self.quick else training.epochs

    def learned_rows(self):
        return self.rows - self.held_back

    def fit_options(self, training):
        """The options of fit, tune and compare for one of the trainings."""
        validation = f" --validation {self.held_back / self.rows}" if self.held_back else ""
        rows = f"--data {self.data} --train {self.rows}{validation}"
        return f"{rows} --epochs {self.epochs(training)}{training.set_options()}"


class Estimate:
    """Seconds each training will take, from a short run of each network on this machine, put right by those that are
    done."""

    ROWS, EPOCHS = 320, 2  # of the short runs

    def __init__(self, program, plan, validation_rows):
        self.began = time.monotonic()
        self.plan, self.expected, self.took = plan, {}, {}
        threads = program.json("doctor")["threads"]
        speeds = {}
        for training in TRAININGS:
            network = training.source, training.settings
            if network not in speeds:
                speeds[network] = self.seconds_a_row(program, training, validation_rows)
            turns = -(-training.fits // threads) * threads if training.fits > 1 else 1  # as many at once as threads
            self.expected[training.name] = speeds[network] * plan.learned_rows() * plan.epochs(training) * turns

    def seconds_a_row(self, program, training, validation_rows):
        """What a row costs that is learned from, with its share of the validation."""
        share = validation_rows / (self.plan.learned_rows() + validation_rows)
        rows = f"--data {self.plan.data} --train {self.ROWS / (1 - share):.0f} --validation {share:.4f}"
        options = f"--epochs {self.EPOCHS}{training.set_options()} --overwrite -o probe"
        program.run(f"fit {training.source} {rows} {options}")
        return program.record("probe")["seconds"] / (self.EPOCHS * self.ROWS)

    def left(self):
        """Seconds until the page is there, if the machine stays as fast as it was."""
        done = sum(self.expected[name] for name in self.took)
        slowness = sum(self.took.values()) / done if done else 1
        return slowness * (sum(self.expected.values()) - done) + self.plan.rest

    def announce(self):
        plan = self.plan
        print(f"{'training':<10} {'epochs':>8} {'pictures':>9} {'about':>12}")
        for training in TRAININGS:
            times = f"{training.fits} x " if training.fits > 1 else ""
            print(
                f"{training.name:<10} {times + str(plan.epochs(training)):>8} {plan.learned_rows():>9} "
                f"{clock(self.expected[training.name]):>12}"
            )
        print(f"{'the rest':<10} {'':>8} {'':>9} {clock(plan.rest):>12}")
        print(f"together   about {clock(self.left())}; the budget is {clock(plan.budget)} on two cores", flush=True)
        if self.left() > plan.budget:
            hint = "" if plan.quick else ": --quick makes a page in half a minute"
            print(f"This machine takes longer now{hint}.", flush=True)

    @contextlib.contextmanager
    def training(self, name):
        """Stands around a training: takes its time, and says what is left."""
        start = time.monotonic()
        yield
        self.took[name] = time.monotonic() - start
        print(
            f"  {name} done after {clock(time.monotonic() - self.began)}, about {clock(self.left())} left", flush=True
        )


def clock(seconds):
    """ "42 s" or "3 min 20 s"."""
    seconds = round(seconds)
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02} s"
