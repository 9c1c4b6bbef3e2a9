/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The backends of one manager: modules and added types, loaded when they are first needed. */
typedef struct _PlumBackendList PlumBackendList;

PlumBackendList *plum_backend_list_new (PlumSignalQueue *signals);
void plum_backend_list_free (PlumBackendList *self);

/* Loads the backends if necessary. (element-type PlumBackendInfo) (transfer none) */
GPtrArray *plum_backend_list_load (PlumBackendList *self);
/* The same as a list of PlumBackendInfo, which changes when its observers are notified.
 * (transfer none) */
GListModel *plum_backend_list_get_model (PlumBackendList *self);

/* (nullable) */
const char *const *plum_backend_list_get_enabled (PlumBackendList *self);
/* Return TRUE if the loaded backends have changed. names: (nullable) */
gboolean plum_backend_list_set_enabled (PlumBackendList *self, const char *const *names);
/* Checks the arguments of plum_manager_add_backend_type (). */
gboolean plum_backend_list_check_type (PlumBackendList *self,
                                       GType type,
                                       const char *name,
                                       GError **error);
gboolean plum_backend_list_add (PlumBackendList *self, PlumBackendInfo *info); /* (transfer full) */

G_END_DECLS
