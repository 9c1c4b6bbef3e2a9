/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the members of a PlumServiceConfig set in the manager of the service. */

#include "service-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "plum-service-worker-private.h"

typedef struct
{
  uint32_t discover_timeout, mapping_timeout, recheck_period, lease_duration, max_hops;
  char *application_name;
  char *state_directory;
} Settings;

/* Runs on the worker, which the manager belongs to. */
static void
on_report (PlumService *service, const PlumServiceMapping *mapping, void *data)
{
  Settings *settings = data;
  PlumManager *manager = service->manager;

  if (mapping->state != PLUM_SERVICE_SUCCESS)
    return;

  settings->discover_timeout = plum_manager_get_discover_timeout (manager);
  settings->mapping_timeout = plum_manager_get_mapping_timeout (manager);
  settings->recheck_period = plum_manager_get_recheck_period (manager);
  settings->lease_duration = plum_manager_get_lease_duration (manager);
  settings->max_hops = plum_manager_get_max_hops (manager);
  settings->application_name = g_strdup (plum_manager_get_application_name (manager));
  settings->state_directory = g_strdup (plum_manager_get_state_directory (manager));
}

static void
read_settings (ServiceFixture *fixture, PlumServiceConfig *config, Settings *settings)
{
  const char *const backends[] = { "pcp", NULL };
  PlumServiceRequest request = service_fixture_request (fixture);
  PlumService *service;

  memset (settings, 0, sizeof *settings);
  config->gateway_address = fixture->address;
  config->backends = backends;
  request.callback = on_report;
  request.callback_data = settings;
  service = plum_service_new (config, NULL);
  g_assert_nonnull (service);
  g_assert_cmpint (plum_service_map_and_wait (service, &request, 0, NULL), >, 0);
  g_assert_cmpint (plum_service_close (service, 0, NULL, 0), ==, PLUM_SERVICE_OK);
  plum_service_free (service);
}

static void
settings_clear (Settings *settings)
{
  g_free (settings->application_name);
  g_free (settings->state_directory);
}

static void
test_defaults (ServiceFixture *fixture, gconstpointer data)
{
  PlumServiceConfig config;
  Settings settings;

  plum_service_config_init (&config, sizeof config);
  read_settings (fixture, &config, &settings);
  g_assert_cmpuint (settings.discover_timeout, ==, 10000);
  g_assert_cmpuint (settings.mapping_timeout, ==, 10000);
  g_assert_cmpuint (settings.recheck_period, ==, 300000);
  g_assert_cmpuint (settings.lease_duration, ==, 7200);
  g_assert_cmpuint (settings.max_hops, ==, 2);
  g_assert_null (settings.state_directory);
  settings_clear (&settings);
}

static void
test_set (ServiceFixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("plum-service-XXXXXX", NULL);
  g_autofree char *state = g_build_filename (folder, "state", NULL);
  PlumServiceConfig config;
  Settings settings;

  plum_service_config_init (&config, sizeof config);
  config.discover_timeout = 11000;
  config.mapping_timeout = 12000;
  config.recheck_period = 13000;
  config.lease_duration = 1400;
  config.max_hops = 1;
  config.application_name = "test-config";
  config.state_directory = state;
  read_settings (fixture, &config, &settings);
  g_assert_cmpuint (settings.discover_timeout, ==, 11000);
  g_assert_cmpuint (settings.mapping_timeout, ==, 12000);
  g_assert_cmpuint (settings.recheck_period, ==, 13000);
  g_assert_cmpuint (settings.lease_duration, ==, 1400);
  g_assert_cmpuint (settings.max_hops, ==, 1);
  g_assert_cmpstr (settings.application_name, ==, "test-config");
  g_assert_cmpstr (settings.state_directory, ==, state);
  settings_clear (&settings);

  /* The library has created the directory. */
  g_assert_true (g_file_test (state, G_FILE_TEST_IS_DIR));
  g_assert_cmpint (g_rmdir (state), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_max_hops_out_of_range (ServiceFixture *fixture, gconstpointer data)
{
  PlumServiceConfig config;
  Settings settings;

  plum_service_config_init (&config, sizeof config);
  config.max_hops = G_MAXUINT32;
  read_settings (fixture, &config, &settings);
  g_assert_cmpuint (settings.max_hops, ==, 3);
  settings_clear (&settings);
}

/* A program that was built before the struct had max_hops. */
static void
test_without_max_hops (ServiceFixture *fixture, gconstpointer data)
{
  PlumServiceConfig config;
  Settings settings;

  memset (&config, 0xff, sizeof config);
  plum_service_config_init (&config, G_STRUCT_OFFSET (PlumServiceConfig, max_hops));
  g_assert_cmpuint (config.max_hops, ==, G_MAXUINT32);
  read_settings (fixture, &config, &settings);
  g_assert_cmpuint (settings.max_hops, ==, 2);
  settings_clear (&settings);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define TEST(path, function)                                                                       \
  g_test_add (path, ServiceFixture, NULL, service_fixture_set_up, function,                        \
              service_fixture_tear_down)

  TEST ("/service/config/defaults", test_defaults);
  TEST ("/service/config/set", test_set);
  TEST ("/service/config/max-hops-out-of-range", test_max_hops_out_of_range);
  TEST ("/service/config/without-max-hops", test_without_max_hops);

  return g_test_run ();
}
