/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Functions that wait for an event, in the order in which they were added. */
GArray *plum_waiting_funcs_new (void);
void plum_waiting_funcs_add (GArray *self, GSourceFunc func, gpointer user_data);
/* Returns whether there was a function with this user_data. */
gboolean plum_waiting_funcs_remove (GArray *self, gpointer user_data);
/* Calls and removes each function. Those that are added meanwhile are called the next time. */
void plum_waiting_funcs_call (GArray *self);

G_END_DECLS
