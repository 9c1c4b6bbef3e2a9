/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-error-private.h"

#include <glib/gi18n-lib.h>

const char *
plum_route_get_family_name (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? "IPv4" : "IPv6";
}

gboolean
plum_route_set_no_route (GError **error,
                         GSocketFamily family,
                         const char *interface_name,
                         GInetAddress *gateway)
{
  if (gateway != NULL)
    {
      g_autofree char *text = g_inet_address_to_string (gateway);

      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, _ ("No route leads to the gateway %s"),
                   text);
    }
  else if (interface_name != NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("No %s default route leads through the interface “%s”"),
                   plum_route_get_family_name (family), interface_name);
    }
  else
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("No default route: this host is not connected to an %s network"),
                   plum_route_get_family_name (family));
    }
  return FALSE;
}

gboolean
plum_route_set_prohibited (GError **error, GSocketFamily family, GInetAddress *gateway)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
               gateway != NULL
                 /* Translators: IPv4 or IPv6. */
                 ? _ ("The routes of this host prohibit %s packets to the gateway")
                 /* Translators: IPv4 or IPv6. */
                 : _ ("The routes of this host prohibit %s packets to the internet"),
               plum_route_get_family_name (family));
  return FALSE;
}

gboolean
plum_route_set_dropped (GError **error, GSocketFamily family, GInetAddress *gateway)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
               gateway != NULL
                 /* Translators: IPv4 or IPv6. */
                 ? _ ("The routes of this host drop %s packets to the gateway")
                 /* Translators: IPv4 or IPv6. */
                 : _ ("The routes of this host drop %s packets to the internet"),
               plum_route_get_family_name (family));
  return FALSE;
}

gboolean
plum_route_set_no_interface (GError **error, const char *interface_name)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, _ ("The interface “%s” does not exist"),
               interface_name);
  return FALSE;
}

gboolean
plum_route_set_interface_down (GError **error, const char *interface_name)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, _ ("The interface “%s” is down"),
               interface_name);
  return FALSE;
}

gboolean
plum_route_set_no_address (GError **error, GSocketFamily family, const char *interface_name)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, _ ("The interface “%s” has no %s address"),
               interface_name, plum_route_get_family_name (family));
  return FALSE;
}

gboolean
plum_route_check_gateway (GSocketFamily family,
                          const char *interface_name,
                          GInetAddress *gateway,
                          GError **error)
{
  g_autofree char *text = g_inet_address_to_string (gateway);

  if (g_inet_address_get_family (gateway) != family)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("The gateway %s is not an %s address"), text,
                   plum_route_get_family_name (family));
      return FALSE;
    }
  if (family == G_SOCKET_FAMILY_IPV6 && g_inet_address_get_is_link_local (gateway) &&
      interface_name == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("The gateway %s is link-local and requires an interface"), text);
      return FALSE;
    }
  return TRUE;
}

gboolean
plum_route_check_local_address (GInetAddress *local_address,
                                const char *interface_name,
                                const char *found,
                                GError **error)
{
  g_autofree char *text = g_inet_address_to_string (local_address);

  if (g_inet_address_get_is_link_local (local_address))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("The address %s is valid on its link only"), text);
      return FALSE;
    }
  if (found == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("This host does not have the address %s"), text);
      return FALSE;
    }
  if (interface_name != NULL && !g_str_equal (interface_name, found))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("The interface “%s” does not have the address %s"), interface_name, text);
      return FALSE;
    }
  return TRUE;
}
