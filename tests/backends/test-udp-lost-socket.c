/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>

#include "backend-fixture.h"
#include "natpmp-backend.h"
#include "plum-sockets.h"
#include "test-syscalls.h"

/* A system where the report of a closed port makes the socket unusable. */

#define GATEWAY "127.52.5.1"

static GSocket *lost_socket; /* borrowed */

/* --- The sockets of that system, instead of those of backends/common --- */

GSocket *
plum_sockets_new_for_group (PlumNetwork *network, GInetSocketAddress *group, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "no multicast");
  return NULL;
}

void
plum_sockets_report_closed_port (GSocket *socket)
{
}

gssize
plum_sockets_receive (GSocket *socket, void *data, gsize size, GError **error)
{
  gssize n = g_socket_receive (socket, data, size, NULL, error);

  if (n < 0 && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    {
      lost_socket = socket;
      (*error)->code = G_IO_ERROR_WOULD_BLOCK;
    }
  return n;
}

gssize
plum_sockets_send (GSocket *socket, const void *data, gsize size, GError **error)
{
  return g_socket_send (socket, data, size, NULL, error);
}

GSource *
plum_sockets_create_source (GSocket *socket)
{
  return g_socket_create_source (socket, G_IO_IN, NULL);
}

gboolean
plum_sockets_is_lost (GSocket *socket, GIOCondition condition, GError **error)
{
  if (socket != lost_socket)
    return FALSE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "closed");
  return TRUE;
}

/* --- Tests --- */

static void
set_up (BackendFixture *f, gconstpointer data)
{
  lost_socket = NULL;
  backend_fixture_set_up (f, PLUM_TYPE_NATPMP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  test_syscalls_reset ();
  backend_fixture_tear_down (f);
}

static void
discover_refused (BackendFixture *f)
{
  g_autoptr (PlumCall) call = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_nonnull (lost_socket);
}

static void
discover_found (BackendFixture *f)
{
  const gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = backend_discover (f);

  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

static void
test_replaced (BackendFixture *f, gconstpointer data)
{
  discover_refused (f);
  fake_gateway_set_open (f->gateway, TRUE);
  discover_found (f);
}

/* The next request opens the socket that could not be opened. */
static void
test_replaced_later (BackendFixture *f, gconstpointer data)
{
  discover_found (f);
  test_syscall_fail (TEST_SYSCALL_SOCKET, EMFILE);
  discover_refused (f);
  test_syscalls_reset ();
  fake_gateway_set_open (f->gateway, TRUE);
  discover_found (f);
}

static void
test_not_replaced (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  discover_found (f);
  test_syscall_fail (TEST_SYSCALL_SOCKET, EMFILE);
  discover_refused (f);
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/udp-lost-socket/replaced", BackendFixture, NULL, set_up, test_replaced, tear_down);
  g_test_add ("/udp-lost-socket/replaced-later", BackendFixture, NULL, set_up, test_replaced_later,
              tear_down);
  g_test_add ("/udp-lost-socket/not-replaced", BackendFixture, NULL, set_up, test_not_replaced,
              tear_down);

  return g_test_run ();
}
