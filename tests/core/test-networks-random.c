/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "plum-mapping-private.h"
#include "plum-route-private.h"
#include "test-lan.h"

/* Thousands of random steps, chosen by a seed, of a manager with several networks. The routers, one
 * on wan0 and one on wlan0, have mapping tables, so that the result can be compared with the
 * mappings of the program. The host has two addresses on each interface.
 *
 * In the calm test the default route moves, the preferred address of an interface changes, and all
 * routers answer, possibly late: the tables are correct whenever there is nothing pending. In the
 * storm test links go down, addresses go, backends fail, and handlers call random functions: the
 * tables are correct at the end, after the leases that could not be deleted have expired. */

#define LEASE_S 600
#define N_ROUTERS 2
#define MAPPINGS_MAX 12
#define CALM_CHECKS 40
#define STEPS_PER_CHECK 25
#define STORM_STEPS 2000

/* --- The routers --- */

typedef struct
{
  PlumProtocol protocol;
  const char *host; /* interned */
  guint internal_port;
  guint external_port;
  gint64 expires;
} Entry;

static const char *const interfaces[N_ROUTERS] = { "wan0", "wlan0" };
static const char *const hosts[N_ROUTERS][2] = {
  { "192.0.2.2", "192.0.2.3" },
  { "198.51.100.2", "198.51.100.3" },
};
static GArray *tables[N_ROUTERS]; /* (element-type Entry) */
static GRand *rand_;
static gboolean storm;

static guint
draw (guint n)
{
  return (guint) g_rand_int_range (rand_, 0, (gint32) n);
}

static GArray *
get_table (PlumBackend *backend)
{
  const char *name = plum_network_get_interface (plum_backend_get_network (backend));

  return tables[g_str_equal (name, interfaces[0]) ? 0 : 1];
}

static const char *
intern_address (GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);

  return g_intern_string (text);
}

static const char *
get_host (PlumBackend *backend)
{
  return intern_address (plum_network_get_local_address (plum_backend_get_network (backend)));
}

static void
table_expire (GArray *table, gint64 now)
{
  for (guint i = table->len; i > 0; i--)
    if (g_array_index (table, Entry, i - 1).expires <= now)
      g_array_remove_index_fast (table, i - 1);
}

/* Finds an entry by the host and its internal port, or by its external port. */
static Entry *
table_find (
  GArray *table, PlumProtocol protocol, const char *host, guint internal_port, guint external_port)
{
  for (guint i = 0; i < table->len; i++)
    {
      Entry *entry = &g_array_index (table, Entry, i);

      if (entry->protocol == protocol &&
          (internal_port == 0 ||
           (entry->internal_port == internal_port && g_str_equal (entry->host, host))) &&
          (external_port == 0 || entry->external_port == external_port))
        return entry;
    }

  return NULL;
}

/* As in PCP and NAT-PMP, an internal port has one entry. Returns NULL if the required port is in
 * use. */
static Entry *
table_map (GArray *table, const char *host, PlumRequest *request, gint64 now)
{
  PlumProtocol protocol = plum_request_get_protocol (request);
  guint internal_port = plum_request_get_internal_port (request);
  guint external_port = plum_request_get_external_port (request);
  gboolean exact = plum_request_get_require_external_port (request);
  Entry *entry;

  table_expire (table, now);
  entry = table_find (table, protocol, host, internal_port, 0);
  if (entry != NULL && exact && entry->external_port != external_port)
    return NULL;

  if (entry == NULL)
    {
      Entry made = { protocol, host, internal_port, external_port, 0 };

      if (exact && table_find (table, protocol, NULL, 0, external_port) != NULL)
        return NULL;
      while (table_find (table, protocol, NULL, 0, made.external_port) != NULL)
        made.external_port = 1024 + draw (60000);
      g_array_append_val (table, made);
      entry = &g_array_index (table, Entry, table->len - 1);
    }

  entry->expires = now + plum_request_get_lifetime (request) * (gint64) G_USEC_PER_SEC;
  return entry;
}

/* --- Two backends for the same router --- */

typedef PlumBackend Asker;
typedef PlumBackendClass AskerClass;

GType asker_get_type (void);

G_DEFINE_TYPE (Asker, asker, PLUM_TYPE_BACKEND)

typedef struct
{
  PlumCall *call;
  PlumLease *lease; /* (nullable) */
  gboolean fails;
  PlumError code;
  GSource *timer;
} Answer;

