"""Steps 1 to 4 of the lesson: the problem, its pictures, their preparation, and the layers."""

import re

import printed
from page import Row, words


def questions(book):
    page = book.page
    page.section("questions", "What this episode asks")
    page.text(
        "A network is an onion: layer upon layer, and many of them make it deep. Until here the lesson knew one kind,"
        " the dense layer, whose units all look at all inputs. Now come convolution, pooling and dropout."
    )
    page.items(
        "Why are there different kinds of layers?",
        "Which networks suit pictures?",
        "What does a convolution compute?",
        "Which layers help against overfitting?",
    )
    page.text(
        "Each step says what was done, with the command that does it, and what came out beside what the episode"
        " printed. Same means equal. Only the results of training cannot be equal: the episode set no seed. There same"
        " within B means that they lie no farther apart than two runs of one network do by chance. B is twice the"
        " square root of 2 times the spread over seeds that runs of Keras 3.15 show, a bound that holds for nineteen"
        " pairs of runs in twenty."
    )


def problem(book):
    page, info = book.page, book.information
    page.section("step-1", "1. The problem")
    page.text(
        "What is in the picture? A network is to say which of ten things a small colour picture shows. In the episode"
        " the pictures are CIFAR-10: real photographs, scaled down to 32 x 32 pixels, which is little enough to train"
        " on within minutes."
    )
    book.show(f"data info {book.plan.data}")
    page.compare(
        "The classes, in the order of their numbers",
        Row("classes", ", ".join(printed.CLASSES), ", ".join(info["classes"]), book.because_of_data("")),
    )
    page.text("The episode speaks of cars where its own figure says automobile; the files say automobile.")
    page.heading("When the download fails")
    page.text(
        "The episode meets an expired certificate by switching certificate checks off, for the whole program. Cepa "
        "never does: it takes pictures that are on the machine first, checks downloads by their SHA-256, and where "
        "neither works it says which file belongs where."
    )
    page.text(
        "Who made CIFAR-10's pictures: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical"
        " report, University of Toronto, 2009. They carry no licence, so they are read and not passed on."
    )
    first_pictures(book)


def first_pictures(book):
    page = book.page
    page.heading("The first pictures")
    page.figures(
        book.draw(
            f"data grid {book.plan.data} -o figures/grid.svg",
            "The first 25 pictures to learn from, with their classes.",
            "pixels",
        )
    )
    labels = labels_of_grid((book.work / "figures/grid.svg").read_text())
    page.compare(
        "The episode's sample figure, row by row",
        *(
            Row(
                f"row {row + 1}",
                ", ".join(printed.FIRST_LABELS[5 * row : 5 * row + 5]),
                ", ".join(labels[5 * row : 5 * row + 5]),
                book.because_of_data(""),
            )
            for row in range(5)
        ),
    )


def labels_of_grid(svg):
    """The class names that the description of a grid of pictures lists."""
    return [name for row in re.findall(r"Row \d+: ([^.<]*)\.", svg) for name in row.split(", ")]


def explore(book):
    page, plan = book.page, book.plan
    page.section("step-2", "2. Inputs and outputs")
    inputs, targets = (book.information["train"][side][0] for side in ("inputs", "targets"))
    rows = min(plan.rows, book.information["train"]["rows"])
    quick = "the quick page takes fewer pictures" if plan.quick else ""
    page.text(
        "The first rows of the training pictures are taken, in their order: enough for a demonstration, and quick."
    )
    page.compare(
        "What the arrays look like",
        Row("shape of the pictures", "(5000, 32, 32, 3)", tuple_text(rows, *inputs["shape"]), quick),
        Row("smallest and largest value", "(0, 255)", tuple_text(int(inputs["min"]), int(inputs["max"]))),
        Row("shape of the labels", "(5000, 1)", tuple_text(rows, *targets["shape"]), quick),
        Row("smallest and largest label", "(0, 9)", tuple_text(int(targets["min"]), int(targets["max"]))),
    )
    height, width, channels = inputs["shape"]
    page.items(
        f"{rows:,} pictures;",
        f"{height} rows and {width} columns of pixels: {height * width:,} in each picture;",
        f"{channels} channels, the amounts of red, green and blue: {height * width * channels:,} numbers in all.",
    )
    question(book, "features", height * width * channels, 3072)


def tuple_text(*numbers):
    return f"({', '.join(map(str, numbers))})"


