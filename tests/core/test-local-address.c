/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PlumMapping:local-address. The host has 192.0.2.2 and 192.0.2.3 on wan0, whose route is the
 * default one, 198.51.100.2 on wlan0, which has a default route too, and 203.0.113.2 on lan1, which
 * has none. */

#include "core-fixture.h"

#include <errno.h>

#include "plum-route-private.h"
#include "test-lan.h"
#include "test-syscalls.h"

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

/* The gateway that the program sets is on another network than the address. */
static void
test_gateway_elsewhere (Host *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  core_set_gateway (&f->core, "192.0.2.77");
  assert_refused (f, "203.0.113.2", "No route leads to the gateway 192.0.2.77");
  assert_refused (f, "127.0.0.1", "No route leads to the gateway 192.0.2.77");
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
                          "requested-gateway", plum_mapping_get_gateway (follower), NULL);
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

/* The lease of an address that went can be deleted when the host has the address again. */
static void
test_leftover_of_address (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_recheck_period (f->core.manager, 60000);
  mapping = add (f, 8080, "192.0.2.3");
  settle (f);
  ip ("addr del 192.0.2.3/24 dev wan0");
  settle (f);
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_state (mapping, DESTROYED);
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->core.loop, 130000);
  core_assert_log ("alpha@wan0:unmap:tcp:8080:192.0.2.3"); /* refused */

  ip ("addr add 192.0.2.3/24 dev wan0");
  settle (f);
  test_loop_advance (&f->core.loop, 130000);
  core_assert_log ("alpha@wan0:discover alpha@wan0:unmap:tcp:8080");
  g_assert_cmpuint (g_list_model_get_n_items (plum_manager_get_gateways (f->core.manager)), ==, 2);
}

/* --- The address on other interfaces --- */

/* The old router is no longer reached from the address: nothing is sent to it. */
static void
test_address_moves (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = add (f, 8080, "192.0.2.3");
  settle (f);
  g_free (fake_backends_take_log ());
  ip ("addr del 192.0.2.3/24 dev wan0");
  ip ("addr add 192.0.2.3/32 dev wlan0");
  settle (f);
  assert_up_from (mapping, "wlan0", "192.0.2.3");
  core_assert_log ("alpha@wlan0:discover alpha@wlan0:map:tcp:8080:8080");

  ip ("addr del 192.0.2.3/32 dev wlan0");
  ip ("addr add 192.0.2.3/24 dev wan0");
  settle (f);
  assert_up_from (mapping, "wan0", "192.0.2.3");
}

/* Two interfaces have the address: one of them is used, and the other one if that loses it. */
static void
test_on_two_interfaces (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  gboolean on_wan;

  SKIP_WITHOUT_LAN (f);

  ip ("addr add 192.0.2.3/32 dev wlan0");
  mapping = add (f, 8080, "192.0.2.3");
  settle (f);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  on_wan = g_str_equal (plum_gateway_get_interface (plum_mapping_get_gateway (mapping)), "wan0");

  ip (on_wan ? "addr del 192.0.2.3/24 dev wan0" : "addr del 192.0.2.3/32 dev wlan0");
  settle (f);
  assert_up_from (mapping, on_wan ? "wlan0" : "wan0", "192.0.2.3");
}

/* The interface is an end of a tunnel: the address of the router is unknown. */
static void
test_point_to_point (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) second = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("addr flush dev wlan0");
  ip ("addr add 198.51.100.2 peer 198.51.100.1 dev wlan0");
  ip ("addr add 198.51.100.9/32 dev wlan0");
  ip ("route replace default dev wlan0 metric 600");
  mapping = add (f, 8080, "198.51.100.2");
  second = add (f, 8080, "198.51.100.9");
  settle (f);
  assert_up_from (mapping, "wlan0", "198.51.100.2");
  assert_up_from (second, "wlan0", "198.51.100.9");
  g_assert_null (plum_gateway_get_address (plum_mapping_get_gateway (second)));
}

/* --- Handlers --- */

