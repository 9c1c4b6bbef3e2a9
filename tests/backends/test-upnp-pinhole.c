/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.6"

#include <string.h>

#include "upnp-fixture.h"
#include "upnp-link.h"

#define MAY_REMAIN "a pinhole for port 8080 may remain on the router for up to 7200 s"

const char upnp_test_net[] = UPNP_TEST_NET;

/* How much later than for IPv4 the search begins, in ms. */
#define LATER 100

/* -- Discovery -- */

static void
assert_discovered_in (Fixture *f, gint64 ms)
{
  gint64 before = plum_clock_get_time (f->loop.clock);

  discover (f);
  g_assert_cmpint ((plum_clock_get_time (f->loop.clock) - before) / 1000, ==, ms);
}

/* One search, the description, and the state of the firewall. */
static void
test_discover (Fixture *f, gconstpointer data)
{
  assert_discovered_in (f, LATER);
  g_assert_cmpuint (f->igd->counts.searches, ==, 1);
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_firewall, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_status, ==, 0);
}

static void
test_discover_by_group (Fixture *f, gconstpointer data)
{
  assert_discovered_in (f, LATER + 200);
  g_assert_cmpuint (f->igd->counts.group_searches, >, 0);
}

/* Whichever host LOCATION names, the sender is contacted. */
static void
test_discover_location (Fixture *f, gconstpointer data)
{
  assert_discovered_in (f, LATER);
  g_assert_nonnull (strstr (f->igd->last_request, "Host: [" TEST_LINK_ROUTER "]:"));
}

/* Discovery fails at once: another device could not help. */
static void
test_discover_not_allowed (Fixture *f, gconstpointer data)
{
  gint64 before = plum_clock_get_time (f->loop.clock);

  assert_discover_fails (f, PLUM_ERROR_REFUSED,
                         "UPnP: " TEST_LINK_ROUTER
                         " answered the search, but it does not allow hosts to open its IPv6 "
                         "firewall: allow it in the router's settings");
  g_assert_cmpint ((plum_clock_get_time (f->loop.clock) - before) / 1000, ==, LATER);
}

static void
test_discover_without_service (Fixture *f, gconstpointer data)
{
  f->igd->switches.firewall = FALSE;
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         "UPnP: " TEST_LINK_ROUTER " answered the search, but it has no service "
                         "that opens its IPv6 firewall");
}

static void
test_discover_fault (Fixture *f, gconstpointer data)
{
  assert_discover_fails (
    f, PLUM_ERROR_NOT_SUPPORTED,
    "UPnP: " TEST_LINK_ROUTER
    " answered the search, but it does not report the state of its IPv6 firewall (error 501)");
}

static void
test_discover_no_state (Fixture *f, gconstpointer data)
{
  assert_discover_fails (
    f, PLUM_ERROR_NOT_SUPPORTED,
    "UPnP: " TEST_LINK_ROUTER
    " answered the search, but it does not report the state of its IPv6 firewall");
}

static void
test_discover_login (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         "UPnP: " TEST_LINK_ROUTER
                         " answered the search, but its control URL answers HTTP 401 without SOAP");
}

static void
test_discover_no_answer (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_TIMED_OUT, "UPnP: no device answered the search in 9.7 s");
}

/* Another router on the link may have the firewall: it is examined after the window has expired. */
static void
test_discover_other_device (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (TEST_LINK_OTHER "%" TEST_LINK);

  other->switches.firewall = TRUE;
  assert_discovered_in (f, LATER + 2600);
  g_assert_cmpuint (other->counts.get_firewall, ==, 1);
  g_assert_cmpuint (other->counts.bad, ==, 0);
  fake_igd_free (other);
}

/* -- Addresses that are not reachable from the internet -- */

static void
assert_not_searched (Fixture *f, const char *local, const char *message)
{
  g_autoptr (PlumNetwork) network = test_link_network_new (TEST_LINK_ROUTER, local);
  g_autoptr (PlumBackend) backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, network);
  g_autoptr (PlumCall) done = test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
  g_assert_cmpuint (f->igd->counts.searches, ==, 0);
}

static void
test_unique_local (Fixture *f, gconstpointer data)
{
  assert_not_searched (f, "fd00::10",
                       "UPnP: this host has only a unique local IPv6 address, which is not "
                       "reachable from the internet");
}

static void
test_link_local (Fixture *f, gconstpointer data)
{
  assert_not_searched (
    f, "fe80::10",
    "UPnP: this host has only a link-local IPv6 address, which is not reachable from the internet");
}

/* The address of this host is forged in an answer and in announcements: this host does not connect
 * to itself. */
