/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-set-internal-private.h"

#include "plum-gateway-private.h"
#include "plum-log-private.h"
#include "plum-route-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

PlumFamilyGateways *
plum_gateway_set_get_family (PlumGatewaySet *self, GSocketFamily family)
{
  return &self->families[family == G_SOCKET_FAMILY_IPV6 ? 1 : 0];
}

PlumGateway *
plum_family_gateways_get_default (PlumFamilyGateways *self)
{
  return self->has_default ? self->gateways->pdata[0] : NULL;
}

PlumGateway *
plum_family_gateways_find_local (PlumFamilyGateways *self, GInetAddress *address)
{
  for (unsigned int i = 0; i < self->gateways->len; i++)
    {
      PlumNetwork *network = plum_gateway_get_network (self->gateways->pdata[i]);

      if (g_inet_address_equal (plum_network_get_local_address (network), address))
        return self->gateways->pdata[i];
    }

  return NULL;
}

/* --- The list --- */

static PlumGateway *
plum_gateway_set_nth (PlumGatewaySet *self, guint n)
{
  for (unsigned int i = 0; i < G_N_ELEMENTS (self->families); i++)
    {
      GPtrArray *gateways = self->families[i].gateways;

      if (n < gateways->len)
        return gateways->pdata[n];
      n -= gateways->len;
    }

  return NULL;
}

gboolean
plum_gateway_set_has (PlumGatewaySet *self, PlumGateway *gateway)
{
  for (unsigned int i = 0; i < G_N_ELEMENTS (self->families); i++)
    if (g_ptr_array_find (self->families[i].gateways, gateway, NULL))
      return TRUE;

  return FALSE;
}

/* Makes one change towards the expected list. Returns FALSE if there is nothing to change. */
static gboolean
plum_gateway_set_update_list_once (PlumGatewaySet *self)
{
  for (guint i = 0;; i++)
    {
      g_autoptr (PlumGateway) current = g_list_model_get_item (G_LIST_MODEL (self->list), i);
      PlumGateway *expected = plum_gateway_set_nth (self, i);
      guint position = i;

      if (current == NULL && expected == NULL)
        return FALSE;
      if (current == expected)
        continue;

      /* A gateway that is at a later position is removed, and inserted here by the next change. */
      if (expected == NULL || (current != NULL && !plum_gateway_set_has (self, current)) ||
          g_list_store_find (self->list, expected, &position))
        g_list_store_remove (self->list, position);
      else
        {
          plum_gateway_publish (expected);
          g_list_store_insert (self->list, i, expected);
        }
      return TRUE;
    }
}

/* A handler of items-changed may change the set, so each change compares the list again. */
static void
on_update_list (gpointer object, gpointer data)
{
  while (plum_gateway_set_update_list_once (data))
    ;
}

/* The list changes when its observers can be notified: never before items-changed. One of them may
 * drop the last reference to the manager. */
static void
plum_gateway_set_queue_list_update (PlumGatewaySet *self)
{
  plum_signal_queue_add (self->signals, NULL, on_update_list, g_rc_box_acquire (self),
                         (GDestroyNotify) plum_gateway_set_unref);
}

/* --- Lookup --- */

PlumNetwork *
plum_gateway_set_look_up (PlumGatewaySet *self, GSocketFamily family, GError **error)
{
  GInetAddress *gateway = self->gateway_address;

  if (gateway != NULL && g_inet_address_get_family (gateway) != family)
    {
      g_autofree char *text = g_inet_address_to_string (gateway);

      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("The gateway address is set to %s, which is not an %s address"), text,
                   family == G_SOCKET_FAMILY_IPV6 ? "IPv6" : "IPv4");
      return NULL;
    }

  return plum_route_lookup (family, self->interface_name, gateway, error);
}

PlumNetwork *
plum_gateway_set_look_up_from (PlumGatewaySet *self, GInetAddress *local_address, GError **error)
{
  return plum_route_lookup_from (local_address, self->interface_name, self->gateway_address, error);
}

static PlumGateway *
family_find_network (PlumFamilyGateways *family, PlumNetwork *network)
{
  for (unsigned int i = 0; i < family->gateways->len; i++)
    if (plum_network_equal (plum_gateway_get_network (family->gateways->pdata[i]), network))
      return family->gateways->pdata[i];

  return NULL;
}

static void
on_gateway_idle (gpointer user_data)
{
  PlumGatewaySet *self = user_data;

  if (self->owner != NULL)
    self->owner->idle (self->owner_data);
}

