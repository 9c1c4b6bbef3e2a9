/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-description.h"

G_BEGIN_DECLS

/* Of a firewall that was off: there is no pinhole. */
#define UPNP_TOKEN_NO_PINHOLE (-1)

/* What a lease carries, so that another process can check and delete it. */
typedef struct
{
  char *address; /* of the device */
  UpnpService *service;
  gboolean permanent; /* an entry of a table */
  int unique_id;      /* a pinhole of a firewall */
} UpnpToken;

void upnp_token_free (UpnpToken *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpToken, upnp_token_free)

/* (transfer floating) */
GVariant *upnp_token_new (const char *address, const UpnpService *service, gboolean permanent);
GVariant *upnp_token_new_pinhole (const char *address, const UpnpService *service, int unique_id);
/* NULL: it is no token of ours. It may come from a file: what is in it is checked as if a stranger
 * had sent it. (transfer full) */
UpnpToken *upnp_token_parse (GVariant *variant);

G_END_DECLS
