/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "state-directory.h"

#include <string.h>

/* Makes @manager store its leases in the directory of the system service, or else in
 * $XDG_STATE_HOME/plumctl: if this process is killed, the next one takes over or removes its
 * mappings. Not for mappings that are left on the router on purpose, nor for commands that map
 * nothing. */
void
state_directory_use (PlumManager *manager)
{
  g_autofree char *path = g_build_filename (g_get_user_state_dir (), "plumctl", NULL);
  const char *service = g_getenv ("STATE_DIRECTORY"); /* systemd.exec(5) */

  if (service != NULL && g_path_is_absolute (service) && strchr (service, ':') == NULL)
    {
      g_free (path);
      path = g_strdup (service);
    }

  plum_manager_set_state_directory (manager, path);
}

/* Lets a command list the records there, and change nothing. */
void
state_directory_read (PlumManager *manager)
{
  plum_manager_set_state_read_only (manager, TRUE);
  state_directory_use (manager);
}
