# SPDX-License-Identifier: LGPL-2.1-or-later

"""Prints the directory in which to install a Python module, and a hint if this interpreter does not
search it.

Usage: python-moduledir.py DIRECTORY [PREFIX]
DIRECTORY is replaced if the interpreter searches another directory of PREFIX, and not DIRECTORY.
"""

import os
import site
import sys

directory = os.path.normpath(sys.argv[1])
searched = site.getsitepackages()
if site.ENABLE_USER_SITE:
    searched.append(site.getusersitepackages())
if directory not in searched:
    inside = [path for prefix in sys.argv[2:] for path in searched
              if path.startswith(os.path.join(prefix, "lib"))]
    directory = inside[0] if inside else directory
print(directory)
if directory not in searched:
    print("(add it to PYTHONPATH: %s does not search it)" % sys.executable)
