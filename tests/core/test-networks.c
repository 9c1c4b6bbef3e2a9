/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include <errno.h>

#include "plum-route-private.h"
#include "test-lan.h"
#include "test-state-directory.h"
#include "test-syscalls.h"

/* Several networks at once. wan0 and wlan0 are links in a network namespace of the test. As on a
 * desktop, the default route uses wan0, and wlan0 if wan0 is down. */

typedef struct
{
  CoreFixture core;
  TestLan lan;
} Networks;

static const char *const wlan_up[] = {
  "link add wlan0 type veth peer name wlan1",
  "link set wlan1 up",
  "link set wlan0 up",
  "addr add 198.51.100.2/24 dev wlan0",
  "route add default via 198.51.100.1 dev wlan0 metric 600",
  "route add default via 192.0.2.1 dev wan0 metric 100",
};

static void
ip (const char *line)
{
  g_assert_true (test_lan_ip (line));
}

/* Like core_fixture_set_up(), but the manager finds its gateways itself. */
static void
set_up (Networks *f, gconstpointer data)
{
  core_fixture_set_up (&f->core, data); /* first: it enters the namespace */
  test_lan_set_up (&f->lan, TEST_LAN_IPV4);
  plum_manager_set_gateway_address (f->core.manager, NULL);
  fake_backends_log_interfaces ();

  for (unsigned int i = 0; f->lan.ready && i < G_N_ELEMENTS (wlan_up); i++)
    ip (wlan_up[i]);
}

static void
tear_down (Networks *f, gconstpointer data)
{
  core_fixture_tear_down (&f->core, NULL);
  if (f->lan.ready)
    ip ("link del wlan0");
  test_lan_tear_down (&f->lan, TEST_LAN_IPV4);
}

/* Waits until the manager has processed the changes of the kernel. */
static void
settle (Networks *f)
{
  test_loop_advance (&f->core.loop, 300);
}

