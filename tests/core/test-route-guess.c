/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <string.h>

#include "plum-hop-socket.h"
#include "plum-interfaces.h"
#include "plum-neighbour-private.h"
#include "plum-route-private.h"
#include "test-lan.h"

/* The portable lookup without a routing table: the gateway is a guess. */

static PlumNetwork *
look_up (gboolean ipv6, const char *interface_name, const char *gateway, GError **error)
{
  g_autoptr (GInetAddress) address =
    gateway != NULL ? g_inet_address_new_from_string (gateway) : NULL;

  return plum_route_lookup (ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4, interface_name,
                            address, error);
}

static void
assert_address (GInetAddress *address, const char *expected)
{
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

/* Consumes the network. */
static void
assert_network (PlumNetwork *network, const char *gateway, const char *local, gboolean overridden)
{
  g_assert_nonnull (network);
  g_assert_cmpstr (plum_network_get_interface (network), ==, "wan0");
  g_assert_cmpuint (plum_network_get_interface_index (network), ==,
                    plum_interfaces_get_index ("wan0"));
  assert_address (plum_network_get_gateway (network), gateway);
  assert_address (plum_network_get_local_address (network), local);
  g_assert_cmpint (plum_network_get_overridden (network), ==, overridden);
  g_object_unref (network);
}

static void
assert_none (gboolean ipv6, const char *interface_name, const char *gateway, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (look_up (ipv6, interface_name, gateway, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_no_route (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_none (FALSE, NULL, NULL, "No default route");
  assert_none (TRUE, NULL, NULL, "No default route");
  assert_none (FALSE, NULL, "203.0.113.1", "No route leads to the gateway 203.0.113.1");
}

static void
test_default (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.254"));
  assert_network (look_up (FALSE, NULL, NULL, NULL), "192.0.2.1", "192.0.2.2", FALSE);
  assert_none (TRUE, NULL, NULL, "No default route");

  g_assert_true (test_lan_ip ("route add default via 2001:db8::99 dev wan0"));
  assert_network (look_up (TRUE, NULL, NULL, NULL), "2001:db8::1", "2001:db8::2", FALSE);
}

/* Without a table, the program's interface is believed. */
static void
test_interface (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_network (look_up (FALSE, "wan0", NULL, NULL), "192.0.2.1", "192.0.2.2", FALSE);
  assert_none (FALSE, "eth77", NULL, "does not exist");
  assert_none (FALSE, "lo", NULL, "no IPv4 address");
  assert_none (TRUE, "wan1", NULL, "no IPv6 address");
  g_assert_true (test_lan_ip ("link set wan0 down"));
  assert_none (FALSE, "wan0", NULL, "is down");
}

static void
test_overridden (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_network (look_up (FALSE, NULL, "192.0.2.7", NULL), "192.0.2.7", "192.0.2.2", TRUE);
  assert_network (look_up (FALSE, "wan0", "203.0.113.1", NULL), "203.0.113.1", "192.0.2.2", TRUE);
  assert_network (look_up (TRUE, "wan0", "fe80::1", NULL), "fe80::1", "2001:db8::2", TRUE);
  assert_none (TRUE, NULL, "fe80::1", "requires an interface");
  assert_none (TRUE, NULL, "192.0.2.7", "is not an IPv6 address");
}

/* This host is the router of that network: it is not asked. */
static void
test_router (TestLan *lan, gconstpointer family)
{
  g_autoptr (GPtrArray) networks = NULL;

  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("addr del 192.0.2.2/24 dev wan0"));
  g_assert_true (test_lan_ip ("addr add 192.0.2.1/24 dev wan0"));
  g_assert_true (test_lan_ip ("route add default via 192.0.2.254"));
  assert_network (look_up (FALSE, NULL, NULL, NULL), NULL, "192.0.2.1", FALSE);
  networks = plum_route_list (G_SOCKET_FAMILY_IPV4, NULL);
  g_assert_cmpuint (networks->len, ==, 0);
}

static void
test_list (TestLan *lan, gconstpointer family)
{
  g_autoptr (GPtrArray) networks = NULL;

  if (!lan->ready)
    return;

  networks = plum_route_list (G_SOCKET_FAMILY_IPV4, NULL);
  g_assert_cmpuint (networks->len, ==, 1);
  assert_network (g_object_ref (networks->pdata[0]), "192.0.2.1", "192.0.2.2", FALSE);
}

static void
assert_from (const char *local, const char *interface_name, const char *reason)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (local);
  g_autoptr (GError) error = NULL;
  PlumNetwork *network = plum_route_lookup_from (address, interface_name, NULL, &error);

  if (reason == NULL)
    {
      g_assert_no_error (error);
      assert_address (plum_network_get_local_address (network), local);
      g_object_unref (network);
      return;
    }
  g_assert_null (network);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_from (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_from ("192.0.2.2", NULL, NULL);
  assert_from ("192.0.2.2", "wan0", NULL);
  assert_from ("2001:db8::2", NULL, NULL);
  assert_from ("127.0.0.1", NULL, NULL);
  assert_from ("127.0.0.2", NULL, NULL);
  assert_from ("192.0.2.2", "lo", "does not have the address");
  assert_from ("192.0.2.9", NULL, "does not have the address");
  assert_from ("fe80::2", NULL, "valid on its link only");
}

static void
assert_beyond (PlumNetwork *network, const char *destination, gboolean expected)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (destination);

  g_assert_cmpint (plum_route_leads_beyond (network, address), ==, expected);
}

static void
test_beyond (TestLan *lan, gconstpointer family)
{
  g_autoptr (PlumNetwork) network = NULL;

  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.1"));
  network = look_up (FALSE, NULL, NULL, NULL);
  assert_beyond (network, "198.51.100.1", TRUE);
  assert_beyond (network, "192.0.2.77", FALSE);
  assert_beyond (network, "192.0.2.2", FALSE);
  assert_beyond (network, "127.0.0.1", FALSE);
  assert_beyond (network, "2001:db8:9::1", FALSE);
  g_assert_true (test_lan_ip ("route del default"));
  assert_beyond (network, "198.51.100.1", FALSE);
}

/* Where the system has no way to do it, this is an error or an unknown value, and nothing else. */
static void
test_not_supported (TestLan *lan, gconstpointer family)
{
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  g_autoptr (GSocketAddress) peer = NULL;
  g_autoptr (PlumNetwork) network = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  if (!lan->ready)
    return;

  network = look_up (FALSE, "wan0", NULL, NULL);
  g_assert_null (plum_neighbour_lookup (network));
  g_assert_null (plum_hop_socket_new (1, "wan0", content, &peer));
  g_assert_false (plum_interfaces_bind_socket (socket, "wan0", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* The packets that wan0 has sent, and the frames of unfinished address resolution. */
static gint64
count_sent (void)
{
  g_autofree char *output = NULL;
  const char *row;

  g_assert_true (g_spawn_command_line_sync ("ip -s -o link show wan0", &output, NULL, NULL, NULL));
  row = strstr (output, "TX:");
  g_assert_nonnull (row);
  row = strchr (row, '\\');
  g_assert_nonnull (row);
  return g_ascii_strtoll (row + 1, NULL, 10);
}

static void
test_sends_nothing (TestLan *lan, gconstpointer family)
{
  g_autoptr (GPtrArray) networks = NULL;
  g_autoptr (PlumNetwork) network = NULL;
  gint64 before;

  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.1"));
  before = count_sent ();
  network = look_up (FALSE, NULL, NULL, NULL);
  networks = plum_route_list (G_SOCKET_FAMILY_IPV4, NULL);
  assert_beyond (network, "198.51.100.1", TRUE);
  g_assert_cmpint (count_sent (), ==, before);
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

#define ADD(path, family, func)                                                                    \
  g_test_add ("/route-guess/" path, TestLan, family, test_lan_set_up, func, test_lan_tear_down)
  ADD ("no-route", TEST_LAN_IPV4, test_no_route);
  ADD ("default", TEST_LAN_IPV6, test_default);
  ADD ("interface", TEST_LAN_IPV4, test_interface);
  ADD ("overridden", TEST_LAN_IPV6, test_overridden);
  ADD ("this-host-is-the-router", TEST_LAN_IPV4, test_router);
  ADD ("list", TEST_LAN_IPV4, test_list);
  ADD ("from", TEST_LAN_IPV6, test_from);
  ADD ("beyond", TEST_LAN_IPV4, test_beyond);
  ADD ("not-supported", TEST_LAN_IPV4, test_not_supported);
  ADD ("sends-nothing", TEST_LAN_IPV4, test_sends_nothing);
#undef ADD

  return g_test_run ();
}
