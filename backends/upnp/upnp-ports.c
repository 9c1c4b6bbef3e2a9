/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-ports.h"

struct _UpnpPorts
{
  GHashTable *held;        /* protocol and external port -> UpnpPort */
  GHashTable *unconfirmed; /* protocol and internal port -> external port */
  GHashTable *former;      /* protocol and external port -> address */
};

UpnpPorts *
upnp_ports_new (void)
{
  UpnpPorts *self = g_new0 (UpnpPorts, 1);

  self->held = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->unconfirmed = g_hash_table_new (NULL, NULL);
  self->former = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
upnp_ports_free (UpnpPorts *self)
{
  g_hash_table_unref (self->held);
  g_hash_table_unref (self->unconfirmed);
  g_hash_table_unref (self->former);
  g_free (self);
}

static gpointer
make_key (PlumProtocol protocol, guint port)
{
  return GUINT_TO_POINTER (port | (protocol == PLUM_PROTOCOL_UDP ? 0x10000u : 0));
}

void
upnp_ports_add (UpnpPorts *self, const UpnpPort *port)
{
  g_hash_table_replace (self->held, make_key (port->protocol, port->external_port),
                        g_memdup2 (port, sizeof *port));
}

void
upnp_ports_remove (UpnpPorts *self, PlumProtocol protocol, guint external_port)
{
  g_hash_table_remove (self->held, make_key (protocol, external_port));
}

const UpnpPort *
upnp_ports_lookup (UpnpPorts *self, PlumProtocol protocol, guint external_port)
{
  return g_hash_table_lookup (self->held, make_key (protocol, external_port));
}

const UpnpPort *
upnp_ports_peek (UpnpPorts *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->held);
  return g_hash_table_iter_next (&iter, NULL, &value) ? value : NULL;
}

void
upnp_ports_clear (UpnpPorts *self)
{
  g_hash_table_remove_all (self->held);
}

void
upnp_ports_set_unconfirmed (UpnpPorts *self,
                            PlumProtocol protocol,
                            guint internal_port,
                            guint external_port)
{
  if (external_port != 0)
    g_hash_table_insert (self->unconfirmed, make_key (protocol, internal_port),
                         GUINT_TO_POINTER (external_port));
  else
    g_hash_table_remove (self->unconfirmed, make_key (protocol, internal_port));
}

guint
upnp_ports_get_unconfirmed (UpnpPorts *self, PlumProtocol protocol, guint internal_port)
{
  return GPOINTER_TO_UINT (
    g_hash_table_lookup (self->unconfirmed, make_key (protocol, internal_port)));
}

void
upnp_ports_set_former_client (UpnpPorts *self,
                              PlumProtocol protocol,
                              guint external_port,
                              const char *client)
{
  g_hash_table_replace (self->former, make_key (protocol, external_port), g_strdup (client));
}

const char *
upnp_ports_get_former_client (UpnpPorts *self, PlumProtocol protocol, guint external_port)
{
  return g_hash_table_lookup (self->former, make_key (protocol, external_port));
}
