"""Models and runs side by side: compare and diff."""

import csv
import json
import unittest

from command import MODEL, CommandTest

DATA = ("--data", "data.npz", "--scale", "1/255")
DENSE = """
import keras
model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
"""


class Compare(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("dense.py", DENSE)

    def test_models_are_trained_alike(self):
        text = self.cepa("compare", "model.py", "dense.py", *DATA, "--epochs", "3", "--seeds", "2", "-o", "c")
        self.assertIn("2 models x 2 seeds: 4 fits; 1 at once, ", text)
        self.assertRegex(text, r"\n +model +dense\nparameters +\d+ +579\nseconds ")
        self.assertRegex(text, r"\ndense has \d\.\d\d? times the parameters of model; its val_accuracy is 0\.\d{4} "
                               r"(lower|higher), (within|beyond) the spread of 0\.\d{4}\.\nWrote c: ")
        for name in ("accuracy.png", "accuracy.svg", "loss.png", "loss.svg"):
            self.assertTrue((self.folder / "c/figures" / name).exists())
        with open(self.folder / "c/models.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["model"], row["name"], row["fits"]) for row in rows], [("1", "model", "2"), ("2", "dense", "2")])
        self.assertIn(f"{float(rows[1]['val_loss']):.4f} ± {float(rows[1]['val_loss_spread']):.4f}", text)
        self.fit("--epochs", "3", "--seed", "1", "-o", "run")
        self.assertEqual((self.folder / "c/run-001-seed-1/history.csv").read_bytes(),
                         (self.folder / "run/history.csv").read_bytes())
        again = self.cepa("compare", "model.py", "dense.py", *DATA, "--epochs", "3", "--seeds", "2", "-o", "c")
        self.assertIn("4 fits, 4 of them done before\n", again)
        self.assertEqual(text[text.index("\n\n") :], again[again.index("\n\n") :])

    def test_json(self):
        done = self.run_cepa("compare", "model.py", "dense.py", *DATA, "--epochs", "3", "--seeds", "2", "-o", "c", "--json")
        self.assertIn("2 models x 2 seeds", done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual([(m["model"], m["name"], m["parameters"]) for m in found["models"]],
                         [(1, "model", 435), (2, "dense", 579)])
        means = [model["metrics"]["val_accuracy"]["mean"] for model in found["models"]]
        difference, = found["against_first"]
        self.assertAlmostEqual(difference["difference"], means[1] - means[0], 12)
        self.assertAlmostEqual(difference["parameters_times"], 579 / 435, 12)
        with open(self.folder / "c/models.csv", newline="") as file:
            self.assertEqual([float(row["val_accuracy"]) for row in csv.DictReader(file)], means)
        runs = json.loads(self.cepa("compare", *(model["fits"][0]["run"] for model in found["models"]), "--json"))
        self.assertEqual(runs["models"][1]["metrics"]["loss"]["mean"], found["models"][1]["fits"][0]["metrics"]["loss"])
        self.assertIsNone(runs["folder"])

    def test_another_plan_is_refused(self):
        self.cepa("compare", "model.py", "dense.py", *DATA, "-o", "c")
        self.write("dense.py", DENSE.replace("Dense(3)", "Dense(3, use_bias=False)"))
        done = self.run_cepa("compare", "model.py", "dense.py", *DATA, "-o", "c")
        self.assertEqual(done.returncode, 2)
        self.assertIn("its text has changed", done.stderr)
        self.cepa("compare", "model.py", "dense.py", *DATA, "-o", "c", "--overwrite")

    def test_runs(self):
        self.fit("--epochs", "2", "-o", "a")
        self.fit("--epochs", "3", "-o", "b", "--seed", "1")
        done = self.run_cepa("compare", "a", "b")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "cepa: warning: a and b differ in their epochs\n"
                                      "cepa: warning: a and b differ in their seed\n")
        facts = [json.loads((self.folder / run / "run.json").read_text()) for run in "ab"]
        last = "  ".join(f"{run['last']['val_loss']:.4f}" for run in facts)
        self.assertRegex(done.stdout, rf"\nval_loss +{last.replace('  ', ' +')}\n")
        self.assertIn("Nothing was written", done.stdout)
        self.assertIn("Wrote c: ", self.cepa("compare", "a", "b", "-o", "c"))
        for folder, message in (("c", "--overwrite"), ("a", "choose another")):
            done = self.run_cepa("compare", "a", "b", "-o", folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)
        self.cepa("compare", "a", "b", "-o", "c", "--overwrite")

    def test_a_metric_that_one_lacks(self):
        self.fit("-o", "a")
        self.write("plain.py", MODEL.replace("metrics=['accuracy']", "metrics=[]"))
        self.cepa("fit", "plain.py", *DATA, "-o", "b")
        done = self.run_cepa("compare", "a", "b")
        self.assertIn("\nb has 1 times the parameters of a; val_accuracy is not measured of both.\n", done.stdout)

    def test_refusals(self):
        self.fit("-o", "a")
        for arguments, message in ((("a", "dense.py", "-o", "c"), "not both"), (("model.py", "dense.py"), "-o DIR"),
                                   (("a",), "needs"), (("model.py", "none.py", "-o", "c"), "none.py"),
                                   (("model.py", "dense.py", "-o", "a"), "choose another")):
            done = self.run_cepa("compare", *arguments, *DATA)
            self.assertIn(done.returncode, (1, 2))
            self.assertIn(message, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)
        self.assertFalse((self.folder / "c").exists())


class Diff(CommandTest):
    def test_layers_side_by_side(self):
        self.write("other.py", MODEL.replace("    x = keras.layers.Flatten()(x)", """
    x = keras.layers.Conv2D(4, 3, activation='relu')(x)
    x = keras.layers.Flatten()(x)""").replace("rate=0.2", "rate=0.5"))
        text = self.cepa("diff", "model.py", "other.py")
        self.assertEqual(text, """\
   model.py       output     params  other.py       output     params
   input_layer    (8, 8, 3)       0  input_layer    (8, 8, 3)       0
   conv2d         (6, 6, 4)     112  conv2d         (6, 6, 4)     112
   max_pooling2d  (3, 3, 4)       0  max_pooling2d  (3, 3, 4)       0
+                                    conv2d_1       (1, 1, 4)     148
~  flatten        (36,)           0  flatten        (4,)            0
~  dropout        (36,)           0  dropout        (4,)            0
~  dense          (8,)          296  dense          (8,)           40
   dense_1        (3,)           27  dense_1        (3,)           27
   total                        435  total                        327

+ conv2d_1: Conv2D(filters=4, kernel_size=(3, 3), activation='relu'), 148 parameters
~ flatten: output (36,) -> (4,)
~ dropout: Dropout(rate=0.2) -> Dropout(rate=0.5); output (36,) -> (4,)
~ dense: parameters 296 -> 40
Parameters: 435 -> 327, 108 fewer (0.75 times)
""")
        found = json.loads(self.cepa("diff", "model.py", "other.py", "--json"))
        self.assertEqual([layer["change"] for layer in found["layers"]],
                         [None, None, None, "added", "changed", "changed", "changed", None])
        self.assertEqual(found["parameters"], [435, 327])
        self.assertEqual(found["layers"][3]["a"], None)

    def test_the_same(self):
        self.fit("-o", "run")
        text = self.cepa("diff", "model.py", "run")
        self.assertIn("\nThe layers are the same.\nParameters: 435 -> 435\n", text)

    def test_what_is_trained(self):
        self.write("frozen.py", MODEL.replace("Dense(3)", "Dense(3, trainable=False)"))
        self.assertIn("~ dense_1: no longer trained\n", self.cepa("diff", "model.py", "frozen.py"))


if __name__ == "__main__":
    unittest.main()
