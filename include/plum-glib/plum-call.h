/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-error.h>
#include <plum-glib/plum-lease.h>
#include <plum-glib/plum-request.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_CALL (plum_call_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumCall, plum_call, PLUM, CALL, GObject)

/**
 * PlumCallCancelledFunc: (skip)
 * @call: the call
 * @user_data: the data that was passed with the function
 *
 * Called when the result of a call is no longer needed.
 *
 * Since: 1.0
 */
typedef void (*PlumCallCancelledFunc) (PlumCall *call, gpointer user_data);

PLUM_AVAILABLE_IN_1_0
PlumRequest *plum_call_get_request (PlumCall *self);
PLUM_AVAILABLE_IN_1_0
GCancellable *plum_call_get_cancellable (PlumCall *self);
PLUM_AVAILABLE_IN_1_0
void plum_call_set_cancelled_func (PlumCall *self, PlumCallCancelledFunc func, gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_call_is_settled (PlumCall *self);
PLUM_AVAILABLE_IN_1_0
void plum_call_return_done (PlumCall *self);
PLUM_AVAILABLE_IN_1_0
void plum_call_return_remaining (PlumCall *self, guint seconds);
PLUM_AVAILABLE_IN_1_0
void plum_call_return_lease (PlumCall *self, PlumLease *lease);
PLUM_AVAILABLE_IN_1_0
void plum_call_return_address (PlumCall *self, GInetAddress *address);
PLUM_AVAILABLE_IN_1_0
void plum_call_return_entries (PlumCall *self, GListModel *entries);
PLUM_AVAILABLE_IN_1_0
void plum_call_return_error (PlumCall *self, GError *error);
PLUM_AVAILABLE_IN_1_0
void plum_call_fail (PlumCall *self, PlumError code, const char *message);

G_END_DECLS
