# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl as a child process, by what it promises to its callers: JSON lines and exit codes."""

import json
import queue
import signal
import subprocess
import threading
import time

UP_WITHIN = 15.0  # seconds; what is fast is measured by the benchmarks, not here


class Plumctl:
    """One run of `plumctl map --json`, and the events it has told so far."""

    def __init__(self, program, *args, on_event=None, env=None):
        self.started = time.monotonic()
        self.process = subprocess.Popen([program, 'map', '--json', *args], text=True, env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.events = queue.Queue()
        self.seen = []
        self.errors = ''
        self.on_event = on_event or (lambda seconds, line: None)
        self.readers = [threading.Thread(target=target, daemon=True)
                        for target in (self.read_events, self.read_errors)]
        for reader in self.readers:
            reader.start()

    def read_events(self):
        for line in self.process.stdout:
            self.events.put((time.monotonic() - self.started, line))
        self.events.put((time.monotonic() - self.started, None))

    def read_errors(self):
        self.errors = self.process.stderr.read()

    def wait_for(self, state, protocol, timeout=UP_WITHIN):
        """The first event, from now on or before, of this state and protocol."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self.seen:
                if event['state'] == state and event['protocol'] == protocol:
                    return event
            try:
                when, line = self.events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'no "{state}" of {protocol} within {timeout} s, '
                                     f'only {self.seen}') from None
            if line is None:
                self.wait()
                raise AssertionError(f'plumctl ended ({self.process.returncode}) before "{state}" '
                                     f'of {protocol}: {self.errors.strip()}')
            event = json.loads(line)
            if event['event'] == 'mapping':
                self.seen.append(event)
                self.on_event(when, line.strip())

    def wait_until(self, condition, timeout):
        """The first event from now on that condition is true of."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                when, line = self.events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'not told within {timeout} s, only {self.seen}') from None
            assert line is not None, f'plumctl ended: {self.errors}'
            event = json.loads(line)
            if event['event'] == 'mapping':
                self.seen.append(event)
                self.on_event(when, line.strip())
                if condition(event):
                    return event

    def wait(self, timeout=UP_WITHIN):
        """Until it ends by itself: its exit status."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'plumctl still runs after {timeout} s') from None
        for reader in self.readers:
            reader.join(timeout)
        return status

    def interrupt(self):
        """SIGINT; returns the exit status and the seconds it took."""
        before = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.wait(), time.monotonic() - before

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
