# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs programs in German, also on a system without a German locale."""

import pathlib
import shutil
import subprocess

import catalog

LOCALE = 'de_DE'
PO = pathlib.Path(__file__).resolve().parents[2] / 'data' / 'po' / 'de.po'


def find_obstacle():
    """What is missing on this system to make the locale; None: nothing."""
    if shutil.which('localedef') is None:
        return 'localedef is not installed'
    if not pathlib.Path('/usr/share/i18n/locales', LOCALE).exists():
        return 'the sources of locales are not installed (package locales)'
    return None


def environment(folder, charset='UTF-8'):
    """Makes the locale in this folder. Returns the variables that select it.

    Since glibc 2.39, programs in the locale C.UTF-8 are not translated, whatever LANGUAGE is.
    """
    name = f'{LOCALE}.{charset}'
    path = pathlib.Path(folder) / name
    if not path.exists():
        subprocess.run(['localedef', '--no-archive', '--inputfile', LOCALE, '--charmap', charset,
                        str(path)], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return {'LOCPATH': str(folder), 'LC_ALL': name, 'LANGUAGE': 'de'}


def english():
    """The English texts that the translation changes."""
    return {text for message in catalog.read(PO.read_text(encoding='utf-8'))
            for text in message.sources if text not in message.translations}
