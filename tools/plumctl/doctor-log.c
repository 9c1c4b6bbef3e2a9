/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-log.h"

#include "packet-text.h"

#include <glib/gi18n-lib.h>
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

/* Returns NULL if too many events of this kind were added. @kind: a short name. @limit: of the
 * events of this kind and backend. */
static DoctorEvent *
add_event (DoctorLog *self,
           PlumGateway *gateway,
           const char *backend,
           const char *kind,
           guint limit,
           gsize size)
{
  g_autofree char *key = g_strdup_printf ("%s %s", kind, backend);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, key));
  DoctorEvent *event;

  if (n >= limit || size > DOCTOR_LOG_MAX_BYTES - self->size)
    {
      self->n_left_out++;
      self->size_left_out += size;
      return NULL;
    }

  g_hash_table_insert (self->counts, g_steal_pointer (&key), GUINT_TO_POINTER (n + 1));
  self->size += size;

  event = g_new0 (DoctorEvent, 1);
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
  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->devices = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);
  self->mismatch = g_hash_table_new (NULL, NULL);
}

void
doctor_log_clear (DoctorLog *self)
{
  g_clear_pointer (&self->events, g_ptr_array_unref);
  g_clear_pointer (&self->counts, g_hash_table_unref);
  g_clear_pointer (&self->devices, g_hash_table_unref);
  g_clear_pointer (&self->mismatch, g_hash_table_unref);
}

static gboolean
starts_with (GBytes *bytes, const char *start)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  return size >= strlen (start) && strncmp (data, start, strlen (start)) == 0;
}

static gboolean
is_search (GBytes *bytes)
{
  return starts_with (bytes, "M-SEARCH");
}

/* A search received from the multicast group (also our own) is not an answer. */
static void
note_device (DoctorLog *self, PlumGateway *gateway, GInetSocketAddress *socket_address)
{
  GInetAddress *address = plum_gateway_get_address (gateway);
  GInetAddress *peer = g_inet_socket_address_get_address (socket_address);
  GHashTable *devices = g_hash_table_lookup (self->devices, gateway);

  if (address == NULL || g_inet_address_equal (peer, address))
    return;

  if (devices == NULL)
    {
      devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->devices, gateway, devices);
    }
  if (g_hash_table_size (devices) < DOCTOR_LOG_MAX_DEVICES)
    g_hash_table_add (devices, g_inet_address_to_string (peer));
}

/* The verdict depends on these, also if the event is not recorded. */
static void
examine (DoctorLog *self, PlumGateway *gateway, GSocketAddress *peer, GBytes *bytes)
{
  if (packet_text_is_address_mismatch (bytes))
    g_hash_table_add (self->mismatch, gateway);
  if (G_IS_INET_SOCKET_ADDRESS (peer) && !is_search (bytes))
    note_device (self, gateway, G_INET_SOCKET_ADDRESS (peer));
}

void
doctor_log_add_traffic (DoctorLog *self,
                        PlumGateway *gateway,
                        const char *backend,
                        PlumTrafficDirection direction,
                        GSocketAddress *peer,
                        GBytes *bytes)
{
  gboolean received = direction == PLUM_TRAFFIC_RECEIVED;
  gboolean announcement = received && (is_search (bytes) || starts_with (bytes, "NOTIFY"));
  DoctorEvent *event;

  if (received)
    examine (self, gateway, peer, bytes);

  event = add_event (self, gateway, backend,
                     announcement ? "announcement"
                     : received   ? "received"
                                  : "sent",
                     announcement ? DOCTOR_LOG_MAX_ANNOUNCEMENTS : DOCTOR_LOG_MAX_EVENTS,
                     g_bytes_get_size (bytes));
  if (event == NULL)
    return;

  event->direction = direction;
  event->bytes = g_bytes_ref (bytes);
  if (G_IS_INET_SOCKET_ADDRESS (peer))
    event->peer = G_INET_SOCKET_ADDRESS (g_object_ref (peer));
}

void
doctor_log_add_note (DoctorLog *self, PlumGateway *gateway, const char *backend, const char *note)
{
  DoctorEvent *event =
    add_event (self, gateway, backend, "note", DOCTOR_LOG_MAX_EVENTS, strlen (note));

  if (event != NULL)
    event->note = g_strdup (note);
}

char *
doctor_log_describe_left_out (const DoctorLog *self)
{
  g_autofree char *size = NULL;

  if (self->n_left_out == 0)
    return NULL;

  size = g_strdup_printf ("%" G_GUINT64_FORMAT, self->size_left_out);
  /* Translators: a number, and a size in bytes. */
  return g_strdup_printf (
    g_dngettext (GETTEXT_PACKAGE, "too many packets and notes: %u of them (%s bytes) is left out",
                 "too many packets and notes: %u of them (%s bytes) are left out",
                 self->n_left_out),
    self->n_left_out, size);
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
  return is_search (event->bytes);
}

/* The number of devices other than the gateway that answered on its network. */
guint
doctor_log_count_other_devices (DoctorLog *self, PlumGateway *gateway)
{
  GHashTable *devices = g_hash_table_lookup (self->devices, gateway);

  return devices != NULL ? g_hash_table_size (devices) : 0;
}

/* Whether @gateway has reported that another router translates our packets. */
gboolean
doctor_log_has_mismatch (DoctorLog *self, PlumGateway *gateway)
{
  return g_hash_table_contains (self->mismatch, gateway);
}

gboolean
doctor_log_has_sent (const DoctorLog *self, PlumGateway *gateway, const char *backend)
{
  for (guint i = 0; i < self->events->len; i++)
    {
      const DoctorEvent *event = self->events->pdata[i];

      if (event->gateway == gateway && event->bytes != NULL &&
          event->direction == PLUM_TRAFFIC_SENT && g_strcmp0 (event->backend, backend) == 0)
        return TRUE;
    }

  return FALSE;
}

gboolean
doctor_log_has_asked (const DoctorLog *self, PlumGateway *gateway, PlumProbe *probe)
{
  return !g_error_matches (plum_probe_get_error (probe), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED) ||
         doctor_log_has_sent (self, gateway, plum_probe_get_name (probe));
}
