/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "plum-values-private.h"

/* Each property has the value that its getter returns. Each property of each public type is read
 * with a value other than its default, from one object or, if values exclude each other, from
 * several. */

typedef struct
{
  GType type;
  GObject *object;  /* the object to read, borrowed */
  GHashTable *seen; /* names of the properties that had a value other than their default */
} Reader;

static void
reader_init (Reader *r, GType type)
{
  *r = (Reader){ .type = type, .seen = g_hash_table_new (g_str_hash, g_str_equal) };
}

/* Asserts that each property was read. */
static void
reader_clear (Reader *r)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (r->type);
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

  for (guint i = 0; i < n; i++)
    {
      if (!g_hash_table_contains (r->seen, pspecs[i]->name))
        g_test_fail_printf ("%s:%s was not read", g_type_name (r->type), pspecs[i]->name);
    }
  g_clear_pointer (&r->seen, g_hash_table_unref);
}

static void
reader_get (Reader *r, const char *name, GValue *value)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (r->object), name);

  g_assert_nonnull (pspec);
  g_test_message ("%s:%s", g_type_name (r->type), name);
  g_value_init (value, pspec->value_type);
  g_object_get_property (r->object, name, value);
  if (!g_param_value_defaults (pspec, value))
    g_hash_table_add (r->seen, (gpointer) pspec->name);
}

static void
assert_uint (Reader *r, const char *name, guint want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_cmpuint (g_value_get_uint (&value), ==, want);
}

static void
assert_int (Reader *r, const char *name, int want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_cmpint (g_value_get_int (&value), ==, want);
}

static void
assert_enum (Reader *r, const char *name, int want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_cmpint (g_value_get_enum (&value), ==, want);
}

static void
assert_boolean (Reader *r, const char *name, gboolean want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_cmpint (g_value_get_boolean (&value), ==, want);
}

static void
assert_string (Reader *r, const char *name, const char *want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_cmpstr (g_value_get_string (&value), ==, want);
}

static void
assert_object (Reader *r, const char *name, gpointer want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_true (g_value_get_object (&value) == want);
}

/* For a boxed type that is not copied: a context, a time. */
static void
assert_boxed (Reader *r, const char *name, gconstpointer want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_true (g_value_get_boxed (&value) == want);
}

static void
assert_names (Reader *r, const char *name, const char *const *want)
{
  g_auto (GValue) value = G_VALUE_INIT;

  reader_get (r, name, &value);
  g_assert_cmpstrv ((char **) g_value_get_boxed (&value), (char **) want);
}

static void
assert_gerror (Reader *r, const char *name, const GError *want)
{
  g_auto (GValue) value = G_VALUE_INIT;
  const GError *error;

  reader_get (r, name, &value);
  error = g_value_get_boxed (&value);
  if (want == NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_error (error, want->domain, want->code);
  g_assert_cmpstr (error->message, ==, want->message);
}

/* -- Values -- */

static void
test_entry (void)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("192.0.2.7");
  g_autoptr (PlumEntry) entry =
    g_object_new (PLUM_TYPE_ENTRY, "protocol", PLUM_PROTOCOL_UDP, "external-port", 9000,
                  "internal-port", 80, "internal-address", address, "description", "torrent",
                  "lifetime", 600, "enabled", TRUE, "protocol-text", "UDP/TCP",
                  "internal-port-text", "80-90", "internal-address-text", "nas", "problem",
                  "a range", "remote-host", "203.0.113.0/24", "gateway-address", address, NULL);
  Reader r;

  reader_init (&r, PLUM_TYPE_ENTRY);
  r.object = G_OBJECT (entry);
  assert_enum (&r, "protocol", plum_entry_get_protocol (entry));
  assert_uint (&r, "external-port", plum_entry_get_external_port (entry));
  assert_uint (&r, "internal-port", plum_entry_get_internal_port (entry));
  assert_object (&r, "internal-address", plum_entry_get_internal_address (entry));
  assert_string (&r, "description", plum_entry_get_description (entry));
  assert_uint (&r, "lifetime", plum_entry_get_lifetime (entry));
  assert_boolean (&r, "enabled", plum_entry_get_enabled (entry));
  assert_string (&r, "protocol-text", plum_entry_get_protocol_text (entry));
  assert_string (&r, "internal-port-text", plum_entry_get_internal_port_text (entry));
  assert_string (&r, "internal-address-text", plum_entry_get_internal_address_text (entry));
  assert_string (&r, "problem", plum_entry_get_problem (entry));
  assert_string (&r, "remote-host", plum_entry_get_remote_host (entry));
  assert_object (&r, "remote-address", plum_entry_get_remote_address (entry));
  assert_object (&r, "gateway-address", plum_entry_get_gateway_address (entry));
  g_assert_cmpuint (g_inet_address_mask_get_length (plum_entry_get_remote_address (entry)), ==, 24);
  g_assert_false (plum_entry_is_readable (entry));
  reader_clear (&r);
}

