/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The fields of PlumEntry, for its own files only: plum-entry.c, plum-entry-getters.c. */
struct _PlumEntry
{
  GObject parent_instance;

  PlumProtocol protocol;
  guint external_port;
  guint internal_port;
  GInetAddress *internal_address; /* (nullable) */
  char *description;
  guint lifetime;
  gboolean enabled;
  char *remote_host;                /* (nullable) */
  GInetAddressMask *remote_address; /* (nullable): of remote_host */
  char *protocol_text;              /* (nullable) */
  char *internal_port_text;         /* (nullable) */
  char *internal_address_text;      /* (nullable) */
  char *problem;                    /* (nullable) */
  GInetAddress *gateway_address;    /* (nullable) */
};

G_END_DECLS
