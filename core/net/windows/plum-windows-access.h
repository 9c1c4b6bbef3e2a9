/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <windows.h>

G_BEGIN_DECLS

/* What other users may do with a file or directory, as its access control list says. Other users
 * are all except the user of this process, the system and the administrators. */
typedef struct
{
  gboolean is_own; /* this user, or an administrator, owns it */
  DWORD others;    /* the rights of other users, without generic ones, such as FILE_WRITE_DATA */
} PlumWindowsAccess;

/* The rights to replace a file in a directory, or the directory itself. */
#define PLUM_WINDOWS_REPLACE (FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER)
/* The rights to change a file, or to add files to a directory. */
#define PLUM_WINDOWS_WRITE (PLUM_WINDOWS_REPLACE | FILE_WRITE_DATA | FILE_APPEND_DATA)

/* The handle needs the right READ_CONTROL. Returns 0, or an error code. */
DWORD plum_windows_access_read (HANDLE handle, PlumWindowsAccess *out);

/* A security descriptor that gives only this user, the system and the administrators access to a
 * new file or directory. Free it with LocalFree(). Returns NULL on error, and sets the last error.
 */
PSECURITY_DESCRIPTOR plum_windows_access_new_private (gboolean is_directory);

/* Opens an existing file or directory, but follows no link. Free it with CloseHandle(). Returns
 * INVALID_HANDLE_VALUE on error, and sets the last error. */
HANDLE plum_windows_open (const char *path, DWORD access);

G_END_DECLS
