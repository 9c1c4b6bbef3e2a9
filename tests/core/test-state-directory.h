/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A path that does not exist yet, in a temporary directory. */
typedef struct
{
  char *parent;
  char *path;
} TestStateDirectory;

void test_state_directory_set_up (TestStateDirectory *self);
/* Removes the directory and its files. */
void test_state_directory_tear_down (TestStateDirectory *self);

/* (transfer full) */
char *test_state_directory_build (TestStateDirectory *self, const char *name);
/* The path of the only file with this suffix. (nullable) (transfer full) */
char *test_state_directory_find (TestStateDirectory *self, const char *suffix);
guint test_state_directory_count (TestStateDirectory *self);
void test_state_directory_write (TestStateDirectory *self,
                                 const char *name,
                                 const char *text,
                                 int mode);
/* The rights of the user and of other users, such as 0600, as numbers of POSIX. */
guint test_state_get_mode (const char *path);

/* Starts counting writes; the directory must exist. One at a time. */
void test_state_directory_watch (TestStateDirectory *self);
void test_state_directory_unwatch (TestStateDirectory *self);
/* The number of files that were renamed into place since the last call. */
guint test_state_directory_n_writes (TestStateDirectory *self);

G_END_DECLS
