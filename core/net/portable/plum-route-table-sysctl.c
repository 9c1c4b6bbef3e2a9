/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-table-private.h"

/* <net/route.h> does not include what it needs. */
#include <glib/gi18n-lib.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <net/if.h>
#include <net/route.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "plum-log-private.h"

#define BUFFER_SIZE 8192
#define TRIES 4

/* How the kernels pad the addresses of a message (route(4)). */
#if defined(__APPLE__)
#  define ALIGNMENT sizeof (guint32)
#elif defined(__NetBSD__)
#  define ALIGNMENT sizeof (guint64)
#else
#  define ALIGNMENT sizeof (long)
#endif

/* FreeBSD has replaced the flag of entries for neighbours. */
#ifdef RTF_LLINFO
#  define NEIGHBOUR_FLAG RTF_LLINFO
#else
#  define NEIGHBOUR_FLAG 0
#endif

static const PlumRouteLayout native = {
  .version = RTM_VERSION,
  .index = offsetof (struct rt_msghdr, rtm_index),
  .flags = offsetof (struct rt_msghdr, rtm_flags),
  .addrs = offsetof (struct rt_msghdr, rtm_addrs),
#ifdef __OpenBSD__
  .priority = offsetof (struct rt_msghdr, rtm_priority),
  .header_len = offsetof (struct rt_msghdr, rtm_hdrlen),
#endif
  .size = sizeof (struct rt_msghdr),
  .alignment = ALIGNMENT,
  .inet6 = AF_INET6,
#ifdef RTF_IFSCOPE
  .scoped = RTF_IFSCOPE,
#endif
};

G_STATIC_ASSERT (RTM_ADD == PLUM_ROUTE_ADD && RTM_GET == PLUM_ROUTE_GET);
G_STATIC_ASSERT (RTM_NEWADDR == PLUM_ROUTE_NEW_ADDRESS && RTM_IFINFO == PLUM_ROUTE_LINK);
G_STATIC_ASSERT (RTF_UP == PLUM_ROUTE_FLAG_UP && RTF_GATEWAY == PLUM_ROUTE_FLAG_GATEWAY);
G_STATIC_ASSERT (RTF_REJECT == PLUM_ROUTE_FLAG_REJECT && RTF_HOST == PLUM_ROUTE_FLAG_HOST);
G_STATIC_ASSERT (sizeof (struct rt_msghdr) <= G_MAXUINT8);

gboolean
plum_route_table_is_available (void)
{
  return TRUE;
}

/* The table can grow between the two calls. (transfer full) */
static guint8 *
read_sysctl (int family, int operation, int argument, gsize *len, GError **error)
{
  int name[] = { CTL_NET, PF_ROUTE, 0, family, operation, argument };
  int code = 0;

  for (guint i = 0; i < TRIES; i++)
    {
      g_autofree guint8 *data = NULL;

      if (sysctl (name, G_N_ELEMENTS (name), NULL, len, NULL, 0) == 0)
        {
          *len += *len / 8 + BUFFER_SIZE;
          data = g_malloc (*len);
          if (sysctl (name, G_N_ELEMENTS (name), data, len, NULL, 0) == 0)
            return g_steal_pointer (&data);
        }

      code = errno;
      if (code != ENOMEM)
        break;
    }

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("The system did not report its routes: %s"), g_strerror (code));
  return NULL;
}

/* (element-type PlumRouteMessage) (transfer full) */
static GArray *
read_table (int family, int operation, int argument, GError **error)
{
  gsize len = 0;
  gsize offset = 0;
  g_autofree guint8 *data = read_sysctl (family, operation, argument, &len, error);
  g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (PlumRouteMessage));
  g_autoptr (GError) local = NULL;
  PlumRouteMessage message;

  if (data == NULL)
    return NULL;

  while (plum_route_message_next (&native, data, len, &offset, &message, &local))
    if (message.type != 0 && message.family != G_SOCKET_FAMILY_INVALID)
      g_array_append_val (routes, message);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  return g_steal_pointer (&routes);
}

GArray *
plum_route_table_read (GSocketFamily family, GError **error)
{
  return read_table ((int) family, NET_RT_DUMP, 0, error);
}

GArray *
plum_route_table_read_neighbours (void)
{
  GArray *routes = read_table (AF_INET, NET_RT_FLAGS, NEIGHBOUR_FLAG, NULL);

  return routes != NULL ? routes : g_array_new (FALSE, FALSE, sizeof (PlumRouteMessage));
}

int
plum_route_table_open_socket (GError **error)
{
  const int fd = socket (PF_ROUTE, SOCK_RAW, 0);
  int code;

  if (fd >= 0 && fcntl (fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl (fd, F_SETFL, O_NONBLOCK) == 0)
    return fd;

  code = errno;
  if (fd >= 0)
    close (fd);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("The system did not open a routing socket: %s"), g_strerror (code));
  return -1;
}

/* Data that cannot be decoded counts as a change. */
static gboolean
datagram_matters (const guint8 *data, gsize len)
{
  g_autoptr (GError) error = NULL;
  PlumRouteMessage message;
  gboolean matters = FALSE;
  gsize offset = 0;

  while (plum_route_message_next (&native, data, len, &offset, &message, &error))
    matters |= plum_route_message_matters (&message);
  return matters || error != NULL;
}

gboolean
plum_route_table_drain_socket (int fd)
{
  guint8 buffer[BUFFER_SIZE];
  gboolean changed = FALSE;

  while (TRUE)
    {
      const gssize n = read (fd, buffer, sizeof buffer);

      if (n > 0)
        changed |= datagram_matters (buffer, (gsize) n);
      else if (n < 0 && errno == EINTR)
        continue;
      else if (n < 0 && errno == ENOBUFS)
        changed = TRUE; /* messages were lost */
      else
        {
          if (n < 0 && errno != EAGAIN)
            plum_warn ("Cannot receive network changes: %s", g_strerror (errno));
          return changed;
        }
    }
}
