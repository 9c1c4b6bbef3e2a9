/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include <string.h>

/* Each property is either what the program requests, which the library never changes, or a result,
 * which the program cannot set. A property of the manager that is set after the first use takes
 * effect, or cannot be set. */

/* --- Either an input or a result --- */

static GType
public_type (guint position)
{
  GType (*const types[]) (void) = {
    plum_backend_get_type, plum_backend_info_get_type, plum_call_get_type,  plum_entry_get_type,
    plum_gateway_get_type, plum_hop_get_type,          plum_lease_get_type, plum_manager_get_type,
    plum_mapping_get_type, plum_network_get_type,      plum_probe_get_type, plum_request_get_type,
    plum_verdict_get_type,
  };

  return position < G_N_ELEMENTS (types) ? types[position]() : G_TYPE_INVALID;
}

static gboolean
is_input (GParamSpec *pspec)
{
  return (pspec->flags & G_PARAM_WRITABLE) != 0;
}

/* The library notifies results only: what is set at construction never changes. */
static void
test_flags (void)
{
  GType type;

  for (guint i = 0; (type = public_type (i)) != G_TYPE_INVALID; i++)
    {
      g_autoptr (GTypeClass) klass = g_type_class_ref (type);
      guint n;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

      for (guint j = 0; j < n; j++)
        if ((pspecs[j]->flags & G_PARAM_CONSTRUCT_ONLY) != 0 &&
            (pspecs[j]->flags & G_PARAM_EXPLICIT_NOTIFY) != 0)
          g_test_fail_printf ("%s:%s is construct-only and notified", g_type_name (type),
                              pspecs[j]->name);
    }
}

static void
on_notified (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  guint *n_results = user_data;

  if (is_input (pspec))
    g_test_fail_printf ("%s:%s was requested, and changed", G_OBJECT_TYPE_NAME (object),
                        pspec->name);
  (*n_results)++;
}

/* The values of the inputs, as text. (transfer full) */
static char *
read_inputs (GObject *object)
{
  GString *text = g_string_new (NULL);
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      g_autofree char *contents = NULL;

      if (!is_input (pspecs[i]))
        continue;
      g_value_init (&value, pspecs[i]->value_type);
      g_object_get_property (object, pspecs[i]->name, &value);
      contents = g_strdup_value_contents (&value);
      g_string_append_printf (text, "%s=%s\n", pspecs[i]->name, contents);
    }
  return g_string_free (text, FALSE);
}

/* requested: whether to set the inputs, or to leave them at their defaults. (transfer full) */
static PlumMapping *
mapping_to_watch (CoreFixture *f, gboolean requested)
{
  if (!requested)
    return g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, NULL);
  return g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "protocol", PLUM_PROTOCOL_UDP,
                       "requested-external-port", 9090, "description", "watched",
                       "requested-gateway", core_gateway (f), NULL);
}

/* Up with another port than requested, renewed, lost, up again, on another router, destroyed. */
static void
test_inputs_stay (CoreFixture *f, gconstpointer requested)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 7000, 0);
  g_autoptr (PlumMapping) mapping = mapping_to_watch (f, requested != NULL);
  g_autofree char *of_mapping = read_inputs (G_OBJECT (mapping));
  g_autofree char *of_manager = NULL;
  g_autofree char *now = NULL;
  guint n_results = 0;

  g_signal_connect (mapping, "notify", G_CALLBACK (on_notified), &n_results);
  g_signal_connect (core_gateway (f), "notify", G_CALLBACK (on_notified), &n_results);
  ALPHA->granted_port = 6000;
  ALPHA->granted_lifetime = 120;
  g_assert_true (plum_manager_add_mapping (f->manager, mapping, NULL));
  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 6000);
  g_assert_true (plum_mapping_get_gateway (mapping) == core_gateway (f));
  ALPHA->granted_port = 0;
  test_loop_advance (&f->loop, 90 * 1000);

  ALPHA->map = NO (REFUSED);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 10 * 1000);
  core_assert_state (mapping, FAILURE);
  g_assert_null (plum_mapping_get_gateway (mapping));
  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 60 * 1000);
  core_assert_state (mapping, SUCCESS);

  core_set_gateway (f, "127.9.9.8");
  of_manager = read_inputs (G_OBJECT (f->manager));
  g_signal_connect (f->manager, "notify", G_CALLBACK (on_notified), &n_results);
  test_loop_advance (&f->loop, 60 * 1000);
  core_assert_state (mapping, SUCCESS);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);

  now = read_inputs (G_OBJECT (mapping));
  g_assert_cmpstr (now, ==, of_mapping);
  g_free (now);
  now = read_inputs (G_OBJECT (f->manager));
  g_assert_cmpstr (now, ==, of_manager);
  g_assert_cmpuint (n_results, >, 10);
}

