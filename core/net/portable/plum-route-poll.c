/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-poll-private.h"

#include <string.h>

#include "plum-interfaces.h"
#include "plum-metered-private.h"
#include "plum-public-host.h"
#include "plum-route-source-private.h"

/* Shared with the handler of the monitor, which may run in another thread. */
typedef struct
{
  GMutex lock;
  GSource *source; /* borrowed; NULL after it was finalized */
} MonitorLink;

typedef struct
{
  GSource source;
  GBytes *state;            /* the last known addresses */
  GNetworkMonitor *monitor; /* (nullable) */
  MonitorLink *link;
  gulong handler_id;
} RoutePoll;

static void
monitor_link_clear (gpointer data)
{
  MonitorLink *self = data;

  g_mutex_clear (&self->lock);
}

static void
monitor_link_unref (gpointer data, GClosure *closure)
{
  g_atomic_rc_box_release_full (data, monitor_link_clear);
}

static void
on_monitor_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  MonitorLink *link = user_data;

  g_mutex_lock (&link->lock);
  if (link->source != NULL)
    g_source_set_ready_time (link->source, 0);
  g_mutex_unlock (&link->lock);
}

static void
append_address (GByteArray *bytes, GInetAddress *address)
{
  if (address != NULL)
    g_byte_array_append (bytes, g_inet_address_to_bytes (address),
                         (guint) g_inet_address_get_native_size (address));
}

static void
append_interfaces (GByteArray *bytes)
{
  g_autoptr (GPtrArray) addresses = plum_interfaces_list_addresses (NULL);

  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];
      const guint8 flags[] = { (guint8) own->is_up, (guint8) own->is_running };

      g_byte_array_append (bytes, (const guint8 *) own->interface_name,
                           (guint) strlen (own->interface_name) + 1);
      g_byte_array_append (bytes, flags, sizeof flags);
      append_address (bytes, own->address);
      append_address (bytes, own->netmask);
    }
}

/* The address that the system uses for the internet: shows that the default route leads through
 * another interface. */
static void
append_source (GByteArray *bytes, GSocketFamily family)
{
  g_autoptr (GInetAddress) internet = plum_public_host_new (family);
  g_autoptr (GInetAddress) source = NULL;

  if (plum_route_source_find (internet, 0, &source, NULL))
    append_address (bytes, source);
}

/* Compared byte by byte. (transfer full) */
static GBytes *
read_state (void)
{
  GByteArray *bytes = g_byte_array_new ();

  append_interfaces (bytes);
  append_source (bytes, G_SOCKET_FAMILY_IPV4);
  append_source (bytes, G_SOCKET_FAMILY_IPV6);
  return g_byte_array_free_to_bytes (bytes);
}

/* In real time, also with a manual clock: a test of something else does not notice it. */
static void
route_poll_arm (RoutePoll *self)
{
  g_source_set_ready_time (&self->source, g_get_monotonic_time () + PLUM_ROUTE_POLL_MS * 1000);
}

/* The monitor cannot be had at first if another thread runs the global default context. */
static void
route_poll_follow_monitor (RoutePoll *self)
{
  if (self->monitor != NULL)
    return;

  self->monitor = plum_metered_get_monitor ();
  if (self->monitor != NULL)
    self->handler_id =
      g_signal_connect_data (self->monitor, "network-changed", G_CALLBACK (on_monitor_changed),
                             g_atomic_rc_box_acquire (self->link), monitor_link_unref,
                             G_CONNECT_DEFAULT);
}

static gboolean
route_poll_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  RoutePoll *self = (RoutePoll *) source;
  g_autoptr (GBytes) state = NULL;
  gboolean changed;

  /* First, so that a signal of the monitor during the rest is not lost. */
  route_poll_arm (self);
  state = read_state ();
  changed = !g_bytes_equal (state, self->state);
  route_poll_follow_monitor (self);
  if (!changed)
    return G_SOURCE_CONTINUE;

  g_bytes_unref (self->state);
  self->state = g_steal_pointer (&state);
  return callback (user_data);
}

static void
route_poll_finalize (GSource *source)
{
  RoutePoll *self = (RoutePoll *) source;

  g_mutex_lock (&self->link->lock);
  self->link->source = NULL;
  g_mutex_unlock (&self->link->lock);
  if (self->handler_id != 0)
    g_signal_handler_disconnect (self->monitor, self->handler_id);
  g_atomic_rc_box_release_full (self->link, monitor_link_clear);
  g_bytes_unref (self->state);
}

static GSourceFuncs route_poll_funcs = {
  .dispatch = route_poll_dispatch,
  .finalize = route_poll_finalize,
};

GSource *
plum_route_poll_new (GMainContext *context, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_source_new (&route_poll_funcs, sizeof (RoutePoll));
  RoutePoll *self = (RoutePoll *) source;

  self->state = read_state ();
  self->link = g_atomic_rc_box_new0 (MonitorLink);
  g_mutex_init (&self->link->lock);
  self->link->source = source;
  route_poll_follow_monitor (self);
  route_poll_arm (self);

  g_source_set_static_name (source, "[plum] route poll");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}
