/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.3"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

#define REFUSED "UPnP: " GATEWAY " refused AddPortMapping (error "

/* Another host has a port of the router. */
static void
take_port (Fixture *f, guint external_port)
{
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, external_port, 80, STRANGER, 0);
}

static void
test_request (Fixture *f, gconstpointer data)
{
  const char *text;

  f->igd->switches.specific_fault = 602; /* the add is the last request */
  map_only (f, 8081);
  text = f->igd->last_request;
  g_assert_nonnull (strstr (text, "<NewRemoteHost></NewRemoteHost>"));
  g_assert_nonnull (strstr (text, "<NewInternalClient>" LOCAL "</NewInternalClient>"));
  g_assert_nonnull (strstr (text, "<NewProtocol>TCP</NewProtocol>"));
  g_assert_nonnull (strstr (text, "Host: " GATEWAY ":"));
}

static void
test_needs_discovery (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_call (f, 8080, 8080, LIFETIME);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
}

/* -- Renewals -- */

static void
test_renews (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) renewed = NULL;

  map_only (f, 8080);
  test_loop_advance (&f->loop, LIFETIME * 1000 / 2);
  renewed = map_port (f, 8080);
  assert_lease (renewed, 8080, LIFETIME, "1.2.3.4");
  test_loop_advance (&f->loop, LIFETIME * 1000 / 2 + 1000);
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080));
}

/* The known address has expired: it is read before the port is mapped (quirk 60). */
static void
test_renewal_reads_the_address (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) renewed = NULL;

  map_only (f, 8080);
  f->igd->switches.external_address = "1.2.3.5";
  test_loop_advance (&f->loop, LIFETIME * 1000 / 2);
  renewed = map_port (f, 8080);
  assert_lease (renewed, 8080, LIFETIME, "1.2.3.5");
}

/* Most of the lease remains: it is kept. */
static void
test_renewal_refused_early (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) kept = NULL;

  map_only (f, 8080);
  test_loop_advance (&f->loop, 100 * 1000);
  kept = map_port (f, 8080);
  assert_lease (kept, 8080, LIFETIME - 100, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* Little of the lease remains: the entry is replaced. */
static void
test_renewal_refused_late (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) renewed = NULL;

  map_only (f, 8080);
  test_loop_advance (&f->loop, LIFETIME * 1000 * 3 / 4);
  renewed = map_port (f, 8080);
  assert_lease (renewed, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, f->igd->switches.star_on_delete ? 2 : 1);
}

static void
hide_lease (const char *request, guint *status, GString *body, gpointer data)
{
  g_string_replace (body, "NewLeaseDuration", "X_Lease", 0);
}

/* The router refuses to renew the entry, and does not report its lease: what this process knows of
 * it counts. */
static void
test_renewal_refused_unreported (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) kept = NULL;
  g_autoptr (PlumLease) replaced = NULL;

  f->igd->edit = hide_lease;
  map_only (f, 8080);
  test_loop_advance (&f->loop, 100 * 1000);
  kept = map_port (f, 8080);
  assert_lease (kept, 8080, LIFETIME - 100, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);

  test_loop_advance (&f->loop, LIFETIME * 1000 / 2);
  replaced = map_port (f, 8080);
  assert_lease (replaced, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 1);
}

static void
test_permanent_renewal_refused_unreported (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) kept = NULL;

  f->igd->edit = hide_lease;
  map_only (f, 8080);
  kept = map_port (f, 8080);
  assert_lease (kept, 8080, PLUM_LIFETIME_FOREVER, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* An earlier process has added the entry: it is unknown how long it remains. */
static void
test_adopted_unreported (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  f->igd->edit = hide_lease;
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, LOCAL, 60);
  lease = map_port (f, 8080);
  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080)->lease, ==, LIFETIME);
}

/* -- Leases -- */

