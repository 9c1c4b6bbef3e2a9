/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.2"

#include "upnp-fixture.h"

#include "plum-backend-private.h"
#include "upnp-link.h"

const char upnp_test_net[] = UPNP_TEST_NET;

#define NO_GATEWAY_1 "UPnP: 1 device answered; it is not an internet gateway"
#define ANSWERED "UPnP: " GATEWAY " answered the search, but "
#define MAY_HELP "; restarting it may help"

/* The minimum of round trips. */
static void
test_minimum (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  g_assert_cmpuint (f->igd->counts.searches, ==, 1);
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_status, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_address, ==, 1);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  /* A look before the first add, and a look whether the router keeps it. */
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  /* No other action (quirk 62). */
  g_assert_cmpuint (f->igd->counts.posts, ==, 5);
}

static void
test_gateway_at_once (Fixture *f, gconstpointer data)
{
  gint64 before = plum_clock_get_time (f->loop.clock);

  discover (f);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, before);
}

static void
test_no_answer (Fixture *f, gconstpointer data)
{
  gint64 before = plum_clock_get_time (f->loop.clock);

  assert_discover_fails (f, PLUM_ERROR_TIMED_OUT, "UPnP: no device answered the search in 9.7 s");
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - before, ==, 9700 * 1000);
  /* Five targets, three times. */
  g_assert_cmpuint (f->igd->counts.searches, ==, 15);
}

static void
test_search_times (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) pending =
    plum_backend_call (f->backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT, NULL, NULL);

  /* The fake does not receive multicast: these are the searches to the gateway. */
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->igd->counts.searches, ==, 1);
  test_loop_advance (&f->loop, 199);
  g_assert_cmpuint (f->igd->counts.searches, ==, 1);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpuint (f->igd->counts.searches, ==, 5);
  test_loop_advance (&f->loop, 299);
  g_assert_cmpuint (f->igd->counts.searches, ==, 5);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpuint (f->igd->counts.searches, ==, 10);
  test_loop_advance (&f->loop, 999);
  g_assert_cmpuint (f->igd->counts.searches, ==, 10);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpuint (f->igd->counts.searches, ==, 15);
  plum_call_cancel (pending);
}

static void
test_no_igd (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED, NO_GATEWAY_1);
}

static void
test_other_device (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED, NO_GATEWAY_1);
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 0);
}

static void
test_several_devices (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  other->switches = f->igd->switches;
  f->igd->neighbour = other;
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         "UPnP: 2 devices answered; none is an internet gateway");
  fake_igd_free (other);
}

static void
test_description_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *message =
    g_strdup_printf (ANSWERED "its description cannot be read: " GATEWAY " port %u: Could not "
                              "connect to " GATEWAY ": Connection refused" MAY_HELP,
                     f->igd->port);

  fake_igd_stop_http (f->igd);
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED, message);
  g_assert_null (f->lost);
}

static void
test_description_silent (Fixture *f, gconstpointer data)
{
  g_autofree char *message =
    g_strdup_printf (ANSWERED "its description cannot be read: no answer from " GATEWAY
                              " port %u in 4.0 s" MAY_HELP,
                     f->igd->port);

  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED, message);
}

static void
test_control_gone (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         ANSWERED "its control URL answers HTTP 404 without SOAP" MAY_HELP);
  g_assert_null (f->lost);
}

static void
test_needs_login (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         ANSWERED "its control URL answers HTTP 401 without SOAP" MAY_HELP);
}

/* Discovers with another device on the link, and returns the chosen one. */
static FakeIgd *
discover_with (Fixture *f, FakeIgd *other)
{
  g_autoptr (PlumCall) done = NULL;

  f->igd->neighbour = other;
  discover (f);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  return fake_igd_n_entries (other) > 0 ? other : f->igd;
}

/* Another device than the gateway is examined after the window has expired. */
static void
test_other_igd (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  gint64 before = plum_clock_get_time (f->loop.clock);

  g_assert_true (discover_with (f, other) == other);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - before, ==, 2600 * 1000);
  fake_igd_free (other);
}

static void
test_gateway_first (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  g_assert_true (discover_with (f, other) == f->igd);
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  fake_igd_free (other);
}

/* The gateway is a mesh node without a connection to the internet (quirk 61). */
static void
test_better_igd (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  g_assert_true (discover_with (f, other) == other);
  fake_igd_free (other);
}

static void
test_neither_connected (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  other->switches = f->igd->switches;
  g_assert_true (discover_with (f, other) == f->igd);
  fake_igd_free (other);
}

/* The description of the gateway is invalid: the other devices still get their time. */
static void
test_other_igd_after_bad_gateway (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  other->switches.only_target = "urn:schemas-upnp-org:service:WANIPConnection:1";
  g_assert_true (discover_with (f, other) == other);
  fake_igd_free (other);
}

/* A root device that is not the gateway is not contacted. */
static void
test_root_device_elsewhere (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  other->switches.answer_target = "upnp:rootdevice";
  f->igd->neighbour = other;
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED, NO_GATEWAY_1);
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  fake_igd_free (other);
}

