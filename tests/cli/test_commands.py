"""What the commands print and leave when all is well."""

import csv
import json
import pathlib
import resource
import unittest
import zipfile

from command import MODEL, SANITIZED, CommandTest, npy, npz, picture_set, png, read_npy

LESSON = pathlib.Path(__file__).resolve().parents[2] / "lesson"
NUMBER = r"-?\d+\.\d{4}"
EPOCH = rf"\d+s - \d+(us|ms|s)/step - accuracy: {NUMBER} - loss: {NUMBER}"
VALIDATED = rf"{EPOCH} - val_accuracy: {NUMBER} - val_loss: {NUMBER}"


class Help(CommandTest):
    def test_version(self):
        self.assertRegex(self.cepa("--version"), r"^cepa \d+\.\d+\.\d+\n$")

    def test_overview_and_each_command(self):
        overview = self.cepa("help")
        self.assertEqual(overview, self.cepa("--help"))
        names = ("fit", "evaluate", "predict", "summary", "tune", "compare", "diff", "report", "plot", "data list", "data info",
                 "data grid", "data check",
                 "data fetch", "doctor")
        for name in names:
            self.assertIn(f"\n  {name:12} ", overview)
            text = self.cepa("help", *name.split())
            self.assertTrue(text.startswith(f"usage: cepa {name}"), text)
            self.assertEqual(text, self.cepa(*name.split(), "--help"))
            self.assertLessEqual(max(map(len, text.splitlines())), 100, text)

    def test_nothing_asked(self):
        done = self.run_cepa()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("usage: cepa COMMAND", done.stderr)


