/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* A command of plumctl, as used by the dispatcher, --help and the completions. */
typedef struct
{
  const char *name;
  const char *arguments; /* as shown in the usage line */
  const char *summary;   /* one line */
  const char *details;   /* printed at the end of --help: examples and the exit status */
  const GOptionEntry *options;
  gboolean has_tail; /* takes another command after "--" */

  /* @arguments: the remaining arguments, without the options; @tail: those after "--" (NULL
   * without has_tail). Returns the exit status. */
  int (*run) (char **arguments, char **tail);
} PlumctlCommand;

extern const PlumctlCommand plumctl_command_map;
extern const PlumctlCommand plumctl_command_run;
extern const PlumctlCommand plumctl_command_serve;
extern const PlumctlCommand plumctl_command_unmap;
extern const PlumctlCommand plumctl_command_list;
extern const PlumctlCommand plumctl_command_status;
extern const PlumctlCommand plumctl_command_external;
extern const PlumctlCommand plumctl_command_monitor;
extern const PlumctlCommand plumctl_command_doctor;
extern const PlumctlCommand plumctl_command_backends;