/* The router keeps the entry for a shorter time than requested (quirk 8), also after a renewal. */
static void
test_lease_shortened (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumLease) renewed = NULL;
  g_autoptr (PlumCall) second = NULL;

  assert_lease (lease, 8080, 120, "1.2.3.4");
  test_loop_advance (&f->loop, 60 * 1000);
  renewed = map_port (f, 8080);
  assert_lease (renewed, 8080, 120, "1.2.3.4");
  second = map_call (f, 8081, 8081, LIFETIME);
  g_assert_no_error (plum_call_get_error (second));
  assert_lease (plum_call_get_lease (second), 8081, 120, "1.2.3.4");
}

/* The number cannot be the lease: the mapping would be requested all the time. */
static void
test_lease_of_seconds (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
}

/* The router shortens only leases that are longer than those that were read back before. */
static void
test_longer_lease_shortened (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) shorter = NULL;
  g_autoptr (PlumCall) longer = NULL;

  discover (f);
  shorter = map_call (f, 8080, 8080, 120);
  assert_lease (plum_call_get_lease (shorter), 8080, 120, "1.2.3.4");
  longer = map_call (f, 8081, 8081, LIFETIME);
  assert_lease (plum_call_get_lease (longer), 8081, 120, "1.2.3.4");
}

/* The router counts the lease down: that does not shorten it. */
static void
test_lease_counts_down (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumLease) renewed = NULL;
  guint posts = f->igd->counts.posts;

  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  renewed = map_port (f, 8080);
  assert_lease (renewed, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.posts - posts, ==, 1);
}

static void
test_permanent_only (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, 8080, PLUM_LIFETIME_FOREVER, "1.2.3.4");
  g_assert_cmpuint (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080)->lease, ==, 0);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
}

static void
test_permanent_is_remembered (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) second = NULL;

  map_only (f, 8080);
  second = map_port (f, 8080);
  assert_lease (second, 8080, PLUM_LIFETIME_FOREVER, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add, ==, 3);
}

static void
test_week_only (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, 8080, 604800, "1.2.3.4");
}

/* Requests a permanent lease, which the router may refuse. */
static void
assert_permanent_lease_gives (Fixture *f, guint lifetime)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 8080, PLUM_LIFETIME_FOREVER);
  g_assert_no_error (plum_call_get_error (done));
  assert_lease (plum_call_get_lease (done), 8080, lifetime, "1.2.3.4");
}

static void
test_permanent_lease (Fixture *f, gconstpointer data)
{
  assert_permanent_lease_gives (f, PLUM_LIFETIME_FOREVER);
}

static void
test_permanent_lease_is_shortened (Fixture *f, gconstpointer data)
{
  assert_permanent_lease_gives (f, 86400);
}

static void
test_permanent_lease_is_an_hour (Fixture *f, gconstpointer data)
{
  assert_permanent_lease_gives (f, 3600);
}

static void
test_permanent_lease_is_a_week (Fixture *f, gconstpointer data)
{
  assert_permanent_lease_gives (f, 604800);
}

/* -- Ports -- */

/* The internal port is next, and the entry of the other host is not changed. */
static void
test_conflict (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  take_port (f, 9000);
  lease = map_port (f, 9000);
  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

static void
test_conflict_of_internal_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  take_port (f, 8080);
  lease = map_port (f, 8080);
  g_assert_cmpuint (plum_lease_get_external_port (lease), >=, 1024);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 8080);
}

/* The router's table tells which ports are free. */
static void
test_conflict_on_v2 (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  take_port (f, 9000);
  lease = map_port (f, 9000);
  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add_any, ==, 0);
}

static void
test_conflict_without_table (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  take_port (f, 9000);
  lease = map_port (f, 9000);
  assert_lease (lease, 9001, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add_any, ==, 1);
}

/* Another program of this host: AddAnyPortMapping would grant its port again. stranger: another
 * host has the requested port, and the program the next one. */
static void
assert_spares_program (Fixture *f, gboolean stranger)
{
  guint port = stranger ? 9001 : 9000;
  g_autoptr (PlumLease) lease = NULL;
  FakeIgdEntry *entry;

  if (stranger)
    take_port (f, 9000);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, port, 7000, LOCAL, 0);
  lease = map_port (f, 9000);
  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  entry = fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
  g_assert_cmpuint (entry->internal_port, ==, 7000);
}