static void
test_probe (void)
{
  g_autoptr (GError) error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_REFUSED, "no");
  g_autoptr (PlumProbe) probe = plum_probe_new ("pcp");
  Reader r;

  plum_probe_set_outcome (probe, PLUM_PROBE_FAILED, error, 250);
  reader_init (&r, PLUM_TYPE_PROBE);
  r.object = G_OBJECT (probe);
  assert_string (&r, "name", plum_probe_get_name (probe));
  assert_enum (&r, "outcome", plum_probe_get_outcome (probe));
  assert_gerror (&r, "error", plum_probe_get_error (probe));
  assert_uint (&r, "ms", plum_probe_get_ms (probe));
  reader_clear (&r);
}

static void
test_hop (void)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("192.168.0.1");
  g_autoptr (GInetAddress) external = g_inet_address_new_from_string ("1.2.3.4");
  g_autoptr (PlumHop) hop = plum_hop_new (address, external, 9000, "pcp", 7200);
  Reader r;

  reader_init (&r, PLUM_TYPE_HOP);
  r.object = G_OBJECT (hop);
  assert_object (&r, "address", plum_hop_get_address (hop));
  assert_object (&r, "external-address", plum_hop_get_external_address (hop));
  assert_uint (&r, "external-port", plum_hop_get_external_port (hop));
  assert_string (&r, "backend-name", plum_hop_get_backend_name (hop));
  assert_uint (&r, "lifetime", plum_hop_get_lifetime (hop));
  reader_clear (&r);
}

static void
test_backend_info (void)
{
  g_autoptr (GError) error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_MODULE, "cut off");
  g_autoptr (PlumBackendInfo) info =
    plum_backend_info_new ("pcp", "Port Control Protocol", 300, "/lib/libpcp.so", NULL,
                           G_TYPE_INVALID, error);
  Reader r;

  reader_init (&r, PLUM_TYPE_BACKEND_INFO);
  r.object = G_OBJECT (info);
  assert_string (&r, "name", plum_backend_info_get_name (info));
  assert_string (&r, "title", plum_backend_info_get_title (info));
  assert_string (&r, "description", plum_backend_info_get_description (info));
  assert_int (&r, "priority", plum_backend_info_get_priority (info));
  assert_string (&r, "path", plum_backend_info_get_path (info));
  assert_gerror (&r, "error", plum_backend_info_get_error (info));
  reader_clear (&r);
}

static void
test_verdict (void)
{
  g_autoptr (GError) error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_REFUSED, "PCP: no");
  g_autoptr (PlumVerdict) verdict = plum_verdict_new ("pcp", "PCP", error, TRUE, TRUE);
  Reader r;

  reader_init (&r, PLUM_TYPE_VERDICT);
  r.object = G_OBJECT (verdict);
  assert_string (&r, "backend-name", plum_verdict_get_backend_name (verdict));
  assert_string (&r, "backend-title", plum_verdict_get_backend_title (verdict));
  assert_gerror (&r, "error", plum_verdict_get_error (verdict));
  assert_boolean (&r, "requested", plum_verdict_get_requested (verdict));
  reader_clear (&r);
}

/* -- Objects of a manager -- */

