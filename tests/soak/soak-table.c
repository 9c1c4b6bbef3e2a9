/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two hosts that want the same external ports of one UPnP IGD, for two days on a manual clock. The
 * router overwrites entries, loses answers, or does not keep timed entries. The seed is in
 * PLUM_SOAK_SEED, or fixed. */

#include "fake-igd.h"
#include "plum-module-private.h"
#include "test-link.h"
#include "test-loop.h"
#include "upnp-backend.h"

#include <string.h>

#define MINUTE G_GINT64_CONSTANT (60000)
#define HOUR (60 * MINUTE)

#define N_HOSTS 2
#define N_MAPPINGS 30
#define FIRST_PORT 10000
#define RECHECK (30 * MINUTE)

/* A third host, which does not run this library. */
#define THIRD_HOST "127.201.5.250"

/* A recheck and a retry after a failure. */
#define RECOVERY (2 * HOUR)

/* The shortest time between the renewals of a lease of two hours. Two hosts that take the ports of
 * each other need an add after every recheck. */
#define RENEWAL HOUR

/* The router has an address for each host: the route to it chooses the host's source address. */
static const struct
{
  const char *router;
  const char *local;
} addresses[N_HOSTS] = {
  { "127.201.5.1", "127.0.0.1" },
  { "127.201.6.1", "127.201.6.10" },
};

typedef struct
{
  const char *name;
  FakeIgdSwitches switches;
  FakeIgdEdit edit; /* (nullable): while a fault lasts */
  gboolean always;  /* the fault never ends */
  gboolean later;   /* not while a program starts: the router has to show that it can be asked */
} Kind;

typedef struct _Table Table;

typedef struct
{
  Table *table;
  guint number;
  FakeIgd *igd;
  PlumManager *manager; /* NULL: the program has ended */
} Host;

struct _Table
{
  const Kind *kind;
  TestLoop loop;
  GRand *rand;
  Host hosts[N_HOSTS];
  GArray *third_ports; /* numbers of the mappings whose port the third host has */
  guint n_taken;       /* ports that the third host has taken from a mapping */
  guint n_kept;        /* how many of them it has kept until the next recheck */
  guint n_lost_answers;
};

static gint64
now_ms (Table *table)
{
  return plum_clock_get_time (table->loop.clock) / 1000;
}

static PlumProtocol
get_protocol (guint i)
{
  return i % 2 == 0 ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP;
}

/* Answers of a bad router */

static const char *const changing_actions[] = { "AddPortMapping", "AddAnyPortMapping",
                                                "DeletePortMapping" };

