/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-description.h"

G_BEGIN_DECLS

/* What a lease carries, so that another process can check and delete it. */
typedef struct {
  char        *address;      /* of the device */
  UpnpService *service;
  gboolean     permanent;
} UpnpToken;

void        upnp_token_free  (UpnpToken         *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpToken, upnp_token_free)

/* (transfer floating) */
GVariant *  upnp_token_new   (const char        *address,
                              const UpnpService *service,
                              gboolean           permanent);
/* NULL: it is no token of ours. It may come from a file: what is in it is checked as if a stranger
 * had sent it. (transfer full) */
UpnpToken * upnp_token_parse (GVariant          *variant);

G_END_DECLS
