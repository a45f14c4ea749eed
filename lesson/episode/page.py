"""The page: one HTML file that needs nothing else. What is compared gets its verdict here, in one place."""

import base64
import dataclasses
import html
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
SHORT = 30  # characters that a cell of a table keeps on one line
OPTION = re.compile(r"(?<=\s)--?[a-z][\w-]*(?: [\w./=,]{1,24}(?=\s|$))?")  # a line does not break before its value


@dataclasses.dataclass
class Row:
    """A number or word that the episode printed, beside ours. within: how far two numbers may be apart and be called
    the same. because: why they differ, where they do."""

    what: str
    printed: object
    here: object
    because: str = ""
    within: float = 0

    def same(self):
        if self.within:
            return abs(self.printed - self.here) <= self.within
        return self.printed == self.here

    def values(self):
        """Both as text; numbers that chance has a part in with as many digits as the episode's."""
        return [shown(value, 3 if self.within else None) for value in (self.printed, self.here)]

    def verdict(self):
        """The kind of verdict (also its class in the style sheet) and its words."""
        if self.same():
            return "same", f"same within {self.within:.2g}" if self.within and self.printed != self.here else "same"
        return ("differs", f"differs because {self.because}") if self.because else ("unexplained", "differs")


class Page:
    def __init__(self, title):
        self.title = title
        self.parts, self.contents, self.rows = [], [], []
        self.place = ""  # the headings that what is added stands under

    # ---- Text ----

    def add(self, markup):
        self.parts.append(markup)

    def section(self, name, title):
        self.contents.append((name, title))
        self.place = title
        self.add(f'<h2 id="{name}">{html.escape(title)}</h2>')

    def heading(self, title):
        self.place = f"{self.contents[-1][1]}: {title}"
        self.add(f"<h3>{html.escape(title)}</h3>")

    def text(self, *paragraphs):
        """Paragraphs of words; `code` is set as code."""
        for paragraph in paragraphs:
            self.add(f"<p>{words(paragraph)}</p>")

    def items(self, *lines):
        self.add("<ul>" + "".join(f"<li>{words(line)}</li>" for line in lines) + "</ul>")

    def choices(self, lines):
        self.add('<ol type="a">' + "".join(f"<li>{words(line)}</li>" for line in lines) + "</ol>")

    # ---- Comparisons ----

    def compare(self, caption, *rows, extra=None, beside="the episode"):
        """A table of what was printed and what came out here. extra: a heading and a text for each row, before the
        verdict. beside: whose numbers stand beside ours."""
        self.rows += [(self.place, row) for row in rows]
        heads = ["what", beside, "here", *([extra[0]] if extra else []), "verdict"]
        reason, body = None, ""
        for index, row in enumerate(rows):
            kind, verdict = row.verdict()
            if kind == "differs":
                verdict, reason = ("differs, as above" if verdict == reason else verdict), verdict
            cells = [*row.values(), *([extra[1][index]] if extra else [])]
            values = "".join(
                f'<td class="{"value" if len(cell) <= SHORT else "long value"}" data-head="{head}">{html.escape(cell)}</td>'
                for head, cell in zip(heads[1:], cells)
            )
            body += (
                f'<tr><th scope="row">{words(row.what)}</th>{values}'
                f'<td class="verdict {kind}" data-head="verdict">{words(verdict)}</td></tr>\n'
            )
        self.add_table(caption, heads, body)

    def table(self, caption, heads, rows):
        """A table without verdicts."""
        body = "".join(
            "<tr>"
            + "".join(f'<td data-head="{head}">{words(str(cell))}</td>' for head, cell in zip(heads, row))
            + "</tr>\n"
            for row in rows
        )
        self.add_table(caption, heads, body)

    def add_table(self, caption, heads, body):
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
        self.add(
            f'<figure class="table"><figcaption>{words(caption)}</figcaption><div class="scroll"'
            f' tabindex="0"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div></figure>'
        )

    # ---- What the program did ----

    def command(self, line, output="", folded=False):
        """A command as it was typed, and what it printed."""
        printed = f'<pre tabindex="0">{html.escape(output.rstrip())}</pre>' if output.strip() else ""
        if printed and folded:
            printed = f"<details><summary>what it prints</summary>{printed}</details>"
        typed = OPTION.sub(r"<span>\g<0></span>", html.escape(line, quote=False))
        self.add(f'<div class="command"><code>{typed}</code>{printed}</div>')

    def figures(self, *figures):
        self.add('<div class="figures">' + "\n".join(figures) + "</div>")

    def exercise(self, title, *paragraphs):
        self.add(f'<div class="exercise"><h3>Exercise: {html.escape(title)}</h3>')
        self.text(*paragraphs)

    def solution(self):
        self.add("<details><summary>the answer</summary>")

    def end_exercise(self):
        self.add("</details></div>")

    # ---- The whole ----

    def write(self, path, opening):
        """Writes the page; opening is what stands above the contents."""
        contents = "".join(f'<li><a href="#{name}">{html.escape(title)}</a></li>' for name, title in self.contents)
        style = (HERE / "page.css").read_text()
        text = (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
            f"<title>{html.escape(self.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{opening}\n"
            f'<nav aria-label="Contents"><ul>{contents}</ul></nav>\n'
            + "\n".join(self.parts)
            + "\n</main>\n</body>\n</html>\n"
        )
        beside = path.with_name(path.name + ".part")
        beside.write_text(text)
        beside.replace(path)

    def differences(self):
        """What differs, with its step, by the reason for it."""
        found = {}
        for place, row in self.rows:
            if not row.same():
                found.setdefault(row.because or "of what is not explained", []).append((place, row.what, *row.values()))
        return found

    def verdicts(self):
        """How many comparisons came out in each way."""
        kinds = [row.verdict()[0] for _, row in self.rows]
        return {kind: kinds.count(kind) for kind in ("same", "differs", "unexplained")}


def words(text):
    """Escaped text, with `code` set as code."""
    return re.sub(r"`([^`]*)`", code, html.escape(text, quote=False))


def code(found):
    """What is short enough for any line is not broken."""
    kind = ' class="short"' if len(found.group(1)) < 28 else ""
    return f"<code{kind}>{found.group(1)}</code>"


def shown(value, decimals=None):
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.4g}" if decimals is None else f"{value:.{decimals}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def figure(path, caption, kind="chart"):
    """A picture of the program, within the page, with the description it carries. kind: chart (lines and words, which
    dark pages turn over) or pixels; with wide behind it, all across the page."""
    raw = path.read_bytes()
    description = described(raw.decode()) if path.suffix == ".svg" else caption
    data = base64.b64encode(raw).decode()
    form = "svg+xml" if path.suffix == ".svg" else "png"
    scrolls = ' tabindex="0"' if "wide" in kind else ""
    return (
        f'<figure class="{kind}"{scrolls}><img src="data:image/{form};base64,{data}" alt="{html.escape(description)}">'
        f"<figcaption>{words(caption)}</figcaption></figure>"
    )


def described(svg, limit=900):
    """The description in an SVG, cut at a sentence where it goes on for long."""
    found = re.search(r"<desc>(.*?)</desc>", svg, re.DOTALL) or re.search(r"<title>(.*?)</title>", svg, re.DOTALL)
    text = html.unescape(found.group(1))
    if len(text) <= limit:
        return text
    return text[: text.rfind(". ", 0, limit) + 1] + " And so on."
