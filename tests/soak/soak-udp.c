/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Soak tests of PCP and NAT-PMP. */

#include "fake-gateway.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "soak.h"

/* Router */

static gpointer
make_pcp (const char *address)
{
  return fake_gateway_new (address);
}

static gpointer
make_natpmp (const char *address)
{
  FakeGateway *gateway = fake_gateway_new (address);

  gateway->switches.pcp = FAKE_OFF;
  return gateway;
}

static gboolean
is_natpmp_only (FakeGateway *gateway)
{
  return gateway->switches.pcp == FAKE_OFF;
}

static void
end_fault (gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches = (FakeSwitches){ .pcp = is_natpmp_only (gateway) ? FAKE_OFF : FAKE_ON };
}

static void
free_gateway (gpointer router)
{
  fake_gateway_free (router);
}

static guint
look_up (gpointer router, PlumMapping *mapping)
{
  return fake_gateway_get_external_port (router, plum_mapping_get_protocol (mapping),
                                         plum_mapping_get_internal_port (mapping), NULL);
}

static guint
count_mappings (gpointer router)
{
  return fake_gateway_get_n_mappings (router);
}

static guint
count_requests (gpointer router)
{
  FakeGateway *gateway = router;

  return gateway->counts.datagrams;
}

/* Faults */

static void
drop_requests (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.drop_requests = (guint) soak_random (soak, 1, 6);
}

static void
drop_replies (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.drop_replies = (guint) soak_random (soak, 1, 6);
}

static void
delay_answers (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.delay_ms = (guint) soak_random (soak, 100, 400);
}

static void
duplicate (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.duplicate = 2;
}

static void
reboot_silently (Soak *soak, gpointer router)
{
  fake_gateway_reboot (router);
  soak_allow (soak, SOAK_N_MAPPINGS);
}

static void
reboot (Soak *soak, gpointer router)
{
  reboot_silently (soak, router);
  fake_gateway_hint (router);
}

static void
decrease_epoch (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.epoch_offset = -1;
}

static void
grant_short_leases (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.granted_lifetime = 900;
}

static void
fill_table (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.map_result = is_natpmp_only (gateway) ? 4 : 8;
  gateway->switches.n_map_results = (guint) soak_random (soak, 1, 50);
}

/* A new external address restarts the epoch (RFC 6887 8.5). */
static void
change_address (Soak *soak, gpointer router)
{
  g_autofree char *address = g_strdup_printf ("1.2.3.%d", soak_random (soak, 1, 255));

  fake_gateway_set_external_address (router, address);
  reboot_silently (soak, router);
}

static void
ignore_requests (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.pcp = is_natpmp_only (gateway) ? FAKE_OFF : FAKE_SILENT;
  gateway->switches.natpmp = FAKE_SILENT;
  soak_set_fault_length (soak, SOAK_HOUR);
}

static void
reorder (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.reorder_ms = (guint) soak_random (soak, 1, 200);
}

/* Each answer indicates that the router lost its state. */
static void
freeze_epoch (Soak *soak, gpointer router)
{
  FakeGateway *gateway = router;

  gateway->switches.epoch_stuck = TRUE;
  soak_allow (soak, SOAK_N_MAPPINGS);
}

static void
wipe (Soak *soak, gpointer router)
{
  fake_gateway_wipe (router);
}

static void
replace_router (Soak *soak, gpointer router)
{
  soak_next_router (soak);
  soak_allow (soak, SOAK_N_MAPPINGS);
}

static void
restart_and_take_port (Soak *soak, gpointer router)
{
  guint port = 10000 + 2 * (guint) soak_random (soak, 0, SOAK_N_MAPPINGS / 2);

  reboot_silently (soak, router);
  fake_gateway_take_port (router, PLUM_PROTOCOL_TCP, port);
}

static const SoakFault udp_faults[] = {
  { "requests are lost", drop_requests },
  { "answers are lost", drop_replies },
  { "slow answers", delay_answers },
  { "triplicate answers", duplicate },
  { "restart with announcement", reboot },
  { "silent restart", reboot_silently },
  { "epoch goes back", decrease_epoch },
  { "short leases", grant_short_leases },
  { "mapping table full", fill_table },
  { "another external address", change_address },
  { "silent for an hour", ignore_requests },
  { "answers in another order", reorder },
  { "epoch does not advance", freeze_epoch },
  { "mapping table cleared", wipe },
  { "router replaced", replace_router },
  { "restart, and another host has a port", restart_and_take_port },
};

#define ROUTER(protocol)                                                                           \
  {                                                                                                \
    .name = #protocol, .get_type = plum_##protocol##_backend_get_type, .n_seeds = 3,               \
    .faults = udp_faults, .n_faults = G_N_ELEMENTS (udp_faults), .make = make_##protocol,          \
    .free = free_gateway, .end_fault = end_fault, .look_up = look_up,                              \
    .count_mappings = count_mappings, .count_requests = count_requests,                            \
  }

static const SoakRouter pcp = ROUTER (pcp);
static const SoakRouter natpmp = ROUTER (natpmp);

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  soak_add_test (&pcp);
  soak_add_test (&natpmp);

  return g_test_run ();
}
