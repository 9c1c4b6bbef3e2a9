/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The settings of the manager. The manager owns the struct, which outlives its gateways and lease
 * holders. */
typedef struct
{
  guint discover_timeout; /* ms */
  guint mapping_timeout;  /* ms */
  guint release_timeout;  /* ms; 0: like mapping_timeout */
  guint recheck_period;   /* ms */
  guint lease_duration;   /* s */
  guint max_hops;         /* the number of routers to map a port through */
  char *application_name; /* (nullable) */
  GHashTable *options;    /* "name.key" -> GVariant: of the backends, unread by core */
} PlumSettings;

/* How long to wait for the answer to a delete, in milliseconds. */
guint plum_settings_get_release_timeout (const PlumSettings *self);

/* value: (nullable): NULL removes the option. */
void plum_settings_set_option (PlumSettings *self,
                               const char *backend_name,
                               const char *key,
                               GVariant *value);
/* options: of PlumSettings. (transfer none) (nullable) */
GVariant *plum_settings_lookup_option (GHashTable *options,
                                       const char *backend_name,
                                       const char *key);

/* Creates the description for the router's mapping table from requested (nullable) or, if that is
 * empty, from the application name, the protocol and the port. Removes the characters that routers
 * refuse. */
char *plum_settings_make_description (const PlumSettings *self,
                                      const char *requested,
                                      PlumProtocol protocol,
                                      guint internal_port);

G_END_DECLS
