/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The poll of the external address, for routers that do not announce a new one: how often it is
 * asked for, and what follows. */

#include "core-fixture.h"

#define MINUTE_MS (60 * 1000)

/* --- A network monitor that only knows whether the network is metered --- */

static gboolean is_metered;

typedef GObject TestMonitor;
typedef GObjectClass TestMonitorClass;

enum {
  PROP_NETWORK_AVAILABLE = 1,
  PROP_NETWORK_METERED,
  PROP_CONNECTIVITY,
};

static gboolean
test_monitor_init_sync (GInitable *initable, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
test_monitor_initable_init (GInitableIface *iface)
{
  iface->init = test_monitor_init_sync;
}

static void
test_monitor_monitor_init (GNetworkMonitorInterface *iface)
{
}

static GType test_monitor_get_type (void);

G_DEFINE_TYPE_WITH_CODE (TestMonitor,
                         test_monitor,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, test_monitor_initable_init)
                           G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR,
                                                  test_monitor_monitor_init))

static void
test_monitor_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_NETWORK_AVAILABLE:
      g_value_set_boolean (value, TRUE);
      break;
    case PROP_NETWORK_METERED:
      g_value_set_boolean (value, is_metered);
      break;
    case PROP_CONNECTIVITY:
      g_value_set_enum (value, G_NETWORK_CONNECTIVITY_FULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
test_monitor_class_init (TestMonitorClass *klass)
{
  klass->get_property = test_monitor_get_property;
  g_object_class_override_property (klass, PROP_NETWORK_AVAILABLE, "network-available");
  g_object_class_override_property (klass, PROP_NETWORK_METERED, "network-metered");
  g_object_class_override_property (klass, PROP_CONNECTIVITY, "connectivity");
}

static void
test_monitor_init (TestMonitor *self)
{
}

/* --- The tests --- */

static void
set_up (CoreFixture *f, gconstpointer n_backends)
{
  core_fixture_set_up (f, n_backends);
  ALPHA->source = PLUM_ADDRESS_SOURCE_POLL;
  is_metered = FALSE;
}

static guint n_changed;

static void
on_changed (PlumMapping *mapping, gpointer user_data)
{
  n_changed++;
}

/* Four polls and the recheck ask five times in five minutes, however many mappings there are. */
static void
test_every_minute (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_up (f, 8081, 0);
  g_autoptr (PlumMapping) third = core_add_up (f, 8082, 0);

  test_loop_advance (&f->loop, MINUTE_MS - 1);
  g_assert_cmpuint (ALPHA->n_address, ==, 0);
  for (guint i = 1; i <= 15; i++)
    {
      test_loop_advance (&f->loop, i == 1 ? 1 : MINUTE_MS);
      g_assert_cmpuint (ALPHA->n_address, ==, i);
    }
  g_assert_cmpuint (ALPHA->n_check, ==, 3 * 3);
}

static void
test_new_address (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_up (f, 8081, 0);

  n_changed = 0;
  g_signal_connect (first, "changed", G_CALLBACK (on_changed), NULL);
  core_listen (f, second);
  ALPHA->external = "198.51.100.9";
  test_loop_advance (&f->loop, MINUTE_MS);
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpstr (plum_mapping_get_external_host (first), ==, "198.51.100.9");
  core_assert_events (f, "external-address external-host external-scope hops");
  test_loop_advance (&f->loop, 2 * MINUTE_MS);
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
}

/* The address is kept while the router cannot be asked. */
static void
test_failure (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_listen (f, mapping);
  ALPHA->address = NO (NO_RESOURCES);
  test_loop_advance (&f->loop, 2 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 2);
  core_assert_events (f, "");
  ALPHA->address = SILENCE;
  test_loop_advance (&f->loop, 2 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 4);
  core_assert_events (f, "");
}

/* The router reports that it has no address: the mapping is up without one, until it has again. */
static void
test_none (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumGateway) gateway = g_object_ref (plum_mapping_get_gateway (mapping));

  n_changed = 0;
  g_signal_connect (mapping, "changed", G_CALLBACK (on_changed), NULL);
  core_listen (f, mapping);
  plum_backend_report_external_address (ALPHA->backend, NULL);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
  core_assert_events (f, "external-address external-host external-scope hops");
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_null (plum_mapping_get_external_address (mapping));
  g_assert_cmpint (plum_mapping_get_external_scope (mapping), ==, PLUM_ADDRESS_SCOPE_UNKNOWN);
  g_assert_null (plum_gateway_get_external_address (gateway));

  test_loop_advance (&f->loop, MINUTE_MS);
  g_assert_cmpuint (n_changed, ==, 2);
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, "1.2.3.4");
  g_assert_nonnull (plum_gateway_get_external_address (gateway));
}

/* The router was restarted and has no connection yet: the address from before is not reported. */
static void
test_none_after_restart (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumGateway) gateway = g_object_ref (plum_mapping_get_gateway (mapping));

  ALPHA->external = NULL;
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  core_assert_state (mapping, SUCCESS);
  g_assert_null (plum_mapping_get_external_host (mapping));
  g_assert_null (plum_gateway_get_external_address (gateway));
}

