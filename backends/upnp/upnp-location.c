/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-location.h"

#include "upnp-link.h"

#include <glib/gi18n-lib.h>

UpnpUrl *
upnp_location_read (UpnpSession *session, GInetAddress **address, GError **error)
{
  g_autoptr (GVariant) option = NULL;
  g_autoptr (GInetAddress) host = NULL;
  g_autoptr (UpnpUrl) location = NULL;
  UpnpLinkVerdict verdict;

  /* The option is for the first router. */
  if (plum_network_get_hop (upnp_session_get_network (session)) == 1)
    option = plum_backend_dup_option (upnp_session_get_backend (session), "location",
                                      G_VARIANT_TYPE_STRING);
  if (option == NULL)
    return NULL;

  location = upnp_url_parse (g_variant_get_string (option, NULL), error);
  if (location == NULL)
    {
      g_prefix_error (error, _ ("the option location: "));
      return NULL;
    }

  host = g_inet_address_new_from_string (location->host);
  if (host == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   _ ("the option location: “%s” is not an IP address"), location->host);
      return NULL;
    }

  verdict = upnp_link_judge (upnp_session_get_network (session), host);
  if (verdict != UPNP_LINK_MAY_CONTACT)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_REFUSED,
                   _ ("the option location: %s is not contacted: %s"), location->host,
                   upnp_link_explain (verdict));
      return NULL;
    }

  *address = g_steal_pointer (&host);
  return g_steal_pointer (&location);
}
