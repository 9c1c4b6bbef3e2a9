/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-port-table-private.h"

struct _PlumPortTable
{
  GHashTable *clients; /* protocol and external port -> PlumGatewayClient */
};

static gpointer
port_key (PlumProtocol protocol, guint port)
{
  return GUINT_TO_POINTER (((guint) protocol << 16) | port);
}

PlumPortTable *
plum_port_table_new (void)
{
  PlumPortTable *self = g_new0 (PlumPortTable, 1);

  self->clients = g_hash_table_new (NULL, NULL);
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
                      PlumGatewayClient *client)
{
  PlumGatewayClient *holder = plum_port_table_find (self, protocol, port);

  if (holder != NULL)
    return holder == client;

  g_hash_table_insert (self->clients, port_key (protocol, port), client);
  return TRUE;
}

guint
plum_port_table_reserve (PlumPortTable *self, PlumProtocol protocol, PlumGatewayClient *client)
{
  guint port;

  /* A host has far fewer mappings than ports, so this finds a free port after few attempts. */
  do
    port = (guint) g_random_int_range (1024, G_MAXUINT16 + 1);
  while (!plum_port_table_hold (self, protocol, port, client));

  return port;
}

PlumGatewayClient *
plum_port_table_find (PlumPortTable *self, PlumProtocol protocol, guint port)
{
  return g_hash_table_lookup (self->clients, port_key (protocol, port));
}

void
plum_port_table_release (PlumPortTable *self,
                         PlumProtocol protocol,
                         guint port,
                         PlumGatewayClient *client)
{
  if (plum_port_table_find (self, protocol, port) == client)
    g_hash_table_remove (self->clients, port_key (protocol, port));
}
