/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* The on-change command of a mapping. One runs at a time; changes during a run lead to one more
 * run after it. */
typedef struct _ChangeCommand ChangeCommand;

/* A command that runs longer is killed. */
#define CHANGE_COMMAND_TIMEOUT_S 60

ChangeCommand *change_command_new (void);
/* A command that runs goes on. */
void change_command_free (ChangeCommand *self);
/* arguments: (nullable): NULL runs nothing. */
void change_command_set (ChangeCommand *self, char **arguments);
/* The mapping has changed: runs the command with the state in PLUM_STATE and the external address
 * in the variables of mapping_environment_set(). */
void change_command_run (ChangeCommand *self, PlumMapping *mapping);