static void
answer_free (Answer *self)
{
  g_clear_object (&self->call);
  g_clear_object (&self->lease);
  g_clear_pointer (&self->timer, g_source_unref);
  g_free (self);
}

static gboolean
on_answer (gpointer user_data)
{
  Answer *self = user_data;

  if (plum_call_is_settled (self->call))
    return G_SOURCE_REMOVE;
  if (self->fails)
    plum_call_fail (self->call, self->code, "no");
  else if (self->lease != NULL)
    plum_call_return_lease (self->call, self->lease);
  else
    plum_call_return_done (self->call);
  return G_SOURCE_REMOVE;
}

/* Answers now, later or, in the storm test, never. */
static void
answer (Asker *self, PlumCall *call, PlumLease *lease, gboolean fails, PlumError code)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->call = g_object_ref (call);
  g_set_object (&answer->lease, lease);
  answer->fails = fails;
  answer->code = code;

  if (storm && draw (20) == 0)
    {
      answer_free (answer);
      return;
    }
  if (draw (3) > 0)
    {
      on_answer (answer);
      answer_free (answer);
      return;
    }
  answer->timer = plum_backend_create_timer (self, 1 + draw (100));
  g_source_set_callback (answer->timer, on_answer, answer, (GDestroyNotify) answer_free);
}

static gboolean
fail_in_storm (Asker *self, PlumCall *call, guint n)
{
  static const PlumError codes[] = {
    PLUM_ERROR_REFUSED,   PLUM_ERROR_CONFLICT,      PLUM_ERROR_NO_RESOURCES,
    PLUM_ERROR_TIMED_OUT, PLUM_ERROR_NOT_SUPPORTED,
  };

  if (!storm || draw (n) > 0)
    return FALSE;

  answer (self, call, NULL, TRUE, codes[draw (G_N_ELEMENTS (codes))]);
  return TRUE;
}

static void
asker_discover (PlumBackend *self, PlumCall *call)
{
  plum_backend_report_note (self, "discover");
  if (!fail_in_storm (self, call, 4))
    answer (self, call, NULL, FALSE, 0);
}

static void
asker_map (PlumBackend *self, PlumRequest *request, PlumCall *call)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("1.2.3.4");
  g_autoptr (PlumLease) lease = NULL;
  Entry *entry;

  plum_backend_report_note (self, "map");
  if (fail_in_storm (self, call, 5))
    return;

  entry = table_map (get_table (self), get_host (self), request, plum_backend_get_time (self));
  if (entry != NULL)
    lease =
      plum_lease_new (address, entry->external_port, plum_request_get_lifetime (request), NULL);
  answer (self, call, lease, entry == NULL, PLUM_ERROR_CONFLICT);
}

static void
asker_unmap (PlumBackend *self, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  GArray *table = get_table (self);
  Entry *entry;

  plum_backend_report_note (self, "unmap");
  if (fail_in_storm (self, call, 10))
    return;

  entry = table_find (table, plum_request_get_protocol (request), get_host (self),
                      plum_request_get_internal_port (request), 0);
  if (entry != NULL)
    g_array_remove_index_fast (table, (guint) (entry - &g_array_index (table, Entry, 0)));
  answer (self, call, NULL, FALSE, 0);
}

static void
asker_check (PlumBackend *self, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  GArray *table = get_table (self);

  table_expire (table, plum_backend_get_time (self));
  answer (self, call, NULL,
          table_find (table, plum_request_get_protocol (request), get_host (self),
                      plum_request_get_internal_port (request),
                      plum_lease_get_external_port (lease)) == NULL,
          PLUM_ERROR_DESTROYED);
}

static void
asker_class_init (AskerClass *klass)
{
  klass->discover = asker_discover;
  klass->map = asker_map;
  klass->unmap = asker_unmap;
  klass->check = asker_check;
}

static void
asker_init (Asker *self)
{
}

/* --- The program --- */

typedef struct
{
  CoreFixture core;
  TestLan lan;
  GPtrArray *mappings; /* (element-type PlumMapping) */
  gboolean wlan_first;
  gboolean swapped[N_ROUTERS];
  gboolean gone[N_ROUTERS]; /* the second address */
  gboolean down[N_ROUTERS];
  guint depth;     /* of nested handlers */
  gboolean closed; /* the manager was closed or disposed */
} Program;

static void program_act (Program *f);

static void
ip (const char *line)
{
  g_assert_true (test_lan_ip (line));
}

/* Handlers may call any function. */
static void
program_meddle (Program *f)
{
  if (!storm || f->depth >= 2 || draw (8) > 0)
    return;

  f->depth++;
  program_act (f);
  f->depth--;
}