static gboolean
is_change (const char *request)
{
  for (gsize i = 0; i < G_N_ELEMENTS (changing_actions); i++)
    {
      g_autofree char *end = g_strdup_printf ("#%s\"\r\n", changing_actions[i]);

      if (strstr (request, end) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* The router has carried out the action. */
static void
lose_any_answer (const char *request, guint *status, GString *body, gpointer data)
{
  static const struct
  {
    guint status;
    const char *body;
  } answers[] = {
    { 0, "" }, /* the connection is closed */
    { 200, "<html><body>Please log in</body></html>" },
    { 200, "" },
    { 200, "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/"
           "envelope/\"><s:Body></s:Body></s:Envelope>" },
    { 200, "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/"
           "envelope/\"><s:Body><u:Reboot xmlns:u=\"x\"/></s:Body></s:Envelope>" },
    { 500, "" },
    { 503, "<html>Busy</html>" },
    { 401, "<html>Who are you?</html>" },
  };
  Host *host = data;
  int i = g_rand_int_range (host->table->rand, 0, 2 * G_N_ELEMENTS (answers));

  if (*status == 500 || i >= (int) G_N_ELEMENTS (answers))
    return;

  host->table->n_lost_answers++;
  *status = answers[i].status;
  g_string_assign (body, answers[i].body);
}

static void
lose_answer_to_change (const char *request, guint *status, GString *body, gpointer data)
{
  if (is_change (request))
    lose_any_answer (request, status, body, data);
}

static void
drop_timed_entry (const char *request, guint *status, GString *body, gpointer data)
{
  Host *host = data;

  if (*status != 200 || !is_change (request) || strstr (request, "<NewLeaseDuration>") == NULL ||
      strstr (request, "<NewLeaseDuration>0<") != NULL)
    return;

  for (guint i = host->igd->entries->len; i > 0; i--)
    {
      FakeIgdEntry *entry = g_ptr_array_index (host->igd->entries, i - 1);

      if (entry->lease != 0)
        g_ptr_array_remove_index (host->igd->entries, i - 1);
    }
}

/* Hosts */

static void
host_start (Host *self)
{
  g_autoptr (GInetAddress) router = g_inet_address_new_from_string (addresses[self->number].router);

  self->manager = plum_manager_new ();
  plum_manager_add_backend_type (self->manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 300, NULL);
  plum_manager_set_recheck_period (self->manager, RECHECK);
  plum_manager_set_gateway_address (self->manager, router);

  for (guint i = 0; i < N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping = plum_mapping_new (get_protocol (i), FIRST_PORT + i);

      g_assert_true (plum_manager_add_mapping (self->manager, mapping, NULL));
    }
}

static guint
host_count_entries (Host *self)
{
  guint n = 0;

  for (guint i = 0; i < fake_igd_n_entries (self->igd); i++)
    {
      FakeIgdEntry *entry = g_ptr_array_index (self->igd->entries, i);

      n += g_str_equal (entry->client, addresses[self->number].local);
    }

  return n;
}

static void
host_print_entries (Host *self)
{
  for (guint i = 0; i < fake_igd_n_entries (self->igd); i++)
    {
      FakeIgdEntry *entry = g_ptr_array_index (self->igd->entries, i);

      if (g_str_equal (entry->client, addresses[self->number].local))
        g_test_message ("entry of host %u: %d %u -> %u, lease %u", self->number, entry->protocol,
                        entry->external_port, entry->internal_port, entry->lease);
    }
}

/* What the close could not delete is in its message, and expires. */
static void
host_expire_entries (Host *self, const char *message)
{
  for (guint i = self->igd->entries->len; i > 0; i--)
    {
      FakeIgdEntry *entry = g_ptr_array_index (self->igd->entries, i - 1);
      g_autofree char *port = NULL;

      if (!g_str_equal (entry->client, addresses[self->number].local))
        continue;

      port = g_strdup_printf ("%s port %u (", entry->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP",
                              entry->internal_port);
      g_assert_nonnull (strstr (message, port));
      g_ptr_array_remove_index (self->igd->entries, i - 1);
    }
}

static void
host_close (Host *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  plum_manager_close_async (self->manager, NULL, test_store_result, &result);
  test_loop_advance_until (&self->table->loop, result != NULL, 60000);
  /* While the answers of the router cannot be understood, an entry is not deleted. */
  if (!plum_manager_close_finish (self->manager, result, &error))
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
      g_assert_nonnull (self->igd->edit);
      host_expire_entries (self, error->message);
    }
  g_clear_object (&result);
  test_loop_settle (&self->table->loop);
  g_assert_finalize_object (g_steal_pointer (&self->manager));
}

/* Asserts that each mapping is up, that its entry leads to the host, and that no other entry of the
 * host exists. */
static void
host_assert_mapped (Host *self)
{
  if (self->manager == NULL)
    return;

  for (guint i = 0; i < N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (self->manager), i);
      guint port = plum_mapping_get_external_port (mapping);
      FakeIgdEntry *entry;

      if (plum_mapping_get_error (mapping) != NULL)
        g_test_message ("host %u, port %u: %s", self->number, FIRST_PORT + i,
                        plum_mapping_get_error (mapping)->message);
      g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
      entry = fake_igd_find (self->igd, plum_mapping_get_protocol (mapping), port);
      g_assert_nonnull (entry);
      g_assert_cmpstr (entry->client, ==, addresses[self->number].local);
      g_assert_cmpuint (entry->internal_port, ==, FIRST_PORT + i);
    }

  if (host_count_entries (self) != N_MAPPINGS)
    host_print_entries (self);
  g_assert_cmpuint (host_count_entries (self), ==, N_MAPPINGS);
}

/* The router */

static void
table_set_fault (Table *self, gboolean fault)
{
  for (guint i = 0; i < N_HOSTS; i++)
    {
      FakeIgd *igd = self->hosts[i].igd;

      igd->edit = fault || self->kind->always ? self->kind->edit : NULL;
      igd->edit_data = &self->hosts[i];
    }
}

static void
table_wipe (Table *self)
{
  fake_igd_wipe (self->hosts[0].igd);
  g_array_set_size (self->third_ports, 0);
}

/* The third host gets a permanent entry for a port that is free. */
static void
table_add_third (Table *self)
{
  guint number = (guint) g_rand_int_range (self->rand, 0, N_MAPPINGS);
  FakeIgd *igd = self->hosts[0].igd;

  if (fake_igd_find (igd, get_protocol (number), FIRST_PORT + number) != NULL)
    return;

  fake_igd_add_entry (igd, get_protocol (number), FIRST_PORT + number, 80, THIRD_HOST, 0);
  g_array_append_val (self->third_ports, number);
}

static void
table_assert_third (Table *self)
{
  for (guint i = 0; i < self->third_ports->len; i++)
    {
      guint number = g_array_index (self->third_ports, guint, i);
      FakeIgdEntry *entry =
        fake_igd_find (self->hosts[0].igd, get_protocol (number), FIRST_PORT + number);

      g_assert_nonnull (entry);
      g_assert_cmpstr (entry->client, ==, THIRD_HOST);
      g_assert_cmpuint (entry->internal_port, ==, 80);
    }
}

static void
table_assert_all (Table *self)
{
  for (guint i = 0; i < N_HOSTS; i++)
    host_assert_mapped (&self->hosts[i]);
  table_assert_third (self);
}

static guint
table_count_adds (Table *self)
{
  guint n = 0;

  for (guint i = 0; i < N_HOSTS; i++)
    n += self->hosts[i].igd->counts.add + self->hosts[i].igd->counts.add_any;

  return n;
}

/* Runs without faults until all mappings have recovered. */
static void
table_recover (Table *self)
{
  table_set_fault (self, FALSE);
  test_loop_advance (&self->loop, RECOVERY);
  table_assert_all (self);
}

static void
table_start (Table *self, Host *host)
{
  if (self->kind->later)
    table_set_fault (self, FALSE);
  host_start (host);
  if (self->kind->later)
    test_loop_advance (&self->loop, 1 * MINUTE);
}

/* Events */

/* A program that ends removes only its own entries. */
static void
end_program (Table *self)
{
  Host *host = &self->hosts[g_rand_int_range (self->rand, 0, N_HOSTS)];

  table_recover (self);
  table_set_fault (self, g_rand_boolean (self->rand));
  host_close (host);
  table_set_fault (self, FALSE);
  if (host_count_entries (host) != 0)
    host_print_entries (host);
  g_assert_cmpuint (host_count_entries (host), ==, 0);
  table_assert_all (self);

  for (guint i = 0; i < 5; i++)
    table_add_third (self);
  table_set_fault (self, g_rand_boolean (self->rand));
  table_start (self, host);
}

/* Renewals do not look: if the router overwrites entries, a renewal before the next recheck takes
 * the port of the third host. */
static void
table_remove_overwritten (Table *self)
{
  for (guint i = self->third_ports->len; i > 0; i--)
    {
      guint number = g_array_index (self->third_ports, guint, i - 1);
      FakeIgdEntry *entry =
        fake_igd_find (self->hosts[0].igd, get_protocol (number), FIRST_PORT + number);

      if (entry != NULL && !g_str_equal (entry->client, THIRD_HOST))
        g_array_remove_index (self->third_ports, i - 1);
    }
}

/* The third host takes ports that the mappings still have. */
static void
wipe (Table *self)
{
  table_wipe (self);
  for (guint i = 0; i < 5; i++)
    table_add_third (self);
  self->n_taken += self->third_ports->len;

  table_set_fault (self, FALSE);
  test_loop_advance (&self->loop, RECHECK + MINUTE);
  if (self->kind->switches.overwrite)
    table_remove_overwritten (self);
  self->n_kept += self->third_ports->len;
}

static void
restart (Table *self)
{
  g_array_set_size (self->third_ports, 0);
  for (guint i = 0; i < N_HOSTS; i++)
    fake_igd_restart (self->hosts[i].igd);
}

/* One host takes the ports of the other one, like a program that does not look. */
static void
take_ports (Table *self)
{
  FakeIgd *igd = self->hosts[0].igd;

  for (guint n = 0; n < 5; n++)
    {
      guint i = (guint) g_rand_int_range (self->rand, 0, N_MAPPINGS);
      FakeIgdEntry *entry = fake_igd_find (igd, get_protocol (i), FIRST_PORT + i);

      if (entry == NULL || g_str_equal (entry->client, THIRD_HOST))
        continue;
      fake_igd_add_entry (igd, get_protocol (i), FIRST_PORT + i, FIRST_PORT + i,
                          g_str_equal (entry->client, addresses[0].local) ? addresses[1].local
                                                                          : addresses[0].local,
                          3600);
    }
}

static const struct
{
  const char *name;
  void (*func) (Table *self);
} events[] = {
  { "a program ends", end_program },
  { "the table is cleared", wipe },
  { "restart", restart },
  { "nothing", NULL },
};

/* The soak */

static void
table_set_up (Table *self, const Kind *kind, guint32 seed)
{
  plum_module_set_directory (NULL);
  g_random_set_seed (seed);
  self->kind = kind;
  self->rand = g_rand_new_with_seed (seed);
  self->third_ports = g_array_new (FALSE, FALSE, sizeof (guint));
  test_loop_set_up (&self->loop, TRUE);

  for (guint i = 0; i < N_HOSTS; i++)
    {
      Host *host = &self->hosts[i];

      host->table = self;
      host->number = i;
      host->igd = fake_igd_new (addresses[i].router);
      host->igd->switches = kind->switches;
      if (i > 0)
        fake_igd_share_table (host->igd, self->hosts[0].igd);
    }

  table_set_fault (self, TRUE);
  for (guint i = 0; i < N_HOSTS; i++)
    table_start (self, &self->hosts[i]);
  table_set_fault (self, TRUE);
}

static void
table_tear_down (Table *self)
{
  for (guint i = 0; i < N_HOSTS; i++)
    {
      host_close (&self->hosts[i]);
      if (host_count_entries (&self->hosts[i]) != 0)
        host_print_entries (&self->hosts[i]);
      g_assert_cmpuint (host_count_entries (&self->hosts[i]), ==, 0);
      table_assert_all (self);
    }

  for (guint i = 0; i < N_HOSTS; i++)
    {
      g_assert_cmpuint (self->hosts[i].igd->counts.bad, ==, 0);
      fake_igd_free (self->hosts[i].igd);
    }
  test_loop_tear_down (&self->loop);
  g_clear_pointer (&self->rand, g_rand_free);
  g_clear_pointer (&self->third_ports, g_array_unref);
}

static guint
table_get_port (Table *self, guint i)
{
  g_autoptr (PlumMapping) mapping =
    g_list_model_get_item (G_LIST_MODEL (self->hosts[i / N_MAPPINGS].manager), i % N_MAPPINGS);

  return plum_mapping_get_external_port (mapping);
}

/* Two hosts that have distinct ports only renew them. */
static void
table_assert_settled (Table *self)
{
  guint before = table_count_adds (self);
  gint64 hours = 24;
  guint ports[N_HOSTS * N_MAPPINGS];

  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    ports[i] = table_get_port (self, i);

  test_loop_advance (&self->loop, hours * HOUR);
  table_assert_all (self);
  g_test_message ("%s: %u requests for mappings in a day without faults", self->kind->name,
                  table_count_adds (self) - before);
  /* A bare 500 may stand for a refusal of the lease: the next one is an hour. */
  g_assert_cmpuint (table_count_adds (self) - before, <=,
                    N_HOSTS * N_MAPPINGS *
                      (hours * HOUR / (self->kind->later ? RENEWAL / 2 : RENEWAL) + 2));
  for (guint i = 0; i < N_HOSTS * N_MAPPINGS; i++)
    g_assert_cmpuint (table_get_port (self, i), ==, ports[i]);
}

static void
table_run (Table *self, gint64 ms)
{
  gint64 end = now_ms (self) + ms;

  while (now_ms (self) < end)
    {
      guint event = (guint) g_rand_int_range (self->rand, 0, G_N_ELEMENTS (events));

      g_debug ("%" G_GINT64_FORMAT " min: %s", now_ms (self) / MINUTE, events[event].name);
      if (events[event].func != NULL)
        events[event].func (self);
      table_set_fault (self, g_rand_boolean (self->rand));
      test_loop_advance (&self->loop, g_rand_int_range (self->rand, 1, 90) * MINUTE);
      table_assert_third (self);
    }
}

static void
run_seed (const Kind *kind, guint32 seed)
{
  Table table = { 0 };
  guint first;

  g_test_message ("%s, seed %u", kind->name, seed);
  table_set_up (&table, kind, seed);
  test_loop_advance (&table.loop, 30 * MINUTE);
  first = table_count_adds (&table);
  table_recover (&table);
  g_test_message ("%s: %u requests for %u mappings in the first half hour", kind->name, first,
                  N_HOSTS * N_MAPPINGS);

  take_ports (&table);
  table_recover (&table);
  table_run (&table, 24 * HOUR);
  table_recover (&table);
  g_test_message ("%s: %u answers lost; the third host has kept %u of %u ports", kind->name,
                  table.n_lost_answers, table.n_kept, table.n_taken);
  g_assert_cmpuint (table.n_kept, >=, table.n_taken / 3);
  table_assert_settled (&table);
  table_tear_down (&table);
}

static gboolean
make_route (void)
{
  static gboolean made;

  if (!made)
    made = test_loop_has_network () && test_link_ip ("addr add 127.201.6.10/32 dev lo") &&
           test_link_ip ("route add local 127.201.6.0/24 dev lo src 127.201.6.10 table local");

  return made;
}

static void
test_kind (gconstpointer data)
{
  const guint32 seed = 1;
  const char *from_environment = g_getenv ("PLUM_SOAK_SEED");
  TestLoop loop;

  test_loop_set_up (&loop, TRUE); /* enters the namespace */
  test_loop_tear_down (&loop);
  if (!make_route ())
    {
      g_test_skip ("No network namespace or no ip(8) here");
      return;
    }

  run_seed (data, from_environment != NULL ? (guint32) g_ascii_strtoull (from_environment, NULL, 10)
                                           : seed);
}

static const Kind kinds[] = {
  { .name = "two-hosts" },
  { .name = "overwrites", .switches = { .overwrite = TRUE } },
  { .name = "loses-answers", .edit = lose_answer_to_change },
  { .name = "loses-answers-and-overwrites",
    .switches = { .overwrite = TRUE },
    .edit = lose_answer_to_change },
  { .name = "loses-answers-for-permanent-leases",
    .switches = { .timed_fault = 725 },
    .edit = lose_answer_to_change },
  { .name = "loses-answers-of-version-2",
    .switches = { .version = 2 },
    .edit = lose_answer_to_change },
  { .name = "loses-any-answer", .edit = lose_any_answer, .later = TRUE },
  { .name = "loses-any-answer-of-version-2",
    .switches = { .version = 2 },
    .edit = lose_any_answer,
    .later = TRUE },
  { .name = "loses-any-answer-and-overwrites",
    .switches = { .overwrite = TRUE },
    .edit = lose_any_answer,
    .later = TRUE },
  { .name = "drops-timed", .edit = drop_timed_entry, .always = TRUE },
  { .name = "drops-timed-and-overwrites",
    .switches = { .overwrite = TRUE },
    .edit = drop_timed_entry,
    .always = TRUE },
};

static void
on_message (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* It logs six messages for each connection. */
  g_log_set_handler ("GLib-GIO", G_LOG_LEVEL_DEBUG, on_message, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/soak/table/%s", kinds[i].name);

      g_test_add_data_func (path, &kinds[i], test_kind);
    }

  return g_test_run ();
}
