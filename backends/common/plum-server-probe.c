/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-server-probe.h"

#include "plum-backend-log.h"
#include "plum-call-set.h"

struct _PlumServerProbe
{
  PlumExchange exchange; /* first: one is found by the other */
  PlumBackend *backend;
  PlumExchanges *exchanges;
  PlumServerProbeFuncs funcs;
  gpointer user_data;

  PlumCallSet *waiting;
  gboolean requested; /* other than by calls */
  gboolean ever_answered;
  gint64 answered_at;
  gboolean ever_hinted;
  gint64 hinted_at; /* when a hint was last served */
  GSource *hint_timer;
};

static void
plum_server_probe_report (PlumServerProbe *self, const GError *error)
{
  G_GNUC_UNUSED g_autoptr (PlumBackend) alive = g_object_ref (self->backend);

  self->requested = FALSE;
  if (error == NULL)
    plum_call_set_done (self->waiting);
  else
    plum_call_set_fail (self->waiting, error);
  self->funcs.finished (error, self->user_data);
}

static void
on_exchange_finished (PlumExchange *exchange, PlumExchangeOutcome outcome, const GError *error)
{
  PlumServerProbe *self = (PlumServerProbe *) exchange;
  g_autoptr (GError) reason = NULL;

  if (outcome == PLUM_EXCHANGE_CANCELLED)
    return;

  reason = plum_exchange_make_error (self->exchanges, exchange, outcome, error);
  plum_server_probe_report (self, reason);
}

static void
on_exchange_late (PlumExchange *exchange)
{
  PlumServerProbe *self = (PlumServerProbe *) exchange;

  if (self->funcs.late != NULL)
    self->funcs.late (self->user_data);
}

static void
on_waiting_emptied (gpointer user_data)
{
  PlumServerProbe *self = user_data;

  if (!self->requested)
    plum_exchange_remove (&self->exchange);
}

PlumServerProbe *
plum_server_probe_new (PlumBackend *backend,
                       PlumExchanges *exchanges,
                       const PlumServerProbeFuncs *funcs,
                       gpointer user_data)
{
  PlumServerProbe *self = g_new0 (PlumServerProbe, 1);

  self->backend = backend;
  self->exchanges = exchanges;
  self->funcs = *funcs;
  self->user_data = user_data;
  self->waiting = plum_call_set_new (on_waiting_emptied, self);
  return self;
}

void
plum_server_probe_clear_hint (PlumServerProbe *self)
{
  if (self->hint_timer != NULL)
    g_source_destroy (self->hint_timer);
  g_clear_pointer (&self->hint_timer, g_source_unref);
}

void
plum_server_probe_free (PlumServerProbe *self)
{
  plum_server_probe_clear_hint (self);
  plum_exchange_remove (&self->exchange);
  plum_call_set_free (self->waiting);
  g_free (self);
}

gboolean
plum_server_probe_is_running (PlumServerProbe *self)
{
  return self->exchange.owner != NULL;
}

gboolean
plum_server_probe_is_prompt (PlumServerProbe *self)
{
  return plum_server_probe_is_running (self) && !plum_exchange_is_late (&self->exchange);
}

static gboolean
plum_server_probe_start (PlumServerProbe *self, GError **error)
{
  uint8_t buffer[PLUM_EXCHANGE_REQUEST_MAX];
  size_t len;

  if (plum_server_probe_is_prompt (self))
    return TRUE;

  if (!plum_exchanges_open (self->exchanges, error))
    return FALSE;

  /* A gateway that was silent may answer now: send again. */
  plum_exchange_remove (&self->exchange);
  self->exchange.func = on_exchange_finished;
  self->exchange.late = on_exchange_late;
  self->exchange.plan = &plum_retry_probe;
  self->exchange.bypass_window = TRUE;
  len = self->funcs.encode (buffer, sizeof buffer, self->user_data);
  plum_exchanges_start (self->exchanges, &self->exchange, buffer, len);
  return TRUE;
}

void
plum_server_probe_join (PlumServerProbe *self, PlumCall *call, guint fresh_ms)
{
  gint64 now = plum_backend_get_time (self->backend);
  g_autoptr (GError) error = NULL;

  if (plum_call_is_settled (call))
    return;

  if (!plum_server_probe_is_running (self) && fresh_ms > 0 && self->ever_answered &&
      now - self->answered_at <= (gint64) fresh_ms * 1000)
    {
      plum_call_return_done (call);
      return;
    }

  if (!plum_server_probe_start (self, &error))
    {
      plum_call_return_error (call, g_steal_pointer (&error));
      return;
    }

  plum_call_set_add (self->waiting, call);
}

gboolean
plum_server_probe_request (PlumServerProbe *self, GError **error)
{
  if (!plum_server_probe_start (self, error))
    return FALSE;

  self->requested = TRUE;
  return TRUE;
}

static void
plum_server_probe_serve_hint (PlumServerProbe *self)
{
  g_autoptr (GError) error = NULL;

  self->ever_hinted = TRUE;
  self->hinted_at = plum_backend_get_time (self->backend);
  if (!plum_server_probe_request (self, &error))
    plum_log_debug ("%s", error->message);
}

static gboolean
on_hint_timer (gpointer user_data)
{
  PlumServerProbe *self = user_data;

  g_clear_pointer (&self->hint_timer, g_source_unref);
  plum_server_probe_serve_hint (self);
  return G_SOURCE_REMOVE;
}

void
plum_server_probe_hint (PlumServerProbe *self, const char *why)
{
  gint64 now = plum_backend_get_time (self->backend);
  gint64 next = self->hinted_at + PLUM_SERVER_PROBE_HINT_MS * 1000;

  plum_log_debug ("%s: %s", plum_exchanges_get_label (self->exchanges), why);
  if (self->hint_timer != NULL)
    return;

  if (!self->ever_hinted || now >= next)
    {
      plum_server_probe_serve_hint (self);
      return;
    }

  self->hint_timer = plum_backend_create_timer (self->backend, (guint) ((next - now + 999) / 1000));
  g_source_set_callback (self->hint_timer, on_hint_timer, self, NULL);
}

void
plum_server_probe_finish (PlumServerProbe *self, const GError *error)
{
  if (!plum_server_probe_is_running (self))
    return;

  if (error == NULL)
    plum_exchange_note_answer (&self->exchange);
  plum_exchange_remove (&self->exchange);
  if (error == NULL)
    {
      self->ever_answered = TRUE;
      self->answered_at = plum_backend_get_time (self->backend);
    }
  plum_server_probe_report (self, error);
}
