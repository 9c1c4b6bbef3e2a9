/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What backends tell of their traffic and their thoughts, kept until the next turn of the loop.
 * They tell it in the midst of sending and receiving; whoever hears of it may end the backend. */

typedef struct _PlumSignalQueue PlumSignalQueue;

typedef struct
{
  const char *backend_name; /* interned */
  PlumTrafficDirection direction;
  GSocketAddress *peer;
  GBytes *bytes; /* NULL: it is a note */
  char *note;
} PlumQueuedSignal;

typedef void (*PlumQueuedSignalFunc) (const PlumQueuedSignal *report, gpointer owner);

/* owner: a GObject, borrowed; kept alive while it is told. */
PlumSignalQueue *plum_signal_queue_new (GMainContext *context,
                                        PlumQueuedSignalFunc func,
                                        gpointer owner);
/* Nobody hears of what is kept. */
void plum_signal_queue_free (PlumSignalQueue *self);
void plum_signal_queue_drop (PlumSignalQueue *self);
void plum_signal_queue_add_traffic (PlumSignalQueue *self,
                                    const char *backend_name,
                                    PlumTrafficDirection direction,
                                    GSocketAddress *peer,
                                    GBytes *bytes);
void plum_signal_queue_add_note (PlumSignalQueue *self, const char *backend_name, const char *note);

G_END_DECLS
