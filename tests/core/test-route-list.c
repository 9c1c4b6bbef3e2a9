/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include "plum-route-private.h"
#include "test-lan.h"

static void
assert_list (gboolean ipv6, const char *expected)
{
  g_autoptr (GPtrArray) networks =
    plum_route_list (ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < networks->len; i++)
    {
      g_autofree char *local =
        g_inet_address_to_string (plum_network_get_local_address (networks->pdata[i]));

      g_string_append_printf (text, "%s%s=%s", i > 0 ? " " : "",
                              plum_network_get_interface (networks->pdata[i]), local);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_list (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_list (FALSE, "");
  g_assert_true (test_lan_ip ("link add vpn0 type veth peer name vpn1"));
  g_assert_true (test_lan_ip ("link set vpn1 up"));
  g_assert_true (test_lan_ip ("link set vpn0 up"));
  g_assert_true (test_lan_ip ("addr add 10.2.0.2/32 dev vpn0"));

  /* Ordered by priority. A host route is not a default route, and a dead route is ignored. */
  g_assert_true (test_lan_ip ("route add default via 192.0.2.1 dev wan0 metric 100"));
  g_assert_true (test_lan_ip ("route add default via 192.0.2.1 dev wan0 metric 900"));
  g_assert_true (test_lan_ip ("route add 203.0.113.1 dev vpn0"));
  assert_list (FALSE, "wan0=192.0.2.2");
  g_assert_true (test_lan_ip ("route add default dev vpn0 metric 50"));
  assert_list (FALSE, "vpn0=10.2.0.2 wan0=192.0.2.2");

  /* Override the default route with two halves. */
  g_assert_true (test_lan_ip ("route del default dev vpn0 metric 50"));
  g_assert_true (test_lan_ip ("route add 0.0.0.0/1 dev vpn0 metric 10"));
  g_assert_true (test_lan_ip ("route add 128.0.0.0/1 dev vpn0 metric 10"));
  assert_list (FALSE, "vpn0=10.2.0.2 wan0=192.0.2.2");

  g_assert_true (test_lan_ip ("link del vpn0"));
  g_assert_true (test_lan_ip ("route flush default"));
}

static void
test_list_multipath (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  g_assert_true (test_lan_ip ("link add dsl0 type veth peer name dsl1"));
  g_assert_true (test_lan_ip ("link set dsl1 up"));
  g_assert_true (test_lan_ip ("link set dsl0 up"));
  g_assert_true (test_lan_ip ("addr add 198.51.100.2/24 dev dsl0"));
  g_assert_true (test_lan_ip ("route add default nexthop via 192.0.2.1 dev wan0 "
                              "nexthop via 198.51.100.1 dev dsl0"));
  assert_list (FALSE, "wan0=192.0.2.2 dsl0=198.51.100.2");
  g_assert_true (test_lan_ip ("link del dsl0"));
}

static void
test_list_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_list (TRUE, "");
  g_assert_true (test_lan_ip ("-6 route add default via fe80::1 dev wan0"));
  assert_list (TRUE, "wan0=2001:db8::2");
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

#define ADD(path, family, func)                                                                    \
  g_test_add (path, TestLan, family, test_lan_set_up, func, test_lan_tear_down)
  ADD ("/route-list/one-per-interface", TEST_LAN_IPV4, test_list);
  ADD ("/route-list/multipath", TEST_LAN_IPV4, test_list_multipath);
  ADD ("/route-list/ipv6", TEST_LAN_IPV6, test_list_ipv6);
#undef ADD

  return g_test_run ();
}
