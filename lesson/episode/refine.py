"""Steps 9 and 10 of the lesson, refining and sharing, and its key points."""

import csv

import printed
from learn import TRAINING, compare_training, draw_curves, in_words, spread_text, train
from look import question, tuple_text
from page import Row
from plan import RATES


def deeper(book):
    page = book.page
    page.section("step-9", "9. Refining")
    page.heading("One more convolution")
    question(book, "deeper")
    book.show("diff lesson/cifar_model.py lesson/extra_layer.py")
    total = book.compare_layers(
        "The table of the network with a third convolution", printed.THREE_CONVOLUTIONS, "lesson/extra_layer.py"
    )
    before = book.parameters("lesson/cifar_model.py")
    page.compare(
        "More or fewer parameters?",
        Row("change against the network before", "fewer", "fewer" if total < before else "more"),
        Row(
            "change against the table printed before",
            "fewer",
            "none",
            "the episode printed this network's table in step 4 too; against that nothing changes",
        ),
    )
    train(book, "extra")
    draw_curves(book, "extra", "the network with a third convolution")
    compare_training(book, "extra")
    in_words(book, "extra")
    page.text(
        "The episode's two figures of this network are of two runs: their epochs count from 0 in one and from 1 in the"
        " other."
    )
    page.heading("Other kinds of data")
    page.text(
        "Convolution and pooling fit whatever has an order in which neighbours belong together and a pattern means the"
        " same wherever it stands: sound, the readings of an accelerometer, molecules in space, text."
    )
    question(book, "penguins")
    question(book, "weather")
    question(book, "elsewhere")


def dropout(book):
    page = book.page
    page.heading("Dropout")
    page.text(
        "Learning on while validation turns round is overfitting; what is done against it is called regularization."
        " Dropout (Srivastava et al., 2014) sets a random share of the numbers it is given to zero, anew for every"
        " picture of every step, and multiplies the others so that their sum keeps its size. So no unit can lean on a"
        " single other one. When the network predicts, nothing is dropped. It stands behind a convolution here: of its"
        " 4 x 4 x 50 = 800 numbers a rate of 0.8 keeps 160 on average, times 5."
    )
    model = "lesson/dropout_model.py"
    page.figures(
        book.draw(
            f"inspect dropout {model} -o figures/sketch.svg",
            "Without and with dropout: a real mask of the first step, on five numbers of each layer.",
            "chart wide",
        )
    )
    book.show(f"inspect dropout {model} --batch-size 8")
    total = book.compare_layers("The table of the network with dropout", printed.WITH_DROPOUT, model)
    dropped = next(layer for layer in book.layers(model)[0] if layer.kind == "Dropout")
    page.compare(
        "What dropout changes",
        Row("parameters", 87060, total),
        Row("shape behind it", "(4, 4, 50)", tuple_text(*dropped.shape)),
        Row("parameters of the dropout layer", 0, dropped.parameters),
    )
    train(book, "dropout")
    draw_curves(book, "dropout", "the network with dropout 0.8")
    compare_training(book, "dropout")
    in_words(book, "dropout")
    gaps(book)
    question(book, "prediction")
    evaluated(book)


def gaps(book):
    extra, dropped = book.program.history("extra"), book.program.history("dropout")
    theirs = {name: printed.curves(name) for name in ("extra", "dropout")}
    because = book.why_trained_otherwise()
    book.page.compare(
        "What dropout is for: accuracy less val_accuracy after the last epoch",
        *(
            Row(
                words,
                theirs[name]["accuracy"][-1] - theirs[name]["val_accuracy"][-1],
                ours["accuracy"][-1] - ours["val_accuracy"][-1],
                because,
                printed.by_chance([name], "gap"),
            )
            for name, words, ours in (("extra", "without dropout", extra), ("dropout", "with dropout 0.8", dropped))
        ),
        Row(
            "val_accuracy with dropout",
            "higher",
            "higher" if dropped["val_accuracy"][-1] > extra["val_accuracy"][-1] else "lower",
            because,
        ),
        Row(
            "val_loss with dropout",
            "lower",
            "lower" if dropped["val_loss"][-1] < extra["val_loss"][-1] else "higher",
            because,
        ),
    )
    book.page.text(
        "One run of each says little: over five, Keras has a val_accuracy of "
        + " and ".join(
            f"{spread_text(printed.keras(name, 'val_accuracy'))} {how}"
            for name, how in (("extra", "without dropout"), ("dropout", "with it"))
        )
        + " on JPEG copies of the pictures. The loss tells the two apart in every run."
    )


