# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs plumctl as a child process and reads its JSON lines."""

import json
import queue
import signal
import subprocess
import threading
import time

UP_WITHIN = 15.0  # seconds; speed is measured by the benchmarks


class Plumctl:
    """A run of `plumctl map --json`, with the events that it has printed so far."""

    def __init__(self, program, *args, on_event=None, env=None, prefix=()):
        self.started = time.monotonic()
        self.process = subprocess.Popen([*prefix, program, 'map', '--json', *args], text=True,
                                        env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
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
        """The first event with this state and protocol, including earlier events."""
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
                raise AssertionError(f'plumctl exited ({self.process.returncode}) before "{state}" '
                                     f'of {protocol}: {self.errors.strip()}')
            event = json.loads(line)
            if event['event'] == 'mapping':
                self.seen.append(event)
                self.on_event(when, line.strip())

    def wait_until(self, condition, timeout):
        """The first new event for which the condition is true."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                when, line = self.events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'no such event in {timeout} s, only {self.seen}') from None
            assert line is not None, f'plumctl exited: {self.errors}'
            event = json.loads(line)
            if event['event'] == 'mapping':
                self.seen.append(event)
                self.on_event(when, line.strip())
                if condition(event):
                    return event

    def wait(self, timeout=UP_WITHIN):
        """Waits until plumctl exits. Returns its exit status."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'plumctl is still running after {timeout} s') from None
        for reader in self.readers:
            reader.join(timeout)
        return status

    def interrupt(self):
        """Sends SIGINT. Returns the exit status and the time it took, in seconds."""
        before = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.wait(), time.monotonic() - before

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
