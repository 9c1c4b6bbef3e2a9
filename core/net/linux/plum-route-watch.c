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

#define GROUP_BIT(group) (1u << (RTNLGRP_##group - 1))

/* The groups that report changes of the route to the internet. This includes rules: some VPNs add
 * only a rule that selects a separate table (quirk 68). */
#define WATCHED_GROUPS                                                                             \
  (GROUP_BIT (LINK) | GROUP_BIT (IPV4_IFADDR) | GROUP_BIT (IPV4_ROUTE) | GROUP_BIT (IPV4_RULE) |   \
   GROUP_BIT (IPV6_IFADDR) | GROUP_BIT (IPV6_ROUTE) | GROUP_BIT (IPV6_RULE))

typedef struct
{
  GSource source;
  int fd;
  gpointer tag;
  GHashTable *links; /* interface index -> hash of its last known state */
} RouteWatch;

/* The kernel reports a link for many reasons, such as a Wi-Fi scan or a new MTU, and its change
 * mask omits the loss of the carrier. Compare the relevant state. */
static gboolean
watch_link_changed (RouteWatch *self, const PlumNetlinkMessage *message)
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

/* Ignores routes in the local table, because the kernel also reports the address that they belong
 * to, and cached routes. */
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
watch_message_matters (RouteWatch *self, const PlumNetlinkMessage *message)
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

/* Returns whether a datagram reports a change. Data that cannot be decoded counts as a change. */
static gboolean
watch_parse (RouteWatch *self, const guint8 *data, gsize len)
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
watch_receive (RouteWatch *self)
{
  guint8 buffer[PLUM_NETLINK_BUFFER_SIZE];
  gboolean changed = FALSE;

  while (TRUE)
    {
      gssize n = plum_netlink_receive (self->fd, buffer, sizeof buffer);

      if (n >= 0)
        {
          changed |= watch_parse (self, buffer, (gsize) n);
        }
      else if (n == -ENOBUFS || n == -EMSGSIZE)
        {
          /* Messages were lost, so the known state is invalid. */
          g_hash_table_remove_all (self->links);
          changed = TRUE;
        }
      else
        {
          if (n != -EAGAIN)
            plum_warn ("Cannot receive network changes: %s", g_strerror ((int) -n));
          return changed;
        }
    }
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  RouteWatch *self = (RouteWatch *) source;

  return watch_receive (self) ? callback (user_data) : G_SOURCE_CONTINUE;
}

static void
watch_finalize (GSource *source)
{
  RouteWatch *self = (RouteWatch *) source;

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
  RouteWatch *self;
  int fd = plum_netlink_open (WATCHED_GROUPS, error);

  if (fd < 0)
    return NULL;

  source = g_source_new (&watch_funcs, sizeof (RouteWatch));
  self = (RouteWatch *) source;
  self->fd = fd;
  self->tag = g_source_add_unix_fd (source, fd, G_IO_IN | G_IO_ERR);
  self->links = g_hash_table_new (NULL, NULL);
  g_source_set_static_name (source, "[plum] route watch");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}
