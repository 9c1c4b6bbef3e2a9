/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PlumMapping:local-address. The host has 192.0.2.2 and 192.0.2.3 on wan0, whose route is the
 * default one, 198.51.100.2 on wlan0, which has a default route too, and 203.0.113.2 on lan1, which
 * has none. */

#include "core-fixture.h"

#include "test-lan.h"

typedef struct
{
  CoreFixture core;
  TestLan lan;
} Host;

static const char *const host_up[] = {
  "addr add 192.0.2.3/24 dev wan0",
  "link add wlan0 type veth peer name wlan1",
  "link set wlan1 up",
  "link set wlan0 up",
  "addr add 198.51.100.2/24 dev wlan0",
  "link add lan1 type veth peer name lan2",
  "link set lan2 up",
  "link set lan1 up",
  "addr add 203.0.113.2/24 dev lan1",
  "route add default via 198.51.100.1 dev wlan0 metric 600",
  "route add default via 192.0.2.1 dev wan0 metric 100",
};

static void
ip (const char *line)
{
  g_assert_true (test_lan_ip (line));
}

static void
set_up (Host *f, gconstpointer data)
{
  core_fixture_set_up (&f->core, data); /* first: it enters the namespace */
  test_lan_set_up (&f->lan, TEST_LAN_IPV4);
  plum_manager_set_gateway_address (f->core.manager, NULL);
  fake_backends_log_interfaces ();

  for (unsigned int i = 0; f->lan.ready && i < G_N_ELEMENTS (host_up); i++)
    ip (host_up[i]);
}

static void
tear_down (Host *f, gconstpointer data)
{
  core_fixture_tear_down (&f->core, NULL);
  if (f->lan.ready)
    {
      ip ("link del wlan0");
      ip ("link del lan1");
    }
  test_lan_tear_down (&f->lan, TEST_LAN_IPV4);
}

static void
settle (Host *f)
{
  test_loop_advance (&f->core.loop, 300);
}

static PlumMapping *
new_mapping (guint port, const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return g_object_new (PLUM_TYPE_MAPPING, "internal-port", port, "local-address", address, NULL);
}

/* (transfer full) */
static PlumMapping *
add (Host *f, guint port, const char *text)
{
  PlumMapping *mapping = new_mapping (port, text);
  g_autoptr (GError) error = NULL;

  plum_manager_add_mapping (f->core.manager, mapping, &error);
  g_assert_no_error (error);
  core_assert_state (mapping, PENDING);
  test_loop_settle (&f->core.loop);
  return mapping;
}

static void
assert_up_from (PlumMapping *mapping, const char *interface_name, const char *expected)
{
  PlumGateway *gateway = plum_mapping_get_gateway (mapping);
  g_autofree char *address = NULL;

  core_assert_state (mapping, SUCCESS);
  address = g_inet_address_to_string (plum_gateway_get_local_address (gateway));
  g_assert_cmpstr (plum_gateway_get_interface (gateway), ==, interface_name);
  g_assert_cmpstr (address, ==, expected);
}

static void
assert_refused (Host *f, const char *text, const char *message)
{
  g_autoptr (PlumMapping) mapping = new_mapping (8080, text);
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_add_mapping (f->core.manager, mapping, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpstr (error->message, ==, message);
  test_loop_settle (&f->core.loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->core.manager)), ==, 0);
}

#define SKIP_WITHOUT_LAN(f)                                                                        \
  if (!(f)->lan.ready)                                                                             \
  return

/* The address of the default route shares the lease of mappings without an address. */
static void
test_preferred (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8080, 0);
  mapping = new_mapping (8080, "192.0.2.2");
  g_assert_true (plum_manager_add_mapping (f->core.manager, mapping, NULL));
  test_loop_settle (&f->core.loop);
  assert_up_from (mapping, "wan0", "192.0.2.2");
  core_assert_log ("alpha@wan0:discover alpha@wan0:map:tcp:8080:8080");
  g_assert_cmpuint (ALPHA->n_made, ==, 1);
}

static void
test_second_address (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8080, 0);
  mapping = add (f, 8080, "192.0.2.3");
  assert_up_from (follower, "wan0", "192.0.2.2");
  assert_up_from (mapping, "wan0", "192.0.2.3");
  g_free (fake_backends_take_log ());

  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_log ("alpha@wan0:unmap:tcp:8080");
  assert_up_from (follower, "wan0", "192.0.2.2");
  settle (f);
  g_assert_cmpuint (g_list_model_get_n_items (plum_manager_get_gateways (f->core.manager)), ==, 2);
}

static void
test_other_interface (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = add (f, 8080, "198.51.100.2");
  assert_up_from (mapping, "wlan0", "198.51.100.2");
  core_assert_log ("alpha@wlan0:discover alpha@wlan0:map:tcp:8080:8080");

  /* The gateways of all interfaces are listed a moment later: the same object is used. */
  settle (f);
  assert_up_from (mapping, "wlan0", "198.51.100.2");
  core_assert_log ("");
}

static void
test_not_of_this_host (Host *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  assert_refused (f, "192.0.2.9", "This host does not have the address 192.0.2.9");
  assert_refused (f, "0.0.0.0", "This host does not have the address 0.0.0.0");
  assert_refused (f, "224.0.0.1", "This host does not have the address 224.0.0.1");
  assert_refused (f, "192.0.2.255", "This host does not have the address 192.0.2.255");
  assert_refused (f, "2001:db8::9", "This host does not have the address 2001:db8::9");
}

static void
test_no_route (Host *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  assert_refused (f, "203.0.113.2", "No IPv4 default route leads through the interface “lan1”");
  assert_refused (f, "127.0.0.1", "No IPv4 default route leads through the interface “lo”");
}

