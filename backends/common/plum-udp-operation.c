/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-udp-operation.h"

#include <glib/gi18n-lib.h>

GError *
plum_udp_operation_make_error (PlumUdpOperation *self,
                               PlumExchangeOutcome outcome,
                               const GError *error)
{
  PlumUdpSession *session = self->session;
  PlumExchange *exchange = &self->exchange;

  if (outcome == PLUM_EXCHANGE_TIMED_OUT && self->left > 0)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                        _ ("%s: %s did not confirm the deletion: it answered that %u s are left"),
                        session->protocol->label, plum_udp_session_get_peer (session), self->left);
  if (outcome == PLUM_EXCHANGE_TIMED_OUT && session->n_malformed >= exchange->n_sent)
    return plum_udp_session_make_unreadable_error (session);
  return plum_exchange_make_error (session->exchanges, exchange, outcome, error);
}

static void
on_udp_operation_exchange_finished (PlumExchange *exchange,
                                    PlumExchangeOutcome outcome,
                                    const GError *error)
{
  PlumUdpOperation *self = (PlumUdpOperation *) exchange;

  if (outcome == PLUM_EXCHANGE_CANCELLED)
    plum_udp_operation_free (self);
  else
    plum_udp_operation_fail (self, plum_udp_operation_make_error (self, outcome, error));
}

static void
on_udp_operation_cancelled (PlumCall *call, gpointer user_data)
{
  PlumUdpOperation *self = user_data;

  plum_exchange_cancel (&self->exchange);
}

PlumUdpOperation *
plum_udp_operation_new (size_t size,
                        PlumUdpSession *session,
                        PlumCall *call,
                        const PlumExchangeKey *key,
                        PlumUdpOperationEncode encode)
{
  PlumUdpOperation *self = g_malloc0 (size);

  self->session = session;
  self->link.data = self;
  g_queue_push_tail_link (&session->operations, &self->link);
  self->encode = encode;
  self->exchange.func = on_udp_operation_exchange_finished;
  self->exchange.key = *key;
  if (call != NULL)
    {
      self->call = g_object_ref (call);
      plum_call_set_cancelled_func (call, on_udp_operation_cancelled, self);
    }

  return self;
}

static void
plum_udp_operation_leave (PlumUdpOperation *self)
{
  if (self->session->protocol->left != NULL)
    self->session->protocol->left (self);
  plum_exchange_remove (&self->exchange);
}

void
plum_udp_operation_free (PlumUdpOperation *self)
{
  plum_udp_operation_leave (self);
  g_queue_unlink (&self->session->operations, &self->link);
  if (self->call != NULL)
    plum_call_set_cancelled_func (self->call, NULL, NULL);
  g_clear_object (&self->call);
  g_clear_error (&self->undo_error);
  g_free (self);
}

PlumUdpOperation *
plum_udp_operation_lookup (PlumUdpSession *session, const PlumExchangeKey *key)
{
  return (PlumUdpOperation *) plum_exchanges_lookup (session->exchanges, key);
}

static void
plum_udp_operation_send (PlumUdpOperation *self)
{
  uint8_t buffer[PLUM_EXCHANGE_REQUEST_MAX];
  size_t len = self->encode (self, buffer, sizeof buffer);

  plum_exchanges_start (self->session->exchanges, &self->exchange, buffer, len);
}

static const PlumRetryPlan *
plum_udp_operation_choose_plan (PlumUdpOperation *self)
{
  PlumUdpSession *session = self->session;

  if (self->lifetime == 0)
    return plum_exchanges_are_slow (session->exchanges) ? &plum_retry_slow_deletion
                                                        : &plum_retry_deletion;
  if (self->is_refresh ||
      plum_lease_table_is_renewal (session->leases, &self->exchange.key, self->requested_port))
    return &plum_retry_renewal;
  return session->protocol->map_plan;
}