static PlumGateway *
plum_gateway_set_create (PlumGatewaySet *self, PlumNetwork *network)
{
  PlumGateway *gateway;

  g_assert (self->owner != NULL);

  gateway = plum_gateway_new (network, self->owner->get_backends (self->owner_data), self->context,
                              self->settings, self->signals);
  plum_gateway_set_idle_func (gateway, on_gateway_idle, self);
  return gateway;
}

/* Gets the gateways of networks. reset: create all of them, rather than the new ones only.
 * (transfer full) */
static GPtrArray *
plum_gateway_set_make (PlumGatewaySet *self,
                       PlumFamilyGateways *family,
                       GPtrArray *networks,
                       gboolean reset)
{
  GPtrArray *gateways = g_ptr_array_new_with_free_func (g_object_unref);

  for (unsigned int i = 0; i < networks->len; i++)
    {
      PlumGateway *gateway = reset ? NULL : family_find_network (family, networks->pdata[i]);

      g_ptr_array_add (gateways, gateway != NULL
                                   ? g_object_ref (gateway)
                                   : plum_gateway_set_create (self, networks->pdata[i]));
    }

  return gateways;
}

static gboolean
has_new (GPtrArray *gateways, GPtrArray *old)
{
  for (unsigned int i = 0; i < gateways->len; i++)
    if (!g_ptr_array_find (old, gateways->pdata[i], NULL))
      return TRUE;

  return FALSE;
}

/* The first gateway of an interface is that of its preferred address, so the order matters. */
static gboolean
is_same_list (GPtrArray *gateways, GPtrArray *old)
{
  if (gateways->len != old->len)
    return FALSE;

  for (unsigned int i = 0; i < gateways->len; i++)
    if (gateways->pdata[i] != old->pdata[i])
      return FALSE;

  return TRUE;
}

/* Applies the result of a lookup: the networks, that of the default route first, or the reason why
 * there is none of the default route. */
static void
plum_gateway_set_take (PlumGatewaySet *self,
                       PlumFamilyGateways *family,
                       GPtrArray *networks,
                       const GError *reason,
                       gboolean reset)
{
  g_autoptr (GPtrArray) old = NULL;
  GPtrArray *gateways = plum_gateway_set_make (self, family, networks, reset);
  PlumGateway *old_default = plum_family_gateways_get_default (family);
  gboolean added;

  old = g_steal_pointer (&family->gateways);
  added = has_new (gateways, old);
  family->gateways = gateways;
  family->has_default = reason == NULL && gateways->len > 0;
  g_clear_error (&family->reason);
  if (reason != NULL)
    family->reason = g_error_copy (reason);

  if (old_default == plum_family_gateways_get_default (family) && is_same_list (gateways, old))
    return;

  plum_gateway_set_queue_list_update (self);
  if (self->owner != NULL)
    self->owner->changed (family->family, added, self->owner_data);

  for (unsigned int i = 0; i < old->len; i++)
    if (!plum_gateway_set_has (self, old->pdata[i]))
      plum_gateway_close (old->pdata[i]);
}

static gboolean
on_same_interface (gconstpointer a, gconstpointer b)
{
  return plum_network_get_interface_index ((PlumNetwork *) a) ==
         plum_network_get_interface_index ((PlumNetwork *) b);
}

/* (element-type PlumNetwork) (transfer full) */
static GPtrArray *
family_copy_networks (PlumFamilyGateways *family)
{
  GPtrArray *networks = g_ptr_array_new_with_free_func (g_object_unref);

  for (unsigned int i = 0; i < family->gateways->len; i++)
    g_ptr_array_add (networks,
                     g_object_ref (plum_gateway_get_network (family->gateways->pdata[i])));
  return networks;
}

/* Lists the networks of all interfaces. If the query fails, the known networks are kept.
 * (element-type PlumNetwork) (transfer full) */
static GPtrArray *
plum_gateway_set_list_networks (PlumGatewaySet *self, PlumFamilyGateways *family)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *networks = plum_route_list (family->family, &error);

  if (networks != NULL)
    return networks;

  plum_debug ("%s", error->message);
  plum_network_watch_retry (self->watch);
  return family_copy_networks (family);
}

/* Adds the networks of the other interfaces, unless the program has set a gateway. */
static void
plum_gateway_set_add_others (PlumGatewaySet *self, PlumFamilyGateways *family, GPtrArray *networks)
{
  g_autoptr (GPtrArray) all = NULL;

  if (!family->all || self->gateway_address != NULL || self->interface_name != NULL)
    return;

  all = plum_gateway_set_list_networks (self, family);
  for (unsigned int i = 0; i < all->len; i++)
    if (!g_ptr_array_find_with_equal_func (networks, all->pdata[i], on_same_interface, NULL))
      g_ptr_array_add (networks, g_object_ref (all->pdata[i]));
}

