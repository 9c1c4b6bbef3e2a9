/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.31"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* The hosts at both ends of an entry: RemoteHost and InternalClient. */

#define REMOTE "203.0.113.7"
#define PRINTER UPNP_TEST_NET ".50"
#define SECURE "it may be in “secure mode”, in which a host can map ports only to itself"

static PlumCall *
ask (Fixture *f, PlumCallKind kind, PlumLease *lease, const char *internal, const char *remote)
{
  g_autoptr (PlumRequest) request = test_request_new_for_hosts (internal, remote);
  const PlumCallArgs args = { .request = request, .lease = lease };

  return call (f, kind, &args);
}

static PlumCall *
map_for (Fixture *f, const char *internal, const char *remote)
{
  discover (f);
  return ask (f, PLUM_CALL_MAP, NULL, internal, remote);
}

static void
assert_fails (PlumCall *done, PlumError code, const char *message)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* --- RemoteHost --- */

static void
test_remote (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);
  g_autoptr (PlumCall) check = NULL;
  g_autoptr (PlumCall) renewed = NULL;
  g_autoptr (PlumCall) unmapped = NULL;
  PlumLease *lease = plum_call_get_lease (done);
  guint n_read;

  g_assert_no_error (plum_call_get_error (done));
  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpstr (find (f, 8080)->remote, ==, REMOTE);

  check = ask (f, PLUM_CALL_CHECK, lease, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (check));
  n_read = f->igd->counts.get_generic;
  renewed = ask (f, PLUM_CALL_MAP, NULL, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (renewed));
  g_assert_cmpuint (f->igd->counts.get_generic, ==, n_read);

  unmapped = ask (f, PLUM_CALL_UNMAP, lease, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The router reports the entry without its remote host: it is deleted. */
static void
test_ignored (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);

  assert_fails (done, PLUM_ERROR_NOT_SUPPORTED,
                "UPnP: " GATEWAY
                " reports that port 8080 is open to all hosts, not only to " REMOTE);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_unread (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);

  assert_fails (done, PLUM_ERROR_NOT_SUPPORTED,
                "UPnP: " GATEWAY " does not report whether port 8080 is open only to " REMOTE);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* What may remain is left to core, which deletes it again. */
static void
test_ignored_and_not_deleted (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);
  g_autoptr (PlumCall) unmapped = NULL;

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "may remain on the router"));
  f->igd->switches.delete_fault = 0;
  unmapped = ask (f, PLUM_CALL_UNMAP, NULL, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_only_wildcard (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);

  assert_fails (done, PLUM_ERROR_NOT_SUPPORTED,
                "UPnP: " GATEWAY " refused AddPortMapping (error 726, Fake): it cannot restrict a "
                "mapping to one remote host");
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

static void
test_network (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, "203.0.113.0/24");

  assert_fails (done, PLUM_ERROR_NOT_SUPPORTED,
                "UPnP: the protocol can restrict a mapping to one remote host, but not to several "
                "or to a network; PCP can");
  g_assert_cmpuint (f->igd->counts.add, ==, 0);
}

/* The entry for all hosts would be replaced by a router that does not distinguish them. */
static void
test_entry_for_all_hosts_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 80, STRANGER, 0);
  done = map_for (f, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (done)), !=, 8080);
  g_assert_cmpstr (find (f, 8080)->client, ==, STRANGER);
}

/* The same for an entry of this host, which another program has made. */
static void
test_own_entry_for_all_hosts_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 80, LOCAL, 0);
  done = map_for (f, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (done)), !=, 8080);
  g_assert_null (find (f, 8080)->remote);
}

/* A program that was restarted takes over its restricted entry. */
static void
test_own_restricted_entry (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);
  g_autoptr (PlumCall) again = NULL;

  g_clear_object (&done);
  renew_backend (f);
  again = map_for (f, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (again));
  assert_lease (plum_call_get_lease (again), 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* --- InternalClient --- */

static void
test_other_host (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, PRINTER, NULL);
  g_autoptr (PlumCall) check = NULL;
  g_autoptr (PlumCall) unmapped = NULL;
  PlumLease *lease = plum_call_get_lease (done);

  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpstr (find (f, 8080)->client, ==, PRINTER);
  check = ask (f, PLUM_CALL_CHECK, lease, PRINTER, NULL);
  g_assert_no_error (plum_call_get_error (check));
  unmapped = ask (f, PLUM_CALL_UNMAP, lease, PRINTER, NULL);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* A later run deletes it with the data of the record. */
static void
test_other_host_by_another_run (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, PRINTER, NULL);
  g_autoptr (PlumLease) lease = g_object_ref (plum_call_get_lease (done));
  g_autoptr (PlumCall) unmapped = NULL;

  g_clear_object (&done);
  renew_backend (f);
  unmapped = ask (f, PLUM_CALL_UNMAP, lease, PRINTER, NULL);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The other host has mapped the port itself meanwhile. */
static void
test_entry_of_the_other_host_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, PRINTER, NULL);
  g_autoptr (PlumLease) lease = g_object_ref (plum_call_get_lease (done));
  g_autoptr (PlumCall) unmapped = NULL;

  g_free (find (f, 8080)->description);
  find (f, 8080)->description = g_strdup ("Printer IPP");
  g_clear_object (&done);
  renew_backend (f);
  unmapped = ask (f, PLUM_CALL_UNMAP, lease, PRINTER, NULL);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_nonnull (find (f, 8080));
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