static void
test_conflict_with_program (Fixture *f, gconstpointer data)
{
  assert_spares_program (f, FALSE);
}

static void
test_conflict_beside_program (Fixture *f, gconstpointer data)
{
  assert_spares_program (f, TRUE);
}

/* All other ports are refused, so only AddAnyPortMapping is left. */
static void
test_refused_beside_program (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  FakeIgdEntry *entry;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 7000, LOCAL, 0);
  discover (f);
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (done));
  entry = fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000);
  g_assert_cmpuint (entry->internal_port, ==, 7000);
  g_assert_cmpuint (f->igd->counts.add_any, ==, 0);
}

/* The next port is held by this process; miniupnpd would grant it again. */
static void
test_conflict_beside_own_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumLease) second = NULL;

  discover (f);
  first = map_call (f, 9090, 9001, LIFETIME);
  assert_lease (plum_call_get_lease (first), 9001, LIFETIME, "1.2.3.4");
  take_port (f, 9000);
  second = map_port (f, 9000);
  assert_lease (second, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9001)->internal_port, ==, 9090);
}

/* The router refused to renew the entry (quirk 10): the old one must not remain. */
static void
test_renewal_moves (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) first = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  test_loop_advance (&f->loop, LIFETIME / 2 * 1000 + 1000);
  f->igd->switches.add_fault = 501;
  f->igd->switches.add_fault_port = 9000;
  second = map_port (f, 9000);
  assert_lease (second, 8080, LIFETIME, "1.2.3.4");
  g_assert_null (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* A repeated delete that fails as well is not remembered. */
static void
test_star_does_not_help (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) first = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  test_loop_advance (&f->loop, LIFETIME / 2 * 1000 + 1000);
  f->igd->switches.add_fault = 501;
  f->igd->switches.add_fault_port = 9000;
  f->igd->switches.delete_fault = 402;
  second = map_port (f, 9000);
  assert_lease (second, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.delete, ==, 2);

  f->igd->switches.delete_fault = 0;
  unmap_port (f, second);
  g_assert_null (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080));
  g_assert_cmpuint (f->igd->counts.delete, ==, 3);
}

/* The entry has more than half of its lease left: nothing is gained by another port. */
static void
test_renewal_refused_too_early (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) first = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  test_loop_advance (&f->loop, 100 * 1000);
  f->igd->switches.add_fault = 501;
  second = map_port (f, 9000);
  assert_lease (second, 9000, LIFETIME - 100, "1.2.3.4");
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* Another host has the port now: its entry is not deleted. */
static void
test_renewal_is_taken_over (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) first = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  fake_igd_wipe (f->igd);
  take_port (f, 9000);
  second = map_port (f, 9000);
  assert_lease (second, 8080, LIFETIME, "1.2.3.4");
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000));
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* The router does not delete the old entry: the new lease is still valid. */
static void
test_renewal_leaves_the_old (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) first = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  test_loop_advance (&f->loop, LIFETIME / 2 * 1000 + 1000);
  f->igd->switches.add_fault = 501;
  f->igd->switches.add_fault_port = 9000;
  second = map_port (f, 9000);
  assert_lease (second, 8080, LIFETIME, "1.2.3.4");
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000));
}

static void
test_conflict_without_any (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;
  g_autoptr (PlumLease) second = NULL;

  take_port (f, 9000);
  take_port (f, 9001);
  lease = map_port (f, 9000);
  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");

  /* The backend remembers that the action is missing. */
  second = map_port (f, 9001);
  g_assert_cmpuint (f->igd->counts.add_any, ==, 1);
}

static void
test_conflict_with_all (Fixture *f, gconstpointer data)
{
  assert_map_fails (f, 8080, PLUM_ERROR_CONFLICT,
                    REFUSED "718, Fake): every port that was tried is taken");
  g_assert_cmpuint (f->igd->counts.add, ==, 10);
}

