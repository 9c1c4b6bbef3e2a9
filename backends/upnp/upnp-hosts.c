/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-hosts.h"

static void
set_text (char *text, GInetAddress *address)
{
  g_autofree char *string = g_inet_address_to_string (address);

  g_strlcpy (text, string, UPNP_HOST_SIZE);
}

gboolean
upnp_hosts_fill (UpnpHosts *self, PlumRequest *request)
{
  GInetAddress *client = plum_request_get_internal_address (request);
  GListModel *remote = plum_request_get_remote_addresses (request);
  g_autoptr (GInetAddressMask) mask = remote != NULL ? g_list_model_get_item (remote, 0) : NULL;
  GInetAddress *address = mask != NULL ? g_inet_address_mask_get_address (mask) : NULL;

  *self = (UpnpHosts){ "" };
  if (client != NULL)
    set_text (self->client, client);
  if (remote == NULL)
    return TRUE;

  set_text (self->remote, address);
  return g_list_model_get_n_items (remote) == 1 &&
         g_inet_address_mask_get_length (mask) == 8 * g_inet_address_get_native_size (address);
}

gboolean
upnp_hosts_equal (const UpnpHosts *self, const UpnpHosts *other)
{
  return g_str_equal (self->client, other->client) && g_str_equal (self->remote, other->remote);
}

gboolean
upnp_hosts_has_client (const UpnpHosts *self)
{
  return *self->client != '\0';
}

gboolean
upnp_hosts_has_remote (const UpnpHosts *self)
{
  return *self->remote != '\0';
}

const char *
upnp_hosts_get_client (const UpnpHosts *self, const char *local_address)
{
  return upnp_hosts_has_client (self) ? self->client : local_address;
}

const char *
upnp_hosts_get_other_client (const UpnpHosts *self)
{
  return upnp_hosts_get_client (self, NULL);
}

const char *
upnp_hosts_get_remote (const UpnpHosts *self)
{
  return upnp_hosts_has_remote (self) ? self->remote : NULL;
}

gboolean
upnp_hosts_is_remote (const UpnpHosts *self, const char *text)
{
  g_autoptr (GInetAddress) wanted = g_inet_address_new_from_string (self->remote);
  g_autoptr (GInetAddress) address = text != NULL ? g_inet_address_new_from_string (text) : NULL;

  return wanted != NULL && address != NULL && g_inet_address_equal (wanted, address);
}
