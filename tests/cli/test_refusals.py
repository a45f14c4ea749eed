"""What the command refuses: one clear message, exit status 1 or 2, and every file as it was."""

import os
import resource
import shutil
import unittest

from command import CommandTest, MODEL, cifar, npy, npz, picture_set, pixels, png


def model(line, body=""):
    """A file whose model has this layer, called on pictures."""
    return f"""import keras
inputs = keras.Input(shape=(8, 8, 3))
x = {line}(inputs)
{body}
model = keras.Model(inputs=inputs, outputs=x)
model.compile(optimizer='adam', loss='mse')
"""


COMPILE = MODEL[MODEL.index("model.compile") :].strip()


def compiled(line):
    return MODEL.replace(COMPILE, line)


FIT = "fit model.py --scale 1/255 --data data.npz -o out"
TUNE = "tune model.py --scale 1/255 --data data.npz -o out"
BAD = "fit bad.py --data data.npz -o out"
OPEN = "import keras\nmodel = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3)])\n"
PAIR = {"x": npy("|u1", (2, 8, 8, 3), pixels(2)), "y": npy("|u1", (2,), [0, 1])}

# Name, files to write, command, exit status, what the message says. RUN is a run that was trained before.
CASES = [
    # the model's text
    ("no model file", {}, "fit none.py --data data.npz -o out", 1, r"none\.py"),
    ("an empty model", {"bad.py": ""}, BAD, 2, r"bad\.py"),
    ("an empty .keras", {"bad.keras": ""}, "summary bad.keras", 1, r"bad\.keras: an empty file"),
    ("a text as .keras", {"bad.keras": "P"}, "summary bad.keras", 1, "neither a .keras archive, nor"),
    ("the author's own Sequential", {"bad.json": '{"class_name": "MyNet", "config": {"layers": []}}'}, "summary bad.json", 1,
     "class MyNet is no model whose layers the file holds"),
    ("a damaged file", {"bad.h5": b"\x8aHDF\r\n\x1a\n" + bytes(40)}, "summary bad.h5", 1, "nor an HDF5 file"),
    ("broken source", {"bad.py": "model = keras.Model((\n"}, BAD, 2, r"bad\.py:\d+"),
    ("a program", {"bad.py": "import os\nwhile True:\n    os.system('date')\n"}, BAD, 2, r"bad\.py:2"),
    ("unknown layer", {"bad.py": model("keras.layers.Conv9D(3)")}, BAD, 2, "Conv9D"),
    ("unknown argument", {"bad.py": model("keras.layers.Dense(units=3, filterz=2)")}, BAD, 2, "filterz"),
    ("missing argument", {"bad.py": model("keras.layers.Dense()")}, BAD, 2, "units"),
    ("negative size", {"bad.py": model("keras.layers.Dense(-3)")}, BAD, 2, "units"),
    ("a text for a number", {"bad.py": model("keras.layers.Dense('a')")}, "summary bad.py", 2, "units"),
    ("rate beyond 1", {"bad.py": model("keras.layers.Dropout(1.5)")}, BAD, 2, "rate"),
    ("zero strides", {"bad.py": model("keras.layers.Conv2D(2, 3, strides=0)")}, "summary bad.py", 2, "strides"),
    ("unknown padding", {"bad.py": model("keras.layers.Conv2D(2, 3, padding='odd')")}, "summary bad.py", 2, "padding"),
    ("unknown activation", {"bad.py": model("keras.layers.Dense(2, activation='rely')")}, BAD, 2, "rely"),
    ("unknown initializer", {"bad.py": model("keras.layers.Dense(2, kernel_initializer='gorot')")}, BAD, 2, "gorot"),
    ("kernel too large", {"bad.py": model("keras.layers.Conv2D(2, 9)")}, BAD, 2, "9"),
    ("shapes that do not add", {"bad.py": model("keras.layers.Conv2D(2, 3)", "x = keras.layers.add([x, inputs])")}, BAD,
     2, "add"),
    ("no compile", {"bad.py": compiled("")}, BAD, 2, r"model\.compile\(.*def compile_model\(model\)"),
    ("unknown optimizer", {"bad.py": compiled("model.compile(optimizer='adamant', loss='mse')")}, BAD, 2, "adamant"),
    ("unknown loss", {"bad.py": compiled("model.compile(optimizer='adam', loss='lost')")}, BAD, 2, "lost"),
    ("a loss along no axis", {"bad.py": compiled("model.compile(loss=keras.losses.Dice(axis=9))")}, BAD, 2, "axis must be"),
    ("unknown metric", {"bad.py": compiled("model.compile(loss='mse', metrics=['acuracy'])")}, BAD, 2, "acuracy"),
    ("a table without target", {"t.csv": "a,b\n1,2\n"}, "fit model.py --data t.csv -o out", 2, "--target"),
    ("an unknown column", {"t.csv": "a,b\n1,2\n"}, "fit model.py --data t.csv --target c -o out", 2, "a,b"),
    ("no table", {}, FIT + " --target a", 2, "data.npz is none"),
    ("a wrong split", {"t.csv": "a,b\n1,2\n"}, "data info t.csv --split 80", 2, "80/20"),
    ("a ragged table", {"t.csv": "a,b\n1\n"}, "data info t.csv", 1, r"t\.csv:2: 1 field,"),
    ("a table to read within JSON", {}, "evaluate RUN --data data.npz --confusion --json", 2, "report RUN --json"),
    ("pairs of pictures", {}, "data pairs data.npz", 2, "is no table"),
    ("no such model in the file", {}, "fit model.py:other --data data.npz -o out", 2, "other"),
    ("unknown callback", {}, FIT + " --callback EarlyStop", 2, "EarlyStopping"),
    ("callback with an unknown argument", {}, FIT + " --callback EarlyStopping(waits=3)", 2, "waits"),
    ("callback on a number that is not there", {}, FIT + " --callback EarlyStopping('val_auc')", 2, "val_accuracy"),
    ("nothing to vary", {}, TUNE, 2, "--vary"),
    ("a value that does not fit", {}, TUNE + " --vary rate=0.5,2", 2, r"rate must be between 0 and 1, not 2"),
    ("a parameter that is not there", {}, TUNE + " --vary depth=1,2", 2, "it has units, rate"),
    ("a range that goes down", {}, TUNE + " --vary rate=0.5..0.1", 2, "goes up"),
    ("a range without steps", {}, TUNE + " --vary rate=0.1..0.5", 2, "--trials"),
    ("a name given twice", {}, TUNE + " --vary rate=0.1 --vary rate=0.2", 2, "twice"),
    ("too many trials", {}, TUNE + " --vary units=1..200 --vary rate=0..0.5:0.05", 2, "1000"),
    ("an option's wrong value", {}, TUNE + " --vary epochs=1,0", 2, "whole number"),
    ("a search of a model without compile", {"bad.py": compiled("")},
     TUNE.replace("model.py", "bad.py") + " --vary rate=0.1,0.2", 2, "compile"),
    ("a search with a callback on nothing", {}, TUNE + " --vary rate=0.1,0.2 --callback EarlyStopping('val_auc')", 2,
     "val_accuracy"),
    ("a search with data of another size", {"bad.npz": npz(x=npy("|u1", (2, 4, 4, 3), pixels(2, 4)), y=PAIR["y"])},
     "tune model.py --data bad.npz -o out --vary rate=0.1,0.2", 1, r"8, 8, 3"),
    ("models to compare, one without compile", {"bad.py": compiled("")},
     "compare model.py bad.py --data data.npz -o out", 2, "compile"),
    ("a search without a folder", {}, "tune model.py --data data.npz --vary rate=0.1,0.2", 2, "--output DIR"),
    ("a search in a folder of something else", {"other/x": "y"},
     "tune model.py --data data.npz --vary rate=0.1,0.2 -o other", 2, "choose another"),
    ("a search over a run", {}, "tune model.py --data data.npz --vary rate=0.1,0.2 -o RUN", 2, "choose another"),
    ("no time", {}, FIT + " --budget soon", 2, "60s"),
    ("unknown parameter", {}, FIT + " --set depth=3", 2, "depth"),
    ("parameter without value", {}, FIT + " --set units", 2, "units"),
    ("parameter of the wrong kind", {}, FIT + " --set units='many'", 2, "units"),
    # saved models
    ("predicting without weights", {"in.npy": npy("<f4", (1, 8, 8, 3), [0.0] * 192)},
     "predict model.py in.npy -o out.npy", 2, "weights"),
    ("evaluating without weights", {}, "evaluate model.py --data data.npz", 2, "weights"),
    ("a model file of text", {"bad.keras": "hello"}, "predict bad.keras data.npz -o out.npz", 1, r"bad\.keras"),
    ("a cut model file", {"bad.keras": npz(x=PAIR["x"])[:60]}, "evaluate bad.keras --data data.npz", 1, r"bad\.keras"),
    ("an archive that is no model", {"bad.keras": npz(x=PAIR["x"])}, "fit bad.keras --data data.npz -o out", 1,
     r"bad\.keras"),
    # data
    ("no data named", {}, "fit model.py -o out", 2, "--data"),
    ("data by almost its name", {}, "fit model.py --data cifr10 -o out", 1, r"did you mean cifar10\?"),
    ("data of no name", {}, "data info everything", 1, "nor a name of 'cepa data list'"),
    ("a figure that is none", {}, "data grid data.npz -o out.txt", 2, r"-o out\.txt: expected a name"),
    ("no such data", {}, "fit model.py --data none.npz -o out", 1, r"none\.npz"),
    ("empty folder of data", {"empty/x": ""}, "fit model.py --data empty -o out", 1, "empty"),
    ("cut archive of arrays", {"bad.npz": picture_set()[:5000]}, "fit model.py --data bad.npz -o out", 1, r"bad\.npz"),
    ("no targets", {"bad.npz": npz(x=PAIR["x"])}, "fit model.py --data bad.npz -o out", 1, r"target|y\b"),
    ("rows that differ", {"bad.npz": npz(x=PAIR["x"], y=npy("|u1", (3,), [0, 1, 2]))},
     "fit model.py --data bad.npz -o out", 1, r"bad\.npz"),
    ("numbers of no known type", {"bad.npy": npy("<f4", (2, 3), range(6)).replace(b"<f4", b"<c4")}, "data info bad.npy",
     1, r"bad\.npy"),
    ("a label that the model lacks", {"bad.npz": npz(x=PAIR["x"], y=npy("|u1", (2,), [0, 9]))},
     "fit model.py --data bad.npz --scale 1/255 -o out", 1, "9"),
    ("pictures of another size", {"bad.npz": npz(x=npy("|u1", (2, 9, 8, 3), [1] * 432), y=PAIR["y"])},
     "fit model.py --data bad.npz --scale 1/255 -o out", 1, "9, 8, 3"),
    ("more rows than there are", {}, FIT + " --train 65", 2, "65"),
    ("a fraction beyond 1", {}, FIT + " --validation 1.5", 2, r"1\.5|fraction"),
    ("no such validation", {}, FIT + " --validation none.npz", 1, r"none\.npz: no such file"),
    ("unreadable picture in a folder", {"pictures/a/1.png": png(), "pictures/b/1.png": png()[:60]},
     "fit model.py --data pictures -o out", 1, r"1\.png"),
    ("no test part", {"bad.npz": npz(**PAIR)}, "evaluate RUN --data bad.npz --part test", 2, "test part"),
    # predicting
    ("no picture", {}, "predict RUN none.png -o out.npy", 1, r"none\.png"),
    ("a cut picture", {"bad.png": png()[:60]}, "predict RUN bad.png -o out.npy", 1, r"bad\.png"),
    ("a picture of text", {"bad.jpg": "hello"}, "predict RUN bad.jpg -o out.npy", 1, r"bad\.jpg"),
    ("inputs of another size", {"bad.npy": npy("<f4", (1, 4, 4, 3), [0.0] * 48)}, "predict RUN bad.npy -o out.npy", 1,
     "4, 4, 3"),
    ("outputs of unknown kind", {"a.png": png()}, "predict RUN a.png -o out.txt", 2, r"\.npy or \.npz"),
    ("outputs in no folder", {"a.png": png()}, "predict RUN a.png -o none/out.npy", 1, "none/out"),
    ("arrays and pictures at once", {"a.png": png()}, "predict RUN a.png data.npz -o out.npz", 2, r"data\.npz"),
    # runs and curves
    ("a run that is there", {}, "fit model.py --data data.npz -o RUN", 2, "--overwrite"),
    ("a folder that is no run", {"own/letter.txt": "x"}, "fit model.py --data data.npz -o own --overwrite", 2, "own"),
    ("a file for a run", {"out": "x"}, "fit model.py --data data.npz -o out --overwrite", 2, "out"),
    ("a run below a file", {"file": "x"}, FIT.replace("-o out", "-o file/run"), 1, "file/run"),
    ("no history", {}, "plot none -o out.png", 1, "none"),
    ("a broken history", {"bad.csv": "epoch,loss\r\n0,1.5\r\n1\r\n"}, "plot bad.csv -o out.png", 1, r"bad\.csv:3"),
    ("a table that is no history", {"bad.csv": "a,b\n1,2\n"}, "plot bad.csv -o out.png", 1, r"bad\.csv:1"),
    ("unknown curve", {}, "plot RUN -m acuracy -o out.png", 2, "no metric acuracy; it has accuracy, loss, val_accuracy, val_loss$"),
    ("figure of unknown kind", {}, "plot RUN -o out.bmp", 2, r"out\.bmp"),
    ("a grid of no pictures", {"rows.npy": npy("<f4", (2, 3), range(6))}, "data grid rows.npy -o out.png", 1,
     "picture"),
    # filters
    ("no input", {}, "filter -k blur", 2, "INPUT"),
    ("no kernel", {}, "filter 1,2;3,4", 2, "--kernel"),
    ("an unknown kernel", {}, "filter 1,2;3,4 -k shapen", 2, "did you mean sharpen"),
    ("a kernel of words", {}, "filter 1,2;3,4 -k 1,two", 2, "--kernel.*two"),
    ("a kernel that does not fit", {}, "filter 1,2;3,4 -k blur", 2, "does not fit"),
    ("kernels of two sizes", {}, "filter 1,2;3,4 -k 1 -k 1,2", 2, "channel 1"),
    ("channels that the picture lacks", {"a.png": png()}, "filter a.png -k blur -k blur", 2, "2 channels"),
    ("rows of two lengths", {}, "filter 1,2;3 -k 1", 2, "row 2"),
    ("no such matrix", {}, "filter none.csv -k blur", 1, r"none\.csv"),
    ("a broken matrix", {"bad.csv": "1,2\n3,x\n"}, "filter bad.csv -k 1", 1, r"bad\.csv.*x"),
    ("an array of one axis", {"bad.npy": npy("<f4", (3,), range(3))}, "filter bad.npy -k 1", 1, "axes"),
    ("a place outside", {}, "filter 1,2;3,4 -k 1 --at 2,0", 2, "rows 0 to 1"),
    ("half a place", {}, "filter 1,2;3,4 -k 1 --at 2", 2, "ROW,COL"),
    ("unknown padding of a filter", {}, "filter 1,2;3,4 -k 1 --padding same", 2, "same"),
    ("strides of zero", {}, "filter 1,2;3,4 -k 1 --strides 0", 2, "--strides"),
    ("a filter's output of unknown kind", {}, "filter 1,2;3,4 -k 1 -o out.txt", 2, r"out\.txt"),
    ("two outputs in one file", {}, "filter 1,2;3,4 -k 1 --padding zero,nearest -o out.npy", 2, "one --padding"),
    # looking inside a model
    ("nothing to inspect", {}, "inspect", 2, "filters, maps, unit, dropout, cam, mistakes"),
    ("unknown thing to inspect", {}, "inspect filter RUN", 2, "did you mean inspect filters"),
    ("an unknown layer", {}, "inspect maps RUN --data data.npz -l conv2", 2, "did you mean conv2d"),
    ("filters of a dense layer", {}, "inspect filters RUN -l dense", 2, "Conv2D"),
    ("a filter too many", {}, "inspect filters RUN --filter 4", 2, "0 to 3"),
    ("a row too many", {}, "inspect maps RUN --data data.npz --index 32", 2, "row 32"),
    ("no data to look at", {}, "inspect maps model.py", 2, "--data"),
    ("a seed of words", {}, "inspect dropout model.py --seed one", 2, "--seed"),
    ("a picture and data", {"a.png": png()}, "inspect cam RUN --image a.png --data data.npz", 2, "--image"),
    ("a unit without a place", {}, "inspect unit RUN --data data.npz -l conv2d", 2, "--at"),
    ("a unit's place outside", {}, "inspect unit RUN --data data.npz -l conv2d --at 6,0,0", 2, "indices"),
    ("a unit's place of two axes", {}, "inspect unit RUN --data data.npz -l conv2d --at 1,1", 2, "indices"),
    ("a unit of a layer that has none", {}, "inspect unit RUN --data data.npz -l flatten --at 1", 2, "Flatten"),
    ("masks of a convolution", {}, "inspect dropout RUN -l conv2d", 2, "Dropout"),
    ("an unknown class", {}, "inspect cam RUN --data data.npz --class cat", 2, "--class"),
    ("maps of a dense layer", {}, "inspect cam RUN --data data.npz -l dense", 2, "maps"),
    ("a look into a file of unknown kind", {}, "inspect filters RUN -o out.txt", 2, r"out\.txt"),
    ("a grid that is too wide", {}, "data grid data.npz --columns 33 -o out.png", 2, "--columns.*32"),
    # the command line
    ("unknown command", {}, "fti model.py", 2, r"did you mean fit\?"),
    ("a command like no other", {}, "foo model.py", 2, r"there is no command foo \(see"),
    ("a report of no run", {}, "report RUN/model.keras", 1, r"model\.keras is not the folder of a run"),
    ("a class that is none", {}, FIT + " --class-weight 0=2,12=3", 2, r"class 12 has a weight.*0 to \d"),
    ("unknown data command", {}, "data inof data.npz", 2, r"did you mean data info\?"),
    ("unknown option", {}, FIT + " --epoch 3", 2, r"did you mean --epochs\?"),
    ("no operand", {}, "fit --data data.npz -o out", 2, "MODEL"),
    ("one operand too many", {}, "summary model.py data.npz", 2, r"data\.npz"),
    ("an option without its value", {}, "fit model.py -o out --data", 2, "--data"),
    ("a value for a flag", {}, FIT + " --overwrite=yes", 2, "--overwrite"),
    ("no whole number", {}, FIT + " --epochs many", 2, "--epochs.*many"),
    ("a negative number", {}, FIT + " --batch-size -5", 2, "--batch-size.*-5"),
    ("a number too large", {}, FIT + " --seed 18446744073709551616", 2, "--seed"),
    ("a choice that is none", {}, "summary model.py --style keras9", 2, "keras9"),
    ("a scale of zero", {}, FIT.replace("1/255", "0"), 2, "--scale"),
    ("class weights of words", {}, FIT + " --class-weight cat=2", 2, "--class-weight"),
    ("an instruction set of no machine", {}, "CEPA_CPU=mmx " + FIT, 2, "mmx"),
    ("a way to convolve that is none", {}, "CEPA_CONV=fast " + FIT, 2, "CEPA_CONV=fast.*auto or direct"),
    ("an option's way to convolve that is none", {}, "doctor --kernels --conv fast", 2, r"--conv.*auto\|direct"),
    ("a model that doctor has no use for", {}, "doctor model.py", 2, "--kernels"),
    ("kernels of a model with open sizes", {"open.py": OPEN}, "doctor --kernels open.py", 2, "input.*unknown size"),
    ("an unknown name of data", {}, "data fetch cifar11", 1, r"no data set cifar11 \(did you mean cifar10\?\)"),
]


