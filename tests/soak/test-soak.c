/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A day in the life of 200 mappings, on a clock that the test moves: a router with a bad
 * character, and what that costs. The faults come from a seed (PLUM_SOAK_SEED, else fixed ones), which is printed. */

#include <malloc.h>
#include <stdlib.h>

#include "fake-gateway.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "plum-module-private.h"
#include "test-loop.h"

#define N_MAPPINGS 200
#define MINUTE G_GINT64_CONSTANT (60000)
#define HOUR (60 * MINUTE)
#define GATEWAY "127.201.5.%u"

/* The library lets a lost loss be found at a recheck, a failed mapping be tried again after that,
 * and a lease be renewed after 5/8 of two hours: by then all is well again, whatever happened. */
#define RECOVERY (2 * HOUR)

typedef struct {
  TestLoop loop;
  FakeGateway *gateway;
  guint n_gateways;        /* so many in the day, one after the other */
  guint datagrams;         /* of those that are gone */
  FakeMode pcp;            /* when all is well */
  PlumManager *manager;
  GRand *rand;
  guint n_losses;          /* after which each mapping has to be asked for again */
  guint n_faults;
  gint64 fault_over;       /* on the clock; 0: none at work */
} Soak;

static gint64
now_ms (Soak *soak)
{
  return plum_clock_get_time (soak->loop.clock) / 1000;
}

static void
soak_end_fault (Soak *soak)
{
  soak->gateway->switches = (FakeSwitches) { .pcp = soak->pcp };
  soak->fault_over = 0;
}

/* The network has another router from now on, at another address. */
static void
soak_next_gateway (Soak *soak)
{
  g_autofree char *name = g_strdup_printf (GATEWAY, ++soak->n_gateways);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (name);

  if (soak->gateway != NULL)
    soak->datagrams += soak->gateway->counts.datagrams;
  g_clear_pointer (&soak->gateway, fake_gateway_free);
  soak->gateway = fake_gateway_new (name);
  soak_end_fault (soak);
  plum_manager_set_gateway_address (soak->manager, address);
}

static guint
soak_get_datagrams (Soak *soak)
{
  return soak->datagrams + soak->gateway->counts.datagrams;
}

static void
soak_set_up (Soak    *soak,
             guint32  seed,
             GType    type,
             const char *name)
{
  plum_module_set_directory (NULL);
  g_random_set_seed (seed);
  soak->rand = g_rand_new_with_seed (seed);
  test_loop_set_up (&soak->loop, TRUE);
  soak->pcp = type == PLUM_TYPE_NATPMP_BACKEND ? FAKE_OFF : FAKE_ON;
  soak->manager = plum_manager_new ();
  plum_manager_add_backend_type (soak->manager, type, name, 300);
  soak_next_gateway (soak);

  for (guint i = 0; i < N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping = plum_mapping_new (i % 2 == 0 ? PLUM_PROTOCOL_TCP
                                                                     : PLUM_PROTOCOL_UDP,
                                                          10000 + i);

      g_assert_true (plum_manager_add_mapping (soak->manager, mapping, NULL));
    }

  test_loop_advance (&soak->loop, 10000);
}

static void
soak_tear_down (Soak *soak)
{
  g_autoptr (GAsyncResult) result = NULL;

  plum_manager_close_async (soak->manager, NULL, test_store_result, &result);
  test_loop_advance_until (&soak->loop, result != NULL, 60000);
  g_assert_true (plum_manager_close_finish (soak->manager, result, NULL));
  g_clear_object (&result);
  g_assert_cmpuint (fake_gateway_get_n_mappings (soak->gateway), ==, 0);

  test_loop_settle (&soak->loop);
  g_assert_finalize_object (g_steal_pointer (&soak->manager));
  g_clear_pointer (&soak->gateway, fake_gateway_free);
  test_loop_tear_down (&soak->loop);
  g_clear_pointer (&soak->rand, g_rand_free);
}

/* Every mapping is up, is in the gateway's table where it says, and there is nothing else. */
static void
soak_assert_well (Soak *soak)
{
  for (guint i = 0; i < N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (soak->manager), i);

      g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
      g_assert_cmpuint (fake_gateway_get_external_port (soak->gateway,
                                                        plum_mapping_get_protocol (mapping),
                                                        plum_mapping_get_internal_port (mapping),
                                                        NULL),
                        ==, plum_mapping_get_external_port (mapping));
    }

  g_assert_cmpuint (fake_gateway_get_n_mappings (soak->gateway), ==, N_MAPPINGS);
}

