/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-private-file.h"

#include "plum-windows-access.h"
#include "plum-windows-error.h"

#include <aclapi.h>

struct _PlumFileLock
{
  HANDLE handle;
};

static void
close_handle (HANDLE handle)
{
  if (handle != INVALID_HANDLE_VALUE)
    CloseHandle (handle);
}

/* Opens or creates a file, without following a link. Other programs may read, replace and remove
 * it. Sets the last error. */
static HANDLE
open_private (const char *path, DWORD access, DWORD disposition)
{
  SECURITY_ATTRIBUTES attributes = { sizeof attributes, NULL, FALSE };
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (path, -1, NULL, NULL, NULL);
  HANDLE handle;
  DWORD code;

  attributes.lpSecurityDescriptor = plum_windows_access_new_private (FALSE);
  if (wide == NULL || attributes.lpSecurityDescriptor == NULL)
    {
      SetLastError (ERROR_INVALID_NAME);
      return INVALID_HANDLE_VALUE;
    }

  handle = CreateFileW ((const wchar_t *) wide, access | READ_CONTROL,
                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &attributes,
                        disposition, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  code = GetLastError ();
  LocalFree (attributes.lpSecurityDescriptor);
  SetLastError (code);
  return handle;
}

static const char *
find_fault (HANDLE handle, guint64 max_size, DWORD shared_rights, PlumWindowsAccess *access)
{
  BY_HANDLE_FILE_INFORMATION info;

  if (GetFileType (handle) != FILE_TYPE_DISK || !GetFileInformationByHandle (handle, &info) ||
      (info.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) != 0)
    return "The file is not a regular file";
  if (plum_windows_access_read (handle, access) != 0 || !access->is_own)
    return "The file belongs to another user";
  if ((access->others & shared_rights) != 0)
    return "The file is writable by other users";
  if (info.nNumberOfLinks > 1)
    return "The file has another name";
  if (((guint64) info.nFileSizeHigh << 32 | info.nFileSizeLow) > max_size)
    return "The file is too long";
  return NULL;
}

/* --- Locks --- */

/* A file that is removed while it is open keeps its name or not, which depends on the version of
 * Windows. */
static gboolean
is_removed (HANDLE handle)
{
  FILE_STANDARD_INFO info;

  return !GetFileInformationByHandleEx (handle, FileStandardInfo, &info, sizeof info) ||
         info.DeletePending || info.NumberOfLinks == 0;
}

PlumFileLock *
plum_file_lock_new (const char *path, gboolean must_be_new, GError **error)
{
  g_autoptr (PlumFileLock) self = g_new0 (PlumFileLock, 1);
  OVERLAPPED start = { 0 };
  PlumWindowsAccess access;
  const char *fault;

  self->handle =
    open_private (path, GENERIC_READ | GENERIC_WRITE, must_be_new ? CREATE_NEW : OPEN_ALWAYS);
  if (self->handle == INVALID_HANDLE_VALUE ||
      !LockFileEx (self->handle, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
                   &start))
    {
      plum_windows_set_error (error, GetLastError (), "Cannot lock %s", path);
      return NULL;
    }

  fault = find_fault (self->handle, G_MAXUINT64, 0, &access);
  if (fault != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "Cannot lock %s: %s", path,
                   fault);
      return NULL;
    }

  if (is_removed (self->handle))
    {
      plum_windows_set_error (error, ERROR_DELETE_PENDING, "Cannot lock %s", path);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
plum_file_lock_free (PlumFileLock *self)
{
  close_handle (self->handle);
  g_free (self);
}

/* --- Directories --- */

static gboolean
check_directory (const char *directory, GError **error)
{
  HANDLE handle = plum_windows_open (directory, FILE_READ_ATTRIBUTES | READ_CONTROL);
  BY_HANDLE_FILE_INFORMATION info;
  PlumWindowsAccess access;
  const char *what = NULL;
  DWORD code;

  if (handle == INVALID_HANDLE_VALUE)
    return plum_windows_set_error (error, GetLastError (), "Cannot open %s", directory);

  code = GetFileInformationByHandle (handle, &info) ? plum_windows_access_read (handle, &access)
                                                    : GetLastError ();
  CloseHandle (handle);
  if (code != 0)
    return plum_windows_set_error (error, code, "Cannot get the status of %s", directory);

  if ((info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
    what = "is not a directory";
  else if (!access.is_own)
    what = "belongs to another user";
  else if ((access.others & PLUM_WINDOWS_REPLACE) != 0)
    what = "is writable by other users";

  if (what != NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "The directory %s %s", directory,
                 what);
  return what == NULL;
}

static gboolean
create_directory (const char *directory)
{
  SECURITY_ATTRIBUTES attributes = { sizeof attributes, NULL, FALSE };
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (directory, -1, NULL, NULL, NULL);
  gboolean created;
  DWORD code;

  attributes.lpSecurityDescriptor = plum_windows_access_new_private (TRUE);
  if (wide == NULL || attributes.lpSecurityDescriptor == NULL)
    {
      SetLastError (ERROR_INVALID_NAME);
      return FALSE;
    }

  created = CreateDirectoryW ((const wchar_t *) wide, &attributes);
  code = GetLastError ();
  LocalFree (attributes.lpSecurityDescriptor);
  SetLastError (code);
  return created || code == ERROR_ALREADY_EXISTS;
}

/* Parents first. A path without a parent, such as C:\, is its own one. */
static gboolean
create_with_parents (const char *directory)
{
  g_autofree char *parent = NULL;

  if (g_file_test (directory, G_FILE_TEST_IS_DIR))
    return TRUE;

  parent = g_path_get_dirname (directory);
  return (g_str_equal (parent, directory) || create_with_parents (parent)) &&
         create_directory (directory);
}

gboolean
plum_private_directory_make (const char *directory, GError **error)
{
  if (!create_with_parents (directory))
    return plum_windows_set_error (error, GetLastError (), "Cannot create the directory %s",
                                   directory);

  return check_directory (directory, error);
}

/* --- Files --- */

static gboolean
read_all (HANDLE handle, char *data, gsize size, GError **error)
{
  gsize have = 0;

  while (have < size)
    {
      DWORD n = 0;

      if (!ReadFile (handle, data + have, (DWORD) MIN (size - have, G_MAXINT32), &n, NULL))
        return plum_windows_set_error (error, GetLastError (), "Cannot read the file");
      if (n == 0)
        return plum_windows_set_error (error, ERROR_HANDLE_EOF, "Cannot read the file");
      have += n;
    }

  return TRUE;
}

/* The keys in it are secret. The handle needs the right WRITE_DAC. */
static gboolean
make_unreadable (HANDLE handle)
{
  PSECURITY_DESCRIPTOR descriptor = plum_windows_access_new_private (FALSE);
  BOOL present = FALSE, defaulted;
  PACL acl = NULL;
  gboolean ok;

  ok = descriptor != NULL && GetSecurityDescriptorDacl (descriptor, &present, &acl, &defaulted) &&
       present &&
       SetSecurityInfo (handle, SE_FILE_OBJECT,
                        DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL,
                        acl, NULL) == 0;
  LocalFree (descriptor);
  return ok;
}

static char *
read_private (HANDLE handle, gsize max_size, gsize *size, gboolean *was_readable, GError **error)
{
  g_autofree char *data = NULL;
  PlumWindowsAccess access;
  LARGE_INTEGER length;
  const char *fault = find_fault (handle, max_size, PLUM_WINDOWS_WRITE, &access);

  if (fault != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, fault);
      return NULL;
    }

  *was_readable = (access.others & FILE_READ_DATA) != 0 && !make_unreadable (handle);
  if (!GetFileSizeEx (handle, &length))
    {
      plum_windows_set_error (error, GetLastError (), "Cannot get the size of the file");
      return NULL;
    }

  *size = (gsize) length.QuadPart;
  data = g_malloc (*size + 1);
  return read_all (handle, data, *size, error) ? g_steal_pointer (&data) : NULL;
}

char *
plum_private_file_read (
  const char *path, gsize max_size, gsize *size, gboolean *was_readable, GError **error)
{
  HANDLE handle = plum_windows_open (path, GENERIC_READ | READ_CONTROL | WRITE_DAC);
  char *data;

  if (handle == INVALID_HANDLE_VALUE && GetLastError () == ERROR_ACCESS_DENIED)
    handle = plum_windows_open (path, GENERIC_READ | READ_CONTROL);

  *was_readable = FALSE;
  if (handle == INVALID_HANDLE_VALUE)
    {
      plum_windows_set_error (error, GetLastError (), "Cannot open the file");
      return NULL;
    }

  data = read_private (handle, max_size, size, was_readable, error);
  CloseHandle (handle);
  return data;
}

static gboolean
write_all (HANDLE handle, const char *data, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      DWORD n = 0;

      if (!WriteFile (handle, data + done, (DWORD) MIN (size - done, G_MAXINT32), &n, NULL))
        return FALSE;
      done += n;
    }

  return TRUE;
}

gboolean
plum_private_file_create (const char *path, const char *data, gsize size, GError **error)
{
  HANDLE handle = open_private (path, GENERIC_WRITE, CREATE_NEW);
  gboolean ok;
  DWORD code;

  if (handle == INVALID_HANDLE_VALUE)
    return plum_windows_set_error (error, GetLastError (), "Cannot create %s", path);

  ok = write_all (handle, data, size);
  code = GetLastError ();
  CloseHandle (handle);
  return ok || plum_windows_set_error (error, code, "Cannot write %s", path);
}

/* FILE_APPEND_DATA without FILE_WRITE_DATA: each write is at the end. */
gboolean
plum_private_file_append (const char *path, const char *data, gsize size, GError **error)
{
  HANDLE handle = plum_windows_open (path, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL);
  PlumWindowsAccess access;
  const char *fault;
  gboolean ok;
  DWORD code;

  if (handle == INVALID_HANDLE_VALUE)
    return plum_windows_set_error (error, GetLastError (), "Cannot open %s", path);

  fault = find_fault (handle, G_MAXUINT64, PLUM_WINDOWS_WRITE, &access);
  ok = fault == NULL && write_all (handle, data, size);
  code = GetLastError ();
  CloseHandle (handle);
  if (fault != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, fault);
      return FALSE;
    }
  return ok || plum_windows_set_error (error, code, "Cannot append to %s", path);
}
