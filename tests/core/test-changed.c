/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PlumMapping::changed, PlumManager::mapping-changed, PlumMapping:generation, and the lines of the
 * log. */

#include "core-fixture.h"

typedef struct
{
  CoreFixture core;
  GString *changes; /* a line for each PlumMapping::changed */
  GString *log;
} ChangedFixture;

static const char *
get_state_name (PlumMapping *mapping)
{
  GEnumClass *states = g_type_class_peek_static (PLUM_TYPE_STATE);

  return g_enum_get_value (states, (int) plum_mapping_get_state (mapping))->value_nick;
}

static void
on_changed (PlumMapping *mapping, ChangedFixture *f)
{
  const char *host = plum_mapping_get_external_host (mapping);

  g_string_append_printf (f->changes, "%s %s:%u %u\n", get_state_name (mapping),
                          host != NULL ? host : "-", plum_mapping_get_external_port (mapping),
                          plum_mapping_get_generation (mapping));
}

/* Each signal of the manager follows one of the mapping. */
static void
on_mapping_changed (PlumManager *manager, PlumMapping *mapping, ChangedFixture *f)
{
  g_string_append (f->changes, "+");
}

static void
on_message (PlumLogLevel level, const char *domain, const char *message, gpointer user_data)
{
  g_string_append_printf (user_data, "%s%s\n", level == PLUM_LOG_LEVEL_WARN ? "WARN " : "",
                          message);
}

static void
set_up (ChangedFixture *f, gconstpointer n_backends)
{
  core_fixture_set_up (&f->core, n_backends);
  f->changes = g_string_new (NULL);
  f->log = g_string_new (NULL);
  g_signal_connect (f->core.manager, "mapping-changed", G_CALLBACK (on_mapping_changed), f);
  plum_log_set_func (on_message, f->log, NULL);
}

static void
tear_down (ChangedFixture *f, gconstpointer n_backends)
{
  if (f->core.manager != NULL)
    g_signal_handlers_disconnect_by_data (f->core.manager, f);
  core_fixture_tear_down (&f->core, n_backends);
  plum_log_set_func (NULL, NULL, NULL);
  plum_log_set_level (PLUM_LOG_LEVEL_NONE);
  g_string_free (f->changes, TRUE);
  g_string_free (f->log, TRUE);
}

static PlumMapping *
add (ChangedFixture *f, guint port)
{
  PlumMapping *mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, port);

  g_signal_connect (mapping, "changed", G_CALLBACK (on_changed), f);
  g_assert_true (plum_manager_add_mapping (f->core.manager, mapping, NULL));
  return mapping;
}

static void
assert_changes (ChangedFixture *f, const char *expected)
{
  test_loop_settle (&f->core.loop);
  g_assert_cmpstr (f->changes->str, ==, expected);
  g_string_truncate (f->changes, 0);
}

static void
assert_log (ChangedFixture *f, const char *expected)
{
  g_assert_cmpstr (f->log->str, ==, expected);
  g_string_truncate (f->log, 0);
}

static void
test_up (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  mapping = add (f, 8080);
  g_assert_cmpuint (plum_mapping_get_generation (mapping), ==, 0);
  assert_changes (f, "success 1.2.3.4:8080 1\n+");
  assert_log (f, "TCP port 8080 is mapped by alpha at 1.2.3.4:8080\n");
}

static void
test_renewals_are_silent (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  g_string_truncate (f->changes, 0);
  test_loop_advance_until (&f->core.loop, ALPHA->n_map == 3, 4 * 7200 * 1000);
  assert_changes (f, "");
  assert_log (f, "");
  g_assert_cmpuint (plum_mapping_get_generation (mapping), ==, 1);
}

static void
test_renewal_with_another_port (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  g_string_truncate (f->changes, 0);
  ALPHA->granted_port = 6000;
  test_loop_advance_until (&f->core.loop, ALPHA->n_map == 2, 2 * 7200 * 1000);
  assert_changes (f, "success 1.2.3.4:6000 1\n+");
  assert_log (f, "TCP port 8080 is mapped by alpha at 1.2.3.4:6000\n");
}

static void
test_address_and_port_change_once (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_recheck_period (f->core.manager, G_MAXINT);
  mapping = add (f, 8080);
  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  ALPHA->granted_port = 6000;
  ALPHA->external = "198.51.100.9";
  test_loop_advance_until (&f->core.loop, ALPHA->n_map == 2, 2 * 7200 * 1000);
  assert_changes (f, "success 198.51.100.9:6000 1\n+");
}

static void
test_address_reported (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("198.51.100.9");

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  plum_backend_report_external_address (ALPHA->backend, address);
  assert_changes (f, "success 198.51.100.9:8080 1\n+");
  plum_backend_report_external_address (ALPHA->backend, address);
  assert_changes (f, "");
}

/* The state remains SUCCESS; the generation shows that the router was asked anew. */
static void
test_router_restarted (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->core.loop, 5000);
  assert_changes (f, "success 1.2.3.4:8080 2\n+");
}

static void
test_check_finds_it_missing (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  ALPHA->check = NO (DESTROYED);
  test_loop_advance_until (&f->core.loop, ALPHA->n_map == 2, 600 * 1000);
  assert_changes (f, "success 1.2.3.4:8080 2\n+");
}

