"""Runs the command and the C program of the lesson, and remembers nothing: every result is what they print."""

import csv
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A command did not do what it was asked for; the message is its own."""


class Program:
    """The command build/cepa, run in the folder where all runs go, with a copy of the lesson's models beside them: so
    its lines are as short as in the documentation."""

    def __init__(self, command, folder):
        self.command, self.folder = pathlib.Path(command).resolve(), folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "lesson").mkdir(parents=True)
        for model in (ROOT / "lesson").glob("*.py"):
            shutil.copy(model, folder / "lesson")

    def run(self, typed):
        """What the command prints for what a person types behind its name."""
        return self.output_of(self.command, "cepa", typed)

    def json(self, typed):
        return json.loads(self.run(f"{typed} --json"))

    def lesson_in_c(self, typed):
        """Trains with examples/lesson.c, which leaves cnn_model.keras."""
        return self.output_of(self.command.parent / "examples/example_lesson", "example_lesson", typed)

    def output_of(self, file, name, typed):
        """What a program prints; Failed where it fails."""
        done = subprocess.run(
            [file, *shlex.split(typed)], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            raise Failed(f"{name} {typed}\n{done.stderr.strip()}")
        return done.stdout

    def history(self, name):
        """The run's history: a list of numbers for each metric."""
        with open(self.folder / name / "history.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        return {metric: [float(row[metric]) for row in rows] for metric in rows[0] if metric != "epoch"}

    def record(self, name):
        return json.loads((self.folder / name / "run.json").read_text())


def find_command(given):
    """The command to use; built first where there is none yet."""
    command = pathlib.Path(given or os.environ.get("CEPA") or ROOT / "build/cepa")
    if not command.exists():
        if given or os.environ.get("CEPA"):
            raise Failed(f"there is no {command}")
        print("lesson: building cepa first", flush=True)
        if subprocess.run([ROOT / "scripts/setup"], stdout=sys.stdout).returncode:
            raise Failed("the build failed")
    return command
