/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#include "plum-log-private.h"
#include "plum-netlink-socket-private.h"
#include "plum-netlink-private.h"

#define GROUP(group) (1u << (RTNLGRP_##group - 1))

/* What can change the way to the internet. The rules are among it: a VPN that works by a table of
 * its own (quirk 68) switches it on by a rule alone. */
#define WATCHED_GROUPS                                                                             \
  (GROUP (LINK) | GROUP (IPV4_IFADDR) | GROUP (IPV4_ROUTE) | GROUP (IPV4_RULE) |                   \
   GROUP (IPV6_IFADDR) | GROUP (IPV6_ROUTE) | GROUP (IPV6_RULE))

typedef struct
{
  GSource source;
  int fd;
  gpointer tag;
  GHashTable *links; /* index of an interface -> what was last seen of it */
} Watch;

/* The kernel tells of a link for many reasons (a scan for Wi-Fi networks, a new MTU), and its own
 * mask of changes leaves out a cable that is pulled. So what matters is compared here. */
static gboolean
watch_link_changed (Watch *self, const PlumNetlinkMessage *message)
{
  PlumNetlinkLink link;
  gpointer last;
  gpointer now;
  gboolean known;

  if (!plum_netlink_decode_link (message, &link, NULL))
    return TRUE;

  known = g_hash_table_lookup_extended (self->links, GUINT_TO_POINTER (link.index), NULL, &last);
  now = GUINT_TO_POINTER (link.flags ^ g_str_hash (link.name));
  g_hash_table_insert (self->links, GUINT_TO_POINTER (link.index), now);
  return !known || last != now;
}

/* A table entry for an address of this host comes and goes with the address, of which the kernel
 * tells besides; a cloned route is a cache's. */
static gboolean
route_matters (const PlumNetlinkMessage *message)
{
  PlumNetlinkRoute route;

  if (!plum_netlink_decode_route (message, &route, NULL))
    return TRUE;
  return (route.flags & RTM_F_CLONED) == 0 && route.table != RT_TABLE_LOCAL &&
         route.type != RTN_MULTICAST;
}

static gboolean
watch_message_matters (Watch *self, const PlumNetlinkMessage *message)
{
  switch (message->type)
    {
    case RTM_NEWLINK:
      return watch_link_changed (self, message);

    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return route_matters (message);

    default:
      return TRUE;
    }
}

/* Whether a datagram tells of a change. What cannot be read may be one. */
static gboolean
watch_take (Watch *self, const guint8 *data, gsize len)
{
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (data, len);
  PlumNetlinkMessage message;
  g_autoptr (GError) error = NULL;
  gboolean matters = FALSE;

  while (plum_netlink_reader_next (&reader, &message, &error))
    matters |= watch_message_matters (self, &message);
  return matters || error != NULL;
}

static gboolean
watch_drain (Watch *self)
{
  guint8 buffer[PLUM_NETLINK_BUFFER_SIZE];
  gboolean changed = FALSE;

  while (TRUE)
    {
      gssize n = plum_netlink_receive (self->fd, buffer, sizeof buffer);

      if (n >= 0)
        {
          changed |= watch_take (self, buffer, (gsize) n);
        }
      else if (n == -ENOBUFS || n == -EMSGSIZE)
        {
          /* Something was lost: nothing that was known holds. */
          g_hash_table_remove_all (self->links);
          changed = TRUE;
        }
      else
        {
          if (n != -EAGAIN)
            plum_warn ("Cannot hear of changes of the network: %s", g_strerror ((int) -n));
          return changed;
        }
    }
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Watch *self = (Watch *) source;

  return watch_drain (self) ? callback (user_data) : G_SOURCE_CONTINUE;
}

static void
watch_finalize (GSource *source)
{
  Watch *self = (Watch *) source;

  close (self->fd);
  g_hash_table_unref (self->links);
}

static GSourceFuncs watch_funcs = {
  .dispatch = watch_dispatch,
  .finalize = watch_finalize,
};

GSource *
plum_route_watch_new (GMainContext *context, GSourceFunc func, gpointer user_data, GError **error)
{
  GSource *source;
  Watch *self;
  guint32 port_id;
  int fd = plum_netlink_open (WATCHED_GROUPS, &port_id, error);

  if (fd < 0)
    return NULL;

  source = g_source_new (&watch_funcs, sizeof (Watch));
  self = (Watch *) source;
  self->fd = fd;
  self->tag = g_source_add_unix_fd (source, fd, G_IO_IN | G_IO_ERR);
  self->links = g_hash_table_new (NULL, NULL);
  g_source_set_static_name (source, "[plum] route watch");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}