static void
assert_gateways (Networks *f, const char *expected)
{
  GListModel *gateways = plum_manager_get_gateways (f->core.manager);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", plum_gateway_get_interface (gateway));
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static PlumGateway *
nth_gateway (Networks *f, guint n)
{
  g_autoptr (PlumGateway) gateway =
    g_list_model_get_item (plum_manager_get_gateways (f->core.manager), n);

  return gateway; /* the list keeps a reference */
}

static void
discover (Networks *f)
{
  g_autoptr (GError) error = NULL;

  plum_manager_discover_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  g_assert_true (plum_manager_discover_finish (f->core.manager, f->core.result, &error));
  g_assert_no_error (error);
  g_clear_object (&f->core.result);
}

/* gateway: (nullable): NULL to follow the default route */
static PlumMapping *
add_bound (Networks *f, guint port, PlumGateway *gateway)
{
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", port, "requested-gateway", gateway, NULL);

  plum_manager_add_mapping (f->core.manager, mapping, &error);
  g_assert_no_error (error);
  test_loop_settle (&f->core.loop);
  return mapping;
}

static void
assert_up_on (PlumMapping *mapping, const char *interface_name)
{
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpstr (plum_gateway_get_interface (plum_mapping_get_gateway (mapping)), ==,
                   interface_name);
}

#define SKIP_WITHOUT_LAN(f)                                                                        \
  if (!(f)->lan.ready)                                                                             \
  return

static void
test_list (Networks *f, gconstpointer data)
{
  g_autoptr (GPtrArray) networks = NULL;

  SKIP_WITHOUT_LAN (f);

  networks = plum_route_list (G_SOCKET_FAMILY_IPV4, NULL);
  g_assert_cmpuint (networks->len, ==, 2);
  discover (f);
  assert_gateways (f, "wan0 wlan0");
  core_assert_log ("alpha@wan0:discover alpha@wlan0:discover");
}

/* The gateway of the default route does not wait for the others. */
static void
test_others_come_later (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = add_bound (f, 8080, NULL);
  assert_up_on (mapping, "wan0");
  assert_gateways (f, "wan0");
  settle (f);
  assert_gateways (f, "wan0 wlan0");
  core_assert_log ("alpha@wan0:discover alpha@wan0:map:tcp:8080:8080");
}

/* The kernel's notification is not processed yet: a refresh that the user requests in the same
 * moment sees the new route. */
static void
test_discovery_looks_again (Networks *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  discover (f);
  ip ("route del default via 198.51.100.1 dev wlan0 metric 600");
  ip ("route del default via 192.0.2.1 dev wan0 metric 100");
  settle (f);
  assert_gateways (f, "");
  g_free (fake_backends_take_log ());

  ip ("route add default via 192.0.2.1 dev wan0 metric 100");
  discover (f);
  assert_gateways (f, "wan0");
  core_assert_log ("alpha@wan0:discover");
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  discover (f);
  assert_gateways (f, "wlan0 wan0");
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
}

static void
test_create_looks_again (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("route del default via 198.51.100.1 dev wlan0 metric 600");
  ip ("route del default via 192.0.2.1 dev wan0 metric 100");
  plum_manager_discover_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  g_assert_false (plum_manager_discover_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_clear_error (&error);
  g_clear_object (&f->core.result);
  settle (f);

  ip ("route add default via 192.0.2.1 dev wan0 metric 100");
  plum_manager_create_mapping_async (f->core.manager, PLUM_PROTOCOL_TCP, 8080, 0, 0, NULL,
                                     test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  mapping = plum_manager_create_mapping_finish (f->core.manager, f->core.result, &error);
  g_assert_no_error (error);
  assert_up_on (mapping, "wan0");
}

static void
test_discovery_is_cancelled (Networks *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->discover = SILENCE;
  plum_manager_discover_async (f->core.manager, cancellable, test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  g_assert_null (f->core.result);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->core.loop);
  g_assert_false (plum_manager_discover_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The network is gone before the backends have answered. */
static void
test_network_lost_while_discovering (Networks *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f); /* starts the watch */
  settle (f);
  ALPHA->discover = SILENCE;
  ip ("route del default via 198.51.100.1 dev wlan0 metric 600");
  ip ("route replace default via 192.0.2.7 dev wan0 metric 100");
  settle (f);
  plum_manager_discover_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  g_assert_null (f->core.result);
  ip ("route flush default");
  settle (f);
  assert_gateways (f, "");
  g_assert_nonnull (f->core.result);
  g_assert_false (plum_manager_discover_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
}

/* The same port is mapped on two gateways. */
static void
test_bound (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) here = NULL;
  g_autoptr (PlumMapping) there = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  here = add_bound (f, 8080, NULL);
  there = add_bound (f, 8080, nth_gateway (f, 1));
  assert_up_on (here, "wan0");
  assert_up_on (there, "wlan0");
  g_free (fake_backends_take_log ());

  core_destroy (&f->core, here);
  test_loop_settle (&f->core.loop);
  assert_up_on (there, "wlan0");
  core_assert_log ("alpha@wan0:unmap:tcp:8080");
}

/* A mapping bound to the gateway of the default route shares the lease of unbound mappings. */
static void
test_bound_to_default_shares (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) bound = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  g_free (fake_backends_take_log ());
  follower = add_bound (f, 8080, NULL);
  bound = add_bound (f, 8080, nth_gateway (f, 0));
  assert_up_on (bound, "wan0");
  core_assert_log ("alpha@wan0:map:tcp:8080:8080");

  /* The default route moves: two leases. */
  ip ("route change default via 192.0.2.1 dev wan0 metric 100");
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  assert_gateways (f, "wlan0 wan0");
  assert_up_on (follower, "wlan0");
  assert_up_on (bound, "wan0");
  core_assert_log ("alpha@wlan0:map:tcp:8080:8080");

  /* The default route moves back: one lease again, and the other is released. */
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  assert_gateways (f, "wan0 wlan0");
  assert_up_on (follower, "wan0");
  core_assert_log ("alpha@wlan0:unmap:tcp:8080");
}

/* The old router still answers: its lease is released, and the same external port requested. */
static void
test_default_moves (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  g_free (fake_backends_take_log ());
  ALPHA->granted_port = 40000;
  mapping = add_bound (f, 8080, NULL);
  core_assert_log ("alpha@wan0:map:tcp:8080:8080");
  core_listen (&f->core, mapping);

  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  assert_up_on (mapping, "wlan0");
  core_assert_log ("alpha@wan0:unmap:tcp:8080 alpha@wlan0:map:tcp:8080:40000");
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

/* The mapping has moved, and the router that it came from has not confirmed the delete yet. */
static void
test_closed_while_the_old_router_deletes (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  plum_manager_set_release_timeout (f->core.manager, 5000);
  mapping = add_bound (f, 8080, NULL);
  ALPHA->unmap = AFTER (2000);
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  assert_up_on (mapping, "wlan0");
  ALPHA->unmap = AT_ONCE;
  plum_manager_close_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_null (f->core.result);
  test_loop_advance (&f->core.loop, 2000);
  g_assert_nonnull (f->core.result);
  g_assert_true (plum_manager_close_finish (f->core.manager, f->core.result, NULL));
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

static void
test_old_router_does_not_delete (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  plum_manager_set_release_timeout (f->core.manager, 5000);
  mapping = add_bound (f, 8080, NULL);
  ALPHA->unmap = SILENCE;
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  ALPHA->unmap = AT_ONCE;
  plum_manager_close_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_advance (&f->core.loop, 5000);
  g_assert_nonnull (f->core.result);
  g_assert_false (plum_manager_close_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_null (plum_mapping_get_error (mapping));
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

/* The link goes down: nothing is sent to its router. */
static void
test_default_vanishes (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) bound = NULL;
  PlumGateway *wan;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  wan = nth_gateway (f, 0);
  mapping = add_bound (f, 8080, NULL);
  bound = add_bound (f, 8081, wan);
  g_free (fake_backends_take_log ());

  ip ("link set wan0 down");
  settle (f);
  assert_gateways (f, "wlan0");
  assert_up_on (mapping, "wlan0");
  core_assert_state (bound, PENDING);
  g_assert_error (plum_mapping_get_error (bound), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_null (plum_mapping_get_gateway (bound));
  g_assert_true (plum_mapping_get_requested_gateway (bound) == wan);
  core_assert_log ("alpha@wlan0:map:tcp:8080:8080");

  /* The link comes up again. */
  ip ("link set wan0 up");
  ip ("route add default via 192.0.2.1 dev wan0 metric 100");
  settle (f);
  assert_gateways (f, "wan0 wlan0");
  assert_up_on (mapping, "wan0");
  assert_up_on (bound, "wan0");
}

/* The gateway stays the same while a cable is pulled: what has failed meanwhile is requested again
 * when the link is back, and what is held is checked. */
static void
test_link_returns (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) held = NULL;
  g_autoptr (PlumMapping) failed = NULL;
  PlumGateway *wan;

  SKIP_WITHOUT_LAN (f);

  held = add_bound (f, 8080, NULL);
  settle (f);
  wan = nth_gateway (f, 0);
  test_lan_set_carrier (FALSE);
  ALPHA->map = NO (TIMED_OUT);
  failed = add_bound (f, 8081, NULL);
  settle (f);
  core_assert_state (failed, FAILURE);
  g_free (fake_backends_take_log ());
  g_assert_cmpuint (ALPHA->n_check, ==, 0);

  test_lan_set_carrier (TRUE);
  ALPHA->map = AT_ONCE;
  settle (f);
  test_loop_advance (&f->core.loop, 100); /* 50 ms for each mapping */
  core_assert_log ("alpha@wan0:discover alpha@wan0:map:tcp:8081:8081");
  assert_up_on (failed, "wan0");
  assert_up_on (held, "wan0");
  g_assert_cmpuint (ALPHA->n_check, >=, 1);
  g_assert_true (nth_gateway (f, 0) == wan);
}

/* A discovery that failed just before the cable was plugged in again is repeated. */
static void
test_link_returns_at_once (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) failed = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->discover = NO (TIMED_OUT);
  failed = add_bound (f, 8081, NULL);
  settle (f);
  test_lan_set_carrier (FALSE);
  settle (f);
  core_assert_state (failed, FAILURE);
  g_free (fake_backends_take_log ());

  test_lan_set_carrier (TRUE);
  ALPHA->discover = AT_ONCE;
  settle (f);
  test_loop_advance (&f->core.loop, 100);
  core_assert_log ("alpha@wan0:discover alpha@wan0:map:tcp:8081:8081");
  assert_up_on (failed, "wan0");
}

/* Another change of the network is no return of the link. */
static void
test_link_stays (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) failed = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->map = NO (REFUSED);
  failed = add_bound (f, 8080, NULL);
  settle (f);
  g_free (fake_backends_take_log ());
  ip ("route add 203.0.113.0/24 via 192.0.2.1 dev wan0");
  settle (f);
  test_loop_advance (&f->core.loop, 100);
  core_assert_log ("");
}

static void
test_all_vanish (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) bound = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  mapping = add_bound (f, 8080, NULL);
  bound = add_bound (f, 8080, nth_gateway (f, 1));
  ip ("route flush default");
  settle (f);
  assert_gateways (f, "");
  core_assert_state (mapping, PENDING);
  core_assert_state (bound, PENDING);
  g_free (fake_backends_take_log ());

  ip ("route add default via 198.51.100.1 dev wlan0");
  settle (f);
  assert_up_on (mapping, "wlan0");
  assert_up_on (bound, "wlan0");
  core_assert_log ("alpha@wlan0:discover alpha@wlan0:map:tcp:8080:8080");
}

/* A failed query of the kernel does not change the gateways. */
static void
test_kernel_query_fails (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) bound = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  bound = add_bound (f, 8080, nth_gateway (f, 1));
  settle (f);
  ip ("route del default via 198.51.100.1 dev wlan0 metric 600");
  test_syscall_fail_after (TEST_SYSCALL_NETLINK_SOCKET, 1,
                           EMFILE); /* not that of the default route */
  settle (f);
  assert_gateways (f, "wan0 wlan0");
  assert_up_on (bound, "wlan0");

  /* The query is retried without a change. */
  test_syscalls_reset ();
  test_loop_advance (&f->core.loop, 15000);
  assert_gateways (f, "wan0");
}

static void
test_override_leaves_one (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) bound = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  bound = add_bound (f, 8080, nth_gateway (f, 1));
  plum_manager_set_interface (f->core.manager, "wan0");
  assert_gateways (f, "wan0");
  core_assert_state (bound, PENDING);

  plum_manager_set_interface (f->core.manager, NULL);
  assert_gateways (f, "wan0 wlan0");
  test_loop_settle (&f->core.loop);
  assert_up_on (bound, "wlan0");
}

/* An IPv4 gateway cannot have IPv6 mappings. */
static void
test_gateway_of_other_family (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "family", G_SOCKET_FAMILY_IPV6,
                          "requested-gateway", nth_gateway (f, 0), NULL);
  g_assert_false (plum_manager_add_mapping (f->core.manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* The default route leads to no router: the error reports that, and not what each backend lacks. */
static void
test_no_next_hop (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) bound = NULL;
  const GError *error;

  SKIP_WITHOUT_LAN (f);

  ip ("route replace default dev wan0 metric 100");
  ALPHA->discover = NO (NOT_SUPPORTED);
  mapping = add_bound (f, 8080, NULL);
  core_assert_state (mapping, FAILURE);
  error = plum_mapping_get_error (mapping);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_nonnull (strstr (error->message, "through “wan0” has no next hop"));

  /* That of another interface is not concerned. */
  discover (f);
  bound = add_bound (f, 8081, nth_gateway (f, 1));
  core_assert_state (bound, FAILURE);
  g_assert_error (plum_mapping_get_error (bound), PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
}

/* A backend that needs no router, because this host has a public address, is used as before. */
static void
test_no_next_hop_is_needed (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("route replace default dev wan0 metric 100");
  mapping = add_bound (f, 8080, NULL);
  assert_up_on (mapping, "wan0");
}

/* A failed request of such a backend is reported as it is. */
static void
test_no_next_hop_and_refused (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("route replace default dev wan0 metric 100");
  ALPHA->map = NO (REFUSED);
  mapping = add_bound (f, 8080, NULL);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

/* The other address family is discovered only if it is requested. */
static void
test_discover_family (Networks *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  assert_gateways (f, "wan0 wlan0");
  plum_manager_discover_family_async (f->core.manager, G_SOCKET_FAMILY_IPV6, NULL,
                                      test_store_result, &result);
  test_loop_settle (&f->core.loop);
  g_assert_false (plum_manager_discover_family_finish (f->core.manager, result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_clear_error (&error);
  g_clear_object (&result);

  ip ("-6 addr add 2001:db8::2/64 dev wan0 nodad");
  ip ("-6 route add default via 2001:db8::1 dev wan0");
  settle (f);
  plum_manager_discover_family_async (f->core.manager, G_SOCKET_FAMILY_IPV6, NULL,
                                      test_store_result, &result);
  test_loop_settle (&f->core.loop);
  g_assert_true (plum_manager_discover_family_finish (f->core.manager, result, &error));
  g_assert_no_error (error);
  assert_gateways (f, "wan0 wlan0 wan0");
  g_assert_cmpint (plum_gateway_get_family (nth_gateway (f, 2)), ==, G_SOCKET_FAMILY_IPV6);
  g_assert_cmpstr (plum_gateway_get_backend_name (nth_gateway (f, 2)), ==, "alpha");
}

typedef struct
{
  Networks *f;
  PlumMapping *mapping;
} HandlerData;

static void
on_list_add_mapping (
  GListModel *gateways, guint position, guint removed, guint added, HandlerData *handler_data)
{
  if (handler_data->mapping == NULL)
    handler_data->mapping = add_bound (handler_data->f, 9090, NULL);
}

/* A handler adds a mapping during a change of the list. */
static void
test_added_in_change (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  HandlerData handler_data = { f, NULL };
  GListModel *gateways = plum_manager_get_gateways (f->core.manager);
  gulong handler;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  mapping = add_bound (f, 8080, NULL);
  handler =
    g_signal_connect (gateways, "items-changed", G_CALLBACK (on_list_add_mapping), &handler_data);
  ip ("link set wan0 down");
  settle (f);
  assert_up_on (mapping, "wlan0");
  assert_up_on (handler_data.mapping, "wlan0");
  g_signal_handler_disconnect (gateways, handler);
  g_object_unref (handler_data.mapping);
}

/* For handlers that destroy a mapping during a change. */
static void
destroy_quietly (Networks *f, PlumMapping *mapping)
{
  plum_manager_destroy_mapping_async (f->core.manager, plum_mapping_get_id (mapping), NULL, NULL,
                                      NULL);
}

static void
on_outcome_destroy (PlumProbe *probe, GParamSpec *pspec, HandlerData *handler_data)
{
  if (handler_data->mapping != NULL)
    destroy_quietly (handler_data->f, g_steal_pointer (&handler_data->mapping));
}

static PlumMapping *
add_exact (Networks *f, guint port, guint external_port, PlumGateway *gateway)
{
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", port, "requested-external-port",
                  external_port, "require-external-port", TRUE, "requested-gateway", gateway, NULL);

  plum_manager_add_mapping (f->core.manager, mapping, &error);
  g_assert_no_error (error);
  test_loop_settle (&f->core.loop);
  return mapping;
}

/* A mapping leaves a failed lease holder, which starts again; a handler of that destroys it. */
static void
test_destroyed_while_it_moves (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) bound = NULL;
  g_autoptr (PlumProbe) probe = NULL;
  HandlerData handler_data = { f, NULL };

  SKIP_WITHOUT_LAN (f);

  ALPHA->discover = NO (NOT_SUPPORTED);
  discover (f);
  follower = add_exact (f, 8080, 9000, NULL);
  bound = add_exact (f, 8080, 8080, nth_gateway (f, 0));
  test_loop_advance (&f->core.loop, 6000); /* the failed probe is old, the retry not yet due */
  core_assert_state (follower, FAILURE);

  handler_data.mapping = follower;
  probe = g_list_model_get_item (plum_gateway_get_probes (nth_gateway (f, 0)), 0);
  g_signal_connect (probe, "notify::outcome", G_CALLBACK (on_outcome_destroy), &handler_data);
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  g_assert_null (handler_data.mapping);
  core_assert_state (follower, DESTROYED);
  core_assert_state (bound, FAILURE);
  g_signal_handlers_disconnect_by_data (probe, &handler_data);
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

/* The router vanishes during a delete, which is sent again when it is back. */
static void
test_vanishes_while_deleting (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  mapping = add_bound (f, 8080, NULL);
  test_loop_advance (&f->core.loop, 1000);
  ALPHA->unmap = SILENCE;
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_state (mapping, DESTROYING);

  ip ("link set wan0 down");
  settle (f);
  core_assert_state (mapping, DESTROYED);
  assert_gateways (f, "wlan0");

  ALPHA->unmap = AT_ONCE;
  ip ("link set wan0 up");
  ip ("route add default via 192.0.2.1 dev wan0 metric 100");
  settle (f);
  discover (f);
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->core.loop, 31000);
  core_assert_log ("alpha@wan0:unmap:tcp:8080");
  test_state_directory_tear_down (&directory);
}

static void
on_note_destroy (PlumGateway *gateway,
                 const char *backend_name,
                 const char *note,
                 HandlerData *handler_data)
{
  if (g_str_has_prefix (note, "unmap") && handler_data->mapping != NULL)
    destroy_quietly (handler_data->f, g_steal_pointer (&handler_data->mapping));
}

static void
on_note_dispose (PlumGateway *gateway,
                 const char *backend_name,
                 const char *note,
                 HandlerData *handler_data)
{
  if (g_str_has_prefix (note, "unmap"))
    g_object_run_dispose (G_OBJECT (handler_data->f->core.manager));
}

/* A handler of the notes about a release destroys the mapping, or disposes the manager. */
static void
check_closed_by_note (Networks *f, GCallback handler)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumGateway) gateway = NULL;
  HandlerData handler_data = { f, NULL };

  SKIP_WITHOUT_LAN (f);

  discover (f);
  mapping = handler_data.mapping = add_bound (f, 8080, NULL);
  gateway = g_object_ref (nth_gateway (f, 0));
  g_signal_connect (gateway, "note", handler, &handler_data);
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  core_assert_state (mapping, DESTROYED);
  g_signal_handlers_disconnect_by_data (gateway, &handler_data);
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

static void
test_destroyed_by_note (Networks *f, gconstpointer data)
{
  check_closed_by_note (f, G_CALLBACK (on_note_destroy));
}

static void
test_disposed_by_note (Networks *f, gconstpointer data)
{
  check_closed_by_note (f, G_CALLBACK (on_note_dispose));
}

static void
on_pending_revert (PlumMapping *mapping, GParamSpec *pspec, Networks *f)
{
  if (plum_mapping_get_state (mapping) != PLUM_STATE_PENDING)
    return;

  destroy_quietly (f, mapping);
  plum_manager_set_interface (f->core.manager, "wan0");
}

/* A handler of the first move reverts the change. Both mappings have moved by then: the second one
 * moves back. */
static void
test_second_moves_back (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  first = add_bound (f, 8080, NULL);
  second = add_bound (f, 8080, NULL);
  g_free (fake_backends_take_log ());
  g_signal_connect (first, "notify::state", G_CALLBACK (on_pending_revert), f);
  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  core_assert_state (first, DESTROYED);
  assert_up_on (second, "wan0");
  core_assert_log ("alpha@wlan0:map:tcp:8080:8080 alpha@wan0:unmap:tcp:8080 "
                   "alpha@wlan0:unmap:tcp:8080 alpha@wan0:map:tcp:8080:8080");
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

/* The known external port takes precedence over the requested one, as in any recovery. */
static void
test_known_port_moves (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "requested-external-port", 9000, NULL);
  discover (f);
  ALPHA->granted_port = 40000;
  g_assert_true (plum_manager_add_mapping (f->core.manager, mapping, NULL));
  settle (f);
  assert_up_on (mapping, "wan0");
  g_free (fake_backends_take_log ());

  ip ("route add default via 198.51.100.1 dev wlan0 metric 50");
  settle (f);
  assert_up_on (mapping, "wlan0");
  core_assert_log ("alpha@wan0:unmap:tcp:8080 alpha@wlan0:map:tcp:8080:40000");
  ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

static void
on_list_discover (GListModel *gateways, guint position, guint removed, guint added, Networks *f)
{
  if (f->core.result == NULL && removed > 0)
    {
      g_signal_handlers_disconnect_by_data (gateways, f);
      plum_manager_discover_async (f->core.manager, NULL, test_store_result, &f->core.result);
    }
}

/* A change of the backends replaces all gateways; the list is never empty. */
static void
test_discovery_while_backends_change (Networks *f, gconstpointer data)
{
  const char *const backends[] = { "alpha", NULL };
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (PlumMapping) bound = NULL;
  g_autoptr (PlumGateway) old = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  follower = add_bound (f, 8080, NULL);
  bound = add_bound (f, 8080, nth_gateway (f, 1));
  old = g_object_ref (nth_gateway (f, 0));
  g_signal_connect (plum_manager_get_gateways (f->core.manager), "items-changed",
                    G_CALLBACK (on_list_discover), f);
  plum_manager_set_enabled_backends (f->core.manager, backends);
  test_loop_settle (&f->core.loop);
  g_assert_nonnull (f->core.result);
  g_assert_true (plum_manager_discover_finish (f->core.manager, f->core.result, &error));
  g_assert_no_error (error);

  assert_gateways (f, "wan0 wlan0");
  g_assert_true (old != nth_gateway (f, 0));
  assert_up_on (follower, "wan0");
  assert_up_on (bound, "wlan0");
}

static void
on_destroyed_change (PlumMapping *mapping, GParamSpec *pspec, Networks *f)
{
  const char *const backends[] = { "alpha", NULL };

  if (plum_mapping_get_state (mapping) != PLUM_STATE_DESTROYED)
    return;

  plum_manager_set_interface (f->core.manager, "wlan0");
  plum_manager_set_enabled_backends (f->core.manager, backends);
}

/* A handler changes properties during dispose. */
static void
test_changed_in_dispose (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  SKIP_WITHOUT_LAN (f);

  discover (f);
  first = add_bound (f, 8080, NULL);
  second = add_bound (f, 8081, NULL);
  g_signal_connect (first, "notify::state", G_CALLBACK (on_destroyed_change), f);
  g_signal_connect (second, "notify::state", G_CALLBACK (on_destroyed_change), f);
  g_object_run_dispose (G_OBJECT (f->core.manager));
  core_assert_state (first, DESTROYED);
  core_assert_state (second, DESTROYED);
  assert_gateways (f, "");
}

static void
on_destroyed_dispose (PlumMapping *mapping, GParamSpec *pspec, Networks *f)
{
  g_object_run_dispose (G_OBJECT (f->core.manager));
}

/* A handler disposes the manager during dispose. */
static void
test_disposed_while_disposed (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  SKIP_WITHOUT_LAN (f);

  first = add_bound (f, 8080, NULL);
  second = add_bound (f, 8081, NULL);
  g_signal_connect (first, "notify::state", G_CALLBACK (on_destroyed_dispose), f);
  g_signal_connect (second, "notify::state", G_CALLBACK (on_destroyed_dispose), f);
  g_object_run_dispose (G_OBJECT (f->core.manager));
  core_assert_state (first, DESTROYED);
  core_assert_state (second, DESTROYED);
}

static void
on_list_close (GListModel *gateways, guint position, guint removed, guint added, Networks *f)
{
  g_object_run_dispose (G_OBJECT (f->core.manager));
}

/* A handler closes the manager when the first gateway is added. */
static void
test_closed_while_discovering (Networks *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  g_signal_connect (plum_manager_get_gateways (f->core.manager), "items-changed",
                    G_CALLBACK (on_list_close), f);
  plum_manager_discover_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  g_assert_false (plum_manager_discover_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
on_state_close (PlumManager *manager, PlumMapping *mapping, PlumState old_state, gpointer user_data)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_PENDING)
    plum_manager_close_async (manager, NULL, NULL, NULL);
}

/* A handler closes the manager when a mapping becomes pending. */
static void
test_closed_while_creating (Networks *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumMapping) none = NULL;

  SKIP_WITHOUT_LAN (f);

  g_signal_connect (f->core.manager, "mapping-state-changed", G_CALLBACK (on_state_close), NULL);
  plum_manager_create_mapping_async (f->core.manager, PLUM_PROTOCOL_TCP, 8080, 0, 0, NULL,
                                     test_store_result, &f->core.result);
  test_loop_settle (&f->core.loop);
  none = plum_manager_create_mapping_finish (f->core.manager, f->core.result, &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
on_added_free_interface (
  PlumManager *manager, guint position, guint removed, guint added, gpointer user_data)
{
  plum_manager_set_interface (manager, NULL);
}

/* A handler moves the default route while a mapping is added: nothing stays on the old gateway. */
static void
test_added_another_way (Networks *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_interface (f->core.manager, "wlan0");
  g_signal_connect (f->core.manager, "items-changed", G_CALLBACK (on_added_free_interface), NULL);
  discover (f);
  mapping = add_bound (f, 8080, NULL);
  settle (f);
  assert_gateways (f, "wan0 wlan0");
  assert_up_on (mapping, "wan0");
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  g_assert_cmpint (plum_clock_get_next_deadline (f->core.loop.clock), ==, -1);
}

/* One manager for the NAT-PMP server of a VPN, one for the home router. */
static void
test_two_managers (Networks *f, gconstpointer data)
{
  g_autoptr (PlumManager) vpn = plum_manager_new ();
  g_autoptr (GInetAddress) server = g_inet_address_new_from_string ("198.51.100.77");
  g_autoptr (PlumMapping) at_home = NULL;
  g_autoptr (PlumMapping) in_vpn = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autofree char *address = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_gateway_address (vpn, server);
  plum_manager_add_backend_type (vpn, fake_backend_type (FAKE_BETA), "beta", 200, NULL);
  at_home = add_bound (f, 8080, NULL);
  g_assert_true (plum_manager_add_mapping (vpn, in_vpn, NULL));
  test_loop_settle (&f->core.loop);

  assert_up_on (at_home, "wan0");
  assert_up_on (in_vpn, "wlan0");
  address = g_inet_address_to_string (plum_gateway_get_address (plum_mapping_get_gateway (in_vpn)));
  g_assert_cmpstr (address, ==, "198.51.100.77");

  /* Closing one does not affect the other. */
  g_object_run_dispose (G_OBJECT (vpn));
  core_assert_state (in_vpn, DESTROYED);
  assert_up_on (at_home, "wan0");
}

static GBytes *
last_key (void)
{
  return g_bytes_ref (plum_request_get_key (plum_call_get_request (ALPHA->last_map)));
}

/* Simulates the end of the process, and its next start. */
static void
crash (Networks *f, const char *directory)
{
  test_loop_advance (&f->core.loop, 1000);
  g_object_run_dispose (G_OBJECT (f->core.manager));
  g_assert_finalize_object (g_steal_pointer (&f->core.manager));
  g_free (fake_backends_take_log ());

  f->core.manager = plum_manager_new ();
  plum_manager_add_backend_type (f->core.manager, fake_backend_type (FAKE_ALPHA), "alpha", 300,
                                 NULL);
  plum_manager_set_state_directory (f->core.manager, directory);
}

/* One port on two routers: after a crash each mapping is renewed or deleted on its own router. */
static void
test_crash (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) here = NULL;
  g_autoptr (PlumMapping) there = NULL;
  g_autoptr (PlumMapping) again = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GBytes) key_again = NULL;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  discover (f);
  here = add_bound (f, 8080, NULL);
  test_loop_advance (&f->core.loop, 1000);
  assert_up_on (here, "wan0");
  key = last_key ();
  there = add_bound (f, 8080, nth_gateway (f, 1));
  test_loop_advance (&f->core.loop, 1000);
  assert_up_on (there, "wlan0");

  crash (f, directory.path);
  discover (f);
  g_free (fake_backends_take_log ());
  again = add_bound (f, 8080, NULL);
  test_loop_advance (&f->core.loop, 31000);
  assert_up_on (again, "wan0");
  key_again = last_key ();
  g_assert_true (g_bytes_equal (key, key_again));
  core_assert_log ("alpha@wan0:map:tcp:8080:8080 alpha@wlan0:unmap:tcp:8080");
  test_state_directory_tear_down (&directory);
}

/* A close waits for the race, to delete what a crash left. Another network does not delay it. */
static void
test_network_added_while_closing (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("route del default via 198.51.100.1 dev wlan0 metric 600");
  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  mapping = add_bound (f, 8080, NULL);
  assert_up_on (mapping, "wan0");

  crash (f, directory.path);
  ALPHA->discover = AFTER (2000);
  plum_manager_discover_async (f->core.manager, NULL, NULL, NULL);
  settle (f);
  plum_manager_close_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_advance (&f->core.loop, 500);
  g_assert_null (f->core.result);
  ip ("route add default via 198.51.100.1 dev wlan0 metric 600");
  test_loop_advance (&f->core.loop, 3000);
  g_assert_nonnull (f->core.result);
  g_assert_true (plum_manager_close_finish (f->core.manager, f->core.result, &error));
  g_assert_no_error (error);
  test_state_directory_tear_down (&directory);
}

/* The mapping that a crash left is on the router of another interface than the default route: that
 * router is found and asked, and the other one is not. */
static void
test_unmap_on_the_other_router (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) there = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  discover (f);
  there = add_bound (f, 8080, nth_gateway (f, 1));
  test_loop_advance (&f->core.loop, 1000);
  assert_up_on (there, "wlan0");

  crash (f, directory.path);
  g_free (fake_backends_take_log ());
  plum_manager_unmap_async (f->core.manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080, 0, NULL,
                            test_store_result, &f->core.result);
  test_loop_advance_until (&f->core.loop, f->core.result != NULL, 20000);
  g_assert_true (plum_manager_unmap_finish (f->core.manager, f->core.result, &error));
  g_assert_no_error (error);
  core_assert_log ("alpha@wan0:discover alpha@wlan0:discover alpha@wlan0:unmap:tcp:8080");
  test_state_directory_tear_down (&directory);
}

/* Two interfaces lead to one router: a leftover is deleted over its own interface, because the
 * router's entry is for the address of that interface. */
static void
test_two_ways_to_one_router (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ip ("route del default via 198.51.100.1 dev wlan0 metric 600");
  ip ("route add default via 192.0.2.1 dev wlan0 onlink metric 600");
  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  discover (f);
  mapping = add_bound (f, 8080, nth_gateway (f, 1));
  test_loop_advance (&f->core.loop, 1000);
  assert_up_on (mapping, "wlan0");

  crash (f, directory.path);
  discover (f);
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->core.loop, 31000);
  core_assert_log ("alpha@wlan0:unmap:tcp:8080");
  test_state_directory_tear_down (&directory);
}

static void
on_outcome_dispose (PlumProbe *probe, GParamSpec *pspec, Networks *f)
{
  g_autoptr (PlumManager) manager = g_steal_pointer (&f->core.manager);

  if (manager != NULL)
    g_object_run_dispose (G_OBJECT (manager));
}

/* The router of a leftover is discovered again; a handler of that disposes the manager. */
static void
test_disposed_while_sweeping (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumProbe) probe = NULL;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  mapping = add_bound (f, 8080, NULL);
  test_loop_advance (&f->core.loop, 1000);
  assert_up_on (mapping, "wan0");

  crash (f, directory.path);
  ALPHA->discover = NO (NOT_SUPPORTED);
  discover (f);
  probe = g_list_model_get_item (plum_gateway_get_probes (nth_gateway (f, 0)), 0);
  g_signal_connect (probe, "notify::outcome", G_CALLBACK (on_outcome_dispose), f);
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->core.loop, 31000);
  core_assert_log ("alpha@wan0:discover");
  g_signal_handlers_disconnect_by_data (probe, f);
  test_state_directory_tear_down (&directory);
}

