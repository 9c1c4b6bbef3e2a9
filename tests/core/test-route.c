/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <net/if.h>

#include <stdio.h>

#include "plum-neighbour-private.h"
#include "plum-route-private.h"
#include "test-lan.h"

/* Tests of route lookups. They do not depend on the network of this host: except for those that
 * use loopback, they run in a network namespace. */

static PlumNetwork *
look_up (const char *interface_name, const char *gateway, gboolean ipv6, GError **error)
{
  g_autoptr (GInetAddress) address = NULL;

  if (gateway != NULL)
    address = g_inet_address_new_from_string (gateway);
  return plum_route_lookup (ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4, interface_name,
                            address, error);
}

static void
assert_network (const char *interface_name,
                const char *gateway,
                gboolean ipv6,
                const char *expected_interface,
                const char *expected_gateway,
                const char *expected_local)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumNetwork) network = look_up (interface_name, gateway, ipv6, &error);
  g_autofree char *local = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (plum_network_get_interface (network), ==, expected_interface);
  g_assert_cmpuint (plum_network_get_interface_index (network), ==,
                    if_nametoindex (expected_interface));
  if (expected_gateway != NULL)
    {
      g_autofree char *text = g_inet_address_to_string (plum_network_get_gateway (network));

      g_assert_cmpstr (text, ==, expected_gateway);
    }
  else
    {
      g_assert_null (plum_network_get_gateway (network));
    }
  local = g_inet_address_to_string (plum_network_get_local_address (network));
  g_assert_cmpstr (local, ==, expected_local);
  g_assert_cmpint (plum_network_get_overridden (network), ==, gateway != NULL);
}

static void
assert_no_gateway (const char *interface_name,
                   const char *gateway,
                   gboolean ipv6,
                   const char *expected_message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumNetwork) network = look_up (interface_name, gateway, ipv6, &error);

  g_assert_null (network);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpstr (error->message, ==, expected_message);
}

static void
test_loopback_override (void)
{
  assert_network (NULL, "127.0.0.1", FALSE, "lo", "127.0.0.1", "127.0.0.1");
}

static void
test_loopback_override_with_interface (void)
{
  assert_network ("lo", "127.0.0.1", FALSE, "lo", "127.0.0.1", "127.0.0.1");
}

static void
test_no_such_interface (void)
{
  assert_no_gateway ("plum-none", NULL, FALSE, "The interface “plum-none” does not exist");
}

static void
test_interface_name_too_long (void)
{
  assert_no_gateway ("plum-name-too-long", NULL, FALSE,
                     "The interface “plum-name-too-long” does not exist");
}

static void
test_interface_name_empty (void)
{
  assert_no_gateway ("", NULL, TRUE, "The interface “” does not exist");
}

static void
test_override_of_other_family (void)
{
  assert_no_gateway (NULL, "10.2.0.1", TRUE, "The gateway 10.2.0.1 is not an IPv6 address");
}

static void
test_link_local_without_interface (void)
{
  assert_no_gateway (NULL, "fe80::1", TRUE,
                     "The gateway fe80::1 is link-local and requires an interface");
}

static void
test_no_default_route (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_no_gateway (NULL, NULL, FALSE,
                     "No default route: this host is not connected to an IPv4 network");
}

static void
test_no_default_route_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_no_gateway (NULL, NULL, TRUE,
                     "No default route: this host is not connected to an IPv6 network");
}

static void
test_default_route (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.1"));
  assert_network (NULL, NULL, FALSE, "wan0", "192.0.2.1", "192.0.2.2");
}

static void
test_default_route_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via fe80::1 dev wan0"));
  assert_network (NULL, NULL, TRUE, "wan0", "fe80::1", "2001:db8::2");
}

/* Changes an IPv6 setting of wan0, which exists only in the network namespace. */
static gboolean
set_ipv6 (const char *name, const char *value)
{
  g_autofree char *path = g_strconcat ("/proc/sys/net/ipv6/conf/wan0/", name, NULL);
  FILE *file = fopen (path, "we");

  if (file == NULL)
    return FALSE;

  fputs (value, file);
  return fclose (file) == 0;
}

/* Returns the source address that the kernel chooses for a connection to the internet. */
static char *
get_kernels_choice (void)
{
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new_from_string ("2001:503:ba3e::2:30", 9);
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) from = NULL;
  g_autoptr (GError) error = NULL;

  g_socket_connect (socket, to, NULL, &error);
  g_assert_no_error (error);
  from = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  return g_inet_address_to_string (
    g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from)));
}

