/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-ports.h"

struct _UpnpPorts
{
  gboolean by_hosts;
  GHashTable *held;        /* protocol, external port, hosts if by_hosts -> UpnpPort */
  GHashTable *unconfirmed; /* protocol, internal port, hosts -> external port */
  GHashTable *former;      /* protocol and external port -> address */
};

UpnpPorts *
upnp_ports_new (gboolean by_hosts)
{
  UpnpPorts *self = g_new0 (UpnpPorts, 1);

  self->by_hosts = by_hosts;
  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->unconfirmed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
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

static char *
make_hosts_key (PlumProtocol protocol, guint port, const UpnpHosts *hosts)
{
  return g_strdup_printf ("%d %u %s %s", (int) protocol, port, hosts->client, hosts->remote);
}

static char *
make_held_key (UpnpPorts *self, PlumProtocol protocol, guint port, const UpnpHosts *hosts)
{
  static const UpnpHosts none = { "" };

  return make_hosts_key (protocol, port, self->by_hosts ? hosts : &none);
}

void
upnp_ports_add (UpnpPorts *self, const UpnpPort *port)
{
  g_hash_table_replace (self->held,
                        make_held_key (self, port->protocol, port->external_port, &port->hosts),
                        g_memdup2 (port, sizeof *port));
}

void
upnp_ports_remove (UpnpPorts *self,
                   PlumProtocol protocol,
                   guint external_port,
                   const UpnpHosts *hosts)
{
  g_autofree char *key = make_held_key (self, protocol, external_port, hosts);

  g_hash_table_remove (self->held, key);
}

const UpnpPort *
upnp_ports_lookup (UpnpPorts *self,
                   PlumProtocol protocol,
                   guint external_port,
                   const UpnpHosts *hosts)
{
  g_autofree char *key = make_held_key (self, protocol, external_port, hosts);

  return g_hash_table_lookup (self->held, key);
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
                            const UpnpHosts *hosts,
                            guint external_port)
{
  g_autofree char *key = make_hosts_key (protocol, internal_port, hosts);

  if (external_port != 0)
    g_hash_table_replace (self->unconfirmed, g_steal_pointer (&key),
                          GUINT_TO_POINTER (external_port));
  else
    g_hash_table_remove (self->unconfirmed, key);
}

guint
upnp_ports_get_unconfirmed (UpnpPorts *self,
                            PlumProtocol protocol,
                            guint internal_port,
                            const UpnpHosts *hosts)
{
  g_autofree char *key = make_hosts_key (protocol, internal_port, hosts);

  return GPOINTER_TO_UINT (g_hash_table_lookup (self->unconfirmed, key));
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
