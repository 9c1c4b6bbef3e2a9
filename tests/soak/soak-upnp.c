/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Soak tests of UPnP IGD. */

#include "fake-igd.h"
#include "soak.h"
#include "upnp-backend.h"

#define OTHER_CLIENT "127.201.5.250"
#define LOCAL "127.0.0.1"

/* A search, the description, the connection status and the external address. */
#define DISCOVERY 4

/* A conflict, a lookup of the entry, and a request for another port. */
#define MOVE 3

/* Router */

static gpointer
make_igd (const char *address)
{
  return fake_igd_new (address);
}

static void
free_igd (gpointer router)
{
  FakeIgd *igd = router;

  g_assert_cmpuint (igd->counts.bad, ==, 0);
  fake_igd_free (igd);
}

/* Resets the faults but keeps the device type. Reopens a closed router. */
static void
end_fault (gpointer router)
{
  FakeIgd *igd = router;

  igd->switches = (FakeIgdSwitches){
    .version = igd->switches.version,
    .external_address = igd->switches.external_address,
  };
  if (igd->http == NULL)
    {
      fake_igd_restart (igd);
      fake_igd_notify (igd, "ssdp:alive");
    }
}

static guint
look_up (gpointer router, PlumMapping *mapping)
{
  FakeIgdEntry *entry = fake_igd_find (router, plum_mapping_get_protocol (mapping),
                                       plum_mapping_get_external_port (mapping));
  gboolean ours = entry != NULL && g_str_equal (entry->client, LOCAL) &&
                  entry->internal_port == plum_mapping_get_internal_port (mapping);

  return ours ? entry->external_port : 0;
}

/* Without the entries of other hosts. */
static guint
count_mappings (gpointer router)
{
  FakeIgd *igd = router;
  guint n = 0;

  for (guint i = 0; i < fake_igd_n_entries (igd); i++)
    {
      FakeIgdEntry *entry = g_ptr_array_index (igd->entries, i);

      n += g_str_equal (entry->client, LOCAL);
    }

  return n;
}

static guint
count_requests (gpointer router)
{
  FakeIgd *igd = router;

  return igd->counts.searches + igd->counts.descriptions + igd->counts.posts;
}

/* Faults */

/* The router executes requests, but the answers are lost. */
static void
drop_replies (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.http_silent = TRUE;
}

static void
delay_answers (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.delay_ms = (guint) soak_random (soak, 10, 400);
}

static void
restart_silently (Soak *soak, gpointer router)
{
  fake_igd_restart (router);
  soak_allow (soak, SOAK_N_MAPPINGS + DISCOVERY);
}

static void
restart (Soak *soak, gpointer router)
{
  fake_igd_notify (router, "ssdp:byebye");
  restart_silently (soak, router);
  fake_igd_notify (router, "ssdp:alive");
}

/* HTTP works again before SSDP. */
static void
restart_without_ssdp (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.ssdp_silent = TRUE;
  restart_silently (soak, router);
}

static void
restart_with_bad_description (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.cut_description = (guint) soak_random (soak, 1, 1000);
  restart_silently (soak, router);
}

static void
wipe (Soak *soak, gpointer router)
{
  fake_igd_wipe (router);
  soak_allow (soak, SOAK_N_MAPPINGS);
}

/* Another client takes some ports for some hours. */
static void
take_ports (Soak *soak, gpointer router)
{
  for (int n = soak_random (soak, 1, 20); n > 0; n--)
    {
      PlumMapping *mapping = soak_random_mapping (soak);

      fake_igd_add_entry (router, plum_mapping_get_protocol (mapping),
                          plum_mapping_get_external_port (mapping), 80, OTHER_CLIENT, 6 * 3600);
      soak_allow (soak, MOVE);
    }
}

static void
change_address (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;
  g_autofree char *address = g_strdup_printf ("1.2.3.%d", soak_random (soak, 1, 255));

  igd->switches.external_address = g_intern_string (address);
}