/* The kernel configures the temporary address asynchronously and reports it. */
static void
wait_for_temporary_address (TestWatch *watch)
{
  while (TRUE)
    {
      g_autofree char *choice = get_kernels_choice ();

      if (g_str_has_prefix (choice, "2001:db8:5:") && !g_str_equal (choice, "2001:db8:5::5"))
        return;
      g_main_context_iteration (watch->context, TRUE);
    }
}

/* With privacy extensions, each address has a temporary address with the same prefix, which the
 * kernel prefers. Ports are mapped to the stable address. */
static void
test_temporary_address (TestLan *lan, gconstpointer family)
{
  TestWatch watch;

  if (!lan->ready)
    return;
  if (!set_ipv6 ("use_tempaddr", "2") || !set_ipv6 ("accept_dad", "0"))
    {
      g_test_skip ("The kernel does not support privacy extensions");
      return;
    }

  g_assert_true (test_lan_ip ("route add default via fe80::1 dev wan0"));
  test_watch_init (&watch);
  g_assert_true (test_lan_ip ("addr add 2001:db8:5::5/64 dev wan0 mngtmpaddr nodad"));
  wait_for_temporary_address (&watch);
  test_watch_clear (&watch);
  assert_network (NULL, NULL, TRUE, "wan0", "fe80::1", "2001:db8:5::5");
}

/* During a renumbering, the old address is deprecated but still works. */
static void
test_deprecated_address (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via fe80::1 dev wan0"));
  g_assert_true (test_lan_ip ("addr add 2001:db8:5::5/64 dev wan0 nodad preferred_lft 0"));
  assert_network (NULL, NULL, TRUE, "wan0", "fe80::1", "2001:db8::2");
  g_assert_true (test_lan_ip ("addr change 2001:db8:5::5/64 dev wan0 preferred_lft forever"));
  g_assert_true (test_lan_ip ("addr change 2001:db8::2/64 dev wan0 preferred_lft 0"));
  assert_network (NULL, NULL, TRUE, "wan0", "fe80::1", "2001:db8:5::5");
}

/* If there is no better address, it is used. Backends decide whether they support it. */
static void
test_unique_local_address (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via fe80::1 dev wan0"));
  g_assert_true (test_lan_ip ("addr add fd00:5::5/64 dev wan0 nodad"));
  assert_network (NULL, NULL, TRUE, "wan0", "fe80::1", "2001:db8::2");
  g_assert_true (test_lan_ip ("addr del 2001:db8::2/64 dev wan0"));
  assert_network (NULL, NULL, TRUE, "wan0", "fe80::1", "fd00:5::5");
}

static void
test_default_route_in_halves (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add 0.0.0.0/1 via 192.0.2.3"));
  g_assert_true (test_lan_ip ("route add 128.0.0.0/1 via 192.0.2.3"));
  assert_network (NULL, NULL, FALSE, "wan0", "192.0.2.3", "192.0.2.2");
}

static void
test_point_to_point (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default dev wan0"));
  assert_network (NULL, NULL, FALSE, "wan0", NULL, "192.0.2.2");
}

static void
test_point_to_point_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-6 route add default dev wan0"));
  assert_network (NULL, NULL, TRUE, "wan0", NULL, "2001:db8::2");
}

static void
test_via_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-4 route add default via inet6 fe80::1 dev wan0"));
  assert_network (NULL, NULL, FALSE, "wan0", NULL, "192.0.2.2");
}

static void
test_multipath (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default nexthop via 192.0.2.1 dev wan0"));
  assert_network (NULL, NULL, FALSE, "wan0", "192.0.2.1", "192.0.2.2");
}

static void
test_interface (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.1"));
  assert_network ("wan0", NULL, FALSE, "wan0", "192.0.2.1", "192.0.2.2");
}