static void
test_own_address (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (TEST_LINK_HOST "%" TEST_LINK);
  g_autoptr (PlumCall) pending =
    plum_backend_call (f->backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT, NULL, NULL);

  other->switches.firewall = TRUE;
  other->switches.notify_target = "urn:schemas-upnp-org:device:InternetGatewayDevice:2";
  for (guint i = 0; i < 30; i++)
    {
      test_loop_advance (&f->loop, 100);
      g_assert_true (fake_igd_notify (other, "ssdp:alive"));
    }
  test_loop_advance (&f->loop, 10000);
  g_assert_cmpuint (other->counts.searches, >, 0);
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  g_assert_nonnull (strstr (plum_call_get_error (pending)->message,
                            "an answer from " TEST_LINK_HOST
                            " was not used: it is an address of this host"));
  fake_igd_free (other);
}

static void
test_may_contact (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *address;
    gboolean may;
  } cases[] = {
    { TEST_LINK_ROUTER, TRUE }, { TEST_LINK_OTHER, TRUE }, { "2001:db8::1", TRUE },
    { "2001:db8:1::1", FALSE }, { "::1", FALSE },          { "::", FALSE },
    { "ff02::c", FALSE },       { "127.0.0.1", FALSE },    { "::ffff:127.0.0.1", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (cases[i].address);

      g_test_message ("%s", cases[i].address);
      g_assert_cmpint (upnp_may_contact (f->network, address), ==, cases[i].may);
    }
}

/* -- Map -- */

/* The router compares the client in the request with its sender: both are the address of the
 * pinhole. */
static void
test_map (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  FakeIgdPinhole *pinhole = fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080);

  assert_lease (lease, 8080, LIFETIME, TEST_LINK_CLIENT);
  g_assert_nonnull (pinhole);
  g_assert_cmpstr (pinhole->client, ==, TEST_LINK_CLIENT);
  g_assert_cmpuint (pinhole->lease, ==, LIFETIME);
}

static void
test_map_udp (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_UDP, 8080, 8080, LIFETIME, 1);
  const PlumCallArgs args = { request, NULL, NULL };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_MAP, &args);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_nonnull (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_UDP, 8080));
}

/* A firewall does not translate ports: another external port is not possible. */
static void
test_map_other_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9090);

  assert_lease (lease, 8080, LIFETIME, TEST_LINK_CLIENT);
}

static void
test_map_exact (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 8080);
  const PlumCallArgs args = { request, NULL, NULL };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_MAP, &args);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_nonnull (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080));
}

/* An external port that differs is not requested. */
static void
test_map_exact_other_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 9000);
  const PlumCallArgs args = { request, NULL, NULL };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_MAP, &args);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: an IPv6 pinhole keeps the port: it cannot open port 8080 as external "
                   "port 9000");
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 0);
}

static void
assert_lifetime (Fixture *f, guint asked, guint granted)
{
  g_autoptr (PlumCall) done = map_call (f, 8080, 8080, asked);

  g_assert_no_error (plum_call_get_error (done));
  assert_lease (plum_call_get_lease (done), 8080, granted, TEST_LINK_CLIENT);
}

static void
test_map_lifetimes (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_lifetime (f, PLUM_LIFETIME_FOREVER, 86400);
  assert_lifetime (f, 604800, 86400);
  assert_lifetime (f, 86400, 86400);
  assert_lifetime (f, 1, 1);
}

/* A router that refuses long leases without a reason: the backend remembers the accepted one. */
static void
test_map_short_leases_only (Fixture *f, gconstpointer data)
{
  discover (f);
  assert_lifetime (f, 7200, 3600);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);
  assert_lifetime (f, 7200, 3600);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);
}

typedef struct
{
  const char *name;
  int fault;
  guint port;
  PlumError error;
  const char *message;
} FaultCase;

static const FaultCase faults[] = {
  { "606", 606, 8080, PLUM_ERROR_REFUSED,
    "606, ActionNotAuthorized): allow this host to open ports in the router's settings" },
  { "606-privileged", 606, 443, PLUM_ERROR_REFUSED,
    "606, ActionNotAuthorized): it does not open ports below 1024" },
  { "701", 701, 8080, PLUM_ERROR_NO_RESOURCES, "701, PinholeSpaceExhausted): its table is full" },
  { "703", 703, 8080, PLUM_ERROR_REFUSED,
    "703, InboundPinholeNotAllowed): allow hosts to open the IPv6 firewall in the router's "
    "settings" },
  { "705", 705, 8080, PLUM_ERROR_NOT_SUPPORTED,
    "705, ProtocolNotSupported): it does not support pinholes for this protocol" },
  { "708", 708, 8080, PLUM_ERROR_NOT_SUPPORTED,
    "708, WildCardNotPermittedInSrcIP): it supports only pinholes for one known peer" },
  { "402", 402, 8080, PLUM_ERROR_NOT_SUPPORTED,
    "402, Fake): it refuses every form of the request" },
  { "401", 401, 8080, PLUM_ERROR_NOT_SUPPORTED, "401, Fake): this service cannot open pinholes" },
  { "501", 501, 8080, PLUM_ERROR_REFUSED,
    "501, Fake): check whether hosts may open the firewall in the router's settings" },
  { "706", 706, 8080, PLUM_ERROR_REFUSED,
    "706, InternalPortWildcardingNotAllowed): check whether hosts may open the firewall in the "
    "router's settings" },
};

