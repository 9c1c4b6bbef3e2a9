#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The desktop file, the metainfo and the icons of plum-ports.

Usage: test-desktop.py SOURCE DESKTOP-FILE METAINFO METAINFO-WITH-URLS ICON SYMBOLIC-ICON   Prints TAP.
"""

import configparser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import traceback
import xml.etree.ElementTree

SOURCE, DESKTOP, METAINFO, METAINFO_WITH_URLS, ICON, SYMBOLIC = map(pathlib.Path, sys.argv[1:])
ID = 'org.plum_glib.Ports'
SVG = '{http://www.w3.org/2000/svg}'


class Skip(Exception):
    pass


def equal(got, expected):
    assert got == expected, f'got {got!r}, expected {expected!r}'


def run(*command):
    """Runs a validator. Returns its output and exit status."""
    if shutil.which(command[0]) is None:
        raise Skip(f'{command[0]} is not installed')
    result = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env=dict(os.environ, LC_ALL='C.UTF-8'))
    return result.stdout, result.returncode


def desktop_entry():
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(DESKTOP)
    return parser['Desktop Entry']


def metainfo():
    return xml.etree.ElementTree.parse(METAINFO).getroot()


def desktop_file_is_valid():
    equal(run('desktop-file-validate', '--warn-kde', str(DESKTOP)), ('', 0))


def validate_metainfo(path):
    """Without the network: whether a picture can be downloaded is not checked. Returns the names of the
    errors and warnings."""
    output, status = run('appstreamcli', 'validate', '--no-net', '--no-color', str(path))
    findings = re.findall(r'^[EW]: .* ([a-z-]+)$', output, re.MULTILINE)
    assert status == 0 or findings, output
    return findings


def metainfo_is_valid():
    """Without -Dhomepage-url, AppStream 1.0 warns."""
    has_homepage = metainfo().find('url') is not None
    allowed = set() if has_homepage else {'url-homepage-missing'}
    equal(set(validate_metainfo(METAINFO)) - allowed, set())


def metainfo_with_web_addresses_is_valid():
    equal(validate_metainfo(METAINFO_WITH_URLS), [])
    root = xml.etree.ElementTree.parse(METAINFO_WITH_URLS).getroot()
    assert root.findtext('screenshots/screenshot/image', '').endswith('/plum-ports.png')
    assert root.findtext('url', '').startswith('https://')


def names_agree():
    """The desktop shell finds the window, the icon and the desktop file by the application ID."""
    application = (SOURCE / 'tools/plum-ports/ports-application.c').read_text(encoding='utf-8')

    assert f'#define APPLICATION_ID "{ID}"' in application
    equal(DESKTOP.name, ID + '.desktop')
    equal(METAINFO.name, ID + '.metainfo.xml')
    equal(desktop_entry()['Icon'], ID)
    equal(desktop_entry()['Exec'], 'plum-ports')
    equal(metainfo().findtext('id'), ID)
    equal(metainfo().findtext('launchable'), DESKTOP.name)
    equal(metainfo().findtext('provides/binary'), desktop_entry()['Exec'])
    equal(metainfo().findtext('name'), desktop_entry()['Name'])
    equal(metainfo().findtext('summary'), desktop_entry()['Comment'])
    equal((ICON.name, SYMBOLIC.name), (ID + '.svg', ID + '-symbolic.svg'))


def icons_are_squares():
    for path, size in (ICON, '128'), (SYMBOLIC, '16'):
        root = xml.etree.ElementTree.parse(path).getroot()
        equal(root.tag, SVG + 'svg')
        equal((root.get('width'), root.get('height')), (size, size))
        equal(root.get('viewBox'), f'0 0 {size} {size}')


def symbolic_icon_has_one_color():
    """GTK replaces this color by that of the text."""
    colors = re.findall(r'#[0-9a-fA-F]{3,8}\b', SYMBOLIC.read_text(encoding='utf-8'))
    equal(colors, ['#222222'])


CASES = [
    desktop_file_is_valid,
    metainfo_is_valid,
    metainfo_with_web_addresses_is_valid,
    names_agree,
    icons_are_squares,
    symbolic_icon_has_one_color,
]


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    for number, case in enumerate(CASES, 1):
        point = f'{number} - /desktop/{case.__name__.replace("_", "-")}'
        try:
            case()
            print(f'ok {point}')
        except Skip as reason:
            print(f'ok {point} # SKIP {reason}')
        except Exception:  # the other cases still run
            failed = 1
            print(f'not ok {point}')
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
