/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A mapping has no local address of its own in the API of the manager. It is bound to the gateway
 * that uses the address instead. */

#include "plum-service-local-private.h"

#include "plum-service-watch-private.h"

typedef struct
{
  PlumService *service;
  PlumServiceEntry *entry;
} Search;

static void
search_free (Search *search)
{
  plum_service_table_unref (&search->service->table, search->entry);
  g_free (search);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Search, search_free)

static PlumGateway *
find_gateway (PlumService *self, const char *text)
{
  GListModel *gateways = plum_manager_get_gateways (self->manager);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);
      GInetAddress *local = plum_gateway_get_local_address (gateway);

      if (local != NULL && g_inet_address_equal (local, address))
        return g_steal_pointer (&gateway);
    }

  return NULL;
}

/* Returns FALSE if no gateway uses the address. */
static gboolean
add_at_gateway (PlumService *self, PlumServiceEntry *entry)
{
  g_autoptr (PlumGateway) gateway = find_gateway (self, entry->request.local_address);

  if (gateway == NULL)
    return FALSE;

  entry->finding = FALSE;
  plum_service_watch_add (self, entry, gateway);
  return TRUE;
}

static void
fail (PlumService *self, PlumServiceEntry *entry)
{
  g_autoptr (GError) error =
    g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                 "No router is reached from the local address %s", entry->request.local_address);

  entry->finding = FALSE;
  plum_service_watch_fail (self, entry, error);
}

static void
on_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Search) search = user_data;
  PlumServiceEntry *entry = search->entry;

  plum_manager_discover_finish (PLUM_MANAGER (object), result, NULL);
  if (entry->finding && !add_at_gateway (search->service, entry))
    fail (search->service, entry);
}

/* A discovery lists the gateways of all interfaces when it starts. It fails if there are none. */
void
plum_service_local_add (PlumService *self, PlumServiceEntry *entry)
{
  g_autoptr (GError) error = NULL;
  Search *search;

  if (entry->request.family == PLUM_SERVICE_IPV6)
    {
      g_set_error_literal (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                           "A local IPv6 address cannot be selected");
      plum_service_watch_fail (self, entry, error);
      return;
    }
  if (add_at_gateway (self, entry))
    return;

  search = g_new0 (Search, 1);
  search->service = self;
  search->entry = plum_service_table_lookup (&self->table, entry->id);
  entry->finding = TRUE;
  plum_manager_discover_async (self->manager, self->cancellable, on_discovered, search);

  if (g_list_model_get_n_items (plum_manager_get_gateways (self->manager)) > 0 &&
      !add_at_gateway (self, entry))
    fail (self, entry);
}