class Refusals(CommandTest):
    @classmethod
    def setUpClass(cls):
        maker = cls()
        CommandTest.setUp(maker)
        maker.fit("-o", "RUN")
        cls.run_folder = {path.name: path.read_bytes() for path in (maker.folder / "RUN").iterdir() if path.is_file()}
        maker.doCleanups()

    def refused(self, command, status, pattern, **more):
        words = command.split()
        environment = dict(word.split("=") for word in words if word.startswith("CEPA_C"))
        before = self.listing()
        done = self.run_cepa(*words[len(environment) :], environment=environment, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("cepa: ") and "warning: " not in line]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], pattern)
        self.assertEqual(before, self.listing(), "files changed")

    def test_a_place_in_a_text_is_shown(self):
        self.write("bad.py", "import keras\nx = [\t1, while: 2]\n")
        done = self.run_cepa("summary", "bad.py")
        lines = done.stderr.split("\n")
        self.assertRegex(lines[0], r"^cepa: bad\.py:2:10: 'while' ")
        self.assertEqual(lines[1:], ["x = [\t1, while: 2]", "     \t   ^", ""])

    def test_table(self):
        self.assertGreaterEqual(len(CASES), 40)
        for name, files, command, status, pattern in CASES:
            with self.subTest(name):
                for path, content in files.items():
                    self.write(path, content)
                if "RUN" in command:
                    for path, content in self.run_folder.items():
                        self.write(f"RUN/{path}", content)
                self.refused(command, status, pattern)
                self.assertFalse((self.folder / "out").is_dir())
                for path in self.folder.iterdir():
                    if path.name not in ("model.py", "data.npz"):
                        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def test_damaged_cifar(self):
        cifar(self.folder / "label", label=10)
        self.refused("data check label", 1, "10")
        cifar(self.folder / "cut")
        whole = (self.folder / "cut/data_batch_1.bin").read_bytes()
        self.write("cut/data_batch_1.bin", whole[:-100])
        self.refused("fit model.py --data cut -o out", 1, r"data_batch_1\.bin")

    def test_full_disk(self):
        """Files may not grow beyond some bytes, as on a disk that is full."""
        for path, content in self.run_folder.items():
            self.write(f"RUN/{path}", content)
        self.write("in.npy", npy("<f4", (64, 8, 8, 3), [0.5] * 64 * 192))
        for command in (FIT, "predict RUN in.npy -o out.npy", "plot RUN -o out.png", "data grid data.npz -o out.png"):
            with self.subTest(command):
                limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
                self.refused(command, 1, "out", preexec_fn=limit)
                self.assertFalse((self.folder / "out").exists())

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            done = self.run_cepa("summary", "model.py", stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^cepa: cannot write to the standard output")


if __name__ == "__main__":
    unittest.main()
