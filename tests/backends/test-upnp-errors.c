/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.7"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that fails after it was found: each action ends with an error that names the action and
 * the answer. */

#define LOGIN "requires a login for "

static void
assert_fails (Fixture *f,
              PlumCallKind kind,
              PlumLease *lease,
              GQuark domain,
              int code,
              const char *action,
              const char *reason)
{
  g_autoptr (PlumCall) done = lease != NULL ? lease_call (f, kind, lease) : call (f, kind, NULL);
  const GError *error = plum_call_get_error (done);

  g_assert_error (error, domain, code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, action));
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_login (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  test_loop_advance (&f->loop, 3000);
  f->igd->switches.login = TRUE;
  assert_fails (f, PLUM_CALL_CHECK, lease, PLUM_ERROR, PLUM_ERROR_REFUSED,
                "GetSpecificPortMappingEntry", LOGIN);
  /* Not final: the entry is still there. */
  assert_fails (f, PLUM_CALL_UNMAP, lease, PLUM_ERROR, PLUM_ERROR_MALFORMED, "PortMapping", LOGIN);
  assert_fails (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, PLUM_ERROR, PLUM_ERROR_REFUSED,
                "GetExternalIPAddress", LOGIN);
  assert_fails (f, PLUM_CALL_LIST, NULL, PLUM_ERROR, PLUM_ERROR_REFUSED,
                "GetGenericPortMappingEntry", LOGIN);
}

static void
test_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  test_loop_advance (&f->loop, 3000);
  fake_igd_stop_http (f->igd);
  assert_fails (f, PLUM_CALL_UNMAP, lease, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED,
                "GetSpecificPortMappingEntry", GATEWAY);
  g_assert_nonnull (f->lost);
}

static void
test_list_gone (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_igd_stop_http (f->igd);
  assert_fails (f, PLUM_CALL_LIST, NULL, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "PortMapping",
                GATEWAY);
}

/* For the lease of another process, the entry is read first. */
static void
test_read_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  renew_backend (f);
  fake_igd_stop_http (f->igd);
  assert_fails (f, PLUM_CALL_UNMAP, lease, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED,
                "GetSpecificPortMappingEntry", GATEWAY);
}

/* The answer to the map was lost, and the table does not show whether it succeeded. */
static void
test_read_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapped = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->switches.http_silent = TRUE;
  mapped = map_call (f, 8080, 8080, LIFETIME);
  g_assert_nonnull (plum_call_get_error (mapped));
  f->igd->switches.http_silent = FALSE;

  done = lease_call (f, PLUM_CALL_UNMAP, NULL);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (
    strstr (plum_call_get_error (done)->message, "it is unknown whether the port was mapped"));
}

static void
test_address_refused (Fixture *f, gconstpointer data)
{
  discover (f);
  test_loop_advance (&f->loop, 3000);
  f->igd->switches.address_fault = 501;
  assert_fails (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                "GetExternalIPAddress", "it is behind another router");
}

/* The router sends an empty answer, and its table does not contain the port. */
static void
test_empty_and_nothing_done (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_map_fails (f, 8080, PLUM_ERROR_MALFORMED,
                    "UPnP: " GATEWAY
                    " sent an empty answer to AddPortMapping, and port 8080 is not "
                    "in its table");
}

static void
test_map_page (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_map_fails (f, 8080, PLUM_ERROR_MALFORMED,
                    "UPnP: " GATEWAY " answered AddPortMapping with HTTP 200 without SOAP");
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* -- An add that takes effect, and is answered with an error status -- */

static void
answer_add_bare (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") == NULL)
    return;

  *status = 500;
  g_string_assign (body, "");
}

/* The router does not show its entries: no other request could leave a second entry, or one that
 * does not expire. */
static void
test_bare_add (Fixture *f, gconstpointer data)
{
  discover (f);
  f->igd->edit = answer_add_bare;
  assert_map_fails (f, 8080, PLUM_ERROR_MALFORMED,
                    "UPnP: " GATEWAY " answered AddPortMapping with HTTP 500 without SOAP; TCP "
                    "port 8080 may remain on the router for up to 7200 s");
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* The lease that the mapping has stays, and no permanent one takes its place. */
static void
test_bare_renewal (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->edit = answer_add_bare;
  assert_map_fails (f, 8080, PLUM_ERROR_MALFORMED,
                    "UPnP: " GATEWAY " answered AddPortMapping with HTTP 500 without SOAP");
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* A router that sends no fault at all: another host has the port. */
static void
test_bare_conflict (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) other = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, 0);
  other = map_call (f, 8081, 9000, LIFETIME);
  g_assert_no_error (plum_call_get_error (other));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (other)), !=, 9000);
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
}

/* -- Connections that end between two actions of one mapping -- */

#define HUNG_UP(action) "UPnP: " action ": " GATEWAY " port "

static void
assert_hangs_up (PlumCall *done, const char *beginning)
{
  const GError *error = plum_call_get_error (done);

  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, beginning));
  g_assert_true (
    g_str_has_suffix (error->message, ": the connection was closed without an answer"));
}

/* The entry cannot be renewed, and the connection ends before it is replaced: the old one stays. */
static void
test_replacing_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 8080);
  test_loop_advance (&f->loop, LIFETIME * 1000 * 3 / 4);
  done = map_call (f, 8080, 8080, LIFETIME);
  assert_hangs_up (done, HUNG_UP ("DeletePortMapping"));
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080));
}

