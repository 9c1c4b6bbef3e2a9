/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The traffic and notes that backends report, kept until a later turn of the main loop. Backends
 * report them in the middle of an exchange, and a signal handler may close the backend. */
typedef struct _PlumSignalQueue PlumSignalQueue;

typedef struct
{
  const char *backend_name; /* interned */
  PlumTrafficDirection direction;
  GSocketAddress *peer;
  GBytes *bytes; /* NULL: a note */
  char *note;
} PlumQueuedSignal;

typedef void (*PlumQueuedSignalFunc) (const PlumQueuedSignal *queued, gpointer owner);

/* owner: a GObject, borrowed; kept alive while func runs. */
PlumSignalQueue *plum_signal_queue_new (GMainContext *context,
                                        PlumQueuedSignalFunc func,
                                        gpointer owner);
void plum_signal_queue_free (PlumSignalQueue *self);
/* Removes all queued signals; func is not called for them. */
void plum_signal_queue_clear (PlumSignalQueue *self);
void plum_signal_queue_add_traffic (PlumSignalQueue *self,
                                    const char *backend_name,
                                    PlumTrafficDirection direction,
                                    GSocketAddress *peer,
                                    GBytes *bytes);
void plum_signal_queue_add_note (PlumSignalQueue *self, const char *backend_name, const char *note);

G_END_DECLS