def evaluated(book):
    page = book.page
    page.text(
        "Under this network the episode prints a line of evaluation that its own figure contradicts (it ends at a loss"
        " of 1.270 and an accuracy of 0.547). The line is of February 2021, when the network was smaller: 32 kernels,"
        " 32 units, dropout 0.2. That one is trained here too."
    )
    train(book, "older")
    options = f"--data {book.plan.data} --style keras2.6 --verbose 2"
    book.show(f"evaluate dropout {options}")
    theirs, ours = evaluation(printed.EVALUATED), evaluation(book.show(f"evaluate older {options}"))
    because = book.why_trained_otherwise()
    page.compare(
        "The printed line and the network it is of",
        Row("steps", theirs["steps"], ours["steps"], book.because_of_data("")),
        Row("loss", theirs["loss"], ours["loss"], because, printed.by_chance(printed.SWEEP, "val_loss")),
        Row(
            "accuracy",
            theirs["accuracy"],
            ours["accuracy"],
            because,
            printed.by_chance(printed.SWEEP, "val_accuracy"),
        ),
        Row(
            "parameters",
            None,
            book.program.record("older")["parameters"],
            "the episode shows the table of the later, larger network",
        ),
    )


def evaluation(text):
    """The numbers in Keras' line of an evaluation (such as printed.EVALUATED), which may go on behind them."""
    steps, _, *metrics = text.split(" - ")[:4]
    return {"steps": steps} | {name: float(number) for name, number in (metric.split(": ") for metric in metrics)}


def sweep(book):
    page = book.page
    page.heading("Which dropout rate?")
    question(book, "rate")
    rates = ",".join(map(str, RATES))
    options = f"{book.plan.fit_options(TRAINING['sweep'])} --objective val_loss --overwrite -o sweep"
    with book.estimate.training("sweep"):
        book.show(f"tune lesson/dropout_model.py --vary dropout_rate={rates} {options}")
    page.figures(
        book.drawn("sweep/figures/values.svg", "val_loss for each dropout rate."),
        book.drawn("sweep/figures/curves.svg", "val_loss of every trial over the epochs."),
    )
    compare_rates(book)
    question(book, "term")
    question(book, "choice")


def compare_rates(book):
    page = book.page
    with open(book.work / "sweep/trials.csv", newline="") as file:
        losses = {float(row["dropout_rate"]): float(row["val_loss"]) for row in csv.DictReader(file)}
    because = book.why_trained_otherwise()
    keras = [printed.keras(training, "val_loss") for training in printed.SWEEP]
    band = printed.by_chance(printed.SWEEP, "val_loss")
    page.compare(
        "Test loss for each rate; Keras 3.15: mean and spread of three runs on JPEG copies of the pictures",
        *(Row(f"dropout_rate {rate}", printed.SWEEP_LOSS[rate], losses[rate], because, band) for rate in RATES),
        extra=("Keras 3.15", [spread_text(runs) for runs in keras]),
    )
    low = RATES[keras.index(min(keras))]
    page.compare(
        "The verdict",
        Row(
            "best rate",
            0.45,
            min(losses, key=losses.get),
            "one run for each rate does not tell the best apart: from 0.45 to "
            "0.75 the rates lie within the spread over seeds"
            + ("" if not book.plan.quick and book.real else f" (and {book.because_of_data('')})"),
        ),
        Row("worst rate", 0.15, max(losses, key=losses.get), because),
    )
    page.text(
        f"Over three seeds Keras has its lowest mean at {low:.2f}, but 0.45 to 0.75 cannot be told apart; `--seeds 3`"
        " shows the spread here too. The episode chooses the rate with the very pictures that measure it, and says"
        " that one should not; `cepa tune` warns of it. `--validation 0.2` chooses with a fifth of the pictures to"
        " learn from, and measures on the test part."
    )


def share(book):
    page, program = book.page, book.program
    page.section("step-10", "10. Sharing the model")
    page.text(
        "`model.save('cnn_model')` in the episode, `cepa_save(model, \"cnn_model\")` in C: a name without an ending"
        " will do. Keras 3 refuses such a name; Cepa adds `.keras`, and Keras opens the file. It holds the network, its"
        " weights, and what the optimizer needs to go on training."
    )
    found = sorted(path.name for path in book.work.glob("cnn_model*"))
    last = program.history("dropout")["val_loss"][-1]
    again = program.json(f"evaluate dropout/model.keras --data {book.plan.data}")
    page.compare(
        "The saved model",
        Row("file that the C program left", "cnn_model", " ".join(found), "the ending says what kind of file it is"),
    )
    if not book.plan.held_back:
        page.compare(
            "The file opened again",
            Row("val_loss of the network with dropout", last, again["loss"], within=1e-12),
            beside="before saving",
        )
    book.show("summary cnn_model.keras", folded=True)


def key_points(book):
    book.page.section("key-points", "Key points")
    book.page.items(
        "A convolution uses the same few weights at every place of a picture: "
        "2,700 of them do what takes a dense layer 307,300.",
        "Pooling halves height and width, so that later layers see more of the picture and have less to carry.",
        "Dropout narrows the gap between what a network has learned from and what it has not seen.",
        "A number from one run is one draw: give the seed, repeat it, and show the spread.",
    )


def differences(book):
    """All that differs, a table for each reason."""
    page = book.page
    page.section("differences", "What differs, and why")
    for reason, rows in page.differences().items():
        page.table(f"Because {reason}", ("step", "what", "printed", "here"), rows)
