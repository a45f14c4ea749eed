"""Steps 5 to 8 of the lesson: what is minimised, training, prediction, and measuring."""

import re

import printed
from look import question
from page import Row
from plan import TRAININGS

TRAINING = {training.name: training for training in TRAININGS}


def compile_step(book):
    page = book.page
    page.section("step-5", "5. Loss and optimizer")
    page.text(
        "Adam changes the weights; what it makes smaller is the cross-entropy between the classes and the network's ten"
        " numbers. `SparseCategoricalCrossentropy(from_logits=True)` takes the classes as whole numbers (sparse, not"
        " one-hot) and the network's raw numbers (logits: the last layer has no softmax). Accuracy is watched"
        " beside it."
    )
    page.items(
        "`compile_model(model)` is a function of the source text and serves all networks of the lesson.",
        "Adam as Keras has it: rate 0.001, decay 0.9 and 0.999, epsilon 1e-7.",
        "A softmax before a loss that expects logits, or logits before one that does not, is warned of.",
    )


def train(book, name):
    """Trains one of the lesson's networks, and gives its history."""
    training = TRAINING[name]
    with book.estimate.training(name):
        book.show(f"fit {training.source} {book.plan.fit_options(training)} --overwrite -o {name}", folded=True)
    return book.program.history(name)


def compare_training(book, name):
    """The episode's numbers for a training beside ours and those of Keras."""
    theirs, ours = printed.curves(name), book.program.history(name)
    because = book.why_trained_otherwise()
    rows, keras = [], []
    for metric in ("accuracy", "val_accuracy", "loss", "val_loss"):
        if metric not in theirs:
            continue
        for which, epoch in (("first", 0), ("last", -1)):
            first = which == "first"
            band = printed.by_chance([name], metric, first)
            rows.append(Row(f"{metric}, {which} epoch", theirs[metric][epoch], ours[metric][epoch], because, band))
            keras.append(printed.keras(name, metric, first))
    book.page.compare(
        f"Read off the episode's figures, beside this run and Keras 3.15 ({keras[0].count} runs on JPEG copies of the"
        " pictures: mean and spread)",
        *rows,
        extra=("Keras 3.15", [spread_text(runs) for runs in keras]),
    )


def spread_text(runs):
    return f"{runs.mean:.3f} ± {runs.spread:.3f}"


def draw_curves(book, name, what, offset=0):
    """Accuracy and loss of a run, with the episode's curves where it shows them."""
    theirs, figures = printed.curves(name), []
    history = book.work / "episode"
    length = len(next(iter(theirs.values())))
    rows = [",".join(["epoch", *theirs])] + [
        ",".join([str(i), *(f"{theirs[m][i]}" for m in theirs)]) for i in range(length)
    ]
    history.write_text("\n".join(rows) + "\n")
    for metric in ("accuracy", "loss"):
        beside, words = (" episode", ", and the episode's.") if metric in theirs else ("", ".")
        figures.append(
            book.draw(
                f"plot {name}{beside} --metrics {metric},val_{metric} -o figures/{name}-{metric}.svg",
                f"{metric.capitalize()} of {what}{words}",
            )
        )
    book.page.figures(*figures)


def in_words(book, name):
    """What the report of a run says of it."""
    output = book.program.run(f"report {name} --data {book.plan.data}")
    book.page.text("In the words of `cepa report`: " + output.split("\nWrote")[0].strip())


