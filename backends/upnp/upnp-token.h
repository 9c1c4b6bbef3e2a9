/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-description.h"

G_BEGIN_DECLS

/* The firewall was off: there is no pinhole. */
#define UPNP_TOKEN_NO_PINHOLE (-1)

/* The data in a lease with which another process can check and delete the mapping. */
typedef struct
{
  char *address; /* of the device */
  UpnpService *service;
  gboolean permanent; /* for an entry of the table */
  char *client;       /* for an entry: the address of this host that it leads to; (nullable) */
  int unique_id;      /* for a pinhole */
} UpnpToken;

void upnp_token_free (UpnpToken *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpToken, upnp_token_free)

/* client: the address of this host in the entry. (transfer floating) */
GVariant *upnp_token_new (const char *address,
                          const UpnpService *service,
                          gboolean permanent,
                          const char *client);
GVariant *upnp_token_new_pinhole (const char *address, const UpnpService *service, int unique_id);
/* NULL: the token is invalid. A token may come from a file, so it is not trusted. (transfer full)
 */
UpnpToken *upnp_token_parse (GVariant *variant);

G_END_DECLS
