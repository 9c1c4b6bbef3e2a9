# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks the documentation: its links, the programs that it shows, and what it and the code say
about each other.

Usage: test-docs.py DOCS PAGE... [--gir GIR] [--manual MANUAL]
       test-docs.py --write DOCS
DOCS: the folder of the sources. GIR: the description of the API. MANUAL: the folder of the built
pages. PAGE: the pages of the manual, in order. Writes TAP.

--write copies the programs into the pages, wraps JSON samples, and replaces what gi-docgen
understands, but a hosting site does not, such as [class@Plum.Manager].
"""

import argparse
import fnmatch
import functools
import glob
import html.parser
import json
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs"))
sys.dont_write_bytecode = True
import manual

EXAMPLE = re.compile(r"<!-- (examples/\S+) -->\n```(\w+)\n(.*?)```\n", re.DOTALL)
README_EXAMPLE = re.compile(r"```\w+\n((?:(?!```).)*)```\n\nThis is \[docs/(examples/\S+)\]",
                            re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
METHOD_LINK = re.compile(r"\[`\w+`\]\(method\.(\w+\.\w+)\.html\)")
IMAGE_LINK = re.compile(r"\]\(([\w-]+\.svg)\)")
HTML_LINK = re.compile(r"\]\(([\w-]+)\.html\b")
RAW_LINK = re.compile(r"\[`?(\w+)@Plum\.([\w.:-]+)`?\]")
JSON = re.compile(r"```json\n(\{.*?\}\n)```\n", re.DOTALL)
JSON_WIDTH = 78  # fits the manual and a hosting site

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


def layout(value, width):
    """The lines of a JSON value: one if it fits, otherwise as many members on a line as fit."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= width or not isinstance(value, (dict, list)):
        return [text]

    lines, whole = [text[0]], False
    for key in value:
        name = "%s: " % json.dumps(key) if isinstance(value, dict) else ""
        first, *others = layout(value[key] if name else key, width - len(name) - 3)
        if whole and not others and len(lines[-1] + name + first) < width - 1:
            lines[-1] += " %s%s" % (name, first)
        else:
            lines.append("  %s%s" % (name, first))
            lines += ["  " + line for line in others]
        whole = not others
        lines[-1] += ","
    return [*lines[:-1], lines[-1][:-1], text[-1]]


def wrap(sample):
    try:
        return "\n".join(layout(json.loads(sample), JSON_WIDTH)) + "\n"
    except ValueError:
        return sample  # a sketch


def in_c(kind, name):
    """The name in C of a symbol that gi-docgen calls [kind@Plum.name]."""
    if kind == "const":
        return "PLUM_" + name
    if kind == "vfunc":
        return "Plum%sClass.%s" % tuple(name.split("."))
    if kind not in ("method", "ctor", "func"):
        return "Plum" + name
    return "plum_%s()" % re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace(".", "_").lower()


def readable(text):
    text = re.sub(r"\ATitle: .*\nSlug: .*\n\n", "", text)
    text = METHOD_LINK.sub(lambda match: "`%s`" % in_c("method", match[1]), text)
    text = HTML_LINK.sub(r"](\g<1>.md", text)
    text = IMAGE_LINK.sub(r"](images/\1)", text)
    text = RAW_LINK.sub(lambda match: "`%s`" % in_c(match[1], match[2]), text)
    return JSON.sub(lambda match: "```json\n%s```\n" % wrap(match[1]), text)


def write(folder):
    for path in glob.glob(os.path.join(folder, "*.md")):
        text = read(path)
        new = EXAMPLE.sub(lambda match: "<!-- %s -->\n```%s\n%s```\n" % (
            match[1], match[2], example(folder, match[1])), readable(text))
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
    readme = README_EXAMPLE.findall(read(os.path.join(os.path.dirname(folder), "README.md")))
    for text, name in readme:
        if text != example(folder, name):
            yield "README.md: %s differs from the file" % name
    if shown == 0 or not readme:
        yield "no page shows an example"


def check_sources(folder):
    """Links between files, as a reader of the repository follows them."""
    root = os.path.dirname(folder)
    paths = [path for pattern in ("*.md", "docs/**/*.md", "backends/**/*.md", "core/**/*.md",
                                  "tests/**/*.md", "data/**/*.md")
             for path in glob.glob(os.path.join(root, pattern), recursive=True)]
    for path in paths:
        text = read(path)
        for target in LINK.findall(CODE.sub("code", text)):
            url = urllib.parse.urlsplit(target)
            if url.scheme:
                continue
            file = os.path.join(os.path.dirname(path), url.path) if url.path else path
            if not os.path.exists(file):
                yield "%s: %s does not exist" % (path, target)
            elif url.fragment and url.fragment not in manual.anchors(read(file)):
                yield "%s: %s has no heading" % (path, target)


def check_readable(folder):
    """Nothing in the pages is for gi-docgen only."""
    for path in glob.glob(os.path.join(folder, "**", "*.md"), recursive=True):
        text = read(path)
        if readable(text) != text:
            yield "%s is not as --write makes it" % path
        for sample in JSON.findall(text):
            if max(map(len, sample.split("\n"))) > JSON_WIDTH:
                yield "%s: a string is too long: %s" % (path, sample)


