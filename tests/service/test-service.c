/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service-fixture.h"

#include <string.h>

#include "service-system.h"

#define TEST(path, function)                                                                       \
  g_test_add (path, ServiceFixture, NULL, service_fixture_set_up, function,                        \
              service_fixture_tear_down)

static void
close_service (PlumService *service)
{
  g_assert_cmpint (plum_service_close (service, 0, NULL, 0), ==, PLUM_SERVICE_OK);
  plum_service_free (service);
}

/* --- Map and unmap --- */

static void
test_map (ServiceFixture *fixture, gconstpointer data)
{
  static const char *const backends[] = { "pcp", "natpmp", "upnp" };

  for (gsize i = 0; i < G_N_ELEMENTS (backends); i++)
    {
      PlumService *service = service_fixture_new (fixture, backends[i]);
      PlumServiceRequest request = service_fixture_request (fixture);
      int id = plum_service_map (service, &request);
      PlumServiceMapping mapping = { .size = sizeof mapping };

      g_assert_cmpint (id, >, 0);
      g_assert_cmpint (plum_service_wait (service, id, 0, &mapping), ==, PLUM_SERVICE_OK);
      g_assert_cmpint (mapping.state, ==, PLUM_SERVICE_SUCCESS);
      g_assert_cmpstr (mapping.external_host, ==, "1.2.3.4");
      g_assert_cmpint (mapping.external_port, ==, 8080);
      g_assert_cmpint (mapping.external_scope, ==, PLUM_SERVICE_SCOPE_PUBLIC);
      g_assert_cmpstr (mapping.backend, ==, backends[i]);
      g_assert_cmpuint (mapping.lifetime, >, 0);
      g_assert_cmpuint (mapping.generation, ==, 1);
      g_assert_cmpint (mapping.error, ==, PLUM_SERVICE_OK);
      g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 1);
      g_assert_cmpint (plum_service_unmap_and_wait (service, id, 0), ==, PLUM_SERVICE_OK);
      g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 0);
      close_service (service);
    }
}

static void
test_id_at_once (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  int ids[4] = { 0 };

  service_fixture_router (fixture, "silent");
  g_assert_cmpint (plum_service_map (service, &request), ==, 1);
  g_assert_cmpint (service_fixture_query (service, 1).state, ==, PLUM_SERVICE_PENDING);
  request.protocol = PLUM_SERVICE_UDP;
  g_assert_cmpint (plum_service_map (service, &request), ==, 2);
  g_assert_cmpint (plum_service_list (service, ids, 1), ==, 2);
  g_assert_cmpint (ids[0], ==, 1);
  g_assert_cmpint (ids[1], ==, 0);
  g_assert_true (plum_service_has (service, 2));
  plum_service_free (service);
}

static void
test_unmap_at_once (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  int id = plum_service_map_and_wait (service, &request, 0, NULL);

  g_assert_cmpint (id, >, 0);
  g_assert_cmpint (plum_service_unmap (service, id), ==, PLUM_SERVICE_OK);
  g_assert_false (plum_service_has (service, id));
  g_assert_cmpint (plum_service_list (service, NULL, 0), ==, 0);
  g_assert_cmpint (plum_service_unmap (service, id), ==, PLUM_SERVICE_ERROR_NOT_FOUND);
  g_assert_cmpint (plum_service_unmap_and_wait (service, id, 0), ==, PLUM_SERVICE_ERROR_NOT_FOUND);
  service_fixture_wait (fixture, PLUM_SERVICE_DESTROYED, 1);
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_DESTROYING], ==, 1);
  close_service (service);
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_DESTROYED], ==, 1);
}

static void
test_unmap_before_map (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);

  for (int i = 1; i <= 20; i++)
    {
      int id = plum_service_map (service, &request);

      g_assert_cmpint (plum_service_unmap (service, id), ==, PLUM_SERVICE_OK);
      service_fixture_wait (fixture, PLUM_SERVICE_DESTROYED, i);
    }
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_SUCCESS], ==, 0);
  close_service (service);
}

