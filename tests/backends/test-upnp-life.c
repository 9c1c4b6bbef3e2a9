/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.4"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* -- Unmap -- */

static void
test_unmap (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  /* Before and after the first add, and before and after the first delete. */
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 4);
}

static void
test_unmap_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  fake_igd_wipe (f->igd);
  unmap_port (f, lease);
}

static void
test_unmap_star (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumLease) second = NULL;

  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_cmpuint (f->igd->counts.delete, ==, 2);

  /* The backend remembers it. */
  second = map_port (f, 8080);
  unmap_port (f, second);
  g_assert_cmpuint (f->igd->counts.delete, ==, 3);
}

static void
test_unmap_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: " GATEWAY " refused DeletePortMapping (error 606, Fake): the entry may "
                   "have to be deleted in the router's settings");
}

/* An entry that may belong to another program of this host. */
static void
test_unmap_nothing_requested (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, LOCAL, 0);
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* Another process after a crash: it has only the lease, without a discovery. */
static void
test_unmap_by_lease_alone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  renew_backend (f);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The program crashed before it recorded the lease: the entry is deleted if it leads to this host.
 */
static void
test_unmap_without_token (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumLease) asked = plum_lease_new (NULL, 8080, LIFETIME, NULL);

  renew_backend (f);
  discover (f);
  unmap_port (f, asked);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  unmap_port (f, asked);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

static void
test_unmap_by_lease_taken_over (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  renew_backend (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* --- An earlier address of this host --- */

static void
unmap_moved (Fixture *f, const char *from, gboolean ok)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, LIFETIME, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, LIFETIME, NULL);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (from);
  const PlumCallArgs args = { .request = request, .lease = lease, .local_address = address };
  g_autoptr (PlumCall) done = call (f, PLUM_CALL_UNMAP_MOVED, &args);

  g_assert_true ((plum_call_get_error (done) == NULL) == ok);
}

#define EARLIER UPNP_TEST_NET ".77"

static void
test_unmap_moved (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, EARLIER, 0);
  unmap_moved (f, EARLIER, TRUE);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  unmap_moved (f, EARLIER, TRUE); /* nothing is there */
}

/* Neither the entry of another host, nor the new one of this host, nor another port. */
static void
test_unmap_moved_spares_others (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  unmap_moved (f, EARLIER, TRUE);
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, LOCAL, 0);
  unmap_moved (f, EARLIER, TRUE);
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8081, EARLIER, 0);
  unmap_moved (f, EARLIER, TRUE);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

static void
test_unmap_moved_unreadable (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, EARLIER, 0);
  unmap_moved (f, EARLIER, FALSE);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* A forged token: its host is not contacted. */
static void
test_unmap_forged_token (Fixture *f, gconstpointer data)
{
  static const char *const hosts[] = { "192.0.2.99", "not-an-address", "224.0.0.1", "::1", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      GVariant *token = g_variant_new ("(sqssb)", hosts[i], 80, "/",
                                       "urn:schemas-upnp-org:service:WANIPConnection:1", FALSE);
      g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 60, token);
      g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

      g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
    }
}

static void
test_unmap_other_token (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 60, g_variant_new_string ("pcp"));
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
}

/* -- Check -- */

static void
test_check (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_check (f, lease, -1);
}

static void
test_check_disabled (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->switches.specific_disabled = TRUE;
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080));
}

static void
test_check_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  fake_igd_wipe (f->igd);
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
}

static void
test_check_taken_over (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  assert_check (f, lease, PLUM_ERROR_CONFLICT);
}

/* The client of an entry is untrusted text. */
static void
test_check_hostile_client (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;
  FakeIgdEntry *entry;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, "me\n\xe2\x80\xaehost", 0);
  entry = fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080);
  g_free (entry->description);
  entry->description = g_strdup ("another program");
  done = lease_call (f, PLUM_CALL_CHECK, lease);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: port 8080 of " GATEWAY " now leads to port 8080 of me host");
}

static void
test_check_other_port_of_ours (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8081, LOCAL, 0);
  assert_check (f, lease, PLUM_ERROR_CONFLICT);
}