def prepare(book):
    page, info = book.page, book.information
    page.section("step-3", "3. Preparing the data")
    page.text(
        "Networks start better from small numbers: every value is divided by 255, pictures to learn from and pictures"
        " to test with alike. In the model's source text that is `train_images = train_images / 255.0`; Cepa reads it"
        " there and keeps the pictures as bytes, so nothing can be scaled twice."
    )
    scale = book.program.record("probe")["scale"]
    largest = info["train"]["inputs"][0]["max"] * scale
    page.compare(
        "After the division",
        Row("smallest value", 0.0, info["train"]["inputs"][0]["min"] * scale),
        Row("largest value", 1.0, round(largest, 12)),
        Row(
            "pictures to learn from, in the text",
            50000,
            book.plan.rows,
            "the text still counts all of CIFAR-10, after all but 5,000 were cut off"
            + (" (and this is the quick page)" if book.plan.quick else ""),
        ),
    )


def dense_parameters(book):
    page = book.page
    page.section("step-4", "4. The network")
    page.heading("Why not dense layers alone?")
    page.text(
        "In a dense layer every unit looks at every input. With 3,072 inputs that makes many weights, more for every"
        " pixel that pictures grow by, and what was learned in one corner is not known in another."
    )
    (book.work / "one_dense.py").write_text(
        "from tensorflow import keras\n\ninputs = keras.Input(shape=3072)\n"
        "outputs = keras.layers.Dense(100)(inputs)\nmodel = keras.models.Model(inputs=inputs, outputs=outputs)\n"
    )
    book.show("summary one_dense.py --explain --style keras2.6")
    total = book.compare_layers("One dense layer of 100 units", printed.ONE_DENSE, "one_dense.py")
    page.text("The episode passes `shape=dim`, a name it never sets; 3072 is what it must have been.")
    question(book, "dense", total, 307300)


def convolution(book):
    page = book.page
    page.heading("A convolution, number by number")
    page.text(
        "A kernel is a small table of numbers. It slides over the picture; at every place each number of the kernel is"
        " multiplied with the pixel under it, and the products are added. No matrix product, then, and the kernel is"
        " not turned over: strictly it is a cross-correlation (`--flip` shows the other)."
    )
    matrix = ";".join(["100 100 100 100 100"] * 3 + ["0 0 0 0 0"] * 3)
    filtered = f"filter '{matrix}' --kernel '[[-1, -1, -1], [0, 0, 0] [1, 1, 1]]'"
    book.show(f"{filtered} --at 1,1")
    page.figures(
        book.draw(
            f"{filtered} --at 1,1 --figure figures/convolution.svg",
            "The window and the number that comes of it are framed, as in the episode's figure.",
            shown=False,
        )
    )
    rows = [tuple(map(int, row)) for row in book.program.json(filtered)["outputs"][0]["output"]]
    page.compare(
        "The output, row by row (the kernel is typed as the episode prints it, with a comma missing)",
        *(
            Row(f"row {index}", tuple_text(*expected), tuple_text(*found))
            for index, (expected, found) in enumerate(zip(printed.CONVOLVED, rows, strict=True))
        ),
        Row(
            "sign where light lies above dark",
            "high",
            "-300",
            "its kernel answers light above dark with a negative number; high is dark above light",
        ),
    )
    on_a_picture(book)
    borders(book)


def on_a_picture(book):
    page = book.page
    page.text(
        "A convolutional layer is made of many kernels, and their numbers are the weights that it learns. For a picture"
        " in colour a kernel has a table each for red, green and blue, whose results are added up; every kernel gives a"
        " map."
    )
    page.text(
        "On a picture the same kernel finds horizontal edges. Middle grey is zero, bright is dark above light, black is"
        " light above dark; the episode shows a cat's whiskers and eyelids this way."
    )
    figures = [
        book.draw(
            f"filter picture.png --kernel {name} --grey --figure figures/{name}.svg",
            says,
            "pixels",
            shown=name == "prewitt-horizontal",
        )
        for name, says in (
            ("prewitt-horizontal", "The episode's kernel: horizontal edges."),
            ("sobel-left", "Sobel's kernel for vertical edges."),
            ("blur", "Blurring."),
            ("outline", "Outlines: what stands out from its neighbours."),
        )
    ]
    page.figures(*figures)
    page.text(
        "These are presets; `cepa filter --presets` lists them, any kernel can be typed in, and `--at ROW,COL` explains"
        " any number of the result. That is what the pages are for that the episode links to for playing with"
        " convolutions."
    )


