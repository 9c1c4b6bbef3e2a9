/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-main-context-private.h"
#include "plum-manager-private.h"

/**
 * plum_manager_get_local_address:
 * @self: a manager
 * @error: return location for an error
 *
 * Gets the address of this host towards the gateway.
 *
 * This is an IPv4 address, unless [property@Plum.Manager:gateway-address] is an IPv6 address.
 * Nothing is sent.
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY or %G_IO_ERROR_NETWORK_UNREACHABLE if there is no network;
 * %G_IO_ERROR_CLOSED if the manager is closed.
 *
 * Returns: (transfer full): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_manager_get_local_address (PlumManager *self, GError **error)
{
  g_autoptr (PlumNetwork) network = NULL;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!plum_manager_check_open (self, error))
    return NULL;

  network = plum_gateway_set_look_up (self->gateways, plum_manager_get_main_family (self), error);
  return network != NULL ? g_object_ref (plum_network_get_local_address (network)) : NULL;
}