static gboolean
is_reached_from (gconstpointer network, gconstpointer address)
{
  return g_inet_address_equal (plum_network_get_local_address ((PlumNetwork *) network),
                               (GInetAddress *) address);
}

/* May contain an address more than once. (element-type GInetAddress) (transfer full) */
static GPtrArray *
plum_gateway_set_collect_locals (PlumGatewaySet *self, PlumFamilyGateways *family)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < plum_local_addresses_get_n (self->locals); i++)
    {
      GInetAddress *address = plum_local_addresses_get (self->locals, i);

      if (g_inet_address_get_family (address) == family->family)
        g_ptr_array_add (addresses, g_object_ref (address));
    }

  self->owner->add_local_addresses (family->family, addresses, self->owner_data);
  return addresses;
}

/* Adds the network of an address, if the host has it. If the query fails, the known one is kept. */
static void
plum_gateway_set_add_local (PlumGatewaySet *self,
                            PlumFamilyGateways *family,
                            GInetAddress *address,
                            GPtrArray *networks)
{
  g_autoptr (GError) error = NULL;
  PlumNetwork *network = plum_gateway_set_look_up_from (self, address, &error);
  PlumGateway *known = plum_family_gateways_find_local (family, address);

  if (network != NULL)
    {
      g_ptr_array_add (networks, network);
      return;
    }
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    return;

  plum_network_watch_retry (self->watch);
  if (known != NULL)
    g_ptr_array_add (networks, g_object_ref (plum_gateway_get_network (known)));
}

static gboolean
is_equal_address (gconstpointer a, gconstpointer b)
{
  return g_inet_address_equal ((GInetAddress *) a, (GInetAddress *) b);
}

/* Adds the networks of more addresses, after those of the interfaces. */
static void
plum_gateway_set_add_locals (PlumGatewaySet *self, PlumFamilyGateways *family, GPtrArray *networks)
{
  g_autoptr (GPtrArray) addresses = plum_gateway_set_collect_locals (self, family);
  g_autoptr (GPtrArray) tried = g_ptr_array_new ();
  guint n_networks = networks->len;

  for (guint i = 0; i < addresses->len; i++)
    {
      GInetAddress *address = addresses->pdata[i];

      if (g_ptr_array_find_with_equal_func (networks, address, is_reached_from, NULL) ||
          g_ptr_array_find_with_equal_func (tried, address, is_equal_address, NULL))
        continue;

      g_ptr_array_add (tried, address);
      plum_gateway_set_add_local (self, family, address, networks);
    }

  family->n_kept = networks->len - n_networks;
}

