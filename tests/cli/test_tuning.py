"""Searches and comparisons: many fits, what they leave, and going on after a kill."""

import csv
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from command import CEPA, MODEL, CommandTest

DATA = ("--data", "data.npz", "--scale", "1/255")

TUNED = MODEL.replace("model = create_nn()", "").split("model.compile")[0] + """
def build_model(hp):
    deep = hp.Int("deep", 0, 1)
    units = hp.Int("units", 4, 8, step=4)
    model = create_nn(units, hp.Float("rate", 0.1, 0.5))
    for i in range(deep):
        hp.Choice("extra", ["a", "b"])
    model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=['accuracy'])
    return model
"""


class Tune(CommandTest):
    def tune(self, *more, model="model.py"):
        return self.cepa("tune", model, *DATA, *more)

    def table(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    def test_grid(self):
        text = self.tune("--vary", "rate=0.25,0.5", "--vary", "units=4..8:4", "--seeds", "2", "--epochs", "2", "-o", "t")
        lines = text.splitlines()
        self.assertRegex(lines[0], r"^4 trials x 2 seeds: 8 fits; \d+ at once, \d+ threads? each$")
        for line in lines[1:9]:
            self.assertRegex(line, r"^trial \d/4, seed [01]: rate=0\.25|0\.5 units=4|8  val_loss \d+\.\d{4}  val_acc")
        trials = self.table("t/trials.csv")
        self.assertEqual(sorted((row["trial"], row["rate"], row["units"]) for row in trials),
                         [("1", "0.25", "4"), ("2", "0.25", "8"), ("3", "0.5", "4"), ("4", "0.5", "8")])
        losses = [float(row["val_loss"]) for row in trials]
        self.assertEqual(losses, sorted(losses))
        results = self.table("t/results.csv")
        best = [float(row["val_loss"]) for row in results if row["trial"] == trials[0]["trial"]]
        mean = sum(best) / 2
        self.assertAlmostEqual(losses[0], mean, 12)
        self.assertAlmostEqual(float(trials[0]["val_loss_spread"]), (2 * (best[0] - mean) ** 2) ** 0.5, 12)
        self.assertEqual((self.folder / "t/summary.txt").read_text(), text[text.index("\ntrial  rate") :]
                         .rsplit("Wrote", 1)[0])
        self.assertTrue((self.folder / "t/figures/values.svg").exists())

    def test_values_that_are_no_numbers(self):
        self.write("named.py", MODEL.replace("units=8,", "units=8, kind='relu',").replace("activation='relu')(x)", "activation=kind)(x)"))
        text = self.tune("--vary", "kind=relu,tanh,'elu'", "-o", "t", model="named.py")
        self.assertIn("trial 3/3, seed 0: kind='elu'  val_loss ", text)
        self.assertIn("<title>val_loss over trial</title>", (self.folder / "t/figures/values.svg").read_text())

    def test_columns_are_of_numbers_there_are(self):
        self.write("plain.py", MODEL.replace("metrics=['accuracy']", "metrics=[]"))
        heads = [line for line in self.tune("--vary", "rate=0.1,0.2", "-o", "t", model="plain.py").splitlines()
                 if line.startswith("trial  ")]
        self.assertEqual([line.split() for line in heads], [["trial", "rate", "val_loss", "epochs", "seconds", "parameters"]])

    def test_numbers_are_those_of_fit(self):
        self.tune("--vary", "rate=0.5", "--seed", "3", "--epochs", "2", "-o", "t", "--jobs", "1")
        self.fit("--set", "rate=0.5", "--seed", "3", "--epochs", "2", "-o", "run")
        self.assertEqual((self.folder / "t/run-001-seed-3/history.csv").read_bytes(),
                         (self.folder / "run/history.csv").read_bytes())

    def test_which_data_chose(self):
        done = self.run_cepa("tune", "model.py", *DATA, "--vary", "rate=0.1,0.2", "-o", "t")
        self.assertIn("warning: the same rows chose and measured", done.stderr)
        self.assertIn("on the test part of data.npz (32 rows), 1 seed.", done.stdout)
        self.assertIn("One fit a trial does not tell how much is chance", done.stdout)
        done = self.run_cepa("tune", "model.py", *DATA, "--vary", "rate=0.1,0.2", "--validation", "0.25", "-o", "u")
        self.assertEqual(done.stderr, "")
        self.assertIn("on 16 rows held back from the training part of data.npz", done.stdout)
        measured = json.loads(self.cepa("evaluate", "u/run-001-seed-0", "--data", "data.npz", "--json"))
        other = json.loads(self.cepa("evaluate", "u/run-002-seed-0", "--data", "data.npz", "--json"))
        line = [line for line in done.stdout.splitlines() if ": test_loss " in line]
        self.assertEqual(len(line), 1)
        self.assertIn(line[0].split("test_loss ")[1].split(",")[0], [f"{m['loss']:.4f}" for m in (measured, other)])

    def test_test_part_by_its_name(self):
        done = self.run_cepa("tune", "model.py", *DATA, "--vary", "rate=0.1,0.2", "--validation", "data.npz", "-o", "t")
        self.assertIn("warning: the same rows chose and measured", done.stderr)
        self.assertNotIn("had no part in the choice", done.stdout)

    def test_json(self):
        options = ("--vary", "rate=0.25,0.5", "--seeds", "2", "--seed", "9007199254740993", "--epochs", "3", "--epoch", "best",
                   "--objective", "val_loss", "--validation", "0.25", "-o", "t")
        done = self.run_cepa("tune", "model.py", *DATA, *options, "--json")
        self.assertIn("trial 1/2, seed ", done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual((found["folder"], found["judged_by"], found["judged_at"]), ("t", "val_loss", "best"))
        self.assertEqual(found["chosen_on"], "16 rows held back from the training part of data.npz")
        self.assertIs(found["same_rows_chose_and_measured"], False)
        rows = self.table("t/trials.csv")
        self.assertEqual([str(trial["trial"]) for trial in found["trials"]], [row["trial"] for row in rows])
        for trial, row in zip(found["trials"], rows):
            self.assertEqual(trial["values"], {"rate": float(row["rate"])})
            self.assertEqual(trial["parameters"], 435)
            for metric in ("loss", "accuracy", "val_loss", "val_accuracy"):
                self.assertAlmostEqual(trial["metrics"][metric]["mean"], float(row[metric]), 12)
                self.assertAlmostEqual(trial["metrics"][metric]["spread"], float(row[metric + "_spread"]), 12)
            for place, fit in enumerate(trial["fits"]):
                self.assertEqual(fit["seed"], 9007199254740993 + place)
                with open(self.folder / fit["run"] / "history.csv", newline="") as file:
                    history = [float(epoch["val_loss"]) for epoch in csv.DictReader(file)]
                self.assertEqual((fit["metrics"]["val_loss"], fit["epochs"]), (min(history), 3))
                self.assertEqual(fit["epoch"], history.index(min(history)))
        best = found["within_spread_of_best"][0]
        self.assertEqual(best["trial"], found["trials"][0]["trial"])
        again = self.cepa("tune", "model.py", *DATA, *options)
        self.assertIn(f"test_loss {best['test_loss']['mean']:.4f} ± {best['test_loss']['spread']:.4f}", again)

    def test_no_single_winner(self):
        text = self.tune("--vary", "rate=0.2,0.2000", "--seeds", "2", "-o", "t")
        self.assertRegex(text, r"\nNo single winner\. Within spread of the best: rate=0\.2 \((.*)\), rate=0\.2000 \(\1\)\.\n")

    def test_early_stopping_and_best_epoch(self):
        self.tune("--vary", "rate=0.2,0.3", "--epochs", "6", "--epoch", "best", "-o", "t", "--objective", "val_accuracy",
                  "--callback", "EarlyStopping('val_accuracy', min_delta=9, restore_best_weights=True)")
        for row in self.table("t/results.csv"):
            self.assertEqual(row["epochs"], "2")

    def test_declared_in_the_text(self):
        self.write("tuned.py", TUNED)
        done = self.run_cepa("tune", "tuned.py", *DATA, "-o", "t")
        self.assertEqual(done.returncode, 2)
        self.assertIn("rate is a range without steps", done.stderr)
        text = self.tune("--vary", "rate=0.1,0.2", "-o", "t", model="tuned.py")
        rows = self.table("t/results.csv")
        self.assertIn("12 trials x 1 seed", text)  # deep=0 has no extra
        self.assertEqual([row["extra"] for row in rows], 2 * (2 * [""] + ["'a'", "'b'"] * 2))
        text = self.tune("--trials", "5", "-o", "u", model="tuned.py")
        rows = self.table("u/results.csv")
        self.assertEqual(len(rows), 5)
        for row in rows:
            self.assertTrue(0.1 <= float(row["rate"]) <= 0.5 and row["units"] in ("4", "8"))
        self.assertEqual(len({row["rate"] for row in rows}), 5)
        again = self.cepa("tune", "tuned.py", *DATA, "--trials", "6", "-o", "u")
        self.assertIn("6 trials x 1 seed: 6 fits, 5 of them done before;", again)

    def test_options_of_fit_are_varied(self):
        self.tune("--vary", "epochs=1,3", "--vary", "batch-size=8,16", "-o", "t")
        self.assertEqual([row["epochs"] for row in self.table("t/results.csv")], ["1", "1", "3", "3"])
        facts = json.loads((self.folder / "t/run-002-seed-0/run.json").read_text())
        self.assertEqual(facts["batch_size"], 16)

    def test_going_on(self):
        options = ("tune", "model.py", *DATA, "--vary", "rate=0.1,0.2,0.3", "--seeds", "2", "--epochs", "2", "-o", "t")
        whole = self.cepa(*options)
        before = (self.folder / "t/results.csv").read_bytes().split(b"seconds")[0]
        kept = (self.folder / "t/run-001-seed-0/run.json").stat().st_mtime_ns
        (self.folder / "t/run-002-seed-1/run.json").unlink()
        cut = self.folder / "t/run-003-seed-0/run.json"
        cut.write_text(cut.read_text().replace('"stopped_by": null', '"stopped_by": "SIGTERM"'))
        again = self.cepa(*options)
        self.assertIn("Going on in t, ", again)
        self.assertIn("6 fits, 4 of them done before;", again)
        verdict = [line for line in whole.splitlines() if line.startswith(("Best", "No single", "Chosen"))]
        self.assertEqual(verdict, [line for line in again.splitlines() if line.startswith(("Best", "No single", "Chosen"))])
        self.assertEqual(before, (self.folder / "t/results.csv").read_bytes().split(b"seconds")[0])
        self.assertEqual(kept, (self.folder / "t/run-001-seed-0/run.json").stat().st_mtime_ns)

    def begin(self, *more):
        """A search that has begun."""
        process = subprocess.Popen([CEPA, "tune", "model.py", *DATA, "-o", "t", *more], cwd=self.folder,
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        return process

    def wait_for_an_epoch(self, process):
        while process.poll() is None and not list((self.folder / "t").glob("run-*/history.csv")):
            time.sleep(0.01)

    def wait_for_its_fits(self):
        """They share the search's lock and end after their step."""
        folder = os.open(self.folder / "t", os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        os.close(folder)

    def test_killed_at_any_time(self):
        options = ("--vary", "rate=0.1,0.2,0.3", "--epochs", "40")
        for under_way in (False, True):
            process = self.begin(*options)
            if under_way:
                self.wait_for_an_epoch(process)
            process.kill()
            process.communicate()
            self.wait_for_its_fits()
        self.assertIn("Going on in t, ", self.tune(*options, "-o", "t"))
        self.assertEqual({row["epochs"] for row in self.table("t/results.csv")}, {"40"})

    def test_interrupted(self):
        process = self.begin("--vary", "rate=0.1,0.2,0.3", "--epochs", "1000000")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
        self.assertEqual((process.returncode, said), (130, "cepa: stopped by SIGINT; the same command goes on from here\n"))

    @unittest.skipUnless(pathlib.Path(f"/proc/self/task/{os.getpid()}/children").exists(), "the kernel names no children")
    def test_a_fit_that_is_killed(self):
        """The others are not waited for, however long they would take."""
        process = self.begin("--vary", "rate=0.1,0.2", "--epochs", "1000000", "--jobs", "2")
        self.wait_for_an_epoch(process)
        fit = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        os.kill(int(fit), signal.SIGKILL)
        _, said = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertRegex(said, r"^cepa: t/run-00[12]-seed-0: the fit was ended from outside\n$")

    def test_overwrite(self):
        self.tune("--vary", "rate=0.1,0.2,0.3", "-o", "t")
        self.tune("--vary", "rate=0.5", "-o", "t", "--overwrite")
        self.assertEqual([path.name for path in (self.folder / "t").glob("run-*")], ["run-001-seed-0"])


if __name__ == "__main__":
    unittest.main()
