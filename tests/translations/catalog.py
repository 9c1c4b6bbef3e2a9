# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads .po files."""

import re

KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])? "(.*)"$')
ESCAPES = {'n': '\n', 't': '\t'}


class Message:
    def __init__(self):
        self.fields = {}  # "msgid", "msgstr 0" …
        self.files = set()
        self.flags = set()

    @property
    def key(self):
        """What gettext looks up, with the plural."""
        return tuple(self.fields.get(name) for name in ('msgctxt', 'msgid', 'msgid_plural'))

    @property
    def text(self):
        return self.fields['msgid']

    @property
    def sources(self):
        return [self.fields[name] for name in ('msgid', 'msgid_plural') if name in self.fields]

    @property
    def translations(self):
        return [text for name, text in self.fields.items() if name.startswith('msgstr')]


def unescape(text):
    return re.sub(r'\\(.)', lambda match: ESCAPES.get(match[1], match[1]), text)


def read(text):
    """The messages of a catalog, without the header and obsolete ones."""
    messages = []
    for block in re.split(r'\n\s*\n', text):
        message, name = Message(), None
        for line in block.splitlines():
            if line.startswith('#: '):
                message.files.update(line[3:].split())
            elif line.startswith('#, '):
                message.flags.update(line[3:].split(', '))
            elif not line.startswith('#') and line.strip():
                match = KEYWORD.match(line)
                if match:
                    name = match[1] + (f' {match[2] or 0}' if match[1] == 'msgstr' else '')
                    message.fields[name] = unescape(match[3])
                else:
                    message.fields[name] += unescape(line.strip()[1:-1])
        if message.fields.get('msgid'):
            messages.append(message)
    return messages