static void
test_failure (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  PlumServiceMapping mapping = { .size = sizeof mapping };

  service_fixture_router (fixture, "refuse");
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, &mapping), ==,
                   PLUM_SERVICE_ERROR_REFUSED);
  g_assert_cmpint (mapping.state, ==, PLUM_SERVICE_FAILURE);
  g_assert_cmpint (mapping.error, ==, PLUM_SERVICE_ERROR_REFUSED);
  g_assert_nonnull (strstr (mapping.error_text, "PCP"));
  g_assert_false (plum_service_has (service, mapping.id));
  close_service (service);
}

static void
test_required_port (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);

  service_fixture_router (fixture, "take 18080");
  request.external_port = 18080;
  request.require_external_port = true;
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), ==,
                   PLUM_SERVICE_ERROR_CONFLICT);
  close_service (service);
  service_fixture_router (fixture, "wipe");
}

static void
test_timeout (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);

  service_fixture_router (fixture, "silent");
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 50, NULL), ==,
                   PLUM_SERVICE_ERROR_TIMED_OUT);
  g_assert_cmpint (plum_service_list (service, NULL, 0), ==, 0);
  plum_service_free (service);
}

static void
test_reboot (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, data);
  PlumServiceRequest request = service_fixture_request (fixture);
  int id = plum_service_map_and_wait (service, &request, 0, NULL);

  g_assert_cmpint (id, >, 0);
  g_assert_cmpint (service_fixture_query (service, id).generation, ==, 1);
  service_fixture_router (fixture, "reboot");
  service_fixture_wait (fixture, PLUM_SERVICE_SUCCESS, 2);
  g_assert_cmpint (fixture->last.generation, ==, 2);
  g_assert_cmpstr (fixture->last.replaced_host, ==, "");
  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 1);
  close_service (service);
}

/* The fixture verifies its mappings each second. */
static void
test_recheck (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, data);
  PlumServiceRequest request = service_fixture_request (fixture);
  int id = plum_service_map_and_wait (service, &request, 0, NULL);

  g_usleep (3500 * 1000);
  g_assert_cmpint (service_fixture_query (service, id).generation, ==, 1);
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_SUCCESS], ==, 1);
  close_service (service);
}

static void
test_replaced (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  int id = plum_service_map_and_wait (service, &request, 0, NULL);
  PlumServiceMapping mapping;

  service_fixture_router (fixture, "external 5.6.7.8");
  service_fixture_router (fixture, "reboot");
  service_fixture_wait (fixture, PLUM_SERVICE_SUCCESS, 2);
  mapping = service_fixture_query (service, id);
  g_assert_cmpstr (mapping.external_host, ==, "5.6.7.8");
  g_assert_cmpstr (mapping.replaced_host, ==, "1.2.3.4");
  g_assert_cmpint (mapping.replaced_port, ==, 8080);
  close_service (service);
}

/* --- Arguments --- */

