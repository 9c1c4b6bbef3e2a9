/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

/* The exit status of plumctl. The numbers are an interface, documented in plumctl(1): they never
 * change. The doctor's own statuses, from 10 up, are in doctor-verdict.c. */
typedef enum {
  PLUMCTL_OK = 0,
  PLUMCTL_FAILED = 1,           /* the request failed */
  PLUMCTL_USAGE = 2,            /* the command line is invalid */
  PLUMCTL_NO_ROUTER = 3,        /* there is no gateway, or no backend got an answer */
  PLUMCTL_NOTHING_THERE = 4,    /* "unmap": the router has no such mapping */
  PLUMCTL_NOT_CONFIRMED = 5,    /* "unmap": the router may keep the mapping */
  PLUMCTL_OTHER_HOST = 6,       /* "unmap": the port belongs to another computer */
  PLUMCTL_NOT_EXECUTABLE = 126, /* "run": the same values as in the shell */
  PLUMCTL_NOT_FOUND = 127,
  PLUMCTL_SIGNALLED = 128, /* plus the number of the signal */
} PlumctlExit;
