/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A day with a running manager and a router that shows entries in another form, ignores the
 * internal port, or answers with an error although it has added the entry. The table never has more
 * than the entry of the mapping, and the close leaves none. */

#include "adversary-fixture.h"

#include "fake-igd.h"
#include "upnp-backend.h"

#include <string.h>

#define ROUTER ADVERSARY_NET ".29"
#define HOST "127.0.0.1"
#define NEIGHBOUR "127.81.0.77"
#define PORT 8080
#define MINUTE_MS (60 * 1000)
#define HOURS 24

typedef struct
{
  const char *name;
  FakeIgdSwitches switches;
  const char *from, *to; /* (nullable): in the answers that show an entry */
  gboolean later;        /* not before the mapping is up */
  guint external_port;   /* requested; 0: the internal one */
  guint granted;         /* 0: the requested one */
} Day;

#define CLIENT "<NewInternalClient>" HOST "</NewInternalClient>"
#define INTERNAL "<NewInternalPort>8080"
#define PERMANENT                                                                                  \
  {                                                                                                \
    .timed_fault = 725                                                                             \
  }

static const Day days[] = {
  { .name = "plain" },
  { .name = "host-name", .from = HOST, .to = "my-pc" },
  { .name = "host-name-permanent", .switches = PERMANENT, .from = HOST, .to = "my-pc" },
  { .name = "host-name-later", .from = HOST, .to = "my-pc", .later = TRUE },
  { .name = "host-name-later-permanent",
    .switches = PERMANENT,
    .from = HOST,
    .to = "my-pc",
    .later = TRUE },
  { .name = "client-missing", .from = CLIENT, .to = "" },
  { .name = "client-missing-permanent", .switches = PERMANENT, .from = CLIENT, .to = "" },
  { .name = "client-any-permanent", .switches = PERMANENT, .from = HOST, .to = "0.0.0.0" },
  { .name = "port-range-permanent",
    .switches = PERMANENT,
    .from = INTERNAL,
    .to = "<NewInternalPort>8080-8080" },
  { .name = "port-zero-permanent",
    .switches = PERMANENT,
    .from = INTERNAL,
    .to = "<NewInternalPort>0" },
  { .name = "equal-ports",
    .switches = { .equal_ports = TRUE },
    .external_port = 9000,
    .granted = PORT },
  { .name = "equal-ports-permanent",
    .switches = { .equal_ports = TRUE, .timed_fault = 725 },
    .external_port = 9000,
    .granted = PORT },
  { .name = "refused-and-added", .switches = { .fault_after_add = 501 } },
  { .name = "refused-and-added-606", .switches = { .fault_after_add = 606 } },
};

static gboolean shows;

static void
show (const char *request, guint *status, GString *body, gpointer data)
{
  const Day *day = data;

  if (shows && day->from != NULL && strstr (request, "PortMappingEntry\"") != NULL)
    g_string_replace (body, day->from, day->to, 0);
}

static guint
count_entries (FakeIgd *igd, const char *client)
{
  guint n = 0;

  for (guint i = 0; i < fake_igd_n_entries (igd); i++)
    n += g_str_equal (((FakeIgdEntry *) g_ptr_array_index (igd->entries, i))->client, client);

  return n;
}

static void
assert_mapped (Adversary *a, FakeIgd *igd, const Day *day)
{
  guint requested = day->external_port != 0 ? day->external_port : PORT;

  g_assert_true (adversary_is_up (a));
  g_assert_cmpuint (plum_mapping_get_external_port (a->mapping), ==,
                    day->granted != 0 ? day->granted : requested);
  g_assert_cmpuint (count_entries (igd, HOST), ==, 1);
  g_assert_cmpuint (count_entries (igd, NEIGHBOUR), ==, 1);
}

static void
test_day (gconstpointer data)
{
  const Day *day = data;
  Adversary a = { 0 };
  FakeIgd *igd;

  shows = !day->later;
  adversary_set_up (&a, ROUTER);
  igd = fake_igd_new (ROUTER);
  igd->switches = day->switches;
  igd->edit = show;
  igd->edit_data = (gpointer) day;
  fake_igd_add_entry (igd, PLUM_PROTOCOL_TCP, 7000, 80, NEIGHBOUR, 0);
  plum_manager_add_backend_type (a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  a.mapping = g_object_new (PLUM_TYPE_MAPPING, "protocol", PLUM_PROTOCOL_TCP, "internal-port", PORT,
                            "requested-external-port", day->external_port, NULL);
  plum_manager_add_mapping (a.manager, a.mapping, NULL);
  test_loop_advance (&a.loop, MINUTE_MS);
  assert_mapped (&a, igd, day);

  shows = TRUE;
  adversary_expect_no_change (&a);
  for (guint i = 0; i < HOURS; i++)
    {
      test_loop_advance (&a.loop, 60 * MINUTE_MS);
      assert_mapped (&a, igd, day);
    }

  /* A renewal each hour at most, besides the first attempts. */
  g_assert_cmpuint (igd->counts.add, <=, 2 * HOURS);
  adversary_tear_down (&a);
  g_assert_cmpuint (count_entries (igd, HOST), ==, 0);
  g_assert_cmpuint (count_entries (igd, NEIGHBOUR), ==, 1);
  fake_igd_free (igd);
}

/* The port is required: the mapping fails, and no attempt leaves an entry. */
static void
test_required_port (gconstpointer data)
{
  Adversary a = { .may_leave = TRUE };
  FakeIgd *igd;

  adversary_set_up (&a, ROUTER);
  igd = fake_igd_new (ROUTER);
  igd->switches = (FakeIgdSwitches){ .equal_ports = TRUE, .timed_fault = 725 };
  plum_manager_add_backend_type (a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  a.mapping = g_object_new (PLUM_TYPE_MAPPING, "protocol", PLUM_PROTOCOL_TCP, "internal-port", PORT,
                            "requested-external-port", 9000, "require-external-port", TRUE, NULL);
  plum_manager_add_mapping (a.manager, a.mapping, NULL);
  for (guint i = 0; i < HOURS; i++)
    {
      test_loop_advance (&a.loop, 60 * MINUTE_MS);
      g_assert_cmpint (plum_mapping_get_state (a.mapping), ==, PLUM_STATE_FAILURE);
      g_assert_cmpuint (fake_igd_n_entries (igd), ==, 0);
    }

  adversary_tear_down (&a);
  fake_igd_free (igd);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (days); i++)
    {
      g_autofree char *path = g_strconcat ("/upnp/day/", days[i].name, NULL);

      g_test_add_data_func (path, &days[i], test_day);
    }
  g_test_add_data_func ("/upnp/day/required-port", NULL, test_required_port);

  return g_test_run ();
}