static void
test_requested_gateway (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 7000, 0);
  g_autoptr (PlumMapping) mapping = mapping_to_watch (f, TRUE);
  PlumGateway *requested = core_gateway (f);

  g_assert_true (plum_mapping_get_requested_gateway (mapping) == requested);
  g_assert_null (plum_mapping_get_gateway (mapping));
  g_assert_null (plum_mapping_get_requested_gateway (first));
  g_assert_true (plum_mapping_get_gateway (first) == requested);
}

/* --- The manager: set after the first use --- */

typedef void (*AfterUse) (CoreFixture *f);

static void
discover_timeout_after_use (CoreFixture *f)
{
  ALPHA->discover = SILENCE;
  plum_manager_set_discover_timeout (f->manager, 700);
  core_set_gateway (f, "127.9.9.8");
  test_loop_advance (&f->loop, 699);
  g_assert_cmpint (plum_probe_get_outcome (core_probe (f, 0)), ==, PLUM_PROBE_PENDING);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpint (plum_probe_get_outcome (core_probe (f, 0)), ==, PLUM_PROBE_TIMED_OUT);
}

static void
mapping_timeout_after_use (CoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  BETA->map = NO (REFUSED);
  plum_manager_set_mapping_timeout (f->manager, 700);
  mapping = core_add (f, 8081, 0);
  test_loop_advance (&f->loop, 699);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1 + 250); /* the delete of the unanswered request */
  core_assert_state (mapping, FAILURE);
}

static void
release_timeout_after_use (CoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8081, 0);

  ALPHA->unmap = SILENCE;
  plum_manager_set_release_timeout (f->manager, 700);
  core_destroy (f, mapping);
  test_loop_advance (&f->loop, 699);
  core_assert_state (mapping, DESTROYING);
  test_loop_advance (&f->loop, 1);
  core_assert_state (mapping, DESTROYED);
}

static void
recheck_period_after_use (CoreFixture *f)
{
  guint n_before;

  plum_manager_set_recheck_period (f->manager, 2000);
  test_loop_advance (&f->loop, 300 * 1000);
  n_before = ALPHA->n_check;
  test_loop_advance (&f->loop, 20 * 1000);
  g_assert_cmpuint (ALPHA->n_check - n_before, ==, 10);
}

static void
lease_duration_after_use (CoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_lease_duration (f->manager, 600);
  mapping = core_add_up (f, 8081, 0);
  g_assert_cmpuint (plum_mapping_get_lifetime (mapping), ==, 600);
}

/* The effect needs another router: /chain/nothing-beyond/ and /chain/max-hops. */
static void
max_hops_after_use (CoreFixture *f)
{
  plum_manager_set_max_hops (f->manager, 1);
  g_assert_cmpuint (plum_manager_get_max_hops (f->manager), ==, 1);
}

static void
gateway_address_after_use (CoreFixture *f)
{
  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:8080");
}

static void
interface_after_use (CoreFixture *f)
{
  plum_manager_set_gateway_address (f->manager, NULL);
  plum_manager_set_interface (f->manager, "none0");
  test_loop_settle (&f->loop);
  g_assert_cmpuint (g_list_model_get_n_items (plum_manager_get_gateways (f->manager)), ==, 0);
}

static void
enabled_backends_after_use (CoreFixture *f)
{
  static const char *const names[] = { "beta", NULL };

  plum_manager_set_enabled_backends (f->manager, names);
  test_loop_settle (&f->loop);
  core_assert_log ("beta:discover beta:map:tcp:8080:8080");
}

static void
application_name_after_use (CoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_application_name (f->manager, "Renamed");
  mapping = core_add_up (f, 8081, 0);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_cmpstr (plum_request_get_description (ALPHA->last_unmap), ==, "Renamed tcp 8081");
}

