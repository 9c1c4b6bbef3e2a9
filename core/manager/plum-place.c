/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-place-private.h"

#include "plum-gateway-private.h"
#include "plum-interfaces.h"
#include "plum-link-private.h"
#include "plum-mapping-private.h"
#include "plum-route-private.h"

/* The gateway that a mapping selects. (transfer none) (nullable) */
static PlumGateway *
select_gateway (PlumGatewaySet *gateways, PlumMapping *mapping)
{
  const PlumMappingSpec *spec = plum_mapping_get_spec (mapping);

  if (spec->local_address != NULL)
    return plum_gateway_set_find_local (gateways, spec->local_address, NULL);
  return plum_gateway_set_find (gateways, spec->family, plum_mapping_get_bound_interface (mapping),
                                NULL);
}

/* A gateway is known by its interface and its local address, not by what a mapping selects: when
 * another address becomes the preferred one, the users move, and the leases stay where they are. */
PlumGateway *
plum_place_make_id (PlumGatewaySet *gateways, PlumMapping *mapping, PlumLeaseHolderId *id)
{
  const PlumMappingSpec *spec = plum_mapping_get_spec (mapping);
  PlumGateway *gateway = select_gateway (gateways, mapping);

  id->protocol = spec->protocol;
  id->family = spec->family;
  id->internal_port = spec->internal_port;
  id->hosts = spec->hosts;
  if (gateway != NULL)
    plum_lease_holder_id_set_place (id,
                                    plum_network_get_interface (plum_gateway_get_network (gateway)),
                                    plum_network_get_local_address (
                                      plum_gateway_get_network (gateway)));
  else
    plum_lease_holder_id_set_place (id, plum_mapping_get_bound_interface (mapping),
                                    spec->local_address);
  return gateway;
}

PlumGateway *
plum_place_find_gateway (PlumGatewaySet *gateways, const PlumLeaseHolderId *id, GError **error)
{
  g_autoptr (GInetAddress) local = plum_lease_holder_id_get_local_address (id);

  if (local == NULL)
    return plum_gateway_set_find (gateways, id->family, id->interface_name, error);
  if (id->interface_name == NULL)
    return plum_gateway_set_find_local (gateways, local, error);
  return plum_gateway_set_find_at (gateways, id->interface_name, local, error);
}

/* A mapping that names its place on this host fails at once without a router there: it may be a
 * permanent mistake. An interface that does not exist, such as that of a VPN, may come. */
static gboolean
check_router (PlumGatewaySet *gateways, PlumMapping *mapping, GError **error)
{
  const PlumMappingSpec *spec = plum_mapping_get_spec (mapping);
  const char *interface_name = plum_gateway_set_get_interface (gateways);
  g_autoptr (GError) reason = NULL;

  if (spec->local_address != NULL)
    plum_gateway_set_find_local (gateways, spec->local_address, &reason);
  else if (interface_name != NULL && plum_mapping_get_bound_interface (mapping) == NULL &&
           plum_interfaces_get_index (interface_name) != 0)
    plum_gateway_set_find (gateways, spec->family, NULL, &reason);

  /* If the kernel did not answer, it is asked again. */
  if (!g_error_matches (reason, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* Later, a host that is not on the link of the gateway is a failure of the mapping. */
static gboolean
check_host (PlumGatewaySet *gateways, PlumMapping *mapping, GError **error)
{
  GInetAddress *host = plum_mapping_get_spec (mapping)->hosts.internal;
  PlumGateway *gateway;
  g_autoptr (GError) reason = NULL;

  if (host == NULL)
    return TRUE;

  gateway = select_gateway (gateways, mapping);
  if (plum_link_check_host (gateway != NULL ? plum_gateway_get_network (gateway) : NULL, host,
                            &reason))
    return TRUE;

  if (g_error_matches (reason, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
plum_place_check (PlumGatewaySet *gateways, PlumMapping *mapping, GError **error)
{
  return check_router (gateways, mapping, error) && check_host (gateways, mapping, error);
}