static void
on_up (PlumManager *manager, PlumMapping *mapping, PlumState old_state, Host *f)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    plum_manager_destroy_mapping_async (manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED)
    plum_manager_set_interface (manager, "wan0");
}

/* A handler destroys the mapping as soon as it is up, and another one changes the interface while
 * its gateway is removed. */
static void
test_handlers (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8081, 0);
  g_signal_connect (f->core.manager, "mapping-state-changed", G_CALLBACK (on_up), f);
  mapping = new_mapping (8080, "192.0.2.3");
  g_assert_true (plum_manager_add_mapping (f->core.manager, mapping, NULL));
  settle (f);
  core_assert_state (mapping, DESTROYED);
  assert_up_from (follower, "wan0", "192.0.2.2");
  g_assert_cmpuint (g_list_model_get_n_items (plum_manager_get_gateways (f->core.manager)), ==, 1);
}

static void
on_gateways (GListModel *gateways, guint position, guint removed, guint added, Host *f)
{
  if (added > 0)
    g_object_run_dispose (G_OBJECT (f->core.manager));
}

/* The handler is notified of the gateway of the address. */
static void
test_handler_disposes (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8081, 0);
  settle (f);
  g_signal_connect (plum_manager_get_gateways (f->core.manager), "items-changed",
                    G_CALLBACK (on_gateways), f);
  mapping = new_mapping (8080, "192.0.2.3");
  plum_manager_add_mapping (f->core.manager, mapping, NULL);
  settle (f);
  core_assert_state (mapping, DESTROYED);
  core_assert_state (follower, DESTROYED);
}

/* --- Failures of the kernel's answers --- */

/* Whether the host has the address is unknown: the mapping is pending until the query succeeds. */
static void
test_query_fails (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8081, 0);
  settle (f);
  test_syscall_fail (TEST_SYSCALL_NETLINK_SOCKET, EMFILE);
  mapping = add (f, 8080, "192.0.2.3");
  core_assert_state (mapping, PENDING);

  test_syscalls_reset ();
  test_loop_advance (&f->core.loop, 20000);
  assert_up_from (mapping, "wan0", "192.0.2.3");
}

static void
on_netlink_socket (gpointer user_data)
{
  guint *n = user_data;

  if (++*n == 2)
    test_syscall_fail (TEST_SYSCALL_NETLINK_SOCKET, 0);
}

/* Only the first query fails: the second one finds the address, but no gateway is in the list. */
static void
test_first_query_fails (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) mapping = NULL;
  guint n = 0;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8081, 0);
  settle (f);
  test_syscall_set_hook (TEST_SYSCALL_NETLINK_SOCKET, on_netlink_socket, &n);
  test_syscall_fail (TEST_SYSCALL_NETLINK_SOCKET, EMFILE);
  mapping = add (f, 8080, "192.0.2.3");
  test_syscall_set_hook (TEST_SYSCALL_NETLINK_SOCKET, NULL, NULL);
  test_syscalls_reset ();
  test_loop_advance (&f->core.loop, 20000);
  assert_up_from (mapping, "wan0", "192.0.2.3");
}

/* --- The preferred address changes --- */

static void
prefer (const char *source)
{
  g_autofree char *line =
    g_strdup_printf ("route replace default via 192.0.2.1 dev wan0 metric 100 src %s", source);

  ip (line);
}

/* A second address of an interface whose preferred one is not listed yet. */
static void
test_listed_later (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("addr add 198.51.100.3/24 dev wlan0");
  mapping = add (f, 8080, "198.51.100.3");
  settle (f);
  assert_up_from (mapping, "wlan0", "198.51.100.3");
  core_assert_log ("alpha@wlan0:discover alpha@wlan0:map:tcp:8080:8080");
}

/* The leases of the mappings with an address stay, also that of the new preferred one. The delete
 * of no port is followed by a request for it. */
