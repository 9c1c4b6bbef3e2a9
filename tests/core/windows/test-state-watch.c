/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "../test-state-directory.h"

#include "plum-windows-access.h"

/* Windows reports changes from another thread, some time later. */
#define REPORT_MS 200

static struct
{
  HANDLE directory; /* NULL: none is watched */
  OVERLAPPED call;
  union
  {
    FILE_NOTIFY_INFORMATION first; /* for the alignment */
    guint8 bytes[16384];
  } buffer;
} watch;

guint
test_state_get_mode (const char *path)
{
  const guint own = g_file_test (path, G_FILE_TEST_IS_DIR) ? 0700 : 0600;
  HANDLE handle = plum_windows_open (path, READ_CONTROL);
  PlumWindowsAccess access;

  g_assert_true (handle != INVALID_HANDLE_VALUE);
  g_assert_cmpint (plum_windows_access_read (handle, &access), ==, 0);
  CloseHandle (handle);
  return own | ((access.others & FILE_READ_DATA) != 0 ? 0044 : 0) |
         ((access.others & PLUM_WINDOWS_WRITE) != 0 ? 0022 : 0);
}

static void
start_call (void)
{
  g_assert_true (ReadDirectoryChangesW (watch.directory, &watch.buffer, sizeof watch.buffer, FALSE,
                                        FILE_NOTIFY_CHANGE_FILE_NAME, NULL, &watch.call, NULL));
}

void
test_state_directory_watch (TestStateDirectory *self)
{
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (self->path, -1, NULL, NULL, NULL);

  watch.directory =
    CreateFileW ((const wchar_t *) wide, FILE_LIST_DIRECTORY,
                 FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                 FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
  g_assert_true (watch.directory != INVALID_HANDLE_VALUE);
  watch.call.hEvent = CreateEventW (NULL, TRUE, FALSE, NULL);
  start_call ();
}

void
test_state_directory_unwatch (TestStateDirectory *self)
{
  DWORD size;

  if (watch.directory == NULL)
    return;

  CancelIo (watch.directory);
  GetOverlappedResult (watch.directory, &watch.call, &size, TRUE);
  CloseHandle (watch.call.hEvent);
  CloseHandle (watch.directory);
  watch.directory = NULL;
}

guint
test_state_directory_n_writes (TestStateDirectory *self)
{
  guint n = 0;

  while (WaitForSingleObject (watch.call.hEvent, REPORT_MS) == WAIT_OBJECT_0)
    {
      DWORD size = 0;
      gsize at = 0;
      const FILE_NOTIFY_INFORMATION *event;

      g_assert_true (GetOverlappedResult (watch.directory, &watch.call, &size, TRUE));
      g_assert_cmpuint (size, >, 0);
      do
        {
          event = (gconstpointer) (watch.buffer.bytes + at);
          n += event->Action == FILE_ACTION_RENAMED_NEW_NAME;
          at += event->NextEntryOffset;
        }
      while (event->NextEntryOffset != 0);
      start_call ();
    }

  return n;
}
