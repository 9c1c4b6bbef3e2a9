/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-system.h"

#include <glib/gi18n-lib.h>

#include "plum-windows-access.h"

#include <bcrypt.h>

gboolean
plum_system_fill_random (gpointer data, gsize size, GError **error)
{
  if (BCryptGenRandom (NULL, data, (ULONG) size, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                       _ ("Windows provides no random numbers"));
  return FALSE;
}

/* User Account Control gives an elevated process the environment of the user, who can change it
 * without being elevated. */
gboolean
plum_system_is_privileged (void)
{
  TOKEN_ELEVATION_TYPE type = TokenElevationTypeDefault;
  DWORD size = 0;
  HANDLE token;

  if (!OpenProcessToken (GetCurrentProcess (), TOKEN_QUERY, &token))
    return TRUE;

  if (!GetTokenInformation (token, TokenElevationType, &type, sizeof type, &size))
    type = TokenElevationTypeFull;
  CloseHandle (token);
  return type == TokenElevationTypeFull;
}

char *
plum_system_get_library (void)
{
  HMODULE module = NULL;
  wchar_t path[MAX_PATH * 4];
  DWORD length;

  if (!GetModuleHandleExW (GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                             GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                           (const wchar_t *) plum_system_get_library, &module))
    return NULL;

  length = GetModuleFileNameW (module, path, G_N_ELEMENTS (path));
  if (length == 0 || length == G_N_ELEMENTS (path))
    return NULL;

  return g_utf16_to_utf8 ((const gunichar2 *) path, -1, NULL, NULL, NULL);
}

gboolean
plum_system_is_in_library (gpointer function)
{
  const DWORD flags =
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  HMODULE own, other;

  return GetModuleHandleExW (flags, (const wchar_t *) plum_system_get_library, &own) &&
         GetModuleHandleExW (flags, (const wchar_t *) function, &other) && own == other;
}

/* The code page of the system, with the short name of a file that it cannot represent. */
char *
plum_system_encode_path (const char *path)
{
  char *encoded = g_win32_locale_filename_from_utf8 (path);

  return encoded != NULL ? encoded : g_strdup (path);
}

gboolean
plum_system_is_trusted_directory (const char *directory, const char *file, const char **reason)
{
  HANDLE handle = plum_windows_open (directory, FILE_READ_ATTRIBUTES | READ_CONTROL);
  BY_HANDLE_FILE_INFORMATION info;
  PlumWindowsAccess access;
  gboolean trusted;

  *reason = NULL;
  if (handle == INVALID_HANDLE_VALUE)
    return FALSE;

  trusted = GetFileInformationByHandle (handle, &info) &&
            (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
            (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0 &&
            plum_windows_access_read (handle, &access) == 0 && access.is_own &&
            (access.others & PLUM_WINDOWS_WRITE) == 0;
  CloseHandle (handle);
  if (!trusted)
    *reason = "it must be a directory that no other user can write to";
  return trusted;
}

static gboolean
is_administrator (void)
{
  SID_IDENTIFIER_AUTHORITY authority = { SECURITY_NT_AUTHORITY };
  BOOL is_member = TRUE;
  PSID group;

  if (!AllocateAndInitializeSid (&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                 DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &group))
    return TRUE;

  if (!CheckTokenMembership (NULL, group, &is_member))
    is_member = TRUE;
  FreeSid (group);
  return is_member;
}

static gboolean
is_writable_by_others (const char *path)
{
  PlumWindowsAccess access = { FALSE, FILE_ALL_ACCESS };
  HANDLE handle = plum_windows_open (path, READ_CONTROL);

  if (handle == INVALID_HANDLE_VALUE)
    return FALSE;

  plum_windows_access_read (handle, &access);
  CloseHandle (handle);
  return (access.others & PLUM_WINDOWS_WRITE) != 0;
}

char *
plum_system_describe_danger (const char *file, const char *directory)
{
  if (!is_administrator ())
    return NULL;

  if (is_writable_by_others (file))
    return g_strdup_printf (
      _ ("%s: the file is writable by other users and this program runs as an administrator"),
      file);
  if (is_writable_by_others (directory))
    return g_strdup_printf (
      _ ("%s: the directory of the file is writable by other users and this program "
         "runs as an administrator"),
      file);
  return NULL;
}