static void
read_mapping (Reader *r, PlumMapping *mapping)
{
  r->object = G_OBJECT (mapping);
  assert_enum (r, "protocol", plum_mapping_get_protocol (mapping));
  assert_enum (r, "family", plum_mapping_get_family (mapping));
  assert_uint (r, "internal-port", plum_mapping_get_internal_port (mapping));
  assert_uint (r, "requested-external-port", plum_mapping_get_requested_external_port (mapping));
  assert_boolean (r, "require-external-port", plum_mapping_get_require_external_port (mapping));
  assert_string (r, "description", plum_mapping_get_description (mapping));
  assert_object (r, "internal-address", plum_mapping_get_internal_address (mapping));
  assert_object (r, "remote-address", plum_mapping_get_remote_address (mapping));
  assert_object (r, "remote-addresses", plum_mapping_get_remote_addresses (mapping));
  assert_object (r, "local-address", plum_mapping_get_local_address (mapping));
  assert_object (r, "requested-gateway", plum_mapping_get_requested_gateway (mapping));
  assert_uint (r, "id", plum_mapping_get_id (mapping));
  assert_enum (r, "state", plum_mapping_get_state (mapping));
  assert_uint (r, "external-port", plum_mapping_get_external_port (mapping));
  assert_string (r, "external-host", plum_mapping_get_external_host (mapping));
  assert_object (r, "external-address", plum_mapping_get_external_address (mapping));
  assert_enum (r, "external-scope", plum_mapping_get_external_scope (mapping));
  assert_gerror (r, "error", plum_mapping_get_error (mapping));
  assert_string (r, "error-summary", plum_mapping_get_error_summary (mapping));
  assert_object (r, "verdicts", plum_mapping_get_verdicts (mapping));
  assert_string (r, "backend-name", plum_mapping_get_backend_name (mapping));
  assert_object (r, "gateway", plum_mapping_get_gateway (mapping));
  assert_uint (r, "lifetime", plum_mapping_get_lifetime (mapping));
  assert_boxed (r, "expires-at", plum_mapping_get_expires_at (mapping));
  assert_uint (r, "generation", plum_mapping_get_generation (mapping));
  assert_object (r, "hops", plum_mapping_get_hops (mapping));
  assert_gerror (r, "upstream-error", plum_mapping_get_upstream_error (mapping));
}

static void
test_mapping (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) up = NULL;
  g_autoptr (PlumMapping) failed = NULL;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("2001:db8::2");
  g_autoptr (GInetAddress) host = g_inet_address_new_from_string ("2001:db8::5");
  g_autoptr (GInetAddressMask) remote =
    g_inet_address_mask_new_from_string ("2001:db8:1::/48", NULL);
  g_autoptr (PlumMapping) not_added =
    g_object_new (PLUM_TYPE_MAPPING, "protocol", PLUM_PROTOCOL_UDP, "family", G_SOCKET_FAMILY_IPV6,
                  "internal-port", 443, "description", "web", "internal-address", host,
                  "remote-address", remote, "local-address", address, NULL);
  g_autoptr (PlumMapping) bound = NULL;
  Reader r;

  up = core_add_up (f, 8080, 9090);
  bound = g_object_new (PLUM_TYPE_MAPPING, "requested-gateway", core_gateway (f), NULL);
  ALPHA->map = NO (CONFLICT);
  failed = core_add_exact (f, 8081, 9091);
  test_loop_settle (&f->loop);
  core_assert_state (failed, FAILURE);

  reader_init (&r, PLUM_TYPE_MAPPING);
  read_mapping (&r, up);
  read_mapping (&r, failed);
  read_mapping (&r, not_added);
  read_mapping (&r, bound);
  g_hash_table_add (r.seen, (gpointer) "upstream-error"); /* test-chain reads it */
  reader_clear (&r);
}

static void
test_gateway (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 8080);
  PlumGateway *gateway = core_gateway (f);
  Reader r;

  reader_init (&r, PLUM_TYPE_GATEWAY);
  r.object = G_OBJECT (gateway);
  assert_string (&r, "interface", plum_gateway_get_interface (gateway));
  assert_object (&r, "address", plum_gateway_get_address (gateway));
  assert_object (&r, "local-address", plum_gateway_get_local_address (gateway));
  assert_enum (&r, "family", plum_gateway_get_family (gateway));
  assert_string (&r, "backend-name", plum_gateway_get_backend_name (gateway));
  assert_object (&r, "external-address", plum_gateway_get_external_address (gateway));
  assert_enum (&r, "external-scope", plum_gateway_get_external_scope (gateway));
  assert_object (&r, "probes", plum_gateway_get_probes (gateway));
  /* Another router needs routes: test-chain reads it. */
  assert_object (&r, "upstream", plum_gateway_get_upstream (gateway));
  g_hash_table_add (r.seen, (gpointer) "upstream");
  plum_backend_report_router (ALPHA->backend, "AVM", "FRITZ!Box 7590", "7.57", "http://127.9.9.9/");
  plum_backend_report_connection (ALPHA->backend, PLUM_CONNECTION_STATUS_CONNECTED, 3600);
  assert_string (&r, "manufacturer", plum_gateway_get_manufacturer (gateway));
  assert_string (&r, "model", plum_gateway_get_model (gateway));
  assert_string (&r, "model-version", plum_gateway_get_model_version (gateway));
  assert_string (&r, "presentation-url", plum_gateway_get_presentation_url (gateway));
  assert_enum (&r, "connection-status", plum_gateway_get_connection_status (gateway));
  assert_uint (&r, "uptime", plum_gateway_get_uptime (gateway));
  reader_clear (&r);
}

