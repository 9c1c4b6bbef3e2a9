/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-codec-private.h"

G_BEGIN_DECLS

/* The lease file DIRECTORY/RANDOM.plum of one manager. RANDOM.lock beside it is locked while the
 * manager uses the file; the file itself cannot be locked, as each write replaces its inode. If the
 * lock is free, the manager of the file has ended without closing. All functions block on I/O. */
typedef struct _PlumLeaseFile PlumLeaseFile;

/* Creates the directory if it does not exist. Unlocked files are inherited: their records are added
 * to records (element-type PlumLeaseRecord), and the next write removes them. Damaged files are
 * renamed. */
PlumLeaseFile *plum_lease_file_open (const char *directory, GPtrArray *records, GError **error);
/* A file that was written stays for the next start. */
void plum_lease_file_free (PlumLeaseFile *self);

/* Whether there are inherited files that the next write removes. */
gboolean plum_lease_file_has_inherited (PlumLeaseFile *self);
/* Replaces the contents atomically. Without records the file is removed. */
gboolean plum_lease_file_write (PlumLeaseFile *self, GPtrArray *records, GError **error);
/* Adds records to the file, in a time that does not depend on the size of the file. Fails if no
 * write succeeded, or if something failed since; then the contents must be replaced. */
gboolean plum_lease_file_append (PlumLeaseFile *self, GPtrArray *records, GError **error);

/* Adds the records of all files in the directory, also of those in use, to records (element-type
 * PlumLeaseRecord). Files that cannot be read are skipped. Nothing is changed or locked. */
void plum_lease_file_read_all (const char *directory, GPtrArray *records);

G_END_DECLS
