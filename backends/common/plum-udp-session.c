/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-udp-session.h"

#include <glib/gi18n-lib.h>

/* How old an answer may be to serve a check, and the external address to serve a request for it. */
#define CHECK_FRESH_MS 1000
#define ADDRESS_FRESH_MS 60000

/* An answer that contradicts an earlier one within this time makes both doubtful. */
#define MOMENT_MS 250
/* How often a doubtful answer causes a question, for each mapping and request. */
#define QUESTIONS_MAX 3
/* s: by how much the lifetimes in two answers may differ. */
#define ROUNDING_S 2
/* After so many sends and unreadable answers, no other answer is expected. */
#define UNREADABLE_MAX 4
#define UNREADABLE_PROBES 3
/* s: below this epoch, a second restart may not show (RFC 6887 8.5 allows for 2 s and a
 * sixteenth). */
#define YOUNG_S 60

GError *
plum_udp_session_make_unreadable_error (PlumUdpSession *self)
{
  return g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                      _ ("%s: no answer from %s that can be read: the last one was: %s"),
                      self->protocol->label, plum_udp_session_get_peer (self),
                      self->malformed_error->message);
}

/* A request that was sent so often, with as many unreadable answers and no other one, will not get
 * a better one. A forged datagram alone changes nothing. */
static void
plum_udp_session_give_up_unreadable (PlumUdpSession *self)
{
  g_autoptr (GPtrArray) unreadable = g_ptr_array_new ();

  for (GList *l = self->operations.head; l != NULL; l = l->next)
    {
      PlumExchange *exchange = l->data; /* the first member */

      if (MIN (exchange->n_sent, self->n_malformed) >= UNREADABLE_MAX)
        g_ptr_array_add (unreadable, exchange);
    }

  for (unsigned int i = 0; i < unreadable->len; i++)
    self->protocol->give_up (unreadable->pdata[i], plum_udp_session_make_unreadable_error (self));
}

static void
on_udp_session_datagram (const uint8_t *data, size_t len, gpointer user_data)
{
  PlumUdpSession *self = user_data;
  PlumBackend *backend = self->backend;
  g_autoptr (GError) error = NULL;

  if (self->protocol->receive (backend, data, len, &error))
    {
      self->n_malformed = 0;
      return;
    }

  plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_DEBUG, "%s: dropped", error->message);
  plum_backend_report_note (backend, error->message);

  self->n_malformed++;
  g_clear_error (&self->malformed_error);
  self->malformed_error = g_steal_pointer (&error);
  plum_udp_session_give_up_unreadable (self);
}

static size_t
on_probe_encode (uint8_t *out, size_t size, gpointer user_data)
{
  PlumUdpSession *self = user_data;

  return self->protocol->encode_probe (self, out, size);
}

static void
on_probe_finished (const GError *error, gpointer user_data)
{
  PlumUdpSession *self = user_data;
  gboolean started = error == NULL && self->silent && self->announced;
  g_autofree char *reason = NULL;

  self->silent = error != NULL;
  if (error != NULL)
    plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_DEBUG, "%s", error->message);
  if (started)
    reason = g_strdup_printf ("%s: %s answers again after an announcement", self->protocol->label,
                              plum_udp_session_get_peer (self));
  if (self->protocol->probe_finished != NULL)
    self->protocol->probe_finished (self->backend, error);

  /* Core discovers the gateway again, and requests what has failed. */
  if (reason != NULL)
    plum_backend_report_lost (self->backend, reason);
}

static void
on_probe_late (gpointer user_data)
{
  PlumUdpSession *self = user_data;

  g_autoptr (GError) error = NULL;

  if (self->n_malformed >= UNREADABLE_PROBES)
    {
      error = plum_udp_session_make_unreadable_error (self);
      plum_server_probe_finish (self->probe, error);
    }
  else if (self->protocol->probe_late != NULL)
    {
      self->protocol->probe_late (self->backend);
    }
}

static gint64
on_lease_table_get_time (gpointer user_data)
{
  return plum_backend_get_time (user_data);
}

