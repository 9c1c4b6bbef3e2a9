#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plum-ports behind a real router, in the lab, on a screen that nobody sees. Prints TAP.

The script starts itself again inside the lab, with a display, a session bus and an accessibility
bus of its own; there it uses the window as a person does who hears it, or has no mouse.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'lab'))

import lab  # noqa: E402
import traffic  # noqa: E402

NEEDED = ['Xvfb', 'dbus-run-session', 'import', 'xdotool', 'xprop']
PHONE = 360  # pixels: the narrowest that a GNOME program has to fit

arguments = None


def say(text):
    for line in text.splitlines():
        print(f'# {line}', flush=True)


@contextlib.contextmanager
def display():
    """A screen in memory; the server chooses a number that is free."""
    server = subprocess.Popen(['Xvfb', '-displayfd', '1', '-nolisten', 'tcp', '-noreset',
                               '-screen', '0', '800x900x24'],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        os.environ['DISPLAY'] = ':' + server.stdout.readline().decode().strip()
        yield
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def ports():
    """The program, started; it must end by itself, and leave nothing on the router."""
    import screen  # needs PyGObject

    with screen.Screen(arguments.program, dict(os.environ, GTK_A11Y='atspi')) as window:
        yield window
        window.process.send_signal(signal.SIGTERM)
        lab.equal(window.process.wait(screen.WITHIN), 0, 'exit status')
        lab.equal([rule for port in (8080, 8081, 18080) for rule in lab.rules(port)], [],
                  'rules left on the router')


def add(window, port, outside='', name=''):
    window.press('Ports', 'ctrl+n')
    window.type('Port on This Computer', port)
    if outside:
        window.type('Port Outside (Empty: The Same)', outside)
    if name:
        window.type('Name (Optional)', name)
    window.click('_Add Add')
    window.gone('button', '_Add Add')


def pasted(window):
    """What is in the clipboard: the dialog's first field takes it, though it is no port."""
    window.press('Ports', 'ctrl+n')
    field = window.part('text', 'Port on This Computer')
    window.press('Add a Port', 'ctrl+v')
    window.text('A port is a number')
    text = field.text
    window.press('Add a Port', 'Escape')
    window.gone('button', '_Add Add')
    return text


# The cases.


def tells_what_the_router_said():
    with ports() as window:
        window.text(f'External address {lab.WAN}')
        window.text('This address is public: the whole internet can reach it.')
        window.text('Maps by Port Control Protocol (RFC 6887)')
        window.text(f'{lab.CLIENT} is not a public address')
        window.wait(lambda parts: sum(name.startswith('Can map ports here')
                                  for role, name, _ in parts if role == 'label') == 3,
                    'three protocols that can')


def maps_and_unmaps():
    with ports() as window, traffic.echo_server('tcp', 8080):
        add(window, '8080', '18080', 'Game')
        window.part('list item', 'TCP 8080 (Game)')
        window.text(f'Reached at {lab.WAN}:18080, renewed before ')
        assert lab.rules(18080), 'the router has no rule for the port'
        assert lab.reached('tcp', lab.WAN, 18080), 'it is not reached from the internet side'

        window.click('Remove TCP 8080 (Game)')
        window.gone('list item', 'TCP 8080 (Game)')
        window.text('TCP 8080 removed')
        lab.equal(lab.rules(18080), [], 'rules left on the router')
        assert not lab.reached('tcp', lab.WAN, 18080, lab.UNREACHED_AFTER), 'traffic still arrives'


def refuses_what_is_no_port():
    with ports() as window:
        window.press('Ports', 'ctrl+n')
        for wrong in ('65536', '-1', '80 80', 'http', '0'):
            window.type('Port on This Computer', wrong)
            window.text('A port is a number from 1 to 65535.')
            assert not window.part('button', '_Add Add').sensitive, f'{wrong} can be added'
        window.type('Port on This Computer', '8080')
        window.click('_Add Add')
        window.text(f'Reached at {lab.WAN}:8080')

        window.press('Ports', 'ctrl+n')
        window.type('Port on This Computer', '8080')
        window.text('This port is in the list already.')
        assert not window.part('button', '_Add Add').sensitive, 'the same port can be added twice'
        window.press('Add a Port', 'Escape')
        window.gone('button', '_Add Add')


def by_keyboard_alone():
    with ports() as window:
        window.text(f'External address {lab.WAN}')
        window.press('Ports', 'ctrl+n')
        window.part('text', 'Port on This Computer')
        window.press('Add a Port', *'8081', 'Return')
        window.text(f'Reached at {lab.WAN}:8081')
        assert lab.rules(8081), 'the router has no rule for the port'

        window.focus('Ports', 'list item', 'TCP 8081')
        window.press('Ports', 'ctrl+c')
        lab.equal(pasted(window), f'{lab.WAN}:8081', 'what Ctrl+C copied')
        window.press('Ports', 'ctrl+shift+c')
        window.text(f'{lab.WAN} copied')
        lab.equal(pasted(window), lab.WAN, 'what Ctrl+Shift+C copied')

        window.focus('Ports', 'list item', 'TCP 8081')
        window.press('Ports', 'Delete')
        window.gone('list item', 'TCP 8081')
        lab.equal(lab.rules(8081), [], 'rules left on the router')


def every_button_has_a_name():
    with ports() as window:
        add(window, '8080')
        window.text(f'Reached at {lab.WAN}:8080')
        names = [name for role, name, _ in window.look() if role == 'button']
        assert len(names) >= 6, f'only {names}'
        lab.equal([name for name in names if not name or name.startswith('Gtk')], [],
                  'buttons without a name')


def removes_all_when_it_is_closed():
    with ports() as window:
        for port in ('8080', '8081'):
            add(window, port)
            window.text(f'Reached at {lab.WAN}:{port}')
        assert lab.rules(8080) and lab.rules(8081), 'the router has no rules'
        window.press('Ports', 'ctrl+q')
        lab.equal(window.process.wait(10), 0, 'exit status')
        lab.equal(lab.rules(8080) + lab.rules(8081), [], 'rules left on the router')


def fits_a_phone():
    with ports() as window:
        add(window, '8080', '18080', 'A game that has a long name, and is played with friends')
        window.text(f'Reached at {lab.WAN}:18080')
        assert window.minimum_width('Ports') <= PHONE, \
            f'it needs {window.minimum_width("Ports")} pixels'
        window.resize('Ports', PHONE, 640)
        picture(window, 'narrow')


def looks_like_this():
    with ports() as window:
        add(window, '8080', name='Game')
        add(window, '8081', '18080')
        window.text(f'Reached at {lab.WAN}:8080')
        window.text(f'Reached at {lab.WAN}:18080')
        picture(window, 'wide')
        window.focus('Ports', 'list item', 'Protocols')
        window.press('Ports', 'Return')
        picture(window, 'expanded')


def says_that_nobody_maps():
    with ports() as window:
        window.text('Nobody here maps ports. Switch on UPnP, NAT-PMP or PCP')
        window.text('External address unknown')
        add(window, '8080')
        window.text('The router maps no ports. Switch on UPnP, NAT-PMP or PCP in its settings.')
        picture(window, 'failed')
        window.click('Remove TCP 8080')
        window.gone('list item', 'TCP 8080')


def waits_for_a_network():
    with ports() as window:
        window.text('No router')
        window.text('This computer has no router to ask: is it connected to a network?')
        add(window, '8080')
        window.text('Asking the router…')
        picture(window, 'offline')
        lab.run('lab-client', 'link', 'up')
        window.text(f'Reached at {lab.WAN}:8080')
        window.text(f'External address {lab.WAN}')
        window.gone('label', 'No router')


def looks_again():
    lab.run('lab-client', 'link', 'down')
    with ports() as window:
        window.text('No router')
        lab.run('lab-client', 'link', 'up')
        window.press('Ports', 'F5')
        window.text(f'External address {lab.WAN}')


SUITES = {
    'all': ([], [
        tells_what_the_router_said,
        maps_and_unmaps,
        refuses_what_is_no_port,
        by_keyboard_alone,
        every_button_has_a_name,
        removes_all_when_it_is_closed,
        fits_a_phone,
        looks_like_this,
    ]),
    'none': (['--router=none'], [says_that_nobody_maps]),
    'offline': (['--no-network'], [waits_for_a_network, looks_again]),
}


def picture(window, name):
    path = pathlib.Path(arguments.pictures or os.environ['HOME']) / f'plum-ports-{name}.png'
    time.sleep(0.5 if arguments.pictures else 0)  # for people: what moves has come to rest
    window.picture('Ports', path)
    assert path.stat().st_size > 1000, f'{path} is no picture'


def run_cases(cases):
    failures = 0
    print(f'1..{len(cases)}', flush=True)
    for number, case in enumerate(cases, 1):
        name = '/window/' + case.__name__.replace('_', '-')
        try:
            case()
            print(f'ok {number} - {name}', flush=True)
        except Exception:  # whatever it is, the other cases still run
            failures += 1
            print(f'not ok {number} - {name}', flush=True)
            say(traceback.format_exc())
    return 1 if failures else 0


def own_environment(folder):
    """A home without anybody's settings, and a desktop that looks like GNOME's."""
    settings = folder / 'config' / 'gtk-4.0' / 'settings.ini'
    settings.parent.mkdir(parents=True)
    settings.write_text('[Settings]\n'
                        'gtk-decoration-layout=:close\n'
                        'gtk-enable-animations=0\n'
                        'gtk-font-name=Cantarell 11\n')
    runtime = folder / 'run'
    runtime.mkdir(mode=0o700)
    return dict(os.environ, HOME=str(folder), XDG_RUNTIME_DIR=str(runtime),
                XDG_CONFIG_HOME=str(folder / 'config'), XDG_STATE_HOME=str(folder / 'state'),
                XDG_CACHE_HOME=str(folder / 'cache'), XDG_DATA_HOME=str(folder / 'data'),
                LC_ALL='C.UTF-8', GDK_BACKEND='x11', GSK_RENDERER='cairo', GTK_A11Y='none',
                GSETTINGS_BACKEND='memory', ADW_DISABLE_PORTAL='1', GIO_USE_VFS='local',
                NO_AT_BRIDGE='1', PLUM_BACKENDS='')


def missing():
    """Why this machine cannot show a window to a test; None if it can."""
    programs = [program for program in NEEDED if shutil.which(program) is None]
    if programs:
        return f'no {", ".join(programs)}'
    try:
        import accessible  # noqa: F401
    except (ImportError, ValueError) as error:
        return str(error)
    check = subprocess.run([str(lab.HERE / 'lab'), '--check'], check=False, text=True,
                           stderr=subprocess.PIPE)
    if check.returncode != 0:
        return check.stderr.strip() or f'the lab: status {check.returncode}'
    return None


def enter(options):
    os.environ.setdefault('PLUM_LAB_CACHE', arguments.cache)
    reason = missing()
    if reason is not None and os.environ.get('CI') != 'true':
        print(f'1..0 # SKIP {reason.splitlines()[-1]}')
        return 0
    if reason is not None:
        print('1..1\nnot ok 1 - /window/can-be-shown')
        say(reason)
        return 1

    inside = [sys.executable, str(HERE / 'test-window.py'), '--inside',
              '--program', os.path.abspath(arguments.program), arguments.suite]
    if arguments.pictures:
        inside[3:3] = ['--pictures', os.path.abspath(arguments.pictures)]
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [str(lab.HERE / 'lab'), *options, '--',
             'bash', '-c', 'exec 3>&1 >&2 dbus-run-session -- "$@"', 'bash', *inside],
            check=False, env=own_environment(pathlib.Path(folder))).returncode


def main():
    global arguments

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--program', required=True, help='the program to test')
    parser.add_argument('--cache', default='_build/lab', help='where the lab keeps its router')
    parser.add_argument('--pictures', help='a folder for pictures of the window')
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('suite', choices=SUITES)
    arguments = parser.parse_args()

    options, cases = SUITES[arguments.suite]
    if not arguments.inside:
        return enter(options)
    # What the buses start writes to the standard output it was given: the results are not there.
    with display(), os.fdopen(3, 'w') as results, contextlib.redirect_stdout(results):
        return run_cases(cases)


if __name__ == '__main__':
    sys.exit(main())
