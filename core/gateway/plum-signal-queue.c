/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-signal-queue-private.h"

struct _PlumSignalQueue
{
  GMainContext *context;
  PlumQueuedSignalFunc func;
  gpointer owner;
  GQueue queue;    /* of PlumQueuedSignal */
  GSource *source; /* (nullable): the turn in which they are told */
};

static void
plum_queued_signal_free (PlumQueuedSignal *report)
{
  g_clear_object (&report->peer);
  g_clear_pointer (&report->bytes, g_bytes_unref);
  g_free (report->note);
  g_free (report);
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
plum_signal_queue_drop (PlumSignalQueue *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_queue_clear_full (&self->queue, (GDestroyNotify) plum_queued_signal_free);
}

void
plum_signal_queue_free (PlumSignalQueue *self)
{
  plum_signal_queue_drop (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

/* Whoever is told may drop the others, or cause new ones, which have a turn of their own. */
static gboolean
on_turn (gpointer user_data)
{
  PlumSignalQueue *self = user_data;
  g_autoptr (GObject) alive = g_object_ref (self->owner);

  g_clear_pointer (&self->source, g_source_unref);
  for (guint n = self->queue.length; n > 0 && self->queue.length > 0; n--)
    {
      g_autoptr (PlumQueuedSignal) report = g_queue_pop_head (&self->queue);

      self->func (report, alive);
    }

  return G_SOURCE_REMOVE;
}

static void
plum_signal_queue_add (PlumSignalQueue *self, PlumQueuedSignal *report) /* (transfer full) */
{
  g_queue_push_tail (&self->queue, report);
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
  PlumQueuedSignal *report = g_new0 (PlumQueuedSignal, 1);

  report->backend_name = backend_name;
  report->direction = direction;
  report->peer = g_object_ref (peer);
  report->bytes = g_bytes_ref (bytes);
  plum_signal_queue_add (self, report);
}

void
plum_signal_queue_add_note (PlumSignalQueue *self, const char *backend_name, const char *note)
{
  PlumQueuedSignal *report = g_new0 (PlumQueuedSignal, 1);

  report->backend_name = backend_name;
  report->note = g_strdup (note);
  plum_signal_queue_add (self, report);
}
