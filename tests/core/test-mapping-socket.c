/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* plum_mapping_new_for_socket () */

#include <plum-glib/plum-glib.h>

#include <gio/gnetworking.h>

static GSocket *
open_socket (GSocketFamily family, GSocketType type)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (family, type, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  return socket;
}

/* Returns the port that the socket is bound to. */
static guint
bind_socket (GSocket *socket, const char *address)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string (address, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  g_socket_bind (socket, any, FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

static void
assert_maps (GSocket *socket, const char *address, PlumProtocol protocol, GSocketFamily family)
{
  guint port = bind_socket (socket, address);
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumMapping) mapping = plum_mapping_new_for_socket (socket, &error);

  g_assert_no_error (error);
  g_assert_cmpint (plum_mapping_get_protocol (mapping), ==, protocol);
  g_assert_cmpint (plum_mapping_get_family (mapping), ==, family);
  g_assert_cmpuint (plum_mapping_get_internal_port (mapping), ==, port);
  g_assert_cmpuint (plum_mapping_get_requested_external_port (mapping), ==, 0);
  g_assert_cmpuint (plum_mapping_get_id (mapping), ==, 0);
}

static void
assert_fails (GSocket *socket, GIOErrorEnum code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (plum_mapping_new_for_socket (socket, &error));
  g_assert_error (error, G_IO_ERROR, (int) code);
}

static void
test_tcp (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);

  assert_maps (socket, "0.0.0.0", PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4);
}

static void
test_udp (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);

  assert_maps (socket, "0.0.0.0", PLUM_PROTOCOL_UDP, G_SOCKET_FAMILY_IPV4);
}

/* The default of GSocketListener: one IPv6 socket for both families. */
static void
test_dual_stack (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM);

  if (!g_socket_speaks_ipv4 (socket))
    {
      g_test_skip ("GIO has no sockets for both families here");
      return;
    }

  assert_maps (socket, "::", PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4);
}

static void
test_ipv6_only (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM);

  g_assert_true (g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL));
  assert_maps (socket, "::", PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV6);
}

static void
test_loopback (void)
{
  g_autoptr (GSocket) ipv4 = open_socket (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  g_autoptr (GSocket) ipv6 = open_socket (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM);

  bind_socket (ipv4, "127.0.0.1");
  assert_fails (ipv4, G_IO_ERROR_INVALID_ARGUMENT);
  bind_socket (ipv6, "::1");
  assert_fails (ipv6, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_unbound (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);

  assert_fails (socket, G_IO_ERROR_NOT_INITIALIZED);
}

static void
test_unix (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM);

  assert_fails (socket, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_closed (void)
{
  g_autoptr (GSocket) socket = open_socket (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  g_autoptr (GError) error = NULL;

  bind_socket (socket, "0.0.0.0");
  g_assert_true (g_socket_close (socket, NULL));
  g_assert_null (plum_mapping_new_for_socket (socket, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/mapping-socket/tcp", test_tcp);
  g_test_add_func ("/mapping-socket/udp", test_udp);
  g_test_add_func ("/mapping-socket/dual-stack", test_dual_stack);
  g_test_add_func ("/mapping-socket/ipv6-only", test_ipv6_only);
  g_test_add_func ("/mapping-socket/loopback", test_loopback);
  g_test_add_func ("/mapping-socket/unbound", test_unbound);
  g_test_add_func ("/mapping-socket/unix", test_unix);
  g_test_add_func ("/mapping-socket/closed", test_closed);

  return g_test_run ();
}
