# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program as a person has it: what its windows say to a screen reader, the keyboard, a picture."""

import os
import subprocess
import time

import accessible

WITHIN = 10.0  # seconds; a busy machine draws slowly


class Screen:
    def __init__(self, program, env):
        self.process = subprocess.Popen([program], env=env, stdin=subprocess.DEVNULL)
        self.name = os.path.basename(program)
        self.bus = accessible.Bus()

    def look(self):
        """All that is on the screen now: (role, name, part)."""
        return [(part.role, part.name, part) for program in self.bus.programs()
                if program.name == self.name for part in program.walk()]

    def wait(self, found, what):
        """What found(parts) gives, as soon as that is something."""
        deadline = time.monotonic() + WITHIN
        while True:
            assert self.process.poll() is None, f'the program ended ({self.process.returncode})'
            try:
                result = found(self.look())
            except accessible.Gone:
                result = None
            if result:
                return result
            assert time.monotonic() < deadline, f'{what}: not within {WITHIN} s, only ' \
                f'{[name for role, name, _ in self.look() if role == "label"]}'
            time.sleep(0.02)

    def part(self, role, name):
        return self.wait(lambda parts: [part for *seen, part in parts if seen == [role, name]],
                         f'{role} {name!r}')[0]

    def gone(self, role, name):
        self.wait(lambda parts: all(seen != [role, name] for *seen, _ in parts),
                  f'{role} {name!r} gone')

    def text(self, words):
        """Waits until these words stand somewhere."""
        self.wait(lambda parts: any(role in ('label', 'alert') and words in name
                                    for role, name, _ in parts), repr(words))

    def click(self, name):
        button = self.part('button', name)
        assert button.sensitive, f'{name!r} is insensitive'
        assert button.click(), f'{name!r} does nothing'

    def type(self, name, text):
        """Into the field of this name."""
        assert self.part('text', name).set_text(text), f'{name!r} takes no text'

    def focus(self, title, role, name):
        """By the Tab key, as far as that goes."""
        for _ in range(20):
            self.press(title, 'Tab')
            if self.part(role, name).focused:
                return
        raise AssertionError(f'{name!r} cannot be reached by the keyboard')

    # As X has it.

    def window(self, title):
        """The number of the window, as soon as it is there."""
        found = subprocess.run(['xdotool', 'search', '--sync', '--onlyvisible', '--name',
                                f'^{title}$'], check=True, text=True, stdout=subprocess.PIPE,
                               timeout=WITHIN)
        return found.stdout.split()[0]

    def press(self, title, *keys):
        subprocess.run(['xdotool', 'windowfocus', '--sync', self.window(title), 'key', *keys],
                       check=True, timeout=WITHIN)

    def resize(self, title, width, height):
        subprocess.run(['xdotool', 'windowsize', '--sync', self.window(title), str(width),
                        str(height)], check=True, timeout=WITHIN)

    def minimum_width(self, title):
        hints = subprocess.run(['xprop', '-id', self.window(title), 'WM_NORMAL_HINTS'], check=True,
                               text=True, stdout=subprocess.PIPE).stdout
        line = next(line for line in hints.splitlines() if 'minimum size' in line)
        return int(line.split('minimum size:')[1].split()[0])

    def picture(self, title, path):
        subprocess.run(['import', '-window', self.window(title), path], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
