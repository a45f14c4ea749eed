"""How many pictures and epochs, what that will take, and how long is left."""

import dataclasses
import time

BUDGET = 300  # seconds the whole lesson may take on two cores


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
        return [option for setting in self.settings for option in ("--set", setting)]


RATES = (0.15, 0.3, 0.45, 0.6, 0.75)
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
        self.quick, self.data = quick, data
        self.rows = 1600 if quick else 5000
        self.held_back = (
            400 if quick else 0
        )  # of the rows, to validate with; 0: the test part serves, as in the episode

    def epochs(self, training):
        return training.quick_epochs if self.quick else training.epochs

    def learned_rows(self):
        return self.rows - self.held_back

    def fit_options(self, training):
        """The options of fit, tune and compare for one of the trainings."""
        options = ["--data", self.data, "--train", self.rows, "--epochs", self.epochs(training)]
        if self.held_back:
            options += ["--validation", self.held_back / self.rows]
        return options + training.set_options()


class Estimate:
    """Seconds each training will take, from a short run of each network on this machine."""

    ROWS = 320
    FORWARD_SHARE = 0.37  # of a step of training, what a validated picture costs: no gradients

    def __init__(self, program, plan, validation_rows):
        self.seconds = {}
        speeds = {}
        for training in TRAININGS:
            key = training.source, training.settings
            if key not in speeds:
                speeds[key] = self.seconds_a_row(program, plan, training)
            rows = plan.learned_rows() + self.FORWARD_SHARE * validation_rows
            self.seconds[training.name] = speeds[key] * rows * plan.epochs(training) * training.fits
        self.rest = 8 if plan.quick else 15  # figures, tables, looking inside
        self.began = time.monotonic()

    def seconds_a_row(self, program, plan, training):
        """From two epochs: the first is slower by what happens once."""
        program.run(
            "fit",
            training.source,
            "--data",
            plan.data,
            "--train",
            self.ROWS,
            "--validation",
            "none",
            "--epochs",
            2,
            *training.set_options(),
            "--overwrite",
            "-o",
            "probe",
        )
        return program.record("probe")["seconds"] / (2 * self.ROWS)

    def total(self):
        return sum(self.seconds.values()) + self.rest

    def announce(self, plan):
        print(f"{'training':<10} {'epochs':>8} {'pictures':>9} {'about':>8}")
        for training in TRAININGS:
            times = f"{training.fits} x " if training.fits > 1 else ""
            print(
                f"{training.name:<10} {times + str(plan.epochs(training)):>8} {plan.learned_rows():>9} "
                f"{clock(self.seconds[training.name]):>8}"
            )
        print(f"{'the rest':<10} {'':>8} {'':>9} {clock(self.rest):>8}")
        print(f"together   about {clock(self.total())}; the lesson's budget is {clock(BUDGET)}", flush=True)
        if self.total() > BUDGET:
            print("That is more than the budget: --quick makes a page in half a minute.", flush=True)

    def done(self, name):
        """Takes what is done off the list and says what is left."""
        self.seconds.pop(name, None)
        print(
            f"  {name} done after {clock(time.monotonic() - self.began)}, about {clock(self.total())} left", flush=True
        )


def clock(seconds):
    """ "42 s" or "3 min 20 s"."""
    seconds = round(seconds)
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02} s"