static void
test_local_address (TestLan *lan, gconstpointer family)
{
  GSocketFamily socket_family =
    family == TEST_LAN_IPV6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *text = NULL;

  if (!lan->ready)
    return;

  g_assert_null (plum_address_get_local (socket_family, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_clear_error (&error);

  g_assert_true (test_lan_ip (family == TEST_LAN_IPV6 ? "-6 route add default via fe80::1 dev wan0"
                                                      : "route add default via 192.0.2.1"));
  address = plum_address_get_local (socket_family, &error);
  g_assert_no_error (error);
  text = g_inet_address_to_string (address);
  g_assert_cmpstr (text, ==, family == TEST_LAN_IPV6 ? "2001:db8::2" : "192.0.2.2");
}

static void
test_interface_without_route (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_no_gateway ("wan0", NULL, FALSE,
                     "No IPv4 default route leads through the interface “wan0”");
}

static void
test_interface_without_route_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_no_gateway ("wan0", NULL, TRUE,
                     "No IPv6 default route leads through the interface “wan0”");
}

static void
test_interface_down (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("link set wan0 down"));
  assert_no_gateway ("wan0", NULL, FALSE, "The interface “wan0” is down");
}

static void
test_override_on_link (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_network (NULL, "192.0.2.9", FALSE, "wan0", "192.0.2.9", "192.0.2.2");
}

static void
test_override_behind_router (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.1"));
  assert_network (NULL, "10.2.0.1", FALSE, "wan0", "10.2.0.1", "192.0.2.2");
}

static void
test_override_without_route (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_no_gateway (NULL, "10.2.0.1", FALSE, "No route leads to the gateway 10.2.0.1");
}

static void
test_override_link_local (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via fe80::1 dev wan0"));
  assert_network ("wan0", "fe80::9", TRUE, "wan0", "fe80::9", "2001:db8::2");
}

static void
test_unreachable (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add unreachable default"));
  assert_no_gateway (NULL, NULL, FALSE,
                     "No default route: this host is not connected to an IPv4 network");
  g_assert_true (test_lan_ip ("route del unreachable default"));
}

static void
test_unreachable_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-6 route add unreachable default"));
  assert_no_gateway (NULL, NULL, TRUE,
                     "No default route: this host is not connected to an IPv6 network");
  g_assert_true (test_lan_ip ("-6 route del unreachable default"));
}

static void
test_prohibit (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add prohibit default"));
  assert_no_gateway (NULL, NULL, FALSE,
                     "The routes of this host prohibit IPv4 packets to the internet");
  g_assert_true (test_lan_ip ("route del prohibit default"));
}

static void
test_prohibit_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-6 route add prohibit default"));
  assert_no_gateway (NULL, NULL, TRUE,
                     "The routes of this host prohibit IPv6 packets to the internet");
  g_assert_true (test_lan_ip ("-6 route del prohibit default"));
}

static void
test_blackhole (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add blackhole default"));
  assert_no_gateway (NULL, NULL, FALSE,
                     "The routes of this host drop IPv4 packets to the internet");
  g_assert_true (test_lan_ip ("route del blackhole default"));
}

static void
test_blackhole_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-6 route add blackhole default"));
  assert_no_gateway (NULL, NULL, TRUE, "The routes of this host drop IPv6 packets to the internet");
  g_assert_true (test_lan_ip ("-6 route del blackhole default"));
}

/* The interface has no address, such as before DHCP or after the lease expired. */
static void
test_no_address (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("addr del 192.0.2.2/24 dev wan0"));
  g_assert_true (test_lan_ip ("route add default dev wan0"));
  assert_no_gateway (NULL, NULL, FALSE, "The interface “wan0” has no IPv4 address");
  assert_no_gateway ("wan0", NULL, FALSE, "The interface “wan0” has no IPv4 address");
}

static void
test_no_address_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-6 addr del 2001:db8::2/64 dev wan0"));
  g_assert_true (test_lan_ip ("-6 addr del fe80::2/64 dev wan0"));
  g_assert_true (test_lan_ip ("-6 route add default dev wan0"));
  assert_no_gateway (NULL, NULL, TRUE, "The interface “wan0” has no IPv6 address");
}

/* The hardware address that identifies the router of a lease file. */
static void
test_neighbour (TestLan *lan, gconstpointer family)
{
  g_autoptr (PlumNetwork) network = NULL;
  g_autofree char *unknown = NULL;
  g_autofree char *known = NULL;

  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("route add default via 192.0.2.1 dev wan0"));
  network = look_up (NULL, NULL, FALSE, NULL);
  unknown = plum_neighbour_lookup (network);
  g_assert_null (unknown);

  g_assert_true (test_lan_ip ("neighbour add 192.0.2.1 lladdr 02:00:5e:10:00:0a dev wan0"));
  known = plum_neighbour_lookup (network);
  g_assert_cmpstr (known, ==, "02:00:5e:10:00:0a");
}

