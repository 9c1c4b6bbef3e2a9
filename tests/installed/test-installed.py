# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tests the installed library: headers, pkg-config file, modules, manual pages, examples and tests.

Usage: test-installed.py SOURCE-ROOT BUILD-ROOT PREFIX LIBDIR with-tests|without-tests [LANGUAGE=PROGRAM...]
Installs into a temporary directory. LANGUAGE is c++, python, gjs or vala, and PROGRAM its compiler
or interpreter. Writes TAP.
"""

import functools
import glob
import json
import os
import select
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "translations"))
import german
import own_network

SOURCE, BUILD, PREFIX, LIBDIR, WITH_TESTS = sys.argv[1:6]
LANGUAGES = dict(word.split("=", 1) for word in sys.argv[6:])
EXAMPLES = os.path.join(SOURCE, "docs", "examples")
DEADLINE = 600
CATALOG = "plum-glib-1.0.mo"

# A program without translations of its own.
LOCALE_PROGRAM = """
#include <locale.h>
#include <plum-glib/plum-glib.h>
int main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumManager) manager = NULL;
  setlocale (LC_ALL, "");
  manager = plum_manager_new ();
  plum_manager_set_backend_option (manager, "No name", "key", g_variant_new_uint32 (1), &error);
  g_print ("%s\\n", error->message);
  return 0;
}
"""

TESTS = []


def test(path):
    def add(function):
        TESTS.append((path, function))
        return function
    return add


def equal(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


def contains(text, part):
    assert part in text, "%r is not in %r" % (part, text)


def run(*command, env=None):
    """Runs a command, asserts success and returns its output."""
    result = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=DEADLINE)
    assert result.returncode == 0, "%s: %d\n%s%s" % (" ".join(command), result.returncode,
                                                     result.stdout, result.stderr)
    return result.stdout


def read_line(stream):
    ready, _, _ = select.select([stream], [], [], 20)
    assert ready, "timed out without output"
    return stream.readline()


class Installation:
    def __init__(self, folder):
        self.folder = folder
        self.root = os.path.join(folder, "root")
        self.prefix = self.root + PREFIX
        self.libdir = os.path.join(self.prefix, LIBDIR)
        self.backends = os.path.join(self.libdir, "plum-glib-1.0", "backends")
        self.plumctl = os.path.join(self.prefix, "bin", "plumctl")
        self.manual = os.path.join(self.prefix, "share", "doc", "plum-glib-1.0")
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.root)
        self._move_pkg_config()

        self.env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(folder, "pkgconfig"),
                        LD_LIBRARY_PATH=self.libdir, PLUM_BACKEND_PATH=self.backends,
                        XDG_DATA_DIRS=os.path.join(self.prefix, "share") + ":/usr/local/share:/usr/share",
                        LC_ALL="C.UTF-8", XDG_STATE_HOME=os.path.join(folder, "state"))
        self.env.pop("PLUM_BACKENDS", None)

    def _move_pkg_config(self):
        """Relocates the pkg-config file to the temporary prefix."""
        os.mkdir(os.path.join(self.folder, "pkgconfig"))
        for name in ("plum-glib-1.0.pc", "plum-service-1.0.pc"):
            path = os.path.join(self.libdir, "pkgconfig", name)
            if not os.path.exists(path):
                continue
            with open(path) as file:
                text = file.read()
            with open(os.path.join(self.folder, "pkgconfig", name), "w") as file:
                file.write(text.replace("prefix=%s\n" % PREFIX, "prefix=%s\n" % self.prefix))

    def pkg_config(self, *words, name="plum-glib-1.0"):
        return run("pkg-config", *words, name, env=self.env).strip()

    def has_service(self):
        return os.path.exists(os.path.join(self.libdir, "libplum-service-1.0.so"))

    def build(self, source, name):
        """Configures, builds and tests another project with the installed library."""
        build = os.path.join(self.folder, name)
        run("meson", "setup", "-Dwerror=true", build, source, env=self.env)
        run("meson", "compile", "-C", build, env=self.env)
        run("meson", "test", "-C", build, env=self.env)
        return build


def exported(path):
    """Without the nodes of the version script, which are symbols of type A."""
    lines = run("nm", "--dynamic", "--defined-only", path).splitlines()
    return sorted(line.split()[-1].partition("@")[0] for line in lines if line.split()[-2] != "A")


# Installed files

@test("/installed/pkg-config/backenddir")
def pkg_config_backenddir(here):
    equal(here.pkg_config("--variable=backenddir"), here.backends)
    assert glob.glob(here.backends + "/libplum-backend-*.so"), "no backend is installed"


@test("/installed/pkg-config/private-libraries")
def pkg_config_private(here):
    """Programs that link to the shared library do not link to what only the library uses."""
    assert "-lgmodule-2.0" not in here.pkg_config("--libs").split()
    assert "-lgmodule-2.0" in here.pkg_config("--static", "--libs").split()


@test("/installed/modules/relative-to-the-library")
def modules_relative(here):
    """The installation was moved, and its compiled-in path does not exist."""
    if os.path.exists(os.path.join(PREFIX, LIBDIR, "plum-glib-1.0", "backends")):
        return "SKIP %s contains an installation" % PREFIX
    env = {name: value for name, value in here.env.items() if name != "PLUM_BACKEND_PATH"}
    lines = run(here.plumctl, "backends", "--json", env=env).splitlines()
    equal(sorted(event["path"] for event in map(json.loads, lines)),
          sorted(glob.glob(here.backends + "/*.so")))


@test("/installed/translations/relative-to-the-library")
def translations_relative(here):
    """The installation was moved: the library finds its translations beside itself."""
    if os.path.exists(os.path.join(PREFIX, "share", "locale", "de", "LC_MESSAGES", CATALOG)):
        return "SKIP %s contains an installation" % PREFIX
    if not os.path.exists(os.path.join(here.prefix, "share", "locale")):
        return "SKIP the translations are not built"
    if german.find_obstacle() is not None:
        return "SKIP " + german.find_obstacle()
    languages = [os.path.basename(os.path.dirname(os.path.dirname(path))) for path in
                 glob.glob(os.path.join(here.prefix, "share", "locale", "*", "LC_MESSAGES", CATALOG))]
    equal(languages, ["de"])
    env = dict(here.env, **german.environment(here.folder))
    contains(run(here.plumctl, "--help", env=env), "Aufruf: plumctl BEFEHL")
    contains(run(here.plumctl, "--help", env=dict(env, LC_ALL="C")), "Usage: plumctl COMMAND")


@test("/installed/translations/of-the-library-in-another-program")
def translations_of_the_library(here):
    """A program that has its own translations, or none, gets the errors in its language."""
    if not os.path.exists(os.path.join(here.prefix, "share", "locale")):
        return "SKIP the translations are not built"
    if german.find_obstacle() is not None:
        return "SKIP " + german.find_obstacle()
    source = os.path.join(here.folder, "locale.c")
    with open(source, "w") as file:
        file.write(LOCALE_PROGRAM)
    program = os.path.join(here.folder, "locale")
    run("cc", source, "-o", program, *here.pkg_config("--cflags", "--libs").split())
    env = dict(here.env, **german.environment(here.folder))
    contains(run(program, env=env), "„No name“ ist kein gültiger Name eines Backends")
    contains(run(program, env=dict(env, LC_ALL="C")), "is not a valid name of a backend")


@test("/installed/symbols/as-listed")
def symbols(here):
    with open(os.path.join(os.path.dirname(__file__), "symbols.txt")) as file:
        listed = file.read().split()
    found = exported(os.path.join(here.libdir, "libplum-glib-1.0.so"))

    equal(sorted(set(listed) - set(found)), [])   # removed symbols
    equal(sorted(set(found) - set(listed)), [])   # symbols that were not declared


@test("/installed/service/flags-without-glib")
def service_flags(here):
    if not here.has_service():
        return
    flags = here.pkg_config("--cflags", "--libs", name="plum-service-1.0").split()
    assert not any("glib-2.0" in flag for flag in flags), flags


@test("/installed/service/adaptor-compiles")
def adaptor_compiles(here):
    if not here.has_service():
        return
    flags = here.pkg_config("--cflags", "--libs", name="plum-service-1.0").split()
    run("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-c", "-pthread",
        os.path.join(EXAMPLES, "libplum-api", "plum-api.c"), "-o",
        os.path.join(here.folder, "plum-api.o"), *flags)


@test("/installed/service/symbols-as-listed")
def service_symbols(here):
    if not here.has_service():
        return
    with open(os.path.join(os.path.dirname(__file__), "service-symbols.txt")) as file:
        listed = file.read().split()
    equal(exported(os.path.join(here.libdir, "libplum-service-1.0.so")), sorted(listed))


@test("/installed/service/python-module")
def service_python(here):
    if not here.has_service():
        return
    found = glob.glob(here.prefix + "/**/plum_service.py", recursive=True)
    equal(len(found), 1)
    run(sys.executable, "-c", "import plum_service; plum_service.Service().close()",
        env=dict(here.env, PYTHONPATH=os.path.dirname(found[0])))


@test("/installed/service/python-module-is-searched")
def service_python_searched(here):
    """The interpreter searches the directory of the module, if it searches any of the prefix."""
    if not here.has_service():
        return None
    found = glob.glob(here.prefix + "/**/plum_service.py", recursive=True)
    folder = os.path.dirname(found[0])[len(here.root):]
    inside = [path for path in site.getsitepackages()
              if path.startswith(os.path.join(PREFIX, "lib"))]
    if not inside:
        return "SKIP %s searches no directory of %s" % (sys.executable, PREFIX)
    assert folder in inside, "%r is not in %r" % (folder, inside)
    return None


DEVENV = """
set -e
test "$(pkg-config --variable=backenddir plum-glib-1.0)" = "$2/backends/modules"
cc "$1/readme-example.c" -o "$3/devenv-glib" $(pkg-config --cflags --libs plum-glib-1.0)
if pkg-config --exists plum-service-1.0; then
  cc "$1/service/blocking-server.c" -o "$3/devenv-service" \\
    $(pkg-config --cflags --libs plum-service-1.0)
  python3 -c "import plum_service; plum_service.Service().close()"
