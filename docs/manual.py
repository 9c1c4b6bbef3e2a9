# SPDX-License-Identifier: LGPL-2.1-or-later

"""Makes the manual from the pages of this folder.

The pages are written for a reader of the repository: a hosting site shows them as they are. They
refer to other pages by their file names, and to symbols in code spans, such as `PlumManager`,
`plum_manager_new()`, `PlumMapping:state` and `PlumMapping::changed`. This script writes each page
as gi-docgen expects it, with a header and with links to the symbols, and calls gi-docgen. A link or
a symbol that does not exist is an error.

Usage: manual.py GIR CONTENT OUTPUT PAGE... -- GI-DOCGEN [ARGUMENT]...
CONTENT: a folder for the pages as gi-docgen expects them. OUTPUT: the folder of the manual.
"""

import os
import re
import subprocess
import sys
import unicodedata
import urllib.parse
import xml.etree.ElementTree

DOCS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(DOCS)

GIR = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

# Parts of a page that are not plain text; a link may contain code spans.
PART = re.compile(
    r"(?P<block>^```.*?^```$)"
    r"|(?P<heading>^\#+\ .*?$)"
    r"|(?P<link>!?\[(?P<text>(?:[^\[\]`]|`[^`]*`)*)\]\((?P<target>[^)\s]*)\))"
    r"|(?P<raw>\[`?(?P<kind>[a-z]+)@(?P<name>[\w.:-]+)`?\])"
    r"|(?P<code>`(?:[^`\n]|\n(?!\n))+`)", re.DOTALL | re.MULTILINE | re.VERBOSE)
SYMBOL = re.compile(r"(?:plum_|Plum[A-Z]|PLUM_)\w*")
WORD = re.compile(r"\w+")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
# The rows of gi-docgen's index for addresses that the configuration does not have.
EMPTY_ROW = re.compile(r'\s*<tr><td><em>[\w ]+</em></td><td><a href=""[^>]*></a></td></tr>')

# Pages that name internal symbols as well.
INTERNAL = ("architecture.md", "router-quirks.md", "security.md")
ENVIRONMENT = ("PLUM_BACKENDS", "PLUM_BACKEND_PATH")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Symbols:
    """The symbols that a page may name, and what gi-docgen calls those that have a page."""

    def __init__(self, gir=None):
        self.links = {}
        self.public = set(ENVIRONMENT) | {"plum_service"} | self._words(("include",), (".h", ".in"))
        self.internal = self._words(("core", "backends", "tools"), (".c", ".h", ".py", ".in"))
        self.complete = gir is not None
        if gir is not None:
            self._read(xml.etree.ElementTree.parse(gir).getroot().find(GIR + "namespace"))

    @staticmethod
    def _words(folders, endings):
        words = set()
        for folder in folders:
            for path, _, names in os.walk(os.path.join(ROOT, folder)):
                for name in names:
                    if name.endswith(endings):
                        words.update(WORD.findall(read(os.path.join(path, name))))
        return words

    def _read(self, namespace):
        space = namespace.get("name")
        kinds = {"class": "class", "interface": "iface", "record": "struct", "bitfield": "flags",
                 "enumeration": "enum", "callback": "callback", "constant": "const",
                 "alias": "alias"}

        for element in namespace:
            kind, name = element.tag.replace(GIR, ""), element.get("name")
            if kind == "function":
                self.links[element.get(C + "identifier") + "()"] = "[func@%s.%s]" % (space, name)
            # The struct of a class has no page.
            if kind not in kinds or element.get(GLIB + "is-gtype-struct-for"):
                continue
            fragment = "error" if element.get(GLIB + "error-domain") else kinds[kind]
            self.links[element.get(C + "type")] = "[%s@%s.%s]" % (fragment, space, name)
            self._read_members(element, fragment, space, name)

    def _read_members(self, element, fragment, space, name):
        kinds = {"method": "method", "constructor": "ctor", "function": "func"}
        type_name = element.get(C + "type")

        for member in element:
            kind, own = member.tag.replace(GIR, ""), member.get("name")
            if kind in kinds:
                self.links[member.get(C + "identifier") + "()"] = \
                    "[%s@%s.%s.%s]" % (kinds[kind], space, name, own)
            elif kind == "virtual-method":
                self.links["%sClass.%s" % (type_name, own)] = \
                    "[vfunc@%s.%s.%s]" % (space, name, own)
            elif kind == "property":
                self.links["%s:%s" % (type_name, own)] = \
                    "[property@%s.%s:%s]" % (space, name, own)
            elif kind == GLIB + "signal":
                self.links["%s::%s" % (type_name, own)] = \
                    "[signal@%s.%s::%s]" % (space, name, own)
            elif kind == "member":
                identifier = member.get(C + "identifier")
                self.links[identifier] = "[`%s`](%s.%s.html#%s)" % (identifier, fragment, name, own)

    def look_up(self, code, page):
        """What to write instead of this code span; None if it names an unknown symbol."""
        symbol = code.replace(" ()", "()")
        link = self.links.get(symbol) or self.links.get(symbol + "()")
        if link is not None:
            return link
        if ":" in code and self.complete:
            return None
        known = self.public | self.internal if page in INTERNAL else self.public
        return "`%s`" % code if SYMBOL.match(code)[0] in known else None


