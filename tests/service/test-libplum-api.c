/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The API of the C library libplum (plum/plum.h), which libplum-service is modeled on. It is called
 * through the adaptor in docs/examples/libplum-api. Each test verifies one statement of a reference
 * of that API. The program also runs in tests/lab, with a real router. */

#include "service-fixture.h"
#include "service-system.h"

#include <plum/plum.h>
#include <string.h>
#include <time.h>

/* What a binding with futures does: the first report is the result, later ones are changes. */
typedef struct
{
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int n_in_state[5];
  plum_mapping_t last;
} Reports;

static Reports reports = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, { 0 }, { 0 } };
static int n_logged;

static void
on_state (int id, plum_state_t state, const plum_mapping_t *mapping)
{
  pthread_mutex_lock (&reports.mutex);
  reports.n_in_state[state]++;
  reports.last = *mapping;
  pthread_cond_broadcast (&reports.changed);
  pthread_mutex_unlock (&reports.mutex);
}

static int
wait_for (plum_state_t state, int n, int timeout_ms)
{
  struct timespec deadline;
  int status = 0, reached;

  clock_gettime (CLOCK_REALTIME, &deadline);
  deadline.tv_sec += timeout_ms / 1000;
  deadline.tv_nsec += timeout_ms % 1000 * 1000000;
  if (deadline.tv_nsec >= 1000000000)
    {
      deadline.tv_sec++;
      deadline.tv_nsec -= 1000000000;
    }
  pthread_mutex_lock (&reports.mutex);
  while (reports.n_in_state[state] < n && status == 0)
    status = pthread_cond_timedwait (&reports.changed, &reports.mutex, &deadline);
  reached = reports.n_in_state[state] >= n;
  pthread_mutex_unlock (&reports.mutex);

  return reached;
}

static void
on_log (plum_log_level_t level, const char *message)
{
  g_atomic_int_inc (&n_logged);
}

static void
start (ServiceFixture *fixture, plum_log_level_t level)
{
  plum_config_t config = { .log_level = level, .log_callback = on_log, .recheck_period = 1000 };

  memset (reports.n_in_state, 0, sizeof reports.n_in_state);
  n_logged = 0;
  plum_compat_set_gateway (fixture->address);
  g_assert_cmpint (plum_init (&config), ==, PLUM_ERR_SUCCESS);
}

static int
create (plum_ip_protocol_t protocol, uint16_t external_port)
{
  plum_mapping_t mapping = { .protocol = protocol,
                             .internal_port = 8080,
                             .external_port = external_port,
                             .user_ptr = &reports };

  return plum_create_mapping (&mapping, on_state);
}

static void
stop (void)
{
  g_assert_cmpint (plum_cleanup (), ==, PLUM_ERR_SUCCESS);
}

/* --- init, cleanup --- */

static void
test_init_first (ServiceFixture *fixture, gconstpointer data)
{
  plum_mapping_t mapping;
  plum_state_t state;
  char address[PLUM_MAX_ADDRESS_LEN];

  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), ==, PLUM_ERR_FAILED);
  g_assert_cmpint (plum_query_mapping (1, &state, &mapping), <, 0);
  g_assert_cmpint (plum_destroy_mapping (1), <, 0);
  g_assert_cmpint (plum_get_local_address (address, sizeof address), <, 0);
}

static void
test_init_defaults (ServiceFixture *fixture, gconstpointer data)
{
  plum_config_t config = { 0 };

  plum_compat_set_gateway (NULL);
  g_assert_cmpint (plum_init (NULL), ==, PLUM_ERR_INVALID);
  config.log_level = PLUM_LOG_LEVEL_NONE;
  g_assert_cmpint (plum_init (&config), ==, PLUM_ERR_SUCCESS);
  g_assert_cmpint (plum_init (&config), ==, PLUM_ERR_FAILED);
  stop ();
}

static void
test_log_level (ServiceFixture *fixture, gconstpointer data)
{
  static const plum_log_level_t levels[] = { PLUM_LOG_LEVEL_NONE, PLUM_LOG_LEVEL_INFO };

  for (int i = 0; i < 2; i++)
    {
      start (fixture, levels[i]);
      g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
      g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
      stop ();
      g_assert_cmpint (n_logged, ==, i);
    }
}

static void
test_discover_timeout (ServiceFixture *fixture, gconstpointer data)
{
  plum_config_t config = { .log_level = PLUM_LOG_LEVEL_NONE, .discover_timeout = 200 };
  gint64 begin = g_get_monotonic_time ();

  service_fixture_router (fixture, "silent");
  memset (reports.n_in_state, 0, sizeof reports.n_in_state);
  plum_compat_set_gateway (fixture->address);
  plum_init (&config);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_FAILURE, 1, DEADLINE_MS));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  stop ();
}

