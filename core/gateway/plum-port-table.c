/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-port-table-private.h"

typedef struct
{
  PlumProtocol protocol;
  guint port;
  PlumHosts hosts; /* empty if the table does not distinguish them */
} Key;

struct _PlumPortTable
{
  GHashTable *clients; /* Key -> PlumGatewayClient */
  gboolean by_hosts;
};

static guint
key_hash (gconstpointer data)
{
  const Key *self = data;

  return (((guint) self->protocol << 16) | self->port) ^ plum_hosts_hash (&self->hosts);
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const Key *self = a;
  const Key *other = b;

  return self->protocol == other->protocol && self->port == other->port &&
         plum_hosts_equal (&self->hosts, &other->hosts);
}

static void
key_free (gpointer data)
{
  Key *self = data;

  plum_hosts_clear (&self->hosts);
  g_free (self);
}

/* Borrows the hosts. */
static Key
make_key (PlumPortTable *self, PlumProtocol protocol, guint port, const PlumHosts *hosts)
{
  Key key = { .protocol = protocol, .port = port };

  if (self->by_hosts)
    key.hosts = *hosts;
  return key;
}

PlumPortTable *
plum_port_table_new (GSocketFamily family)
{
  PlumPortTable *self = g_new0 (PlumPortTable, 1);

  self->clients = g_hash_table_new_full (key_hash, key_equal, key_free, NULL);
  self->by_hosts = family == G_SOCKET_FAMILY_IPV6;
  return self;
}

void
plum_port_table_free (PlumPortTable *self)
{
  g_hash_table_unref (self->clients);
  g_free (self);
}

gboolean
plum_port_table_hold (PlumPortTable *self,
                      PlumProtocol protocol,
                      guint port,
                      const PlumHosts *hosts,
                      PlumGatewayClient *client)
{
  PlumGatewayClient *holder = plum_port_table_find (self, protocol, port, hosts);
  Key *key;

  if (holder != NULL)
    return holder == client;

  key = g_new0 (Key, 1);
  *key = make_key (self, protocol, port, hosts);
  plum_hosts_init (&key->hosts, self->by_hosts ? hosts : NULL);
  g_hash_table_insert (self->clients, key, client);
  return TRUE;
}

guint
plum_port_table_reserve (PlumPortTable *self,
                         PlumProtocol protocol,
                         const PlumHosts *hosts,
                         PlumGatewayClient *client)
{
  guint port;

  /* A host has far fewer mappings than ports, so this finds a free port after few attempts. */
  do
    port = (guint) g_random_int_range (1024, G_MAXUINT16 + 1);
  while (!plum_port_table_hold (self, protocol, port, hosts, client));

  return port;
}

PlumGatewayClient *
plum_port_table_find (PlumPortTable *self,
                      PlumProtocol protocol,
                      guint port,
                      const PlumHosts *hosts)
{
  const Key key = make_key (self, protocol, port, hosts);

  return g_hash_table_lookup (self->clients, &key);
}

void
plum_port_table_release (PlumPortTable *self,
                         PlumProtocol protocol,
                         guint port,
                         const PlumHosts *hosts,
                         PlumGatewayClient *client)
{
  const Key key = make_key (self, protocol, port, hosts);

  if (g_hash_table_lookup (self->clients, &key) == client)
    g_hash_table_remove (self->clients, &key);
}
