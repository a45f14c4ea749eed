"""What a person sees: Keras' progress bar on a terminal, and what a signal does."""

import re
import signal
import subprocess
import unittest

from command import CEPA, CommandTest, png
from terminal import on_terminal

COUNT = r"\x1b\[1m *(?P<step>\d+)/(?P<steps>\d+)\x1b\[0m "
BAR = COUNT + r"(?:\x1b\[32m(?P<done>━+)\x1b\[0m)?\x1b\[37m(?P<left>━*)\x1b\[0m"
TIMES = r" \x1b\[1m\d+s\x1b\[0m \d+(?:us|ms|s)/step"
VALUES = r" - accuracy: \d\.\d{4}(?:e-\d\d)? - loss: \d+\.\d{4}"


def visible(drawn):
    return len(re.sub(r"\x1b\[\d+m", "", drawn))


class Terminal(CommandTest):
    def on_terminal(self, *arguments, typed=b""):
        return on_terminal([CEPA, *arguments], typed, cwd=self.folder, env=self.environment())

    def fit_lines(self, *more):
        text = self.on_terminal("fit", "model.py", "--data", "data.npz", "--scale", "1/255", "--batch-size", "1", *more)
        return text.split("\n")

    def test_keras3_bar(self):
        lines = self.fit_lines("--epochs", "2")
        self.assertEqual([lines[1], lines[3]], ["Epoch 1/2", "Epoch 2/2"])
        redraws = re.split("\b*\r", lines[2])
        self.assertEqual(redraws[0], "")
        for drawn in redraws[1:-1]:
            match = re.fullmatch(BAR + TIMES + VALUES + " *", drawn)
            self.assertTrue(match, repr(drawn))
            full = 20 * int(match["step"]) // 64
            self.assertEqual((match["steps"], len(match["done"] or ""), len(match["left"])), ("64", full, 20 - full))
        self.assertRegex(redraws[1], r"^\x1b\[1m 1/64")
        validation = VALUES.replace("accuracy", "val_accuracy").replace("loss", "val_loss")
        self.assertRegex(redraws[-1], "^" + BAR + TIMES + VALUES + validation + "$")

    def test_a_step_at_a_time(self):
        shown = self.on_terminal("filter", "1 2 3; 4 5 6", "-k", "1 1", "--steps", typed=b"\nq\n")
        self.assertEqual(re.findall(r"sum: (\d+)", shown), ["3", "5"])
        self.assertEqual(shown.count("\x1b[H\x1b[J"), 2)

    def test_long_lines_are_wrapped(self):
        for kind in range(30):
            self.write(f"pictures/kind_{kind:02}/a.png", png())
        wrapped = self.cepa("data", "info", "pictures", "--image-size", "8").split("30 classes: ")[1]
        narrow = self.on_terminal("data", "info", "pictures", "--image-size", "8").split("30 classes: ")[1]
        for text, most in ((wrapped, 100), (narrow, 80)):
            self.assertEqual(" ".join(text.split()), ", ".join(f"kind_{kind:02}" for kind in range(30)))
            widths = [len(line) for line in ("30 classes: " + text).splitlines()]
            self.assertGreater(len(widths), 1)
            self.assertTrue(most - 9 <= max(widths) <= most, widths)
            self.assertTrue(all(line.startswith("  ") for line in text.splitlines()[1:]))

    def test_a_redraw_goes_back_over_the_last_one(self):
        pieces = re.split("(\b*)\r", self.fit_lines()[1])
        for back, before in zip(pieces[3::2], pieces[2::2]):
            self.assertEqual(len(back), visible(before.rstrip(" ")))

    def test_one_epoch_has_no_heading(self):
        self.assertFalse([line for line in self.fit_lines() if line.startswith("Epoch")])

    def test_keras2_bar(self):
        lines = self.fit_lines("--style", "keras2.14")
        redraws = re.split("\b*\r", lines[1])
        self.assertRegex(redraws[1], r"^ 1/64 \[\.{30}\] - ETA: \d+s - loss: \d+\.\d{4} - accuracy: ")
        values = " - loss: .* - accuracy: .* - val_loss: .* - val_accuracy: "
        self.assertRegex(redraws[-1], r"^64/64 \[={30}\] - \d+s \d+(us|ms|s)/step" + values)

    def test_evaluate(self):
        self.fit("-o", "run")
        redraws = re.split("\b*\r", self.on_terminal("evaluate", "run", "--data", "data.npz").split("\n")[0])
        self.assertRegex(redraws[-1], "^" + BAR + TIMES + VALUES)


class Signals(CommandTest):
    def stopped(self, *numbers):
        """Sends signals to a long fit after its first epoch; gives its exit status and stderr."""
        process = subprocess.Popen(
            [CEPA, "fit", "model.py", "--data", "data.npz", "--scale", "1/255", "--epochs", "1000000", "-o", "run",
             "--overwrite"],
            cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("Epoch 2/"):
                break
        for number in numbers:
            process.send_signal(number)
        rest = process.stdout.read()
        errors = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        return process.wait(), rest, errors

    def test_a_signal_keeps_what_was_learned(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number):
                code, rest, errors = self.stopped(number)
                self.assertEqual(code, status)
                self.assertEqual(errors, f"cepa: stopped by {signal.Signals(number).name}\n")
                self.assertIn("Wrote run", rest)
                epochs = (self.folder / "run/history.csv").read_bytes().count(b"\r\n") - 1
                self.assertGreaterEqual(epochs, 2)
                facts = (self.folder / "run/run.json").read_text()
                self.assertIn(f'"stopped_by": "{signal.Signals(number).name}"', facts)
                self.cepa("evaluate", "run/model.keras", "--data", "data.npz")
                self.assertFalse(list((self.folder / "run").rglob("*.part")))

    def test_a_second_signal_ends_at_once(self):
        code, _, errors = self.stopped(*[signal.SIGINT, signal.SIGTERM] * 20)
        self.assertIn(code, (130, 143))
        self.assertNotIn("stopped by", errors)


if __name__ == "__main__":
    unittest.main()
