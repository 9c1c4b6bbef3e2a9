/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Calls that wait for the same result. A call that core cancels is removed at once. */
typedef struct _PlumCallSet PlumCallSet;

typedef void (*PlumCallSetFunc) (gpointer user_data);

/* emptied: (nullable): called after the last call was cancelled. */
PlumCallSet *plum_call_set_new (PlumCallSetFunc emptied, gpointer user_data);
/* Calls still in it do not finish. */
void plum_call_set_free (PlumCallSet *self);
void plum_call_set_add (PlumCallSet *self, PlumCall *call);
/* These finish all calls, and empty the set. */
void plum_call_set_done (PlumCallSet *self);
void plum_call_set_address (PlumCallSet *self, GInetAddress *address);
void plum_call_set_fail (PlumCallSet *self, const GError *error);

G_END_DECLS
