/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-windows-access.h"

#include <aclapi.h>
#include <sddl.h>

/* The service that installs parts of Windows; it owns the programs. */
#define TRUSTED_INSTALLER "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

/* (nullable) (transfer full) */
static TOKEN_USER *
get_user (void)
{
  g_autofree TOKEN_USER *user = NULL;
  DWORD size = 0;
  HANDLE token;
  gboolean found;

  if (!OpenProcessToken (GetCurrentProcess (), TOKEN_QUERY, &token))
    return NULL;

  GetTokenInformation (token, TokenUser, NULL, 0, &size);
  user = g_malloc0 (MAX (size, sizeof (TOKEN_USER)));
  found = GetTokenInformation (token, TokenUser, user, size, &size);
  CloseHandle (token);
  return found ? g_steal_pointer (&user) : NULL;
}

static gboolean
is_trusted_installer (PSID sid)
{
  PSID trusted = NULL;
  gboolean equal = FALSE;

  if (ConvertStringSidToSidA (TRUSTED_INSTALLER, &trusted))
    {
      equal = EqualSid (sid, trusted);
      LocalFree (trusted);
    }
  return equal;
}

static gboolean
is_other_user (PSID sid, const TOKEN_USER *user)
{
  return !(EqualSid (sid, user->User.Sid) || IsWellKnownSid (sid, WinLocalSystemSid) ||
           IsWellKnownSid (sid, WinBuiltinAdministratorsSid) || is_trusted_installer (sid));
}

/* The rights of CREATOR OWNER are those of an owner, which is_own examines. */
static gboolean
is_owner_placeholder (PSID sid)
{
  return IsWellKnownSid (sid, WinCreatorOwnerSid) || IsWellKnownSid (sid, WinCreatorOwnerRightsSid);
}

/* Entries that refuse access are ignored: they only reduce the rights. */
static DWORD
collect_rights (PACL acl, const TOKEN_USER *user)
{
  GENERIC_MAPPING mapping = { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                              FILE_ALL_ACCESS };
  DWORD rights = 0;

  for (DWORD i = 0; i < acl->AceCount; i++)
    {
      ACCESS_ALLOWED_ACE *entry;
      DWORD mask;

      if (!GetAce (acl, i, (gpointer *) &entry))
        return FILE_ALL_ACCESS;
      if ((entry->Header.AceFlags & INHERIT_ONLY_ACE) != 0 ||
          (entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE &&
           entry->Header.AceType != ACCESS_ALLOWED_CALLBACK_ACE_TYPE) ||
          is_owner_placeholder (&entry->SidStart) || !is_other_user (&entry->SidStart, user))
        continue;

      mask = entry->Mask;
      MapGenericMask (&mask, &mapping);
      rights |= mask;
    }

  return rights;
}

DWORD
plum_windows_access_read (HANDLE handle, PlumWindowsAccess *out)
{
  g_autofree TOKEN_USER *user = get_user ();
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PSID owner = NULL;
  PACL acl = NULL;
  DWORD code;

  if (user == NULL)
    return ERROR_ACCESS_DENIED;

  code =
    GetSecurityInfo (handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                     &owner, NULL, &acl, NULL, &descriptor);
  if (code != 0)
    return code;

  out->is_own = owner != NULL && !is_other_user (owner, user);
  /* Without a list, everybody has all rights. */
  out->others = acl != NULL ? collect_rights (acl, user) : FILE_ALL_ACCESS;
  LocalFree (descriptor);
  return 0;
}

PSECURITY_DESCRIPTOR
plum_windows_access_new_private (gboolean is_directory)
{
  g_autofree TOKEN_USER *user = get_user ();
  g_autofree char *text = NULL;
  PSECURITY_DESCRIPTOR descriptor = NULL;
  const char *flags = is_directory ? "OICI" : "";
  char *sid = NULL;

  if (user == NULL || !ConvertSidToStringSidA (user->User.Sid, &sid))
    return NULL;

  /* P: nothing is inherited. SY: the system, BA: the administrators. */
  text =
    g_strdup_printf ("D:P(A;%s;FA;;;%s)(A;%s;FA;;;SY)(A;%s;FA;;;BA)", flags, sid, flags, flags);
  LocalFree (sid);
  ConvertStringSecurityDescriptorToSecurityDescriptorA (text, SDDL_REVISION_1, &descriptor, NULL);
  return descriptor;
}

HANDLE
plum_windows_open (const char *path, DWORD access)
{
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (path, -1, NULL, NULL, NULL);

  if (wide == NULL)
    {
      SetLastError (ERROR_INVALID_NAME);
      return INVALID_HANDLE_VALUE;
    }

  /* FILE_FLAG_BACKUP_SEMANTICS: also opens directories. */
  return CreateFileW ((const wchar_t *) wide, access,
                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                      FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
}