static void
test_recheck_period (ServiceFixture *fixture, gconstpointer data)
{
  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
  /* The router does not announce that it has restarted. */
  service_fixture_router (fixture, "quiet-reboot");
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 2, DEADLINE_MS));
  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 1);
  stop ();
}

static void
test_cleanup_error (ServiceFixture *fixture, gconstpointer data)
{
  g_assert_cmpint (plum_cleanup (), <, 0);
  start (fixture, PLUM_LOG_LEVEL_NONE);
  stop ();
  g_assert_cmpint (plum_cleanup (), <, 0);
}

static void
test_cleanup_releases (ServiceFixture *fixture, gconstpointer data)
{
  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
  stop ();
  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 0);
  start (fixture, PLUM_LOG_LEVEL_NONE);
  stop ();
}

/* --- createMapping --- */

static void
test_create (ServiceFixture *fixture, gconstpointer data)
{
  plum_mapping_t mapping;
  plum_state_t state;
  int id;

  for (int protocol = PLUM_IP_PROTOCOL_TCP; protocol <= PLUM_IP_PROTOCOL_UDP; protocol++)
    {
      start (fixture, PLUM_LOG_LEVEL_NONE);
      id = create ((plum_ip_protocol_t) protocol, 0);
      g_assert_cmpint (id, >, 0);
      g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
      g_assert_cmpint (plum_query_mapping (id, &state, &mapping), ==, PLUM_ERR_SUCCESS);
      g_assert_cmpint (state, ==, PLUM_STATE_SUCCESS);
      g_assert_cmpint (mapping.protocol, ==, protocol);
      g_assert_cmpint (mapping.internal_port, ==, 8080);
      g_assert_cmpint (mapping.external_port, ==, 8080);
      g_assert_cmpstr (mapping.external_host, ==, "1.2.3.4");
      g_assert_true (mapping.user_ptr == &reports);
      g_assert_cmpstr (reports.last.external_host, ==, "1.2.3.4");
      stop ();
    }
}

static void
test_order (ServiceFixture *fixture, gconstpointer data)
{
  static const char *const commands[] = { "table", "no-pcp", "no-natpmp" };

  for (int i = 0; i < 3; i++)
    {
      service_fixture_router (fixture, commands[i]);
      start (fixture, PLUM_LOG_LEVEL_NONE);
      g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
      g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
      g_assert_cmpint (reports.last.mapping_protocol, ==, PLUM_MAPPING_PROTOCOL_PCP + i);
      stop ();
    }
}

static void
test_external_port (ServiceFixture *fixture, gconstpointer data)
{
  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 18080), >, 0);
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
  g_assert_cmpint (reports.last.external_port, ==, 18080);
  stop ();
}

static void
test_invalid (ServiceFixture *fixture, gconstpointer data)
{
  plum_mapping_t mapping = { .protocol = PLUM_IP_PROTOCOL_TCP };

  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (plum_create_mapping (&mapping, on_state), ==, PLUM_ERR_INVALID);
  g_assert_cmpint (plum_create_mapping (NULL, on_state), ==, PLUM_ERR_INVALID);
  stop ();
}

static void
test_mapping_fails (ServiceFixture *fixture, gconstpointer data)
{
  service_fixture_router (fixture, "refuse");
  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_FAILURE, 1, DEADLINE_MS));
  g_assert_cmpint (reports.n_in_state[PLUM_STATE_SUCCESS], ==, 0);
  stop ();
}

static void
test_timeout (ServiceFixture *fixture, gconstpointer data)
{
  int id;

  service_fixture_router (fixture, "silent");
  start (fixture, PLUM_LOG_LEVEL_NONE);
  id = create (PLUM_IP_PROTOCOL_TCP, 0);
  g_assert_false (wait_for (PLUM_STATE_SUCCESS, 1, 100));
  g_assert_cmpint (plum_destroy_mapping (id), ==, PLUM_ERR_SUCCESS);
  g_assert_true (wait_for (PLUM_STATE_DESTROYED, 1, DEADLINE_MS));
  stop ();
}

static void
test_changes (ServiceFixture *fixture, gconstpointer data)
{
  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
  service_fixture_router (fixture, "external 1.2.3.9");
  service_fixture_router (fixture, "reboot");
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 2, DEADLINE_MS));
  g_assert_cmpstr (reports.last.external_host, ==, "1.2.3.9");
  stop ();
}

static void
test_recreated (ServiceFixture *fixture, gconstpointer data)
{
  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
  service_fixture_router (fixture, "reboot");
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 2, DEADLINE_MS));
  g_assert_cmpint (reports.n_in_state[PLUM_STATE_FAILURE], ==, 0);
  stop ();
}