PlumUdpSession *
plum_udp_session_new (PlumBackend *backend, const PlumUdpProtocol *protocol)
{
  static const PlumServerProbeFuncs funcs = {
    .encode = on_probe_encode,
    .late = on_probe_late,
    .finished = on_probe_finished,
  };
  PlumUdpSession *self = g_new0 (PlumUdpSession, 1);

  self->backend = backend;
  self->protocol = protocol;
  self->leases = plum_lease_table_new (on_lease_table_get_time, backend);
  self->exchanges = plum_exchanges_new (backend, protocol->label, protocol->port, protocol->window,
                                        protocol->n_slot_sends, on_udp_session_datagram, self);
  self->probe = plum_server_probe_new (backend, self->exchanges, &funcs, self);
  return self;
}

void
plum_udp_session_free (PlumUdpSession *self)
{
  g_clear_pointer (&self->announcements, plum_announcements_free);
  g_clear_pointer (&self->probe, plum_server_probe_free);
  g_clear_pointer (&self->exchanges, plum_exchanges_free);
  g_clear_pointer (&self->leases, plum_lease_table_free);
  g_clear_object (&self->external_address);
  g_clear_error (&self->malformed_error);
  g_free (self);
}

const char *
plum_udp_session_get_peer (PlumUdpSession *self)
{
  return plum_exchanges_get_peer (self->exchanges);
}

gboolean
plum_udp_session_is_ipv4 (PlumUdpSession *self)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);

  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV4;
}

gboolean
plum_udp_session_check_network (PlumUdpSession *self, PlumCall *call)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  g_autofree char *message = NULL;
  const char *reason;

  if (plum_network_get_gateway (network) == NULL)
    reason = _ ("a point-to-point link has no gateway");
  else
    reason = self->protocol->check_network (network);
  if (reason == NULL)
    return TRUE;

  message = g_strdup_printf ("%s: %s", self->protocol->label, reason);
  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
  return FALSE;
}

gboolean
plum_udp_session_check_entry (PlumUdpSession *self, PlumEntry *entry, PlumCall *call)
{
  GInetAddress *local = plum_network_get_client_address (plum_backend_get_network (self->backend));
  GInetAddress *address = plum_entry_get_internal_address (entry);
  g_autofree char *message = NULL;
  const char *reason = NULL;

  if (!plum_udp_session_check_network (self, call))
    return FALSE;

  if (plum_entry_get_internal_port (entry) == 0)
    reason = _ ("internal port 0 would delete the mappings of all ports of this host");
  else if (address != NULL && (local == NULL || !g_inet_address_equal (address, local)))
    reason = _ ("only mappings of this host can be deleted");
  if (reason == NULL)
    return TRUE;

  message = g_strdup_printf ("%s: %s", self->protocol->label, reason);
  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
  return FALSE;
}

gboolean
plum_udp_session_open (PlumUdpSession *self, PlumCall *call)
{
  g_autoptr (GError) error = NULL;

  if (plum_exchanges_open (self->exchanges, &error))
    return TRUE;

  plum_call_return_error (call, g_steal_pointer (&error));
  return FALSE;
}

gboolean
plum_udp_session_check_hold (PlumUdpSession *self,
                             const PlumExchangeKey *key,
                             guint external_port,
                             gboolean exact,
                             PlumCall *call)
{
  g_autoptr (GError) error = NULL;

  if (!plum_lease_table_check_hold (self->leases, key, external_port, exact, &error))
    return TRUE;

  plum_call_return_error (call, g_steal_pointer (&error));
  return FALSE;
}

void
plum_udp_session_note_announcement (PlumUdpSession *self, const char *why)
{
  self->announced = TRUE;
  /* Core starts a discovery, if nothing else is to be found out. */
  if (plum_lease_table_get_n_live (self->leases) > 0 || !self->listening)
    plum_server_probe_hint (self->probe, why);
  if (self->listening)
    plum_backend_report_announced (self->backend, why);
}

static void
on_announcement (gpointer user_data)
{
  plum_udp_session_note_announcement (user_data,
                                      "the gateway announces a restart or a new address");
}