static void
test_arguments (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  struct
  {
    PlumServiceRequest request;
    int more;
  } newer = { .request = request };
  PlumServiceMapping mapping = { .size = 0 };
  int error;

  request.internal_port = 0;
  g_assert_cmpint (plum_service_map (service, &request), ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (plum_service_map (service, NULL), ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  request = newer.request;
  request.protocol = (PlumServiceProtocol) 7;
  g_assert_cmpint (plum_service_map (service, &request), ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  request = newer.request;
  request.family = (PlumServiceFamily) 7;
  g_assert_cmpint (plum_service_map (service, &request), ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  request = newer.request;
  request.local_address = "::1";
  g_assert_cmpint (plum_service_map (service, &request), ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  request = newer.request;
  request.size = 0;
  g_assert_cmpint (plum_service_map (service, &request), ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);

  newer.request.size = sizeof newer;
  newer.more = 1;
  g_assert_cmpint (plum_service_map (service, &newer.request), ==,
                   PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  newer.more = 0;
  g_assert_cmpint (plum_service_map (service, &newer.request), ==, 1);
  g_assert_cmpint (plum_service_query (service, 1, &mapping), ==,
                   PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (plum_service_wait (service, 1, 0, &mapping), ==,
                   PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  g_assert_true (plum_service_has (service, 1));
  request = newer.request;
  request.size = sizeof request;
  request.internal_port = 8081;
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, &mapping), ==,
                   PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (plum_service_list (service, NULL, 0), ==, 1);
  mapping.size = G_STRUCT_OFFSET (PlumServiceMapping, protocol);
  mapping.protocol = (PlumServiceProtocol) 77;
  g_assert_cmpint (plum_service_query (service, 1, &mapping), ==, PLUM_SERVICE_OK);
  g_assert_cmpint (mapping.protocol, ==, 77);
  g_assert_cmpint (plum_service_query (service, 9, &mapping), ==, PLUM_SERVICE_ERROR_NOT_FOUND);
  close_service (service);

  {
    PlumServiceConfig config;

    plum_service_config_init (&config, sizeof config);
    config.gateway_address = "router";
    g_assert_null (plum_service_new (&config, &error));
    g_assert_cmpint (error, ==, PLUM_SERVICE_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_clamped (ServiceFixture *fixture, gconstpointer data)
{
  PlumServiceConfig config;
  PlumService *service;

  for (int i = 0; i < 2; i++)
    {
      plum_service_config_init (&config, sizeof config);
      config.discover_timeout = i == 0 ? 1 : G_MAXUINT32;
      config.mapping_timeout = config.discover_timeout;
      config.recheck_period = config.discover_timeout;
      config.lease_duration = config.discover_timeout;
      config.max_hops = config.discover_timeout;
      service = plum_service_new (&config, NULL);
      g_assert_nonnull (service);
      close_service (service);
    }
}

static void
test_error_texts (ServiceFixture *fixture, gconstpointer data)
{
  for (int error = 0; error >= PLUM_SERVICE_ERROR_FAILED; error--)
    {
      g_assert_cmpstr (plum_service_error_text (error), !=, "");
      g_assert_cmpstr (plum_service_error_text (error), !=, plum_service_error_text (error - 1));
      if (error - 1 == PLUM_SERVICE_ERROR_FAILED)
        break;
    }
}

/* --- Local address --- */

static void
test_local_address (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  PlumServiceMapping mapping = { .size = sizeof mapping };
  char address[64], tiny[2];

  g_assert_cmpint (plum_service_get_local_address (service, address, sizeof address), ==, 0);
  g_assert_true (g_str_has_prefix (address, "127."));
  g_assert_cmpint (plum_service_get_local_address (service, tiny, sizeof tiny), ==,
                   PLUM_SERVICE_ERROR_INVALID_ARGUMENT);

  request.local_address = address;
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, &mapping), >, 0);
  g_assert_cmpstr (mapping.external_host, ==, "1.2.3.4");

  request.local_address = "192.0.2.77";
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, &mapping), ==,
                   PLUM_SERVICE_ERROR_NO_GATEWAY);
  g_assert_nonnull (strstr (mapping.error_text, "192.0.2.77"));

  request.local_address = "2001:db8::1";
  request.family = PLUM_SERVICE_IPV6;
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, &mapping), ==,
                   PLUM_SERVICE_ERROR_NO_GATEWAY);
  close_service (service);
}

/* The error does not wait for the discovery. */
static void
test_local_address_at_once (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  gint64 begin = g_get_monotonic_time ();

  service_fixture_router (fixture, "silent");
  request.local_address = "192.0.2.77";
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), ==,
                   PLUM_SERVICE_ERROR_NO_GATEWAY);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC);
  close_service (service);
}

/* In a network namespace of its own, which has no route. */
static void
test_no_network_process (void)
{
  PlumService *service;
  PlumServiceRequest request;
  PlumServiceMapping mapping = { .size = sizeof mapping };
  gint64 begin = g_get_monotonic_time ();
  char address[64];

  if (!service_system_leave_network ())
    return;

  service = plum_service_new (NULL, NULL);
  plum_service_request_init (&request, sizeof request);
  request.internal_port = 8080;
  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, &mapping), ==,
                       PLUM_SERVICE_ERROR_NO_GATEWAY);
      g_assert_cmpstr (mapping.error_text, !=, "");
      request.local_address = "192.168.1.10";
    }
  g_assert_cmpint (plum_service_get_local_address (service, address, sizeof address), ==,
                   PLUM_SERVICE_ERROR_NO_GATEWAY);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_USEC_PER_SEC);
  close_service (service);
}