static void
soak_begin_fault (Soak *soak)
{
  FakeSwitches *switches = &soak->gateway->switches;
  gboolean natpmp_only = soak->pcp == FAKE_OFF;
  gint64 last = g_rand_int_range (soak->rand, 2, 20) * MINUTE;

  soak->n_faults++;
  switch (g_rand_int_range (soak->rand, 0, 16))
    {
    case 0:
      switches->drop_requests = (guint) g_rand_int_range (soak->rand, 1, 6);
      break;
    case 1:
      switches->drop_replies = (guint) g_rand_int_range (soak->rand, 1, 6);
      break;
    case 2:
      switches->delay_ms = (guint) g_rand_int_range (soak->rand, 100, 400);
      break;
    case 3:
      switches->duplicate = 2;
      break;
    case 4:
      fake_gateway_reboot (soak->gateway);
      fake_gateway_hint (soak->gateway);
      soak->n_losses++;
      break;
    case 5:
      fake_gateway_reboot (soak->gateway);
      soak->n_losses++;
      break;
    case 6:
      switches->epoch_offset = -1;
      break;
    case 7:
      switches->granted_lifetime = 900;
      break;
    case 8:
      switches->map_result = natpmp_only ? 4 : 8;
      switches->n_map_results = (guint) g_rand_int_range (soak->rand, 1, 50);
      break;
    case 9:
      {
        g_autofree char *address = g_strdup_printf ("1.2.3.%d",
                                                    g_rand_int_range (soak->rand, 1, 255));

        /* A new address is a new epoch (RFC 6887 8.5). */
        fake_gateway_set_external_address (soak->gateway, address);
        fake_gateway_reboot (soak->gateway);
        soak->n_losses++;
        break;
      }
    case 10:
      switches->pcp = natpmp_only ? FAKE_OFF : FAKE_SILENT;
      switches->natpmp = FAKE_SILENT;
      last = HOUR;
      break;
    case 11:
      switches->reorder_ms = (guint) g_rand_int_range (soak->rand, 1, 200);
      break;
    case 12:
      /* At each exchange it seems to have lost everything. */
      switches->epoch_stuck = TRUE;
      soak->n_losses++;
      break;
    case 13:
      fake_gateway_wipe (soak->gateway);
      break;
    case 14:
      soak_next_gateway (soak);
      soak->n_losses++;
      break;
    default:
      fake_gateway_reboot (soak->gateway);
      fake_gateway_take_port (soak->gateway, PLUM_PROTOCOL_TCP,
                              10000 + 2 * (guint) g_rand_int_range (soak->rand, 0, N_MAPPINGS / 2));
      soak->n_losses++;
      break;
    }

  soak->fault_over = now_ms (soak) + last;
}

/* The clock goes on, from deadline to deadline. */
static void
soak_run (Soak     *soak,
          gint64    ms,
          gboolean  faults)
{
  gint64 end = now_ms (soak) + ms;
  gint64 next_fault = now_ms (soak) + g_rand_int_range (soak->rand, 5, 60) * MINUTE;

  while (now_ms (soak) < end)
    {
      gint64 until = end;

      if (soak->fault_over != 0)
        until = MIN (until, soak->fault_over);
      else if (faults)
        until = MIN (until, next_fault);

      test_loop_advance (&soak->loop, MAX (until - now_ms (soak), 1));

      if (soak->fault_over != 0 && now_ms (soak) >= soak->fault_over)
        {
          soak_end_fault (soak);
          next_fault = now_ms (soak) + g_rand_int_range (soak->rand, 5, 60) * MINUTE;
        }
      else if (faults && soak->fault_over == 0 && now_ms (soak) >= next_fault)
        soak_begin_fault (soak);
    }

  soak_end_fault (soak);
}

typedef struct {
  const char *name;
  GType (*get_type) (void);
} SoakCase;

/* What the schedule sends in a day if nothing goes wrong. */
static guint
measure_ideal (const SoakCase *c,
               guint32         seed)
{
  Soak soak = { 0 };
  guint datagrams;

  soak_set_up (&soak, seed, c->get_type (), c->name);
  soak_run (&soak, 24 * HOUR, FALSE);
  soak_assert_well (&soak);
  datagrams = soak_get_datagrams (&soak);
  soak_tear_down (&soak);

  return datagrams;
}

static void
soak_one_day (const SoakCase *c,
              guint32         seed)
{
  Soak soak = { 0 };
  guint ideal = measure_ideal (c, seed);
  guint sent, n_faults, n_losses;
  gsize before, after;

  soak_set_up (&soak, seed, c->get_type (), c->name);
  soak_run (&soak, 24 * HOUR, TRUE);
  sent = soak_get_datagrams (&soak);
  ideal += soak.n_losses * N_MAPPINGS;
  n_faults = soak.n_faults;
  n_losses = soak.n_losses;
  soak_run (&soak, RECOVERY, FALSE);
  soak_assert_well (&soak);

  /* Queues and tables grow to what a bad day needs, and then no more. */
  before = mallinfo2 ().uordblks;
  soak_run (&soak, 24 * HOUR, TRUE);
  soak_run (&soak, RECOVERY, FALSE);
  after = mallinfo2 ().uordblks;

  g_test_message ("%s, seed %u: %u faults, %u of them losses; %u datagrams, ideal %u, ratio %.2f; "
                  "memory of a second day %+" G_GSSIZE_FORMAT " bytes", c->name, seed, n_faults, n_losses,
                  sent, ideal, (double) sent / ideal, (gssize) (after - before));
  soak_assert_well (&soak);
  g_assert_cmpfloat ((double) sent, <=, 1.5 * ideal);
  g_assert_cmpint ((gssize) (after - before), <, 64 * 1024);
  soak_tear_down (&soak);
}

static void
test_day (gconstpointer data)
{
  const char *from_environment = g_getenv ("PLUM_SOAK_SEED");
  guint32 seeds[] = { 1, 20, 300 };

  if (from_environment != NULL)
    {
      soak_one_day (data, (guint32) g_ascii_strtoull (from_environment, NULL, 10));
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    soak_one_day (data, seeds[i]);
}

int
main (int    argc,
      char **argv)
{
  static const SoakCase cases[] = {
    { "pcp", plum_pcp_backend_get_type },
    { "natpmp", plum_natpmp_backend_get_type },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/soak/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_day);
    }

  return g_test_run ();
}