/* A gateway that starts late is heard, too. Multicast does not pass the first router: what claims
 * to be an announcement of a router beyond it can only be forged. */
static void
plum_udp_session_open_announcements (PlumUdpSession *self)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);

  if (self->announcements == NULL && plum_network_get_hop (network) == 1)
    self->announcements =
      plum_announcements_new (self->backend, self->exchanges, on_announcement, self);
}

void
plum_udp_session_discover (PlumUdpSession *self, PlumCall *call)
{
  if (!plum_udp_session_check_network (self, call))
    return;

  plum_udp_session_open_announcements (self);
  plum_server_probe_join (self->probe, call, 0);
}

void
plum_udp_session_check (PlumUdpSession *self, PlumCall *call)
{
  if (plum_udp_session_check_network (self, call))
    plum_server_probe_join (self->probe, call, CHECK_FRESH_MS);
}

void
plum_udp_session_fail_all (PlumUdpSession *self, const GError *error)
{
  plum_exchanges_fail_all (self->exchanges, error);
}

/* When the lease that core has ends. */
static gint64
plum_udp_session_get_end (PlumUdpSession *self, const PlumUdpGrant *grant)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->leases, grant->key);
  uint32_t lifetime = MIN (MIN (grant->lifetime, grant->requested), PLUM_UDP_LIFETIME_MAX);
  gint64 ends_at = plum_backend_get_time (self->backend) + lifetime * (gint64) G_USEC_PER_SEC;

  return grant->is_update && row != NULL && row->live ? MIN (row->ends_at, ends_at) : ends_at;
}

gboolean
plum_udp_session_add_lease (PlumUdpSession *self,
                            const PlumUdpGrant *grant,
                            GInetAddress *external_address)
{
  gboolean moved = plum_lease_table_grant (self->leases, grant->key, external_address, grant->port,
                                           plum_udp_session_get_end (self, grant));
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->leases, grant->key);

  row->lifetime = grant->requested;
  row->answered = grant->lifetime;
  row->requested_port = grant->requested_port;
  row->granted_at = plum_backend_get_time (self->backend);
  row->n_questions = 0;
  plum_udp_session_open_announcements (self);
  return moved;
}

/* What is used of a granted lifetime. */
static uint32_t
row_clamp (const PlumLeaseTableRow *row, uint32_t lifetime)
{
  return MIN (lifetime, row->lifetime);
}

uint32_t
plum_udp_session_share_lease (PlumUdpSession *self, PlumLeaseTableRow *row)
{
  gint64 now = plum_backend_get_time (self->backend);
  uint32_t passed = (uint32_t) ((now - row->granted_at) / G_USEC_PER_SEC);
  uint32_t left = MIN (row->answered - MIN (passed, row->answered), PLUM_UDP_LIFETIME_MAX);

  row->ends_at = MAX (row->ends_at, now + row_clamp (row, left) * (gint64) G_USEC_PER_SEC);
  return left;
}

static gboolean
row_agrees (const PlumLeaseTableRow *row, uint16_t port, uint32_t lifetime)
{
  return row->external_port == port &&
         row_clamp (row, lifetime) + ROUNDING_S >= row_clamp (row, row->answered);
}

void
plum_udp_session_listen (PlumUdpSession *self, gboolean listen)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);

  self->listening = listen && plum_network_get_gateway (network) != NULL &&
                    self->protocol->check_network (network) == NULL;
  if (self->listening)
    plum_udp_session_open_announcements (self);
}

gboolean
plum_udp_session_doubts (PlumUdpSession *self,
                         const PlumExchangeKey *key,
                         uint16_t port,
                         uint32_t lifetime)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->leases, key);
  gint64 now = plum_backend_get_time (self->backend);

  if (row == NULL || !row->live || now - row->granted_at > MOMENT_MS * 1000 ||
      row_agrees (row, port, lifetime))
    return FALSE;

  if (row->n_questions < QUESTIONS_MAX)
    {
      row->n_questions++;
      plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_INFO,
                "%s: %s answered twice: external port %u for %u s, and port %u for %u s; "
                "requested again",
                self->protocol->label, plum_udp_session_get_peer (self), row->external_port,
                row->answered, port, lifetime);
      self->protocol->refresh (self->backend, key);
    }
  return TRUE;
}

