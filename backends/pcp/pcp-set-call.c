/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-set-call.h"

PcpSetCall *
pcp_set_call_new (PlumCall *call, guint internal_port, gboolean is_new)
{
  PcpSetCall *self = g_new0 (PcpSetCall, 1);

  self->call = g_object_ref (call);
  self->internal_port = internal_port;
  self->is_new = is_new;
  return self;
}

static void
pcp_set_call_disconnect (PcpSetCall *self)
{
  /* g_cancellable_disconnect () would wait for itself within the handler. */
  if (self->cancel_id != 0)
    g_signal_handler_disconnect (plum_call_get_cancellable (self->call), self->cancel_id);
  self->cancel_id = 0;
}

void
pcp_set_calls_disconnect (GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    pcp_set_call_disconnect (calls->pdata[i]);
}

void
pcp_set_call_free (gpointer data)
{
  PcpSetCall *self = data;

  pcp_set_call_disconnect (self);
  g_object_unref (self->call);
  g_free (self);
}

static void
on_set_call_cancelled (GCancellable *cancellable, gpointer user_data)
{
  PcpSetCall *self = user_data;

  self->cancelled (self, self->user_data);
}

void
pcp_set_call_set_cancelled (PcpSetCall *self, PcpSetCallFunc cancelled, gpointer user_data)
{
  GCancellable *cancellable = plum_call_get_cancellable (self->call);

  self->cancelled = cancelled;
  self->user_data = user_data;
  if (self->cancel_id == 0)
    self->cancel_id =
      g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_set_call_cancelled), self);
}
