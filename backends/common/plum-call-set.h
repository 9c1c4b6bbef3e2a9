/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Calls that wait for one and the same outcome. One that core gives up leaves at once. */
typedef struct _PlumCallSet PlumCallSet;

typedef void (*PlumCallSetFunc) (gpointer user_data);

/* emptied: (nullable): called when the last one was given up. */
PlumCallSet *plum_call_set_new (PlumCallSetFunc emptied, gpointer user_data);
/* Those still in it are forgotten. */
void plum_call_set_free (PlumCallSet *self);
void plum_call_set_add (PlumCallSet *self, PlumCall *call);
gboolean plum_call_set_is_empty (PlumCallSet *self);
void plum_call_set_done (PlumCallSet *self);
void plum_call_set_address (PlumCallSet *self, GInetAddress *address);
void plum_call_set_fail (PlumCallSet *self, const GError *error);

G_END_DECLS