fi
"""


@test("/installed/devenv/builds-programs")
def devenv(here):
    """In meson devenv, programs use the build tree in the place of an installation."""
    run("meson", "devenv", "-C", BUILD, "sh", "-c", DEVENV, "sh", EXAMPLES, BUILD, here.folder)


@test("/installed/symbols/modules")
def symbols_of_modules(here):
    for path in glob.glob(here.backends + "/*.so"):
        equal(exported(path), ["plum_backend_module"])


@test("/installed/modules/all-load")
def modules_load(here):
    names = {os.path.basename(path)[len("libplum-backend-"):-len(".so")]
             for path in glob.glob(here.backends + "/*.so")}
    lines = run(here.plumctl, "backends", "--json", env=here.env).splitlines()
    loaded = {event["name"] for event in map(json.loads, lines) if event["error"] is None}

    equal(sorted(names - loaded), [])


@test("/installed/man/pages-are-well-formed")
def man_pages(here):
    groff = shutil.which("groff")
    for page in ("man1/plumctl.1", "man7/plum-glib.7"):
        path = os.path.join(here.prefix, "share", "man", page)
        assert os.path.exists(path), "%s is not installed" % page
        if groff is not None:
            result = subprocess.run([groff, "-man", "-ww", "-z", "-Tutf8", path],
                                    capture_output=True, text=True, timeout=DEADLINE)
            equal((result.returncode, result.stderr), (0, ""))


@test("/installed/tests/run")
def installed_tests(here):
    """Checks the descriptions of the installed tests, and runs some of them."""
    found = sorted(glob.glob(here.prefix + "/share/installed-tests/plum-glib-1.0/*.test"))
    equal(bool(found), WITH_TESTS == "with-tests")
    for path in found:
        with open(path) as file:
            lines = file.read().splitlines()
        equal((lines[0], lines[1], lines[3]), ("[Test]", "Type=session", "Output=TAP"))
        program = here.root + lines[2].split()[-2]
        assert os.access(program, os.X_OK), "%s is not executable" % program
        if os.path.basename(program) in ("test-address", "test-pcp-codec", "test-timer-heap"):
            output = run(program, "--tap", env=dict(here.env, PLUM_BACKENDS=""))
            assert "ok 1 " in output and "not ok" not in output, output


# The examples of the manual

# The C code that valac writes from our bindings neither discards a const nor converts a pointer.
VALA_STRICT = ("-X", "-Werror=discarded-qualifiers", "-X", "-Werror=incompatible-pointer-types")
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-parameter")


def compiled_examples(here):
    """Yields the examples of the manual that are compiled: (name, source, command)."""
    flags = here.pkg_config("--cflags", "--libs").split()
    for name, kind in (("first-port", ""), ("threads", ""), ("application", ""),
                       ("socket-service", ""), ("readme-example", "kept-"),
                       ("migrating/from-gupnp-igd", "")):
        yield kind + os.path.basename(name), name + ".c", ["cc", "-std=c11", *STRICT[:2], *STRICT[3:], *flags]
    if "vala" in LANGUAGES:
        yield "vala", "first-port.vala", [LANGUAGES["vala"], "--pkg", "plum-glib-1.0", "--pkg",
                                          "posix", "--fatal-warnings", *VALA_STRICT]
    if here.has_service():
        flags = here.pkg_config("--cflags", "--libs", name="plum-service-1.0").split()
        for name in ("service/blocking-server", "migrating/from-libplum",
                     "migrating/once-from-miniupnpc", "migrating/once-from-libnatpmp"):
            folder, _, source = name.rpartition("/")
            yield (source, "%s/%s.c" % (folder, source.removeprefix("once-")),
                   ["cc", "-std=c99", *STRICT, *flags])
        if "c++" in LANGUAGES:
            yield "service-c++", "service/game-loop.cpp", [LANGUAGES["c++"], "-std=c++11", *STRICT,
                                                           "-pthread", *flags]


def compile_example(here, source, command):
    program = os.path.join(here.folder, "example-" + source.replace("/", "-"))
    if source.endswith(".vala"):
        run(*command, os.path.join(EXAMPLES, source), "-o", program, env=here.env)
    else:
        run(command[0], os.path.join(EXAMPLES, source), "-o", program, *command[1:], env=here.env)
    return program


def script_examples(here):
    """Yields the examples of the manual that are interpreted: (name, command)."""
    for language, suffix, options in (("python", "py", []), ("gjs", "js", ["-m"])):
        for name, kind in (("first-port", ""), ("readme-example", "once-")):
            if language in LANGUAGES:
                yield (kind + language, [LANGUAGES[language], *options,
                                         os.path.join(EXAMPLES, "%s.%s" % (name, suffix))])
    if here.has_service():
        yield "service-python", [sys.executable, os.path.join(EXAMPLES, "service", "headless.py")]


def example_environment(here):
    """The environment of a program that uses this installation; it finds the backends itself."""
    tests = os.path.join(SOURCE, "tests")
    modules = [os.path.dirname(path)
               for path in glob.glob(here.prefix + "/**/plum_service.py", recursive=True)]
    env = dict(here.env, GI_TYPELIB_PATH=os.path.join(here.libdir, "girepository-1.0"),
               PYTHONPATH=":".join(modules + [os.path.join(tests, name)
                                              for name in ("plumctl", "docs", "bindings")]))
    del env["PLUM_BACKEND_PATH"]
    return env


def run_examples(env, examples):
    """Runs examples behind a router, (name, command)."""
    words = []
    for name, command in examples:
        words += ["--", name, *command]
    output = run(sys.executable, os.path.join(SOURCE, "tests", "docs", "test-examples.py"), *words,
                 env=env)
    print("".join("# %s\n" % line for line in output.splitlines()), end="")
    if "SKIP" in output:
        return output.strip().partition("# ")[2]
    equal(output.count("\nok "), len(words) and len(examples))
    return None


@test("/installed/examples/compiled")
def examples_compiled(here):
    return run_examples(example_environment(here),
                        [(name, [compile_example(here, source, command)])
                         for name, source, command in compiled_examples(here)])


VALA_ERRORS = """
void main () {
  var mapping = new Plum.Mapping (Plum.Protocol.TCP, 8080);
  unowned GLib.Error? error = mapping.error;
  error = mapping.upstream_error;
  var manager = new Plum.Manager ();
  for (uint i = 0; i < manager.backends.get_n_items (); i++)
    error = ((Plum.BackendInfo) manager.backends.get_item (i)).error;
  for (uint i = 0; mapping.verdicts != null && i < mapping.verdicts.get_n_items (); i++)
    error = ((Plum.Verdict) mapping.verdicts.get_item (i)).error;
  for (uint i = 0; mapping.gateway != null && i < mapping.gateway.probes.get_n_items (); i++)
    error = ((Plum.Probe) mapping.gateway.probes.get_item (i)).error;
  print ("%s\\n", error != null ? error.message : "no error");
}
"""


@test("/installed/vala/errors-without-warnings")
def vala_errors(here):
    if "vala" not in LANGUAGES:
        return
    source = os.path.join(here.folder, "errors.vala")
    with open(source, "w") as file:
        file.write(VALA_ERRORS)
    program = compile_example(here, source, [LANGUAGES["vala"], "--pkg", "plum-glib-1.0",
                                             "--fatal-warnings", *VALA_STRICT])
    assert run(program, env=here.env)


@test("/installed/examples/scripts")
def examples_scripts(here):
    return run_examples(example_environment(here), list(script_examples(here)))


# Static library

@functools.lru_cache
def static_installation(here):
    """Builds and installs static libraries only. All files of a target are compiled as one, so that
    file-scope names must be unique."""
    build, prefix = (os.path.join(here.folder, name) for name in ("static", "static-prefix"))
    run("meson", "setup", "--prefix", prefix, "--libdir", "lib", "--werror", "-Doptimization=0",
        "--unity=on", "-Dunity_size=1000", "-Ddefault_library=static", "-Dtests=false",
        "-Dintrospection=disabled", "-Dvapi=disabled", build, SOURCE)
    run("meson", "install", "-C", build)
    return dict(here.env, PKG_CONFIG_PATH=os.path.join(prefix, "lib", "pkgconfig")), prefix


def static_program(here, name, package, *options):
    env, _ = static_installation(here)
    flags = run("pkg-config", "--static", "--cflags", "--libs", package, env=env).split()
    program = os.path.join(here.folder, "%s-%s" % (os.path.basename(name), len(options)))
    run("cc", *options, os.path.join(EXAMPLES, name), "-o", program, *flags, env=env)
    return program


@test("/installed/static/no-modules-and-no-shared-library")
def static_files(here):
    _, prefix = static_installation(here)
    found = glob.glob(prefix + "/**/*.so*", recursive=True)
    equal(found, [])


@test("/installed/static/programs-map")
def static_programs(here):
    """The library and its backends are in the program; GLib is shared."""
    programs = [static_program(here, "first-port.c", "plum-glib-1.0")]
    if here.has_service():
        programs.append(static_program(here, "service/blocking-server.c", "plum-service-1.0",
                                       "-pthread"))
    for program in programs:
        assert "libplum" not in run("ldd", program), "%s needs a shared libplum" % program
    env = example_environment(here)
    del env["LD_LIBRARY_PATH"]
    return run_examples(env, [(os.path.basename(program), [program]) for program in programs])


@test("/installed/static/refuses-modules-of-the-shared-library")
def static_refuses_modules(here):
    _, prefix = static_installation(here)
    lines = run(os.path.join(prefix, "bin", "plumctl"), "backends", "--json",
                env=build_template(here)).splitlines()
    errors = [event["error"]["message"] for event in map(json.loads, lines) if event["error"]]
    equal([error.split(": ", 1)[1] for error in errors],
          ["the module uses the shared library, but this program contains a static one"])


# Another system

# A POSIX system that is not Linux and, like macOS, has no pthread_condattr_setclock(): the compiler is
# that of this machine.
OTHER_SYSTEM = """
[host_machine]
system = 'freebsd'
cpu_family = 'unknown'
cpu = 'unknown'
endian = 'little'
[binaries]
c = 'cc'
pkg-config = 'pkg-config'
pkgconfig = 'pkg-config'
[properties]
needs_exe_wrapper = false
[built-in options]
c_args = ['-Dpthread_condattr_setclock=plum_missing_function']
"""


def configure_for_other_system(here, name, *options):
    """Returns the build directory and the result of the configuration."""
    build = os.path.join(here.folder, name)
    machine = os.path.join(here.folder, "other-system.ini")
    with open(machine, "w") as file:
        file.write(OTHER_SYSTEM)
    result = subprocess.run(["meson", "setup", "--cross-file", machine, "-Doptimization=0",
                             "--unity=on", "-Dunity_size=1000", *options, build, SOURCE],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=DEADLINE)
    return build, result


@test("/installed/other-system/default-options")
def other_system(here):
    """The library can be built with the default options: what needs more is left out."""
    build, result = configure_for_other_system(here, "other-system")
    assert result.returncode == 0, result.stdout
    summary = dict(map(str.strip, line.split(":", 1)) for line in result.stdout.splitlines()
                   if line.startswith("    ") and ":" in line)
    equal([summary[name] for name in ("Platform", "Service library", "Tests")],
          ["portable", "NO", "NO"])
    run("meson", "compile", "-C", build, "plum-glib-1.0:shared_library")


@test("/installed/other-system/service-required")
def other_system_service(here):
    _, result = configure_for_other_system(here, "other-system-service", "-Dservice=enabled")
    assert result.returncode != 0
    contains(result.stdout, "libplum-service needs pthread_condattr_setclock()")


# C++

def build_cplusplus_module(here, compiler):
    """Builds the module in a folder of its own, with the flags that C++ projects use."""
    folder = os.path.join(here.folder, "module-" + compiler)
    os.mkdir(folder)
    run(compiler, "-std=c++17", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-fPIC", "-shared",
        "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-parameter",
        os.path.join(os.path.dirname(__file__), "cplusplus-module.cpp"),
        "-o", os.path.join(folder, "libplum-backend-cplusplus.so"),
        *here.pkg_config("--cflags", "--libs").split())
    return folder


def cplusplus_module(here, compiler):
    if shutil.which(compiler) is None:
        return "SKIP %s is not installed" % compiler
    env = dict(here.env, PLUM_BACKEND_PATH=build_cplusplus_module(here, compiler))
    lines = run(here.plumctl, "backends", "--json", env=env).splitlines()
    equal([(event["priority"], event["error"]) for event in map(json.loads, lines)
           if event["name"] == "cplusplus"], [(40, None)])


@test("/installed/c++/module/g++")
def cplusplus_module_gcc(here):
    return cplusplus_module(here, "g++")


@test("/installed/c++/module/clang++")
def cplusplus_module_clang(here):
    return cplusplus_module(here, "clang++")


# Third-party backend

def template(here):
    """The project that a reader of the installed manual finds; that of the source without manual."""
    installed = os.path.join(here.manual, "examples", "backend-template")
    return installed if os.path.exists(here.manual) else os.path.join(EXAMPLES, "backend-template")


def build_template(here):
    build = os.path.join(here.folder, "parrot")
    if not os.path.exists(build):
        here.build(template(here), "parrot")
    return dict(here.env, PLUM_BACKEND_PATH=build)


@test("/installed/template/builds-and-passes")
def template_builds(here):
    build_template(here)


@test("/installed/template/is-documentation")
def template_installed(here):
    if not os.path.exists(os.path.join(here.manual, "index.html")):
        return "SKIP the manual is not installed"
    source = os.path.join(EXAMPLES, "backend-template")
    equal(sorted(os.listdir(template(here))), sorted(os.listdir(source)))


@test("/installed/template/is-found")
def template_found(here):
    lines = run(here.plumctl, "backends", "--json", env=build_template(here)).splitlines()

    equal([(event["priority"], event["error"]) for event in map(json.loads, lines)
           if event["name"] == "parrot"], [(50, None)])


@test("/installed/template/maps-and-unmaps")
def template_maps(here):
    template_maps_and_unmaps(here, [], [])


@test("/installed/template/reads-its-option")
def template_option(here):
    template_maps_and_unmaps(here, ["5998"], ["--option", "parrot.port=uint16 5998"])


def template_maps_and_unmaps(here, server_options, options):
    address = "127.94.%d.%d" % (os.getpid() // 250 % 250, os.getpid() % 250 + 2)
    server = subprocess.Popen(
        [sys.executable, os.path.join(template(here), "parrot-server.py"), address, *server_options],
        stdout=subprocess.PIPE, text=True)
    equal(read_line(server.stdout), "(empty)\n")
    plumctl = subprocess.Popen(
        [here.plumctl, "map", "--gateway", address, "--backend", "parrot", *options,
         "tcp:8080:18080"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=build_template(here))
    try:
        equal(read_line(server.stdout), "tcp:8080:18080\n")
        assert any("203.0.113.7:18080" in line for line in plumctl.stdout), "the port was not mapped"
        plumctl.send_signal(signal.SIGINT)
        _, errors = plumctl.communicate(timeout=DEADLINE)
        equal((plumctl.returncode, errors), (0, ""))
        equal(read_line(server.stdout), "(empty)\n")
    finally:
        for program in (plumctl, server):
            program.kill()
            program.communicate()


# Subproject

@test("/installed/subproject/builds-and-runs")
def subproject(here):
    outer = os.path.join(here.folder, "outer-source")
    shutil.copytree(os.path.join(os.path.dirname(__file__), "outer"), outer)
    os.mkdir(os.path.join(outer, "subprojects"))
    os.symlink(SOURCE, os.path.join(outer, "subprojects", "plum-glib"))

    # Hide the installed library, which would take precedence.
    env = {name: value for name, value in here.env.items()
           if name not in ("PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "PLUM_BACKEND_PATH")}
    build = os.path.join(here.folder, "outer")
    run("meson", "setup", "--wrap-mode=forcefallback", "-Doptimization=0", "--unity=on",
        "-Dunity_size=1000", "--prefix=/usr", "--libdir=lib", build, outer, env=env)
    run("meson", "test", "-C", build, "--suite", "outer", env=env)

    # Only the library is built and installed.
    plan = json.loads(run("meson", "introspect", "--install-plan", build, env=env))
    installed = sorted(entry["destination"] for group in plan.values() for entry in group.values())
    equal([path for path in installed if "libplum-glib" not in path], ["{bindir}/outer"])
    targets = json.loads(run("meson", "introspect", "--targets", build, env=env))
    equal([target["name"] for target in targets
           if target["type"] == "executable" and "subprojects" in target["defined_in"]], [])


def main():
    failed = 0
    own_network.enter()
    print("1..%d" % len(TESTS), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        here = Installation(folder)
        for number, (path, function) in enumerate(TESTS, 1):
            line = "ok %d %s" % (number, path)
            try:
                skipped = function(here)
                if skipped is not None:
                    line += " # " + skipped
            except Exception:
                failed += 1
                line = "not " + line
                print("".join("# %s\n" % text
                              for text in traceback.format_exc().splitlines()), end="")
            print(line, flush=True)
    return 1 if failed else 0


sys.exit(main())
