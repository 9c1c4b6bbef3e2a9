/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-interfaces.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Some systems shorten the address of a mask, and do not set its family. (nullable) (transfer full)
 */
static GInetAddress *
read_native (const struct sockaddr *native, int family)
{
  union
  {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } room = { 0 };

  if (family == AF_INET)
    {
      memcpy (&room.in, native, sizeof room.in);
      return g_inet_address_new_from_bytes ((const guint8 *) &room.in.sin_addr,
                                            G_SOCKET_FAMILY_IPV4);
    }

  memcpy (&room.in6, native, sizeof room.in6);
  return g_inet_address_new_from_bytes ((const guint8 *) &room.in6.sin6_addr, G_SOCKET_FAMILY_IPV6);
}

static PlumInterfaceAddress *
interface_address_new (const struct ifaddrs *entry)
{
  PlumInterfaceAddress *self = g_new0 (PlumInterfaceAddress, 1);
  const int family = entry->ifa_addr->sa_family;

  self->interface_name = g_strdup (entry->ifa_name);
  self->interface_index = if_nametoindex (entry->ifa_name);
  self->is_up = (entry->ifa_flags & IFF_UP) != 0;
  self->is_running = (entry->ifa_flags & IFF_RUNNING) != 0;
  self->is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
  self->is_point_to_point = (entry->ifa_flags & IFF_POINTOPOINT) != 0;
  self->address = read_native (entry->ifa_addr, family);
  if (entry->ifa_netmask != NULL)
    self->netmask = read_native (entry->ifa_netmask, family);
  return self;
}

GPtrArray *
plum_interfaces_list_addresses (GError **error)
{
  g_autoptr (GPtrArray) result =
    g_ptr_array_new_with_free_func ((GDestroyNotify) plum_interface_address_free);
  struct ifaddrs *list = NULL;

  if (getifaddrs (&list) != 0)
    {
      const int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   _ ("The system does not report the addresses of this host: %s"),
                   g_strerror (code));
      return NULL;
    }

  for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
    if (i->ifa_addr != NULL &&
        (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
      g_ptr_array_add (result, interface_address_new (i));

  freeifaddrs (list);
  return g_steal_pointer (&result);
}

guint
plum_interfaces_get_index (const char *name)
{
  return if_nametoindex (name);
}

GStrv
plum_interfaces_list_names (void)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  struct if_nameindex *interfaces = if_nameindex ();

  for (guint i = 0; interfaces != NULL && interfaces[i].if_index != 0; i++)
    g_strv_builder_add (names, interfaces[i].if_name);
  g_clear_pointer (&interfaces, if_freenameindex);
  return g_strv_builder_end (names);
}