static void
test_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 8080);
  Reader r;

  reader_init (&r, PLUM_TYPE_BACKEND);
  r.object = G_OBJECT (ALPHA->backend);
  assert_object (&r, "network", plum_backend_get_network (ALPHA->backend));
  reader_clear (&r);
}

/* -- The manager: a getter returns the value that was set -- */

static const char *const backend_names[] = { "beta", "alpha", NULL };

static void
set_all (PlumManager *manager)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("127.9.9.8");

  g_object_set (manager, "discover-timeout", 4001, "mapping-timeout", 4002, "release-timeout", 4005,
                "recheck-period", 400003, "lease-duration", 4004, "max-hops", 3, "gateway-address",
                address, "interface", "lo", "enabled-backends", backend_names, "application-name",
                "Reader", "state-directory", "/nonexistent/plum", "state-read-only", TRUE, NULL);
}

static void
test_manager (CoreFixture *f, gconstpointer data)
{
  PlumManager *manager = f->manager;
  g_autofree char *address = NULL;
  Reader r;

  set_all (manager);
  address = g_inet_address_to_string (plum_manager_get_gateway_address (manager));
  g_assert_cmpstr (address, ==, "127.9.9.8");

  reader_init (&r, PLUM_TYPE_MANAGER);
  r.object = G_OBJECT (manager);
  assert_boxed (&r, "main-context", plum_manager_get_main_context (manager));
  assert_boxed (&r, "main-context", f->loop.context);
  assert_object (&r, "gateways", plum_manager_get_gateways (manager));
  assert_object (&r, "backends", plum_manager_get_backends (manager));
  assert_object (&r, "gateway-address", plum_manager_get_gateway_address (manager));

  g_assert_cmpuint (plum_manager_get_discover_timeout (manager), ==, 4001);
  assert_uint (&r, "discover-timeout", 4001);
  g_assert_cmpuint (plum_manager_get_mapping_timeout (manager), ==, 4002);
  assert_uint (&r, "mapping-timeout", 4002);
  g_assert_cmpuint (plum_manager_get_release_timeout (manager), ==, 4005);
  assert_uint (&r, "release-timeout", 4005);
  g_assert_cmpuint (plum_manager_get_recheck_period (manager), ==, 400003);
  assert_uint (&r, "recheck-period", 400003);
  g_assert_cmpuint (plum_manager_get_lease_duration (manager), ==, 4004);
  assert_uint (&r, "lease-duration", 4004);
  g_assert_cmpuint (plum_manager_get_max_hops (manager), ==, 3);
  assert_uint (&r, "max-hops", 3);
  g_assert_cmpstr (plum_manager_get_interface (manager), ==, "lo");
  assert_string (&r, "interface", "lo");
  g_assert_cmpstrv ((char **) plum_manager_get_enabled_backends (manager), (char **) backend_names);
  assert_names (&r, "enabled-backends", backend_names);
  g_assert_cmpstr (plum_manager_get_application_name (manager), ==, "Reader");
  assert_string (&r, "application-name", "Reader");
  g_assert_cmpstr (plum_manager_get_state_directory (manager), ==, "/nonexistent/plum");
  assert_string (&r, "state-directory", "/nonexistent/plum");
  g_assert_true (plum_manager_get_state_read_only (manager));
  assert_boolean (&r, "state-read-only", TRUE);
  reader_clear (&r);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_hash_table_add (user_data, (gpointer) pspec->name);
}

