/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Soak test of mappings through two routers: two days with random faults of both, on a manual
 * clock. The routers are in a network namespace of their own, because this host must not have their
 * addresses. The seed of the faults is in PLUM_SOAK_SEED, or fixed, and is printed. */

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "fake-gateway.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "plum-lease-file-private.h"
#include "plum-module-private.h"
#include "test-lan.h"
#include "test-loop.h"
#include "test-state-directory.h"

#define N_MAPPINGS 40
#define MINUTE G_GINT64_CONSTANT (60000)
#define HOUR (60 * MINUTE)

/* A failed mapping is retried, and a lease is renewed, within this time. */
#define RECOVERY (2 * HOUR)
/* What R1's former external address has left on R2 expires. */
#define FORGET (2 * HOUR)

#define MOST_REQUESTS 1.5
#define MOST_GROWTH (64 * 1024)

#define R1 "192.0.2.1"
#define R2 "192.168.0.1"
#define HOST "192.0.2.2"

typedef struct
{
  const char *name;
  const gboolean pcp[2]; /* whether R1 and R2 support PCP, or only NAT-PMP */
} ChainKind;

typedef struct
{
  const ChainKind *kind;
  TestLoop loop;
  TestStateDirectory directory;
  PlumManager *manager;
  FakeGateway *routers[2];
  GRand *rand;
  char *external[2]; /* of the routers */
  guint n_faults;
  guint allowed; /* requests that recover lost mappings */
} ChainSoak;

/* The clock of the running soak; (nullable). */
static PlumClock *soak_clock;
static int host_namespace = -1;
static int router_namespace = -1;

/* Replaces the function of GLib: records of leases expire by the real-time clock, which must
 * advance with that of the soak. */
G_MODULE_EXPORT gint64
g_get_real_time (void)
{
  const gint64 start = G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC;

  return start + (soak_clock != NULL ? plum_clock_get_time (soak_clock) : 0);
}

/* --- The network --- */

static int
open_namespace (void)
{
  return open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void
enter (int namespace)
{
  g_assert_cmpint (setns (namespace, CLONE_NEWNET), ==, 0);
}

/* The kernel starts to send on a new link in a moment of its own: waits until a closed port of R1
 * answers. */
static void
await_link (void)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (R1);
  g_autoptr (GSocketAddress) port = g_inet_socket_address_new (address, 5351);
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  GError *error = NULL;
  char byte = 0;

  g_assert_nonnull (socket);
  g_assert_true (g_socket_connect (socket, port, NULL, NULL));
  do
    {
      g_clear_error (&error);
      g_socket_send (socket, &byte, 1, NULL, NULL);
      if (g_socket_condition_timed_wait (socket, G_IO_IN, 100000, NULL, NULL))
        g_socket_receive (socket, &byte, 1, NULL, &error);
    }
  while (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED));
  g_clear_error (&error);
}

/* A link between this host and a namespace that has the addresses of both routers. */
static gboolean
make_network (void)
{
  static const char *const far[] = {
    "link set lo up",
    "link set lan0 up",
    "addr add " R1 "/24 dev lan0",
    "addr add " R2 "/32 dev lo",
    "neigh add " HOST " lladdr 02:00:00:00:00:02 dev lan0 nud permanent",
  };
  static const char *const near[] = {
    "link set wan0 up",
    "addr add " HOST "/24 dev wan0",
    "neigh add " R1 " lladdr 02:00:00:00:00:01 dev wan0 nud permanent",
    ("route add default via " R1),
  };
  g_autofree char *move = NULL;

  host_namespace = open_namespace ();
  if (host_namespace < 0 || unshare (CLONE_NEWNET) != 0)
    return FALSE;
  router_namespace = open_namespace ();
  move = g_strdup_printf ("link set wan0 netns /proc/%d/fd/%d", (int) getpid (), host_namespace);
  if (!test_lan_ip ("link add lan0 address 02:00:00:00:00:01 type veth peer name wan0 address "
                    "02:00:00:00:00:02") ||
      !test_lan_ip (move))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (far); i++)
    g_assert_true (test_lan_ip (far[i]));

  enter (host_namespace);
  for (guint i = 0; i < G_N_ELEMENTS (near); i++)
    g_assert_true (test_lan_ip (near[i]));
  await_link ();
  return TRUE;
}