/* A backend whose protocol does not report the address withdraws none that another has reported. */
static void
test_none_of_another (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumGateway) gateway = g_object_ref (plum_mapping_get_gateway (mapping));

  core_listen (f, mapping);
  plum_backend_report_external_address (BETA->backend, NULL);
  test_loop_settle (&f->loop);
  core_assert_events (f, "");
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, "1.2.3.4");
  g_assert_nonnull (plum_gateway_get_external_address (gateway));
}

/* The same if the lease is of that backend. */
static void
test_none_of_the_serving_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->external = NULL;
  mapping = core_add_up (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_backend (mapping, "alpha");
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, "1.2.3.4");
  core_listen (f, mapping);
  plum_backend_report_external_address (ALPHA->backend, NULL);
  test_loop_settle (&f->loop);
  core_assert_events (f, "");
}

static void
assert_host (PlumMapping *mapping, const char *host)
{
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, host);
}

/* The leases of a backend have no address, and its router answers a query: it is asked once, and a
 * later lease withdraws nothing. */
static void
test_bare_leases (CoreFixture *f, gconstpointer source)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;
  PlumGateway *gateway;

  ALPHA->source = (PlumAddressSource) GPOINTER_TO_INT (source);
  ALPHA->bare_leases = TRUE;
  first = core_add_up (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_host (first, "1.2.3.4");
  g_assert_cmpuint (ALPHA->n_address, ==, 1);
  core_listen (f, first);
  second = core_add_up (f, 8081, 0);
  test_loop_settle (&f->loop);
  assert_host (second, "1.2.3.4");
  gateway = plum_mapping_get_gateway (second);
  g_assert_nonnull (plum_gateway_get_external_address (gateway));
  g_assert_cmpuint (ALPHA->n_address, ==, 1);

  test_loop_advance (&f->loop, 90 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_map, >, 2);
  core_assert_events (f, "expires-at");

  ALPHA->external = "198.51.100.9";
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  assert_host (first, "198.51.100.9");
  assert_host (second, "198.51.100.9");
}

static void
test_bare_leases_polled (CoreFixture *f, gconstpointer data)
{
  test_bare_leases (f, GINT_TO_POINTER (PLUM_ADDRESS_SOURCE_POLL));
}

/* A lease without an address has that of another backend, as long as that one reports it. */
static void
test_borrowed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) other = g_inet_address_new_from_string ("198.51.100.9");
  g_autoptr (GInetAddress) own = g_inet_address_new_from_string ("198.51.100.10");
  g_autoptr (PlumMapping) mapping = NULL;
  PlumGateway *gateway;

  ALPHA->external = NULL;
  mapping = core_add_up (f, 8080, 0);
  test_loop_settle (&f->loop);
  gateway = plum_mapping_get_gateway (mapping);
  core_assert_backend (mapping, "alpha");
  assert_host (mapping, "1.2.3.4");

  plum_backend_report_external_address (BETA->backend, other);
  test_loop_settle (&f->loop);
  assert_host (mapping, "198.51.100.9");

  plum_backend_report_external_address (BETA->backend, NULL);
  test_loop_settle (&f->loop);
  assert_host (mapping, NULL);
  g_assert_null (plum_gateway_get_external_address (gateway));

  plum_backend_report_external_address (BETA->backend, other);
  plum_backend_report_external_address (ALPHA->backend, own);
  test_loop_settle (&f->loop);
  assert_host (mapping, "198.51.100.10");
  plum_backend_report_external_address (ALPHA->backend, NULL);
  test_loop_settle (&f->loop);
  assert_host (mapping, NULL);
}

/* The other backend holds no lease, and reports nothing by itself: it is asked again. */
static void
test_borrowed_is_checked (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->external = NULL;
  mapping = core_add_up (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_host (mapping, "1.2.3.4");

  BETA->external = "198.51.100.9";
  test_loop_advance (&f->loop, 5 * MINUTE_MS);
  assert_host (mapping, "198.51.100.9");

  /* The router has been restarted. */
  BETA->external = "198.51.100.10";
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  assert_host (mapping, "198.51.100.10");
}

/* No backend had an address when it was sought. */
static void
test_borrowed_later (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->external = NULL;
  BETA->external = NULL;
  mapping = core_add_up (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_host (mapping, NULL);
  BETA->external = "198.51.100.9";
  test_loop_advance (&f->loop, 5 * MINUTE_MS);
  assert_host (mapping, "198.51.100.9");
}

static void
on_discovered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  plum_manager_discover_finish (PLUM_MANAGER (source), result, &error);
  g_assert_no_error (error);
}

/* What a discovery learns is reported to the mappings as well. */
static void
test_borrowed_from_discovery (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->external = NULL;
  BETA->external = NULL;
  mapping = core_add_up (f, 8080, 0);
  test_loop_settle (&f->loop);
  BETA->external = "198.51.100.9";
  plum_manager_discover_async (f->manager, NULL, on_discovered, NULL);
  test_loop_advance (&f->loop, 5000);
  assert_host (mapping, "198.51.100.9");
}

/* A lease that was granted after the restart, with the same address, removes the doubt. */
static void
test_confirmed_after_restart (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = NULL;

  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  core_listen (f, first);
  ALPHA->bare_leases = TRUE;
  ALPHA->address = NO (NO_RESOURCES);
  second = core_add_up (f, 8081, 0);
  test_loop_settle (&f->loop);
  assert_host (first, "1.2.3.4");
  assert_host (second, "1.2.3.4");
  core_assert_events (f, "");
}

/* A lease that has an address of its own keeps it. */
static void
test_not_borrowed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) other = g_inet_address_new_from_string ("198.51.100.9");
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  plum_backend_report_external_address (BETA->backend, other);
  plum_backend_report_external_address (BETA->backend, NULL);
  test_loop_settle (&f->loop);
  assert_host (mapping, "1.2.3.4");
}