/* The port is taken, and its entry cannot be read: the fault of the add is enough. */
static void
test_conflict_read_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (done)), !=, 8080);
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080)->client, ==, STRANGER);
}

/* The answer is empty, and the connection ends before the entry is read. */
static void
test_read_back_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  discover (f);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "TCP port 8080 may remain"));

  /* The port stays recorded, so that it can be deleted. */
  f->igd->switches.hang_up_on = NULL;
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* -- Tables -- */

static void
test_list_refused (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_fails (f, PLUM_CALL_LIST, NULL, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                GATEWAY " refused GetGenericPortMappingEntry", "(error 602, Fake)");
}

/* An endless table is read up to the limit. */
static void
test_list_endless (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  done = test_call (&f->loop, f->backend, PLUM_CALL_LIST, NULL, 600 * 1000);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (f->igd->counts.get_generic, ==, 4096);
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 4095);
}

/* An entry with port 0 is ignored. */
static void
test_list_port_0 (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumEntry) entry = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 0, 80, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 1);
  entry = g_list_model_get_item (plum_call_get_entries (done), 0);
  g_assert_cmpuint (plum_entry_get_external_port (entry), ==, 9000);
}

/* -- Incomplete answers -- */

/* A success without the port: the mapping could be neither reported nor deleted. */
static void
test_no_reserved_port (Fixture *f, gconstpointer data)
{
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  map_only (f, 8080);
  g_assert_cmpuint (f->igd->counts.add_any, ==, 1);
  /* The port that the router chose was found in its table. */
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);
}

/* A permanent entry of this host that cannot be renewed needs no renewal. */
static void
test_permanent_entry (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, LOCAL, 0);
  lease = map_port (f, 8080);
  assert_lease (lease, 8080, PLUM_LIFETIME_FOREVER, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* The answer is empty, and the required port belongs to another host. */
static void
test_empty_and_taken (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 8080);
  const PlumCallArgs args = { request, NULL, NULL };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 9999, LOCAL, 0);
  done = call (f, PLUM_CALL_MAP, &args);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: external TCP port 8080 belongs to this host's port 9999");
}

/* -- Without a device -- */

static void
test_not_discovered (Fixture *f, gconstpointer data)
{
  static const PlumCallKind kinds[] = {
    PLUM_CALL_MAP, PLUM_CALL_UNMAP, PLUM_CALL_CHECK, PLUM_CALL_GET_EXTERNAL_ADDRESS, PLUM_CALL_LIST,
  };
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, LIFETIME, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (PlumCall) done = lease_call (f, kinds[i], lease);

      g_test_message ("%d", kinds[i]);
      g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
      g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                       "UPnP: no router is known; a new search is necessary");
    }
}

/* Networks without a gateway. */
static void
test_other_network (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (LOCAL);
  g_autoptr (PlumNetwork) network = plum_network_new ("lo", 1, NULL, local, FALSE);
  g_autoptr (PlumBackend) backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, network);
  g_autoptr (PlumCall) done = test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: a point-to-point link has no gateway");
}

static const UpnpTest tests[] = {
  { "errors/login", { 0 }, test_login },
  { "errors/gone/unmap", { 0 }, test_gone },
  { "errors/gone/list", { 0 }, test_list_gone },
  { "errors/gone/list-v2", { .version = 2 }, test_list_gone },
  { "errors/gone/read", { 0 }, test_read_gone },
  { "errors/read-refused", { .specific_fault = 501 }, test_read_refused },
  { "errors/address-refused", { 0 }, test_address_refused },
  { "errors/empty-and-nothing-done",
    { .empty_success = TRUE, .ignore_adds = TRUE },
    test_empty_and_nothing_done },
  { "errors/html-page", { .html_success = TRUE, .ignore_adds = TRUE }, test_map_page },
  { "errors/bare-add", { .specific_fault = 401 }, test_bare_add },
  { "errors/bare-renewal", { .specific_fault = 401 }, test_bare_renewal },
  { "errors/bare-renewal/looks", { .specific_fault = 501 }, test_bare_renewal },
  { "errors/bare-conflict", { .specific_fault = 501, .bare_faults = TRUE }, test_bare_conflict },
  { "errors/replacing-cut-off",
    { .refuse_renewal = TRUE, .hang_up_on = "DeletePortMapping" },
    test_replacing_cut_off },
  { "errors/conflict-read-cut-off",
    { .hang_up_on = "GetSpecificPortMappingEntry" },
    test_conflict_read_cut_off },
  { "errors/read-back-cut-off",
    { .empty_success = TRUE, .hang_up_on = "GetSpecificPortMappingEntry" },
    test_read_back_cut_off },
  { "errors/list-refused", { .generic_fault = 602 }, test_list_refused },
  { "errors/list-refused-v2",
    { .version = 2, .list_fault = 401, .generic_fault = 602 },
    test_list_refused },
  { "errors/list-endless", { .endless_table = TRUE }, test_list_endless },
  { "errors/list-port-0", { 0 }, test_list_port_0 },
  { "errors/no-reserved-port",
    { .version = 2, .no_reserved_port = TRUE, .few_ports_fault = 606 },
    test_no_reserved_port },
  { "errors/permanent-entry", { .refuse_renewal = TRUE }, test_permanent_entry },
  { "errors/empty-and-taken",
    { .empty_success = TRUE, .ignore_adds = TRUE },
    test_empty_and_taken },
  { "errors/not-discovered", { 0 }, test_not_discovered },
  { "errors/point-to-point", { 0 }, test_other_network },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