class Fit(CommandTest):
    def history(self, run="run"):
        with open(self.folder / run / "history.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_lines_of_a_pipe(self):
        lines = self.fit("--epochs", "2", "-o", "run").splitlines()
        self.assertRegex(lines[0], r"^data\.npz: 64 rows to learn from, 32 to validate with; seed 0, batch size 32, ")
        self.assertRegex(lines[1], rf"^Epoch 1/2 - 2/2 - {VALIDATED}$")
        self.assertRegex(lines[2], rf"^Epoch 2/2 - 2/2 - {VALIDATED}$")
        self.assertRegex(lines[3], r"^Wrote run: model\.keras \(last\), best\.keras \(epoch [12] by val_loss\), his")
        self.assertEqual(len(lines), 4)

    def test_without_a_run_nothing_is_written(self):
        before = self.listing()
        self.assertIn("\nNothing was written: -o RUN keeps the model", self.fit())
        self.assertEqual(before, self.listing())

    def test_verbose(self):
        two = self.fit("--epochs", "2", "--verbose", "2")
        self.assertRegex(two, rf"\nEpoch 1/2\n2/2 - {VALIDATED}\nEpoch 2/2\n2/2 - {VALIDATED}\n")
        self.assertNotRegex(self.fit("--verbose", "0"), "accuracy")
        old = self.fit("--verbose", "2", "--style", "keras2.12")
        self.assertRegex(old, rf"\n2/2 - \d+s - loss: {NUMBER} - accuracy: {NUMBER} - val_loss: {NUMBER} - "
                              rf"val_accuracy: {NUMBER} - \d+(us|ms|s)/epoch - \d+(us|ms|s)/step\n")

    def test_callbacks(self):
        text = self.fit("--epochs", "9", "-o", "run", "--callback",
                        'EarlyStopping(monitor="val_accuracy", min_delta=1, restore_best_weights=True, verbose=1)')
        self.assertIn("\nEpoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
                      "Stopped by EarlyStopping in epoch 2 of 9.\nWrote run: model.keras (epoch 1, restored), ", text)
        facts = json.loads((self.folder / "run/run.json").read_text())
        self.assertEqual((facts["stopped_by"], facts["restored_epoch"], facts["epochs_done"]), ("EarlyStopping", 0, 2))
        self.assertEqual(len(facts["callbacks"]), 1)
        lines = self.fit("--epochs", "2", "--callback", "ReduceLROnPlateau(patience=1, min_delta=9, verbose=1)")
        self.assertRegex(lines, r"\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0\.0001\d*\.\nEpoch 2/2 - ")
        self.assertIn(" - learning_rate: 0.0010 - loss: ", lines)

    def test_a_loss_that_is_no_number(self):
        done = self.run_cepa("fit", "model.py", "--data", "data.npz", "--epochs", "2", "--optimizer", "SGD(1e30)", "-o", "run")
        self.assertEqual(done.returncode, 0)
        self.assertIn("cepa: warning: the loss is no number any more", done.stderr)
        self.assertIn("\nWrote run: model.keras (last), history.csv, run.json, figures/\n", done.stdout)

    def test_metrics_of_a_state(self):
        measured = '''metrics=['accuracy', keras.metrics.AUC(num_thresholds=20), keras.metrics.F1Score(),
    keras.metrics.R2Score(class_aggregation=None), keras.metrics.Recall(class_id=0, thresholds=[0.2, 0.4]),
    keras.metrics.IoU(num_classes=3, target_class_ids=[0], sparse_y_true=False, sparse_y_pred=False),
    keras.metrics.LogCoshError(), 'AUC'], weighted_metrics=[keras.metrics.AUC(multi_label=True)]'''
        text = MODEL.replace("metrics=['accuracy']", measured).replace("SparseCategorical", "Categorical")
        self.write("measured.py", text)
        said = self.cepa("fit", "measured.py", "--data", "data.npz", "--scale", "1/255", "-o", "run", "--epochs", "2", "--callback",
                         "EarlyStopping(monitor='val_auc_1', mode='auto')")
        self.assertRegex(said, rf" - AUC: {NUMBER} - accuracy: {NUMBER} - auc: {NUMBER} - auc_1: {NUMBER} - f1_score: ")
        names = ["loss", "accuracy", "auc", "f1_score", "r2_score", "recall", "io_u", "logcosh", "AUC", "auc_1"]
        last = self.history()[-1]
        self.assertTrue({*names, *("val_" + name for name in names)} <= {*last})
        found = json.loads(self.cepa("evaluate", "run", "--data", "data.npz", "--scale", "1/255", "--json"))
        self.assertEqual(list(found), names)  # written to the file, read from it
        self.assertEqual([len(found[name]) for name in ("f1_score", "r2_score", "recall")], [3, 3, 2])
        for name in names:
            several = found[name] if isinstance(found[name], list) else [found[name]]
            self.assertAlmostEqual(sum(several) / len(several), float(last["val_" + name]), 6)
        others = json.loads(self.cepa("evaluate", "run", "--data", "data.npz", "--scale", "1/255", "--json", "--metrics",
                                      "F1Score(average='macro'), AUC(num_thresholds=20), acc"))
        self.assertEqual(list(others), ["loss", "f1_score", "auc", "acc"])
        self.assertEqual((others["loss"], others["auc"], others["acc"]), (found["loss"], found["auc"], found["accuracy"]))
        refused = self.run_cepa("evaluate", "run", "--data", "data.npz", "--metrics", "AUC(curve='X')")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertEqual(refused.stderr, "cepa: AUC: curve must be 'ROC', 'PR' or 'PRGAIN', not 'X'\n")

    def test_a_loss_of_the_whole_batch(self):
        text = MODEL.replace("keras.losses.SparseCategoricalCrossentropy(from_logits=True)", "keras.losses.Circle(gamma=4)")
        self.write("pairs.py", text.replace(
            "['accuracy']", "['accuracy', keras.losses.circle, keras.losses.Circle(2, margin=0.3, name='gentle')]"))
        self.cepa("fit", "pairs.py", "--data", "data.npz", "--scale", "1/255", "-o", "run", "--batch-size", "20")
        last = self.history()[-1]
        found = json.loads(self.cepa("evaluate", "run", "--data", "data.npz", "--scale", "1/255", "--batch-size", "20", "--json"))
        self.assertEqual(list(found), ["loss", "accuracy", "circle", "gentle"])  # written to the file, read from it
        for name, value in found.items():
            self.assertAlmostEqual(value, float(last["val_" + name]), 6)
        self.assertNotEqual(found["loss"], found["gentle"])

    def test_what_the_text_says_of_the_fit(self):
        self.write("said.py", MODEL + "model.fit(0, 0, batch_size=16, epochs=3, callbacks=[\n"
                                      "    keras.callbacks.EarlyStopping('accuracy', min_delta=9)])\n")
        said = self.cepa("fit", "said.py", "--data", "data.npz", "--scale", "1/255", "-o", "run")
        self.assertIn("batch size 16, ", said)
        self.assertIn("\nStopped by EarlyStopping in epoch 2 of 3.\n", said)
        facts = json.loads((self.folder / "run/run.json").read_text())
        self.assertEqual((facts["epochs"], facts["batch_size"]), (3, 16))
        self.assertEqual(facts["callbacks"], ["EarlyStopping(monitor='accuracy', min_delta=9.0)"])
        said = self.cepa("fit", "said.py", "--data", "data.npz", "--epochs", "4", "--batch-size", "32", "--callback",
                         "TerminateOnNaN")
        self.assertIn("Epoch 4/4 - 2/2 - ", said)

    def test_rows_and_weights_that_the_text_says(self):
        self.write("said.py", MODEL + "model.fit(0, 0, epochs=2, shuffle=False, validation_split=0.25, class_weight={1: 2.5})\n")
        data = ("--data", "data.npz", "--scale", "1/255")
        said = self.cepa("fit", "said.py", *data, "-o", "said")
        self.assertIn("data.npz: 48 rows to learn from, 16 to validate with; ", said)
        self.fit("--epochs", "2", "--no-shuffle", "--validation", "0.25", "--class-weight", "1=2.5", "-o", "given")
        for run in ("said", "given"):
            self.assertEqual(json.loads((self.folder / run / "run.json").read_text())["validation_split"], 0.25)
            self.assertIn("Wrote", self.cepa("report", run, "-o", run + ".html"))
        self.assertEqual(*((self.folder / run / "history.csv").read_bytes() for run in ("said", "given")))
        self.assertIn("on 16 rows of data.npz that it did not learn from", (self.folder / "said.html").read_text())
        self.assertIn("64 rows", self.cepa("fit", "said.py", *data, "--validation", "none"))

    def test_optimizer_and_learning_rates(self):
        self.write("said.py", MODEL + "model.fit(0, 0, epochs=3, callbacks=[\n"
                              "    keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 if epoch < 2 else 0.25, verbose=1)])\n")
        text = self.cepa("fit", "said.py", "--data", "data.npz", "--optimizer", "Nadam(0.1)", "-o", "rates")
        self.assertIn("Epoch 1: LearningRateScheduler setting learning rate to 0.5.\nEpoch 1/3 - ", text)
        rates = [row["learning_rate"] for row in csv.DictReader((self.folder / "rates/history.csv").open())]
        self.assertEqual(rates, ["0.5", "0.5", "0.25"])
        with zipfile.ZipFile(self.folder / "rates/model.keras") as archive:
            optimizer = json.loads(archive.read("config.json"))["compile_config"]["optimizer"]
        self.assertEqual((optimizer["class_name"], optimizer["config"]["learning_rate"]), ("Nadam", 0.1))
        done = self.run_cepa("fit", "said.py", "--data", "data.npz", "--optimizer", "adma")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("unknown optimizer 'adma'; known are SGD, ", done.stderr)
        done = self.run_cepa("fit", "said.py", "--data", "data.npz", "--optimizer", "SGD(CosineDecay(0.1, 10))")
        self.assertIn("LearningRateScheduler: the optimizer's learning rate is CosineDecay, which nothing else may set",
                      done.stderr)

    def test_what_is_left_out_of_the_fit(self):
        self.write("said.py", MODEL + "import numpy\ndef rate(epoch):\n    return numpy.log(epoch)\nmodel.fit(0, 0, steps_per_epoch=2, callbacks=[\n"
                              "    keras.callbacks.LearningRateScheduler(rate), keras.callbacks.TensorBoard('logs')])\n")
        warning = ("cepa: warning: the text's model.fit asks for what is not done here: steps_per_epoch, LearningRateScheduler, "
                   "TensorBoard\n")
        done = self.run_cepa("fit", "said.py", "--data", "data.npz", "--scale", "1/255")
        self.assertEqual((done.returncode, done.stderr), (0, warning))
        done = self.run_cepa("tune", "said.py", "--data", "data.npz", "--scale", "1/255", "--validation", "0.5", "--vary",
                             "epochs=1,2", "-o", "tuned")
        self.assertEqual((done.returncode, done.stderr), (0, warning))

    def test_callbacks_that_write(self):
        self.write("said.py", MODEL + "model.fit(0, 0, epochs=2, callbacks=[\n"
                              "    keras.callbacks.ModelCheckpoint('kept/{epoch:02d}-{val_loss:.1f}.keras', verbose=1),\n"
                              "    keras.callbacks.CSVLogger('log.csv', append=True)])\n")
        text = self.cepa("fit", "said.py", "--data", "data.npz", "--scale", "1/255", "--validation", "0.5", "-o", "run")
        self.assertEqual((self.folder / "log.csv").read_bytes(), (self.folder / "run/history.csv").read_bytes())
        names = sorted(path.name for path in (self.folder / "kept").iterdir())
        self.assertEqual([name[:3] for name in names], ["01-", "02-"])
        self.assertIn(f"Epoch 1: saving model to kept/{names[0]}\nEpoch 1: finished saving model to kept/{names[0]}\nEpoch 1/2 - ", text)
        self.cepa("evaluate", f"kept/{names[1]}", "--data", "data.npz", "--scale", "1/255")
        done = self.run_cepa("tune", "said.py", "--data", "data.npz", "--scale", "1/255", "--validation", "0.5", "--vary",
                             "batch_size=8,16", "-o", "tuned")
        self.assertEqual((done.returncode, done.stderr), (0, "cepa: warning: every fit writes the files of ModelCheckpoint, "
                                                             "CSVLogger anew: the last one's stay\n"))

    def test_budget(self):
        text = self.fit("--epochs", "1000000", "--budget", "0.3s", "-o", "run")
        self.assertRegex(text, r"\nStopped by budget in epoch \d+ of 1000000\.\nWrote run: ")
        facts = json.loads((self.folder / "run/run.json").read_text())
        self.assertEqual((facts["stopped_by"], facts["budget"]), ("budget", 0.3))
        self.assertEqual(len(self.history()) if facts["epochs_done"] else 0, facts["epochs_done"])

    def test_what_a_run_holds(self):
        self.fit("--epochs", "3", "-o", "run")
        run = self.folder / "run"
        names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
        self.assertEqual(names, ["best.keras", "figures/accuracy.png", "figures/accuracy.svg", "figures/loss.png",
                                 "figures/loss.svg", "history.csv", "model.keras", "run.json"])
        self.assertTrue((self.folder / "run/figures/loss.png").read_bytes().startswith(b"\x89PNG"))
        raw = (self.folder / "run/history.csv").read_bytes()
        self.assertTrue(raw.startswith(b"epoch,accuracy,loss,val_accuracy,val_loss\r\n0,"))
        self.assertEqual(raw.count(b"\r\n"), 4)
        self.assertEqual([row["epoch"] for row in self.history()], ["0", "1", "2"])
        for row in self.history():
            for name in ("accuracy", "loss", "val_accuracy", "val_loss"):
                self.assertEqual(row[name], repr(float(row[name])))

    def test_run_json_says_how_to_do_it_again(self):
        command = ("--epochs", "2", "--seed", "7", "--train", "60", "--set", "units=5", "--class-weight", "0=2,2=0.5")
        self.fit(*command, "-o", "run")
        facts = json.loads((self.folder / "run/run.json").read_text())
        self.assertEqual(facts["command"][1:4], ["fit", "model.py", "--data"])
        wanted = {"model": "model.py", "set": ["units=5"], "epochs": 2, "batch_size": 32, "shuffle": True, "seed": 7,
                  "class_weight": "0=2,2=0.5", "epochs_done": 2, "stopped_by": None}
        self.assertEqual({name: facts[name] for name in wanted}, wanted)
        self.assertEqual((facts["data"]["rows"], facts["validation"]["rows"]), (60, 32))
        self.assertRegex(facts["data"]["sha256"], "^[0-9a-f]{64}$")
        self.assertAlmostEqual(facts["scale"], 1 / 255)
        best = min(self.history(), key=lambda row: float(row["val_loss"]))
        self.assertEqual(facts["best"], {"epoch": int(best["epoch"]), "val_loss": float(best["val_loss"])})
        self.assertEqual(facts["last"]["loss"], float(self.history()[-1]["loss"]))

    def test_same_seed_same_weights(self):
        def digest(*more):
            self.fit("--epochs", "2", "-o", "run", "--overwrite", *more)
            return json.loads((self.folder / "run/run.json").read_text())["weights_sha256"]

        first = digest("--threads", "1")
        self.assertEqual(first, digest("--threads", "3"))
        self.assertNotEqual(first, digest("--seed", "1"))
        self.assertNotEqual(first, digest("--no-shuffle"))
        self.assertNotEqual(first, digest("--class-weight", "0=3"))
        self.assertNotEqual(first, digest("--set", "rate=0.5"))

    def test_validation(self):
        self.assertIn("48 rows to learn from, 16 to validate with", self.fit("--validation", "0.25"))
        self.assertIn("32 to validate with", self.fit("--validation", "data.npz"))
        none = self.fit("--validation", "none", "-o", "run")
        self.assertIn("64 rows to learn from; seed", none)
        self.assertNotIn("val_loss", none)
        self.assertEqual(list(self.history()[0].values())[3:], ["NA", "NA"])
        self.assertIn("best", json.loads((self.folder / "run/run.json").read_text()))

    def test_overwriting(self):
        self.fit("--epochs", "2", "-o", "run")
        self.write("run/notes.txt", "mine")
        self.fit("--epochs", "1", "-o", "run", "--overwrite")
        self.assertEqual(len(self.history()), 1)
        self.assertEqual((self.folder / "run/notes.txt").read_text(), "mine")

    def test_raw_pixels_warn_once(self):
        done = self.run_cepa("fit", "model.py", "--data", "data.npz")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("warning: raw pixels"), 1)
        self.assertEqual(self.run_cepa("fit", "model.py", "--data", "data.npz", "--scale", "1/255").stderr, "")

    def test_going_on_from_a_saved_model(self):
        self.fit("--epochs", "1", "-o", "one")
        again = self.cepa("fit", "one/model.keras", "--data", "data.npz", "--epochs", "1", "-o", "two")
        self.assertIn("Wrote two", again)
        self.assertNotEqual(self.history("one")[0]["loss"], self.history("two")[0]["loss"])

    def test_scale_and_offset_of_the_text(self):
        """What the text does to its pictures is what a layer would do to them."""
        lines = "(x, y), _ = keras.datasets.cifar10.load_data()\nx = x / 127.5 - 1\n"
        self.write("scaled.py", MODEL + lines)
        first = "Conv2D(4, (3, 3), activation='relu')("
        rescaled = f"Rescaling(1 / 127.5, -1)(inputs)\n    x = keras.layers.{first}x)"
        self.write("layer.py", MODEL.replace(first + "inputs)", rescaled))
        found = []
        for name in ("scaled", "layer"):
            self.cepa("fit", f"{name}.py", "--data", "data.npz", "-o", name)
            found.append(json.loads(self.cepa("evaluate", name, "--data", "data.npz", "--json"))["loss"])
        self.assertAlmostEqual(found[0], found[1], places=4)