static void
test_no_network (void)
{
  g_test_trap_subprocess ("/service/no-network/subprocess", 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_local_address_unmapped (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);

  service_fixture_router (fixture, "silent");
  request.local_address = "127.0.0.1";
  g_assert_cmpint (plum_service_unmap_and_wait (service, plum_service_map (service, &request), 0),
                   ==, PLUM_SERVICE_OK);
  /* One whose router has not answered is destroyed by the close. */
  plum_service_map (service, &request);
  close_service (service);
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_DESTROYED], ==, 2);
}

/* --- Close --- */

static void
test_close (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  PlumServiceMapping mapping = { .size = sizeof mapping };
  char remaining[256] = "x";
  int id = plum_service_map_and_wait (service, &request, 0, NULL);
  int n_reports;

  g_assert_cmpint (id, >, 0);
  g_assert_cmpint (plum_service_close (service, 0, remaining, sizeof remaining), ==, 0);
  g_assert_cmpstr (remaining, ==, "");
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_DESTROYED], ==, 1);
  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 0);
  n_reports = fixture->n_reports;

  g_assert_cmpint (plum_service_close (service, 0, NULL, 0), ==, PLUM_SERVICE_ERROR_CLOSED);
  g_assert_cmpint (plum_service_map (service, &request), ==, PLUM_SERVICE_ERROR_CLOSED);
  g_assert_cmpint (plum_service_unmap (service, id), ==, PLUM_SERVICE_ERROR_CLOSED);
  g_assert_cmpint (plum_service_unmap_and_wait (service, id, 0), ==, PLUM_SERVICE_ERROR_CLOSED);
  g_assert_cmpint (plum_service_wait (service, id, 0, NULL), ==, PLUM_SERVICE_ERROR_CLOSED);
  g_assert_cmpint (plum_service_query (service, id, &mapping), ==, PLUM_SERVICE_ERROR_CLOSED);
  g_assert_cmpint (plum_service_get_local_address (service, remaining, sizeof remaining), ==,
                   PLUM_SERVICE_ERROR_CLOSED);
  g_assert_false (plum_service_has (service, id));
  g_assert_cmpint (fixture->n_reports, ==, n_reports);
  plum_service_free (service);
}

static void
test_close_is_bounded (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, data);
  PlumServiceRequest request = service_fixture_request (fixture);
  char remaining[256];
  gint64 start;

  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), >, 0);
  service_fixture_router (fixture, "silent");
  start = g_get_monotonic_time ();
  g_assert_cmpint (plum_service_close (service, 300, remaining, sizeof remaining), ==,
                   PLUM_SERVICE_ERROR_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_test_message ("%s", remaining);
  g_assert_cmpstr (remaining, !=, "");
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_DESTROYED], ==, 1);
  plum_service_free (service);
  service_fixture_router (fixture, "reboot");
}

static void
test_free_without_close (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);

  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), >, 0);
  plum_service_free (service);
  g_assert_cmpint (fixture->n_in_state[PLUM_SERVICE_DESTROYED], ==, 1);
  plum_service_free (NULL);
}

static void
test_fork (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  int status;

  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), >, 0);
  status = service_system_fork (3);
  if (status < 0)
    g_test_skip ("The system has no fork()");
  else
    g_assert_cmpint (status, ==, 3);
  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 1);
  close_service (service);
}

