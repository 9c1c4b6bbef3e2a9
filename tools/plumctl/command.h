/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* One command of plumctl: what --help, the completions and the dispatcher know of it. */
typedef struct
{
  const char *name;
  const char *arguments; /* as in the usage line */
  const char *summary;   /* one line */
  const char *details;   /* the end of --help: examples and what the exit status means */
  const GOptionEntry *options;
  gboolean has_tail; /* takes a command of its own after "--" */

  /* @words: what is left beside the options; @tail: what follows "--" (NULL without has_tail).
   * Returns the exit status. */
  int (*run) (char **words, char **tail);
} PlumctlCommand;

extern const PlumctlCommand plumctl_command_map;
extern const PlumctlCommand plumctl_command_run;
extern const PlumctlCommand plumctl_command_unmap;
extern const PlumctlCommand plumctl_command_list;
extern const PlumctlCommand plumctl_command_status;
extern const PlumctlCommand plumctl_command_external;
extern const PlumctlCommand plumctl_command_monitor;
extern const PlumctlCommand plumctl_command_doctor;
extern const PlumctlCommand plumctl_command_backends;
