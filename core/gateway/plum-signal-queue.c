/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-signal-queue-private.h"

typedef struct
{
  GList link;
  GObject *object; /* (nullable) */
  PlumSignalFunc func;
  gpointer data;
  GDestroyNotify free_data;
} Notification;

/* Ready while something is queued outside of a scope. */
typedef struct
{
  GSource source;
  PlumSignalQueue *queue; /* borrowed */
} QueueSource;

struct _PlumSignalQueue
{
  GMainContext *context; /* (nullable): the default context */
  GQueue notifications;  /* (element-type Notification) */
  guint depth;           /* open scopes */
  GSource *source;
};

static void
notification_free (Notification *self)
{
  if (self->free_data != NULL)
    self->free_data (self->data);
  g_clear_object (&self->object);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Notification, notification_free)

/* A handler may queue more, and drain the queue itself by calling a public function. */
static void
plum_signal_queue_drain (PlumSignalQueue *self)
{
  while (!g_queue_is_empty (&self->notifications))
    {
      g_autoptr (Notification) next = g_queue_pop_head_link (&self->notifications)->data;

      if (next->func != NULL)
        next->func (next->object, next->data);
    }
}

static gboolean
plum_signal_queue_is_ready (GSource *source)
{
  PlumSignalQueue *self = ((QueueSource *) source)->queue;

  return self->depth == 0 && !g_queue_is_empty (&self->notifications);
}

static gboolean
queue_source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return plum_signal_queue_is_ready (source);
}

static gboolean
queue_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  PLUM_SIGNAL_SCOPE (((QueueSource *) source)->queue);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs queue_source_funcs = {
  .prepare = queue_source_prepare,
  .check = plum_signal_queue_is_ready,
  .dispatch = queue_source_dispatch,
};

PlumSignalQueue *
plum_signal_queue_new (GMainContext *context)
{
  PlumSignalQueue *self = g_rc_box_new0 (PlumSignalQueue);

  self->context = context != NULL ? g_main_context_ref (context) : NULL;
  g_queue_init (&self->notifications);
  self->source = g_source_new (&queue_source_funcs, sizeof (QueueSource));
  ((QueueSource *) self->source)->queue = self;
  g_source_set_priority (self->source, G_PRIORITY_HIGH);
  /* A handler may run the main loop. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_set_static_name (self->source, "[plum] notifications");
  g_source_attach (self->source, context);
  return self;
}

PlumSignalQueue *
plum_signal_queue_ref (PlumSignalQueue *self)
{
  return g_rc_box_acquire (self);
}

static void
plum_signal_queue_finalize (PlumSignalQueue *self)
{
  g_assert (g_queue_is_empty (&self->notifications) && self->depth == 0);

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_clear_pointer (&self->context, g_main_context_unref);
}

void
plum_signal_queue_unref (PlumSignalQueue *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) plum_signal_queue_finalize);
}

GMainContext *
plum_signal_queue_get_context (PlumSignalQueue *self)
{
  return self->context;
}

void
plum_signal_queue_add (PlumSignalQueue *self,
                       gpointer object,
                       PlumSignalFunc func,
                       gpointer data,
                       GDestroyNotify free_data)
{
  Notification *notification = g_new (Notification, 1);

  notification->link = (GList){ .data = notification };
  notification->object = object != NULL ? g_object_ref (object) : NULL;
  notification->func = func;
  notification->data = data;
  notification->free_data = free_data;
  g_queue_push_tail_link (&self->notifications, &notification->link);
}

static void
on_thaw (gpointer object, gpointer data)
{
  g_object_thaw_notify (object);
}

void
plum_signal_queue_freeze (PlumSignalQueue *self, gpointer object)
{
  g_object_freeze_notify (object);
  plum_signal_queue_add (self, object, on_thaw, NULL, NULL);
}

void
plum_signal_queue_flush (PlumSignalQueue *self)
{
  plum_signal_queue_ref (self);
  plum_signal_queue_drain (self);
  plum_signal_queue_unref (self);
}

PlumSignalScope *
plum_signal_queue_enter (PlumSignalQueue *self)
{
  self->depth++;
  return plum_signal_queue_ref (self);
}

void
plum_signal_queue_leave (PlumSignalScope *scope)
{
  if (--scope->depth == 0)
    plum_signal_queue_drain (scope);
  plum_signal_queue_unref (scope);
}