/* --- The routers --- */

static FakeSwitches
get_usual_switches (ChainSoak *soak, guint i)
{
  return (FakeSwitches){ .pcp = soak->kind->pcp[i] ? FAKE_ON : FAKE_OFF,
                         .translated = i == 1 ? soak->external[0] : NULL };
}

static void
set_external_address (ChainSoak *soak, guint i, const char *address)
{
  g_free (soak->external[i]);
  soak->external[i] = g_strdup (address);
  fake_gateway_set_external_address (soak->routers[i], address);
  soak->routers[1]->switches.translated = soak->external[0];
}

static void
make_routers (ChainSoak *soak)
{
  static const char *const addresses[] = { R1, R2 };

  enter (router_namespace);
  for (guint i = 0; i < 2; i++)
    soak->routers[i] = fake_gateway_new (addresses[i]);
  enter (host_namespace);
  set_external_address (soak, 0, "192.168.0.50");
  set_external_address (soak, 1, "1.2.3.4");
  for (guint i = 0; i < 2; i++)
    soak->routers[i]->switches = get_usual_switches (soak, i);
}

static guint
count_datagrams (ChainSoak *soak)
{
  return soak->routers[0]->counts.datagrams + soak->routers[1]->counts.datagrams;
}

/* --- The faults of a router --- */

typedef void (*Fault) (ChainSoak *soak, guint i, FakeSwitches *switches);

static int
pick (ChainSoak *soak, int begin, int end)
{
  return g_rand_int_range (soak->rand, begin, end);
}

static void
drop_requests (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  switches->drop_requests = (guint) pick (soak, 1, 6);
}

static void
drop_replies (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  switches->drop_replies = (guint) pick (soak, 1, 6);
}

static void
delay_answers (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  switches->delay_ms = (guint) pick (soak, 100, 400);
}

static void
grant_short_leases (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  switches->granted_lifetime = 900;
}

static void
fill_table (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  switches->map_result = soak->kind->pcp[i] ? 8 : 4;
  switches->n_map_results = (guint) pick (soak, 1, N_MAPPINGS);
}

static void
ignore_requests (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  switches->pcp = soak->kind->pcp[i] ? FAKE_SILENT : FAKE_OFF;
  switches->natpmp = FAKE_SILENT;
}

/* A lost lease at R1 is one at R2 as well if R1 grants another port. */
static void
reboot (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  fake_gateway_reboot (soak->routers[i]);
  soak->allowed += 2 * N_MAPPINGS;
}

static void
wipe (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  fake_gateway_wipe (soak->routers[i]);
}

static void
restart_and_take_port (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  reboot (soak, i, switches);
  fake_gateway_take_port (soak->routers[i], PLUM_PROTOCOL_TCP,
                          10000 + 2 * (guint) pick (soak, 0, N_MAPPINGS / 2));
}

/* A new external address restarts the epoch (RFC 6887 8.5). R2's entries for R1's former address
 * can only expire. */
static void
change_address (ChainSoak *soak, guint i, FakeSwitches *switches)
{
  g_autofree char *address =
    g_strdup_printf (i == 0 ? "192.168.0.%d" : "1.2.3.%d", pick (soak, 2, 255));

  set_external_address (soak, i, address);
  switches->translated = soak->routers[i]->switches.translated;
  reboot (soak, i, switches);
  soak->allowed += 2 * N_MAPPINGS;
}

static const Fault faults[] = {
  drop_requests, drop_replies,          delay_answers,  grant_short_leases,
  fill_table,    ignore_requests,       reboot,         wipe,
  reboot,        restart_and_take_port, change_address,
};

/* --- The soak --- */

static gint64
now_ms (ChainSoak *soak)
{
  return plum_clock_get_time (soak->loop.clock) / 1000;
}

