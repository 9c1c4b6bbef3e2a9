/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* Reports when a file is written or replaced, also if symbolic links lead to it: then a change of
 * each link and of the target count. */
typedef struct _FileWatch FileWatch;

typedef void (*FileWatchFunc) (gpointer user_data);

FileWatch *file_watch_new (const char *path, FileWatchFunc changed, gpointer user_data);
void file_watch_free (FileWatch *self);
/* Follows the links anew, and starts the watch. To be called at first, and after each change before
 * the file is read. Returns FALSE if not all changes can be noticed. */
gboolean file_watch_update (FileWatch *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileWatch, file_watch_free)
