/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What the program set on the manager, for those who act on it. The manager owns it and outlives
 * its gateways and holders. */
typedef struct
{
  guint discover_timeout; /* ms */
  guint mapping_timeout;  /* ms */
  guint recheck_period;   /* ms */
  guint lease_duration;   /* s */
  char *application_name; /* (nullable) */
} PlumSettings;

/* The description for the router's table: @requested (nullable), or the application's name, the
 * protocol and the port. Cut and cleaned to what routers accept. */
char *plum_settings_make_description (const PlumSettings *self,
                                      const char *requested,
                                      PlumProtocol protocol,
                                      guint internal_port);

G_END_DECLS
