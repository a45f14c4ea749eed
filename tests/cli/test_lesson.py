"""The lesson: every row of its table of coverage does what it says, its quiz marks, and its page is whole in itself."""

import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from command import CEPA, CommandTest, cifar, png

ROOT = pathlib.Path(__file__).resolve().parents[2]
COVERAGE = ROOT / "lesson/COVERAGE.md"
ROW = re.compile(r"^\| \d+ \| (?P<what>.*?) \| `(?P<command>[^`]+)` \| (?P<prints>.+) \|$", re.MULTILINE)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def penguins():
    """A table like that of the penguins: as many rows of each species, and two without measures."""
    lines = ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex"]
    for kind, (species, count) in enumerate((("Adelie", 152), ("Chinstrap", 68), ("Gentoo", 124))):
        for row in range(count):
            measures = f"{38 + 5 * kind + row % 9 / 2},{18 - kind + row % 7 / 5},{190 + 13 * kind + row % 11},{3700 + 600 * kind}"
            if row == 3 and kind != 1:
                measures = "NA,NA,NA,NA"
            lines.append(f"{species},Dream,{measures},male")
    return "\n".join(lines) + "\n"


class LessonTest(CommandTest):
    def setUp(self):
        super().setUp()
        for model in (ROOT / "lesson").glob("*.py"):  # the small data set has no 5,000 rows
            self.write(f"lesson/{model.name}", model.read_text().replace("n = 5000", "n = 96"))
        (self.folder / "data").mkdir()
        cifar(self.folder / "data/cifar-10-batches-bin", rows=96)
        self.write("data/penguins.csv", penguins())
        self.write("picture.png", png(32))
        self.data = {"CEPA_DATA": str(self.folder / "data")}


class Coverage(LessonTest):
    def test_every_row_is_read(self):
        text = COVERAGE.read_text()
        rows = [line for line in text.splitlines() if re.match(r"\| \d", line)]
        self.assertEqual(len(rows), len(ROW.findall(text)))

    def test_every_row_does_what_it_says(self):
        """Each command runs as it stands; cepa and lesson_in_c are on the path."""
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "cepa").symlink_to(pathlib.Path(CEPA).resolve())
        (tools / "lesson_in_c").symlink_to(pathlib.Path(os.environ["CEPA_EXAMPLE"]).resolve())
        environment = self.environment(**self.data, PATH=f"{tools}:{os.environ['PATH']}")
        for row in ROW.finditer(COVERAGE.read_text()):
            with self.subTest(row["what"]):
                done = subprocess.run(
                    ["sh", "-c", row["command"]],
                    cwd=self.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                )
                self.assertEqual(done.returncode, 0, row["command"] + "\n" + done.stderr)
                for expected in re.findall(r"`([^`]+)`", row["prints"]):
                    self.assertIn(expected, done.stdout, row["command"])