void
plum_udp_session_add_refresh (PlumUdpSession *self,
                              const PlumUdpGrant *grant,
                              GInetAddress *external_address)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->leases, grant->key);
  g_autofree char *reason = NULL;
  guint n_questions;

  if (row == NULL || !row->live)
    return;

  if (!row_agrees (row, grant->port, grant->lifetime))
    reason =
      g_strdup_printf ("%s: %s has the mapping at external port %u for %u s, not at port %u for "
                       "%u s",
                       self->protocol->label, plum_udp_session_get_peer (self), grant->port,
                       grant->lifetime, row->external_port, row->answered);

  n_questions = row->n_questions;
  plum_udp_session_add_lease (self, grant, external_address);
  row->n_questions = n_questions;
  if (reason != NULL)
    plum_backend_report_lost (self->backend, reason);
}

void
plum_udp_session_remove_lease (PlumUdpSession *self, const PlumExchangeKey *key)
{
  plum_lease_table_remove (self->leases, key);
}

gboolean
plum_udp_session_is_young (PlumUdpSession *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (self->backend) / G_USEC_PER_SEC;

  return self->epoch_known && epoch < YOUNG_S &&
         epoch < self->epoch_server + (now - self->epoch_client);
}

gboolean
plum_udp_session_serve_announcement (PlumUdpSession *self, uint32_t epoch)
{
  g_autoptr (GArray) keys = NULL;

  if (!self->announced)
    return FALSE;

  self->announced = FALSE;
  if (!plum_udp_session_epoch_fits (self, epoch))
    return FALSE;
  if (epoch >= YOUNG_S)
    return TRUE;

  keys = plum_lease_table_get_live (self->leases);
  for (unsigned int i = 0; i < keys->len; i++)
    self->protocol->refresh (self->backend, &g_array_index (keys, PlumExchangeKey, i));
  return FALSE;
}

gboolean
plum_udp_session_is_external_address (PlumUdpSession *self, GInetAddress *address)
{
  if (address == NULL || self->external_address == NULL)
    return address == self->external_address;

  return g_inet_address_equal (address, self->external_address);
}

gboolean
plum_udp_session_set_external_address (PlumUdpSession *self, GInetAddress *address)
{
  gboolean changed = self->address_known && !plum_udp_session_is_external_address (self, address);

  self->address_known = TRUE;
  self->address_time = plum_backend_get_time (self->backend);
  g_set_object (&self->external_address, address);
  return changed;
}

gboolean
plum_udp_session_address_is_fresh (PlumUdpSession *self)
{
  gint64 age = plum_backend_get_time (self->backend) - self->address_time;

  return self->address_known && age <= ADDRESS_FRESH_MS * 1000;
}

gboolean
plum_udp_session_epoch_fits (PlumUdpSession *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (self->backend) / G_USEC_PER_SEC;

  return !self->epoch_known ||
         self->protocol->epoch_is_valid (self->epoch_server, self->epoch_client, epoch, now);
}

void
plum_udp_session_note_epoch (PlumUdpSession *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (self->backend) / G_USEC_PER_SEC;
  gboolean fits = plum_udp_session_epoch_fits (self, epoch);
  g_autofree char *reason = NULL;

  if (!fits)
    reason = g_strdup_printf ("%s: %s has lost its state: its clock advanced from %" G_GINT64_FORMAT
                              " s to %u s in %" G_GINT64_FORMAT " s",
                              self->protocol->label, plum_udp_session_get_peer (self),
                              self->epoch_server, epoch, now - self->epoch_client);

  self->epoch_known = TRUE;
  self->epoch_server = epoch;
  self->epoch_client = now;
  if (fits)
    return;

  plum_lease_table_restart (self->leases);
  plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_INFO, "%s", reason);
  plum_backend_report_lost (self->backend, reason);
}