static void
test_secure_mode (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, PRINTER, NULL);
  int fault = f->igd->switches.other_client_fault != 0 ? 718 : 606;
  g_autofree char *message =
    g_strdup_printf ("UPnP: " GATEWAY " refused AddPortMapping (error %s): " SECURE,
                     fault == 718 ? "718" : "606, Fake");

  assert_fails (done, PLUM_ERROR_REFUSED, message);
  g_assert_cmpuint (f->igd->counts.add, <=, 2);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The same port of this host is another mapping. */
static void
test_both_hosts (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) other = map_for (f, PRINTER, NULL);
  g_autoptr (PlumCall) own = map_call (f, 80, 8080, LIFETIME);

  g_assert_no_error (plum_call_get_error (own));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (own)), !=, 8080);
  g_assert_cmpstr (find (f, 8080)->client, ==, PRINTER);
}

/* --- Lists --- */

static void
test_list (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for (f, NULL, REMOTE);
  g_autoptr (PlumCall) listed = NULL;
  g_autoptr (PlumCall) deleted = NULL;
  g_autoptr (PlumEntry) entry = NULL;
  PlumCallArgs args = { NULL };

  g_assert_no_error (plum_call_get_error (done));
  listed = call (f, PLUM_CALL_LIST, NULL);
  entry = g_list_model_get_item (plum_call_get_entries (listed), 0);
  g_assert_cmpstr (plum_entry_get_remote_host (entry), ==, REMOTE);
  g_assert_cmpuint (g_inet_address_mask_get_length (plum_entry_get_remote_address (entry)), ==, 32);

  /* It is looked up and deleted by its remote host. */
  args.entry = entry;
  deleted = call (f, PLUM_CALL_DELETE_ENTRY, &args);
  g_assert_no_error (plum_call_get_error (deleted));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

#define WORKS .remote_hosts = TRUE
#define BY_KEY .remote_hosts = TRUE, .remote_in_key = TRUE

static const UpnpTest tests[] = {
  { "remote/restricted", { WORKS }, test_remote },
  { "remote/restricted-by-key", { BY_KEY }, test_remote },
  { "remote/restricted-on-v2", { WORKS, .version = 2 }, test_remote },
  { "remote/ignored", { .remote_ignored = TRUE }, test_ignored },
  { "remote/ignored-by-key", { .remote_ignored = TRUE, .remote_in_key = TRUE }, test_ignored },
  { "remote/ignored-on-v2", { .remote_ignored = TRUE, .version = 2 }, test_ignored },
  { "remote/not-reported", { .remote_unread = TRUE }, test_unread },
  { "remote/table-cannot-be-read", { WORKS, .generic_fault = 501 }, test_unread },
  { "remote/ignored-and-not-deleted",
    { .remote_ignored = TRUE, .delete_fault = 501 },
    test_ignored_and_not_deleted },
  { "remote/only-wildcard", { 0 }, test_only_wildcard },
  { "remote/network", { WORKS }, test_network },
  { "remote/entry-for-all-hosts-stays", { WORKS }, test_entry_for_all_hosts_stays },
  { "remote/own-entry-for-all-hosts-stays", { WORKS }, test_own_entry_for_all_hosts_stays },
  { "remote/own-restricted-entry", { WORKS }, test_own_restricted_entry },
  { "remote/list", { BY_KEY }, test_list },
  { "third-party/mapped", { .other_clients = TRUE }, test_other_host },
  { "third-party/mapped-on-v2", { .other_clients = TRUE, .version = 2 }, test_other_host },
  { "third-party/deleted-by-another-run",
    { .other_clients = TRUE },
    test_other_host_by_another_run },
  { "third-party/entry-of-the-other-host-stays",
    { .other_clients = TRUE },
    test_entry_of_the_other_host_stays },
  { "third-party/secure-mode-606", { 0 }, test_secure_mode },
  { "third-party/secure-mode-718", { .other_client_fault = 718 }, test_secure_mode },
  { "third-party/secure-mode-718-on-v2",
    { .other_client_fault = 718, .version = 2 },
    test_secure_mode },
  { "third-party/both-hosts", { .other_clients = TRUE }, test_both_hosts },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