static void
on_gateway_note (PlumGateway *gateway, const char *backend_name, const char *note, Program *f)
{
  program_meddle (f);
}

static void
on_gateways_changed (GListModel *gateways, guint position, guint removed, guint added, Program *f)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (gateway != NULL &&
          !g_signal_handler_find (gateway, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, f))
        g_signal_connect (gateway, "note", G_CALLBACK (on_gateway_note), f);
    }
  program_meddle (f);
}

static void
on_state (PlumManager *manager, PlumMapping *mapping, PlumState old_state, Program *f)
{
  program_meddle (f);
}

static void
program_make_manager (Program *f)
{
  f->core.manager = plum_manager_new ();
  plum_manager_set_lease_duration (f->core.manager, LEASE_S);
  plum_manager_add_backend_type (f->core.manager, asker_get_type (), "one", 200, NULL);
  plum_manager_add_backend_type (f->core.manager, asker_get_type (), "two", 100, NULL);
  g_signal_connect (f->core.manager, "mapping-state-changed", G_CALLBACK (on_state), f);
  g_signal_connect (plum_manager_get_gateways (f->core.manager), "items-changed",
                    G_CALLBACK (on_gateways_changed), f);
}

static void
set_up (Program *f, gconstpointer data)
{
  core_fixture_set_up (&f->core, data);
  g_clear_object (&f->core.manager);
  test_lan_set_up (&f->lan, TEST_LAN_IPV4);
  f->mappings = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < N_ROUTERS; i++)
    tables[i] = g_array_new (FALSE, FALSE, sizeof (Entry));
  if (!f->lan.ready)
    return;

  ip ("link add wlan0 type veth peer name wlan1");
  ip ("link set wlan1 up");
  ip ("link set wlan0 up");
  ip ("addr add 192.0.2.3/24 dev wan0");
  ip ("addr add 198.51.100.2/24 dev wlan0");
  ip ("addr add 198.51.100.3/24 dev wlan0");
  ip ("route add default via 198.51.100.1 dev wlan0 metric 600");
  ip ("route add default via 192.0.2.1 dev wan0 metric 100");
  program_make_manager (f);
}

static void
tear_down (Program *f, gconstpointer data)
{
  storm = FALSE;
  g_clear_pointer (&f->mappings, g_ptr_array_unref);
  core_fixture_tear_down (&f->core, NULL);
  if (f->lan.ready)
    ip ("link del wlan0");
  test_lan_tear_down (&f->lan, TEST_LAN_IPV4);
  for (guint i = 0; i < N_ROUTERS; i++)
    g_clear_pointer (&tables[i], g_array_unref);
}

/* --- Steps --- */

static void
program_add (Program *f)
{
  GListModel *gateways = plum_manager_get_gateways (f->core.manager);
  gboolean local = draw (3) == 0;
  g_autoptr (PlumGateway) gateway = local ? NULL : g_list_model_get_item (gateways, draw (6));
  g_autoptr (GInetAddress) address =
    local ? g_inet_address_new_from_string (hosts[draw (N_ROUTERS)][draw (2)]) : NULL;
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080 + draw (4), "protocol",
                  draw (2) == 0 ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP, "requested-external-port",
                  draw (2) * (9000 + draw (3)), "require-external-port", draw (10) == 0,
                  "requested-gateway", gateway, "local-address", address, NULL);

  if (f->mappings->len >= MAPPINGS_MAX)
    return;
  /* A handler may have closed the manager. */
  if (plum_manager_add_mapping (f->core.manager, mapping, NULL) && !f->closed)
    g_ptr_array_add (f->mappings, g_steal_pointer (&mapping));
}

static void
program_destroy_one (Program *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (f->mappings->len == 0)
    return;
  mapping = g_ptr_array_steal_index_fast (f->mappings, draw (f->mappings->len));
  plum_manager_destroy_mapping_async (f->core.manager, plum_mapping_get_id (mapping), NULL, NULL,
                                      NULL);
}

static void
program_set_override (Program *f)
{
  static const char *const names[] = { NULL, "wan0", "wlan0", "nothing" };
  static const char *const servers[] = { "192.0.2.77", "198.51.100.77" };
  g_autoptr (GInetAddress) server = NULL;

  if (draw (2) == 0)
    {
      plum_manager_set_interface (f->core.manager, names[draw (G_N_ELEMENTS (names))]);
      return;
    }
  if (draw (2) == 0)
    server = g_inet_address_new_from_string (servers[draw (G_N_ELEMENTS (servers))]);
  plum_manager_set_gateway_address (f->core.manager, server);
}

