#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Verifies that the examples in the README are identical to the files that are compiled and run.

Usage: test-readme.py README LANGUAGE EXAMPLE [LANGUAGE EXAMPLE]...
"""

import re
import sys

readme = open(sys.argv[1], encoding='utf-8').read()
failed = 0

print('1..%d' % (len(sys.argv[2:]) // 2))
for number, (language, path) in enumerate(zip(sys.argv[2::2], sys.argv[3::2]), 1):
    example = re.sub(r'\A// SPDX.*\n\n', '', open(path, encoding='utf-8').read())
    same = example in re.findall(r'^```%s\n(.*?)^```$' % language, readme, re.M | re.S)
    failed += not same
    print('%sok %d /readme/%s-example' % ('' if same else 'not ', number, language))
sys.exit(1 if failed else 0)