def borders(book):
    page = book.page
    page.exercise("border pixels", "At the edge a part of the window has no pixels under it. What can be done?")
    page.solution()
    page.text(
        "Leave those places out, and the result is smaller than the picture (valid); or continue the picture: with"
        " zeros, with its last value (nearest), or mirrored (reflect), and the size stays. To see what a padding puts"
        " there, this kernel takes the number three places to the left:"
    )
    corner = "filter '4 5 9 2; 5 3 6 7; 6 5 7 8; 5 4 5 3' --kernel '1 0 0 0 0 0 0' --padding zero,nearest,reflect"
    book.show(corner)
    first = {made["padding"]: made["output"][0][:3] for made in book.program.json(corner)["outputs"]}
    page.compare(
        "What the first row is continued with, leftwards, in the lesson on image processing that the episode links to",
        *(
            Row(name, expected, " ".join(f"{number:g}" for number in first[name]))
            for name, expected in (("nearest", "4 4 4"), ("reflect", "2 9 5"))
        ),
    )
    page.compare(
        "Sizes",
        Row("3 x 3 kernel on 6 x 5, valid", "4 x 3", size_of(book, "valid")),
        Row("the same, padded", "6 x 5", size_of(book, "zero")),
    )
    page.end_exercise()


def size_of(book, padding):
    matrix = ";".join(["1 1 1 1 1"] * 6)
    filtered = book.program.json(f"filter '{matrix}' --kernel '0 0 0; 0 1 0; 0 0 0' --padding {padding}")
    made = filtered["outputs"][0]["output"]
    return f"{len(made)} x {len(made[0])}"


def networks(book):
    page = book.page
    page.heading("What a convolutional layer costs")
    (book.work / "kernels.py").write_text(
        "from tensorflow import keras\n\ninputs = keras.Input(shape=(32, 32, 3))\n"
        "outputs = keras.layers.Conv2D(100, (3, 3), use_bias=False)(inputs)\nmodel = keras.Model(inputs, outputs)\n"
    )
    layers, _ = book.layers("kernels.py")
    book.show("summary kernels.py --explain", folded=True)
    question(
        book,
        "kernels",
        layers[-1].parameters,
        2700,
        f"The dense layer has {307300 / layers[-1].parameters:.0f} times as many: two orders of magnitude, not one.",
    )
    page.heading("A small network")
    page.text("Two convolutional layers, then Flatten, then a dense layer with one number a class.")
    book.show("summary lesson/small_model.py --explain")
    layers, name = book.layers("lesson/small_model.py")
    total = sum(layer.parameters for layer in layers)
    share = 100 * layers[-1].parameters / total
    page.compare(
        "What the episode says of it",
        Row("name", "cifar_model_small", name),
        Row("what Flatten is given", "(28, 28, 50)", tuple_text(*layers[-3].shape)),
        Row("layer with most parameters", "Dense, the last", f"{layers[-1].kind}, the last"),
    )
    question(book, "flatten")
    question(
        book,
        "largest",
        note=(
            f"{layers[-1].parameters:,} of {total:,}: {share:.0f} %. The episode prints no table here. The page of"
            " models that it links to for an optional question is gone; `cepa summary` takes any network of Keras'"
            " layers in their place."
        ),
    )
    pooled(book)


def pooled(book):
    page = book.page
    page.heading("Pooling")
    page.text(
        "Pooling keeps the largest of every 2 x 2 numbers of a map. Height and width are halved (an odd last row is"
        " lost: 13 becomes 6), so the next kernel sees more of the picture at once, and Flatten has less to hand on."
        " Pooling is not alone in changing sizes, as the episode has it: a valid convolution takes 32 to 30."
    )
    book.show("summary lesson/cifar_model.py --style keras2.12", folded=True)
    total = book.compare_layers(
        "The table that the episode prints for this network",
        printed.THREE_CONVOLUTIONS,
        "lesson/cifar_model.py",
        because=(
            "the printed table belongs to the next exercise's network, with a third convolution; the code makes"
            " this one"
        ),
    )
    page.text(
        f"Find the error: the code has two convolutions, the printed table three. The code's network has {total:,} "
        "parameters, by hand (27 + 1) x 50 + (450 + 1) x 50 + (1800 + 1) x 50 + (50 + 1) x 10."
    )
    page.compare(
        "Names",
        Row(
            "first convolution",
            "conv2d_13",
            "conv2d",
            "in a notebook the counter runs on from cell to cell; here every model starts anew",
        ),
    )


def question(book, name, computed=None, expected=None, note=""):
    """A question of the quiz with its answer; the number is compared where the answer is one."""
    page, asked = book.page, book.questions[name]
    page.exercise(asked["title"], asked["question"])
    page.choices(choice["text"] for choice in asked["choices"])
    page.solution()
    for choice in asked["choices"]:
        mark = "right" if choice["right"] else "wrong"
        page.add(f'<p class="{mark}">{choice["letter"]}) {words(choice["text"])}: {words(choice["why"])}</p>')
    if computed is not None:
        page.compare("The number", Row(asked["title"], expected, computed))
    if note:
        page.text(note)
    page.end_exercise()