/* Two ports of this host must not get the same external port (quirk 50). */
static void
test_own_port_is_taken (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 8080);
  done = map_call (f, 9090, 8080, LIFETIME);
  assert_lease (plum_call_get_lease (done), 9090, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080)->internal_port, ==, 8080);
}

static void
test_same_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
  /* The backend remembers it. */
  second = map_port (f, 9001);
  assert_lease (second, 8080, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add, ==, 3);
}

static void
test_gives_internal_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
}

static void
test_privileged (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 80);

  assert_lease (lease, 8080, LIFETIME, "1.2.3.4");
}

static void
test_privileged_internal (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 443, 443, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (done)), >=, 1024);
}

/* -- Refusals -- */

static void
test_refused_by_settings (Fixture *f, gconstpointer data)
{
  assert_map_fails (f, 8080, PLUM_ERROR_REFUSED,
                    REFUSED "606, Fake): allow this host to open ports in the router's settings");
}

static void
test_table_full (Fixture *f, gconstpointer data)
{
  take_port (f, 1);
  assert_map_fails (f, 8080, PLUM_ERROR_NO_RESOURCES,
                    REFUSED "728, Fake): its table is full: delete unused entries");
}

static void
test_description_too_long (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (PlumRequest) request = plum_request_new (PLUM_PROTOCOL_UDP, 8080, 8080, FALSE, NULL,
                                                      LIFETIME, "a rather long description", key);
  const PlumCallArgs args = { request, NULL, NULL };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_MAP, &args);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_UDP, 8080)->description, ==, "plum");
}

static void
test_bare_error (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_true (
    g_str_has_prefix (plum_call_get_error (done)->message,
                      "UPnP: " GATEWAY
                      " refused AddPortMapping (HTTP 500 without a reason): check whether UPnP is "
                      "enabled in the router's settings; TCP port "));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_empty_answer (Fixture *f, gconstpointer data)
{
  assert_map_fails (f, 8080, PLUM_ERROR_MALFORMED,
                    "UPnP: " GATEWAY
                    " sent an empty answer to AddPortMapping, and port 8080 is not "
                    "in its table");
}

static void
test_login_page (Fixture *f, gconstpointer data)
{
  /* The router has carried out the request: its table has the entry. */
  map_only (f, 8080);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

/* -- The external address -- */

static void
test_address (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, 8080, LIFETIME, f->igd->switches.external_address);
}

static void
test_no_address (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, 8080, LIFETIME, NULL);
}

/* -- Timeouts and concurrency -- */

static void
test_silent (Fixture *f, gconstpointer data)
{
  g_autofree char *message = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->switches.http_silent = TRUE;
  message = g_strdup_printf ("UPnP: AddPortMapping: no answer from " GATEWAY " port %u in 5.0 s; "
                             "TCP port 8080 may remain on the router for up to %u s",
                             f->igd->port, LIFETIME);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
  g_assert_null (f->lost);
}

/* A request without an answer may have succeeded: the delete that follows finds the entry. */
static void
test_silent_then_unmap (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->switches.http_silent = TRUE;
  done = map_call (f, 8080, 8081, LIFETIME);
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8081));

  f->igd->switches.http_silent = FALSE;
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_one_at_a_time (Fixture *f, gconstpointer data)
{
  PlumCall *calls[20];

  discover (f);
  f->igd->switches.delay_ms = 10;
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (PlumRequest) request =
        test_request_new (PLUM_PROTOCOL_UDP, 5000 + i, 5000 + i, LIFETIME, 1);
      const PlumCallArgs args = { request, NULL, NULL };

      calls[i] = plum_backend_call (f->backend, PLUM_CALL_MAP, &args, TIMEOUT, NULL, NULL);
    }
  /* A look and an add each, and one more look after the first one. */
  test_loop_advance (&f->loop, 2000);

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_nonnull (plum_call_get_lease (calls[i]));
      g_object_unref (calls[i]);
    }
  g_assert_cmpuint (f->igd->counts.most_at_once, ==, 1);
  g_assert_cmpuint (f->igd->counts.add, ==, G_N_ELEMENTS (calls));
}

