#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The C example of the README is the file that is compiled."""

import re
import sys

readme, example = (open(path, encoding='utf-8').read() for path in sys.argv[1:3])
blocks = re.findall(r'^```c\n(.*?)^```$', readme, re.M | re.S)

print('1..1')
print('ok 1 readme-example' if blocks == [example] else 'not ok 1 readme-example')
