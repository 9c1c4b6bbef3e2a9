/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-codec-private.h"

G_BEGIN_DECLS

/* One file DIRECTORY/RANDOM.plum, of one manager. Its sibling RANDOM.lock is locked as long as the
 * manager lives (the file itself cannot be: each write puts another inode in its place), and a
 * file whose lock is free was left by one that died. Blocks, for as long as the disk takes. */
typedef struct _PlumLeaseFile PlumLeaseFile;

/* Makes the directory if there is none. Files of the dead are taken over: what they hold is added
 * to records (element-type PlumLeaseRecord), and they go with the next write. Those that cannot be
 * read are moved aside. */
PlumLeaseFile *plum_lease_file_open (const char *directory, GPtrArray *records, GError **error);
/* Lets go. What was written stays, for the next start. */
void plum_lease_file_free (PlumLeaseFile *self);

/* Whether there are files of the dead that wait for a write. */
gboolean plum_lease_file_has_inherited (PlumLeaseFile *self);
/* Replaces what was written, at once or not at all. Without records there is no file. */
gboolean plum_lease_file_write (PlumLeaseFile *self, GPtrArray *records, GError **error);

G_END_DECLS