typedef struct
{
  GString *text;
} Log;

static void
on_log (PlumServiceLogLevel level, const char *message, void *data)
{
  g_string_append_printf (((Log *) data)->text, "%d %s\n", level, message);
}

static void
test_log (ServiceFixture *fixture, gconstpointer data)
{
  const char *const backends[] = { "pcp", NULL };
  Log log = { g_string_new (NULL) };
  PlumServiceRequest request = service_fixture_request (fixture);
  PlumServiceConfig config;
  PlumService *service;

  plum_service_config_init (&config, sizeof config);
  config.gateway_address = fixture->address;
  config.backends = backends;
  config.log_func = on_log;
  config.log_data = &log;
  service = plum_service_new (&config, NULL);
  request.description = "chat";
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), >, 0);
  service_fixture_router (fixture, "refuse");
  request.protocol = PLUM_SERVICE_UDP;
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), <, 0);
  close_service (service);
  g_assert_true (g_str_has_prefix (log.text->str,
                                   "2 TCP 8080 (chat) is mapped at 1.2.3.4 port 8080, by "
                                   "pcp\n3 UDP 8080 (chat): "));
  g_string_free (log.text, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  TEST ("/service/map/maps-and-unmaps", test_map);
  TEST ("/service/map/returns-id-at-once", test_id_at_once);
  TEST ("/service/map/fails-with-the-router's-error", test_failure);
  TEST ("/service/map/required-port", test_required_port);
  TEST ("/service/map/times-out", test_timeout);
  TEST ("/service/unmap/is-gone-at-once", test_unmap_at_once);
  TEST ("/service/unmap/before-it-is-mapped", test_unmap_before_map);
  g_test_add ("/service/reboot/pcp", ServiceFixture, "pcp", service_fixture_set_up, test_reboot,
              service_fixture_tear_down);
  g_test_add ("/service/reboot/natpmp", ServiceFixture, "natpmp", service_fixture_set_up,
              test_reboot, service_fixture_tear_down);
  g_test_add ("/service/reboot/upnp", ServiceFixture, "upnp", service_fixture_set_up, test_reboot,
              service_fixture_tear_down);
  g_test_add ("/service/recheck/pcp", ServiceFixture, "pcp", service_fixture_set_up, test_recheck,
              service_fixture_tear_down);
  g_test_add ("/service/recheck/natpmp", ServiceFixture, "natpmp", service_fixture_set_up,
              test_recheck, service_fixture_tear_down);
  g_test_add ("/service/recheck/upnp", ServiceFixture, "upnp", service_fixture_set_up, test_recheck,
              service_fixture_tear_down);
  TEST ("/service/reboot/replaces-the-address", test_replaced);
  TEST ("/service/arguments/invalid", test_arguments);
  TEST ("/service/arguments/times-are-clamped", test_clamped);
  TEST ("/service/arguments/error-texts", test_error_texts);
  TEST ("/service/local-address/selects-the-gateway", test_local_address);
  TEST ("/service/local-address/fails-at-once", test_local_address_at_once);
  g_test_add_func ("/service/no-network/fails-at-once", test_no_network);
  g_test_add_func ("/service/no-network/subprocess", test_no_network_process);
  TEST ("/service/local-address/unmapped-while-searching", test_local_address_unmapped);
  TEST ("/service/close/unmaps-all", test_close);
  g_test_add ("/service/close/is-bounded-pcp", ServiceFixture, "pcp", service_fixture_set_up,
              test_close_is_bounded, service_fixture_tear_down);
  g_test_add ("/service/close/is-bounded-upnp", ServiceFixture, "upnp", service_fixture_set_up,
              test_close_is_bounded, service_fixture_tear_down);
  TEST ("/service/close/free-closes", test_free_without_close);
  TEST ("/service/fork/child-exits", test_fork);
  TEST ("/service/log/up-and-failed", test_log);

  return g_test_run ();
}
