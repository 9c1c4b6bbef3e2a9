#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The texts of the sources, the list of sources and the translations agree.

Usage: test-translations.py SOURCE XGETTEXT-ARGUMENT…   Prints TAP.
"""

import pathlib
import re
import subprocess
import sys
import traceback

import catalog
import sources

SOURCE = pathlib.Path(sys.argv[1])
XGETTEXT = ['xgettext', *sys.argv[2:]]
PO = SOURCE / 'data' / 'po'
FOLDERS = ['core', 'backends', 'tools']
COMPLETE = ['de']  # the languages whose translation is complete

allowed = []  # (path, regular expression) of the texts that are not translated


def equal(got, expected, what):
    assert got == expected, f'{what}: got {got!r}, expected {expected!r}'


def nothing(found, what):
    assert not found, '\n'.join([what, *map(str, found)])


def run(*command, text=None):
    return subprocess.run(command, check=True, text=True, input=text, cwd=SOURCE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def lines(path):
    """The lines of a list, without comments."""
    return [line for line in path.read_text(encoding='utf-8').splitlines()
            if line and not line.startswith('#')]


def candidates():
    """All files that may contain texts."""
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob('*')):
            if path.suffix in ('.c', '.h', '.ui') or path.name.endswith(('.desktop.in',
                                                                         '.metainfo.xml.in')):
                yield path.relative_to(SOURCE).as_posix()


def extract(paths):
    """The messages that xgettext finds."""
    return catalog.read(run(*XGETTEXT, '--output=-', *paths).stdout)


def languages():
    return lines(PO / 'LINGUAS')


def read_language(language):
    return catalog.read((PO / f'{language}.po').read_text(encoding='utf-8'))


def is_allowed(path, text):
    return any(path == place and re.search(pattern, text) for place, pattern in allowed)


def unmarked(path):
    source = (SOURCE / path).read_text(encoding='utf-8')
    return [f'{path}:{literal.line}: {literal.text}' for literal in sources.unmarked(source)
            if not is_allowed(path, literal.text)]


# The cases.


def potfiles_lists_every_source():
    with_texts = set().union(*(message.files for message in extract(list(candidates()))))
    listed = lines(PO / 'POTFILES')
    nothing(sorted(with_texts - set(listed)), 'add to data/po/POTFILES:')
    nothing(sorted(set(listed) - with_texts), 'remove from data/po/POTFILES, without texts:')
    equal(listed, sorted(listed), 'order of data/po/POTFILES')


def every_text_is_marked():
    found = [text for path in candidates() if path.endswith(('.c', '.h')) for text in unmarked(path)]
    nothing(found, 'mark with _(), N_(), C_() or g_dngettext(), or add to '
                   'tests/translations/allowed.txt:')


def every_exception_is_used():
    """An exception that nothing needs would hide a text later."""
    unused = []
    for place, pattern in allowed:
        path = SOURCE / place
        texts = sources.unmarked(path.read_text(encoding='utf-8')) if path.is_file() else []
        if not any(re.search(pattern, literal.text) for literal in texts):
            unused.append(f'{place}: {pattern}')
    nothing(unused, 'remove from tests/translations/allowed.txt:')


def every_text_of_a_template_is_marked():
    found = []
    for path in candidates():
        if not path.endswith('.ui'):
            continue
        text = (SOURCE / path).read_text(encoding='utf-8')
        found += [f'{path}: {match[0]}' for match in re.finditer(
            r'<(?:property|attribute) name="(?:title|subtitle|label|description|tooltip-text|'
            r'placeholder-text)">[^<]*', text)]
    nothing(found, 'add translatable="yes":')


def messages_are_whole():
    """A part of a sentence cannot be translated: other languages have another order."""
    found = []
    for message in extract(lines(PO / 'POTFILES')):
        for text in message.sources:
            # Messages of g_prefix_error() end in ": "; lines in terminals are indented.
            if re.match(r' \S|[,;] ', text) or text.endswith(' ') and not text.endswith(': '):
                found.append(f'{sorted(message.files)[0]}: {text!r}')
            if not re.search('[A-Za-z]', text):
                found.append(f'{sorted(message.files)[0]}: {text!r}')
    nothing(found, 'parts of sentences:')


def numbers_choose_the_form_of_their_language():
    found = []
    for path in candidates():
        if path.endswith('.c'):
            source = (SOURCE / path).read_text(encoding='utf-8')
            found += [f'{path}:{literal.line}' for literal in sources.own_plurals(source)
                      if not is_allowed(path, literal.text)]
    nothing(found, 'use g_dngettext(), other languages have other plural forms:')


def catalogs_are_valid():
    for language in languages():
        run('msgfmt', '--check', '--output-file=/dev/null', f'data/po/{language}.po')


def catalogs_are_up_to_date():
    expected = {message.key for message in extract(lines(PO / 'POTFILES'))}
    for language in languages():
        found = {message.key for message in read_language(language)}
        nothing(sorted(map(str, expected - found)),
                f'{language}.po lacks these; run "ninja -C BUILD plum-glib-1.0-update-po":')
        nothing(sorted(map(str, found - expected)), f'{language}.po has these, no source does:')


def complete_languages_are_complete():
    for language in COMPLETE:
        messages = read_language(language)
        nothing([message.text for message in messages if not all(message.translations)],
                f'not translated in {language}.po:')
        nothing([message.text for message in messages if 'fuzzy' in message.flags],
                f'fuzzy in {language}.po:')


def german_has_german_quotes():
    found = []
    for message in read_language('de'):
        for text in message.translations:
            if re.search(r'”|"|\'|“[^“„]*“(?![^„]*“)', text) and text.count('„') != text.count('“'):
                found.append(text)
            elif text.count('„') != text.count('“') or '”' in text:
                found.append(text)
    nothing(found, 'use „…“:')


def german_ends_as_the_source():
    """The same mark at the end, and the same space."""
    found = []
    for message in read_language('de'):
        for text in message.translations:
            if message.text[-1] in '.?!:…;\n ' and text[-1:] != message.text[-1]:
                found.append((message.text, text))
            if message.text[-1] not in '.?!:…;\n ' and text[-1:] in '.?!:;\n ':
                found.append((message.text, text))
    nothing(found, 'another end:')


def the_check_finds_unmarked_texts():
    """The check itself: finds planted faults, and nothing else."""
    faults = [
        'void f (void) { g_set_error (e, D, 1, "Cannot open %s", p); }',
        'void f (void) { output_error ("%s", ok ? _ ("yes") : "unknown"); }',
        'void f (void) { return b ? "The router refuses" : NULL; }',
        'static const char *const t[] = { N_ ("one text"), "another text" };',
        '#define TEXT "a text in a macro"',
        'void f (void) { g_print ("failed\\n"); }',
        'static const GOptionEntry e[] = { { "once", 0, 0, A, &o, "Exit when mapped", NULL } };',
        'static const GOptionEntry e[] = { { "file", 0, 0, A, &o, N_ ("Use FILE"), "FILE" } };',
        'void f (void) { output_error ("“%s”: %s", word, error->message); }',
    ]
    harmless = [
        'void f (void) { g_set_error (e, D, 1, _ ("Cannot open %s"), p); }',
        'void f (void) { plum_debug ("No route to %s", p); }',
        'void f (void) { g_dngettext (P, "%u port", "%u ports", n); }',
        '#include "a file.h"\n/* "a comment" */',
        'void f (void) { output_line (0, "%s %u → %s:%s", a, b, c, d); }',
        'void f (void) { g_task_set_name (task, "[plum] close"); }',
        'static const char *const names[] = { "connected", "other-network" };',
    ]
    for text in faults:
        assert len(sources.unmarked(text)) == 1, text
    for text in harmless:
        assert not sources.unmarked(text), text
    assert sources.own_plurals('g_print ("%u %s", n, n == 1 ? _ ("entry") : _ ("entries"));')
    assert not sources.own_plurals('g_print (g_dngettext (P, "%u entry", "%u entries", n), n);')


CASES = [
    potfiles_lists_every_source,
    every_text_is_marked,
    every_exception_is_used,
    every_text_of_a_template_is_marked,
    messages_are_whole,
    numbers_choose_the_form_of_their_language,
    catalogs_are_valid,
    catalogs_are_up_to_date,
    complete_languages_are_complete,
    german_has_german_quotes,
    german_ends_as_the_source,
    the_check_finds_unmarked_texts,
]


def main():
    failed = 0
    for line in lines(pathlib.Path(__file__).with_name('allowed.txt')):
        allowed.append(tuple(line.split(': ', 1)))
    print(f'1..{len(CASES)}')
    for number, case in enumerate(CASES, 1):
        point = f'{number} - /translations/{case.__name__.replace("_", "-")}'
        try:
            case()
            print(f'ok {point}')
        except Exception as error:  # the other cases still run
            failed = 1
            print(f'not ok {point}')
            text = getattr(error, 'stderr', None) or (
                str(error) if isinstance(error, AssertionError) else traceback.format_exc())
            for line in text.splitlines():
                print(f'# {line}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
