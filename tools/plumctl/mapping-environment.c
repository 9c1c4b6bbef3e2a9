/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mapping-environment.h"

#include "describe.h"
#include "verified.h"

#include <string.h>

void
mapping_environment_set (GSubprocessLauncher *launcher, PlumMapping *mapping)
{
  const char *host = plum_mapping_get_external_host (mapping);
  gboolean bracket = host != NULL && strchr (host, ':') != NULL;
  g_autofree char *protocol =
    g_ascii_strup (describe_protocol (plum_mapping_get_protocol (mapping)), -1);
  g_autofree char *name =
    g_strdup_printf ("PLUM_%s_%u", protocol, plum_mapping_get_internal_port (mapping));
  g_autofree char *verified_name = g_strconcat (name, "_VERIFIED", NULL);
  g_autofree char *value =
    g_strdup_printf ("%s%s%s:%u", bracket ? "[" : "", host != NULL ? host : "", bracket ? "]" : "",
                     plum_mapping_get_external_port (mapping));

  g_subprocess_launcher_unsetenv (launcher, name);
  g_subprocess_launcher_unsetenv (launcher, verified_name);
  if (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
    return;

  g_subprocess_launcher_setenv (launcher, name, value, TRUE);
  if (host != NULL)
    g_subprocess_launcher_setenv (launcher, "PLUM_EXTERNAL_ADDRESS", host, TRUE);
  if (verified_is_set (mapping))
    g_subprocess_launcher_setenv (launcher, verified_name,
                                  stun_answer_get_name (verified_get (mapping)), TRUE);
}
