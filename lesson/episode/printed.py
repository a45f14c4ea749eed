"""What the episode printed: its tables and numbers, as facts to compare with.

The episode is "Advanced layer types" of the Carpentries lesson "Introduction to deep learning"
(carpentries-lab/deep-learning-intro, commit 35fc9941 of 4 October 2023, CC-BY 4.0). Its curves stand in
printed_curves.csv, read off its figures to about 0.003 (accuracy) and 0.006 (loss). keras_runs.csv holds what Keras
3.15.1 gave for the same networks on 5,000 and 10,000 JPEG copies of CIFAR-10's pictures, after the first epoch and the
last: means and standard deviations over runs with different seeds; gap is accuracy less val_accuracy.
"""

import collections
import csv
import math
import pathlib
import statistics

HERE = pathlib.Path(__file__).resolve().parent

Layer = collections.namedtuple("Layer", "kind shape parameters")
Runs = collections.namedtuple("Runs", "mean spread count")

IMAGE_INPUT = Layer("InputLayer", (32, 32, 3), 0)
THREE_CONVOLUTIONS = (
    IMAGE_INPUT,
    Layer("Conv2D", (30, 30, 50), 1400),
    Layer("MaxPooling2D", (15, 15, 50), 0),
    Layer("Conv2D", (13, 13, 50), 22550),
    Layer("MaxPooling2D", (6, 6, 50), 0),
    Layer("Conv2D", (4, 4, 50), 22550),
    Layer("Flatten", (800,), 0),
    Layer("Dense", (50,), 40050),
    Layer("Dense", (10,), 510),
)
WITH_DROPOUT = THREE_CONVOLUTIONS[:6] + (Layer("Dropout", (4, 4, 50), 0),) + THREE_CONVOLUTIONS[6:]
DENSE_ONLY = (
    IMAGE_INPUT,
    Layer("Flatten", (3072,), 0),
    Layer("Dense", (50,), 153650),
    Layer("Dense", (50,), 2550),
    Layer("Dense", (10,), 510),
)
ONE_DENSE = (Layer("InputLayer", (3072,), 0), Layer("Dense", (100,), 307300))

CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
FIRST_LABELS = (
    "frog truck truck deer automobile automobile bird horse ship cat deer horse horse bird truck truck truck "
    "cat bird frog deer cat frog frog bird"
).split()
CONVOLVED = ((0, 0, 0), (-300, -300, -300), (-300, -300, -300), (0, 0, 0))
SWEEP_LOSS = {0.15: 1.395, 0.3: 1.290, 0.45: 1.262, 0.6: 1.287, 0.75: 1.280}
SWEEP = [f"sweep {rate}" for rate in SWEEP_LOSS]  # the trainings of the sweep, in keras_runs.csv
EVALUATED = "313/313 - 2s - loss: 1.4683 - accuracy: 0.5307"

# The figures that show each training.
FIGURES = {
    "cnn": ("04_training_history_1.png", "04_training_history_loss_1.png"),
    "dense": ("04_dense_model_training_history.png",),
    "extra": ("04_training_history_2.png", "04_training_history_loss_2.png"),
    "dropout": ("04_training_history_3.png", "04_training_history_loss_3.png"),
}


def curves(training):
    """The episode's history of a training: a list of numbers for each metric that its figures show."""
    found = collections.defaultdict(list)
    with open(HERE / "printed_curves.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["figure"] in FIGURES[training]:
                found[row["series"]].append(float(row["value"]))
    return dict(found)


def keras(training, metric, first=False):
    """Keras' runs of a training, after their last epoch or the first."""
    with open(HERE / "keras_runs.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["training"], row["metric"]) == (training, metric)]
    row = rows[0 if first else -1]
    return Runs(float(row["mean"]), float(row["spread"]), int(row["runs"]))


def by_chance(trainings, metric, first=False):
    """How far apart two runs of one network lie by chance alone, but for one pair in twenty: Keras' spread over seeds,
    pooled over trainings, times the square root of 2 for a difference, times 2."""
    spreads = [keras(training, metric, first).spread for training in trainings]
    return 2 * math.sqrt(2 * statistics.fmean(spread * spread for spread in spreads))
