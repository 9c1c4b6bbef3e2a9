/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-log.h"

#include "packet-text.h"

#include <string.h>

static void
doctor_event_free (DoctorEvent *event)
{
  g_clear_object (&event->gateway);
  g_clear_object (&event->peer);
  g_clear_pointer (&event->bytes, g_bytes_unref);
  g_free (event->backend);
  g_free (event->note);
  g_free (event);
}

static DoctorEvent *
add_event (DoctorLog *self, PlumGateway *gateway, const char *backend)
{
  DoctorEvent *event = g_new0 (DoctorEvent, 1);

  event->gateway = g_object_ref (gateway);
  event->backend = g_strdup (backend);
  event->ms = (guint) ((g_get_monotonic_time () - self->start) / 1000);
  g_ptr_array_add (self->events, event);
  return event;
}

void
doctor_log_init (DoctorLog *self)
{
  self->start = g_get_monotonic_time ();
  self->events = g_ptr_array_new_with_free_func ((GDestroyNotify) doctor_event_free);
}

void
doctor_log_clear (DoctorLog *self)
{
  g_clear_pointer (&self->events, g_ptr_array_unref);
}

void
doctor_log_add_traffic (DoctorLog *self,
                        PlumGateway *gateway,
                        const char *backend,
                        PlumTrafficDirection direction,
                        GSocketAddress *peer,
                        GBytes *bytes)
{
  DoctorEvent *event = add_event (self, gateway, backend);

  event->direction = direction;
  event->bytes = g_bytes_ref (bytes);
  if (G_IS_INET_SOCKET_ADDRESS (peer))
    event->peer = G_INET_SOCKET_ADDRESS (g_object_ref (peer));
}

void
doctor_log_add_note (DoctorLog *self, PlumGateway *gateway, const char *backend, const char *note)
{
  add_event (self, gateway, backend)->note = g_strdup (note);
}

/* "192.168.1.1:5351" */
char *
doctor_log_describe_peer (const DoctorEvent *event)
{
  g_autofree char *address = NULL;
  gboolean bracket;

  if (event->peer == NULL)
    return g_strdup ("?");

  address = g_inet_address_to_string (g_inet_socket_address_get_address (event->peer));
  bracket = strchr (address, ':') != NULL;
  return g_strdup_printf ("%s%s%s:%u", bracket ? "[" : "", address, bracket ? "]" : "",
                          g_inet_socket_address_get_port (event->peer));
}

gboolean
doctor_event_is_search (const DoctorEvent *event)
{
  static const char start[] = "M-SEARCH";
  gsize size;
  const char *data = g_bytes_get_data (event->bytes, &size);

  return size >= sizeof start - 1 && strncmp (data, start, sizeof start - 1) == 0;
}

/* The number of devices other than the gateway that answered on its network. */
guint
doctor_log_count_other_devices (DoctorLog *self, PlumGateway *gateway)
{
  GInetAddress *address = plum_gateway_get_address (gateway);
  g_autoptr (GHashTable) others = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->events->len; i++)
    {
      const DoctorEvent *event = self->events->pdata[i];
      GInetAddress *peer;

      /* A search received from the multicast group (also our own) is not an answer. */
      if (event->gateway != gateway || event->peer == NULL || address == NULL ||
          event->direction != PLUM_TRAFFIC_RECEIVED || doctor_event_is_search (event))
        continue;

      peer = g_inet_socket_address_get_address (event->peer);
      if (!g_inet_address_equal (peer, address))
        g_hash_table_add (others, g_inet_address_to_string (peer));
    }

  return g_hash_table_size (others);
}

/* Whether @gateway has reported that another router translates our packets. */
gboolean
doctor_log_has_mismatch (DoctorLog *self, PlumGateway *gateway)
{
  for (guint i = 0; i < self->events->len; i++)
    {
      const DoctorEvent *event = self->events->pdata[i];

      if (event->gateway == gateway && event->bytes != NULL &&
          event->direction == PLUM_TRAFFIC_RECEIVED &&
          packet_text_is_address_mismatch (event->bytes))
        return TRUE;
    }

  return FALSE;
}