/* --- destroyMapping, hasMapping, getLocalAddress --- */

static void
test_destroy (ServiceFixture *fixture, gconstpointer data)
{
  int id;

  start (fixture, PLUM_LOG_LEVEL_NONE);
  id = create (PLUM_IP_PROTOCOL_TCP, 0);
  g_assert_true (wait_for (PLUM_STATE_SUCCESS, 1, DEADLINE_MS));
  g_assert_cmpint (plum_destroy_mapping (id), ==, PLUM_ERR_SUCCESS);
  g_assert_true (wait_for (PLUM_STATE_DESTROYED, 1, DEADLINE_MS));
  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 0);
  g_assert_cmpint (plum_destroy_mapping (id), ==, PLUM_ERR_NOT_AVAIL);
  stop ();
}

static void
test_has (ServiceFixture *fixture, gconstpointer data)
{
  int id;

  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (plum_query_mapping (1, NULL, NULL), ==, PLUM_ERR_NOT_AVAIL);
  id = create (PLUM_IP_PROTOCOL_TCP, 0);
  g_assert_cmpint (plum_query_mapping (id, NULL, NULL), ==, PLUM_ERR_SUCCESS);
  plum_destroy_mapping (id);
  g_assert_cmpint (plum_query_mapping (id, NULL, NULL), ==, PLUM_ERR_NOT_AVAIL);
  stop ();
}

static void
test_local_address (ServiceFixture *fixture, gconstpointer data)
{
  char address[PLUM_MAX_ADDRESS_LEN], tiny[2];
  g_autofree char *network = g_strndup (fixture->address, 4);

  start (fixture, PLUM_LOG_LEVEL_NONE);
  g_assert_cmpint (plum_get_local_address (address, sizeof address), ==, (int) strlen (address));
  g_assert_true (g_str_has_prefix (address, network)); /* "127." or "192." */
  g_assert_cmpint (plum_get_local_address (tiny, sizeof tiny), ==, PLUM_ERR_INVALID);
  stop ();
}

/* In a network namespace of its own, which has no route. */
static void
test_no_device_process (void)
{
  plum_config_t config = { .log_level = PLUM_LOG_LEVEL_NONE };
  char address[PLUM_MAX_ADDRESS_LEN];
  gint64 begin = g_get_monotonic_time ();

  if (!service_system_leave_network ())
    return;

  g_assert_cmpint (plum_init (&config), ==, PLUM_ERR_SUCCESS);
  g_assert_cmpint (plum_get_local_address (address, sizeof address), ==, PLUM_ERR_NOT_AVAIL);
  g_assert_cmpint (create (PLUM_IP_PROTOCOL_TCP, 0), >, 0);
  g_assert_true (wait_for (PLUM_STATE_FAILURE, 1, DEADLINE_MS));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_USEC_PER_SEC);
  stop ();
}

static void
test_no_device (void)
{
  g_test_trap_subprocess ("/libplum-api/create-mapping/no-device/subprocess", 0, 0);
  g_test_trap_assert_passed ();
}

#define TEST(path, function)                                                                       \
  g_test_add ("/libplum-api/" path, ServiceFixture, NULL, service_fixture_set_up, function,        \
              service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  TEST ("init/must-be-called-first", test_init_first);
  TEST ("init/zero-is-the-default", test_init_defaults);
  TEST ("init/log-level", test_log_level);
  TEST ("init/discover-timeout", test_discover_timeout);
  TEST ("init/recheck-period", test_recheck_period);
  TEST ("cleanup/fails-twice-or-before-init", test_cleanup_error);
  TEST ("cleanup/releases-all-resources", test_cleanup_releases);
  TEST ("create-mapping/returns-id-and-external-address", test_create);
  TEST ("create-mapping/tries-pcp-then-natpmp-then-upnp", test_order);
  TEST ("create-mapping/prefers-the-external-port", test_external_port);
  TEST ("create-mapping/invalid-port", test_invalid);
  TEST ("create-mapping/fails-if-the-mapping-fails", test_mapping_fails);
  TEST ("create-mapping/fails-if-the-timeout-expires", test_timeout);
  TEST ("create-mapping/reports-changes-after-the-result", test_changes);
  TEST ("create-mapping/reports-success-when-created-again", test_recreated);
  g_test_add_func ("/libplum-api/create-mapping/fails-without-a-nat-device", test_no_device);
  g_test_add_func ("/libplum-api/create-mapping/no-device/subprocess", test_no_device_process);
  TEST ("destroy-mapping/removes-once", test_destroy);
  TEST ("has-mapping/until-destroyed", test_has);
  TEST ("get-local-address/towards-the-router", test_local_address);

  return g_test_run ();
}
