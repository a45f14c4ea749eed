"""What every step of the lesson works with: the program, the plan, the page, and how the three meet."""

import difflib

import printed
from page import Row, figure


class Book:
    def __init__(self, program, plan, page, estimate, information):
        self.program, self.plan, self.page, self.estimate = program, plan, page, estimate
        self.information = information  # what `cepa data info` says of the data
        self.real = plan.data != "shapes10"
        self.questions = {question["name"]: question for question in program.json("lesson quiz")["questions"]}
        self.work = program.folder
        (self.work / "figures").mkdir()

    # ---- Commands ----

    def show(self, typed, folded=False):
        """Runs a command and shows it with what it prints; gives that."""
        output = self.program.run(typed)
        self.page.command(f"cepa {typed}", output, folded)
        return output

    def draw(self, typed, caption, kind="chart", shown=True):
        """Runs a command that draws the file that its last word names, and gives the figure."""
        self.program.run(typed)
        if shown:
            self.page.command(f"cepa {typed}")
        return self.drawn(typed.split()[-1], caption, kind)

    def drawn(self, path, caption, kind="chart"):
        """A figure that a command has left in a folder of its own."""
        return figure(self.work / path, caption, kind)

    # ---- Why a result may differ from what was printed ----

    def because_of_data(self, printed_reason):
        """The reason for a difference that the choice of pictures explains first."""
        if not self.real:
            return "this page is made on generated pictures, shapes10"
        if self.plan.quick:
            return "this is the quick page: fewer pictures and epochs"
        return printed_reason

    def why_trained_otherwise(self):
        source = self.information["source"]
        copies = "these pictures are JPEG copies, blurred a little, and " if "jpeg" in source else ""
        return self.because_of_data(copies + "the episode set no seed, so no one gets its run again")

    # ---- Tables of layers ----

    def layers(self, source):
        """A model's layers as the episode's tables give them, and its name."""
        summary = self.program.json(f"summary {source}")
        found = [
            printed.Layer(layer["class"], tuple(layer["output_shape"]), layer["parameters"])
            for layer in summary["layers"]
        ]
        return found, summary["name"]

    def parameters(self, source):
        """How many parameters a model has."""
        return sum(layer.parameters for layer in self.layers(source)[0])

    def compare_layers(self, caption, expected, source, because=""):
        """Puts a model's layers beside a printed table, line by line."""
        found, _ = self.layers(source)
        rows = []
        kinds = [[layer.kind for layer in side] for side in (expected, found)]
        for _, a0, a1, b0, b1 in difflib.SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
            for i in range(max(a1 - a0, b1 - b0)):
                before = expected[a0 + i] if a0 + i < a1 else None
                after = found[b0 + i] if b0 + i < b1 else None
                rows.append(Row((after or before).kind, layer_text(before), layer_text(after), because))
        total = sum(layer.parameters for layer in found)
        rows.append(Row("all parameters", sum(layer.parameters for layer in expected), total, because))
        self.page.compare(caption, *rows)
        return total


def layer_text(layer):
    if layer is None:
        return None
    sizes = ", ".join(map(str, layer.shape))
    return f"(None, {sizes})  {layer.parameters:,}"