void
plum_gateway_set_refresh_family (PlumGatewaySet *self, PlumFamilyGateways *family)
{
  g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  PlumNetwork *network = plum_gateway_set_look_up (self, family->family, &error);

  if (network != NULL)
    g_ptr_array_add (networks, network);
  else
    plum_debug ("%s", error->message);

  /* Keep the gateway if the query fails, for example without free descriptors. */
  if (network == NULL && !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    {
      plum_network_watch_retry (self->watch);
      if (family->has_default)
        return;
    }

  plum_gateway_set_add_others (self, family, networks);
  plum_gateway_set_add_locals (self, family, networks);
  plum_gateway_set_take (self, family, networks, error, FALSE);
}

void
plum_gateway_set_check_upstreams (PlumGatewaySet *self)
{
  PlumGateway *gateway;

  for (guint i = 0; (gateway = plum_gateway_set_nth (self, i)) != NULL; i++)
    for (; gateway != NULL; gateway = plum_gateway_peek_upstream (gateway))
      plum_gateway_check_upstream (gateway);
}

static void
plum_gateway_set_check_links (PlumGatewaySet *self)
{
  PlumGateway *gateway;

  for (guint i = 0; (gateway = plum_gateway_set_nth (self, i)) != NULL; i++)
    if (plum_gateway_take_link_return (gateway))
      plum_gateway_on_resume (gateway);
}

void
plum_gateway_set_refresh (PlumGatewaySet *self)
{
  for (unsigned int i = 0; i < G_N_ELEMENTS (self->families) && self->owner != NULL; i++)
    if (self->families[i].used)
      plum_gateway_set_refresh_family (self, &self->families[i]);
  plum_gateway_set_check_upstreams (self);
  plum_gateway_set_check_links (self);
}

static void
plum_gateway_set_resume (PlumGatewaySet *self)
{
  PlumGateway *gateway;

  plum_info ("The system was suspended");
  plum_gateway_set_refresh (self);

  for (guint i = 0; (gateway = plum_gateway_set_nth (self, i)) != NULL; i++)
    plum_gateway_on_resume (gateway);
}

static void
on_watch_event (PlumNetworkWatchEvent event, gpointer user_data)
{
  PlumGatewaySet *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  switch (event)
    {
    case PLUM_NETWORK_WATCH_STARTED:
      for (unsigned int i = 0; i < G_N_ELEMENTS (self->families); i++)
        self->families[i].all = self->families[i].used;
      plum_gateway_set_refresh (self);
      break;
    case PLUM_NETWORK_WATCH_CHANGED:
      plum_gateway_set_refresh (self);
      break;
    case PLUM_NETWORK_WATCH_RESUMED:
      plum_gateway_set_resume (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

gboolean
plum_gateway_set_is_used (PlumGatewaySet *self)
{
  return self->families[0].used || self->families[1].used;
}

void
plum_gateway_set_use (PlumGatewaySet *self, GSocketFamily socket_family)
{
  PlumFamilyGateways *family = plum_gateway_set_get_family (self, socket_family);

  if (family->used || self->owner == NULL)
    return;

  family->used = TRUE;
  plum_network_watch_start (self->watch);
  plum_gateway_set_refresh_family (self, family);
}

void
plum_gateway_set_use_all (PlumGatewaySet *self, GSocketFamily socket_family)
{
  PlumFamilyGateways *family = plum_gateway_set_get_family (self, socket_family);

  if (self->owner == NULL)
    return;

  family->all = TRUE;
  if (family->used)
    plum_gateway_set_refresh_family (self, family);
  else
    plum_gateway_set_use (self, socket_family);
}

void
plum_gateway_set_look_again (PlumGatewaySet *self, GSocketFamily socket_family)
{
  PlumFamilyGateways *family = plum_gateway_set_get_family (self, socket_family);

  if (family->used && self->owner != NULL)
    plum_gateway_set_refresh_family (self, family);
}

void
plum_gateway_set_reset (PlumGatewaySet *self)
{
  for (unsigned int i = 0; i < G_N_ELEMENTS (self->families) && self->owner != NULL; i++)
    {
      PlumFamilyGateways *family = &self->families[i];
      g_autoptr (GPtrArray) networks = family_copy_networks (family);
      g_autoptr (GError) reason = family->reason != NULL ? g_error_copy (family->reason) : NULL;

      plum_gateway_set_take (self, family, networks, reason, TRUE);
    }
}

/* --- Object --- */

static void
family_init (PlumFamilyGateways *self, GSocketFamily family)
{
  self->family = family;
  self->gateways = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
family_clear (PlumFamilyGateways *self)
{
  g_clear_pointer (&self->gateways, g_ptr_array_unref);
  g_clear_error (&self->reason);
}

PlumGatewaySet *
plum_gateway_set_new (GMainContext *context,
                      const PlumSettings *settings,
                      PlumSignalQueue *signals,
                      const PlumGatewaySetOwner *owner,
                      gpointer owner_data)
{
  PlumGatewaySet *self = g_rc_box_new0 (PlumGatewaySet);

  self->context = g_main_context_ref (context);
  self->settings = settings;
  self->signals = plum_signal_queue_ref (signals);
  self->owner = owner;
  self->owner_data = owner_data;
  self->locals = plum_local_addresses_new ();
  self->list = g_list_store_new (PLUM_TYPE_GATEWAY);
  family_init (&self->families[0], G_SOCKET_FAMILY_IPV4);
  family_init (&self->families[1], G_SOCKET_FAMILY_IPV6);
  self->watch = plum_network_watch_new (context, on_watch_event, self);
  return self;
}

void
plum_gateway_set_close (PlumGatewaySet *self)
{
  g_autoptr (GPtrArray) no_networks = g_ptr_array_new ();

  self->owner = NULL;
  plum_network_watch_close (self->watch);
  for (unsigned int i = 0; i < G_N_ELEMENTS (self->families); i++)
    plum_gateway_set_take (self, &self->families[i], no_networks, NULL, FALSE);
}

static void
plum_gateway_set_finalize (PlumGatewaySet *self)
{
  family_clear (&self->families[0]);
  family_clear (&self->families[1]);
  g_clear_pointer (&self->locals, plum_local_addresses_free);
  g_clear_object (&self->list);
  g_clear_object (&self->gateway_address);
  g_clear_pointer (&self->interface_name, g_free);
  g_clear_pointer (&self->watch, plum_network_watch_free);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
}

void
plum_gateway_set_unref (PlumGatewaySet *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) plum_gateway_set_finalize);
}