static void
test_swap (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8080, 0);
  first = new_mapping (8080, "192.0.2.2");
  g_assert_true (plum_manager_add_mapping (f->core.manager, first, NULL));
  second = add (f, 8080, "192.0.2.3");
  settle (f);
  g_free (fake_backends_take_log ());

  prefer ("192.0.2.3");
  settle (f);
  assert_up_from (follower, "wan0", "192.0.2.3");
  assert_up_from (first, "wan0", "192.0.2.2");
  assert_up_from (second, "wan0", "192.0.2.3");
  core_assert_log ("");

  prefer ("192.0.2.2");
  settle (f);
  assert_up_from (follower, "wan0", "192.0.2.2");
  core_assert_log ("");
}

/* The same on an interface that is not that of the default route, for a mapping that is bound to
 * it: the gateways are the same ones, in another order. */
static void
test_swap_bound (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;
  g_autoptr (PlumMapping) bound = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("addr add 198.51.100.3/24 dev wlan0");
  first = add (f, 8080, "198.51.100.2");
  second = add (f, 8080, "198.51.100.3");
  settle (f);
  bound = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "requested-gateway",
                        plum_mapping_get_gateway (first), NULL);
  g_assert_true (plum_manager_add_mapping (f->core.manager, bound, NULL));
  test_loop_settle (&f->core.loop);
  assert_up_from (bound, "wlan0", "198.51.100.2");

  ip ("route replace default via 198.51.100.1 dev wlan0 metric 600 src 198.51.100.3");
  settle (f);
  assert_up_from (bound, "wlan0", "198.51.100.3");
  assert_up_from (first, "wlan0", "198.51.100.2");
  assert_up_from (second, "wlan0", "198.51.100.3");
}

/* The host still has the earlier address: the lease that leads to it is deleted from there, and
 * then its external port is free for the new address. */
static void
test_preferred_changes (Host *f, gconstpointer data)
{
  GListModel *gateways = plum_manager_get_gateways (f->core.manager);
  g_autoptr (PlumMapping) follower = NULL;

  SKIP_WITHOUT_LAN (f);

  follower = core_add_up (&f->core, 8080, 0);
  settle (f);
  g_free (fake_backends_take_log ());
  ALPHA->unmap = AFTER (500);

  prefer ("192.0.2.3");
  settle (f);
  core_assert_state (follower, PENDING);
  core_assert_log ("alpha@wan0:unmap:tcp:8080 alpha@wan0:discover");
  g_assert_cmpuint (g_list_model_get_n_items (gateways), ==, 3);

  test_loop_advance (&f->core.loop, 1000);
  assert_up_from (follower, "wan0", "192.0.2.3");
  core_assert_log ("alpha@wan0:map:tcp:8080:8080");
  g_assert_cmpuint (g_list_model_get_n_items (gateways), ==, 2);
}

/* The delete is not confirmed: it is repeated from the same address. */
static void
test_unconfirmed (Host *f, gconstpointer data)
{
  GListModel *gateways = plum_manager_get_gateways (f->core.manager);
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_recheck_period (f->core.manager, 60000);
  mapping = add (f, 8080, "192.0.2.3");
  settle (f);
  g_free (fake_backends_take_log ());
  ALPHA->unmap = SILENCE;
  core_destroy (&f->core, mapping);
  test_loop_advance (&f->core.loop, 10000);
  core_assert_state (mapping, DESTROYED);
  core_assert_log ("alpha@wan0:unmap:tcp:8080");

  ALPHA->unmap = AT_ONCE;
  test_loop_advance (&f->core.loop, 130000);
  core_assert_log ("alpha@wan0:unmap:tcp:8080");
  g_assert_cmpuint (g_list_model_get_n_items (gateways), ==, 2);
}

/* --- IPv6 --- */

static void
set_up_ipv6 (Host *f, gconstpointer data)
{
  core_fixture_set_up (&f->core, data);
  test_lan_set_up (&f->lan, TEST_LAN_IPV6);
  plum_manager_set_gateway_address (f->core.manager, NULL);
  fake_backends_log_interfaces ();
  if (f->lan.ready)
    ip ("-6 route add default via fe80::1 dev wan0");
}

static void
tear_down_ipv6 (Host *f, gconstpointer data)
{
  core_fixture_tear_down (&f->core, NULL);
  test_lan_tear_down (&f->lan, TEST_LAN_IPV6);
}