class Quiz(CommandTest):
    def questions(self):
        return json.loads(self.cepa("lesson", "quiz", "--json"))["questions"]

    def test_one_choice_is_right_and_each_says_why(self):
        questions = self.questions()
        self.assertEqual(len({question["name"] for question in questions}), len(questions))
        for question in questions:
            self.assertEqual([choice["right"] for choice in question["choices"]].count(True), 1, question["name"])
            for text in (
                question["question"],
                *(word for choice in question["choices"] for word in (choice["text"], choice["why"])),
            ):
                self.assertTrue(text)
                self.assertNotRegex(text, "[{}]")  # every number was found

    def test_its_numbers_are_those_of_the_models(self):
        right = {
            question["name"]: choice
            for question in self.questions()
            for choice in question["choices"]
            if choice["right"]
        }
        self.assertEqual(
            (right["features"]["text"], right["dense"]["text"], right["kernels"]["text"]), ("3,072", "307,300", "2,700")
        )
        for name, model in (("largest", "small_model.py"), ("deeper", "extra_layer.py")):
            summary = json.loads(self.cepa("summary", ROOT / "lesson" / model, "--json"))
            self.assertIn(f"{summary['parameters']:,}", right[name]["why"])

    def test_marks(self):
        marked = json.loads(self.cepa("lesson", "quiz", "features=C", "dense=a", "--json"))
        self.assertEqual((marked["answered"], marked["right"]), (2, 1))
        self.assertEqual(
            [(given["given"], given["right"]) for given in marked["questions"]], [("c", True), ("a", False)]
        )

    def test_asks(self):
        done = subprocess.run([CEPA, "lesson", "quiz"], input="c\nz\n a\n", capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        answers = re.findall("your answer, a to d: (.*)\n", done.stdout)
        self.assertEqual(answers, ["c", "z", " a", ""])  # z is no choice: asked again; then the third question
        self.assertTrue(done.stdout.endswith("\n1 right of 2 answered\n"))

    def test_asks_what_is_named(self):
        done = subprocess.run([CEPA, "lesson", "quiz", "rate", "dense=a"], input="b\n", capture_output=True, text=True)
        self.assertEqual(re.findall(r"^\S.*", done.stdout, re.MULTILINE), ["1/2 rate", "dense", "1 right of 2 answered"])
        told = json.loads(self.cepa("lesson", "quiz", "rate", "--json"))
        self.assertEqual(([question["name"] for question in told["questions"]], told["answered"]), (["rate"], 0))

    def test_refuses(self):
        for answer, words in (("deep=a", "no question deep"), ("dense=e", "from a to d"), ("dense=", "from a to d")):
            done = self.run_cepa("lesson", "quiz", answer)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(words, done.stderr)


class PageReader(html.parser.HTMLParser):
    """Notes what a page's pictures lack, where its links go, and what it opens and does not close."""

    EMPTY = {"meta", "link", "img", "br"}

    def __init__(self):
        super().__init__()
        self.pictures, self.without_words, self.links, self.names, self.opened = 0, [], [], set(), []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.pictures += 1
            if not attributes.get("alt", "").strip():
                self.without_words.append(attributes.get("src", "")[:60])
        self.links += [attributes[name] for name in ("href", "src", "srcset", "data", "action") if name in attributes]
        self.names.add(attributes.get("id"))
        if tag not in self.EMPTY:
            self.opened.append(tag)

    def handle_endtag(self, tag):
        if not self.opened or self.opened.pop() != tag:
            raise AssertionError(f"</{tag}> at {self.getpos()} closes nothing")


class Page(LessonTest):
    """The quick page, made once on generated pictures."""

    def setUp(self):
        super().setUp()
        done = subprocess.run(
            [sys.executable, ROOT / "lesson/run", "--quick", "--cepa", CEPA, "-o", self.folder / "out"],
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.printed, self.path = done.stdout, self.folder / "out/index.html"
        self.text = self.path.read_text()

    def test_the_page(self):
        self.assertRegex(self.printed, r"together +about .*; the budget is 30 s on two cores")
        self.assertIn("made on <strong>shapes10</strong>", self.text)
        self.assertIn("the <strong>quick</strong> page", self.text)
        self.assertNotIn('unexplained">', self.text.split("</style>")[1])
        for step in range(1, 11):
            self.assertIn(f'<h2 id="step-{step}">{step}. ', self.text)
        reader = PageReader()
        reader.feed(self.text)
        self.assertEqual(reader.opened, [])
        self.assertGreater(reader.pictures, 20)
        self.assertEqual(reader.without_words, [])
        for link in reader.links:
            self.assertRegex(link, "^(data:|#)")
            if link.startswith("#"):
                self.assertIn(link[1:], reader.names)
        self.assertNotRegex(self.text.split("</style>")[0], r"url\(|@import")
        self.in_a_browser()

    def in_a_browser(self):
        """The browser finds nothing to complain of, and shows every picture."""
        if not CHROMIUM:
            self.skipTest("there is no chromium: only the page's text was looked at")
        probe = (
            "<script>onload=()=>{document.title=[...document.images].filter(i=>!i.naturalWidth).length+' broken, '"
            "+(document.documentElement.scrollWidth-document.documentElement.clientWidth)+' too wide'}</script></body>"
        )
        page = self.write("probe.html", self.text.replace("</body>", probe))
        done = subprocess.run(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
                "--window-size=500,900",
                f"--user-data-dir={self.folder / 'browser'}",
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            env=self.environment(),
        )
        self.assertIn("<title>0 broken, 0 too wide</title>", done.stdout)
        self.assertNotIn("CONSOLE", done.stderr)


if __name__ == "__main__":
    unittest.main()
