/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Traffic and notes, which are reported when no function of core is on the stack. */

#include "plum-gateway-object-private.h"

/* A copy of a PLUM_BACKEND_TRAFFIC or PLUM_BACKEND_NOTE. */
typedef struct
{
  const char *backend_name; /* interned */
  PlumTrafficDirection direction;
  GSocketAddress *peer; /* (nullable) */
  GBytes *bytes;        /* (nullable): NULL for a note */
  char *note;           /* (nullable) */
} Report;

static void
report_free (Report *report)
{
  g_clear_object (&report->peer);
  g_clear_pointer (&report->bytes, g_bytes_unref);
  g_free (report->note);
  g_free (report);
}

static void
on_report (gpointer object, gpointer data)
{
  PlumGateway *self = object;
  const Report *report = data;

  if (self->closed)
    return;

  if (report->bytes != NULL)
    g_signal_emit (self, plum_gateway_signals[PLUM_GATEWAY_SIGNAL_TRAFFIC], 0, report->backend_name,
                   report->direction, report->peer, report->bytes);
  else
    g_signal_emit (self, plum_gateway_signals[PLUM_GATEWAY_SIGNAL_NOTE], 0, report->backend_name,
                   report->note);
}

gboolean
plum_gateway_is_observed (PlumGateway *self)
{
  for (guint i = 0; i < PLUM_GATEWAY_N_SIGNALS; i++)
    if (g_signal_has_handler_pending (self, plum_gateway_signals[i], 0, FALSE))
      return TRUE;

  return !self->published;
}

void
plum_gateway_queue_report (PlumGateway *self, const char *name, const PlumBackendEvent *event)
{
  Report *report = g_new0 (Report, 1);

  report->backend_name = g_intern_string (name);
  report->direction = event->direction;
  g_set_object (&report->peer, event->peer);
  report->bytes = event->bytes != NULL ? g_bytes_ref (event->bytes) : NULL;
  report->note = g_strdup (event->text);
  plum_signal_queue_add (self->signals, self, on_report, report, (GDestroyNotify) report_free);
}
