/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "../test-state-directory.h"

#include <glib/gstdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static int watch_fd = -1;

guint
test_state_get_mode (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_lstat (path, &status), ==, 0);
  return status.st_mode & 07777;
}

void
test_state_directory_unwatch (TestStateDirectory *self)
{
  if (watch_fd >= 0)
    close (watch_fd);
  watch_fd = -1;
}

void
test_state_directory_watch (TestStateDirectory *self)
{
  watch_fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  g_assert_cmpint (watch_fd, >=, 0);
  /* inotify(7) merges equal successive events. IN_CREATE of the temporary file, which has another
   * name each time, separates them. */
  g_assert_cmpint (inotify_add_watch (watch_fd, self->path, IN_MOVED_TO | IN_CREATE), >=, 0);
}

guint
test_state_directory_n_writes (TestStateDirectory *self)
{
  union
  {
    struct inotify_event event;
    char bytes[4096];
  } buffer;
  guint n = 0;
  gssize size;

  while ((size = read (watch_fd, &buffer, sizeof buffer)) > 0)
    {
      gsize at = 0;

      while (at < (gsize) size)
        {
          const struct inotify_event *event = (const void *) (buffer.bytes + at);

          if ((event->mask & IN_MOVED_TO) != 0)
            n++;
          at += sizeof *event + event->len;
        }
    }

  return n;
}
