"""Looking closely: filters by numbers and on pictures."""

import struct
import unittest

from command import CommandTest, png, read_npy

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
        drawn = self.cepa("filter", "a.png", "-k", "outline", "--text", "--width", "60")
        self.assertTrue(all(len(line) <= 60 for line in drawn.splitlines()), drawn)
        self.assertRegex(drawn, "[\u2801-\u28ff]{6}")

    def test_presets(self):
        printed = self.cepa("filter", "--presets")
        for name in ("identity", "sharpen", "blur", "outline", "emboss", "sobel-left", "prewitt-horizontal"):
            self.assertIn(f"{name}: ", printed)


if __name__ == "__main__":
    unittest.main()