def first_training(book):
    page, plan = book.page, book.plan
    page.section("step-6", "6. Training")
    training = TRAINING["cnn"]
    page.text(
        f"{plan.epochs(training)} times over {plan.learned_rows():,} pictures, in batches of 32, shuffled anew each"
        " time."
    )
    train(book, "cnn")
    steps = -(-plan.learned_rows() // 32)
    page.compare(
        "What the progress counts",
        Row(
            "steps in an epoch (batches of 32)", 157, steps, "the quick page takes fewer pictures" if plan.quick else ""
        ),
    )
    page.text(
        "Why validation starts out ahead: `accuracy` and `loss` are averages over the epoch, taken while the weights"
        " still change, and `val_accuracy` and `val_loss` are measured at its end."
    )
    in_c(book)


def in_c(book):
    """The same network through the C interface: the first epochs must give the same numbers."""
    page, plan = book.page, book.plan
    epochs = 1 if plan.quick else 2
    rows = plan.learned_rows()
    page.heading("The same in C")
    typed = f"{plan.data} {rows} {epochs}"
    output = book.program.lesson_in_c(typed)
    page.command(f"build/examples/example_lesson {typed}", output)
    history = book.program.history("cnn")
    lines = [dict(re.findall(r"(\w+): ([0-9.]+)", text)) for text in output.splitlines()]
    metrics = ("loss", "accuracy") if plan.held_back else ("loss", "accuracy", "val_loss", "val_accuracy")
    page.text(
        "`examples/lesson.c` makes the same network with calls of the C interface. It starts from the command's seed,"
        " so its numbers must be the command's, to the last digit shown."
    )
    page.compare(
        "The C program beside the command",
        *(
            Row(f"{metric}, epoch {epoch + 1}", f"{history[metric][epoch]:.4f}", line[metric])
            for epoch, line in enumerate(lines)
            for metric in metrics
        ),
        beside="the command",
    )


def predict(book):
    page = book.page
    page.section("step-7", "7. Prediction")
    page.text(
        "The episode leaves this step out, for measuring predicts behind the scenes. Here is one all the same: the"
        " first picture of the test part, and where in it the network finds its answer."
    )
    data = book.plan.data
    book.show("predict cnn picture.png --top 3")
    page.figures(
        book.draw(
            f"inspect cam cnn --data {data} -o figures/cam.svg",
            "Where the likeliest class shows: gradients of its number, on the last maps.",
            "pixels",
        ),
        book.draw(
            f"inspect maps cnn --data {data} -o figures/maps.png",
            "What each layer makes of the first test picture: some maps of every layer.",
            "pixels wide",
        ),
    )
    page.heading("One number of it, worked out")
    book.show(f"inspect unit cnn --data {data} --layer conv2d --at 10,10,0", folded=True)
    book.show(f"inspect unit cnn --data {data} --layer max_pooling2d --at 5,5,0")
    page.figures(
        book.draw(
            "inspect filters cnn -o figures/filters.svg",
            "The 50 kernels that the first layer has learned, in colours.",
            "pixels",
        )
    )


def measure(book):
    page = book.page
    page.section("step-8", "8. Measuring")
    page.heading("The first network")
    draw_curves(book, "cnn", "the first network")
    compare_training(book, "cnn")
    page.text(
        "With a seed, Keras 3.15 goes over the pictures in the same order in every epoch, which costs it a little;"
        " without one, and in Cepa, every epoch has an order of its own."
    )
    in_words(book, "cnn")
    page.text(
        "The episode calls the network somewhat overfitting, as validation stagnates. The curves also come as text, for"
        " a terminal or a screen reader:"
    )
    book.show("plot cnn --text --width 72", folded=True)
    against_dense(book)
    page.heading("What it gets wrong")
    page.figures(
        book.draw(
            f"inspect mistakes cnn --data {book.plan.data} --count 10 -o figures/mistakes.svg",
            "The most confident mistakes of the first network: true class, what it was taken for, and how sure it was.",
            "pixels",
        )
    )


def against_dense(book):
    page = book.page
    page.heading("Against dense layers alone")
    book.show("summary lesson/dense_model.py --style keras2.14", folded=True)
    total = book.compare_layers("The table of the dense network", printed.DENSE_ONLY, "lesson/dense_model.py")
    ours = book.parameters("lesson/cifar_model.py")
    train(book, "dense")
    draw_curves(book, "dense", "the dense network")
    compare_training(book, "dense")
    book.show("compare cnn dense --overwrite -o against")
    page.figures(book.drawn("against/figures/accuracy.svg", "Both networks' accuracy."))
    cnn, dense = (book.program.history(name)["val_accuracy"][-1] for name in ("cnn", "dense"))
    page.compare(
        "What the episode says of the two",
        Row(
            "parameters of the dense network for one of the other",
            1.5,
            round(total / ours, 2),
            f"{total:,} / {ours:,} is {total / ours:.2f}; the text's number never was",
        ),
        Row(
            "validation accuracy, dense, about",
            0.35,
            dense,
            book.why_trained_otherwise(),
            printed.by_chance(["dense"], "val_accuracy"),
        ),
        Row(
            "validation accuracy, convolutional, about",
            0.55,
            cnn,
            book.because_of_data("its own figure ends at 0.530; " + book.why_trained_otherwise()),
            printed.by_chance(["cnn"], "val_accuracy"),
        ),
        Row(
            "which is better",
            "convolutional",
            "convolutional" if cnn > dense else "dense",
            book.why_trained_otherwise(),
        ),
    )
    page.text(
        "The episode plots this network's history without handing it over (`plot_history(['accuracy',"
        " 'val_accuracy'])`), which stops Python with an error. `cepa plot` without a run says what is missing."
    )
    question(book, "comparison")
