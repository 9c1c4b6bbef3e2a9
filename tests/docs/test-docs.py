# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks the documentation: its links, the programs that it shows, and what it and the code say
about each other.

Usage: test-docs.py DOCS [MANUAL]
       test-docs.py --write DOCS     (copies the programs into the pages)
DOCS: the folder of the sources. MANUAL: the folder of the built pages. Writes TAP.
"""

import fnmatch
import functools
import glob
import html.parser
import os
import re
import sys
import urllib.parse

EXAMPLE = re.compile(r"<!-- (examples/\S+) -->\n```(\w+)\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)

# The folders whose text cites quirks and documents.
SOURCES = ("core", "backends", "include", "tools", "tests", "data")
SOURCE_NAMES = (".c", ".h", ".in", ".py", ".js", ".vala", ".md", ".sh", ".build", ".7", ".1")

QUIRKS = re.compile(r"\bquirks? ((?:\d+(?:,? and |, | to )?)+)", re.IGNORECASE)
QUIRK_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
DOCUMENT = re.compile(r"(?<![\w/.*-])[\w./-]+\.md\b")
BACKENDS = ("pcp", "natpmp", "upnp", "direct")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
TEST_PATH = re.compile(r"`(/[a-z][a-z0-9-]*/[\w.*/-]+)`")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def example(folder, name):
    """The file as a page shows it: without its license line."""
    lines = read(os.path.join(folder, name)).split("\n")
    return "\n".join(lines[2:] if "SPDX" in lines[0] else lines)


def write(folder):
    for path in glob.glob(os.path.join(folder, "*.md")):
        text = read(path)
        new = EXAMPLE.sub(lambda match: "<!-- %s -->\n```%s\n%s```\n" % (
            match[1], match[2], example(folder, match[1])), text)
        if new != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(new)


def check_examples(folder):
    shown = 0
    for path in glob.glob(os.path.join(folder, "*.md")):
        for match in EXAMPLE.finditer(read(path)):
            shown += 1
            if match[3] != example(folder, match[1]):
                yield "%s: %s differs from the file: call test-docs.py --write" % (path, match[1])
    if shown == 0:
        yield "no page shows an example"


def anchors(text):
    """The anchors that hosting sites give to the headings of a page."""
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def check_sources(folder):
    """Links between files, as a reader of the repository follows them."""
    paths = [path for pattern in ("*.md", "examples/**/*.md")
             for path in glob.glob(os.path.join(folder, pattern), recursive=True)]
    for path in paths:
        text = read(path)
        for target in LINK.findall(CODE.sub("code", text)):
            url = urllib.parse.urlsplit(target)
            if not url.scheme and not url.path and url.fragment not in anchors(text):
                yield "%s: %s has no heading" % (path, target)
            # check_manual() checks the pages and pictures of the built manual.
            if url.scheme or not url.path or url.path.endswith((".html", ".svg")):
                continue
            if not os.path.exists(os.path.join(os.path.dirname(path), url.path)):
                yield "%s: %s does not exist" % (path, target)


@functools.lru_cache
def sources(root):
    """The text of each source file, by its path."""
    paths = [path for folder in SOURCES
             for path in glob.glob(os.path.join(root, folder, "**"), recursive=True)
             if path.endswith(SOURCE_NAMES) and os.path.isfile(path) and "corpus" not in path]
    return {path: read(path) for path in paths}


def cited_quirks(text):
    # A citation may be broken between two lines of a comment.
    text = re.sub(r"\n[ \t]*(?:\*|#|//)?[ \t]*", " ", text)
    for match in QUIRKS.finditer(text):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", match[1]):
            yield from range(int(first), int(last or first) + 1)


def check_quirks(folder):
    """Each quirk that is cited is in the list, once."""
    listed = [int(number) for number in
              QUIRK_ROW.findall(read(os.path.join(folder, "router-quirks.md")))]

    for number in sorted(set(listed)):
        if listed.count(number) > 1:
            yield "router-quirks.md: quirk %d is listed twice" % number
    for path, text in sources(os.path.dirname(folder)).items():
        for number in sorted(set(cited_quirks(text)) - set(listed)):
            yield "%s: quirk %d is not in router-quirks.md" % (path, number)


def check_documents(folder):
    """Each document that is cited in the sources is in the repository."""
    root = os.path.dirname(folder)

    for path, text in sources(root).items():
        for name in sorted(set(DOCUMENT.findall(text))):
            places = (root, folder, os.path.dirname(path))
            if not any(os.path.exists(os.path.join(place, name)) for place in places):
                yield "%s: %s is not in the repository" % (path, name)


def is_prefix(text):
    return text.startswith("/") and (text.endswith("/") or "%s" in text)


@functools.lru_cache
def test_paths(root):
    """The paths of all tests in C, and more: a path that is put together from strings at run time
    is taken to be any combination of strings of its file. Of a test in Python the folder counts."""
    files = {path: set(STRING.findall(text)) for path, text in sources(root).items()
             if path.startswith(os.path.join(root, "tests")) and path.endswith((".c", ".h"))}
    # The fixtures put paths together for all tests of their folder.
    shared = {(os.path.dirname(path), text) for path, strings in files.items()
              if path.endswith("-fixture.c") for text in strings if is_prefix(text)}
    # "/", the name of a backend, "/", and the rest.
    shared |= {(folder, "/%s/" % name) for folder, text in shared if text == "/"
               for name in BACKENDS}
    paths = set()

    for path, text in sources(root).items():
        if path.startswith(os.path.join(root, "tests")) and path.endswith(".py"):
            paths |= {found + "any" for found in re.findall(r" (/[a-z-]+/)[%{]", text)}
    for path, strings in files.items():
        names = {text for text in strings if re.fullmatch(r"[a-z0-9][\w./-]*", text)}
        names |= {one + two for one in names if one.endswith("/") for two in names}
        prefixes = {text for text in strings if is_prefix(text)}
        prefixes |= {text for folder, text in shared if folder == os.path.dirname(path)}
        paths |= {text for text in strings if text.startswith("/")}
        for prefix in prefixes:
            begin = prefix.split("%")[0]
            paths |= {begin + name for name in names}
            if "/" in strings:
                paths |= {"%s%s/%s" % (begin, one, two) for one in names for two in names}
            if prefix.count("%") == 2:
                paths |= {"%s%s/%s" % (begin, one, two) for one in names for two in names}
            if prefix.count("%") > 2:
                paths |= {"%s%s/%s/%s" % (begin, one, two, three)
                          for one in names for two in names for three in names}
    return paths


def check_test_paths(folder):
    """Each test that the documentation names exists."""
    known = test_paths(os.path.dirname(folder))

    for name in ("router-quirks.md", "security.md"):
        for path in sorted(set(TEST_PATH.findall(read(os.path.join(folder, name))))):
            if path not in known and not ("*" in path and fnmatch.filter(known, path)):
                yield "%s: there is no test %s" % (name, path)


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(read(path))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name") and value is not None:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def check_manual(folder):
    """Links between built pages, and to anchors in them."""
    pages = {os.path.relpath(path, folder): Page(path)
             for path in glob.glob(os.path.join(folder, "**", "*.html"), recursive=True)}
    if "index.html" not in pages:
        yield "%s has no index.html" % folder

    for name, page in pages.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc or link.startswith("javascript:"):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(name),
                                                   urllib.parse.unquote(url.path))) \
                if url.path else name
            if not os.path.exists(os.path.join(folder, target)):
                yield "%s: %s does not exist" % (name, link)
            elif url.fragment and target in pages and \
                    urllib.parse.unquote(url.fragment) not in pages[target].anchors:
                yield "%s: %s has no such anchor" % (name, link)


def main():
    if sys.argv[1] == "--write":
        write(sys.argv[2])
        return 0

    folder = os.path.abspath(sys.argv[1])
    checks = [("examples-are-the-files", check_examples(folder)),
              ("links-of-the-sources", check_sources(folder)),
              ("cited-quirks-are-listed", check_quirks(folder)),
              ("cited-documents-exist", check_documents(folder)),
              ("named-tests-exist", check_test_paths(folder))]
    if len(sys.argv) > 2:
        checks.append(("links-of-the-manual", check_manual(sys.argv[2])))

    failed = 0
    print("1..%d" % len(checks))
    for number, (name, faults) in enumerate(checks, 1):
        found = list(faults)
        for fault in found:
            print("# %s" % fault)
        failed += bool(found)
        print("%sok %d /docs/%s" % ("not " if found else "", number, name))
    return 1 if failed else 0


sys.exit(main())