/* A router that refuses the query gives no result. */
static void
test_check_unknown (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_check (f, lease, PLUM_ERROR_NOT_SUPPORTED);
}

/* -- Loss -- */

static void
test_lost_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  fake_igd_stop_http (f->igd);
  done = lease_call (f, PLUM_CALL_CHECK, lease);
  g_assert_error (plum_call_get_error (done), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpstr (f->lost, ==, GATEWAY " refuses connections to its control port");
}

static void
test_lost_not_found (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  f->igd->switches.no_control = TRUE;
  done = lease_call (f, PLUM_CALL_CHECK, lease);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpstr (f->lost, ==, GATEWAY " answers HTTP 404 for its control URL");
}

/* A router that does not show its entries is missed by the next add. */
static void
test_lost_unshown (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 8080);
  f->igd->switches.no_control = TRUE;
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpstr (f->lost, ==, GATEWAY " answers HTTP 404 for its control URL");
}

/* The router returns on another port: one loss and one discovery suffice. */
static void
test_lost_and_found (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) again = NULL;

  map_only (f, 8080);
  fake_igd_restart (f->igd);
  failed = map_call (f, 8080, 8080, LIFETIME);
  g_assert_nonnull (plum_call_get_error (failed));
  g_assert_nonnull (f->lost);

  discover (f);
  again = map_call (f, 8080, 8080, LIFETIME);
  assert_lease (plum_call_get_lease (again), 8080, LIFETIME, "1.2.3.4");
}

/* The behavior of the device is still known. */
static void
test_lost_and_remembered (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) again = NULL;
  guint adds;

  map_only (f, 8080);
  fake_igd_restart (f->igd);
  failed = map_call (f, 8080, 8080, LIFETIME);
  discover (f);
  adds = f->igd->counts.add;
  again = map_call (f, 8080, 8080, LIFETIME);
  assert_lease (plum_call_get_lease (again), 8080, PLUM_LIFETIME_FOREVER, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add, ==, adds + 1);
}

/* -- The external address -- */

static void
assert_address (Fixture *f, const char *want)
{
  g_autoptr (PlumCall) done = call (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_autofree char *text = NULL;

  g_assert_no_error (plum_call_get_error (done));
  text = g_inet_address_to_string (plum_call_get_address (done));
  g_assert_cmpstr (text, ==, want);
}

static void
test_address (Fixture *f, gconstpointer data)
{
  discover (f);
  f->igd->switches.external_address = "1.2.3.5";
  test_loop_advance (&f->loop, 3000);
  assert_address (f, "1.2.3.5");
}

/* Discovery has just read the address: no second request. */
static void
test_address_just_read (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_address (f, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.get_address, ==, 1);
}

static void
test_address_none (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  test_loop_advance (&f->loop, 3000);
  done = call (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
}

static void
on_address_reported (PlumBackend *backend, GInetAddress *address, gpointer user_data)
{
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;

  g_string_append_printf (user_data, "%s ", text != NULL ? text : "none");
}

static void
assert_no_address (Fixture *f)
{
  g_autoptr (PlumCall) done = NULL;

  test_loop_advance (&f->loop, 3000);
  done = call (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
}

/* The router answers that it has no address: that is reported, and not only that the call failed.
 * If it refuses the request, it is unknown whether it has one. */
static void
test_address_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) reports = g_string_new (NULL);

  discover (f);
  g_signal_connect (f->backend, "external-address-changed", G_CALLBACK (on_address_reported),
                    reports);
  f->igd->switches.address_fault = 501;
  assert_no_address (f);
  g_assert_cmpstr (reports->str, ==, "");

  f->igd->switches.address_fault = 0;
  f->igd->switches.external_address = "";
  assert_no_address (f);
  g_assert_cmpstr (reports->str, ==, "none ");
}

/* -- The router's table -- */

static void
test_list (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumEntry) entry = NULL;
  g_autofree char *client = NULL;
  GListModel *entries;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_UDP, 9001, 81, LOCAL, 600);
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_no_error (plum_call_get_error (done));

  entries = plum_call_get_entries (done);
  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 2);
  entry = g_list_model_get_item (entries, 1);
  client = g_inet_address_to_string (plum_entry_get_internal_address (entry));
  g_assert_cmpint (plum_entry_get_protocol (entry), ==, PLUM_PROTOCOL_UDP);
  g_assert_cmpuint (plum_entry_get_external_port (entry), ==, 9001);
  g_assert_cmpuint (plum_entry_get_internal_port (entry), ==, 81);
  g_assert_cmpuint (plum_entry_get_lifetime (entry), ==, 600);
  g_assert_cmpstr (client, ==, LOCAL);
}

