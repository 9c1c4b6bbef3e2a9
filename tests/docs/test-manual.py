# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tests how docs/manual.py makes the manual from the pages. Writes TAP.

Usage: test-manual.py GIR
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs"))
sys.dont_write_bytecode = True
import manual

OTHER = """# Other

## With a `code` -- and, a comma

## Twice

## Twice
"""


def convert(text, name="page.md"):
    """The body of the page, and what is wrong in it."""
    with tempfile.TemporaryDirectory() as folder:
        for file, content in (name, "# Page\n\n" + text), ("other.md", OTHER), ("own.md", "# Own\n"):
            manual.write(os.path.join(folder, file), content)
        result, faults = manual.Page(name, SYMBOLS, ["page.md", "other.md"], folder).convert()
    return result.partition("# Page\n\n")[2].partition("\n---\n")[0], faults


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def links(code, link):
    equal(convert(code), (link, []))


def fails(text, fault):
    equal(convert(text)[1], ["page.md:3: " + fault])


def symbols_of_each_kind():
    links("`PlumManager`", "[class@Plum.Manager]")
    links("`plum_manager_new()`", "[ctor@Plum.Manager.new]")
    links("`plum_manager_add_mapping ()`", "[method@Plum.Manager.add_mapping]")
    links("`plum_manager_add_mapping`", "[method@Plum.Manager.add_mapping]")
    links("`plum_log_set_level()`", "[func@Plum.log_set_level]")
    links("`PlumMapping:state`", "[property@Plum.Mapping:state]")
    links("`PlumMapping::changed`", "[signal@Plum.Mapping::changed]")
    links("`PlumBackendClass.discover`", "[vfunc@Plum.Backend.discover]")
    links("`PlumError`", "[error@Plum.Error]")
    links("`PlumState`", "[enum@Plum.State]")
    links("`PLUM_LIFETIME_FOREVER`", "[const@Plum.LIFETIME_FOREVER]")
    links("`PLUM_ERROR_NO_GATEWAY`",
          "[`PLUM_ERROR_NO_GATEWAY`](error.Error.html#no_gateway)")


def symbols_without_a_page():
    for code in "`PLUM_BACKENDS=upnp`", "`PlumBackendClass.server`", "`plum_service_new ()`", \
            "`Plum-upnp`", "`plumctl doctor`", "`PLUM`":
        links(code, code)


def misspelt_symbols():
    fails("`PlumManger`", "`PlumManger` is unknown")
    fails("`plum_manager_add_maping()`", "`plum_manager_add_maping()` is unknown")
    fails("`PlumMapping:stat`", "`PlumMapping:stat` is unknown")
    fails("`PlumMapping::change`", "`PlumMapping::change` is unknown")
    fails("`PLUM_ERROR_NO_GATE`", "`PLUM_ERROR_NO_GATE` is unknown")
    fails("`plum_service_nwe ()`", "`plum_service_nwe ()` is unknown")


def internal_symbols():
    fails("`PlumLeaseHolder`", "`PlumLeaseHolder` is unknown")
    equal(convert("`PlumLeaseHolder`", "architecture.md"), ("`PlumLeaseHolder`", []))


def not_in_blocks_and_headings():
    for text in "```c\nplum_new ();\n[class@Plum.X] `PlumX`\n```", "## The `PlumX`":
        equal(convert(text), (text, []))


def links_of_gi_docgen():
    fails("[class@Plum.Manager]", "[class@Plum.Manager]: name the symbol in a code span, as in C")


def links_to_pages():
    links("[a `b` c](other.md)", "[a `b` c](other.html)")
    links("[a](other.md#with-a-code----and-a-comma)", "[a](other.html#with-a-code-and-a-comma)")
    links("[a](other.md#twice-1)", "[a](other.html#twice_1)")
    links("[a](https://example.org/x.md)", "[a](https://example.org/x.md)")
    fails("[a](none.md)", "none.md does not exist")
    fails("[a](other.md#none)", "other.md#none has no heading")
    fails("[a](#none)", "#none has no heading")


def links_out_of_the_manual():
    links("[Own](own.md)", "Own")


def order_of_the_pages():
    with tempfile.TemporaryDirectory() as folder:
        names = ["one.md", "two.md", "three.md"]
        for name in names:
            manual.write(os.path.join(folder, name), "# The %s\n" % name[:-3])
        text = manual.Page("two.md", SYMBOLS, names, folder).convert()[0]
    equal(text, "Title: The two\nSlug: two\n\n# The two\n\n---\n\n"
          "Previous: [The one](one.html) · Next: [The three](three.html) · [Index](index.html)\n")


def page_without_a_title():
    with tempfile.TemporaryDirectory() as folder:
        manual.write(os.path.join(folder, "page.md"), "Title: Page\n\n# Page\n")
        faults = manual.Page("page.md", SYMBOLS, [], folder).convert()[1]
    equal(faults, ["page.md:1: the page does not begin with its title"])


def empty_rows_of_the_index():
    with tempfile.TemporaryDirectory() as folder:
        rows = '<tr><td><em>%s</em></td><td><a href="%s" class="external">%s</a></td></tr>'
        full = rows % ("Website", "https://example.org", "https://example.org")
        manual.write(os.path.join(folder, "index.html"), full + "\n " + rows % ("Source", "", ""))
        manual.finish(folder)
        equal(manual.read(os.path.join(folder, "index.html")), full)
        assert "nowrap" in manual.read(os.path.join(folder, "style.css"))


TESTS = (symbols_of_each_kind, symbols_without_a_page, misspelt_symbols, internal_symbols,
         not_in_blocks_and_headings, links_of_gi_docgen, links_to_pages, links_out_of_the_manual,
         order_of_the_pages, page_without_a_title, empty_rows_of_the_index)


def main():
    failed = 0
    print("1..%d" % len(TESTS))
    for number, test in enumerate(TESTS, 1):
        line = "ok %d /manual/%s" % (number, test.__name__.replace("_", "-"))
        try:
            test()
        except AssertionError as error:
            failed += 1
            line = "not %s\n# %s" % (line, error)
        print(line)
    return 1 if failed else 0


SYMBOLS = manual.Symbols(sys.argv[1])
sys.exit(main())