def check_pages(folder, gir, pages):
    """The links and symbols of the pages, as the manual has them."""
    symbols = manual.Symbols(gir)
    for name in sorted(os.path.basename(path) for path in glob.glob(os.path.join(folder, "*.md"))):
        # The history of the library names symbols that no longer exist.
        if name not in ("NEWS.md", "decisions.md"):
            yield from manual.Page(name, symbols, pages).convert()[1]


def writable_properties(gir):
    """The documentation of each property that a program can set, by its name."""
    for kind in xml.etree.ElementTree.parse(gir).getroot().iter(manual.GIR + "class"):
        if kind.get("name") in ("Manager", "Mapping"):
            for found in kind.findall(manual.GIR + "property"):
                if found.get("writable") == "1":
                    name = "%s:%s" % (kind.get(manual.C + "type"), found.get("name"))
                    yield name, found.find(manual.GIR + "doc").text


def check_defaults(folder, gir):
    """The default of each property is in its documentation and in the overview."""
    root = os.path.dirname(folder)
    values = dict(re.findall(r"#define (\w+)_M?S (\d+)\n", read(os.path.join(
        root, "core", "manager", "plum-manager-private.h"))))
    table = dict(re.findall(r"^\| `(Plum\w+:[\w-]+)` \| (.*) \|$",
                            read(os.path.join(folder, "overview.md")), re.MULTILINE))
    seen = dict(writable_properties(gir))

    if set(seen) != set(table):
        yield "overview.md: differs from the properties in %s" % sorted(set(seen) ^ set(table))
    for name, text in seen.items():
        value = values.pop(name.split(":")[1].replace("-", "_").upper(), None)
        if "default" not in text:
            yield "%s: the default is not documented" % name
        for place in (text, table.get(name, "")) if value else ():
            if not re.search(r"\b%s\b" % value, place):
                yield "%s: the default %s is not in %r" % (name, value, place)
    if values:
        yield "no property has the default %s" % values


def check_errors(folder, gir):
    """The overview describes each error code."""
    root = xml.etree.ElementTree.parse(gir).getroot()
    codes = [member.get(manual.C + "identifier")
             for kind in root.iter(manual.GIR + "enumeration") if kind.get("name") == "Error"
             for member in kind.findall(manual.GIR + "member")]
    listed = re.findall(r"^\| `(PLUM_ERROR_\w+)` \|", read(os.path.join(folder, "overview.md")),
                        re.MULTILINE)
    if not codes or listed != codes:
        yield "overview.md lists the errors %s, expected %s" % (listed, codes)


def check_index(folder, pages):
    """README.md lists the pages in the order of the manual."""
    listed = re.findall(r"^- \[([^\]]*)\]\((\S+\.md)\)", read(os.path.join(folder, "README.md")),
                        re.MULTILINE)
    titles = [(read(os.path.join(folder, name)).split("\n")[0][2:], name) for name in pages]
    if listed[:len(pages)] != titles:
        yield "README.md lists %s, the manual %s" % (listed, titles)


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
        if path.endswith("test-manual.py"):
            continue  # makes the documents that it names
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
            elif name in ("href", "src"):
                self.links.append(value or "")


def check_manual(folder, docs):
    """Links between built pages, to anchors in them, and to the examples, which are installed next
    to them."""
    pages = {os.path.relpath(path, folder): Page(path)
             for path in glob.glob(os.path.join(folder, "**", "*.html"), recursive=True)}
    if "index.html" not in pages:
        yield "%s has no index.html" % folder

    for name, page in pages.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if not link:
                yield "%s: a link leads nowhere" % name
            if not link or url.scheme or url.netloc or link.startswith("javascript:"):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(name),
                                                   urllib.parse.unquote(url.path))) \
                if url.path else name
            place = docs if target.startswith("examples") else folder
            if not os.path.exists(os.path.join(place, target)):
                yield "%s: %s does not exist" % (name, link)
            elif url.fragment and target in pages and \
                    urllib.parse.unquote(url.fragment) not in pages[target].anchors:
                yield "%s: %s has no such anchor" % (name, link)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--gir")
    parser.add_argument("--manual")
    parser.add_argument("docs")
    parser.add_argument("pages", nargs="*")
    arguments = parser.parse_args()

    if arguments.write:
        write(arguments.docs)
        return 0

    folder = os.path.abspath(arguments.docs)
    checks = [("examples-are-the-files", check_examples(folder)),
              ("links-of-the-sources", check_sources(folder)),
              ("readable-as-they-are", check_readable(folder)),
              ("links-and-symbols-of-the-pages",
               check_pages(folder, arguments.gir, arguments.pages)),
              ("index-of-the-pages", check_index(folder, arguments.pages)),
              ("cited-quirks-are-listed", check_quirks(folder)),
              ("cited-documents-exist", check_documents(folder)),
              ("named-tests-exist", check_test_paths(folder))]
    if arguments.gir:
        checks.append(("defaults-are-documented", check_defaults(folder, arguments.gir)))
        checks.append(("errors-are-documented", check_errors(folder, arguments.gir)))
    if arguments.manual:
        checks.append(("links-of-the-manual", check_manual(arguments.manual, folder)))

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
