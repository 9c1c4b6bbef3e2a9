# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every command of plumctl says and leaves, with a real router: cases for test-lab.py."""

import json
import signal
import subprocess

import lab
from neighbours import neighbour

PATIENCE = 30  # seconds; only a fault ever takes as long
TELEVISION = '192.168.1.50'
TWIN = '192.168.1.2'

SENTENCES = {
    'no-gateway': (3, 'This computer has no route to the internet, so there is no router to ask.'),
    'silent': (10, 'The router answers none of the protocols.'),
    'switched-off': (11, 'The router is there, but refuses to be asked: port mapping is switched '
                         'off, or not known to it.'),
    'not-a-gateway': (12, 'Other devices answered, but none of them is a router that maps ports.'),
    'wrong-address': (13, "The gateway's answer came from another address, and such answers are "
                          'not trusted.'),
    'not-connected': (14, 'The router answers, but it has no connection to the internet, or only '
                          'a private address there.'),
}


class Commands:
    """The cases, with the program that they run."""

    def __init__(self, program):
        self.program = program

    def plumctl(self, *words):
        return subprocess.run([self.program(), *words], check=False, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def succeed(self, *words):
        done = self.plumctl(*words)
        lab.equal(done.returncode, 0, f'exit status of {words[0]}, which said {done.stderr!r}')
        return done.stdout

    def status(self, backend):
        lines = self.succeed('status').splitlines()
        lab.equal(lines, ['gateway   192.168.1.1 on eth0', f'own       {lab.CLIENT}',
                          f'external  {lab.WAN} (public)', f'backend   {backend}'], 'status')

    def external(self):
        lab.equal(self.succeed('external'), lab.WAN + '\n', 'external')

    def list_and_unmap(self):
        """The router's own table: ours is marked, the named one goes, the other one stays."""
        self.succeed('map', '--once', '--description', 'web', 'tcp:9030', 'udp:9031')
        lines = self.succeed('list').splitlines()
        lab.equal(len(lines), 2, 'entries')
        assert all(line.startswith('* ') for line in lines), f'not marked as ours: {lines}'
        assert any('tcp  9030 → 192.168.1.10:9030' in line and 'web' in line
                   for line in lines), lines

        lab.equal(self.succeed('unmap', 'tcp:9030'), 'tcp:9030 removed\n', 'unmap')
        lab.equal(lab.rules(9030), [], 'rules left on the router')
        assert lab.rules(9031), 'the other mapping is gone as well'

    def unmap_all_mine(self):
        self.succeed('map', '--once', 'tcp:9032', 'udp:9033')
        self.succeed('unmap', '--all-mine')
        lab.equal(lab.rules(9032) + lab.rules(9033), [], 'rules left on the router')
        lab.equal(self.succeed('list'), '', 'the table')

    def list_cannot(self):
        done = self.plumctl('list', '--backend', 'pcp')
        lab.equal(done.returncode, 1, 'exit status')
        assert 'pcp cannot tell' in done.stderr, done.stderr

    def unmap_by_natpmp(self):
        self.succeed('map', '--once', '--backend', 'natpmp', 'tcp:9034')
        assert lab.rules(9034), 'not mapped'
        self.succeed('unmap', '--backend', 'natpmp', 'tcp:9034')
        lab.equal(lab.rules(9034), [], 'rules left on the router')

    def unmap_by_pcp(self):
        """miniupnpd lets a host take over what it made with another key, and then remove it."""
        self.succeed('map', '--once', '--backend', 'pcp', 'tcp:9035')
        assert lab.rules(9035), 'not mapped'
        self.succeed('unmap', '--backend', 'pcp', 'tcp:9035')
        lab.equal(lab.rules(9035), [], 'rules left on the router')

    def monitor(self):
        """It tells the gateway, and another address when there is one."""
        process = subprocess.Popen([self.program(), 'monitor', '--json'], text=True,
                                   stdout=subprocess.PIPE)
        try:
            self.await_event(process, 'gateway', '192.168.1.1 on eth0')
            self.await_event(process, 'external', lab.WAN)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
            lab.equal(process.returncode, 0, 'exit status after SIGINT')
        finally:
            process.kill()
            process.wait()

    @staticmethod
    def await_event(process, name, text):
        for line in process.stdout:
            event = json.loads(line)
            if event['event'] == name and text in event['text']:
                return
        raise AssertionError(f'no "{name}" of {text}')

    def run_ends_by_signal(self):
        done = self.plumctl('run', 'tcp:9036', '--', 'sh', '-c', 'kill -TERM $$')
        lab.equal(done.returncode, 128 + signal.SIGTERM, 'exit status')
        lab.equal(lab.rules(9036), [], 'rules left on the router')

    def doctor(self, verdict):
        """The sentence, the exit status, a next step, and nothing that is left behind."""
        exit_code, sentence = SENTENCES[verdict]
        before = lab.run('lab-router', 'nft-table')
        done = self.plumctl('doctor')
        lines = done.stdout.splitlines()
        lab.equal(lines[-2:-1], ['verdict: ' + sentence], 'verdict')
        assert lines[-1].startswith('next: '), lines[-1]
        lab.equal(done.returncode, exit_code, 'exit status')
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')

    def doctor_television(self):
        with neighbour('television', TELEVISION):
            self.doctor('not-a-gateway')

    def doctor_twin(self):
        with neighbour('twin', TWIN):
            self.doctor('wrong-address')

    def doctor_no_network(self):
        lab.run('lab-client', 'link', 'down')
        try:
            self.doctor('no-gateway')
        finally:
            lab.run('lab-client', 'link', 'up')