/* Setting a property notifies if, and only if, the value changes. */
static void
test_manager_notify (CoreFixture *f, gconstpointer data)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (f->manager);
  g_autoptr (GHashTable) notified = g_hash_table_new (g_str_hash, g_str_equal);
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (klass, &n);

  g_signal_connect (f->manager, "notify", G_CALLBACK (on_notify), notified);
  set_all (f->manager);
  for (guint i = 0; i < n; i++)
    {
      if ((pspecs[i]->flags & (G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY)) == G_PARAM_WRITABLE &&
          !g_hash_table_contains (notified, pspecs[i]->name))
        g_test_fail_printf ("%s was set without a notification", pspecs[i]->name);
    }

  g_hash_table_remove_all (notified);
  set_all (f->manager);
  g_assert_cmpuint (g_hash_table_size (notified), ==, 0);

  g_object_set (f->manager, "enabled-backends", NULL, NULL);
  g_assert_cmpuint (g_hash_table_size (notified), >, 0);
  g_hash_table_remove_all (notified);
  g_object_set (f->manager, "enabled-backends", NULL, NULL);
  g_assert_cmpuint (g_hash_table_size (notified), ==, 0);
}

/* The manager is a list model of mappings. */
static void
test_manager_list (CoreFixture *f, gconstpointer data)
{
  GListModel *list = G_LIST_MODEL (f->manager);
  g_autoptr (PlumMapping) mapping = core_add (f, 8080, 8080);
  g_autoptr (PlumMapping) first = g_list_model_get_item (list, 0);

  g_assert_true (g_list_model_get_item_type (list) == PLUM_TYPE_MAPPING);
  g_assert_true (first == mapping);
  g_assert_null (g_list_model_get_item (list, 1));
}

static void
assert_times (PlumManager *manager, guint discover, guint mapping, guint recheck, guint lease)
{
  g_assert_cmpuint (plum_manager_get_discover_timeout (manager), ==, discover);
  g_assert_cmpuint (plum_manager_get_mapping_timeout (manager), ==, mapping);
  g_assert_cmpuint (plum_manager_get_recheck_period (manager), ==, recheck);
  g_assert_cmpuint (plum_manager_get_lease_duration (manager), ==, lease);
}

/* 0 is the default, and lower values are raised, by functions and by properties. */
static void
test_times (CoreFixture *f, gconstpointer data)
{
  PlumManager *manager = f->manager;
  g_autoptr (PlumManager) built = g_object_new (PLUM_TYPE_MANAGER, "discover-timeout", 1,
                                                "mapping-timeout", 0, "recheck-period", 999, NULL);

  assert_times (built, 100, 10000, 1000, 7200);

  g_object_set (manager, "discover-timeout", 99, "mapping-timeout", 1, "recheck-period", 1,
                "lease-duration", 1, NULL);
  assert_times (manager, 100, 100, 1000, 1);
  g_object_set (manager, "discover-timeout", 0, "mapping-timeout", 0, "recheck-period", 0,
                "lease-duration", 0, NULL);
  assert_times (manager, 10000, 10000, 300000, 7200);

  plum_manager_set_discover_timeout (manager, 1);
  plum_manager_set_mapping_timeout (manager, 1);
  plum_manager_set_recheck_period (manager, 1);
  plum_manager_set_lease_duration (manager, 604800);
  assert_times (manager, 100, 100, 1000, 604800);
  plum_manager_set_discover_timeout (manager, 0);
  plum_manager_set_mapping_timeout (manager, 0);
  plum_manager_set_recheck_period (manager, 0);
  plum_manager_set_lease_duration (manager, 0);
  assert_times (manager, 10000, 10000, 300000, 7200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/properties/entry", test_entry);
  g_test_add_func ("/properties/probe", test_probe);
  g_test_add_func ("/properties/hop", test_hop);
  g_test_add_func ("/properties/backend-info", test_backend_info);
  g_test_add_func ("/properties/verdict", test_verdict);
  CORE_ADD ("/properties/mapping", test_mapping);
  CORE_ADD ("/properties/gateway", test_gateway);
  CORE_ADD ("/properties/backend", test_backend);
  CORE_ADD_N ("/properties/manager", 2, test_manager);
  CORE_ADD_N ("/properties/manager/notify", 2, test_manager_notify);
  CORE_ADD ("/properties/manager/times", test_times);
  CORE_ADD ("/properties/manager/list", test_manager_list);

  return g_test_run ();
}
