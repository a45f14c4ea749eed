"""Looking closely: filters by numbers and on pictures, and what goes on inside a model."""

import json
import re
import struct
import unittest

from command import MODEL, CommandTest, png, read_npy

LESSON_KERNEL = "[[-1, -1, -1],\n[0, 0, 0]\n[1, 1, 1]]"  # as the lesson prints it, a comma missing
LESSON_INPUT = ";".join(["100 100 100 100 100"] * 3 + ["0 0 0 0 0"] * 3)


def numbers(text):
    """The lines of numbers in what a command prints."""
    lines = [line.split() for line in text.splitlines() if line.startswith("  ")]
    return [[float(word) for word in line] for line in lines if "x" not in line and "sum:" not in line]


class Filter(CommandTest):
    def test_the_lesson_example(self):
        printed = self.cepa("filter", LESSON_INPUT, "--kernel", LESSON_KERNEL)
        self.assertEqual(numbers(printed), [[0, 0, 0], [-300, -300, -300], [-300, -300, -300], [0, 0, 0]])
        self.assertEqual(printed, self.cepa("filter", LESSON_INPUT, "-k", "prewitt-horizontal"))

    def test_one_number_explained(self):
        printed = self.cepa("filter", LESSON_INPUT, "-k", LESSON_KERNEL, "--at", "1,1")
        self.assertIn("input rows 1 to 3, columns 1 to 3", printed)
        self.assertIn("100 x -1 + 100 x -1 + 100 x -1 = -300\n", printed)
        self.assertIn("  sum: -300\n", printed)

    def test_paddings_beside_each_other(self):
        printed = self.cepa("filter", "1 2; 3 4", "-k", "1 1 1", "--padding", "zero,nearest,reflect")
        self.assertEqual(numbers(printed), [[3, 3], [7, 7], [4, 5], [10, 11], [5, 4], [11, 10]])

    def test_bias(self):
        for bias, sums in (("0", [[3, 5]]), ("1/2", [[3.5, 5.5]])):
            self.assertEqual(numbers(self.cepa("filter", "1 2 3", "-k", "1 1", "--bias", bias)), sums)

    def test_flip_is_true_convolution(self):
        self.assertEqual(numbers(self.cepa("filter", "1 2 3", "-k", "1 0 -1")), [[-2]])
        self.assertEqual(numbers(self.cepa("filter", "1 2 3", "-k", "1 0 -1", "--flip")), [[2]])

    def test_strides_and_even_sizes(self):
        printed = self.cepa("filter", "1 2 3 4; 5 6 7 8; 9 10 11 12; 13 14 15 16", "-k", "1 1; 1 1", "--strides", "2")
        self.assertEqual(numbers(printed), [[14, 22], [46, 54]])

    def test_pictures(self):
        self.write("a.png", png())
        self.cepa("filter", "a.png", "-k", "sharpen", "--padding", "nearest", "-o", "out.npy")
        kind, shape, summed = read_npy((self.folder / "out.npy").read_bytes())
        self.assertEqual((kind, shape), ("<f8", (8, 8)))
        printed = self.cepa("filter", "a.png", *["-k", "sharpen"] * 3, "--padding", "nearest")
        self.assertEqual([number for line in numbers(printed) for number in line], list(summed))
        printed = self.cepa("filter", "a.png", "-k", "sharpen", "--at", "0,0")
        for colour in ("red", "green", "blue"):
            self.assertIn(f" {colour}\n", printed)
        self.assertNotIn("red", self.cepa("filter", "a.png", "-k", "sharpen", "--at", "0,0", "--grey"))

    def test_kernels_and_matrices_from_files(self):
        self.write("k.csv", "1,1\n1,1\n")
        self.write("x.csv", "1,2\n3,4\n")
        self.cepa("filter", "x.csv", "-k", "k.csv", "-o", "out.csv")
        self.assertEqual((self.folder / "out.csv").read_text(), "10\n")

    def test_the_figure_in_words_and_lines(self):
        example = ("filter", LESSON_INPUT, "-k", LESSON_KERNEL, "--at", "1,1")
        self.assertIn("Wrote conv.svg", self.cepa(*example, "--figure", "conv.svg"))
        svg = (self.folder / "conv.svg").read_text()
        self.assertIn("<desc>3 panels. input: 6 x 5 numbers: 100 100 100 100 100; ", svg)
        self.assertIn("marked: rows 1 to 3, columns 1 to 3. times kernel", svg)
        self.assertIn("marked: rows 1 to 1, columns 1 to 1.", svg)
        drawn = self.cepa(*example, "--text")
        self.assertIn(" 100 [100  100  100] 100   *    0   0   0   =   -300 [-300] -300", drawn)

    def test_pictures_of_responses(self):
        self.write("a.png", png(32))
        for path in ("out.png", "out.svg", "figure.png"):
            option = "--figure" if path == "figure.png" else "-o"
            self.cepa("filter", "a.png", "-k", "outline", option, path)
            self.assertGreater((self.folder / path).stat().st_size, 100)
        self.assertEqual((self.folder / "out.png").read_bytes()[16:24], struct.pack(">II", 30, 30))
        drawn = self.cepa("filter", "a.png", "-k", "outline", "--grey", "--text", "--width", "60")
        self.assertTrue(all(len(line) <= 60 for line in drawn.splitlines()), drawn)
        self.assertRegex(drawn, "[\u2801-\u28ff]{6}")
        self.assertRegex(drawn, r"from -[0-9]+ to [0-9]+\n.* grey is 0\n")

    def test_brightness_of_outputs(self):
        """Differences lie around grey, other outputs are as bright as the input, unless they leave its range."""
        for matrix, kernel, greys in (
            ("0 40 200 255", "1", [0, 40, 200, 255]),
            ("0 100 100 50", "-1 1", [255, 128, 65]),
            ("0 100 255", "2", [0, 100, 255]),
        ):
            self.cepa("filter", matrix, "-k", kernel, "-o", "out.png")
            self.assertEqual(numbers(self.cepa("filter", "out.png", "--grey", "-k", "1")), [greys])

    def test_numbers_for_programs(self):
        printed = self.cepa("filter", "1 2; 3 4", "-k", "1 1", "--padding", "valid,zero", "--at", "1,0", "--json")
        told = json.loads(printed)
        self.assertEqual(told["kernel"], [[1, 1]])
        self.assertEqual([way["output"] for way in told["outputs"]], [[[3], [7]], [[3, 2], [7, 4]]])
        explained = {"at": [1, 0], "window_start": [1, 0], "window": [[3, 4]], "sum": 7, "output": 7}
        self.assertEqual(told["outputs"][0]["explained"], explained)

    def test_a_complaint_is_one_line(self):
        done = self.run_cepa("filter", "1 2\n3 x", "-k", "a\nb")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)

    def test_a_neuron(self):
        neuron = ("filter", "0 0.5 1", "-k", "-1 -0.5 0.5", "--bias", "1", "--activation")
        printed = self.cepa(*neuron, "relu", "--at", "0,0")
        self.assertIn("  sum: 0.25\n  bias: 1\n  together: 1.25\n  relu: 1.25\n", printed)
        self.assertEqual(json.loads(self.cepa(*neuron, "sigmoid", "--json"))["outputs"][0]["output"], [[0.7772999]])
        self.assertIn("relux", self.run_cepa(*neuron, "relux").stderr)

    def test_activations(self):
        lines = self.cepa("inspect", "activation", "relu", "sigmoid").splitlines()
        self.assertEqual([line.split() for line in lines[:2]], [["x", "relu", "sigmoid"], ["-5", "0.0000", "0.0067"]])
        self.assertEqual(lines[-1].split(), ["5", "5.0000", "0.9933"])
        self.cepa("inspect", "activation", "relu", "tanh", "-o", "curves.svg")
        self.assertIn("201 points", (self.folder / "curves.svg").read_text())
        self.assertIn("f(x)", self.cepa("inspect", "activation", "relu", "tanh", "--text"))
        self.assertIn("'relux'; known are linear, relu", self.run_cepa("inspect", "activation", "relux").stderr)

    def test_step_by_step(self):
        printed = self.cepa("filter", "1 2 3; 4 5 6", "-k", "1 1", "--steps")
        self.assertEqual(re.findall(r"sum: (\d+)", printed), ["3", "5", "9", "11"])
        marked = re.findall(r"^ ?\d? ?\[.*?\]", printed, re.MULTILINE)
        self.assertEqual(marked, ["[1  2]", " 1 [2  3]", "[4  5]", " 4 [5  6]"])
        for more, words in ((["--at", "0,0"], "without --at"), (["--padding", "valid,zero"], "one --padding")):
            done = self.run_cepa("filter", "1 2 3; 4 5 6", "-k", "1 1", "--steps", *more)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(words, done.stderr)

    def test_presets(self):
        printed = self.cepa("filter", "--presets")
        for name in ("identity", "sharpen", "blur", "outline", "emboss", "sobel-left", "prewitt-horizontal"):
            self.assertIn(f"{name}: ", printed)