static void
require_permanent_leases (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.timed_fault = 725;
}

static void
expire_leases_early (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  for (guint i = 0; i < fake_igd_n_entries (igd); i++)
    {
      FakeIgdEntry *entry = g_ptr_array_index (igd->entries, i);

      entry->end = plum_clock_get_time (igd->clock) + 300 * G_USEC_PER_SEC;
    }
  soak_allow (soak, SOAK_N_MAPPINGS);
}

static void
require_login (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.login = TRUE;
}

/* The mapping table remains, but clients cannot access it. */
static void
remove_control_url (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.no_control = TRUE;
  soak_allow (soak, SOAK_N_MAPPINGS + DISCOVERY);
}

static void
refuse_renewals (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.refuse_renewal = TRUE;
}

static void
fail_all_adds (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.add_fault = 501;
  igd->switches.bare_faults = soak_random (soak, 0, 2) == 1;
}

static void
fail_adds_of_one_port (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.add_fault = 501;
  igd->switches.add_fault_port = plum_mapping_get_external_port (soak_random_mapping (soak));
  soak_set_fault_length (soak, 2 * SOAK_HOUR);
}

static void
fill_table (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.table_size = (guint) soak_random (soak, 1, SOAK_N_MAPPINGS);
  wipe (soak, router);
}

static void
ignore_adds (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.ignore_adds = TRUE;
}

static void
send_empty_answers (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.empty_success = TRUE;
}

static void
hide_table (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.specific_fault = 401;
}

static void
ignore_requests (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  igd->switches.http_silent = TRUE;
  igd->switches.ssdp_silent = TRUE;
  soak_set_fault_length (soak, SOAK_HOUR);
}

static void
close_router (Soak *soak, gpointer router)
{
  FakeIgd *igd = router;

  fake_igd_stop_http (igd);
  igd->switches.ssdp_silent = TRUE;
  soak_set_fault_length (soak, SOAK_HOUR);
  soak_allow (soak, SOAK_N_MAPPINGS + DISCOVERY);
}

static void
replace_router (Soak *soak, gpointer router)
{
  FakeIgd *other = soak_next_router (soak);

  other->switches.version = (guint) soak_random (soak, 1, 3);
  soak_allow (soak, SOAK_N_MAPPINGS + DISCOVERY);
}

static const SoakFault upnp_faults[] = {
  { "answers are lost", drop_replies },
  { "slow answers", delay_answers },
  { "restart with announcement", restart },
  { "silent restart", restart_silently },
  { "restart, and no answer to searches", restart_without_ssdp },
  { "restart, and truncated description", restart_with_bad_description },
  { "mapping table cleared", wipe },
  { "another host has some ports", take_ports },
  { "another external address", change_address },
  { "permanent leases only", require_permanent_leases },
  { "leases expire early", expire_leases_early },
  { "login required", require_login },
  { "control URL not found", remove_control_url },
  { "renewals are conflicts", refuse_renewals },
  { "error 501", fail_all_adds },
  { "error 501 for one port", fail_adds_of_one_port },
  { "mapping table full", fill_table },
  { "adds are ignored", ignore_adds },
  { "empty answers", send_empty_answers },
  { "mapping table not readable", hide_table },
  { "silent for an hour", ignore_requests },
  { "off for an hour", close_router },
  { "router replaced", replace_router },
};

static const SoakRouter upnp = {
  .name = "upnp",
  .get_type = plum_upnp_backend_get_type,
  .recheck_period = 30 * 60000,
  .n_seeds = 2,
  .faults = upnp_faults,
  .n_faults = G_N_ELEMENTS (upnp_faults),
  .make = make_igd,
  .free = free_igd,
  .end_fault = end_fault,
  .look_up = look_up,
  .count_mappings = count_mappings,
  .count_requests = count_requests,
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  soak_add_test (&upnp);

  return g_test_run ();
}