def strip(heading):
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")


def anchors(text):
    """The anchors of the headings: of a hosting site, and in the manual."""
    result, site_seen, manual_seen = {}, {}, set()

    for heading in HEADING.findall(BLOCK.sub("", text)):
        heading = strip(heading)
        site = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        count = site_seen[site] = site_seen.get(site, -1) + 1
        site = "%s-%d" % (site, count) if count else site

        plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        manual = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
        first, number = manual, 0
        while manual in manual_seen:
            number += 1
            manual = "%s_%d" % (first, number)
        manual_seen.add(manual)
        result[site] = manual
    return result


class Page:
    def __init__(self, name, symbols, articles, folder=DOCS):
        self.name, self.symbols, self.articles, self.folder = name, symbols, articles, folder
        self.source = read(os.path.join(folder, name))
        self.faults = []

    def _fault(self, match, text):
        line = self.source.count("\n", 0, match.start()) + 1
        self.faults.append("%s:%d: %s" % (self.name, line, text))

    def _link(self, match):
        url = urllib.parse.urlsplit(match["target"])
        if url.scheme:
            return match[0]

        path = os.path.normpath(url.path) if url.path else self.name
        file = os.path.join(self.folder, path)
        if not os.path.exists(file):
            self._fault(match, "%s does not exist" % match["target"])
            return match[0]
        target = os.path.basename(path) if path.startswith("images") else path
        if path.endswith(".md"):
            known = anchors(read(file))
            if url.fragment and url.fragment not in known:
                self._fault(match, "%s has no heading" % match["target"])
                return match[0]
            target = path[:-3] + ".html" if url.path else ""
            target += "#" + known[url.fragment] if url.fragment else ""
        # The examples are installed next to the manual; other files are in the repository only.
        if path not in self.articles and path.split(os.sep)[0] not in ("images", "examples"):
            return match["text"]
        return match[0].replace("](%s)" % match["target"], "](%s)" % target)

    def _code(self, match):
        code = " ".join(match["code"].strip("`").split())
        if not SYMBOL.match(code):
            return match[0]
        result = self.symbols.look_up(code, self.name)
        if result is None:
            self._fault(match, "`%s` is unknown" % code)
        return result or match[0]

    def _part(self, match):
        if match["raw"]:
            self._fault(match, "%s: name the symbol in a code span, as in C" % match[0])
        if match["link"]:
            return self._link(match)
        return self._code(match) if match["code"] else match[0]

    def convert(self):
        """The page as gi-docgen expects it, and what is wrong in it."""
        self.faults = []
        title = re.match(r"# (.*)\n", self.source)
        if title is None:
            self.faults.append("%s:1: the page does not begin with its title" % self.name)
            return "", self.faults

        text = PART.sub(self._part, self.source)
        return "Title: %s\nSlug: %s\n\n%s%s" % (title[1], self.name[:-3], text, self._path()), \
            self.faults

    def _path(self):
        """Links to the pages before and after this one."""
        if self.name not in self.articles:
            return ""
        place = self.articles.index(self.name)
        links = []
        for word, other in ("Previous", place - 1), ("Next", place + 1):
            if 0 <= other < len(self.articles):
                file = self.articles[other]
                title = read(os.path.join(self.folder, file)).split("\n")[0].lstrip("# ")
                links.append("%s: [%s](%s.html)" % (word, title, file[:-3]))
        return "\n---\n\n%s\n" % " · ".join([*links, "[Index](index.html)"])


def finish(output):
    """Removes what gi-docgen cannot leave out, and adds our style."""
    index = os.path.join(output, "index.html")
    write(index, EMPTY_ROW.sub("", read(index)))
    with open(os.path.join(output, "style.css"), "a", encoding="utf-8") as style:
        style.write(read(os.path.join(DOCS, "manual.css")))


def main():
    middle = sys.argv.index("--")
    gir, content, output, *articles = sys.argv[1:middle]
    symbols = Symbols(gir)
    failed = False

    os.makedirs(content, exist_ok=True)
    for name in articles:
        text, faults = Page(name, symbols, articles).convert()
        for fault in faults:
            print("docs/%s" % fault, file=sys.stderr)
        failed = failed or bool(faults)
        write(os.path.join(content, name), text)
    if failed:
        return 1
    status = subprocess.run(sys.argv[middle + 1:], check=False).returncode
    if status == 0:
        finish(output)
    return status


if __name__ == "__main__":
    sys.exit(main())
