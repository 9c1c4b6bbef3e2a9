/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A folder that does not exist yet, in one of the test's own. */
typedef struct
{
  char *parent;
  char *path;
  int notify_fd;
} TestStateDirectory;

void test_state_directory_set_up (TestStateDirectory *self);
/* Removes it with all that is in it. */
void test_state_directory_tear_down (TestStateDirectory *self);

/* (transfer full) */
char *test_state_directory_build (TestStateDirectory *self, const char *name);
/* The path of the one file whose name ends so; NULL if there is none. (transfer full) */
char *test_state_directory_find (TestStateDirectory *self, const char *suffix);
guint test_state_directory_count (TestStateDirectory *self);
void test_state_directory_write (TestStateDirectory *self,
                                 const char *name,
                                 const char *text,
                                 int mode);
guint test_state_get_mode (const char *path);

/* From now on; it must exist. */
void test_state_directory_watch (TestStateDirectory *self);
/* How many times a file was put in place since the last call. */
guint test_state_directory_n_writes (TestStateDirectory *self);

G_END_DECLS
