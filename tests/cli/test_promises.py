"""What Cepa promises of the lesson's network: one seed gives one result, and it learns."""

import csv
import json
import os
import pathlib
import subprocess
import unittest

from command import CEPA, CommandTest, npy, pixels, read_npy

ROOT = pathlib.Path(__file__).resolve().parents[2]
LESSON = ROOT / "lesson"


def has(instruction_set):
    environment = {**os.environ, "CEPA_CPU": instruction_set}
    return subprocess.run([CEPA, "doctor"], env=environment, capture_output=True).returncode == 0


class OneSeedOneResult(CommandTest):
    def digest(self, model, threads, batch=32, **environment):
        """The weights after two epochs on 200 pictures: whole batches and a part of one."""
        self.cepa("fit", LESSON / model, "--data", "shapes10", "--train", "200", "--validation", "none", "--epochs", "2",
                  "--seed", "5", "--threads", threads, "--batch-size", batch, "-o", "run", "--overwrite",
                  environment=environment)
        return json.loads((self.folder / "run/run.json").read_text())["weights_sha256"]

    def test_threads(self):
        """Eight are more than a batch has blocks of sixteen rows, so that they share each layer."""
        for batch in (16, 32):
            digests = {self.digest("dropout_model.py", threads, batch) for threads in (1, 2, 3, 8)}
            self.assertEqual(len(digests), 1)

    @unittest.skipUnless(has("avx2") and has("avx512"), "this machine has not both AVX2 and AVX-512")
    def test_instruction_sets(self):
        digests = {self.digest("dropout_model.py", 2, CEPA_CPU=name) for name in ("avx2", "avx512")}
        self.assertEqual(len(digests), 1)

    def test_convolutions_done_directly(self):
        """They have other bits than Winograd's, of the same results."""
        direct = self.digest("dropout_model.py", 2, CEPA_CONV="direct")
        self.assertNotEqual(direct, self.digest("dropout_model.py", 2))
        self.write("in.npy", npy("<f4", (21, 32, 32, 3), [value / 255 for value in pixels(21, 32)]))
        results = []
        for way in ("auto", "direct"):
            self.cepa("predict", "run", "in.npy", "--conv", way, "-o", "out.npy")
            results.append(read_npy((self.folder / "out.npy").read_bytes())[2])
        self.assertNotEqual(*results)
        self.assertLess(max(abs(a - b) for a, b in zip(*results)), 1e-5)

    def test_an_image_alone_and_in_a_batch(self):
        self.digest("cifar_model.py", 2)
        count = 21
        numbers = [value / 255 for value in pixels(count, 32)]
        self.write("all.npy", npy("<f4", (count, 32, 32, 3), numbers))
        self.cepa("predict", "run", "all.npy", "-o", "all_out.npy")
        _, shape, together = read_npy((self.folder / "all_out.npy").read_bytes())
        self.assertEqual(shape, (count, 10))
        for row in (0, 7, 20):
            self.write("one.npy", npy("<f4", (1, 32, 32, 3), numbers[row * 3072 : (row + 1) * 3072]))
            self.cepa("predict", "run", "one.npy", "-o", "one_out.npy")
            _, _, alone = read_npy((self.folder / "one_out.npy").read_bytes())
            self.assertEqual(alone, together[row * 10 : (row + 1) * 10])

    def test_a_saved_model_goes_on_as_if_it_had_not_stopped(self):
        arguments = ("--data", "shapes10", "--train", "200", "--validation", "none", "--seed", "5")
        self.cepa("fit", LESSON / "dropout_model.py", *arguments, "--epochs", "1", "-o", "first")
        self.cepa("fit", "first/model.keras", *arguments, "--epochs", "1", "-o", "second")
        resumed = json.loads((self.folder / "second/run.json").read_text())["weights_sha256"]
        self.assertEqual(resumed, self.digest("dropout_model.py", 2))


class Learns(CommandTest):
    def final_accuracy(self, model, *arguments, environment=None):
        self.cepa("fit", LESSON / model, *arguments, "-o", "run", "--overwrite", environment=environment)
        with open(self.folder / "run/history.csv", newline="") as file:
            return float(list(csv.DictReader(file))[-1]["val_accuracy"])

    @unittest.skipUnless(os.environ.get("CEPA_DATA"), "CEPA_DATA names no folder with CIFAR-10")
    def test_real_pictures(self):
        data = pathlib.Path(os.environ["CEPA_DATA"]) / "cifar-10-batches-bin"
        accuracy = self.final_accuracy("cifar_model.py", "--data", data, "--train", "4000", "--epochs", "10")
        self.assertGreaterEqual(accuracy, 0.45)
        self.assertLessEqual(accuracy, 0.55)

    def test_generated_pictures_want_convolutions(self):
        arguments = ("--data", "shapes10", "--train", "5000", "--epochs", "10")
        convolutional = self.final_accuracy("cifar_model.py", *arguments)
        self.assertGreaterEqual(convolutional, 0.75)
        self.assertLessEqual(convolutional, 0.95)
        self.assertLess(self.final_accuracy("dense_model.py", *arguments), convolutional - 0.25)


if __name__ == "__main__":
    unittest.main()