/* The kernel adds IPv6 addresses asynchronously. */
static void
add_ipv6 (const char *text, const char *options)
{
  g_autofree char *line = g_strdup_printf ("-6 addr add %s/64 dev wan0 nodad %s", text, options);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  g_autoptr (PlumNetwork) network = NULL;

  ip (line);
  while (network == NULL)
    network = plum_route_lookup_from (address, NULL, NULL, NULL);
}

/* The program may select any address that is not the preferred one, also a deprecated one. */
static void
test_ipv6 (Host *f, gconstpointer data)
{
  g_autoptr (PlumMapping) preferred = NULL;
  g_autoptr (PlumMapping) second = NULL;
  g_autoptr (PlumMapping) deprecated = NULL;

  SKIP_WITHOUT_LAN (f);

  add_ipv6 ("2001:db8::3", "");
  add_ipv6 ("2001:db8::4", "preferred_lft 0");
  ip ("-6 route replace default via fe80::1 dev wan0 src 2001:db8::2");
  preferred = add (f, 8080, "2001:db8::2");
  second = add (f, 8080, "2001:db8::3");
  deprecated = add (f, 8080, "2001:db8::4");
  settle (f);
  assert_up_from (preferred, "wan0", "2001:db8::2");
  assert_up_from (second, "wan0", "2001:db8::3");
  assert_up_from (deprecated, "wan0", "2001:db8::4");
  core_assert_log ("alpha@wan0:discover alpha@wan0:map:tcp:8080:8080 "
                   "alpha@wan0:discover alpha@wan0:map:tcp:8080:8080 "
                   "alpha@wan0:discover alpha@wan0:map:tcp:8080:8080");

  ip ("-6 addr del 2001:db8::3/64 dev wan0");
  settle (f);
  core_assert_state (second, PENDING);
  assert_up_from (deprecated, "wan0", "2001:db8::4");
}

/* A link-local address is not reached from the internet, and no interface goes with it. */
static void
test_link_local (Host *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  assert_refused (f, "fe80::2", "The address fe80::2 is valid on its link only");
  assert_refused (f, "::1", "No IPv6 default route leads through the interface “lo”");
  assert_refused (f, "::", "This host does not have the address ::");
  assert_refused (f, "ff02::1", "This host does not have the address ff02::1");
}

#define ADD(path, func) g_test_add (path, Host, NULL, set_up, func, tear_down)
#define ADD_IPV6(path, func) g_test_add (path, Host, NULL, set_up_ipv6, func, tear_down_ipv6)

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
  ADD ("/local-address/gateway-elsewhere", test_gateway_elsewhere);
  ADD ("/local-address/address-goes", test_address_goes);
  ADD ("/local-address/preferred-goes", test_preferred_goes);
  ADD ("/local-address/default-moves", test_default_moves);
  ADD ("/local-address/family", test_family);
  ADD ("/local-address/with-gateway", test_with_gateway);
  ADD ("/local-address/shared-address", test_shared_address);
  ADD ("/local-address/leftover-of-address", test_leftover_of_address);
  ADD ("/local-address/address-moves", test_address_moves);
  ADD ("/local-address/on-two-interfaces", test_on_two_interfaces);
  ADD ("/local-address/point-to-point", test_point_to_point);
  ADD ("/local-address/handlers", test_handlers);
  ADD ("/local-address/handler-disposes", test_handler_disposes);
  ADD ("/local-address/query-fails", test_query_fails);
  ADD ("/local-address/first-query-fails", test_first_query_fails);
  ADD ("/local-address/listed-later", test_listed_later);
  ADD ("/local-address/swap", test_swap);
  ADD ("/local-address/swap-bound", test_swap_bound);
  ADD ("/local-address/preferred-changes", test_preferred_changes);
  ADD ("/local-address/unconfirmed", test_unconfirmed);
  ADD_IPV6 ("/local-address/ipv6", test_ipv6);
  ADD_IPV6 ("/local-address/link-local", test_link_local);

  return g_test_run ();
}
