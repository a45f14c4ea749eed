"""The page of a run: whole, self-contained, and right about what it says."""

import csv
import html.parser
import json
import re
import unittest

from command import CommandTest, npy, npz

EMPTY = {"meta", "link", "img", "br", "rect", "line"}


class Page(html.parser.HTMLParser):
    """Whether tags match, and what the page refers to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.broken, self.references, self.images = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.references += [attributes[name] for name in ("src", "href", "action") if name in attributes]
        if tag == "img":
            self.images.append(attributes.get("alt"))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.broken.append((tag, self.getpos()))


class Report(CommandTest):
    def report(self, *more):
        said = self.cepa("report", "run", *more)
        self.text = (self.folder / "run/report.html").read_text()
        self.page = Page(self.text)
        self.assertEqual((self.page.open, self.page.broken), ([], []))
        for reference in self.page.references:
            self.assertTrue(reference.startswith("data:"), reference)
        self.assertNotIn("<script", self.text)
        return said

    @staticmethod
    def words(said):
        """The diagnosis, which is printed in lines."""
        return " ".join(said.split("\nWrote")[0].split())

    def test_whole_and_self_contained(self):
        self.fit("--epochs", "4", "-o", "run")
        said = self.report()
        self.assertIn("Wrote run/report.html\n", said)
        self.assertIn(self.words(said), self.text)
        self.assertEqual(self.text.count("<svg "), 2)
        self.assertTrue(self.page.images and all(self.page.images))
        self.assertIn('name="viewport"', self.text)
        self.assertIn("prefers-color-scheme:dark", self.text)
        accuracy = json.loads((self.folder / "run/run.json").read_text())["last"]["val_accuracy"]
        self.assertIn(f"<strong>{round(32 * accuracy)} right, {100 * accuracy:.1f} %</strong>", self.text)

    def test_confusion_and_scores(self):
        self.fit("--epochs", "3", "-o", "run")
        self.report()
        matrix = re.search(r'<table class="matrix">.*?</table>', self.text, re.S).group()
        rows = [[int(cell) for cell in re.findall(r">(\d+)</td>", row)] for row in matrix.split("<tr>")[2:]]
        self.assertEqual([sum(row) for row in rows], [11, 11, 10])  # 32 rows of three classes in turn
        scores = re.findall(r'<th scope="row">[012]</th><td>([\d.-]+)</td><td>([\d.-]+)</td><td>([\d.-]+)</td>', self.text)
        for k, (precision, recall, f1) in enumerate(scores):
            taken = sum(row[k] for row in rows)
            self.assertEqual(recall, f"{rows[k][k] / sum(rows[k]):.3f}")
            self.assertEqual(precision, f"{rows[k][k] / taken:.3f}" if taken else "-")
            self.assertEqual(f1, f"{2 * rows[k][k] / (taken + sum(rows[k])):.3f}")
        self.assertEqual(len(scores), 3)

    def test_json(self):
        self.fit("--epochs", "3", "-o", "run")
        found = json.loads(self.cepa("report", "run", "--json"))
        self.assertFalse((self.folder / "run/report.html").exists())
        with open(self.folder / "run/history.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        losses = [float(row["val_loss"]) for row in rows]
        self.assertEqual((found["epochs"], found["best_epoch"]), (3, losses.index(min(losses))))
        self.assertEqual((found["lowest"], found["end"]), (min(losses), losses[-1]))
        self.assertEqual(found["gap"], float(rows[-1]["accuracy"]) - float(rows[-1]["val_accuracy"]))
        self.assertEqual(found["right"], sum(row["taken_for"][i] for i, row in enumerate(found["classes"])))
        self.assertEqual([sum(row["taken_for"]) for row in found["classes"]], [row["rows"] for row in found["classes"]])

    def test_restored_weights(self):
        self.fit("--epochs", "4", "-o", "run", "--callback",
                 "EarlyStopping(min_delta=9, restore_best_weights=True)")
        self.report()
        self.assertIn("<p>The weights of epoch 1, which were put back, on ", self.text)
        self.assertIn("<td>2 of 4, stopped by EarlyStopping</td>", self.text)

    def diagnose(self, losses, accuracies=None):
        """What is said of a run with these numbers: (loss, val_loss), (accuracy, val_accuracy)."""
        accuracies = accuracies or [(0.5, 0.5)] * len(losses)
        rows = [f"{i},{a},{l},{b},{v}\r\n" for i, ((l, v), (a, b)) in enumerate(zip(losses, accuracies))]
        (self.folder / "run/history.csv").write_bytes(
            ("epoch,accuracy,loss,val_accuracy,val_loss\r\n" + "".join(rows)).encode())
        return self.words(self.report())

    def test_in_words(self):
        self.fit("-o", "run")
        line = self.diagnose([(2, 1.9), (1.5, 1.4), (1, 1.5), (0.5, 1.7)], [(0.9, 0.6)] * 4)
        self.assertIn("It overfits: val_loss turned after epoch 2 (1.4000) and rose to 1.7000 by epoch 4, while loss went "
                      "from 1.5000 to 0.5000.", line)
        self.assertIn("right in 90.0 % of what it learned from and 60.0 % of what it had not seen: a gap of 30.0 points",
                      line)
        line = self.diagnose([(2, 1.9), (1.5, 1.4), (1, 1.2)])
        self.assertIn("val_loss was lowest in the last epoch, 3 (1.2000)", line)
        self.assertIn("no gap to speak of", line)
        self.assertIn("was lowest in epoch 2 (1.4000) and has hardly moved since (1.4500 in epoch 3)",
                      self.diagnose([(2, 1.9), (1.5, 1.4), (1, 1.45)]))
        self.assertIn("The loss is no number any more", self.diagnose([(2, 1.9), ("nan", "nan")]))
        jumps = [(3 - i / 40, 2 - i / 80 + (i % 2) / 5) for i in range(80)]
        self.assertIn("val_loss was lowest in epoch 79 (1.0250) and is 1.2125 in epoch 80, but it jumps", self.diagnose(jumps))
        jumps[-2] = (jumps[-2][0], 0.5)  # the lowest of all, right before a jump
        self.assertIn("val_loss was lowest in epoch 79 (0.5000) and is 1.2125 in epoch 80, but it jumps", self.diagnose(jumps))
        turned = [(loss, validated + max(0, i - 40) / 20) for i, (loss, validated) in enumerate(jumps)]
        self.assertIn("It overfits: val_loss turned after epoch 41 (1.5000) and rose to 3.1625 by epoch 80", self.diagnose(turned))
        self.assertIn("or rises together with loss", self.diagnose([(2, 1.9), (1.5, 1.4), (2, 1.9)]))

    def test_nothing_held_back(self):
        self.fit("--validation", "none", "-o", "run")
        self.assertIn("Nothing was held back to validate with", self.report())
        self.assertIn("64 rows of data.npz that it learned from: nothing was held back", self.text)

    def test_a_fraction_held_back(self):
        self.fit("--validation", "0.25", "--train", "60", "-o", "run")
        done = self.run_cepa("report", "run")
        self.assertEqual((done.returncode, done.stderr), (0, ""))  # the very rows: their hash is the run's
        self.assertIn("15 rows of data.npz that it did not learn from", (self.folder / "run/report.html").read_text())

    def test_data_that_are_gone_or_changed(self):
        self.fit("-o", "run")
        (self.folder / "data.npz").rename(self.folder / "moved.npz")
        done = self.run_cepa("report", "run")
        self.assertEqual(done.returncode, 0)
        self.assertIn("warning: nothing was measured: ", done.stderr)
        self.assertIn("<p>Not measured: ", (self.folder / "run/report.html").read_text())
        self.report("--data", "moved.npz")
        self.assertIn("Class by class", self.text)

    def test_no_classes(self):
        x = npy("<f4", (20, 2), [i / 20 for i in range(40)])
        y = npy("<f4", (20, 1), [i / 20 for i in range(20)])
        self.write("numbers.npz", npz(x_train=x, y_train=y, x_test=x, y_test=y))
        self.write("line.py", "import keras\nmodel = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
                              "model.compile(loss='mse')\n")
        self.cepa("fit", "line.py", "--data", "numbers.npz", "-o", "run", "--epochs", "3")
        self.report()
        measured = json.loads(self.cepa("evaluate", "run", "--data", "numbers.npz", "--json"))["loss"]
        found = json.loads(self.cepa("report", "run", "--json"))
        self.assertAlmostEqual(found["mean_squared_error"], measured, 6)
        self.assertAlmostEqual(found["mean_squared_error_of_the_mean"], sum((i - 9.5) ** 2 for i in range(20)) / 8000, 6)
        self.assertIn(f"off by {found['mean_absolute_error']:.4g} in the mean", self.text)
        self.assertEqual(self.text.count('<circle class="point"'), 20)
        for head in ("Furthest off", "Nearest"):
            errors = re.findall(r"<td>([-+][\d.e-]+)</td></tr>", self.text.split(f"<h3>{head}</h3>")[1].split("</table>")[0])
            sizes = [abs(float(error)) for error in errors]
            self.assertEqual(sizes, sorted(sizes, reverse=head == "Furthest off"))
            self.assertEqual(len(sizes), 8)

    def test_two_numbers_a_row(self):
        x, y = (npy("<f4", (20, 2), [i / 20 for i in range(40)]) for _ in "xy")
        self.write("numbers.npz", npz(x_train=x, y_train=y, x_test=x, y_test=y))
        self.write("plane.py", "import keras\nmodel = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])\n"
                               "model.compile(loss='mse')\n")
        self.cepa("fit", "plane.py", "--data", "numbers.npz", "-o", "run")
        self.report()
        self.assertIn("<p>Not measured: no classes to tell apart", self.text)

    def test_rows_of_a_table(self):
        rows = [f"{i},{i * i % 7},{'ab'[i % 2]}" for i in range(40)]
        self.write("t.csv", "one,two,kind\n" + "\n".join(rows) + "\n")
        self.write("table.py", "import keras\nmodel = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])\n"
                               "model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))\n")
        self.cepa("fit", "table.py", "--data", "t.csv", "--target", "kind", "--split", "50/50", "-o", "run")
        self.report()
        found = json.loads(self.cepa("report", "run", "--json"))
        for head, count in (("Wrong", 20 - found["right"]), ("Right", found["right"])):
            part = self.text.split(f"<h2>{head}, ")[1].split("</table>")[0]
            shown = re.findall(r"<tr><td>(\d+)</td><td>([ab])</td><td class=\"\w+\">([ab])</td><td>\d+&nbsp;%</td>"
                               r"<td>(\d+)</td><td>(\d+)</td></tr>", part)
            self.assertEqual(len({row for row, *_ in shown}), min(12, count))
            for _, kind, taken, one, two in shown:
                self.assertIn(f"{one},{two},{kind}", rows)
                self.assertEqual(kind == taken, head == "Right")

    def test_refusals(self):
        for arguments, status in ((("none",), 1), (("model.py",), 1), ((), 2)):
            done = self.run_cepa("report", *arguments)
            self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (status, "", 1), done.stderr)
        self.fit("-o", "run")
        (self.folder / "run/run.json").write_text('{"epochs_done": ')
        self.assertEqual(self.run_cepa("report", "run").returncode, 1)
        (self.folder / "run/run.json").write_text("[1, 2")
        self.assertIn("run.json: expected what fit writes", self.run_cepa("report", "run").stderr)

    def test_overwriting_a_run_removes_its_page(self):
        self.fit("-o", "run")
        self.report()
        self.fit("-o", "run", "--overwrite")
        self.assertFalse((self.folder / "run/report.html").exists())


if __name__ == "__main__":
    unittest.main()
