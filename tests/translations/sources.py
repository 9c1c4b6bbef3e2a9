# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the texts in C sources that gettext must know."""

import re

# Their arguments are translated, or extracted for a translation elsewhere.
MARKERS = {'_', 'N_', 'C_', 'NC_', 'g_dgettext', 'g_dngettext', 'g_dpgettext2'}

# Their arguments are not shown to users: log messages, checks of the program itself, and what
# machines read.
UNSHOWN = {
    'g_assert', 'g_assert_not_reached', 'g_critical', 'g_debug', 'G_DEFINE_ENUM_VALUE', 'g_error',
    'g_info', 'g_log', 'g_message', 'g_return_if_fail', 'g_return_val_if_fail', 'g_signal_new',
    'g_source_set_static_name', 'g_str_has_prefix', 'g_str_has_suffix', 'G_STRINGIFY', 'g_strsplit',
    'g_task_set_name', 'g_warning', 'g_warning_once', 'json_writer_string', 'log_reason', 'memcmp',
    'note_lost', 'plum_debug', 'plum_info', 'plum_log', 'plum_log_debug', 'plum_log_info',
    'plum_log_verbose', 'plum_log_warn', 'plum_manager_check_unused', 'plum_warn', 'plum_warning',
    'sscanf', 'strchr', 'strcmp', 'strcspn', 'strpbrk', 'strspn', 'strstr', 'strtok', 'write_log',
    # The reason is only logged.
    'plum_backend_report_lost', 'plum_server_probe_hint', 'plum_udp_session_note_announcement',
    'upnp_watch_lose', 'upnp_watch_take_hint',
}

# Everything that they are passed is shown to users, also a single word.
SHOWN = {
    'g_error_new', 'g_error_new_literal', 'g_prefix_error', 'g_print', 'g_printerr',
    'g_propagate_prefixed_error', 'g_set_error', 'g_set_error_literal', 'g_task_return_new_error',
    'output_error', 'output_hint', 'output_line', 'output_live', 'plum_call_fail',
    'upnp_operation_fail',
}

TOKEN = re.compile(r'''
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<include>^[ \t]*\#[ \t]*(?:include|error|pragma|if|elif|ifdef|ifndef|undef)\b[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.)*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<other>[^\s])
''', re.VERBOSE | re.DOTALL | re.MULTILINE)

ESCAPE = re.compile(r'\\(?:x[0-9a-fA-F]+|[0-7]{1,3}|u[0-9a-fA-F]{4}|.)')
OPTION = re.compile(r'--[a-z-]+')
CONVERSION = re.compile(r'%[-+ #0\'*.0-9$]*(?:hh|h|ll|l|z|j|t)?[a-zA-Z]')


class Literal:
    def __init__(self, start, line, frames, depth):
        self.start, self.end, self.line = start, start, line
        self.text = ''
        self.frames = frames  # the calls that it is an argument of, the innermost last
        self.depth = depth  # of braces

    @property
    def is_marked(self):
        return not MARKERS.isdisjoint(self.frames)

    @property
    def is_unshown(self):
        return not UNSHOWN.isdisjoint(self.frames)

    @property
    def is_shown(self):
        return not SHOWN.isdisjoint(self.frames)


def literals(source):
    """The string literals of a source; adjacent ones are one literal."""
    found = []
    frames = []
    depth = 0
    word = ''
    current = None
    for match in TOKEN.finditer(source):
        kind, text = match.lastgroup, match.group()
        if kind in ('comment', 'include'):
            continue
        if kind == 'string':
            if current is None:
                current = Literal(match.start(), source.count('\n', 0, match.start()) + 1,
                                  tuple(frame for frame in frames if frame), depth)
                found.append(current)
            current.text += text[1:-1]
            current.end = match.end()
            word = ''
            continue
        current = None
        if text == '(':
            frames.append(word)
        elif text == ')' and frames:
            frames.pop()
        elif text == '{':
            depth += 1
        elif text == '}':
            depth -= 1
        elif text == ';':
            frames.clear()
        word = text if kind == 'word' else ''
    return found


def words(text):
    """The words of a text in a natural language."""
    return re.findall(r'[A-Za-z]*[a-z]{2,}', OPTION.sub(' ', CONVERSION.sub(' ', ESCAPE.sub(' ', text))))


def is_prose(text):
    """Whether a text has several words, or one word besides something else."""
    return bool(words(text)) and ' ' in text


def is_quoting(text):
    """Whether a text has quotes, which differ between languages."""
    return re.search('[“”„]', text) is not None


def is_argument(source, literal):
    """Whether a literal is the argument of an option or of a command in its help, such as "FILE"."""
    return ('GOptionEntry' in source and re.match(r'\[?[A-Z]{2,}[^a-z]*$', literal.text)
            and (re.match(r'\s*\}', source[literal.end:])
                 or re.search(r'\.arguments = $', source[:literal.start])))


def unmarked(source):
    """The literals that are shown to users but not marked."""
    return [literal for literal in literals(source)
            if not literal.is_marked and not literal.is_unshown
            and (is_prose(literal.text) or is_quoting(literal.text) or is_argument(source, literal)
                 or literal.is_shown and words(literal.text))]


def own_plurals(source):
    """The literals that are chosen because a number is 1."""
    return [literal for literal in literals(source) if not literal.is_unshown
            and re.search(r'[!=]= 1\s*\?\s*(?:\w+ \()?$', source[:literal.start])]