static void
state_directory_after_use (CoreFixture *f)
{
  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, "*state directory*in use*");
  plum_manager_set_state_directory (f->manager, "/nonexistent/other");
  g_test_assert_expected_messages ();
  g_assert_null (plum_manager_get_state_directory (f->manager));

  /* The same value is no change. */
  plum_manager_set_state_directory (f->manager, NULL);
}

static const struct
{
  const char *property;
  AfterUse check;
} after_use[] = {
  { "discover-timeout", discover_timeout_after_use },
  { "mapping-timeout", mapping_timeout_after_use },
  { "release-timeout", release_timeout_after_use },
  { "recheck-period", recheck_period_after_use },
  { "lease-duration", lease_duration_after_use },
  { "max-hops", max_hops_after_use },
  { "gateway-address", gateway_address_after_use },
  { "interface", interface_after_use },
  { "enabled-backends", enabled_backends_after_use },
  { "application-name", application_name_after_use },
  { "state-directory", state_directory_after_use },
};

static void
test_after_use (CoreFixture *f, gconstpointer position)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 8080);

  g_free (fake_backends_take_log ());
  after_use[GPOINTER_TO_UINT (position)].check (f);
}

static void
after_use_set_up (CoreFixture *f, gconstpointer position)
{
  core_fixture_set_up (f, GUINT_TO_POINTER (2));
}

/* A new property needs a decision. */
static void
test_after_use_complete (void)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (PLUM_TYPE_MANAGER);
  guint n, n_found = 0;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

  for (guint i = 0; i < n; i++)
    {
      gboolean found = FALSE;

      if (!is_input (pspecs[i]) || (pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY) != 0)
        continue;
      for (guint j = 0; j < G_N_ELEMENTS (after_use); j++)
        found |= g_str_equal (after_use[j].property, pspecs[i]->name);
      if (!found)
        g_test_fail_printf ("PlumManager:%s is not tested after use", pspecs[i]->name);
      n_found++;
    }
  g_assert_cmpuint (n_found, ==, G_N_ELEMENTS (after_use));
}

/* What counts as use: a mapping, and a discovery, also of the recorded mappings. */
static void
assert_state_directory_fixed (PlumManager *manager)
{
  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, "*state directory*");
  g_object_set (manager, "state-directory", "/nonexistent/other", NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (plum_manager_get_state_directory (manager), ==, "/nonexistent/plum");
}

static void
test_state_directory_discovered (CoreFixture *f, gconstpointer data)
{
  plum_manager_set_state_directory (f->manager, "/nonexistent/other");
  plum_manager_set_state_directory (f->manager, "/nonexistent/plum");
  plum_manager_discover_async (f->manager, NULL, test_store_result, &f->result);
  assert_state_directory_fixed (f->manager);
  test_loop_settle (&f->loop);
}

static void
test_state_directory_closed (CoreFixture *f, gconstpointer data)
{
  plum_manager_set_state_directory (f->manager, "/nonexistent/plum");
  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  assert_state_directory_fixed (f->manager);
  test_loop_settle (&f->loop);
  assert_state_directory_fixed (f->manager);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/property-roles/flags", test_flags);
  g_test_add ("/property-roles/inputs-stay/defaults", CoreFixture, NULL, core_fixture_set_up,
              test_inputs_stay, core_fixture_tear_down);
  g_test_add ("/property-roles/inputs-stay/requested", CoreFixture, GUINT_TO_POINTER (1),
              core_fixture_set_up, test_inputs_stay, core_fixture_tear_down);
  CORE_ADD ("/property-roles/requested-gateway", test_requested_gateway);

  g_test_add_func ("/property-roles/after-use/complete", test_after_use_complete);
  for (guint i = 0; i < G_N_ELEMENTS (after_use); i++)
    {
      g_autofree char *path =
        g_strconcat ("/property-roles/after-use/", after_use[i].property, NULL);

      g_test_add (path, CoreFixture, GUINT_TO_POINTER (i), after_use_set_up, test_after_use,
                  core_fixture_tear_down);
    }
  CORE_ADD ("/property-roles/state-directory/discovered", test_state_directory_discovered);
  CORE_ADD ("/property-roles/state-directory/closed", test_state_directory_closed);

  return g_test_run ();
}