class Inspect(CommandTest):
    def setUp(self):
        super().setUp()
        self.fit("--seed", "7", "-o", "run")

    def drawn(self, *arguments):
        """The words of a figure that a command draws, after a look that it is drawn as PNG and as text too."""
        self.cepa("inspect", *arguments, "-o", "out.png")
        self.assertTrue((self.folder / "out.png").read_bytes().startswith(b"\x89PNG"))
        self.assertTrue(self.cepa("inspect", *arguments, "--text").strip())
        self.cepa("inspect", *arguments, "-o", "out.svg")
        return re.search("<desc>(.*)</desc>", (self.folder / "out.svg").read_text(), re.S)[1]

    def test_open_sizes_are_those_of_the_data(self):
        """A model that leaves sizes open has the same weights as one that names them, and shows the same."""
        self.write("a.png", png())
        closed = MODEL.replace("layers.Flatten()(x)", "layers.Dropout(0.5)(x)\n    x = keras.layers.GlobalAveragePooling2D()(x)")
        for run, text in (("closed", closed), ("open", closed.replace("shape=(8, 8, 3)", "shape=(None, None, 3)"))):
            self.write(run + ".py", text)
            self.cepa("fit", run + ".py", "--data", "data.npz", "--scale", "1/255", "-o", run)
        self.write("half.py", closed.replace("shape=(8, 8, 3)", "shape=(None, 8, 3)"))
        self.cepa("fit", "half.py", "--data", "data.npz", "--scale", "1/255", "-o", "half")
        for other, picture in (("half", ("--image", "a.png")), ("open", ("--index", "5"))):
            for command in (("unit", "-l", "conv2d", "--at", "2,3,1"), ("unit", "-l", "max_pooling2d", "--at", "1,2,3"), ("cam",),
                            ("cam", "-l", "conv2d", "--class", "2"), ("dropout",), ("maps",)):
                shown = [self.cepa("inspect", command[0], run, *command[1:], *picture) for run in ("closed", other)]
                self.assertEqual(*(re.sub(r"\(None.*?\)|\(\d.*?\)", "", text) for text in shown))

    def test_filters(self):
        printed = self.cepa("inspect", "filters", "run")
        self.assertIn("conv2d: 4 filters of 3 x 3 x 3", printed)
        self.assertEqual(len(re.findall(r"^ +\d+ ", printed, re.M)), 4)
        one = self.cepa("inspect", "filters", "run", "--filter", "2")
        self.assertEqual([len(line) for line in numbers(one)], [3] * 9)
        self.assertTrue(self.drawn("filters", "run").startswith("4 panels."))
        self.assertTrue(self.drawn("filters", "run", "--filter", "2").startswith("3 panels."))

    def test_maps(self):
        row = ("--data", "data.npz", "--scale", "1/255", "--index", "3")
        printed = self.cepa("inspect", "maps", "run", *row)
        self.assertTrue(printed.startswith("0 (row 3 of data.npz)"))
        self.assertEqual(printed, self.cepa("inspect", "maps", "run", "--index", "3"))  # the run knows its data
        self.assertRegex(printed, r"\nconv2d +0\.0000 ")
        self.assertRegex(printed, r"\ndense_1 ")
        one = self.cepa("inspect", "maps", "run", *row, "--layer", "max_pooling2d")
        self.assertEqual(len(re.findall(r"^ *\d+ ", one, re.M)), 4 + 1)  # the channels, and the row's class
        self.assertIn("conv2d: 6 x 6 x 4", self.drawn("maps", "run", *row))
        self.assertTrue(self.drawn("maps", "run", *row, "-l", "conv2d").startswith("5 panels. input: 8 x 8 pixels"))

    def test_a_unit_is_what_the_layers_give(self):
        row = ("--data", "data.npz", "--scale", "1/255")
        pooled = self.cepa("inspect", "unit", "run", *row, "--layer", "max_pooling2d", "--at", "1,2,3")
        value, at_row, at_column = re.search(r"largest: (\S+), in row (\d+), column (\d+)", pooled).groups()
        convolved = self.cepa("inspect", "unit", "run", *row, "-l", "conv2d", "--at", f"{at_row},{at_column},3")
        self.assertIn(f"  relu: {value}\n", convolved)
        self.assertIn("  channel 2\n", convolved)
        together = float(re.search(r"together: (\S+)", convolved)[1])
        self.assertAlmostEqual(max(together, 0), float(value), places=3)
        place = f"{at_row},{at_column},3"
        told = json.loads(self.cepa("inspect", "unit", "run", *row, "-l", "conv2d", "--at", place, "--json"))
        flat = lambda name: [number for line in told[name] for cell in line for number in cell]
        products = sum(x * w for x, w in zip(flat("window"), flat("weights")))
        self.assertAlmostEqual(products + told["bias"], told["sum"], places=9)
        self.assertIn("its 8 inputs", self.cepa("inspect", "unit", "run", *row, "-l", "dense_1", "--at", "1"))
        self.assertIn("relu", self.drawn("unit", "run", *row, "-l", "conv2d", "--at", "1,2,3"))
        self.assertIn("marked", self.drawn("unit", "run", *row, "-l", "max_pooling2d", "--at", "1,2,3"))

    def test_dropout(self):
        printed = self.cepa("inspect", "dropout", "model.py", "--set", "rate=0.5", "--batch-size", "8")
        rows = [[int(number) for number in row] for row in re.findall(r"^ +(\d+) +(\d+) +(\d+)$", printed, re.M)]
        self.assertEqual([row[0] for row in rows], list(range(8)))
        self.assertEqual({kept + dropped for _, kept, dropped in rows}, {36})
        self.assertIn("multiplied by 2;", printed)
        later = self.cepa("inspect", "dropout", "model.py", "--set", "rate=0.5", "--batch-size", "8", "--step", "1")
        self.assertNotEqual(printed, later)
        halves = self.cepa("inspect", "dropout", "model.py", "--set", "rate=0.5", "--batch-size", "4", "--step", "1")
        rows_of_halves = re.findall(r"^ +\d+ +(\d+) +\d+$", halves, re.M)
        self.assertEqual([int(kept) for kept in rows_of_halves], [kept for _, kept, _ in rows[4:]])
        self.assertIn("the masks of seed 7, epoch 0", self.cepa("inspect", "dropout", "run"))
        other = self.cepa("inspect", "dropout", "run", "--seed", "0", "--epoch", "2")
        self.assertIn("the masks of seed 0, epoch 2", other)
        self.assertIn("of which dropout keeps", self.drawn("dropout", "run"))

    def test_class_activation(self):
        self.write("a.png", png())
        printed = self.cepa("inspect", "cam", "run", "--image", "a.png", "--scale", "1/255")
        self.assertRegex(printed, r"a\.png: \d, probability 0\.\d{4}\n")
        for layer in ("conv2d", "max_pooling2d"):
            picture = ("--image", "a.png", "--scale", "1/255")
            chosen = self.cepa("inspect", "cam", "run", *picture, "-l", layer, "--class", "2")
            values = [number for line in numbers(chosen) for number in line]
            self.assertEqual(len(values), {"conv2d": 36, "max_pooling2d": 9}[layer])
            self.assertIn(max(values), (0, 1))
            self.assertGreaterEqual(min(values), 0)
        self.assertIn("map of heat", self.drawn("cam", "run", "--image", "a.png", "--scale", "1/255"))

    def test_curves_and_grids_on_the_terminal(self):
        drawn = self.cepa("plot", "run", "-m", "loss", "--text", "--width", "50")
        self.assertRegex(drawn, "[\u2801-\u28ff]")
        self.assertLessEqual(max(map(len, drawn.splitlines())), 50)
        self.assertFalse((self.folder / "loss.png").exists())
        self.assertIn("Wrote c.svg", self.cepa("plot", "run", "--text", "-o", "c.svg"))
        grid = self.cepa("data", "grid", "data.npz", "--columns", "3", "--rows", "2", "--text")
        self.assertEqual(re.findall(r"^\d.*$", grid, re.M)[0].split(), ["0", "1", "2"])
        self.assertFalse((self.folder / "grid.png").exists())

    def test_large_filters(self):
        self.write("wide.py", MODEL.replace("(3, 3), ", "(13, 13), padding='same', "))
        self.assertIn("4 panels. 0: 13 x 13 pixels", self.drawn("filters", "wide.py"))

    def test_mistakes(self):
        data = ("--data", "data.npz", "--scale", "1/255")
        printed = self.cepa("inspect", "mistakes", "run", *data, "--count", "100")
        wrong = int(re.match(r"(\d+) of 32 rows are wrong", printed)[1])
        evaluated = json.loads(self.cepa("evaluate", "run", *data, "--json"))
        self.assertAlmostEqual(1 - wrong / 32, evaluated["accuracy"], places=4)
        listed = re.findall(r"^ *\d+ +(\d) +(\d) +(0\.\d+|1\.0+)$", printed, re.M)
        self.assertEqual(len(listed), wrong)
        self.assertTrue(all(true != taken for true, taken, _ in listed))
        sure = [float(confidence) for _, _, confidence in listed]
        self.assertEqual(sure, sorted(sure, reverse=True))
        self.assertIn(" as ", self.drawn("mistakes", "run", *data, "--count", "3"))


if __name__ == "__main__":
    unittest.main()
