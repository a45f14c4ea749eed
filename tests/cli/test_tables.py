"""Tables on the command line: columns by name, splits that stay the same, figures of predictions beside the truth."""

import json
import pathlib
import unittest

from command import CommandTest

LESSON = pathlib.Path(__file__).resolve().parents[2] / "lesson"

CLASSES = """from tensorflow import keras
inputs = keras.Input(shape=(2,))
outputs = keras.layers.Dense(3, activation='softmax')(inputs)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(optimizer=keras.optimizers.Adam(0.3), loss='categorical_crossentropy', metrics=['accuracy'])
"""


def flowers(rows=60, missing=3):
    """Three kinds whose two measures lie apart; the columns stand in an order of their own."""
    lines = ["note,kind,width,length"]
    for row in range(rows):
        kind = row % 3
        width = "NA" if row < missing else 1 + kind * 2 + row % 7 / 10
        lines.append(f'"row ""{row}"", fine",{["oxlip", "cowslip", "primrose"][kind]},{width},{3 - kind + row % 5 / 10}')
    return "\n".join(lines) + "\n"


class Tables(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("flowers.csv", flowers())
        self.write("classes.py", CLASSES)

    def fit_flowers(self, *more):
        return self.cepa("fit", "classes.py", "--data", "flowers.csv", "--target", "kind", "--split", "80/20",
                         "--epochs", 60, "-o", "run", "--verbose", 0, *more)

    def test_info(self):
        text = self.cepa("data", "info", "flowers.csv", "--target", "kind", "--split", "60/20/20")
        self.assertIn("3 rows left out", text)
        self.assertIn("3 classes: cowslip, oxlip, primrose", text)
        self.assertRegex(text, r"train: 34 rows\n.*\n    width +1[.\d]* \.\.\. 5\.\d*, mean 3")
        found = json.loads(self.cepa("data", "info", "flowers.csv", "--target", "kind", "--json"))
        self.assertEqual(found["train"]["inputs"][0]["columns"], ["width", "length"])
        self.assertEqual(found["incomplete"], 3)

    def test_info_stands_in_columns(self):
        self.write("few.csv", "gr\u00f6\u00dfe,width\n1,2\n,3\n4,5\n")
        text = self.cepa("data", "info", "few.csv")
        self.assertIn("1 row left out: something in it is missing", text)
        self.assertEqual(len({line.index(" ... ") for line in text.splitlines() if ", mean " in line}), 1)

    def test_wide_letters_stand_in_columns(self):
        self.write("few.csv", "\u732b\u306e\u9577\u3055;kind\n1,5;\u732b\n2,5;b\n")
        self.assertEqual(self.cepa("data", "head", "few.csv", "--target", "kind"),
                         "\u732b\u306e\u9577\u3055  kind\n     1.5  \u732b\n     2.5  b\n")

    def test_head(self):
        lines = self.cepa("data", "head", "flowers.csv", "--target", "kind", "--rows", 2).splitlines()
        self.assertEqual([line.split() for line in lines],
                         [["width", "length", "kind"], ["1.3", "3.3", "oxlip"], ["3.4", "2.4", "cowslip"]])

    def test_the_guess_that_nothing_changes(self):
        self.write("days.csv", "day,sun\n1,1\n2,4\n3,3\n4,3\n")
        self.write("days.py", CLASSES.replace("3, activation='softmax'", "1").replace("categorical_crossentropy", "mse")
                   .replace(", metrics=['accuracy']", ""))
        self.cepa("fit", "days.py", "--data", "days.csv", "--target", "sun", "--ahead", 1, "-o", "run", "--verbose", 0)
        text = self.cepa("evaluate", "run", "--data", "days.csv", "--baseline", "--verbose", 0)
        self.assertIn("baseline, sun as 1 row before - mse: 3.3333 - root_mean_squared_error: 1.8257 - mae: 1.3333", text)

    def test_the_same_rows_are_measured_again(self):
        self.assertIn("45 rows to learn from, 12 to validate with; 3 incomplete rows left out", self.fit_flowers())
        last = json.loads((self.folder / "run" / "run.json").read_text())["last"]
        again = json.loads(self.cepa("evaluate", "run", "--data", "flowers.csv", "--json"))
        self.assertAlmostEqual(again["loss"], last["val_loss"], places=6)
        self.assertGreater(again["accuracy"], 0.8)
        text = self.cepa("evaluate", "run", "--data", "flowers.csv", "--part", "train", "--confusion", "--verbose", 0)
        counts = [[int(n) for n in line.split()[1:]] for line in text.splitlines() if line.split()[-1].isdigit()]
        self.assertEqual([sum(row) for row in counts], [15, 15, 15])

    def test_another_table_needs_only_the_columns(self):
        self.fit_flowers()
        self.write("new.csv", "length;width;kind\n1;5;\n3;1;\n")
        lines = self.cepa("predict", "run", "new.csv", "--top", 1).splitlines()
        self.assertEqual([line.split()[-1] for line in lines], ["0", "primrose", "1", "oxlip"])

    def test_figures(self):
        self.fit_flowers()
        self.cepa("evaluate", "run", "--data", "flowers.csv", "--figure", "confusion.svg")
        self.assertIn("Matrix of 3 rows and 3 columns. cowslip:", (self.folder / "confusion.svg").read_text())
        refused = self.run_cepa("evaluate", "run", "--part", "validation")
        self.assertIn("--part validation: these data have no validation part", refused.stderr)
        self.cepa("data", "pairs", "flowers.csv", "--target", "kind", "-o", "pairs.svg")
        self.assertIn("Mean of width: cowslip", (self.folder / "pairs.svg").read_text())

    def test_the_lessons_weather(self):
        text = self.cepa("fit", LESSON / "weather_model.py", "--epochs", 5, "-o", "weather", "--verbose", 0)
        self.assertIn("767 rows to learn from, 164 to validate with", text)
        text = self.cepa("evaluate", "weather", "--data", "weather", "--figure", "points.svg")
        self.assertIn("root_mean_squared_error", text)
        self.assertIn("BASEL_sunshine: 165 points", (self.folder / "points.svg").read_text())
        numbers = json.loads(self.cepa("evaluate", "weather", "--data", "weather", "--part", "validation", "--json"))
        last = json.loads((self.folder / "weather" / "run.json").read_text())["last"]
        self.assertAlmostEqual(numbers["loss"], last["val_loss"], places=5)

    def test_the_lessons_penguins_from_seaborns_folder(self):
        rows = ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex"]
        rows += [f"{'Adelie Chinstrap Gentoo'.split()[i % 3]},x,{30 + i},{15 + i % 3},{180 + i},4000,NA" for i in range(30)]
        self.write("seaborn-data/penguins.csv", "\n".join(rows))
        text = self.cepa("fit", LESSON / "penguins_model.py", "--verbose", 0)
        self.assertIn("penguins: 24 rows to learn from, 6 to validate with", text)


if __name__ == "__main__":
    unittest.main()
