/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-udp-operation.h"

static void
on_exchange_finished (PlumExchange *exchange, PlumExchangeOutcome outcome, const GError *error)
{
  PlumUdpOperation *self = (PlumUdpOperation *) exchange;

  if (outcome == PLUM_EXCHANGE_CANCELLED)
    plum_udp_operation_free (self);
  else if (outcome == PLUM_EXCHANGE_TIMED_OUT && self->silence_is_done)
    plum_udp_operation_done (self);
  else
    plum_udp_operation_fail (self, plum_exchange_make_error (self->session->exchanges, exchange,
                                                             outcome, error));
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
  self->encode = encode;
  self->exchange.func = on_exchange_finished;
  self->exchange.key = *key;
  if (call != NULL)
    {
      self->call = g_object_ref (call);
      self->exchange.cancellable = plum_call_get_cancellable (call);
    }

  return self;
}

void
plum_udp_operation_free (PlumUdpOperation *self)
{
  plum_exchange_remove (&self->exchange);
  g_clear_object (&self->call);
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
  PlumExchange *exchange = &self->exchange;

  exchange->request_len = self->encode (self, exchange->request, sizeof exchange->request);
  plum_exchanges_start (self->session->exchanges, exchange);
}

static const PlumRetryPlan *
plum_udp_operation_choose_plan (PlumUdpOperation *self)
{
  PlumUdpSession *session = self->session;

  if (self->lifetime == 0)
    return &plum_retry_probe;
  if (plum_lease_table_is_renewal (session->leases, &self->exchange.key, self->requested_port))
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
  plum_exchange_remove (&self->exchange);
  plum_udp_operation_send (self);
}

gboolean
plum_udp_operation_is_repeated (PlumUdpOperation *self)
{
  return self->exchange.n_sent > 1;
}

void
plum_udp_operation_done (PlumUdpOperation *self)
{
  plum_call_return_done (self->call);
  plum_udp_operation_free (self);
}

void
plum_udp_operation_fail (PlumUdpOperation *self, GError *error)
{
  if (self->call != NULL)
    plum_call_return_error (self->call, error);
  else
    g_error_free (error);
  plum_udp_operation_free (self);
}

void
plum_udp_operation_refuse (PlumUdpOperation *self, GError *error, guint hold_s)
{
  PlumUdpSession *session = self->session;
  gint64 now = plum_backend_get_time (session->backend);

  plum_lease_table_hold (session->leases, &self->exchange.key, self->requested_port, self->exact,
                         error, now, now + (gint64) hold_s * G_USEC_PER_SEC);
  plum_udp_operation_fail (self, error);
}

void
plum_udp_operation_grant_nothing (PlumUdpOperation *self, guint port, guint lifetime)
{
  if (!plum_udp_operation_is_repeated (self))
    return;

  plum_udp_operation_fail (
    self, g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                       "%s: %s granted port %u for %u s; expected a port and a lifetime above 0",
                       self->session->protocol->label, plum_udp_session_get_peer (self->session),
                       port, lifetime));
}
