/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-interfaces.h"

#include <glib/gi18n-lib.h>

#include "plum-windows-adapters.h"
#include "plum-windows-error.h"

/* Of WireGuard and other virtual private networks; not in all versions of the headers. */
#ifndef IF_TYPE_PROP_VIRTUAL
#  define IF_TYPE_PROP_VIRTUAL 53
#endif

/* (transfer full) (nullable) */
static GInetAddress *
make_netmask (GSocketFamily family, guint prefix_length)
{
  guint8 bytes[16] = { 0 };

  for (guint i = 0; i < MIN (prefix_length, sizeof bytes * 8); i++)
    bytes[i / 8] |= (guint8) (0x80 >> (i % 8));
  return g_inet_address_new_from_bytes (bytes, family);
}

static gboolean
is_point_to_point (const IP_ADAPTER_ADDRESSES *adapter)
{
  return adapter->IfType == IF_TYPE_PPP || adapter->IfType == IF_TYPE_TUNNEL ||
         adapter->IfType == IF_TYPE_PROP_VIRTUAL;
}

static void
add_addresses (GPtrArray *result, const IP_ADAPTER_ADDRESSES *adapter)
{
  for (const IP_ADAPTER_UNICAST_ADDRESS *i = adapter->FirstUnicastAddress; i != NULL; i = i->Next)
    {
      GInetAddress *address = plum_windows_address_read (i->Address.lpSockaddr);
      PlumInterfaceAddress *own;

      if (address == NULL)
        continue;

      own = g_new0 (PlumInterfaceAddress, 1);
      own->interface_name = plum_windows_adapter_get_name (adapter);
      own->interface_index =
        plum_windows_adapter_get_index (adapter, g_inet_address_get_family (address));
      own->is_up = plum_windows_adapter_is_up (adapter);
      own->is_running = own->is_up;
      own->is_loopback = adapter->IfType == IF_TYPE_SOFTWARE_LOOPBACK;
      own->is_point_to_point = is_point_to_point (adapter);
      own->address = address;
      own->netmask = make_netmask (g_inet_address_get_family (address), i->OnLinkPrefixLength);
      g_ptr_array_add (result, own);
    }
}

GPtrArray *
plum_interfaces_list_addresses (GError **error)
{
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (error);
  g_autoptr (GPtrArray) result =
    g_ptr_array_new_with_free_func ((GDestroyNotify) plum_interface_address_free);

  if (adapters == NULL)
    return NULL;

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    add_addresses (result, i);
  return g_steal_pointer (&result);
}

guint
plum_interfaces_get_index (const char *name)
{
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (NULL);
  const IP_ADAPTER_ADDRESSES *adapter = plum_windows_adapters_find (adapters, name);

  return adapter != NULL ? plum_windows_adapter_get_index (adapter, G_SOCKET_FAMILY_IPV4) : 0;
}

GStrv
plum_interfaces_list_names (void)
{
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    {
      g_autofree char *name = plum_windows_adapter_get_name (i);

      g_strv_builder_add (names, name);
    }

  return g_strv_builder_end (names);
}

/* The index is in network byte order for IPv4, and in that of the host for IPv6. */
gboolean
plum_interfaces_bind_socket (GSocket *socket, const char *name, GError **error)
{
  const gboolean ipv4 = g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV4;
  const guint index = plum_interfaces_get_index (name);
  const DWORD value = ipv4 ? g_htonl (index) : index;
  guint32 code;

  if (index == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("The interface “%s” does not exist"),
                   name);
      return FALSE;
    }

  if (setsockopt ((SOCKET) g_socket_get_fd (socket), ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                  ipv4 ? IP_UNICAST_IF : IPV6_UNICAST_IF, (const char *) &value, sizeof value) == 0)
    return TRUE;

  code = (guint32) WSAGetLastError (); /* before the text is translated */
  return plum_windows_set_error (error, code, _ ("Cannot select the interface “%s”"), name);
}