static void
test_expired (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  ALPHA->map = SILENCE;
  test_loop_advance (&f->core.loop, 7300 * 1000);
  g_assert_true (g_str_has_prefix (f->changes->str, "pending -:0 1\n+failure -:0 1\n+"));
}

/* The attempts that follow fail as well: reported once. */
static void
test_failed_once (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_log_set_level (PLUM_LOG_LEVEL_WARN);
  ALPHA->map = NO (REFUSED);
  mapping = add (f, 8080);
  test_loop_settle (&f->core.loop);
  g_assert_true (g_str_has_prefix (f->log->str, "WARN TCP port 8080 cannot be mapped: "));
  g_assert_true (strchr (f->log->str, '\n') == f->log->str + f->log->len - 1);
  assert_changes (f, "failure -:0 0\n+");

  test_loop_advance (&f->core.loop, 20000);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  assert_changes (f, "");

  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->core.loop, 120000);
  assert_changes (f, "success 1.2.3.4:8080 1\n+");
}

static void
test_other_backend (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  ALPHA->map = NO (REFUSED);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->core.loop, 5000);
  core_assert_backend (mapping, "beta");
  assert_changes (f, "success 1.2.3.4:8080 2\n+");
}

static void
test_other_gateway (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  core_set_gateway (&f->core, "127.0.0.9");
  test_loop_advance (&f->core.loop, 5000);
  assert_changes (f, "pending -:0 1\n+success 1.2.3.4:8080 2\n+");
}

static void
test_destroyed (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  test_loop_settle (&f->core.loop);
  g_string_truncate (f->changes, 0);
  ALPHA->unmap = AFTER (100);
  core_destroy (&f->core, mapping);
  assert_changes (f, "");
  core_assert_state (mapping, DESTROYING);
  test_loop_advance (&f->core.loop, 200);
  assert_changes (f, "destroyed -:0 1\n+");
}

/* After destroy was called, the program no longer has the mapping. */
static void
test_has_mapping (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);
  guint id = plum_mapping_get_id (mapping);

  test_loop_settle (&f->core.loop);
  g_assert_true (plum_manager_has_mapping (f->core.manager, id));
  ALPHA->unmap = AFTER (100);
  core_destroy (&f->core, mapping);
  core_assert_state (mapping, DESTROYING);
  g_assert_false (plum_manager_has_mapping (f->core.manager, id));
  g_assert_true (plum_manager_lookup_mapping (f->core.manager, id) == mapping);
  test_loop_advance (&f->core.loop, 200);
  g_assert_null (plum_manager_lookup_mapping (f->core.manager, id));
}

/* Two equal mappings share a lease: each reports for itself. */
static void
test_shared (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = add (f, 8080);
  g_autoptr (PlumMapping) second = NULL;

  assert_changes (f, "success 1.2.3.4:8080 1\n+");
  second = add (f, 8080);
  assert_changes (f, "success 1.2.3.4:8080 1\n+");
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->core.loop, 5000);
  assert_changes (f, "success 1.2.3.4:8080 2\n+success 1.2.3.4:8080 2\n+");
}

static void
close_manager (PlumMapping *mapping, ChangedFixture *f)
{
  g_signal_handlers_disconnect_by_func (mapping, close_manager, f);
  plum_manager_close_async (f->core.manager, NULL, NULL, NULL);
}

static void
test_handler_closes (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  g_signal_connect (mapping, "changed", G_CALLBACK (close_manager), f);
  test_loop_advance (&f->core.loop, 1000);
  assert_changes (f, "success 1.2.3.4:8080 1\n+destroyed -:0 1\n+");
}

static void
drop_manager (PlumMapping *mapping, ChangedFixture *f)
{
  g_clear_object (&f->core.manager);
}

/* The dispose delivers the signal of the manager. */
static void
test_handler_drops_the_manager (ChangedFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, 8080);

  g_signal_connect (mapping, "changed", G_CALLBACK (drop_manager), f);
  assert_changes (f, "success 1.2.3.4:8080 1\n+destroyed -:0 1\n+");
  core_assert_state (mapping, DESTROYED);
}

#define ADD(path, n, func)                                                                         \
  g_test_add ("/changed/" path, ChangedFixture, GUINT_TO_POINTER (n), set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_type_class_ref (PLUM_TYPE_STATE);

  ADD ("up", 1, test_up);
  ADD ("renewals-are-silent", 1, test_renewals_are_silent);
  ADD ("renewal-with-another-port", 1, test_renewal_with_another_port);
  ADD ("address-and-port-change-once", 1, test_address_and_port_change_once);
  ADD ("address-reported", 1, test_address_reported);
  ADD ("router-restarted", 1, test_router_restarted);
  ADD ("check-finds-it-missing", 1, test_check_finds_it_missing);
  ADD ("expired", 1, test_expired);
  ADD ("failed-once", 1, test_failed_once);
  ADD ("other-backend", 2, test_other_backend);
  ADD ("other-gateway", 1, test_other_gateway);
  ADD ("destroyed", 1, test_destroyed);
  ADD ("has-mapping", 1, test_has_mapping);
  ADD ("shared", 1, test_shared);
  ADD ("handler-closes", 1, test_handler_closes);
  ADD ("handler-drops-the-manager", 1, test_handler_drops_the_manager);

  return g_test_run ();
}
