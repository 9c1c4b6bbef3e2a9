# SPDX-License-Identifier: LGPL-2.1-or-later
"""The functions of libplum behind a real router: the program of the suite libplum-api."""

import os
import subprocess

import lab


RESTART = '/create-mapping/reports-success-when-created-again'


def passes(say):
    """Every test of the program passes, with the router of the lab in place of its fake router."""
    program = os.environ.get('PLUM_LAB_LIBPLUM_API')
    if not program:
        say('without libplum-service')
        return
    done = subprocess.run([program, '--tap'], check=False, text=True, stdout=subprocess.PIPE,
                          timeout=140,
                          env=dict(os.environ, PLUM_TEST_ROUTER=str(lab.HERE / 'service_router.py')))
    results = [line for line in done.stdout.splitlines() if line.startswith(('ok', 'not ok'))]
    say('\n'.join(results))
    lab.equal(done.returncode, 0, 'exit status')
    assert any(line.endswith(RESTART) for line in results), 'the restart of the router is not tested'
    lab.equal(lab.run('lab-router', 'nft-table').count(' dnat '), 0, 'mappings left on the router')


def cases(say):
    return [('libplum-api', passes, say)]
