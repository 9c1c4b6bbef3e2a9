# SPDX-License-Identifier: LGPL-2.1-or-later

"""The manual: its links lead somewhere, and the programs in it are the tested ones.

Usage: test-docs.py DOCS [MANUAL]
       test-docs.py --write DOCS     (puts the programs in)
DOCS: the folder of the sources. MANUAL: the folder of the built pages. Writes TAP.
"""

import glob
import html.parser
import os
import re
import sys
import urllib.parse

EXAMPLE = re.compile(r"<!-- (examples/\S+) -->\n```(\w+)\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def example(folder, name):
    """The file, without its licence line: that goes without saying on a page."""
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
                yield "%s: %s is not the file: call test-docs.py --write" % (path, match[1])
    if shown == 0:
        yield "no example is shown anywhere"


def check_sources(folder):
    """Links between files, as they are followed in the repository."""
    paths = [path for pattern in ("*.md", "examples/**/*.md")
             for path in glob.glob(os.path.join(folder, pattern), recursive=True)]
    for path in paths:
        for target in LINK.findall(CODE.sub("", read(path))):
            url = urllib.parse.urlsplit(target)
            # The manual's own pages and pictures are checked where they are built.
            if url.scheme or not url.path or url.path.endswith((".html", ".svg")):
                continue
            if not os.path.exists(os.path.join(os.path.dirname(path), url.path)):
                yield "%s: %s is not there" % (path, target)


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
    """Links between built pages, and to places in them."""
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
                yield "%s: %s is not there" % (name, link)
            elif url.fragment and target in pages and \
                    urllib.parse.unquote(url.fragment) not in pages[target].anchors:
                yield "%s: %s has no such place" % (name, link)


def main():
    if sys.argv[1] == "--write":
        write(sys.argv[2])
        return 0

    folder = sys.argv[1]
    checks = [("examples-are-the-tested-ones", check_examples(folder)),
              ("links-of-the-sources", check_sources(folder))]
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