/* Two leftovers are being deleted; a handler of that disposes the manager. */
static void
test_disposed_while_deleting (Networks *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;
  g_autoptr (PlumGateway) gateway = NULL;
  HandlerData handler_data = { f, NULL };

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  first = add_bound (f, 8080, NULL);
  second = add_bound (f, 8081, NULL);
  test_loop_advance (&f->core.loop, 1000);

  crash (f, directory.path);
  discover (f);
  gateway = g_object_ref (nth_gateway (f, 0));
  g_signal_connect (gateway, "note", G_CALLBACK (on_note_dispose), &handler_data);
  test_loop_advance (&f->core.loop, 31000);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2); /* notes are emitted in a later iteration */
  g_signal_handlers_disconnect_by_data (gateway, &handler_data);
  test_state_directory_tear_down (&directory);
}

int
main (int argc, char **argv)
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/networks/" path, Networks, NULL, set_up, func, tear_down)
  ADD ("list", test_list);
  ADD ("others-come-later", test_others_come_later);
  ADD ("discovery-looks-again", test_discovery_looks_again);
  ADD ("create-looks-again", test_create_looks_again);
  ADD ("discovery-is-cancelled", test_discovery_is_cancelled);
  ADD ("discovery-loses-the-network", test_network_lost_while_discovering);
  ADD ("no-next-hop", test_no_next_hop);
  ADD ("no-next-hop-is-needed", test_no_next_hop_is_needed);
  ADD ("no-next-hop-and-refused", test_no_next_hop_and_refused);
  ADD ("discover-family", test_discover_family);
  ADD ("bound", test_bound);
  ADD ("bound-to-default-shares", test_bound_to_default_shares);
  ADD ("default-moves", test_default_moves);
  ADD ("default-moves/closed-while-old-deletes", test_closed_while_the_old_router_deletes);
  ADD ("default-moves/old-does-not-delete", test_old_router_does_not_delete);
  ADD ("default-vanishes", test_default_vanishes);
  ADD ("link-returns", test_link_returns);
  ADD ("link-returns-at-once", test_link_returns_at_once);
  ADD ("link-stays", test_link_stays);
  ADD ("all-vanish", test_all_vanish);
  ADD ("kernel-query-fails", test_kernel_query_fails);
  ADD ("override-leaves-one", test_override_leaves_one);
  ADD ("gateway-of-other-family", test_gateway_of_other_family);
  ADD ("added-in-change", test_added_in_change);
  ADD ("destroyed-while-it-moves", test_destroyed_while_it_moves);
  ADD ("vanishes-while-deleting", test_vanishes_while_deleting);
  ADD ("destroyed-by-note", test_destroyed_by_note);
  ADD ("disposed-by-note", test_disposed_by_note);
  ADD ("second-moves-back", test_second_moves_back);
  ADD ("known-port-moves", test_known_port_moves);
  ADD ("discovery-while-backends-change", test_discovery_while_backends_change);
  ADD ("changed-in-dispose", test_changed_in_dispose);
  ADD ("disposed-while-disposed", test_disposed_while_disposed);
  ADD ("closed-while-discovering", test_closed_while_discovering);
  ADD ("closed-while-creating", test_closed_while_creating);
  ADD ("added-another-way", test_added_another_way);
  ADD ("two-managers", test_two_managers);
  ADD ("crash", test_crash);
  ADD ("added-while-closing", test_network_added_while_closing);
  ADD ("unmap-on-the-other-router", test_unmap_on_the_other_router);
  ADD ("two-ways-to-one-router", test_two_ways_to_one_router);
  ADD ("disposed-while-deleting", test_disposed_while_deleting);
  ADD ("disposed-while-sweeping", test_disposed_while_sweeping);
#undef ADD

  return g_test_run ();
}
