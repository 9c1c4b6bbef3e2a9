# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of plumctl with a real router: cases for test-lab.py."""

import json
import signal
import subprocess

import lab
from neighbours import neighbour

TIMEOUT = 30  # seconds; reached only if a test fails
TELEVISION = '192.168.1.50'
TWIN = '192.168.1.2'

SENTENCES = {
    'no-gateway': (3, 'This computer has no default route, so no router was found.'),
    'silent': (10, 'The router does not answer any protocol.'),
    'switched-off': (11, 'The router refuses requests of PCP and NAT-PMP and does not answer those '
                         'of UPnP: port mapping is disabled or not supported.'),
    'not-a-gateway': (12, 'Other devices answered, but none of them is a router that maps '
                          'ports.'),
    'wrong-address': (13, "The answer came from an address other than the gateway's, and was "
                          'ignored.'),
    'not-connected': (14, 'The router answers, but it has no internet connection or no public '
                          'address.'),
    'private': (30, 'The external address of the router 192.168.1.1 is the private address '
                    '10.0.0.5: it is behind a second router.'),
}


class Commands:
    """The cases; program returns the path of plumctl."""

    def __init__(self, program):
        self.program = program

    def plumctl(self, *arguments, env=None):
        return subprocess.run([self.program(), *arguments], check=False, text=True, timeout=TIMEOUT,
                              env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def succeed(self, *arguments):
        done = self.plumctl(*arguments)
        lab.equal(done.returncode, 0,
                  f'exit status of {arguments[0]}, which printed {done.stderr!r}')
        return done.stdout

    def status(self, backend):
        lines = self.succeed('status').splitlines()
        # The daemon takes its model from the system that it was built on.
        assert lines[1].startswith('router    '), lines[1]
        assert lines[1].endswith(', settings at http://192.168.1.1/'), lines[1]
        assert lines[2].startswith('internet  connected'), lines[2]
        lab.equal(lines[:1] + lines[3:],
                  ['gateway   192.168.1.1 on eth0', f'local     {lab.CLIENT}',
                   f'external  {lab.WAN} (public)', f'backend   {backend}'], 'status')

    def external(self):
        lab.equal(self.succeed('external'), lab.WAN + '\n', 'external')

    def list_and_unmap(self):
        """list marks own mappings, and unmap removes only the given one."""
        self.succeed('map', '--once', '--description', 'web', 'tcp:9030', 'udp:9031')
        lines = self.succeed('list').splitlines()
        lab.equal(len(lines), 2, 'entries')
        assert all(line.startswith('* ') for line in lines), f'not marked as own: {lines}'
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

    def list_not_supported(self):
        done = self.plumctl('list', '--backend', 'pcp')
        lab.equal(done.returncode, 1, 'exit status')
        assert 'PCP cannot list' in done.stderr, done.stderr

    def unmap_by_natpmp(self):
        self.succeed('map', '--once', '--backend', 'natpmp', 'tcp:9034')
        assert lab.rules(9034), 'not mapped'
        self.succeed('unmap', '--backend', 'natpmp', 'tcp:9034')
        lab.equal(lab.rules(9034), [], 'rules left on the router')

    def unmap_by_pcp(self):
        """Without its key, PCP refuses to remove a mapping; the other protocols need none."""
        self.succeed('map', '--once', '--backend', 'pcp', 'tcp:9035')
        assert lab.rules(9035), 'not mapped'
        done = self.plumctl('unmap', '--backend', 'pcp', 'tcp:9035')
        lab.equal((done.returncode, done.stdout), (1, ''), 'unmap without the key')
        assert 'a key that is not known here' in done.stderr, done.stderr
        assert lab.rules(9035), 'removed without the key'
        self.succeed('unmap', 'tcp:9035')
        lab.equal(lab.rules(9035), [], 'rules left on the router')

    def monitor(self):
        """Prints the gateway and the external address."""
        process = subprocess.Popen([self.program(), 'monitor', '--json'], text=True,
                                   stdout=subprocess.PIPE)
        try:
            self.await_event(process, 'gateway', '192.168.1.1 on eth0')
            self.await_event(process, 'external', lab.WAN)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=TIMEOUT)
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

    def run_killed_by_signal(self):
        done = self.plumctl('run', 'tcp:9036', '--', 'sh', '-c', 'kill -TERM $$')
        lab.equal(done.returncode, 128 + signal.SIGTERM, 'exit status')
        lab.equal(lab.rules(9036), [], 'rules left on the router')

    def doctor(self, verdict):
        """Checks the verdict, the next step and the exit status. No mapping may be left behind."""
        exit_code, sentence = SENTENCES[verdict]
        before = lab.run('lab-router', 'nft-table')
        done = self.plumctl('doctor')
        lines = done.stdout.splitlines()
        lab.equal(lines[-2:-1], ['verdict: ' + sentence], 'verdict')
        assert lines[-1].startswith('next step: '), lines[-1]
        lab.equal(done.returncode, exit_code, 'exit status')
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')

    def doctor_private_wan(self):
        """Some routers report a private external address, others (miniupnpd 2.3.1) an error."""
        self.doctor('private' if lab.reported_address() == '10.0.0.5' else 'not-connected')

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