/* A backend whose router announces a new address is asked by the recheck only. */
static void
test_announced (CoreFixture *f, gconstpointer source)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->source = (PlumAddressSource) GPOINTER_TO_INT (source);
  mapping = core_add_up (f, 8080, 0);
  test_loop_advance (&f->loop, 4 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 0);
  test_loop_advance (&f->loop, MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 1);
}

static void
test_announced_by_mapping (CoreFixture *f, gconstpointer data)
{
  test_announced (f, GINT_TO_POINTER (PLUM_ADDRESS_SOURCE_MAPPING));
}

/* A backend that does not hold a mapping is not asked. */
static void
test_only_the_serving_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  BETA->source = PLUM_ADDRESS_SOURCE_POLL;
  mapping = core_add_up (f, 8080, 0);
  test_loop_advance (&f->loop, 2 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 2);
  g_assert_cmpuint (BETA->n_address, ==, 0);
}

/* Without a mapping, no timer runs. */
static void
test_no_mapping (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  test_loop_advance (&f->loop, 3 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 0);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);
}

/* The same while the mapping fails: the next deadline is its next attempt, or the recheck. */
static void
test_failed_mapping (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (REFUSED);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  core_assert_state (mapping, FAILURE);
  ALPHA->n_address = 0;
  test_loop_advance (&f->loop, 4 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 0);
}

static void
test_metered (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  is_metered = TRUE;
  test_loop_advance (&f->loop, 4 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 0);

  /* The recheck, which also checks the mapping, is not paused. */
  test_loop_advance (&f->loop, MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 1);

  is_metered = FALSE;
  test_loop_advance (&f->loop, MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 2);
}

/* A recheck period that is shorter than a minute leaves nothing to poll. */
static void
test_short_recheck (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_recheck_period (f->manager, 30 * 1000);
  mapping = core_add_up (f, 8080, 0);
  test_loop_advance (&f->loop, 5 * MINUTE_MS);
  g_assert_cmpuint (ALPHA->n_address, ==, 10);
}

#define ADD(path, n, func)                                                                         \
  g_test_add ("/address-poll/" path, CoreFixture, GUINT_TO_POINTER (n), set_up, func,              \
              core_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_setenv ("GIO_USE_NETWORK_MONITOR", "test", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_io_extension_point_set_required_type (g_io_extension_point_register (
                                            G_NETWORK_MONITOR_EXTENSION_POINT_NAME),
                                          G_TYPE_NETWORK_MONITOR);
  g_io_extension_point_implement (G_NETWORK_MONITOR_EXTENSION_POINT_NAME, test_monitor_get_type (),
                                  "test", G_MAXINT);

  ADD ("every-minute", 1, test_every_minute);
  ADD ("new-address", 1, test_new_address);
  ADD ("failure", 1, test_failure);
  ADD ("none", 1, test_none);
  ADD ("none-after-restart", 1, test_none_after_restart);
  ADD ("none-of-another", 2, test_none_of_another);
  ADD ("none-of-the-serving-backend", 2, test_none_of_the_serving_backend);
  ADD ("bare-leases", 1, test_bare_leases);
  ADD ("bare-leases-polled", 1, test_bare_leases_polled);
  ADD ("borrowed", 2, test_borrowed);
  ADD ("borrowed-checked", 2, test_borrowed_is_checked);
  ADD ("borrowed-later", 2, test_borrowed_later);
  ADD ("borrowed-from-discovery", 2, test_borrowed_from_discovery);
  ADD ("confirmed-after-restart", 1, test_confirmed_after_restart);
  ADD ("not-borrowed", 2, test_not_borrowed);
  ADD ("announced", 0, test_announced);
  ADD ("announced-by-mapping", 1, test_announced_by_mapping);
  ADD ("only-the-serving-backend", 2, test_only_the_serving_backend);
  ADD ("no-mapping", 1, test_no_mapping);
  ADD ("failed-mapping", 1, test_failed_mapping);
  ADD ("metered", 1, test_metered);
  ADD ("short-recheck", 1, test_short_recheck);

  return g_test_run ();
}
