/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/*
 * PlumSignalQueue:
 *
 * The notifications of one manager, in order: property notifications, signals, changes of lists,
 * and results of asynchronous operations.
 *
 * Core changes its state first and notifies last. Handlers may call any function of the library,
 * drop references and close the manager; therefore they run only while no core function is on the
 * stack. Each entry into core that is followed by notifications (a public function, the callback of
 * a timer or of a call) opens a scope; the queue is drained when the outermost scope ends. A scope
 * must not end in the middle of another function of core. Outside of a scope, notifications are
 * delivered in the next iteration of the main loop, before any other source.
 *
 * A public function that a handler calls opens a scope of its own: everything that is queued before
 * it returns is delivered before it returns.
 */
typedef struct _PlumSignalQueue PlumSignalQueue;

typedef void (*PlumSignalFunc) (gpointer object, gpointer data);

PlumSignalQueue *plum_signal_queue_new (GMainContext *context);
PlumSignalQueue *plum_signal_queue_ref (PlumSignalQueue *self);
void plum_signal_queue_unref (PlumSignalQueue *self);

/* The main context of the manager. (transfer none) */
GMainContext *plum_signal_queue_get_context (PlumSignalQueue *self);

/* Queues a call of func (nullable). object: (nullable): a GObject, kept alive until the call.
 * data: freed with free_data (nullable) after the call. */
void plum_signal_queue_add (PlumSignalQueue *self,
                            gpointer object,
                            PlumSignalFunc func,
                            gpointer data,
                            GDestroyNotify free_data);

/* Freezes the property notifications of object until they can be delivered. If object is frozen
 * again before that, all of them are delivered with the last ones. */
void plum_signal_queue_freeze (PlumSignalQueue *self, gpointer object);

/* Delivers everything now, whatever is on the stack: for the end of the manager. */
void plum_signal_queue_flush (PlumSignalQueue *self);

/* For PLUM_SIGNAL_SCOPE (). */
typedef PlumSignalQueue PlumSignalScope;

PlumSignalScope *plum_signal_queue_enter (PlumSignalQueue *self);
void plum_signal_queue_leave (PlumSignalScope *scope);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumSignalScope, plum_signal_queue_leave)

/* Opens a scope that ends with the block: the first declaration of a function, so that the queue is
 * drained after everything else has been cleaned up. */
#define PLUM_SIGNAL_SCOPE(queue)                                                                   \
  g_autoptr (PlumSignalScope) G_PASTE (signal_scope_, __LINE__) G_GNUC_UNUSED =                    \
    plum_signal_queue_enter (queue)

G_END_DECLS
