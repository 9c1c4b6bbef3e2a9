#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages and the RPM spec contain every installed file, once, and the Flatpak module uses
options that exist. Prints TAP.

Usage: test-packaging.py SOURCE BUILD
"""

import json
import pathlib
import re
import subprocess
import sys
import traceback

SOURCE, BUILD = map(pathlib.Path, sys.argv[1:])
DEBIAN = SOURCE / 'data/packaging/debian'
SPEC = SOURCE / 'data/packaging/plum-glib.spec'
# Moved by debian/rules to where debhelper expects them.
UNITS = ('usr/lib/systemd/system/plumctl.service', 'usr/lib/systemd/user/plumctl.service')
LIBDIR = 'usr/lib/TRIPLET'
MACROS = {
    '%{_bindir}': 'usr/bin', '%{_libdir}': LIBDIR, '%{_libexecdir}': 'usr/libexec',
    '%{_includedir}': 'usr/include', '%{_datadir}': 'usr/share', '%{_mandir}': 'usr/share/man',
    '%{_docdir}': 'usr/share/doc', '%{_unitdir}': 'usr/lib/systemd/system',
    '%{_userunitdir}': 'usr/lib/systemd/user', '%{bash_completions_dir}':
    'usr/share/bash-completion/completions', '%{zsh_completions_dir}': 'usr/share/zsh/site-functions',
    '%{fish_completions_dir}': 'usr/share/fish/vendor_completions.d',
    '%{python3_sitelib}': 'usr/lib/python3/site-packages', '%{api}': '1.0', '%{appid}':
    'org.plum_glib.Ports',
}


# What %find_lang lists.
FOUND_LANG = '-f plum-glib-%{api}.lang'
CATALOGS = 'usr/share/locale/*/LC_MESSAGES/plum-glib-1.0.mo'


def equal(got, expected):
    assert got == expected, f'got {got!r}, expected {expected!r}'


def introspect(what):
    return json.loads(subprocess.run(['meson', 'introspect', what, str(BUILD)], check=True,
                                     stdout=subprocess.PIPE).stdout)


def installed():
    """The paths that the build installs, as if the prefix were /usr."""
    options = {option['name']: option['value'] for option in introspect('--buildoptions')}
    prefix, libdir = pathlib.PurePath(options['prefix']), options['libdir']
    paths = set()
    for path in introspect('--installed').values():
        path = str('usr' / pathlib.PurePath(path).relative_to(prefix))
        path = re.sub(rf'^usr/{re.escape(libdir)}/(?!python3|systemd)', LIBDIR + '/', path)
        path = re.sub(r'^usr/(local/)?lib/python3[^/]*/[a-z]+-packages/',
                      'usr/lib/python3/site-packages/', path)
        paths.add(path)
    return sorted(paths)


def matches(path, pattern):
    """Whether a pattern of a list is for a path, or for a folder that contains it."""
    expression = re.escape(pattern).replace(r'\*', '[^/]*')
    return re.fullmatch(rf'{expression}(/.*)?', path) is not None


def assert_each_once(lists):
    """`lists` has the patterns of each package."""
    for path in installed():
        owners = [name for name, patterns in lists.items()
                  if any(matches(path, pattern) for pattern in patterns)]
        assert len(owners) == 1, f'{path} is in {owners}'


def debian_lists():
    lists = {'debian/rules': UNITS}
    for path in DEBIAN.glob('*.install'):
        lists[path.stem] = path.read_text(encoding='utf-8').split()
    return lists


def spec_lists():
    lists = {}
    name = None
    for line in SPEC.read_text(encoding='utf-8').splitlines():
        if line.startswith('%files'):
            name = line
            lists[name] = [CATALOGS] if name.endswith(FOUND_LANG) else []
        elif line.startswith('%changelog'):
            break
        elif name is not None:
            line = line.removeprefix('%pycached ')
            for macro, text in MACROS.items():
                line = line.replace(macro, text)
            if line.startswith('usr/'):  # not %license, %doc or %post
                lists[name].append(line)
    return lists


def project_version():
    return introspect('--projectinfo')['version']


def debian_version_is_current():
    first = (DEBIAN / 'changelog').read_text(encoding='utf-8').splitlines()[0]
    equal(re.search(r'\((.*)-[^-]*\)', first).group(1), project_version())


def debian_packages_contain_each_file_once():
    assert_each_once(debian_lists())


def debian_packages_are_described():
    control = (DEBIAN / 'control').read_text(encoding='utf-8')
    packages = set(re.findall(r'^Package: (.*)$', control, re.MULTILINE))
    equal(set(debian_lists()) - packages, {'debian/rules'})
    equal(packages - set(debian_lists()), set())


def debian_names_follow_the_library():
    """The number at the end is the soversion."""
    text = (SOURCE / 'meson.build').read_text(encoding='utf-8')
    soversion = re.search(r'^soversion = (\d+)$', text, re.MULTILINE).group(1)
    for library in 'plum-glib', 'plum-service':
        symbols = DEBIAN / f'lib{library}-1.0-{soversion}.symbols'
        first = symbols.read_text(encoding='utf-8').split()[0]
        equal(first, f'lib{library}-1.0.so.{soversion}')


def spec_version_is_current():
    text = SPEC.read_text(encoding='utf-8')
    equal(re.search(r'^Version: +(.*)$', text, re.MULTILINE).group(1), project_version())


def spec_contains_each_file_once():
    assert_each_once(spec_lists())


def spec_finds_the_translations():
    lines = SPEC.read_text(encoding='utf-8').splitlines()
    assert '%find_lang plum-glib-%{api}' in lines
    assert any(line.startswith('%files') and line.endswith(FOUND_LANG) for line in lines)


def flatpak_module():
    text = (SOURCE / 'docs/packaging.md').read_text(encoding='utf-8')
    return json.loads(re.search(r'^```json\n(.*?)^```', text, re.MULTILINE | re.DOTALL).group(1))


def flatpak_module_has_known_options():
    module = flatpak_module()
    options = {option['name']: option for option in introspect('--buildoptions')}

    equal(module['buildsystem'], 'meson')
    for argument in module['config-opts']:
        name, value = re.fullmatch('-D([a-z-]+)=([a-z]+)', argument).groups()
        choices = options[name].get('choices', ['true', 'false'])
        assert value in choices, f'{argument}: the choices are {choices}'
    equal([source['path'] for source in module['sources']],
          [f'plum-glib-{project_version()}.tar.xz'])


def flatpak_module_keeps_what_programs_need():
    patterns = ['usr' + path.replace('/lib/', '/lib/TRIPLET/')
                for path in flatpak_module()['cleanup']]
    kept = [path for path in installed() if not any(matches(path, each) for each in patterns)]

    equal([path for path in kept if path.startswith(('usr/bin/', 'usr/include/'))], [])
    equal([path for path in kept if path.endswith('/libplum-glib-1.0.so.0')],
          [LIBDIR + '/libplum-glib-1.0.so.0'])


CASES = [
    debian_version_is_current,
    debian_packages_contain_each_file_once,
    debian_packages_are_described,
    debian_names_follow_the_library,
    spec_version_is_current,
    spec_contains_each_file_once,
    spec_finds_the_translations,
    flatpak_module_has_known_options,
    flatpak_module_keeps_what_programs_need,
]


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    for number, case in enumerate(CASES, 1):
        name = f'{number} - /packaging/{case.__name__.replace("_", "-")}'
        try:
            case()
            print(f'ok {name}')
        except Exception:  # the other cases still run
            failed = 1
            print(f'not ok {name}')
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
