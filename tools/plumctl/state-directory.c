/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "state-directory.h"

/* Lets @manager remember, in $XDG_STATE_HOME/plumctl, what it holds: should this process be
 * killed, the next one takes it over or removes it. Not for what is left on the router on
 * purpose, and not for commands that only look. */
void
state_directory_use (PlumManager *manager)
{
  g_autofree char *path = g_build_filename (g_get_user_state_dir (), "plumctl", NULL);

  plum_manager_set_state_directory (manager, path);
}