static void
chain_soak_run (ChainSoak *soak, gint64 ms, gboolean with_faults)
{
  const gint64 end = now_ms (soak) + ms;

  while (now_ms (soak) < end)
    {
      guint i = (guint) pick (soak, 0, 2);
      FakeSwitches *switches = &soak->routers[i]->switches;

      test_loop_advance (&soak->loop, MIN (pick (soak, 5, 60) * MINUTE, end - now_ms (soak)));
      if (!with_faults || now_ms (soak) >= end)
        continue;

      faults[pick (soak, 0, G_N_ELEMENTS (faults))](soak, i, switches);
      soak->n_faults++;
      test_loop_advance (&soak->loop, MIN (pick (soak, 2, 20) * MINUTE, end - now_ms (soak)));
      *switches = get_usual_switches (soak, i);
    }
}

static void
chain_soak_set_up (ChainSoak *soak, const ChainKind *kind, guint32 seed)
{
  plum_module_set_directory (NULL);
  g_random_set_seed (seed);
  soak->kind = kind;
  soak->rand = g_rand_new_with_seed (seed);
  test_loop_set_up (&soak->loop, TRUE);
  soak_clock = soak->loop.clock;
  test_state_directory_set_up (&soak->directory);
  make_routers (soak);
  soak->manager = plum_manager_new ();
  plum_manager_add_backend_type (soak->manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
  plum_manager_add_backend_type (soak->manager, PLUM_TYPE_NATPMP_BACKEND, "natpmp", 200, NULL);
  plum_manager_set_state_directory (soak->manager, soak->directory.path);

  for (guint i = 0; i < N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping =
        plum_mapping_new (i % 2 == 0 ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP, 10000 + i);

      g_assert_true (plum_manager_add_mapping (soak->manager, mapping, NULL));
    }
  test_loop_advance (&soak->loop, 10000);
}

/* The entries of hosts other than this one, which are never removed. */
static guint
count_others (FakeGateway *router)
{
  guint n = 0;

  for (guint port = 10000; port < 10000 + N_MAPPINGS; port++)
    n += fake_gateway_find (router, PLUM_PROTOCOL_TCP, port, "0.0.0.0") != NULL;
  return n;
}

static guint
count_records (ChainSoak *soak)
{
  g_autoptr (GPtrArray) records =
    g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);

  plum_lease_file_read_all (soak->directory.path, records);
  return records->len;
}

static void
assert_mapping (ChainSoak *soak, PlumMapping *mapping)
{
  PlumProtocol protocol = plum_mapping_get_protocol (mapping);
  GListModel *hops = plum_mapping_get_hops (mapping);
  g_autoptr (PlumHop) first = g_list_model_get_item (hops, 0);
  g_autoptr (PlumHop) second = g_list_model_get_item (hops, 1);
  guint port;

  if (plum_mapping_get_error (mapping) != NULL)
    g_test_message ("port %u: %s", plum_mapping_get_internal_port (mapping),
                    plum_mapping_get_error (mapping)->message);
  if (plum_mapping_get_upstream_error (mapping) != NULL)
    g_test_message ("port %u beyond: %s", plum_mapping_get_internal_port (mapping),
                    plum_mapping_get_upstream_error (mapping)->message);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
  g_assert_cmpuint (g_list_model_get_n_items (hops), ==, 2);
  port = fake_gateway_get_external_port (soak->routers[0], protocol,
                                         plum_mapping_get_internal_port (mapping), HOST);
  g_assert_cmpuint (port, ==, plum_hop_get_external_port (first));
  port = fake_gateway_get_external_port (soak->routers[1], protocol, port, soak->external[0]);
  g_assert_cmpuint (port, ==, plum_hop_get_external_port (second));
  g_assert_cmpuint (port, ==, plum_mapping_get_external_port (mapping));
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, soak->external[1]);
}

/* All mappings lead through both routers, which have nothing else of this host, and neither has the
 * state directory. */
static void
assert_all_up (ChainSoak *soak)
{
  for (guint i = 0; i < N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (soak->manager), i);

      assert_mapping (soak, mapping);
    }

  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (fake_gateway_get_n_mappings (soak->routers[i]) -
                        count_others (soak->routers[i]),
                      ==, N_MAPPINGS);
  g_assert_cmpuint (count_records (soak), ==, 2 * N_MAPPINGS);
}

