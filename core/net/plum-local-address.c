/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

/**
 * plum_address_get_local:
 * @family: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 * @error: return location for an error
 *
 * Gets the address of this host towards the internet, on the interface of the default route.
 *
 * If [func@Plum.address_get_scope] of it is %PLUM_ADDRESS_SCOPE_PUBLIC, no port mapping is
 * necessary. Nothing is sent. This function may be called from any thread.
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY if there is no route to the internet, or another error of the
 * system.
 *
 * Returns: (transfer full): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_address_get_local (GSocketFamily family, GError **error)
{
  g_autoptr (PlumNetwork) network = NULL;

  g_return_val_if_fail (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  network = plum_route_lookup (family, NULL, NULL, error);
  return network != NULL ? g_object_ref (plum_network_get_local_address (network)) : NULL;
}
