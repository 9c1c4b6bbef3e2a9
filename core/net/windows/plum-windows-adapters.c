/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-windows-adapters.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "plum-windows-error.h"

#define FIRST_SIZE 16384
#define TRIES 4

IP_ADAPTER_ADDRESSES *
plum_windows_adapters_read (GError **error)
{
  const ULONG flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
  ULONG size = FIRST_SIZE;
  ULONG code = ERROR_BUFFER_OVERFLOW;

  /* The number of addresses can grow between two calls. */
  for (guint i = 0; i < TRIES && code == ERROR_BUFFER_OVERFLOW; i++)
    {
      g_autofree IP_ADAPTER_ADDRESSES *adapters = g_malloc0 (size);

      code = GetAdaptersAddresses (AF_UNSPEC, flags, NULL, adapters, &size);
      if (code == 0)
        return g_steal_pointer (&adapters);
    }

  plum_windows_set_error (error, code, _ ("The system does not report the addresses of this host"));
  return NULL;
}

char *
plum_windows_adapter_get_name (const IP_ADAPTER_ADDRESSES *adapter)
{
  char *name = g_utf16_to_utf8 ((const gunichar2 *) adapter->FriendlyName, -1, NULL, NULL, NULL);

  return name != NULL ? name : g_strdup (adapter->AdapterName);
}

guint
plum_windows_adapter_get_index (const IP_ADAPTER_ADDRESSES *adapter, GSocketFamily family)
{
  const guint index = family == G_SOCKET_FAMILY_IPV4 ? adapter->IfIndex : adapter->Ipv6IfIndex;

  /* Both are equal. An index is 0 if the adapter does not have the family, and for Wine's ::1. */
  return index != 0 ? index : MAX (adapter->IfIndex, adapter->Ipv6IfIndex);
}

gboolean
plum_windows_adapter_is_up (const IP_ADAPTER_ADDRESSES *adapter)
{
  return adapter->OperStatus == IfOperStatusUp;
}

const IP_ADAPTER_ADDRESSES *
plum_windows_adapters_find (const IP_ADAPTER_ADDRESSES *adapters, const char *name)
{
  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    {
      g_autofree char *found = plum_windows_adapter_get_name (i);

      if (g_str_equal (found, name))
        return i;
    }

  return NULL;
}

const IP_ADAPTER_ADDRESSES *
plum_windows_adapters_find_index (const IP_ADAPTER_ADDRESSES *adapters,
                                  GSocketFamily family,
                                  guint index)
{
  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    if (plum_windows_adapter_get_index (i, family) == index)
      return i;

  return NULL;
}

GInetAddress *
plum_windows_address_read (const SOCKADDR *native)
{
  SOCKADDR_INET room = { 0 };

  if (native->sa_family == AF_INET)
    {
      memcpy (&room.Ipv4, native, sizeof room.Ipv4);
      return g_inet_address_new_from_bytes ((const guint8 *) &room.Ipv4.sin_addr,
                                            G_SOCKET_FAMILY_IPV4);
    }
  if (native->sa_family != AF_INET6)
    return NULL;

  memcpy (&room.Ipv6, native, sizeof room.Ipv6);
  return g_inet_address_new_from_bytes ((const guint8 *) &room.Ipv6.sin6_addr,
                                        G_SOCKET_FAMILY_IPV6);
}

void
plum_windows_address_write (GInetAddress *address, guint scope, SOCKADDR_INET *out)
{
  const gsize size = g_inet_address_get_native_size (address);

  memset (out, 0, sizeof *out);
  out->si_family = (ADDRESS_FAMILY) g_inet_address_get_family (address);
  if (out->si_family == AF_INET)
    {
      memcpy (&out->Ipv4.sin_addr, g_inet_address_to_bytes (address), size);
      return;
    }

  memcpy (&out->Ipv6.sin6_addr, g_inet_address_to_bytes (address), size);
  out->Ipv6.sin6_scope_id = scope;
}
