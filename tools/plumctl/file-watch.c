/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "file-watch.h"

#include <string.h>

/* More links are a loop, as for the kernel. */
#define MAX_LINKS 40

struct _FileWatch
{
  char *path; /* absolute */
  FileWatchFunc changed;
  gpointer user_data;
  GPtrArray *monitors; /* (element-type GFileMonitor) */
};

/* --- Links --- */

typedef struct
{
  GPtrArray *paths; /* (element-type filename): what to watch */
  guint n_links;
} Chain;

static void
chain_add (Chain *self, const char *path)
{
  if (!g_ptr_array_find_with_equal_func (self->paths, path, g_str_equal, NULL))
    g_ptr_array_add (self->paths, g_strdup (path));
}

/* The target of a link at path may be relative, and end with a separator. (transfer full)
 * (nullable) */
static char *
read_link (const char *parent, const char *path)
{
  g_autofree char *target = g_file_read_link (path, NULL);
  gsize length;

  if (target == NULL)
    return NULL;

  length = strlen (target);
  while (length > 1 && G_IS_DIR_SEPARATOR (target[length - 1]))
    target[--length] = '\0';
  return g_path_is_absolute (target) ? g_steal_pointer (&target)
                                     : g_build_filename (parent, target, NULL);
}

/* Follows the links in an absolute path. Adds the links, and what is missing. (transfer full) */
static char *
chain_resolve (Chain *self, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *parent = NULL;
  g_autofree char *here = NULL;
  g_autofree char *target = NULL;

  if (g_str_equal (directory, path))
    return g_steal_pointer (&directory);

  parent = chain_resolve (self, directory);
  if (g_str_equal (name, "."))
    return g_steal_pointer (&parent);
  if (g_str_equal (name, ".."))
    return g_path_get_dirname (parent);

  here = g_build_filename (parent, name, NULL);
  target = self->n_links < MAX_LINKS ? read_link (parent, here) : NULL;
  if (target != NULL || !g_file_test (here, G_FILE_TEST_EXISTS))
    chain_add (self, here);
  if (target == NULL)
    return g_steal_pointer (&here);

  self->n_links++;
  return chain_resolve (self, target);
}

/* Returns the links that lead to the file, the file, and its directory, which may be replaced as
 * well. (element-type filename) (transfer full) */
static GPtrArray *
find_watched (const char *path)
{
  Chain chain = { .paths = g_ptr_array_new_with_free_func (g_free) };
  g_autofree char *file = chain_resolve (&chain, path);
  g_autofree char *directory = g_path_get_dirname (file);

  chain_add (&chain, file);
  chain_add (&chain, directory);
  return chain.paths;
}

/* --- Watch --- */

/* A file that is deleted is about to be replaced, or is missing by mistake. */
static void
on_file_watch_changed (
  GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, FileWatch *self)
{
  if (event == G_FILE_MONITOR_EVENT_CHANGED || event == G_FILE_MONITOR_EVENT_CREATED ||
      event == G_FILE_MONITOR_EVENT_RENAMED || event == G_FILE_MONITOR_EVENT_MOVED_IN)
    self->changed (self->user_data);
}

FileWatch *
file_watch_new (const char *path, FileWatchFunc changed, gpointer user_data)
{
  FileWatch *self = g_new0 (FileWatch, 1);
  g_autofree char *current = g_get_current_dir ();

  self->path = g_path_is_absolute (path) ? g_strdup (path) : g_build_filename (current, path, NULL);
  self->changed = changed;
  self->user_data = user_data;
  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

static void
file_watch_stop (FileWatch *self)
{
  for (guint i = 0; i < self->monitors->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->monitors->pdata[i], self);
      g_file_monitor_cancel (self->monitors->pdata[i]);
    }

  g_ptr_array_set_size (self->monitors, 0);
}

void
file_watch_free (FileWatch *self)
{
  file_watch_stop (self);
  g_ptr_array_unref (self->monitors);
  g_free (self->path);
  g_free (self);
}

gboolean
file_watch_update (FileWatch *self, GError **error)
{
  g_autoptr (GPtrArray) paths = find_watched (self->path);

  /* First, because GIO would use the watch of a directory for another one of the same name. */
  file_watch_stop (self);

  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (GFile) file = g_file_new_for_path (paths->pdata[i]);
      GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, error);

      if (monitor == NULL)
        return FALSE;
      g_signal_connect (monitor, "changed", G_CALLBACK (on_file_watch_changed), self);
      g_ptr_array_add (self->monitors, monitor);
    }

  return TRUE;
}
