# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl serve as a service manager starts it: NOTIFY_SOCKET, no capabilities, real traffic."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading

import lab
import traffic

# As in data/systemd/plumctl.service.
UNPRIVILEGED = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']


class Service:
    def __init__(self, program, text):
        self.program = program
        self.text = text
        self.messages = []

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.path = os.path.join(folder, 'ports.conf')
        self.write(self.text)
        self.manager = self.stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        address = os.path.join(folder, 'notify')
        self.manager.bind(address)
        self.state = os.path.join(folder, 'state')
        self.process = subprocess.Popen(
            [*UNPRIVILEGED, self.program, 'serve', self.path], stdout=subprocess.DEVNULL,
            env=dict(os.environ, NOTIFY_SOCKET=address, WATCHDOG_USEC='1000000',
                     STATE_DIRECTORY=self.state))
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self.stack.close()

    def listen(self):
        with contextlib.suppress(OSError):
            while True:
                self.messages.extend(self.manager.recv(4096).decode().splitlines())

    def write(self, text):
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.path + '.new', self.path)

    def wait(self, message, timeout=15):
        lab.eventually(lambda: message in self.messages, f'{message} in {self.messages}', timeout)


def cases(program):
    def serves_and_reloads():
        with traffic.echo_server('tcp', 9060), traffic.echo_server('tcp', 9061), \
                Service(program(), '[tcp:9060]\n') as service:
            service.wait('READY=1')
            service.wait('STATUS=1 of 1 port is mapped')
            assert lab.reached('tcp', lab.WAN, 9060), 'the port is not reached'
            service.wait('WATCHDOG=1')
            assert any(name.endswith('.plum') for name in os.listdir(service.state)), \
                'no record in the state directory'

            service.write('[tcp:9061:9062]\n')
            lab.eventually(lambda: lab.rules(9062) and not lab.rules(9060), 'the new port', 10)
            assert lab.reached('tcp', lab.WAN, 9062), 'the new port is not reached'

            service.process.send_signal(signal.SIGTERM)
            lab.equal(service.process.wait(15), 0, 'exit status')
            assert 'STOPPING=1' in service.messages, service.messages
            lab.equal(lab.rules(9062), [], 'rules left on the router')

    def router_restarts():
        with traffic.echo_server('tcp', 9063), Service(program(), '[tcp:9063]\n') as service:
            service.wait('STATUS=1 of 1 port is mapped')
            lab.run('lab-router', 'stop')
            lab.run('lab-router', 'forget')
            lab.run('lab-router', 'start')
            lab.eventually(lambda: lab.rules(9063), 'a new mapping', 20)
            assert lab.reached('tcp', lab.WAN, 9063), 'not reached after the restart'
            service.process.send_signal(signal.SIGTERM)
            lab.equal(service.process.wait(15), 0, 'exit status')
            lab.equal(lab.rules(9063), [], 'rules left on the router')

    return [
        ('serves-and-reloads', serves_and_reloads),
        ('router-restarts', router_restarts),
    ]
