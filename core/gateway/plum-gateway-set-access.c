/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Access to the gateways of a set, and its settings. */

#include "plum-gateway-set-internal-private.h"

#include "plum-gateway-private.h"

#include <glib/gi18n-lib.h>

GListModel *
plum_gateway_set_get_list (PlumGatewaySet *self)
{
  return G_LIST_MODEL (self->list);
}

static PlumGateway *
plum_family_gateways_find_interface (PlumFamilyGateways *self, const char *interface_name)
{
  for (unsigned int i = 0; i < self->gateways->len; i++)
    {
      PlumGateway *gateway = self->gateways->pdata[i];

      if (g_str_equal (plum_network_get_interface (plum_gateway_get_network (gateway)),
                       interface_name))
        return gateway;
    }

  return NULL;
}

PlumGateway *
plum_gateway_set_find (PlumGatewaySet *self,
                       GSocketFamily socket_family,
                       const char *interface_name,
                       GError **error)
{
  PlumFamilyGateways *family = plum_gateway_set_get_family (self, socket_family);
  PlumGateway *gateway = interface_name != NULL
                           ? plum_family_gateways_find_interface (family, interface_name)
                           : plum_family_gateways_get_default (family);

  if (gateway == NULL && interface_name != NULL)
    g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                 _ ("No %s gateway on the interface “%s”"),
                 socket_family == G_SOCKET_FAMILY_IPV6 ? "IPv6" : "IPv4", interface_name);
  else if (gateway == NULL && family->reason != NULL)
    g_propagate_error (error, g_error_copy (family->reason));
  return gateway;
}

void
plum_gateway_set_hold_local (PlumGatewaySet *self, GInetAddress *address)
{
  PlumFamilyGateways *family =
    plum_gateway_set_get_family (self, g_inet_address_get_family (address));

  plum_local_addresses_add (self->locals, address);
  if (family->used && self->owner != NULL &&
      plum_family_gateways_find_local (family, address) == NULL)
    plum_gateway_set_refresh_family (self, family);
}

static void
plum_gateway_set_trim_family (PlumGatewaySet *self, PlumFamilyGateways *family)
{
  if (family->n_kept > 0 && self->owner != NULL)
    plum_gateway_set_refresh_family (self, family);
}

void
plum_gateway_set_release_local (PlumGatewaySet *self, GInetAddress *address)
{
  PlumFamilyGateways *family =
    plum_gateway_set_get_family (self, g_inet_address_get_family (address));

  plum_local_addresses_remove (self->locals, address);
  plum_gateway_set_trim_family (self, family);
}

void
plum_gateway_set_trim (PlumGatewaySet *self)
{
  for (unsigned int i = 0; i < G_N_ELEMENTS (self->families); i++)
    plum_gateway_set_trim_family (self, &self->families[i]);
}

PlumGateway *
plum_gateway_set_find_local (PlumGatewaySet *self, GInetAddress *address, GError **error)
{
  PlumFamilyGateways *family =
    plum_gateway_set_get_family (self, g_inet_address_get_family (address));
  PlumGateway *gateway = plum_family_gateways_find_local (family, address);
  g_autoptr (PlumNetwork) network = NULL;

  /* The address may have come since: the watch reports it soon. */
  if (gateway == NULL && error != NULL)
    network = plum_gateway_set_look_up_from (self, address, error);
  return gateway;
}

PlumGateway *
plum_gateway_set_find_at (PlumGatewaySet *self,
                          const char *interface_name,
                          GInetAddress *local_address,
                          GError **error)
{
  PlumFamilyGateways *family =
    plum_gateway_set_get_family (self, g_inet_address_get_family (local_address));
  g_autofree char *text = NULL;

  for (unsigned int i = 0; i < family->gateways->len; i++)
    {
      PlumGateway *gateway = family->gateways->pdata[i];
      PlumNetwork *network = plum_gateway_get_network (gateway);

      if (g_str_equal (plum_network_get_interface (network), interface_name) &&
          g_inet_address_equal (plum_network_get_local_address (network), local_address))
        return gateway;
    }

  text = g_inet_address_to_string (local_address);
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
               _ ("No router is reached from the address %s of the interface “%s”"), text,
               interface_name);
  return NULL;
}

GPtrArray *
plum_gateway_set_copy (PlumGatewaySet *self, GSocketFamily family)
{
  GPtrArray *gateways = plum_gateway_set_get_family (self, family)->gateways;
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  for (unsigned int i = 0; i < gateways->len; i++)
    g_ptr_array_add (copy, g_object_ref (gateways->pdata[i]));
  return copy;
}

/* The array grows while it is read. */
GPtrArray *
plum_gateway_set_copy_chains (PlumGatewaySet *self, GSocketFamily family)
{
  GPtrArray *gateways = plum_gateway_set_copy (self, family);

  for (unsigned int i = 0; i < gateways->len; i++)
    if (plum_gateway_peek_upstream (gateways->pdata[i]) != NULL)
      g_ptr_array_add (gateways, g_object_ref (plum_gateway_peek_upstream (gateways->pdata[i])));
  return gateways;
}

void
plum_gateway_set_foreach_late (PlumGatewaySet *self,
                               gboolean lost,
                               PlumLeftFunc func,
                               gpointer user_data)
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV4, G_SOCKET_FAMILY_IPV6 };

  for (unsigned int i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr (GPtrArray) gateways = plum_gateway_set_copy_chains (self, families[i]);

      for (unsigned int j = 0; j < gateways->len; j++)
        plum_gateway_foreach_late (gateways->pdata[j], lost, func, user_data);
    }
}

gboolean
plum_gateway_set_set_address (PlumGatewaySet *self, GInetAddress *gateway_address)
{
  if (self->gateway_address == gateway_address ||
      (self->gateway_address != NULL && gateway_address != NULL &&
       g_inet_address_equal (self->gateway_address, gateway_address)))
    return FALSE;

  g_set_object (&self->gateway_address, gateway_address);
  plum_gateway_set_refresh (self);
  return TRUE;
}

gboolean
plum_gateway_set_set_interface (PlumGatewaySet *self, const char *interface_name)
{
  if (g_strcmp0 (self->interface_name, interface_name) == 0)
    return FALSE;

  g_free (self->interface_name);
  self->interface_name = g_strdup (interface_name);
  plum_gateway_set_refresh (self);
  return TRUE;
}

GInetAddress *
plum_gateway_set_get_address (PlumGatewaySet *self)
{
  return self->gateway_address;
}

const char *
plum_gateway_set_get_interface (PlumGatewaySet *self)
{
  return self->interface_name;
}