/* The interface of the manager is checked in the same way, if it exists. */
static void
test_interface (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (PlumMapping) later = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_interface (f->core.manager, "lan1");
  g_assert_false (plum_manager_add_mapping (f->core.manager, mapping, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpstr (error->message, ==, "No IPv4 default route leads through the interface “lan1”");

  plum_manager_set_interface (f->core.manager, "tun7");
  g_assert_true (plum_manager_add_mapping (f->core.manager, later, NULL));
  test_loop_settle (&f->core.loop);
  core_assert_state (later, PENDING);
  core_destroy (&f->core, later);
  test_loop_settle (&f->core.loop);

  plum_manager_set_interface (f->core.manager, "wan0");
  assert_refused (f, "198.51.100.2", "The interface “wan0” does not have the address 198.51.100.2");
}

/* The address goes and returns. Nothing is sent to the router from another address. */
static void
test_address_goes (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = add (f, 8080, "192.0.2.3");
  settle (f);
  g_free (fake_backends_take_log ());
  ip ("addr del 192.0.2.3/24 dev wan0");
  settle (f);
  core_assert_state (mapping, PENDING);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==,
                   "This host does not have the address 192.0.2.3");
  core_assert_log ("");

  ip ("addr add 192.0.2.3/24 dev wan0");
  settle (f);
  assert_up_from (mapping, "wan0", "192.0.2.3");
  core_assert_log ("alpha@wan0:discover alpha@wan0:map:tcp:8080:8080");
}

/* The preferred address goes: mappings without an address follow, that with the address waits. */
static void
test_preferred_goes (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("addr add 192.0.2.4/25 dev wan0"); /* not a secondary address of the first */
  follower = core_add_up (&f->core, 8080, 0);
  mapping = new_mapping (8080, "192.0.2.2");
  g_assert_true (plum_manager_add_mapping (f->core.manager, mapping, NULL));
  settle (f);

  ip ("addr del 192.0.2.2/24 dev wan0");
  ip ("route replace default via 192.0.2.1 dev wan0 metric 100");
  settle (f);
  assert_up_from (follower, "wan0", "192.0.2.4");
  core_assert_state (mapping, PENDING);

  ip ("addr del 192.0.2.4/25 dev wan0");
  ip ("addr add 192.0.2.2/24 dev wan0");
  ip ("route replace default via 192.0.2.1 dev wan0 metric 100");
  settle (f);
  assert_up_from (follower, "wan0", "192.0.2.2");
  assert_up_from (mapping, "wan0", "192.0.2.2");
  g_assert_true (plum_mapping_get_gateway (mapping) == plum_mapping_get_gateway (follower));
}

/* The default route moves: a mapping with an address stays. */
static void
test_default_moves (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8080, 0);
  mapping = new_mapping (8080, "192.0.2.2");
  g_assert_true (plum_manager_add_mapping (f->core.manager, mapping, NULL));
  settle (f);
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  assert_up_from (follower, "wlan0", "198.51.100.2");
  assert_up_from (mapping, "wan0", "192.0.2.2");
}

static void
test_family (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) ipv6 = new_mapping (8080, "2001:db8::2");
  g_autoptr (PlumMapping) differs =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "family", G_SOCKET_FAMILY_IPV6,
                  "local-address", plum_mapping_get_local_address (ipv6), NULL);
  g_autoptr (GInetAddress) ipv4 = g_inet_address_new_from_string ("192.0.2.2");
  g_autoptr (PlumMapping) mixed = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "family",
                                                G_SOCKET_FAMILY_IPV6, "local-address", ipv4, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (plum_mapping_get_family (ipv6), ==, G_SOCKET_FAMILY_IPV6);
  g_assert_cmpint (plum_mapping_get_family (differs), ==, G_SOCKET_FAMILY_IPV6);
  g_assert_false (plum_manager_add_mapping (f->core.manager, mixed, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* The address selects the gateway: a mapping cannot name both. */
static void
test_with_gateway (Host *f, gconstpointer data)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("192.0.2.2");
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8080, 0);
  mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "local-address", address,
                          "gateway", plum_mapping_get_gateway (follower), NULL);
  g_assert_false (plum_manager_add_mapping (f->core.manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* Several mappings of one address: its gateway stays until the last is destroyed. */
static void
test_shared_address (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) equal = NULL;
  g_autoptr (PlumMapping) second = NULL;

  SKIP_WITHOUT_LAN (f);

  first = add (f, 8080, "192.0.2.3");
  equal = new_mapping (8080, "192.0.2.3");
  g_assert_true (plum_manager_add_mapping (f->core.manager, equal, NULL));
  second = add (f, 8081, "192.0.2.3");
  g_assert_cmpuint (ALPHA->n_map, ==, 2);

  core_destroy (&f->core, first);
  core_destroy (&f->core, second);
  settle (f);
  assert_up_from (equal, "wan0", "192.0.2.3");
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

#define ADD(path, func) g_test_add (path, Host, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  ADD ("/local-address/preferred", test_preferred);
  ADD ("/local-address/second-address", test_second_address);
  ADD ("/local-address/other-interface", test_other_interface);
  ADD ("/local-address/not-of-this-host", test_not_of_this_host);
  ADD ("/local-address/no-route", test_no_route);
  ADD ("/local-address/interface", test_interface);
  ADD ("/local-address/address-goes", test_address_goes);
  ADD ("/local-address/preferred-goes", test_preferred_goes);
  ADD ("/local-address/default-moves", test_default_moves);
  ADD ("/local-address/family", test_family);
  ADD ("/local-address/with-gateway", test_with_gateway);
  ADD ("/local-address/shared-address", test_shared_address);

  return g_test_run ();
}
