/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-signal-queue-private.h"

struct _PlumSignalQueue
{
  GMainContext *context;
  PlumQueuedSignalFunc func;
  gpointer owner;
  GQueue queue;    /* (element-type PlumQueuedSignal) */
  GSource *source; /* (nullable): while the queue is not empty */
};

static void
plum_queued_signal_free (PlumQueuedSignal *queued)
{
  g_clear_object (&queued->peer);
  g_clear_pointer (&queued->bytes, g_bytes_unref);
  g_free (queued->note);
  g_free (queued);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumQueuedSignal, plum_queued_signal_free)

PlumSignalQueue *
plum_signal_queue_new (GMainContext *context, PlumQueuedSignalFunc func, gpointer owner)
{
  PlumSignalQueue *self = g_new0 (PlumSignalQueue, 1);

  self->context = g_main_context_ref (context);
  self->func = func;
  self->owner = owner;
  g_queue_init (&self->queue);
  return self;
}

void
plum_signal_queue_clear (PlumSignalQueue *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_queue_clear_full (&self->queue, (GDestroyNotify) plum_queued_signal_free);
}

void
plum_signal_queue_free (PlumSignalQueue *self)
{
  plum_signal_queue_clear (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

/* A signal handler may clear the queue, or cause new signals, which wait for a later turn. */
static gboolean
on_turn (gpointer user_data)
{
  PlumSignalQueue *self = user_data;
  g_autoptr (GObject) alive = g_object_ref (self->owner);

  g_clear_pointer (&self->source, g_source_unref);
  for (guint n = self->queue.length; n > 0 && self->queue.length > 0; n--)
    {
      g_autoptr (PlumQueuedSignal) queued = g_queue_pop_head (&self->queue);

      self->func (queued, alive);
    }

  return G_SOURCE_REMOVE;
}

static void
plum_signal_queue_add (PlumSignalQueue *self, PlumQueuedSignal *queued) /* (transfer full) */
{
  g_queue_push_tail (&self->queue, queued);
  if (self->source != NULL)
    return;

  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->source, "[plum] traffic and notes");
  g_source_set_callback (self->source, on_turn, self, NULL);
  g_source_attach (self->source, self->context);
}

void
plum_signal_queue_add_traffic (PlumSignalQueue *self,
                               const char *backend_name,
                               PlumTrafficDirection direction,
                               GSocketAddress *peer,
                               GBytes *bytes)
{
  PlumQueuedSignal *queued = g_new0 (PlumQueuedSignal, 1);

  queued->backend_name = backend_name;
  queued->direction = direction;
  queued->peer = g_object_ref (peer);
  queued->bytes = g_bytes_ref (bytes);
  plum_signal_queue_add (self, queued);
}

void
plum_signal_queue_add_note (PlumSignalQueue *self, const char *backend_name, const char *note)
{
  PlumQueuedSignal *queued = g_new0 (PlumQueuedSignal, 1);

  queued->backend_name = backend_name;
  queued->note = g_strdup (note);
  plum_signal_queue_add (self, queued);
}
