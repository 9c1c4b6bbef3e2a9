/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.14"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* Routers that are 3 s away, and answers that are not used. */

#define OFF_LINK "10.99.0.1"

static gint64
discover_in_ms (Fixture *f)
{
  gint64 before = plum_clock_get_time (f->loop.clock);

  discover (f);
  return (plum_clock_get_time (f->loop.clock) - before) / 1000;
}

/* The window has expired, but nothing else has answered. */
static void
test_late_answer (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (discover_in_ms (f), ==, 3000);
  map_only (f, 8080);
  test_loop_advance (&f->loop, 5000);
}

/* Each answer takes 3 s: the router is used before it has answered all questions. */
static void
test_slow (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (discover_in_ms (f), <=, 6000);
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 1);
  map_only (f, 8080);
}

static void
test_late_and_slow (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (discover_in_ms (f), <=, 9000);
  map_only (f, 8080);
  test_loop_advance (&f->loop, 5000);
}

static void
test_later_than_patience (Fixture *f, gconstpointer data)
{
  assert_discover_fails (f, PLUM_ERROR_TIMED_OUT, "UPnP: no device answered the search in 9.7 s");
  test_loop_advance (&f->loop, 20000);
}

/* The other address of the router is not on this link (quirk 81). */
static void
test_off_link (Fixture *f, gconstpointer data)
{
  FakeIgd *other;

  if (!test_loop_has_network () || !test_link_ip ("route replace local " OFF_LINK "/32 dev lo"))
    {
      g_test_skip ("No network namespace or no ip(8) here");
      return;
    }

  other = fake_igd_new (OFF_LINK);
  f->igd->neighbour = other;
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         "UPnP: an answer from " OFF_LINK ", which is not the gateway " GATEWAY
                         " and not on its link, was not used; if it is the router, set "
                         "gateway-address (--gateway " OFF_LINK ")");
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  fake_igd_free (other);
}

/* A program on this host answers, or another host forges its address. */
static void
test_own_address (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (LOCAL);

  f->igd->neighbour = other;
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         "UPnP: an answer from " LOCAL
                         " was not used: it is an address of this host");
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  fake_igd_free (other);
}

static void
test_own_gateway (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumNetwork) network = test_network_new ("127.0.0.1", LOCAL);
  g_autoptr (PlumBackend) backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, network);
  g_autoptr (PlumCall) done = test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: the gateway address is an address of this host, which is not a router");
}

/* Another device with a part of a gateway is not contacted (quirk 85). */
static void
test_part_elsewhere (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  other->switches.answer_target = "urn:schemas-upnp-org:service:Layer3Forwarding:1";
  f->igd->neighbour = other;
  assert_discover_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                         "UPnP: 1 device answered; it is not an internet gateway");
  g_assert_cmpuint (other->counts.descriptions, ==, 0);
  fake_igd_free (other);
}

static const UpnpTest tests[] = {
  { "late/answer", { .ssdp_delay_ms = 3000 }, test_late_answer },
  { "late/slow", { .delay_ms = 3000 }, test_slow },
  { "late/answer-and-slow", { .ssdp_delay_ms = 3000, .delay_ms = 3000 }, test_late_and_slow },
  { "late/too-late", { .ssdp_delay_ms = 10000 }, test_later_than_patience },
  { "not-used/off-link", { .ssdp_silent = TRUE }, test_off_link },
  { "not-used/own-address", { .ssdp_silent = TRUE }, test_own_address },
  { "not-used/own-gateway", { .ssdp_silent = TRUE }, test_own_gateway },
  { "not-used/part-of-another-device", { .ssdp_silent = TRUE }, test_part_elsewhere },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
