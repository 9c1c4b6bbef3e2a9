/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.36"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* UPnP with a router beyond the first one, which translates the address of this host. */

#define FIRST "127.77.37.1"
#define FIRST_WAN "192.168.0.50"

/* Replaces the backend by one whose gateway is beyond the first router. */
static void
go_beyond (Fixture *f)
{
  test_loop_settle (&f->loop);
  g_signal_handlers_disconnect_by_data (f->backend, f);
  g_assert_finalize_object (f->backend);
  g_assert_finalize_object (f->network);
  f->network = test_network_new_beyond (FIRST, GATEWAY, LOCAL, FIRST_WAN);
  f->backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, f->network);
  f->igd->switches.translated = FIRST_WAN;
}

/* The entry leads to the first router, as that is the source that the device sees. */
static void
test_maps (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;
  FakeIgdEntry *entry;

  go_beyond (f);
  lease = map_port (f, 9000);
  assert_lease (lease, 9000, LIFETIME, "1.2.3.4");
  entry = fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000);
  g_assert_nonnull (entry);
  g_assert_cmpstr (entry->client, ==, FIRST_WAN);
  g_assert_cmpuint (entry->internal_port, ==, 8080);
  assert_check (f, lease, -1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static gboolean
on_is_observed (gpointer user_data)
{
  return TRUE;
}

static void
on_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  if (event->kind == PLUM_BACKEND_NOTE)
    g_string_append_printf (user_data, "%s\n", event->text);
}

/* The notes name the router that is meant. */
static void
test_notes (Fixture *f, gconstpointer data)
{
  static const PlumBackendObserver note_taker = {
    .is_observed = on_is_observed,
    .handle_event = on_event,
  };
  g_autoptr (GString) notes = g_string_new (NULL);

  go_beyond (f);
  plum_backend_set_observer (f->backend, &note_taker, notes);
  discover (f);
  plum_backend_set_observer (f->backend, NULL, NULL);
  g_assert_nonnull (
    strstr (notes->str, " of " GATEWAY ", the second router on the path to the internet\n"));
  g_assert_null (strstr (notes->str, "default gateway"));
}

/* The port belongs to another client of the outer router, and to this host's own address there. */
static void
test_other_client (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  go_beyond (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, LOCAL, 0);
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, LOCAL);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* No search is sent to the group, so that no other device is found. */
static void
test_no_other_device (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  FakeIgd *other = fake_igd_new (OTHER);

  go_beyond (f);
  f->igd->neighbour = other; /* it hears the searches, and answers them */
  f->igd->switches.ssdp_silent = TRUE;
  done = call (f, PLUM_CALL_DISCOVER, NULL);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->igd->counts.searches, >, 0);
  g_assert_cmpuint (other->counts.searches, >, 0);
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  f->igd->neighbour = NULL;
  fake_igd_free (other);
}

/* A description on another host is not read, neither there nor on the router. */
static void
test_location_elsewhere (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  FakeIgd *other = fake_igd_new (OTHER);

  go_beyond (f);
  done = call (f, PLUM_CALL_DISCOVER, NULL);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 0);
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  fake_igd_free (other);
}

/* An entry that an earlier run made while the first router had another external address. */
static void
test_moved (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) former = g_inet_address_new_from_string ("192.168.0.49");
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 9000, LIFETIME, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 9000, LIFETIME, NULL);
  const PlumCallArgs args = { .request = request, .lease = lease, .local_address = former };
  g_autoptr (PlumCall) done = NULL;

  go_beyond (f);
  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, "192.168.0.49", 0);
  done = call (f, PLUM_CALL_UNMAP_MOVED, &args);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static const UpnpTest tests[] = {
  { "beyond/maps", { 0 }, test_maps },
  { "beyond/maps-on-v2", { .version = 2 }, test_maps },
  { "beyond/other-client", { 0 }, test_other_client },
  { "beyond/no-other-device", { 0 }, test_no_other_device },
  { "beyond/location-elsewhere", { .location_host = OTHER }, test_location_elsewhere },
  { "beyond/moved", { 0 }, test_moved },
  { "beyond/notes", { 0 }, test_notes },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