class Use(CommandTest):
    def setUp(self):
        super().setUp()
        self.fit("--epochs", "2", "-o", "run")

    def test_evaluate(self):
        measured = json.loads(self.cepa("evaluate", "run", "--data", "data.npz", "--json"))
        self.assertEqual(list(measured), ["loss", "accuracy"])
        with open(self.folder / "run/history.csv", newline="") as file:
            last = list(csv.DictReader(file))[-1]
        self.assertAlmostEqual(measured["loss"], float(last["val_loss"]), places=6)
        self.assertAlmostEqual(measured["accuracy"], float(last["val_accuracy"]), places=6)
        self.assertEqual(measured, json.loads(self.cepa("evaluate", "run/model.keras", "--data", "data.npz", "--json")))
        self.assertRegex(self.cepa("evaluate", "run", "--data", "data.npz"), rf"^1/1 - {EPOCH}\n$")
        train = json.loads(self.cepa("evaluate", "run", "--data", "data.npz", "--part", "train", "--json"))
        self.assertNotEqual(train, measured)
        self.assertEqual(measured, json.loads(self.cepa("evaluate", "run", "--json")))  # on the data of the run

    def test_predict_arrays(self):
        values = [(index * 37 % 101) / 101 for index in range(5 * 192)]
        self.write("in.npy", npy("<f4", (5, 8, 8, 3), values))
        self.assertEqual(self.cepa("predict", "run", "in.npy", "-o", "out.npy"), "")
        kind, shape, outputs = read_npy((self.folder / "out.npy").read_bytes())
        self.assertEqual((kind, shape), ("<f4", (5, 3)))
        self.write("one.npy", npy("<f4", (1, 8, 8, 3), values[:192]))
        self.cepa("predict", "run", "one.npy", "-o", "one_out.npy")
        self.assertEqual(read_npy((self.folder / "one_out.npy").read_bytes())[2], outputs[:3])
        printed = self.cepa("predict", "run", "in.npy", "--top", "2")
        self.assertRegex(printed, r"^(row \d\n(  [01]\.\d{4}  \d\n){2}){5}$")

    def test_weights_alone(self):
        """A model's text with weights from another file gives what the whole model gives."""
        self.write("in.npy", npy("<f4", (5, 8, 8, 3), [(index * 37 % 101) / 101 for index in range(5 * 192)]))
        self.cepa("predict", "run", "in.npy", "-o", "whole.npy")
        self.cepa("predict", "model.py", "in.npy", "--weights", "run", "-o", "parts.npy")
        self.assertEqual((self.folder / "whole.npy").read_bytes(), (self.folder / "parts.npy").read_bytes())
        self.cepa("fit", "model.py", "--data", "data.npz", "--scale", "1/255", "--weights", "run", "-o", "more")
        with open(self.folder / "more/history.csv", newline="") as file:
            begun = next(csv.DictReader(file))
        with open(self.folder / "run/history.csv", newline="") as file:
            self.assertLess(float(begun["loss"]), float(next(csv.DictReader(file))["loss"]))

    def test_predict_pictures(self):
        self.write("a.png", png())
        self.write("b.png", png(20))
        found = json.loads(self.cepa("predict", "run", "a.png", "b.png", "--json"))
        self.assertEqual([picture["file"] for picture in found], ["a.png", "b.png"])
        for picture in found:
            chances = [entry["probability"] for entry in picture["classes"]]
            self.assertEqual(chances, sorted(chances, reverse=True))
            self.assertAlmostEqual(sum(chances), 1, places=5)
        self.assertRegex(self.cepa("predict", "run", "a.png", "--top", "1"), r"^a\.png\n  0\.\d{4}  [012]\n$")

    def test_plot(self):
        self.assertEqual(self.cepa("plot", "run", "-o", "one.svg"), "Wrote one.svg\n")
        self.assertIn("<svg", (self.folder / "one.svg").read_text())
        self.cepa("plot", "run", "run/history.csv", "-m", "loss,val_loss", "--first-epoch", "1", "-o", "two.png")
        self.assertTrue((self.folder / "two.png").read_bytes().startswith(b"\x89PNG"))
        self.assertEqual(self.cepa("plot", "run"), "Wrote accuracy.png\n")

    def test_names_of_classes_travel_with_the_model(self):
        for name in ("cat", "dog", "owl"):
            for index in range(4):
                self.write(f"pictures/{name}/{index}.png", png())
        self.cepa("fit", "model.py", "--data", "pictures", "--scale", "1/255", "-o", "named")
        self.assertRegex(self.cepa("predict", "named", "pictures/cat/0.png"), r"  0\.\d{4}  (cat|dog|owl)\n")


