/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

/* What plumctl's exit status means. The numbers are an interface: documented in plumctl(1),
 * never changed. The doctor's own are in doctor-verdict.c, from 10 up. */
typedef enum {
  PLUMCTL_OK = 0,
  PLUMCTL_FAILED = 1,           /* asked, and it could not be done */
  PLUMCTL_USAGE = 2,            /* a word of the command line is wrong */
  PLUMCTL_NOBODY = 3,           /* no gateway, or no backend answered */
  PLUMCTL_NOT_EXECUTABLE = 126, /* "run": as the shell has it */
  PLUMCTL_NOT_FOUND = 127,
  PLUMCTL_SIGNALLED = 128, /* plus the signal's number */
} PlumctlExit;
