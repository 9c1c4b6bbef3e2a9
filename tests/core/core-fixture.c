/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "plum-gateway-private.h"

#include <string.h>

void
core_fixture_set_up (CoreFixture *f, gconstpointer n_backends)
{
  test_loop_set_up (&f->loop, TRUE);
  f->manager = fake_manager_new (n_backends != NULL ? GPOINTER_TO_UINT (n_backends) : 1);
  f->events = g_string_new (NULL);
}

void
core_fixture_tear_down (CoreFixture *f, gconstpointer data)
{
  g_clear_object (&f->result);
  test_loop_settle (&f->loop);
  for (unsigned int i = 0; i < FAKE_N_BACKENDS; i++)
    g_clear_object (&fake_backend_script (i)->last_map);

  if (f->manager != NULL)
    g_assert_finalize_object (g_steal_pointer (&f->manager));

  /* Let pending work of the backends finish; a leaked timer of core would be detected now. */
  test_loop_advance (&f->loop, 3600 * 1000);
  for (unsigned int i = 0; i < FAKE_N_BACKENDS; i++)
    g_assert_null (fake_backend_script (i)->backend);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);

  fake_backends_reset ();
  g_string_free (f->events, TRUE);
  test_loop_tear_down (&f->loop);
}

static PlumMapping *
core_fixture_add (CoreFixture *f, guint internal_port, guint external_port, gboolean require)
{
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping =
    g_object_new (PLUM_TYPE_MAPPING, "protocol", PLUM_PROTOCOL_TCP, "internal-port", internal_port,
                  "requested-external-port", external_port, "require-external-port", require, NULL);

  plum_manager_add_mapping (f->manager, mapping, &error);
  g_assert_no_error (error);
  return mapping;
}

PlumMapping *
core_add (CoreFixture *f, guint internal_port, guint external_port)
{
  return core_fixture_add (f, internal_port, external_port, FALSE);
}

PlumMapping *
core_add_exact (CoreFixture *f, guint internal_port, guint external_port)
{
  return core_fixture_add (f, internal_port, external_port, TRUE);
}

PlumMapping *
core_add_up (CoreFixture *f, guint internal_port, guint external_port)
{
  PlumMapping *mapping = core_add (f, internal_port, external_port);

  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
  return mapping;
}

void
core_begin_watch (CoreFixture *f)
{
  test_loop_advance (&f->loop, 300);
}

void
core_destroy (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
}

PlumGateway *
core_gateway (CoreFixture *f)
{
  GListModel *gateways = plum_manager_get_gateways (f->manager);
  g_autoptr (PlumGateway) gateway = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (gateways), ==, 1);
  gateway = g_list_model_get_item (gateways, 0);
  return gateway; /* the list keeps a reference */
}

PlumProbe *
core_probe (CoreFixture *f, guint position)
{
  g_autoptr (PlumProbe) probe =
    g_list_model_get_item (plum_gateway_get_probes (core_gateway (f)), position);

  return probe; /* the list keeps a reference */
}

void
core_set_gateway (CoreFixture *f, const char *address)
{
  g_autoptr (GInetAddress) gateway = g_inet_address_new_from_string (address);

  plum_manager_set_gateway_address (f->manager, gateway);
}

void
core_assert_empty (CoreFixture *f)
{
  static const PlumHosts no_hosts = { NULL };

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
  for (unsigned int port = 1; port <= G_MAXUINT16; port++)
    g_assert_null (plum_gateway_find_holder (core_gateway (f), PLUM_PROTOCOL_TCP, port, &no_hosts));
}

static void
on_core_fixture_notify (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  g_string_append_printf (f->events, "%s%s", f->events->len > 0 ? " " : "", pspec->name);
  if (g_str_equal (pspec->name, "state"))
    g_string_append_printf (f->events, "=%d", plum_mapping_get_state (mapping));
}

void
core_listen (CoreFixture *f, PlumMapping *mapping)
{
  g_signal_connect (mapping, "notify", G_CALLBACK (on_core_fixture_notify), f);
}

static int
compare_words (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The order of notifications in one thaw is not defined. */
void
core_assert_events (CoreFixture *f, const char *expected)
{
  g_auto (GStrv) words = g_strsplit (f->events->str, " ", -1);
  g_autofree char *sorted = NULL;

  qsort (words, g_strv_length (words), sizeof *words, compare_words);
  sorted = g_strjoinv (" ", words);
  g_assert_cmpstr (sorted, ==, expected);
  g_string_truncate (f->events, 0);
}

void
core_assert_log (const char *expected)
{
  g_autofree char *log = fake_backends_take_log ();

  g_assert_cmpstr (log, ==, expected);
}