/* Core cancels two requests at any moment, the first in progress, the second queued. */
static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, LIFETIME, 1);
  const PlumCallArgs args = { request, NULL, NULL };

  discover (f);
  for (guint turns = 0; turns < 20; turns++)
    {
      g_autoptr (PlumCall) first =
        plum_backend_call (f->backend, PLUM_CALL_MAP, &args, TIMEOUT, NULL, NULL);
      g_autoptr (PlumCall) second =
        plum_backend_call (f->backend, PLUM_CALL_MAP, &args, TIMEOUT, NULL, NULL);

      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (f->loop.context, FALSE);
      plum_call_cancel (first);
      plum_call_cancel (second);
    }
}

static const UpnpTest tests[] = {
  { "map/request", { 0 }, test_request },
  { "map/needs-discovery", { 0 }, test_needs_discovery },

  { "map/renews", { 0 }, test_renews },
  { "map/renewal-reads-the-address", { 0 }, test_renewal_reads_the_address },
  { "map/renewal-refused-early", { .refuse_renewal = TRUE }, test_renewal_refused_early },
  { "map/renewal-refused-late", { .refuse_renewal = TRUE }, test_renewal_refused_late },

  { "map/permanent-lease-only", { .timed_fault = 725 }, test_permanent_only },
  { "map/permanent-lease-only-on-v2", { .timed_fault = 725, .version = 2 }, test_permanent_only },
  { "map/permanent-lease-only-by-402",
    { .timed_fault = 402, .xml_bad_utf8 = TRUE },
    test_permanent_only },
  { "map/permanent-lease-only-by-501", { .timed_fault = 501 }, test_permanent_only },
  { "map/permanent-lease-only-by-bare-500",
    { .timed_fault = 501, .bare_faults = TRUE },
    test_permanent_only },
  { "map/permanent-lease-only-by-911",
    { .timed_fault = -911, .fault_with_200 = TRUE },
    test_permanent_only },
  { "map/permanent-lease-is-remembered", { .timed_fault = 725 }, test_permanent_is_remembered },
  { "map/week-only",
    { .timed_fault = 402, .permanent_fault = 402, .min_lease = 604800 },
    test_week_only },
  { "map/permanent-lease-requested", { 0 }, test_permanent_lease },
  { "map/renewal-refused-late-star",
    { .refuse_renewal = TRUE, .star_on_delete = TRUE },
    test_renewal_refused_late },
  { "map/renewal-refused-unreported", { .refuse_renewal = TRUE }, test_renewal_refused_unreported },
  { "map/permanent-renewal-refused-unreported",
    { .refuse_renewal = TRUE, .timed_fault = 725 },
    test_permanent_renewal_refused_unreported },
  { "map/adopted-unreported", { .refuse_renewal = TRUE }, test_adopted_unreported },
  { "map/lease-shortened", { .longest_lease = 120 }, test_lease_shortened },
  { "map/lease-of-seconds", { .longest_lease = 1 }, test_lease_of_seconds },
  { "map/longer-lease-shortened", { .longest_lease = 120 }, test_longer_lease_shortened },
  { "map/lease-counts-down", { .delay_ms = 1500 }, test_lease_counts_down },
  { "map/permanent-lease-requested-on-v2-and-shortened",
    { .version = 2, .longest_lease = 86400 },
    test_permanent_lease_is_shortened },
  { "map/permanent-lease-requested-refused-by-402",
    { .permanent_fault = 402 },
    test_permanent_lease_is_an_hour },
  { "map/permanent-lease-requested-refused-by-501",
    { .permanent_fault = 501 },
    test_permanent_lease_is_an_hour },
  { "map/permanent-lease-requested-and-an-hour-refused",
    { .permanent_fault = 402, .timed_fault = 402, .min_lease = 7200 },
    test_permanent_lease_is_a_week },
  { "map/permanent-lease-requested-on-v2", { .version = 2 }, test_permanent_lease_is_a_week },

  { "map/conflict", { 0 }, test_conflict },
  { "map/conflict-by-729", { .conflict_fault = 729 }, test_conflict },
  { "map/conflict-by-501", { .conflict_fault = 501 }, test_conflict },
  { "map/conflict-by-728", { .conflict_fault = 728 }, test_conflict },
  { "map/conflict-by-606", { .conflict_fault = 606 }, test_conflict },
  { "map/conflict-of-internal-port", { 0 }, test_conflict_of_internal_port },
  { "map/conflict-on-v2", { .version = 2 }, test_conflict_on_v2 },
  { "map/conflict-without-table",
    { .version = 2, .specific_fault = 401 },
    test_conflict_without_table },
  { "map/conflict-with-program", { .version = 2 }, test_conflict_with_program },
  { "map/conflict-beside-program", { .version = 2 }, test_conflict_beside_program },
  { "map/refused-beside-program", { .version = 2, .add_fault = 606 }, test_refused_beside_program },
  { "map/conflict-beside-own-port", { .version = 2 }, test_conflict_beside_own_port },
  { "map/renewal-moves", { 0 }, test_renewal_moves },
  { "map/renewal-moves-star", { .star_on_delete = TRUE }, test_renewal_moves },
  { "map/renewal-moves-star-does-not-help", { 0 }, test_star_does_not_help },
  { "map/renewal-refused-by-501-early", { 0 }, test_renewal_refused_too_early },
  { "map/renewal-is-taken-over", { 0 }, test_renewal_is_taken_over },
  { "map/renewal-leaves-the-old", { .delete_fault = 501 }, test_renewal_leaves_the_old },
  { "map/renewal-leaves-the-old-unreadable",
    { .specific_fault = 501 },
    test_renewal_leaves_the_old },
  { "map/conflict-without-any",
    { .version = 2, .specific_fault = 401, .add_any_fault = 602 },
    test_conflict_without_any },
  { "map/conflict-without-any-by-401",
    { .version = 2, .specific_fault = 401, .add_any_fault = 401 },
    test_conflict_without_any },
  { "map/conflict-with-all", { .add_fault = 718 }, test_conflict_with_all },
  { "map/own-port-is-taken", { 0 }, test_own_port_is_taken },
  { "map/same-port-required", { .same_port = TRUE }, test_same_port },
  { "map/wildcard-port-refused",
    { .add_fault = 716, .add_fault_port = 9000 },
    test_gives_internal_port },
  { "map/privileged-port", { .no_privileged = TRUE }, test_privileged },
  { "map/privileged-internal-port", { .no_privileged = TRUE }, test_privileged_internal },

  { "map/refused-by-settings", { .add_fault = 606 }, test_refused_by_settings },
  { "map/table-full", { .table_size = 1 }, test_table_full },
  { "map/description-too-long", { .max_description = 8 }, test_description_too_long },
  { "map/bare-error", { .add_fault = 501, .bare_faults = TRUE }, test_bare_error },
  { "map/empty-answer", { .empty_success = TRUE, .ignore_adds = TRUE }, test_empty_answer },
  { "map/login-page", { .html_success = TRUE }, test_login_page },

  { "map/address-private", { .external_address = "192.168.0.2" }, test_address },
  { "map/address-cgnat", { .external_address = "100.64.0.1" }, test_address },
  { "map/address-zero", { .external_address = "0.0.0.0" }, test_no_address },
  { "map/address-empty", { .external_address = "" }, test_no_address },
  { "map/address-loopback", { .external_address = "127.0.0.1" }, test_no_address },
  { "map/address-text", { .external_address = "unknown" }, test_no_address },
  { "map/address-v6", { .external_address = "2001:db8::1" }, test_no_address },
  { "map/address-fault", { .address_fault = 501 }, test_no_address },

  { "map/silent", { 0 }, test_silent },
  { "map/silent-then-unmap", { 0 }, test_silent_then_unmap },
  { "map/one-at-a-time", { 0 }, test_one_at_a_time },
  { "map/cancelled", { 0 }, test_cancelled },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
