/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "router-chain.h"

#include "way-text.h"

static void seek_next (RouterChain *self);

/* The router farthest from this computer. */
PlumGateway *
router_chain_get_last (const RouterChain *self)
{
  return self->routers->pdata[self->routers->len - 1];
}

/* Whether there may be another router between the gateway and the internet. */
gboolean
router_chain_is_needed (PlumGateway *gateway)
{
  PlumAddressScope scope = plum_gateway_get_external_scope (gateway);
  PlumAddressScope local = plum_address_get_scope (plum_gateway_get_local_address (gateway));

  /* Without a router that translates it, this computer may have an address of its provider. */
  if (plum_gateway_get_backend_name (gateway) == NULL)
    return local == PLUM_ADDRESS_SCOPE_CGNAT;
  return scope == PLUM_ADDRESS_SCOPE_PRIVATE || scope == PLUM_ADDRESS_SCOPE_CGNAT;
}

void
router_chain_init (RouterChain *self, PlumGateway *gateway)
{
  self->routers = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->routers, g_object_ref (gateway));
}

static void
on_next (GObject *object, GAsyncResult *result, gpointer user_data)
{
  RouterChain *self = user_data;
  PlumGateway *next =
    plum_gateway_query_upstream_finish (PLUM_GATEWAY (object), result, &self->error);

  if (next != NULL)
    {
      g_ptr_array_add (self->routers, next);
      seek_next (self);
      return;
    }

  self->seeking = FALSE;
  self->done (self);
}

static void
seek_next (RouterChain *self)
{
  self->seeking = router_chain_is_needed (router_chain_get_last (self));
  if (self->seeking)
    plum_gateway_query_upstream_async (router_chain_get_last (self), self->cancellable, on_next,
                                       self);
  else
    self->done (self);
}

/* Finds the routers beyond the gateway. Nothing is sent beyond a router with a public address. */
void
router_chain_seek (RouterChain *self, GCancellable *cancellable)
{
  g_set_object (&self->cancellable, cancellable);
  seek_next (self);
}

/* The search must have ended. */
void
router_chain_clear (RouterChain *self)
{
  g_assert (!self->seeking);

  g_clear_pointer (&self->routers, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_clear_object (&self->cancellable);
}

/* The last router whose external address is known; the first one if none is. */
PlumGateway *
router_chain_get_outermost (const RouterChain *self)
{
  for (guint i = self->routers->len; i > 1; i--)
    if (plum_gateway_get_external_address (self->routers->pdata[i - 1]) != NULL)
      return self->routers->pdata[i - 1];

  return self->routers->pdata[0];
}

/* The last router, if it maps ports, but does not report its external address; or NULL. */
PlumGateway *
router_chain_get_unconfirmed (const RouterChain *self)
{
  PlumGateway *last = router_chain_get_last (self);

  return self->routers->len > 1 && plum_gateway_get_external_address (last) == NULL ? last : NULL;
}

/* "192.168.1.1 and 192.168.0.1"; NULL if there is only one router. */
char *
router_chain_dup_way (const RouterChain *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->routers->len; i++)
    {
      GInetAddress *address = plum_gateway_get_address (self->routers->pdata[i]);

      g_ptr_array_add (names, address != NULL ? g_inet_address_to_string (address) : NULL);
    }
  return names->len > 1 ? way_text_join (names) : NULL;
}
