"""Runs the command, and makes the small files it works on: models, pictures, arrays and data sets."""

import ast
import io
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest
import zipfile
import zlib

CEPA = os.environ["CEPA"]  # the command under test
SANITIZED = os.environ.get("CEPA_SANITIZED") == "true"

MODEL = """
import keras

def create_nn(units=8, rate=0.2):
    inputs = keras.Input(shape=(8, 8, 3))
    x = keras.layers.Conv2D(4, (3, 3), activation='relu')(inputs)
    x = keras.layers.MaxPooling2D((2, 2))(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(rate)(x)
    x = keras.layers.Dense(units, activation='relu')(x)
    outputs = keras.layers.Dense(3)(x)
    return keras.Model(inputs=inputs, outputs=outputs, name="small")

model = create_nn()
model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
"""


def npy(kind, shape, numbers):
    """The bytes of an .npy file; kind is numpy's, such as '<f4'."""
    code = {"<f4": "f", "|u1": "B", "<i4": "i", "<i8": "q", "<f8": "d"}[kind]
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    numbers = list(numbers)
    body = struct.pack(f"<{len(numbers)}{code}", *numbers)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body


def read_npy(raw):
    """Kind, shape and numbers of an .npy file."""
    length = struct.unpack("<H", raw[8:10])[0]
    header = ast.literal_eval(raw[10 : 10 + length].decode())
    code = {"<f4": "f", "<f8": "d", "<i4": "i", "|u1": "B"}[header["descr"]]
    body = raw[10 + length :]
    return header["descr"], header["shape"], struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body)


def npz(**arrays):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, raw in arrays.items():
            archive.writestr(name + ".npy", raw)
    return out.getvalue()


def pixels(count, size=8):
    """Bytes that look random and are the same each time."""
    state, made = 1, []
    for _ in range(count * size * size * 3):
        state = (state * 1103515245 + 12345) % 2**31
        made.append(state >> 16 & 255)
    return made


def picture_set(rows=64, classes=3):
    """An .npz of small pictures whose class shows in their brightness."""
    x = [value // 3 + 85 * (index // 192 % classes) for index, value in enumerate(pixels(rows))]
    return npz(
        x_train=npy("|u1", (rows, 8, 8, 3), x),
        y_train=npy("|u1", (rows,), [row % classes for row in range(rows)]),
        x_test=npy("|u1", (rows // 2, 8, 8, 3), x[: rows // 2 * 192]),
        y_test=npy("|u1", (rows // 2,), [row % classes for row in range(rows // 2)]),
    )


def cifar(folder, rows=20, label=None):
    """A folder of CIFAR-10 files. label replaces the last row's."""
    folder.mkdir()
    for name in ("data_batch_1.bin", "test_batch.bin"):
        records = [bytes([row % 10]) + bytes(pixels(1, 32)) for row in range(rows)]
        if label is not None:
            records[-1] = bytes([label]) + records[-1][1:]
        (folder / name).write_bytes(b"".join(records))
    names = "airplane automobile bird cat deer dog frog horse ship truck"
    (folder / "batches.meta.txt").write_text(names.replace(" ", "\n") + "\n")


def png(size=8):
    """A picture in colour."""
    raw = bytes(pixels(1, size))
    rows = b"".join(b"\0" + raw[3 * size * y : 3 * size * (y + 1)] for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


class CommandTest(unittest.TestCase):
    """A folder of its own for each test, with a model and data."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.write("model.py", MODEL)
        self.write("data.npz", picture_set())

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def environment(self, **more):
        """The host's, but for what would lead the command to its data or change its numbers."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("CEPA")}
        own.pop("OMP_NUM_THREADS", None)
        return {**own, "XDG_CACHE_HOME": str(self.folder / "cache"), "HOME": str(self.folder), **more}

    def run_cepa(self, *arguments, environment=None, **more):
        return subprocess.run(
            [CEPA, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(**(environment or {})),
            stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            **more,
        )

    def cepa(self, *arguments, **more):
        """What a command prints that must succeed."""
        done = self.run_cepa(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fit(self, *more, **options):
        return self.cepa("fit", "model.py", "--data", "data.npz", "--scale", "1/255", *more, **options)

    def listing(self):
        """Every file with its contents: what a command that fails must leave alone."""
        return {path.relative_to(self.folder): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
