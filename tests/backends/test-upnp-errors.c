/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.7"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that answered well at first, and then does not: each action of it ends with an error
 * that names the action and what came. */

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
  assert_fails (f, PLUM_CALL_UNMAP, lease, PLUM_ERROR, PLUM_ERROR_REFUSED, "DeletePortMapping",
                LOGIN);
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
                "DeletePortMapping", GATEWAY);
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

/* Of a lease that another process made it is asked first whose the entry is now. */
static void
test_look_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  renew_backend (f);
  fake_igd_stop_http (f->igd);
  assert_fails (f, PLUM_CALL_UNMAP, lease, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED,
                "GetSpecificPortMappingEntry", GATEWAY);
}

/* The answer to the map was lost, and the table does not tell whether it was done. */
static void
test_look_refused (Fixture *f, gconstpointer data)
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
                "GetExternalIPAddress", "another router stands before it");
}

/* It says that it has mapped the port, in no words, and its table does not know of it. */
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
                    "UPnP: " GATEWAY " answered AddPortMapping with HTTP 200 and no SOAP");
}

/* -- It goes away between two actions of one mapping -- */

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

/* Our entry could not be renewed and was to be made anew. It is the old one still. */
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

/* The port is taken, and it does not tell by whom. */
static void
test_look_at_conflict_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  done = map_call (f, 8080, 8080, LIFETIME);
  assert_hangs_up (done, HUNG_UP ("GetSpecificPortMappingEntry"));
}

/* It answered in no words, and does not tell what it has done. */
static void
test_read_back_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  discover (f);
  done = map_call (f, 8080, 8080, LIFETIME);
  assert_hangs_up (done, HUNG_UP ("GetSpecificPortMappingEntry"));

  /* What it did is not forgotten: it can be taken back. */
  f->igd->switches.hang_up_on = NULL;
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* -- Its table is not for everybody -- */

static void
test_list_not_for_us (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_fails (f, PLUM_CALL_LIST, NULL, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                GATEWAY " refused GetGenericPortMappingEntry", "(error 602, Fake)");
}

/* A table that never ends is read as far as any table goes. */
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

/* There is no port 0: an entry that has it is none. */
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

/* -- Answers that say less than they should -- */

/* Success, but not which port: it cannot be told to anybody, and could not be closed. */
static void
test_any_port_untold (Fixture *f, gconstpointer data)
{
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  map_only (f, 8080);
  g_assert_cmpuint (f->igd->counts.add_any, >, 0);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
}

/* The entry that is ours already, and cannot be renewed, needs no renewal. */
static void
test_ours_for_ever (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, LOCAL, 0);
  lease = map_port (f, 8080);
  assert_lease (lease, 8080, PLUM_LIFETIME_FOREVER, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* It says in no words that it has mapped the port that is required, and has not: another has it. */
static void
test_empty_and_anothers (Fixture *f, gconstpointer data)
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

/* -- Before anything is known -- */

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

/* What cannot be asked at all: no gateway, or one of the other family. */
static void
test_other_network (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (LOCAL);
  g_autoptr (PlumNetwork) network = plum_network_new ("lo", 1, NULL, local, FALSE);
  g_autoptr (PlumBackend) backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, network);
  g_autoptr (PlumCall) done = test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: a point-to-point link has no router");
}

static const UpnpTest tests[] = {
  { "errors/login", { 0 }, test_login },
  { "errors/gone/unmap", { 0 }, test_gone },
  { "errors/gone/list", { 0 }, test_list_gone },
  { "errors/gone/list-v2", { .version = 2 }, test_list_gone },
  { "errors/gone/look", { 0 }, test_look_gone },
  { "errors/look-refused", { .specific_fault = 501 }, test_look_refused },
  { "errors/address-refused", { 0 }, test_address_refused },
  { "errors/empty-and-nothing-done",
    { .empty_success = TRUE, .ignore_adds = TRUE },
    test_empty_and_nothing_done },
  { "errors/page-for-an-answer", { .html_success = TRUE }, test_map_page },
  { "errors/replacing-cut-off",
    { .refuse_renewal = TRUE, .hang_up_on = "DeletePortMapping" },
    test_replacing_cut_off },
  { "errors/look-at-conflict-cut-off",
    { .hang_up_on = "GetSpecificPortMappingEntry" },
    test_look_at_conflict_cut_off },
  { "errors/read-back-cut-off",
    { .empty_success = TRUE, .hang_up_on = "GetSpecificPortMappingEntry" },
    test_read_back_cut_off },
  { "errors/list-not-for-us", { .generic_fault = 602 }, test_list_not_for_us },
  { "errors/list-not-for-us-v2",
    { .version = 2, .list_fault = 401, .generic_fault = 602 },
    test_list_not_for_us },
  { "errors/list-endless", { .endless_table = TRUE }, test_list_endless },
  { "errors/list-port-0", { 0 }, test_list_port_0 },
  { "errors/any-port-untold", { .version = 2, .no_reserved_port = TRUE }, test_any_port_untold },
  { "errors/ours-for-ever", { .refuse_renewal = TRUE }, test_ours_for_ever },
  { "errors/empty-and-anothers",
    { .empty_success = TRUE, .ignore_adds = TRUE },
    test_empty_and_anothers },
  { "errors/not-discovered", { 0 }, test_not_discovered },
  { "errors/point-to-point", { 0 }, test_other_network },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    upnp_test_add (&tests[i]);

  return g_test_run ();
}
