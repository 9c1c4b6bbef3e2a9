#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plum-ports behind a real router, in the lab, on a virtual screen. Prints TAP.

The script starts itself again inside the lab, with its own display, session bus and accessibility
bus. There it uses the window as a screen reader and a keyboard do.
"""

import argparse
import contextlib
import json
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
sys.path.insert(0, str(HERE.parent / 'translations'))

import german  # noqa: E402
import lab  # noqa: E402
import traffic  # noqa: E402

NEEDED = ['Xvfb', 'dbus-run-session', 'identify', 'import', 'xdotool', 'xprop']
PUBLIC = '1.2.5.10'  # an address of the client that is not private
PHONE = 360  # pixels: the smallest width that a GNOME program must support

arguments = None


def say(text):
    for line in text.splitlines():
        print(f'# {line}', flush=True)


@contextlib.contextmanager
def display():
    """A virtual screen; the server chooses a free display number."""
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
def ports(**environment):
    """Runs the program; it must exit on SIGTERM and leave no mappings on the router."""
    import screen  # needs PyGObject

    with screen.Screen(arguments.program,
                       dict(os.environ, GTK_A11Y='atspi', **environment)) as window:
        yield window
        window.process.send_signal(signal.SIGTERM)
        lab.equal(window.process.wait(screen.WITHIN), 0, 'exit status')
        lab.equal([rule for port in (8080, 8081, 18080) for rule in lab.rules(port)], [],
                  'rules left on the router')


def add(window, port, outside='', name=''):
    window.press('Ports', 'ctrl+n')
    window.type('Port on This Computer', port)
    if outside:
        window.type('External Port (Optional)', outside)
    if name:
        window.type('Name (Optional)', name)
    window.click('Add')
    window.gone('button', 'Add')


def expand_protocols(window):
    """Shows the rows of the protocols, which the accessibility tree may otherwise leave out."""
    window.focus('Ports', 'list item', 'Protocols')
    window.press('Ports', 'Return')


def pasted(window):
    """The text in the clipboard, pasted into the first field of the dialog."""
    window.press('Ports', 'ctrl+n')
    field = window.part('text', 'Port on This Computer')
    window.press('Add a Port', 'ctrl+v')
    window.text('A port is a number')
    text = field.text
    window.press('Add a Port', 'Escape')
    window.gone('button', 'Add')
    return text


# The cases.


def name_of_the_router():
    """As plumctl status reports it: the daemon takes it from its system. A model that starts with the
    name of the manufacturer is the whole name.
    """
    status = json.loads(lab.run(arguments.plumctl, 'status', '--json'))
    manufacturer, model = status['manufacturer'], status['model']
    assert manufacturer and model, status
    return model if model.lower().startswith(manufacturer.lower() + ' ') \
        else f'{manufacturer} {model}'


def shows_the_router():
    with ports() as window:
        window.text(f'External address {lab.WAN}')
        window.text('This address is public.')
        window.text('Maps ports with Port Control Protocol (RFC 6887)')
        window.text(f'{name_of_the_router()} ({lab.ROUTER}) on eth0; '
                    f'this computer has the address {lab.CLIENT}')
        expand_protocols(window)
        window.text('Public address of this computer')
        window.text(f'{lab.CLIENT} is not a public address')
        window.wait(lambda parts: sum(name.startswith('Available; answered in')
                                  for role, name, _ in parts if role == 'label') == 3,
                    'three available protocols')


def maps_and_unmaps():
    with ports() as window, traffic.echo_server('tcp', 8080):
        add(window, '8080', '18080', 'Game')
        window.part('list item', 'TCP 8080 (Game)')
        window.text(f'Mapped at {lab.WAN}:18080, renewed before ')
        assert lab.rules(18080), 'the router has no rule for the port'
        assert lab.reached('tcp', lab.WAN, 18080), 'it is not reached from the internet side'

        window.click('Remove TCP 8080 (Game)')
        window.gone('list item', 'TCP 8080 (Game)')
        window.text('TCP 8080 removed')
        lab.equal(lab.rules(18080), [], 'rules left on the router')
        assert not lab.reached('tcp', lab.WAN, 18080, lab.UNREACHED_AFTER), 'traffic still arrives'


def refuses_invalid_ports():
    with ports() as window:
        window.press('Ports', 'ctrl+n')
        for invalid in ('65536', '-1', '80 80', 'http', '0'):
            window.type('Port on This Computer', invalid)
            window.text('A port is a number from 1 to 65535.')
            assert not window.part('button', 'Add').sensitive, f'{invalid} can be added'
        window.type('Port on This Computer', '8080')
        window.click('Add')
        window.text(f'Mapped at {lab.WAN}:8080')

        window.press('Ports', 'ctrl+n')
        window.type('Port on This Computer', '8080')
        window.text('This port is already in the list.')
        assert not window.part('button', 'Add').sensitive, 'the same port can be added twice'
        window.press('Add a Port', 'Escape')
        window.gone('button', 'Add')


def keyboard_only():
    with ports() as window:
        window.text(f'External address {lab.WAN}')
        window.press('Ports', 'ctrl+n')
        window.part('text', 'Port on This Computer')
        window.press('Add a Port', *'8081', 'Return')
        window.text(f'Mapped at {lab.WAN}:8081')
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
        window.text(f'Mapped at {lab.WAN}:8080')
        names = [name for role, name, _ in window.look() if role == 'button']
        assert len(names) >= 6, f'only {names}'
        lab.equal([name for name in names if not name or name.startswith('Gtk')], [],
                  'buttons without a name')


def removes_all_ports_when_closed():
    with ports() as window:
        for port in ('8080', '8081'):
            add(window, port)
            window.text(f'Mapped at {lab.WAN}:{port}')
        assert lab.rules(8080) and lab.rules(8081), 'the router has no rules'
        window.press('Ports', 'ctrl+q')
        lab.equal(window.process.wait(10), 0, 'exit status')
        lab.equal(lab.rules(8080) + lab.rules(8081), [], 'rules left on the router')


def fits_a_phone():
    with ports() as window:
        add(window, '8080', '18080', 'A game that has a long name, and is played with friends')
        window.text(f'Mapped at {lab.WAN}:18080')
        assert window.minimum_width('Ports') <= PHONE, \
            f'it needs {window.minimum_width("Ports")} pixels'
        window.resize('Ports', PHONE, 640)
        picture(window, '-long-name')


def takes_pictures():
    for scheme, name, is_right in (('light', '', lambda mean: mean > 0.7),
                                   ('dark', '-dark', lambda mean: mean < 0.3)):
        with ports(ADW_DEBUG_COLOR_SCHEME=f'prefer-{scheme}') as window:
            add(window, '8080', name='Game')
            add(window, '8081', '18080')
            window.text(f'Mapped at {lab.WAN}:8080')
            window.text(f'Mapped at {lab.WAN}:18080')
            mean, _ = picture(window, name)
            assert is_right(mean), f'the mean brightness of the {scheme} window is {mean}'
            window.resize('Ports', PHONE, 720)
            mean, width = picture(window, name + '-narrow')
            assert is_right(mean), f'the mean brightness of the narrow {scheme} window is {mean}'
            lab.equal(width, PHONE, 'width of the narrow window')
            if scheme == 'light':
                expand_protocols(window)
                picture(window, '-expanded')


def no_english(window):
    """No text of the window is one that the German translation changes."""
    texts = {name for _, name, _ in window.look()}
    lab.equal(sorted(texts & german.english()), [], 'English texts')


def speaks_german():
    with ports(**german.environment(os.environ['HOME'])) as window:
        window.text(f'Externe Adresse {lab.WAN}')
        window.text('Diese Adresse ist öffentlich.')
        window.text('Portfreigaben über Port Control Protocol (RFC 6887)')
        window.text('Keine Ports freigegeben.')
        no_english(window)

        window.press('Ports', 'ctrl+n')
        window.type('Port auf diesem Rechner', '65536')
        window.text('Ein Port ist eine Zahl von 1 bis 65535.')
        window.type('Name (optional)', 'Spiel')
        no_english(window)
        picture(window, '-german-dialog', 'Port hinzufügen')
        window.type('Port auf diesem Rechner', '8080')
        window.click('Hinzufügen')
        window.text(f'Freigegeben unter {lab.WAN}:8080, wird vor ')

        window.focus('Ports', 'list item', 'Protokolle')
        window.press('Ports', 'Return')
        window.text('Öffentliche Adresse dieses Rechners')
        window.wait(lambda parts: sum(name.startswith('Verfügbar; hat in ')
                                      for role, name, _ in parts if role == 'label') == 3,
                    'three available protocols')
        no_english(window)
        picture(window, '-german')
        assert window.minimum_width('Ports') <= PHONE, \
            f'it needs {window.minimum_width("Ports")} pixels'
        window.resize('Ports', PHONE, 720)
        picture(window, '-german-narrow')

        window.click('TCP 8080 (Spiel) entfernen')
        window.text('TCP 8080 entfernt')


def reports_a_router_without_port_mapping():
    with ports() as window:
        window.text('The router offers no port mapping. Enable UPnP, NAT-PMP or PCP')
        window.text('External address unknown')
        add(window, '8080')
        window.text('The router offers no port mapping. Enable UPnP, NAT-PMP or PCP in its')
        picture(window, '-failed')
        window.click('Remove TCP 8080')
        window.gone('list item', 'TCP 8080')


PATH = (f'This computer ― {lab.ROUTER} | {lab.INNER_WAN} ― {lab.OUTER} | {lab.WAN} ― internet')


def shows_the_path():
    """Through two routers: without a mapping, and with one."""
    with ports() as window:
        window.text(f'External address {lab.INNER_WAN}')
        window.text('Path to the Internet')
        window.text(PATH)
        lab.equal(lab.rules(8080, 'outer'), [], 'rules of the second router')
        add(window, '8080')
        window.text(f'Mapped at {lab.WAN}:8080')
        picture(window, '-path')
        window.click('Remove TCP 8080')
        window.gone('list item', 'TCP 8080')
    lab.equal(lab.rules(8080, 'outer'), [], 'rules left on the second router')


def shows_where_the_path_ends():
    with lab.silent('outer'), ports() as window:
        window.text(f'This computer ― {lab.ROUTER} | {lab.INNER_WAN} ― the path ends here: '
                    f'The router {lab.OUTER} beyond {lab.ROUTER} does not map ports')


def shows_the_path_in_german():
    with ports(**german.environment(os.environ['HOME'])) as window:
        window.text('Weg ins Internet')
        window.text(f'Dieser Rechner ― {lab.ROUTER} | {lab.INNER_WAN} ― {lab.OUTER} | {lab.WAN} ― '
                    'Internet')
        no_english(window)
        picture(window, '-german-path')
    with lab.silent('outer'), ports(**german.environment(os.environ['HOME'])) as window:
        window.text(f'Dieser Rechner ― {lab.ROUTER} | {lab.INNER_WAN} ― der Weg endet hier: '
                    f'Der Router {lab.OUTER} hinter {lab.ROUTER} gibt keine Ports frei')
        no_english(window)


def reports_a_public_address():
    for command in (['address', 'flush', 'dev', 'eth0', 'scope', 'global'],
                    ['address', 'add', f'{PUBLIC}/24', 'dev', 'eth0'],
                    ['route', 'add', 'default', 'via', lab.ROUTER, 'dev', 'eth0', 'onlink']):
        lab.run('lab-host', 'client', 'ip', *command)
    with ports() as window:
        window.text('This computer has a public address: no router has to map ports.')
        window.text('Available; used as the external address')
        window.text(f'External address {PUBLIC}')
        add(window, '8080')
        window.text(f'Mapped at {PUBLIC}:8080')
        lab.equal([name for _, name, _ in window.look() if 'nothing to map' in name], [],
                  'what contradicts')
        picture(window, 'public')


def waits_for_a_network():
    with ports() as window:
        window.text('No router found')
        window.text('No router was found. Is this computer connected to a network?')
        add(window, '8080')
        window.text('Waiting for the router…')
        picture(window, '-offline')
        lab.run('lab-client', 'link', 'up')
        window.text(f'Mapped at {lab.WAN}:8080')
        window.text(f'External address {lab.WAN}')
        window.gone('label', 'No router found')


def searches_again():
    lab.run('lab-client', 'link', 'down')
    with ports() as window:
        window.text('No router found')
        lab.run('lab-client', 'link', 'up')
        window.press('Ports', 'F5')
        window.text(f'External address {lab.WAN}')


def lists_the_mappings():
    """The GTK list of the manual."""
    with ports() as window:
        for name, port in ('TCP', 8080), ('UDP', 8081):
            window.text(f'{name} {port}')
            window.text(f'{lab.WAN}, port {port}')
            assert lab.rules(port), f'the router has no rule for port {port}'
        picture(window, '-list')
        window.press('Ports', 'ctrl+w')
        lab.equal(window.process.wait(10), 0, 'exit status')
        lab.equal(lab.rules(8080) + lab.rules(8081), [], 'rules left on the router')


def lists_the_reason():
    with ports() as window:
        window.text('TCP 8080')
        window.text('No router answers to PCP, NAT-PMP or UPnP IGD.')
        window.press('Ports', 'ctrl+w')
        lab.equal(window.process.wait(10), 0, 'exit status')


SUITES = {
    'all': ([], [
        shows_the_router,
        maps_and_unmaps,
        refuses_invalid_ports,
        keyboard_only,
        every_button_has_a_name,
        removes_all_ports_when_closed,
        fits_a_phone,
        takes_pictures,
    ]),
    'german': ([], [speaks_german]),
    'none': (['--router=none'], [reports_a_router_without_port_mapping]),
    'public': (['--router=none'], [reports_a_public_address]),
    'chain': (['--two-routers'], [shows_the_path, shows_where_the_path_ends]),
    'german-chain': (['--two-routers'], [shows_the_path_in_german]),
    'offline': (['--no-network'], [waits_for_a_network, searches_again]),
    'list': ([], [lists_the_mappings]),
    'list-none': (['--router=none'], [lists_the_reason]),
}


def picture(window, name, title='Ports'):
    """Takes a picture of the window. Returns its mean brightness, from 0 to 1, and its width."""
    path = pathlib.Path(arguments.pictures or os.environ['HOME']) / f'plum-ports{name}.png'
    time.sleep(0.5 if arguments.pictures else 0)  # let animations finish
    window.picture(title, path)
    assert path.stat().st_size > 1000, f'{path} is not a picture'
    mean, width = subprocess.run(['identify', '-format', '%[fx:mean] %w', path], check=True,
                                 text=True, stdout=subprocess.PIPE).stdout.split()
    return float(mean), int(width)


def run_cases(cases):
    failures = 0
    print(f'1..{len(cases)}', flush=True)
    for number, case in enumerate(cases, 1):
        name = '/window/' + case.__name__.replace('_', '-')
        try:
            case()
            print(f'ok {number} - {name}', flush=True)
        except Exception:  # the other cases still run
            failures += 1
            print(f'not ok {number} - {name}', flush=True)
            say(traceback.format_exc())
    return 1 if failures else 0


def own_environment(folder):
    """An empty home directory, and desktop settings as in GNOME."""
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


def obstacle():
    """Why the tests cannot run on this machine, and whether that is a reason to skip them: only if
    the kernel does not permit the lab. (None, False) if they can run."""
    programs = [program for program in NEEDED if shutil.which(program) is None]
    if programs:
        return f'no {", ".join(programs)}', False
    if german.find_obstacle() is not None:
        return german.find_obstacle(), False
    try:
        import accessible  # noqa: F401
    except (ImportError, ValueError) as error:
        return str(error), False
    check = subprocess.run([str(lab.HERE / 'lab'), '--check'], check=False, text=True,
                           stderr=subprocess.PIPE)
    if check.returncode != 0:
        return (check.stderr.strip() or f'the lab: status {check.returncode}',
                check.returncode == 77)
    return None, False


def enter(options):
    os.environ.setdefault('PLUM_LAB_CACHE', arguments.cache)
    reason, can_skip = obstacle()
    if can_skip and os.environ.get('CI') != 'true':
        print(f'1..0 # SKIP {reason.splitlines()[-1]}')
        return 0
    if reason is not None:
        print('1..1\nnot ok 1 - /window/can-be-shown')
        say(reason)
        return 1

    inside = [sys.executable, str(HERE / 'test-window.py'), '--inside',
              '--program', os.path.abspath(arguments.program),
              '--plumctl', os.path.abspath(arguments.plumctl), arguments.suite]
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
    parser.add_argument('--plumctl', required=True, help='the path of plumctl')
    parser.add_argument('--cache', default='_build/lab', help='directory of the router of the lab')
    parser.add_argument('--pictures', help='directory for pictures of the window')
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('suite', choices=SUITES)
    arguments = parser.parse_args()

    options, cases = SUITES[arguments.suite]
    if not arguments.inside:
        return enter(options)
    # Services on the buses write to standard output, so the results use another descriptor.
    with display(), os.fdopen(3, 'w') as results, contextlib.redirect_stdout(results):
        return run_cases(cases)


if __name__ == '__main__':
    sys.exit(main())