static void
program_set_backends (Program *f)
{
  const char *const two[] = { "two", NULL };

  plum_manager_set_enabled_backends (f->core.manager, draw (2) == 0 ? two : NULL);
}

/* Closes or disposes the manager; the next step creates another one. */
static void
program_end_manager (Program *f)
{
  if (draw (20) > 0)
    return;
  if (draw (2) == 0)
    plum_manager_close_async (f->core.manager, NULL, NULL, NULL);
  else
    g_object_run_dispose (G_OBJECT (f->core.manager));
  g_ptr_array_set_size (f->mappings, 0);
  f->closed = TRUE;
}

/* In the storm test also called by handlers. */
static void
program_act (Program *f)
{
  guint n = draw (storm ? 24 : 18);

  if (n < 9)
    program_add (f);
  else if (n < 17)
    program_destroy_one (f);
  else if (n == 17)
    plum_manager_discover_async (f->core.manager, NULL, NULL, NULL);
  else if (n < 21)
    program_set_override (f);
  else if (n < 23)
    program_set_backends (f);
  else
    program_end_manager (f);
}

static void G_GNUC_PRINTF (1, 2) ip_format (const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  ip (line);
}

static const char *
program_get_preferred (Program *f, guint n)
{
  return hosts[n][f->swapped[n] && !f->gone[n] ? 1 : 0];
}

/* Adds the default routes through an interface, or sets their source. */
static void
program_set_routes (Program *f, guint n)
{
  const char *source = program_get_preferred (f, n);

  if (f->down[n])
    return;
  if (n == 0)
    ip_format ("route replace default via 192.0.2.1 dev wan0 metric 100 src %s", source);
  else
    ip_format ("route replace default via 198.51.100.1 dev wlan0 metric 600 src %s", source);
  if (n == 1 && f->wlan_first)
    ip_format ("route replace default via 198.51.100.1 dev wlan0 metric 50 src %s", source);
}

static void
program_move_route (Program *f)
{
  f->wlan_first = !f->wlan_first;
  if (f->wlan_first)
    program_set_routes (f, 1);
  else if (!f->down[1])
    ip ("route del default via 198.51.100.1 dev wlan0 metric 50");
}

static void
program_swap_addresses (Program *f, guint n)
{
  f->swapped[n] = !f->swapped[n];
  program_set_routes (f, n);
}

/* The kernel removes the routes whose source the address is. */
static void
program_switch_address (Program *f, guint n)
{
  f->gone[n] = !f->gone[n];
  ip_format ("addr %s %s/24 dev %s", f->gone[n] ? "del" : "add", hosts[n][1], interfaces[n]);
  program_set_routes (f, n);
}

static void
program_switch_link (Program *f, guint n)
{
  f->down[n] = !f->down[n];
  if (f->down[n])
    {
      ip (n == 0 ? "link set wan0 down" : "link set wlan0 down");
      return;
    }

  ip (n == 0 ? "link set wan0 up" : "link set wlan0 up");
  program_set_routes (f, n);
}

/* --- Checks --- */

static const char *
program_get_host (Program *f, PlumMapping *mapping)
{
  const char *bound = plum_mapping_get_bound_interface (mapping);
  GInetAddress *local = plum_mapping_get_local_address (mapping);

  if (local != NULL)
    return intern_address (local);
  return program_get_preferred (f,
                                bound != NULL ? g_str_equal (bound, interfaces[1]) : f->wlan_first);
}

static gboolean
is_equal (PlumMapping *a, PlumMapping *b)
{
  return plum_mapping_get_protocol (a) == plum_mapping_get_protocol (b) &&
         plum_mapping_get_internal_port (a) == plum_mapping_get_internal_port (b);
}

/* Whether a required port, of the mapping or of one that shares its lease, is not available. */
static gboolean
program_is_refused (Program *f, PlumMapping *mapping)
{
  if (plum_mapping_get_state (mapping) != PLUM_STATE_FAILURE ||
      !g_error_matches (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_CONFLICT))
    return FALSE;

  for (guint i = 0; i < f->mappings->len; i++)
    if (is_equal (f->mappings->pdata[i], mapping) &&
        plum_mapping_get_require_external_port (f->mappings->pdata[i]))
      return TRUE;

  return FALSE;
}

