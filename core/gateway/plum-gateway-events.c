/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The events for the clients of a gateway. */

#include "plum-gateway-object-private.h"

/* How many clients hear at once that the race changed, and how many in each later iteration of the
 * main loop, if there are more. Each makes its request, and the router would be idle meanwhile. */
#define CLIENTS_AT_ONCE 32
#define CLIENTS_LATER 4

void
plum_gateway_send_event (PlumGateway *self, const PlumGatewayEvent *event)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  PlumGatewayCursor cursor = { .next = self->clients.head, .outer = self->cursors };

  self->cursors = &cursor;
  while (cursor.next != NULL)
    {
      PlumGatewayClient *client = cursor.next->data;

      cursor.next = cursor.next->next;
      client->iface->handle_event (client, event);
    }
  self->cursors = cursor.outer;
}

void
plum_gateway_clear_rest (PlumGateway *self)
{
  self->rest.next = NULL;
  if (self->rest_source != NULL)
    g_source_destroy (self->rest_source);
  g_clear_pointer (&self->rest_source, g_source_unref);
}

static void
plum_gateway_send_to_rest (PlumGateway *self, guint max)
{
  const PlumGatewayEvent event = { .kind = PLUM_GATEWAY_RACE_CHANGED };

  for (guint n = 0; n < max && self->rest.next != NULL; n++)
    {
      PlumGatewayClient *client = self->rest.next->data;

      self->rest.next = self->rest.next->next;
      client->iface->handle_event (client, &event);
    }

  if (self->rest.next == NULL)
    plum_gateway_clear_rest (self);
}

static gboolean
on_rest (gpointer user_data)
{
  g_autoptr (PlumGateway) self = g_object_ref (user_data);
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_gateway_send_to_rest (self, CLIENTS_LATER);
  return self->rest.next != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* A backend that takes several requests gets all that there are. */
void
plum_gateway_send_race_changed (PlumGateway *self)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);

  if (self->clients.length <= CLIENTS_AT_ONCE || plum_race_takes_several (self->race))
    {
      plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RACE_CHANGED });
      return;
    }

  if (self->rest_source == NULL)
    {
      self->rest_source = g_idle_source_new ();
      g_source_set_priority (self->rest_source, G_PRIORITY_DEFAULT);
      /* A handler may run the main loop. */
      g_source_set_can_recurse (self->rest_source, TRUE);
      g_source_set_static_name (self->rest_source, "[plum] requests of many mappings");
      g_source_set_callback (self->rest_source, on_rest, self, NULL);
      g_source_attach (self->rest_source, self->context);
    }
  self->rest.next = self->clients.head;
  plum_gateway_send_to_rest (self, CLIENTS_AT_ONCE);
}
