/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <aclapi.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sddl.h>
#include <string.h>

#include "plum-interfaces.h"
#include "plum-neighbour-private.h"
#include "plum-private-file.h"
#include "plum-route-private.h"
#include "plum-system.h"
#include "plum-values-private.h"
#include "plum-wakeup-private.h"

/* What core/net/windows and core/time/windows do. The rest of the suites uses them as well. */

#define OTHERS_WRITE "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;WD)"

typedef struct
{
  char *directory;
  char *path;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_dir_make_tmp ("plum-windows-XXXXXX", &error);

  g_assert_no_error (error);
  f->directory = g_build_filename (parent, "private", "state", NULL);
  f->path = g_build_filename (f->directory, "file", NULL);
  plum_private_directory_make (f->directory, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *private = g_path_get_dirname (f->directory);
  g_autofree char *parent = g_path_get_dirname (private);

  g_remove (f->path);
  g_assert_cmpint (g_rmdir (f->directory), ==, 0);
  g_assert_cmpint (g_rmdir (private), ==, 0);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_free (f->directory);
  g_free (f->path);
}

static void
set_rights (const char *path, const char *rights)
{
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (path, -1, NULL, NULL, NULL);
  PSECURITY_DESCRIPTOR descriptor = NULL;
  BOOL present, defaulted;
  PACL acl = NULL;

  g_assert_true (ConvertStringSecurityDescriptorToSecurityDescriptorA (rights, SDDL_REVISION_1,
                                                                       &descriptor, NULL));
  g_assert_true (GetSecurityDescriptorDacl (descriptor, &present, &acl, &defaulted));
  g_assert_cmpint (SetNamedSecurityInfoW ((wchar_t *) wide, SE_FILE_OBJECT,
                                          DACL_SECURITY_INFORMATION |
                                            PROTECTED_DACL_SECURITY_INFORMATION,
                                          NULL, NULL, acl, NULL),
                   ==, 0);
  LocalFree (descriptor);
}

static void
create_file (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  plum_private_file_create (f->path, "abc", 3, &error);
  g_assert_no_error (error);
}

static void
assert_refused (Fixture *f, gsize max_size)
{
  g_autoptr (GError) error = NULL;
  gboolean was_readable;
  gsize size;

  g_assert_null (plum_private_file_read (f->path, max_size, &size, &was_readable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

/* --- Files --- */

static void
test_file_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = NULL;
  gboolean was_readable = TRUE;
  gsize size = 0;

  create_file (f);
  read = plum_private_file_read (f->path, 100, &size, &was_readable, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (read, size, "abc", 3);
  g_assert_false (was_readable);
}

static void
test_file_append (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = NULL;
  gboolean was_readable;
  gsize size = 0;

  create_file (f);
  plum_private_file_append (f->path, "defg", 4, &error);
  g_assert_no_error (error);
  read = plum_private_file_read (f->path, 100, &size, &was_readable, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (read, size, "abcdefg", 7);

  set_rights (f->path, OTHERS_WRITE);
  g_assert_false (plum_private_file_append (f->path, "h", 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static void
test_file_append_to_none (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_private_file_append (f->path, "h", 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_file_is_not_overwritten (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  create_file (f);
  g_assert_false (plum_private_file_create (f->path, "x", 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
}

static void
test_file_does_not_exist (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean was_readable;
  gsize size;

  g_assert_null (plum_private_file_read (f->path, 100, &size, &was_readable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_file_is_too_long (Fixture *f, gconstpointer data)
{
  create_file (f);
  assert_refused (f, 2);
}

static void
test_file_is_a_directory (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_mkdir (f->path, 0700), ==, 0);
  assert_refused (f, 100);
}

static void
test_file_of_others (Fixture *f, gconstpointer data)
{
  create_file (f);
  set_rights (f->path, OTHERS_WRITE);
  assert_refused (f, 100);
}

static void
test_directory_of_others (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  set_rights (f->directory, OTHERS_WRITE);
  g_assert_false (plum_private_directory_make (f->directory, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static void
test_directory_is_a_file (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  create_file (f);
  g_assert_false (plum_private_directory_make (f->path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

/* --- Locks --- */

static void
test_lock_excludes (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PlumFileLock *first = plum_file_lock_new (f->path, TRUE, &error);
  PlumFileLock *second;

  g_assert_no_error (error);
  g_assert_null (plum_file_lock_new (f->path, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);

  plum_file_lock_free (first);
  second = plum_file_lock_new (f->path, FALSE, &error);
  g_assert_no_error (error);
  plum_file_lock_free (second);
}

static void
test_lock_must_be_new (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  create_file (f);
  g_assert_null (plum_file_lock_new (f->path, TRUE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
}

static void
test_lock_is_removed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PlumFileLock *lock = plum_file_lock_new (f->path, TRUE, &error);

  g_assert_no_error (error);
  g_assert_cmpint (g_unlink (f->path), ==, 0);
  plum_file_lock_free (lock);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
}

/* --- The system --- */

static void
test_random (void)
{
  guint8 a[32] = { 0 };
  guint8 b[32] = { 0 };
  g_autoptr (GError) error = NULL;

  plum_system_fill_random (a, sizeof a, &error);
  g_assert_no_error (error);
  plum_system_fill_random (b, sizeof b, &error);
  g_assert_no_error (error);
  g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
}

static void
test_library (void)
{
  g_autofree char *path = plum_system_get_library ();
  g_autofree char *name = g_path_get_basename (path);

  g_assert_true (g_path_is_absolute (path));
  g_assert_cmpstr (name, ==, "test-windows.exe");
}

static void
test_trusted_directory (Fixture *f, gconstpointer data)
{
  const char *reason;

  g_assert_true (plum_system_is_trusted_directory (f->directory, f->path, &reason));
  set_rights (f->directory, OTHERS_WRITE);
  g_assert_false (plum_system_is_trusted_directory (f->directory, f->path, &reason));
  g_assert_nonnull (reason);
}

static void
test_no_directory (Fixture *f, gconstpointer data)
{
  const char *reason;

  g_assert_false (plum_system_is_trusted_directory (f->path, f->path, &reason));
  g_assert_null (reason);
}

static void
test_clock (void)
{
  const gint64 start = plum_wakeup_get_time ();
  const gint64 suspended = plum_wakeup_get_suspended ();

  g_usleep (50000);
  g_assert_cmpint (plum_wakeup_get_time () - start, >=, 49000);
  g_assert_cmpint (ABS (plum_wakeup_get_suspended () - suspended), <, G_USEC_PER_SEC);
}

/* --- The network --- */

static PlumNetwork *
look_up (const char *gateway)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (gateway);
  g_autoptr (GError) error = NULL;
  PlumNetwork *network = plum_route_lookup (G_SOCKET_FAMILY_IPV4, NULL, address, &error);

  g_assert_no_error (error);
  return network;
}

static void
test_route_to_loopback (void)
{
  g_autoptr (PlumNetwork) network = look_up ("127.1.2.3");
  g_autofree char *local = g_inet_address_to_string (plum_network_get_local_address (network));

  g_assert_cmpstr (local, ==, "127.0.0.1");
  g_assert_cmpuint (plum_interfaces_get_index (plum_network_get_interface (network)), ==,
                    plum_network_get_interface_index (network));
  g_assert_null (plum_neighbour_lookup (network));
}

static void
test_route_by_another_interface (void)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("127.1.2.3");
  g_autoptr (GError) error = NULL;

  g_assert_null (plum_route_lookup (G_SOCKET_FAMILY_IPV4, "No such interface", address, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
}

static void
test_route_from_address (void)
{
  g_autoptr (GInetAddress) own = g_inet_address_new_from_string ("127.0.0.2");
  g_autoptr (GInetAddress) other = g_inet_address_new_from_string ("203.0.113.1");
  g_autoptr (GInetAddress) gateway = g_inet_address_new_from_string ("127.1.2.3");
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumNetwork) network = plum_route_lookup_from (own, NULL, gateway, &error);

  g_assert_no_error (error);
  g_assert_true (g_inet_address_equal (plum_network_get_local_address (network), own));
  g_assert_null (plum_route_lookup_from (other, NULL, gateway, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
}

static void
test_bind_to_interface (void)
{
  g_autoptr (PlumNetwork) network = look_up ("127.1.2.3");
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  plum_interfaces_bind_socket (socket, plum_network_get_interface (network), &error);
  g_assert_no_error (error);
  g_assert_false (plum_interfaces_bind_socket (socket, "No such interface", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_list (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = plum_interfaces_list_addresses (&error);
  g_autoptr (GPtrArray) networks = NULL;
  gboolean has_loopback = FALSE;

  g_assert_no_error (error);
  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];

      g_assert_cmpuint (own->interface_index, >=, 1);
      has_loopback =
        has_loopback || (own->is_loopback && g_inet_address_get_is_loopback (own->address));
    }
  g_assert_true (has_loopback);

  networks = plum_route_list (G_SOCKET_FAMILY_IPV4, &error);
  g_assert_no_error (error);
}

static gboolean
on_change (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
test_watch_ends (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSource) watch = plum_route_watch_new (context, on_change, NULL, &error);

  g_assert_no_error (error);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_source_destroy (watch);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "file/round-trip", test_file_round_trip },
    { "file/append", test_file_append },
    { "file/append-to-none", test_file_append_to_none },
    { "file/not-overwritten", test_file_is_not_overwritten },
    { "file/does-not-exist", test_file_does_not_exist },
    { "file/too-long", test_file_is_too_long },
    { "file/is-a-directory", test_file_is_a_directory },
    { "file/writable-by-others", test_file_of_others },
    { "directory/writable-by-others", test_directory_of_others },
    { "directory/is-a-file", test_directory_is_a_file },
    { "directory/trusted", test_trusted_directory },
    { "directory/does-not-exist", test_no_directory },
    { "lock/excludes", test_lock_excludes },
    { "lock/must-be-new", test_lock_must_be_new },
    { "lock/removed-while-locked", test_lock_is_removed },
  };

  g_test_init (&argc, &argv, NULL);

  for (unsigned int i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/windows/%s", tests[i].path);

      g_test_add (path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
  g_test_add_func ("/windows/random", test_random);
  g_test_add_func ("/windows/library", test_library);
  g_test_add_func ("/windows/clock", test_clock);
  g_test_add_func ("/windows/route/to-loopback", test_route_to_loopback);
  g_test_add_func ("/windows/route/by-another-interface", test_route_by_another_interface);
  g_test_add_func ("/windows/route/from-address", test_route_from_address);
  g_test_add_func ("/windows/interface/bind-socket", test_bind_to_interface);
  g_test_add_func ("/windows/interface/list", test_list);
  g_test_add_func ("/windows/watch/ends", test_watch_ends);

  return g_test_run ();
}