static void
chain_soak_tear_down (ChainSoak *soak)
{
  g_autoptr (GAsyncResult) result = NULL;

  plum_manager_close_async (soak->manager, NULL, test_store_result, &result);
  test_loop_advance_until (&soak->loop, result != NULL, 60000);
  g_assert_true (plum_manager_close_finish (soak->manager, result, NULL));
  g_clear_object (&result);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (fake_gateway_get_n_mappings (soak->routers[i]), ==,
                      count_others (soak->routers[i]));
  g_assert_cmpuint (count_records (soak), ==, 0);

  test_loop_settle (&soak->loop);
  g_assert_finalize_object (g_steal_pointer (&soak->manager));
  for (guint i = 0; i < 2; i++)
    {
      fake_gateway_free (soak->routers[i]);
      g_free (soak->external[i]);
    }
  test_state_directory_tear_down (&soak->directory);
  soak_clock = NULL;
  test_loop_tear_down (&soak->loop);
  g_clear_pointer (&soak->rand, g_rand_free);
}

static guint
measure_day_without_faults (const ChainKind *kind, guint32 seed)
{
  ChainSoak soak = { 0 };
  guint n;

  chain_soak_set_up (&soak, kind, seed);
  chain_soak_run (&soak, 24 * HOUR, FALSE);
  assert_all_up (&soak);
  n = count_datagrams (&soak);
  chain_soak_tear_down (&soak);
  return n;
}

static void
soak_one_seed (const ChainKind *kind, guint32 seed)
{
  ChainSoak soak = { 0 };
  guint expected = measure_day_without_faults (kind, seed);
  guint sent, allowed, descriptors;
  gsize before;
  gssize growth;

  chain_soak_set_up (&soak, kind, seed);
  chain_soak_run (&soak, 24 * HOUR, TRUE);
  sent = count_datagrams (&soak);
  allowed = soak.allowed;
  chain_soak_run (&soak, RECOVERY + FORGET, FALSE);
  assert_all_up (&soak);

  /* After the first day, queues and tables have reached their size. */
  before = test_memory_in_use ();
  descriptors = test_count_descriptors ();
  chain_soak_run (&soak, 24 * HOUR, TRUE);
  chain_soak_run (&soak, RECOVERY + FORGET, FALSE);
  growth = (gssize) (test_memory_in_use () - before);
  assert_all_up (&soak);

  g_test_message (
    "chain by %s, seed %u: %u faults; %u datagrams, expected %u and %u to recover, ratio "
    "%.2f; memory growth on the second day %+" G_GSSIZE_FORMAT " bytes",
    kind->name, seed, soak.n_faults, sent, expected, allowed, (double) sent / (expected + allowed),
    growth);
  g_assert_cmpfloat ((double) sent, <=, MOST_REQUESTS * (expected + allowed));
  g_assert_cmpint (growth, <, MOST_GROWTH);
  g_assert_cmpuint (test_count_descriptors (), ==, descriptors);
  chain_soak_tear_down (&soak);
}

static void
test_chain_days (gconstpointer data)
{
  static const guint32 seeds[] = { 1, 20, 300 };
  const char *from_environment = g_getenv ("PLUM_SOAK_SEED");

  if (router_namespace < 0)
    {
      g_test_skip ("No network namespace or no ip(8) here");
      return;
    }
  if (from_environment != NULL)
    {
      soak_one_seed (data, (guint32) g_ascii_strtoull (from_environment, NULL, 10));
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    soak_one_seed (data, seeds[i]);
}

static const ChainKind kinds[] = {
  { "pcp", { TRUE, TRUE } },
  { "natpmp", { FALSE, FALSE } },
  { "natpmp-then-pcp", { FALSE, TRUE } },
};

int
main (int argc, char **argv)
{
  gboolean ready;

  test_lan_enter_namespace ();
  ready = make_network ();
  g_test_init (&argc, &argv, NULL);
  if (!ready)
    router_namespace = -1;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/soak/chain/%s", kinds[i].name);

      g_test_add_data_func (path, &kinds[i], test_chain_days);
    }
  return g_test_run ();
}
