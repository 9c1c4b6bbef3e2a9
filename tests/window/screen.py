# SPDX-License-Identifier: LGPL-2.1-or-later
"""Controls a program through its accessibility tree and the keyboard, and takes pictures of it."""

import os
import subprocess
import sys
import time

import accessible

WITHIN = 20.0  # seconds; a discovery without an answer takes ten


class Screen:
    def __init__(self, program, env):
        command = [sys.executable, program] if program.endswith('.py') else [program]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
        self.name = os.path.basename(program)
        self.bus = accessible.Bus()

    def look(self):
        """All parts that are on the screen now: (role, name, part)."""
        return [(part.role, part.name, part) for program in self.bus.programs()
                if program.name == self.name for part in program.walk()]

    def wait(self, found, what):
        """Waits until found(parts) is true, and returns its value."""
        deadline = time.monotonic() + WITHIN
        while True:
            assert self.process.poll() is None, f'the program exited ({self.process.returncode})'
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

    def text(self, text):
        """Waits until a label or an alert contains this text."""
        self.wait(lambda parts: any(role in ('label', 'alert') and text in name
                                    for role, name, _ in parts), repr(text))

    def click(self, name):
        button = self.part('button', name)
        assert button.sensitive, f'{name!r} is insensitive'
        assert button.click(), f'{name!r} does nothing'

    def type(self, name, text):
        """Sets the text of the field with this name."""
        assert self.part('text', name).set_text(text), f'{name!r} is not editable'

    def focus(self, title, role, name):
        """Moves the focus with the Tab key."""
        for _ in range(20):
            self.press(title, 'Tab')
            if self.part(role, name).focused:
                return
        raise AssertionError(f'{name!r} cannot be focused with the keyboard')

    # Through the X server.

    def window(self, title):
        """Waits for a window. Returns its X identifier."""
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
