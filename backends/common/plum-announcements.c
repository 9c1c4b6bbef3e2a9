/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-announcements.h"

#include "plum-backend-log.h"
#include "plum-bytes.h"
#include "plum-sockets.h"
#include "plum-udp.h"

#define ANNOUNCEMENT_PORT 5350
#define DRAIN_MAX 64

struct _PlumAnnouncements
{
  PlumBackend *backend;
  const char *label;
  GSocket *socket;
  GSource *source;
  PlumAnnouncementFunc func;
  gpointer user_data;
};

/* An external address response of NAT-PMP, or an ANNOUNCE response of PCP: 128 in both. */
static gboolean
is_announcement (const uint8_t *data, size_t len)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  uint32_t version = plum_reader_be (&r, 1);
  uint32_t op = plum_reader_be (&r, 1);

  plum_reader_take (&r, 10);
  return plum_reader_ok (&r) && (version == 0 || version == 2) && op == 128;
}

static gboolean
plum_announcements_read_one (PlumAnnouncements *self, gboolean *announced)
{
  GInetAddress *gateway = plum_network_get_gateway (plum_backend_get_network (self->backend));
  g_autoptr (GSocketAddress) from = NULL;
  g_autoptr (GError) error = NULL;
  uint8_t buffer[2048]; /* some systems do not return the start of a longer datagram */
  gssize n;

  n = g_socket_receive_from (self->socket, &from, (char *) buffer, sizeof buffer, NULL, &error);
  if (n < 0)
    return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

  if (G_IS_INET_SOCKET_ADDRESS (from) &&
      g_inet_address_equal (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from)),
                            gateway) &&
      is_announcement (buffer, (size_t) n))
    *announced = TRUE;
  return TRUE;
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  PlumAnnouncements *self = user_data;
  gboolean announced = FALSE;

  for (unsigned int i = 0; i < DRAIN_MAX; i++)
    {
      if (!plum_announcements_read_one (self, &announced))
        break;
    }

  /* Last, because it may free self. A restart is announced ten times: report it once. */
  if (announced)
    self->func (self->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
plum_announcements_open (PlumAnnouncements *self, GError **error)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  const gboolean is_ipv6 = plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6;
  g_autoptr (GInetAddress) group =
    g_inet_address_new_from_string (is_ipv6 ? "ff02::1" : "224.0.0.1");
  g_autoptr (GSocketAddress) at = plum_udp_socket_address (network, group, ANNOUNCEMENT_PORT);

  self->socket = plum_sockets_new_for_group (network, G_INET_SOCKET_ADDRESS (at), error);
  return self->socket != NULL;
}

static void
plum_announcements_wait (PlumAnnouncements *self,
                         GSource *source,
                         GSourceFunc func,
                         GMainContext *context)
{
  self->source = source;
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, context);
}

static gboolean
on_idle (gpointer user_data)
{
  PlumAnnouncements *self = user_data;
  g_autoptr (GMainContext) context = g_main_context_ref (g_source_get_context (self->source));
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->source, g_source_unref);
  if (plum_announcements_open (self, &error))
    plum_announcements_wait (self, g_socket_create_source (self->socket, G_IO_IN, NULL),
                             G_SOURCE_FUNC (on_readable), context);
  else
    plum_log_debug ("%s: cannot listen for announcements of a restart: %s", self->label,
                    error->message);
  return G_SOURCE_REMOVE;
}

PlumAnnouncements *
plum_announcements_new (PlumBackend *backend,
                        PlumExchanges *exchanges,
                        PlumAnnouncementFunc func,
                        gpointer user_data)
{
  PlumAnnouncements *self = g_new0 (PlumAnnouncements, 1);

  self->backend = backend;
  self->label = plum_exchanges_get_label (exchanges);
  self->func = func;
  self->user_data = user_data;
  plum_announcements_wait (self, g_idle_source_new (), on_idle,
                           plum_exchanges_get_context (exchanges));
  return self;
}

void
plum_announcements_free (PlumAnnouncements *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
  g_free (self);
}