/* After a restart on another port, the next discovery finds the gateway. */
static void
test_again (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_restart (f->igd);
  discover (f);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
}

/* Core cancels at any moment: nothing is left behind and nothing is reported. */
static void
test_cancelled (Fixture *f, gconstpointer data)
{
  for (guint turns = 0; turns < 60; turns++)
    {
      g_autoptr (PlumCall) pending =
        plum_backend_call (f->backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT, NULL, NULL);

      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (f->loop.context, FALSE);
      plum_call_cancel (pending);
    }
}

/* -- Notes and traffic -- */

static void
on_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  if (event->kind == PLUM_BACKEND_NOTE)
    g_string_append_printf (user_data, "%s\n", event->text);
  else if (event->kind == PLUM_BACKEND_TRAFFIC)
    g_assert_cmpuint (g_bytes_get_size (event->bytes), >, 0);
}

static gboolean
on_is_observed (gpointer user_data)
{
  return TRUE;
}

static const PlumBackendObserver note_taker = {
  .is_observed = on_is_observed,
  .handle_event = on_event,
};

static void
test_notes (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autofree char *want =
    g_strdup_printf ("UPnP: answer of " GATEWAY " (fake/1.0 UPnP/1.1) accepted: "
                     "http://" GATEWAY ":%u/rootDesc.xml\n"
                     "UPnP: " GATEWAY
                     " is Fake & Sons F1 (A fake box), with 1 service that can map ports\n"
                     "UPnP: " GATEWAY ": urn:schemas-upnp-org:service:WANIPConnection:1 at port "
                     "%u/ctl/IPConn reports connected, a public address; rank 14\n"
                     "UPnP: chosen: urn:schemas-upnp-org:service:WANIPConnection:1 of " GATEWAY
                     ", the default gateway\n",
                     f->igd->port, f->igd->port);

  plum_backend_set_observer (f->backend, &note_taker, notes);
  discover (f);
  plum_backend_set_observer (f->backend, NULL, NULL);
  g_assert_cmpstr (notes->str, ==, want);
}

static void
test_notes_of_rejected (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) notes = g_string_new (NULL);

  plum_backend_set_observer (f->backend, &note_taker, notes);
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED, NO_GATEWAY_1);
  plum_backend_set_observer (f->backend, NULL, NULL);
  /* Fifteen answers, one note. */
  g_assert_cmpstr (notes->str, ==,
                   "UPnP: answer of " GATEWAY
                   " (fake/1.0 UPnP/1.1) rejected: it is not an internet gateway\n");
}

typedef struct
{
  guint sent;
  guint received;
} Traffic;

static void
on_counted_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  Traffic *traffic = user_data;
  GInetAddress *address;
  g_autofree char *name = NULL;

  if (event->kind != PLUM_BACKEND_TRAFFIC)
    return;

  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (event->peer));
  name = g_inet_address_to_string (address);
  if (!g_str_equal (name, GATEWAY))
    return;
  if (event->direction == PLUM_TRAFFIC_SENT)
    traffic->sent++;
  else
    traffic->received++;
}

static void
test_traffic (Fixture *f, gconstpointer data)
{
  static const PlumBackendObserver observer = {
    .is_observed = on_is_observed,
    .handle_event = on_counted_event,
  };
  Traffic traffic = { 0, 0 };

  plum_backend_set_observer (f->backend, &observer, &traffic);
  discover (f);
  plum_backend_set_observer (f->backend, NULL, NULL);
  /* One search, the description, the status and the address. */
  g_assert_cmpuint (traffic.sent, ==, 4);
  g_assert_cmpuint (traffic.received, ==, 4);
}

/* -- Which networks and addresses are excluded -- */

static void
test_point_to_point (void)
{
  TestLoop loop;
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (LOCAL);
  g_autoptr (PlumNetwork) network = NULL;
  g_autoptr (PlumBackend) backend = NULL;
  g_autoptr (PlumCall) done = NULL;

  test_loop_set_up (&loop, TRUE);
  network = plum_network_new ("lo", 1, NULL, local, FALSE);
  backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, network);
  done = test_call (&loop, backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_clear_object (&done);
  g_clear_object (&backend);
  test_loop_tear_down (&loop);
}

static void
test_may_contact (void)
{
  static const struct
  {
    const char *gateway;
    const char *address;
    gboolean may;
  } cases[] = {
    { "192.0.2.1", "192.0.2.1", TRUE },
    { "192.0.2.1", "127.0.0.1", FALSE },
    { "192.0.2.1", "198.51.100.1", FALSE },
    { "192.0.2.1", "224.0.0.1", FALSE },
    { "192.0.2.1", "0.0.0.0", FALSE },
    { "192.0.2.1", "fe80::1", FALSE },
    { GATEWAY, OTHER, TRUE },
    { GATEWAY, "192.0.2.1", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PlumNetwork) network = test_network_new (cases[i].gateway, LOCAL);
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (cases[i].address);

      g_test_message ("%s from behind %s", cases[i].address, cases[i].gateway);
      g_assert_cmpint (upnp_may_contact (network, address), ==, cases[i].may);
    }
}

