/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.34"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* Routers that have only a few external ports (MAP-E, MAP-T), and refuse the others with different
 * faults. Such a router can choose a port itself. */

static void
test_router_chooses (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_lease (lease, FAKE_IGD_FEW_PORTS, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add_any, ==, 1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* 501 gives no reason: the lease has become permanent on the way. */
static void
test_router_chooses_permanent (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, FAKE_IGD_FEW_PORTS);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The address that the router had when it was found counts no longer: a router without a public one
 * answers 501 to every request. */
static void
test_new_address (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  discover (f);
  f->igd->switches.external_address = "1.2.3.4";
  test_loop_advance (&f->loop, 61 * 1000);
  lease = map_port (f, 8080);
  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, FAKE_IGD_FEW_PORTS);
}

static void
test_no_choice (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  if (f->igd->switches.version == 2)
    g_assert_nonnull (
      strstr (plum_call_get_error (done)->message, "it allows only some external ports"));
}

static const UpnpTest tests[] = {
  { "few-ports/606", { .version = 2, .few_ports_fault = 606 }, test_router_chooses },
  { "few-ports/402", { .version = 2, .few_ports_fault = 402 }, test_router_chooses },
  { "few-ports/728", { .version = 2, .few_ports_fault = 728 }, test_router_chooses },
  { "few-ports/716", { .version = 2, .few_ports_fault = 716 }, test_router_chooses },
  { "few-ports/501", { .version = 2, .few_ports_fault = 501 }, test_router_chooses_permanent },
  { "few-ports/new-address",
    { .version = 2, .few_ports_fault = 501, .external_address = "10.0.0.1" },
    test_new_address },
  { "few-ports/v1", { .few_ports_fault = 606 }, test_no_choice },
  { "few-ports/refused",
    { .version = 2, .few_ports_fault = 606, .add_any_fault = 606 },
    test_no_choice },
  { "few-ports/not-supported",
    { .version = 2, .few_ports_fault = 606, .add_any_fault = 401 },
    test_no_choice },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