static void
test_map_faults (Fixture *f, gconstpointer data)
{
  discover (f);
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *message = g_strconcat ("UPnP: " TEST_LINK_ROUTER " refused AddPinhole "
                                              "(error ",
                                              faults[i].message, NULL);
      g_autoptr (PlumCall) done = NULL;

      f->igd->switches.pinhole_fault = faults[i].fault;
      done = map_call (f, faults[i].port, faults[i].port, LIFETIME);
      g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) faults[i].error);
      g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
    }
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

static void
test_map_without_number (Fixture *f, gconstpointer data)
{
  assert_map_fails (f, 8080, PLUM_ERROR_MALFORMED,
                    "UPnP: " TEST_LINK_ROUTER
                    " answered AddPinhole without a UniqueID; " MAY_REMAIN);
}

/* -- Unclear answers -- */

static void
lose_first_answer (const char *request, guint *status, GString *body, gpointer data)
{
  guint *n = data;

  if (strstr (request, "#AddPinhole\"") != NULL && (*n)++ == 0)
    *status = 0;
}

/* The router answers a second AddPinhole with the number of the pinhole. */
static void
test_map_answer_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;
  guint n = 0;

  f->igd->edit = lose_first_answer;
  f->igd->edit_data = &n;
  lease = map_port (f, 8080);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

/* Without an answer, the pinhole may be open: the error says so, and the release finds it. */
static void
test_map_answers_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->switches.hang_up_after = "AddPinhole";
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, MAY_REMAIN));
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);

  f->igd->switches.hang_up_after = NULL;
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

/* -- No firewall -- */

static void
test_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, 8080, PLUM_LIFETIME_FOREVER, TEST_LINK_CLIENT);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 0);

  assert_check (f, lease, -1);
  unmap_port (f, lease);
  g_assert_cmpuint (f->igd->counts.delete_pinhole, ==, 0);
}

/* The firewall is switched on: the check reports it, and the next request opens a pinhole. */
static void
test_off_then_on (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumLease) second = NULL;

  f->igd->switches.firewall_off = FALSE;
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
  second = map_port (f, 8080);
  assert_lease (second, 8080, LIFETIME, TEST_LINK_CLIENT);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
}

/* The firewall was on during discovery. */
static void
test_off_after_discovery (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  discover (f);
  f->igd->switches.firewall_off = TRUE;
  lease = map_port (f, 8080);
  assert_lease (lease, 8080, PLUM_LIFETIME_FOREVER, TEST_LINK_CLIENT);
}

static const UpnpTest tests[] = {
  { "discover", { 0 }, test_discover },
  { "discover-by-group", { .group_only = TRUE }, test_discover_by_group },
  { "discover-location", { .location_host = "[2001:db8::1]" }, test_discover_location },
  { "discover-location-of-another", { .location_host = "192.0.2.7" }, test_discover_location },
  { "discover-not-allowed", { .no_inbound = TRUE }, test_discover_not_allowed },
  { "discover-without-service", { 0 }, test_discover_without_service },
  { "discover-fault", { .firewall_fault = 501 }, test_discover_fault },
  { "discover-no-state", { .no_firewall_state = TRUE }, test_discover_no_state },
  { "discover-login", { .login = TRUE }, test_discover_login },
  { "discover-no-answer", { .ssdp_silent = TRUE }, test_discover_no_answer },
  { "discover-other-device", { .ssdp_silent = TRUE }, test_discover_other_device },
  { "unique-local", { 0 }, test_unique_local },
  { "link-local", { 0 }, test_link_local },
  { "may-contact", { 0 }, test_may_contact },
  { "own-address", { .ssdp_silent = TRUE }, test_own_address },
  { "map", { 0 }, test_map },
  { "map-udp", { 0 }, test_map_udp },
  { "map-other-port", { 0 }, test_map_other_port },
  { "map-exact", { 0 }, test_map_exact },
  { "map-exact-other-port", { 0 }, test_map_exact_other_port },
  { "map-lifetimes", { 0 }, test_map_lifetimes },
  { "map-short-leases-only", { .longest_pinhole = 3600 }, test_map_short_leases_only },
  { "map-faults", { 0 }, test_map_faults },
  { "map-answer-lost", { 0 }, test_map_answer_lost },
  { "map-answers-lost", { 0 }, test_map_answers_lost },
  { "map-without-number", { .no_unique_id = TRUE }, test_map_without_number },
  { "map-m-post", { .m_post = TRUE }, test_map },
  { "map-xml-in-capitals", { .xml_case = TRUE, .xml_prefix = TRUE }, test_map },
  { "off", { .firewall_off = TRUE }, test_off },
  { "off-then-on", { .firewall_off = TRUE }, test_off_then_on },
  { "off-after-discovery", { 0 }, test_off_after_discovery },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run_ipv6 (argc, argv, tests, G_N_ELEMENTS (tests));
}