static void
test_list_in_one_go (Fixture *f, gconstpointer data)
{
  test_list (f, data);
  g_assert_cmpuint (f->igd->counts.get_generic, ==, 0);
}

static void
test_list_repeated (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 1);
}

static void
test_list_empty (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 0);
}

/* The user named the entry: it is deleted whichever host it belongs to. */
static void
test_delete_entry (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) stranger = g_inet_address_new_from_string (STRANGER);
  g_autoptr (PlumEntry) entry =
    plum_entry_new (PLUM_PROTOCOL_TCP, 9000, 80, stranger, NULL, 600, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  done = call (f, PLUM_CALL_DELETE_ENTRY, &args);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static const UpnpTest tests[] = {
  { "unmap/ours", { 0 }, test_unmap },
  { "unmap/gone", { 0 }, test_unmap_gone },
  { "unmap/star", { .star_on_delete = TRUE }, test_unmap_star },
  { "unmap/refused", { .delete_fault = 606 }, test_unmap_refused },
  { "unmap/nothing-requested", { 0 }, test_unmap_nothing_requested },
  { "unmap/by-lease-alone", { 0 }, test_unmap_by_lease_alone },
  { "unmap/by-lease-alone-unreadable", { .specific_fault = 401 }, test_unmap_by_lease_alone },
  { "unmap/without-token", { 0 }, test_unmap_without_token },
  { "unmap/by-lease-taken-over", { 0 }, test_unmap_by_lease_taken_over },
  { "unmap/moved", { 0 }, test_unmap_moved },
  { "unmap/moved-spares-others", { 0 }, test_unmap_moved_spares_others },
  { "unmap/moved-unreadable", { .specific_fault = 401 }, test_unmap_moved_unreadable },
  { "unmap/forged-token", { 0 }, test_unmap_forged_token },
  { "unmap/token-of-another-backend", { 0 }, test_unmap_other_token },

  { "check/there", { 0 }, test_check },
  { "check/disabled", { 0 }, test_check_disabled },
  { "check/gone", { 0 }, test_check_gone },
  { "check/taken-over", { 0 }, test_check_taken_over },
  { "check/hostile-client", { 0 }, test_check_hostile_client },
  { "check/other-port-of-ours", { 0 }, test_check_other_port_of_ours },
  { "check/unknown", { .specific_fault = 401 }, test_check_unknown },
  { "check/unknown-by-501", { .specific_fault = 501 }, test_check_unknown },

  { "lost/refused", { 0 }, test_lost_refused },
  { "lost/not-found", { 0 }, test_lost_not_found },
  { "lost/not-found-by-an-add", { .specific_fault = 401 }, test_lost_unshown },
  { "lost/and-found", { 0 }, test_lost_and_found },
  { "lost/and-remembered", { .timed_fault = 725 }, test_lost_and_remembered },

  { "address/requested", { 0 }, test_address },
  { "address/just-read", { 0 }, test_address_just_read },
  { "address/none", { .external_address = "" }, test_address_none },
  { "address/lost", { 0 }, test_address_lost },

  { "list/one-by-one", { 0 }, test_list },
  { "list/v2", { .version = 2 }, test_list_in_one_go },
  { "list/v2-in-cdata", { .version = 2, .list_in_cdata = TRUE }, test_list_in_one_go },
  { "list/v2-refused", { .version = 2, .list_fault = 606 }, test_list },
  { "list/repeated-entry", { .repeat_entry = TRUE }, test_list_repeated },
  { "list/empty", { 0 }, test_list_empty },
  { "list/empty-v2", { .version = 2 }, test_list_empty },
  { "list/delete-entry", { 0 }, test_delete_entry },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