static void
program_check (Program *f)
{
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  guint n_entries = 0;

  for (guint i = 0; i < N_ROUTERS; i++)
    {
      table_expire (tables[i], plum_clock_get_time (f->core.loop.clock));
      n_entries += tables[i]->len;
    }

  for (guint i = 0; i < f->mappings->len; i++)
    {
      PlumMapping *mapping = f->mappings->pdata[i];
      const char *host = program_get_host (f, mapping);
      PlumGateway *gateway = plum_mapping_get_gateway (mapping);
      Entry *entry;

      if (program_is_refused (f, mapping))
        continue;
      core_assert_state (mapping, SUCCESS);
      g_assert_cmpstr (intern_address (plum_gateway_get_local_address (gateway)), ==, host);
      entry = table_find (tables[g_str_has_prefix (host, "192.0.2.") ? 0 : 1],
                          plum_mapping_get_protocol (mapping), host,
                          plum_mapping_get_internal_port (mapping),
                          plum_mapping_get_external_port (mapping));
      g_assert_nonnull (entry);
      g_hash_table_add (used, entry);
    }
  g_assert_cmpuint (g_hash_table_size (used), ==, n_entries);
}

static void
program_step (Program *f, guint network_share)
{
  if (draw (network_share) > 0)
    program_act (f);
  else if (storm && draw (2) == 0)
    program_switch_link (f, draw (2));
  else if (storm && draw (2) == 0)
    program_switch_address (f, draw (2));
  else if (draw (2) == 0)
    program_swap_addresses (f, draw (2));
  else
    program_move_route (f);

  if (draw (3) > 0)
    test_loop_advance (&f->core.loop, 1 + draw (400));
  else
    test_loop_settle (&f->core.loop);

  if (f->closed)
    {
      test_loop_advance (&f->core.loop, 30000);
      g_assert_finalize_object (g_steal_pointer (&f->core.manager));
      program_make_manager (f);
      f->closed = FALSE;
    }
}

static void
program_close (Program *f)
{
  g_ptr_array_set_size (f->mappings, 0);
  plum_manager_close_async (f->core.manager, NULL, NULL, NULL);
  test_loop_advance (&f->core.loop, 30000);
  program_check (f);
}

/* A fixed default seed, so that a failure is caused by a change. */
static guint32
get_seed (void)
{
  const char *from_environment = g_getenv ("PLUM_NETWORKS_SEED");
  guint32 seed =
    from_environment != NULL ? (guint32) g_ascii_strtoull (from_environment, NULL, 10) : 1;

  g_test_message ("PLUM_NETWORKS_SEED=%u", seed);
  return seed;
}

static void
test_calm (Program *f, gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (get_seed ());

  if (!f->lan.ready)
    return;

  rand_ = rand;
  plum_manager_discover_async (f->core.manager, NULL, NULL, NULL);
  for (guint i = 0; i < CALM_CHECKS; i++)
    {
      for (guint j = 0; j < STEPS_PER_CHECK; j++)
        program_step (f, 10);
      test_loop_advance (&f->core.loop, 5000);
      program_check (f);
    }
  program_close (f);
}

/* The kernel removes links asynchronously. */
static void
program_wait_for_links (Program *f)
{
  g_autoptr (GPtrArray) networks = plum_route_list (G_SOCKET_FAMILY_IPV4, NULL);

  while (networks->len < N_ROUTERS)
    {
      g_main_context_iteration (f->core.loop.context, FALSE);
      g_ptr_array_unref (networks);
      networks = plum_route_list (G_SOCKET_FAMILY_IPV4, NULL);
    }
}

static void
test_storm (Program *f, gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (get_seed ());

  if (!f->lan.ready)
    return;

  rand_ = rand;
  storm = TRUE;
  for (guint i = 0; i < STORM_STEPS; i++)
    program_step (f, 50);

  storm = FALSE;
  for (guint i = 0; i < N_ROUTERS; i++)
    {
      if (f->down[i])
        program_switch_link (f, i);
      if (f->gone[i])
        program_switch_address (f, i);
    }
  plum_manager_set_interface (f->core.manager, NULL);
  plum_manager_set_gateway_address (f->core.manager, NULL);
  plum_manager_set_enabled_backends (f->core.manager, NULL);
  program_wait_for_links (f);
  test_loop_advance (&f->core.loop, 4 * LEASE_S * 1000);
  program_check (f);
  program_close (f);
}

int
main (int argc, char **argv)
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/networks-random/calm", Program, NULL, set_up, test_calm, tear_down);
  g_test_add ("/networks-random/storm", Program, NULL, set_up, test_storm, tear_down);

  return g_test_run ();
}
