/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-pinholes.h"

struct _UpnpPinholes
{
  GHashTable *held;        /* protocol and port -> UpnpPinhole */
  GHashTable *unconfirmed; /* a set of protocol and port */
};

UpnpPinholes *
upnp_pinholes_new (void)
{
  UpnpPinholes *self = g_new0 (UpnpPinholes, 1);

  self->held = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->unconfirmed = g_hash_table_new (NULL, NULL);
  return self;
}

void
upnp_pinholes_free (UpnpPinholes *self)
{
  g_hash_table_unref (self->held);
  g_hash_table_unref (self->unconfirmed);
  g_free (self);
}

static gpointer
make_key (PlumProtocol protocol, guint port)
{
  return GUINT_TO_POINTER (port | (protocol == PLUM_PROTOCOL_UDP ? 0x10000u : 0));
}

void
upnp_pinholes_add (UpnpPinholes *self, const UpnpPinhole *pinhole)
{
  g_hash_table_replace (self->held, make_key (pinhole->protocol, pinhole->port),
                        g_memdup2 (pinhole, sizeof *pinhole));
}

void
upnp_pinholes_remove (UpnpPinholes *self, PlumProtocol protocol, guint port)
{
  g_hash_table_remove (self->held, make_key (protocol, port));
}

const UpnpPinhole *
upnp_pinholes_lookup (UpnpPinholes *self, PlumProtocol protocol, guint port)
{
  return g_hash_table_lookup (self->held, make_key (protocol, port));
}

const UpnpPinhole *
upnp_pinholes_peek (UpnpPinholes *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->held);
  return g_hash_table_iter_next (&iter, NULL, &value) ? value : NULL;
}

void
upnp_pinholes_clear (UpnpPinholes *self)
{
  g_hash_table_remove_all (self->held);
}

void
upnp_pinholes_set_unconfirmed (UpnpPinholes *self,
                               PlumProtocol protocol,
                               guint port,
                               gboolean unconfirmed)
{
  if (unconfirmed)
    g_hash_table_add (self->unconfirmed, make_key (protocol, port));
  else
    g_hash_table_remove (self->unconfirmed, make_key (protocol, port));
}

gboolean
upnp_pinholes_get_unconfirmed (UpnpPinholes *self, PlumProtocol protocol, guint port)
{
  return g_hash_table_contains (self->unconfirmed, make_key (protocol, port));
}