void
plum_udp_operation_start (PlumUdpOperation *self)
{
  if (self->exchange.plan == NULL)
    self->exchange.plan = plum_udp_operation_choose_plan (self);
  plum_udp_operation_send (self);
}

void
plum_udp_operation_restart (PlumUdpOperation *self)
{
  plum_udp_operation_leave (self);
  plum_udp_operation_send (self);
}

void
plum_udp_operation_restart_as_deletion (PlumUdpOperation *self)
{
  self->lifetime = 0;
  self->exchange.plan = plum_udp_operation_choose_plan (self);
  plum_udp_operation_restart (self);
}

void
plum_udp_operation_undo (PlumUdpOperation *self, GError *error, uint32_t granted)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->session->leases, &self->exchange.key);

  if (self->is_refresh || (row != NULL && row->live))
    {
      plum_udp_operation_fail (self, error);
      return;
    }

  self->undo_error = error;
  self->undo_left = granted != 0 ? granted : self->lifetime;
  plum_udp_operation_restart_as_deletion (self);
}

gboolean
plum_udp_operation_is_repeated (PlumUdpOperation *self)
{
  return self->exchange.n_sent > 1;
}

PlumUdpGrant
plum_udp_operation_make_grant (PlumUdpOperation *self, uint16_t port, uint32_t lifetime)
{
  return (PlumUdpGrant){
    .key = &self->exchange.key,
    .requested_port = (uint16_t) self->requested_port,
    .port = port,
    .requested = self->lifetime,
    .lifetime = lifetime,
    .is_update = self->is_refresh,
  };
}

void
plum_udp_operation_done (PlumUdpOperation *self)
{
  if (self->undo_error != NULL)
    plum_call_return_error (self->call, g_steal_pointer (&self->undo_error));
  else if (self->call != NULL)
    plum_call_return_done (self->call);
  plum_udp_operation_free (self);
}

/* Adds to the error why the deletion failed, if the reason is another one. (transfer full) */
static GError *
plum_udp_operation_make_left_error (PlumUdpOperation *self, const GError *error)
{
  const GError *undo = self->undo_error;

  if (g_str_equal (undo->message, error->message))
    return g_error_new (undo->domain, undo->code,
                        /* Translators: an error, and a time in seconds. */
                        _ ("%s; the router may keep the mapping for up to %u s"), undo->message,
                        self->undo_left);

  return g_error_new (undo->domain, undo->code,
                      /* Translators: an error, a time in seconds, and the error of the deletion. */
                      _ ("%s; the router may keep the mapping for up to %u s: %s"), undo->message,
                      self->undo_left, error->message);
}

void
plum_udp_operation_fail (PlumUdpOperation *self, GError *error)
{
  g_autoptr (GError) owned = error;

  if (self->undo_error != NULL)
    plum_call_return_error (self->call, plum_udp_operation_make_left_error (self, error));
  else if (self->call != NULL)
    plum_call_return_error (self->call, g_steal_pointer (&owned));
  plum_udp_operation_free (self);
}

void
plum_udp_operation_refuse (PlumUdpOperation *self, GError *error, guint hold_s)
{
  PlumUdpSession *session = self->session;
  gint64 now = plum_backend_get_time (session->backend);

  plum_lease_table_hold (session->leases, &self->exchange.key, self->requested_port, self->exact,
                         error, now + (gint64) hold_s * G_USEC_PER_SEC);

  /* The answer to an earlier send may be lost, and have granted the mapping. */
  if (plum_udp_operation_is_repeated (self))
    session->protocol->give_up (self, error);
  else
    plum_udp_operation_fail (self, error);
}

GError *
plum_udp_operation_make_nothing_error (PlumUdpOperation *self, guint port, guint lifetime)
{
  if (!plum_udp_operation_is_repeated (self))
    return NULL;

  return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                      _ ("%s: %s granted port %u for %u s; expected a port and a lifetime above 0"),
                      self->session->protocol->label, plum_udp_session_get_peer (self->session),
                      port, lifetime);
}