static void
test_neighbour_unknown (TestLan *lan, gconstpointer family)
{
  g_autoptr (PlumNetwork) ipv6 = NULL;
  g_autoptr (PlumNetwork) point_to_point = NULL;

  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("-6 route add default via fe80::1 dev wan0"));
  ipv6 = look_up (NULL, NULL, TRUE, NULL);
  g_assert_null (plum_neighbour_lookup (ipv6));
  g_assert_true (test_lan_ip ("route add default dev wan0"));
  point_to_point = look_up (NULL, NULL, FALSE, NULL);
  g_assert_null (plum_neighbour_lookup (point_to_point));
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

#define ADD(path, family, func)                                                                    \
  g_test_add (path, TestLan, family, test_lan_set_up, func, test_lan_tear_down)
  g_test_add_func ("/route/loopback-override", test_loopback_override);
  g_test_add_func ("/route/loopback-override-with-interface",
                   test_loopback_override_with_interface);
  g_test_add_func ("/route/no-such-interface", test_no_such_interface);
  g_test_add_func ("/route/interface-name-too-long", test_interface_name_too_long);
  g_test_add_func ("/route/interface-name-empty", test_interface_name_empty);
  g_test_add_func ("/route/override-of-other-family", test_override_of_other_family);
  g_test_add_func ("/route/link-local-without-interface", test_link_local_without_interface);
  ADD ("/route/no-default-route", TEST_LAN_IPV4, test_no_default_route);
  ADD ("/route/no-default-route-ipv6", TEST_LAN_IPV6, test_no_default_route_ipv6);
  ADD ("/route/default-route", TEST_LAN_IPV4, test_default_route);
  ADD ("/route/default-route-ipv6", TEST_LAN_IPV6, test_default_route_ipv6);
  ADD ("/route/temporary-address", TEST_LAN_IPV6, test_temporary_address);
  ADD ("/route/deprecated-address", TEST_LAN_IPV6, test_deprecated_address);
  ADD ("/route/unique-local-address", TEST_LAN_IPV6, test_unique_local_address);
  ADD ("/route/default-route-in-halves", TEST_LAN_IPV4, test_default_route_in_halves);
  ADD ("/route/point-to-point", TEST_LAN_IPV4, test_point_to_point);
  ADD ("/route/point-to-point-ipv6", TEST_LAN_IPV6, test_point_to_point_ipv6);
  ADD ("/route/via-ipv6", TEST_LAN_IPV4, test_via_ipv6);
  ADD ("/route/multipath", TEST_LAN_IPV4, test_multipath);
  ADD ("/route/interface", TEST_LAN_IPV4, test_interface);
  ADD ("/route/local-address", TEST_LAN_IPV4, test_local_address);
  ADD ("/route/local-address-ipv6", TEST_LAN_IPV6, test_local_address);
  ADD ("/route/interface-without-route", TEST_LAN_IPV4, test_interface_without_route);
  ADD ("/route/interface-without-route-ipv6", TEST_LAN_IPV6, test_interface_without_route_ipv6);
  ADD ("/route/interface-down", TEST_LAN_IPV4, test_interface_down);
  ADD ("/route/override-on-link", TEST_LAN_IPV4, test_override_on_link);
  ADD ("/route/override-behind-router", TEST_LAN_IPV4, test_override_behind_router);
  ADD ("/route/override-without-route", TEST_LAN_IPV4, test_override_without_route);
  ADD ("/route/override-link-local", TEST_LAN_IPV6, test_override_link_local);
  ADD ("/route/neighbour", TEST_LAN_IPV4, test_neighbour);
  ADD ("/route/neighbour-unknown", TEST_LAN_IPV6, test_neighbour_unknown);
  ADD ("/route/no-address", TEST_LAN_IPV4, test_no_address);
  ADD ("/route/no-address-ipv6", TEST_LAN_IPV6, test_no_address_ipv6);
  ADD ("/route/unreachable", TEST_LAN_IPV4, test_unreachable);
  ADD ("/route/unreachable-ipv6", TEST_LAN_IPV6, test_unreachable_ipv6);
  ADD ("/route/prohibit", TEST_LAN_IPV4, test_prohibit);
  ADD ("/route/prohibit-ipv6", TEST_LAN_IPV6, test_prohibit_ipv6);
  ADD ("/route/blackhole", TEST_LAN_IPV4, test_blackhole);
  ADD ("/route/blackhole-ipv6", TEST_LAN_IPV6, test_blackhole_ipv6);
#undef ADD

  return g_test_run ();
}