/* -- A known description -- */

static void G_GNUC_PRINTF (2, 3) set_location (Fixture *f, const char *format, ...)
{
  g_autoptr (GHashTable) options =
    g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  g_autofree char *location = NULL;
  va_list args;

  va_start (args, format);
  location = g_strdup_vprintf (format, args);
  va_end (args);
  g_hash_table_insert (options, g_strdup ("upnp.location"),
                       g_variant_ref_sink (g_variant_new_string (location)));
  g_clear_object (&f->backend);
  f->backend = plum_backend_new (PLUM_TYPE_UPNP_BACKEND, "upnp", f->network, f->loop.context);
  plum_backend_set_options (f->backend, options);
}

/* Nothing is searched. */
static void
test_location (Fixture *f, gconstpointer data)
{
  set_location (f, "http://" GATEWAY ":%u/rootDesc.xml", f->igd->port);
  map_only (f, 8080);
  g_assert_cmpuint (f->igd->counts.searches, ==, 0);
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 1);
}

static void
test_location_wrong (Fixture *f, gconstpointer data)
{
  set_location (f, "http://" GATEWAY ":%u/elsewhere.xml", f->igd->port);
  {
    g_autoptr (PlumCall) done = call (f, PLUM_CALL_DISCOVER, NULL);

    g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
    g_assert_nonnull (
      strstr (plum_call_get_error (done)->message, "its description cannot be read"));
  }
  g_assert_cmpuint (f->igd->counts.searches, ==, 0);
}

static void
test_location_refused (Fixture *f, gconstpointer data)
{
  static const char *const odd[] = { "",
                                     "ftp://" GATEWAY "/",
                                     "http://router.lan:5000/a.xml",
                                     "http://127.0.0.1:80/a.xml",
                                     "http://224.0.0.1/a.xml",
                                     "http://8.8.8.8/a.xml" };

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr (PlumCall) done = NULL;

      set_location (f, "%s", odd[i]);
      done = call (f, PLUM_CALL_DISCOVER, NULL);
      g_assert_nonnull (plum_call_get_error (done));
      g_assert_nonnull (
        strstr (plum_call_get_error (done)->message, "UPnP: cannot search: the option location: "));
    }
  g_assert_cmpuint (f->igd->counts.searches + f->igd->counts.descriptions, ==, 0);
}

static const UpnpTest tests[] = {
  { "discover/location", { .ssdp_silent = TRUE }, test_location },
  { "discover/location-wrong", { 0 }, test_location_wrong },
  { "discover/location-refused", { 0 }, test_location_refused },
  { "discover/minimum", { 0 }, test_minimum },
  { "discover/gateway-at-once", { 0 }, test_gateway_at_once },
  { "discover/no-answer", { .ssdp_silent = TRUE }, test_no_answer },
  { "discover/search-times", { .ssdp_silent = TRUE }, test_search_times },
  { "discover/no-service", { .no_service = TRUE }, test_no_igd },
  { "discover/no-location", { .no_location = TRUE }, test_no_igd },
  { "discover/other-device",
    { .answer_target = "urn:schemas-upnp-org:device:MediaServer:1" },
    test_other_device },
  { "discover/several-devices",
    { .answer_target = "urn:schemas-upnp-org:device:MediaServer:1" },
    test_several_devices },
  { "discover/description-refused", { 0 }, test_description_refused },
  { "discover/description-silent", { .http_silent = TRUE }, test_description_silent },
  { "discover/control-gone", { .no_control = TRUE }, test_control_gone },
  { "discover/needs-login", { .login = TRUE }, test_needs_login },
  { "discover/other-igd", { .ssdp_silent = TRUE }, test_other_igd },
  { "discover/gateway-first", { 0 }, test_gateway_first },
  { "discover/better-igd", { .status = "Disconnected", .external_address = "" }, test_better_igd },
  { "discover/better-than-failing",
    { .bare_faults = TRUE, .status_fault = 501, .address_fault = 501 },
    test_better_igd },
  { "discover/neither-connected",
    { .status = "Disconnected", .external_address = "" },
    test_neither_connected },
  { "discover/other-igd-after-bad-gateway",
    { .http_silent = TRUE },
    test_other_igd_after_bad_gateway },
  { "discover/root-device-elsewhere", { .ssdp_silent = TRUE }, test_root_device_elsewhere },
  { "discover/again", { 0 }, test_again },
  { "discover/cancelled", { 0 }, test_cancelled },
  { "discover/notes", { 0 }, test_notes },
  { "discover/notes-of-rejected",
    { .answer_target = "urn:schemas-upnp-org:device:MediaServer:1" },
    test_notes_of_rejected },
  { "discover/traffic", { 0 }, test_traffic },
};

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    upnp_test_add (&tests[i]);
  g_test_add_func ("/upnp/discover/point-to-point", test_point_to_point);
  g_test_add_func ("/upnp/discover/may-contact", test_may_contact);

  return g_test_run ();
}