class Look(CommandTest):
    def test_summary(self):
        text = self.cepa("summary", "model.py", "--style", "keras2.12")
        self.assertTrue(text.startswith('Model: "small"\n' + 65 * "_" + "\n"), text)
        self.assertIn("\nTotal params: 435\n", text)
        self.assertIn("435", self.cepa("summary", "model.py"))
        facts = json.loads(self.cepa("summary", "model.py", "--set", "units=10", "--json"))
        self.assertEqual((facts["name"], facts["parameters"]), ("small", 112 + 370 + 33))
        self.assertEqual(facts["layers"][1]["output_shape"], [6, 6, 4])

    @unittest.skipIf(SANITIZED, "the sanitizers take their time")
    def test_summary_is_quick(self):
        """By the processor's time, so that a busy machine does not count."""
        def seconds():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.cepa("summary", "model.py")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

        self.assertLess(min(seconds() for _ in range(10)), 0.03)

    def test_doctor(self):
        self.assertRegex(self.cepa("doctor"), r"(?m)^instruction set  \w+\n^threads +\d+\n^parts ")
        facts = json.loads(self.cepa("doctor", "--json", environment={"CEPA_CPU": "portable"}))
        self.assertEqual((facts["instruction_set"], facts["environment"]), ("portable", facts["environment"]))
        self.assertEqual(facts["environment"]["CEPA_CPU"], "portable")
        self.assertEqual(facts["data"]["shapes10"], "generated")

    def test_kernels(self):
        table = self.cepa("doctor", "--kernels", LESSON / "cifar_model.py").splitlines()
        self.assertRegex(table[0], r"^layer +output shape +forward +input gradient +weight gradient +with it$")
        filtered, pooled = r"Winograd F\(2x2,3x3\)", "relu, 2x2 max pooling"
        self.assertRegex(table[1], rf"^conv2d +\(30, 30, 50\) +(direct|{filtered}) +- +\w.* +{pooled}$")
        self.assertRegex(table[2], rf"^conv2d_1 +\(13, 13, 50\) +({filtered} +){{2}}Winograd F\(3x3,2x2\) +{pooled}$")
        self.assertRegex(table[3], r"^dense +\(50,\) +direct +direct +direct +relu$")
        self.assertRegex(table[4], r"^dense_1 +\(10,\) +direct +direct +direct +-$")
        self.assertEqual(len(table), 5)

    def test_kernels_forced(self):
        arguments = ("doctor", "--kernels", LESSON / "cifar_model.py")
        forced = self.cepa(*arguments, environment={"CEPA_CONV": "direct"})
        self.assertNotRegex(forced, "Winograd|pooling")
        self.assertEqual(forced, self.cepa(*arguments, "--conv", "direct"))
        facts = json.loads(self.cepa(*arguments, "--conv", "direct", "--json"))
        self.assertEqual((facts["convolutions"], facts["layers"][1]["forward"]), ("direct", "direct"))
        self.assertEqual(facts["layers"][0]["output_shape"], [30, 30, 50])
        self.assertIsNone(facts["layers"][0]["gradient_inputs"])
        self.assertRegex(self.cepa("doctor", "--kernels"), r"(?m)^convolutions +by their shapes: .*Winograd")
        self.assertRegex(self.cepa("doctor", "--kernels", "--conv", "direct"), r"(?m)^convolutions +direct: ")

    def test_data(self):
        self.assertRegex(self.cepa("data", "list"), r"(?m)^cifar10 .*\n +not on this machine: cepa data fetch cifar10$")
        facts = json.loads(self.cepa("data", "info", "data.npz", "--json"))
        self.assertEqual((facts["train"]["rows"], facts["test"]["rows"]), (64, 32))
        self.assertEqual(facts["train"]["inputs"][0]["shape"], [8, 8, 3])
        self.assertIn("(64, 8, 8, 3)", self.cepa("data", "info", "data.npz"))
        checked = self.cepa("data", "check", "shapes10")
        self.assertRegex(checked, r"(?m)^train rows of each class:( \d+){10}\n(.*\n)*fine: ")
        self.assertEqual(self.cepa("data", "grid", "data.npz", "--columns", "2", "--rows", "2"), "Wrote grid.png\n")
        self.assertTrue((self.folder / "grid.png").read_bytes().startswith(b"\x89PNG"))

    def test_several_inputs(self):
        self.write("two.py", """import keras
a = keras.Input(shape=(4,), name="a")
b = keras.Input(shape=(3,), name="b")
x = keras.layers.concatenate([a, b])
first = keras.layers.Dense(2, name="first")(x)
second = keras.layers.Dense(1, name="second")(x)
model = keras.Model(inputs=[a, b], outputs=[first, second])
model.compile(optimizer="sgd", loss=["mse", "mse"])
""")
        x_a, x_b = npy("<f4", (6, 4), range(24)), npy("<f4", (6, 3), range(18))
        y_first, y_second = npy("<f4", (6, 2), range(12)), npy("<f4", (6, 1), range(6))
        self.write("two.npz", npz(x_a=x_a, x_b=x_b, y_first=y_first, y_second=y_second))
        self.write("in.npz", npz(a=x_a, b=x_b))
        self.cepa("fit", "two.py", "--data", "two.npz", "-o", "run")
        self.cepa("predict", "run", "in.npz", "-o", "out.npz")
        self.assertRegex((self.folder / "out.npz").read_bytes(), rb"(?s)output_0\.npy.*output_1\.npy")
        self.write("in.npz", npz(arr_0=x_a, arr_1=x_b))  # names that the model does not know: in its order
        self.cepa("predict", "run", "in.npz", "-o", "again.npz")
        self.assertEqual((self.folder / "again.npz").read_bytes(), (self.folder / "out.npz").read_bytes())


if __name__ == "__main__":
    unittest.main()
