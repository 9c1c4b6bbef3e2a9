/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* Traffic and notes: reported while a backend runs, and emitted afterwards, so that handlers can
 * close the backend. */

static PlumBackendClass *quiet_class;

static void
chatty_say (PlumBackend *backend, const char *what)
{
  plum_backend_report_note (backend, what);
}

static void
chatty_discover (PlumBackend *backend, PlumCall *call)
{
  chatty_say (backend, "discover");
  quiet_class->discover (backend, call);
}

static void
chatty_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  chatty_say (backend, "map");
  quiet_class->map (backend, request, call);
}

static void
chatty_unmap (PlumBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  chatty_say (backend, "unmap");
  quiet_class->unmap (backend, request, lease, call);
}

static void
chatty_check (PlumBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  chatty_say (backend, "check");
  quiet_class->check (backend, request, lease, call);
}

static void
chatty_class_init (gpointer klass, gpointer data)
{
  PlumBackendClass *backend_class = klass;

  quiet_class = g_type_class_peek_parent (klass);
  backend_class->discover = chatty_discover;
  backend_class->map = chatty_map;
  backend_class->unmap = chatty_unmap;
  backend_class->check = chatty_check;
}

/* Like alpha, but reports notes. */
static GType
chatty_get_type (void)
{
  static GType type;
  GTypeQuery query;

  if (type == G_TYPE_INVALID)
    {
      g_type_query (fake_backend_type (FAKE_ALPHA), &query);
      type = g_type_register_static_simple (query.type, "Chatty", query.class_size,
                                            (GClassInitFunc) chatty_class_init, query.instance_size,
                                            NULL, 0);
    }

  return type;
}

static void
set_up (CoreFixture *f, gconstpointer data)
{
  core_fixture_set_up (f, NULL);
  plum_manager_add_backend_type (f->manager, chatty_get_type (), "chatty", 400, NULL);
}

static void
on_traffic (PlumGateway *gateway,
            const char *backend_name,
            PlumTrafficDirection direction,
            GSocketAddress *peer,
            GBytes *bytes,
            CoreFixture *f)
{
  g_string_append_printf (f->events, "%s:%d:%u:%" G_GSIZE_FORMAT " ", backend_name, direction,
                          g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (peer)),
                          g_bytes_get_size (bytes));
}

static void
on_note (PlumGateway *gateway, const char *backend_name, const char *note, CoreFixture *f)
{
  g_string_append_printf (f->events, "%s:%s ", backend_name, note);
}

static void
report (CoreFixture *f)
{
  g_autoptr (GSocketAddress) peer = g_inet_socket_address_new_from_string ("127.9.9.9", 5351);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("12345", 5);

  plum_backend_report_traffic (ALPHA->backend, PLUM_TRAFFIC_RECEIVED, peer, bytes);
  plum_backend_report_note (ALPHA->backend, "hello");
  test_loop_settle (&f->loop);
}

static void
test_only_while_connected (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  gulong traffic;
  gulong note;

  g_assert_false (plum_backend_is_observed (ALPHA->backend));
  report (f);

  traffic = g_signal_connect (core_gateway (f), "traffic", G_CALLBACK (on_traffic), f);
  g_assert_true (plum_backend_is_observed (ALPHA->backend));
  report (f);
  g_assert_cmpstr (f->events->str, ==, "alpha:1:5351:5 ");

  note = g_signal_connect (core_gateway (f), "note", G_CALLBACK (on_note), f);
  g_signal_handler_disconnect (core_gateway (f), traffic);
  report (f);
  g_assert_cmpstr (f->events->str, ==, "alpha:1:5351:5 alpha:hello ");

  g_signal_handler_disconnect (core_gateway (f), note);
  g_assert_false (plum_backend_is_observed (ALPHA->backend));
  core_assert_state (mapping, SUCCESS);
}

/* Nothing is emitted before the backend has returned. */
static void
test_later (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  g_signal_connect (core_gateway (f), "note", G_CALLBACK (on_note), f);
  plum_backend_report_note (ALPHA->backend, "one");
  plum_backend_report_note (ALPHA->backend, "two");
  g_assert_cmpstr (f->events->str, ==, "");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->events->str, ==, "alpha:one alpha:two ");
}

/* A gateway that was removed emits nothing. */
static void
test_removed_gateway_is_silent (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));

  g_signal_connect (gateway, "note", G_CALLBACK (on_note), f);
  plum_backend_report_note (ALPHA->backend, "one");
  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->events->str, ==, "");
}

typedef struct
{
  const char *name;
  const char *note; /* when it happens */
  gboolean manager; /* dispose the manager, otherwise destroy the mapping */
} Disturbance;

static const Disturbance disturbances[] = {
  { "discover", "discover", FALSE },     { "map", "map", FALSE },
  { "check", "check", FALSE },           { "manager-in-discover", "discover", TRUE },
  { "manager-in-map", "map", TRUE },     { "manager-in-unmap", "unmap", TRUE },
  { "manager-in-check", "check", TRUE },
};

typedef struct
{
  CoreFixture *f;
  const Disturbance *disturbance;
} Listener;

static void
on_note_disturb (PlumGateway *gateway,
                 const char *backend_name,
                 const char *note,
                 Listener *listener)
{
  if (!g_str_equal (note, listener->disturbance->note))
    return;

  if (listener->disturbance->manager)
    g_object_run_dispose (G_OBJECT (listener->f->manager));
  else
    plum_manager_destroy_mapping_async (listener->f->manager, 1, NULL, NULL, NULL);
}

static void
on_gateways_listen (
  GListModel *gateways, guint position, guint removed, guint added, Listener *listener)
{
  g_autoptr (PlumGateway) gateway = NULL;

  if (added == 0)
    return;

  gateway = g_list_model_get_item (gateways, position);
  g_signal_connect (gateway, "note", G_CALLBACK (on_note_disturb), listener);
}

static void
test_close_in_handler (CoreFixture *f, gconstpointer data)
{
  Listener listener = { f, data };
  GListModel *gateways = plum_manager_get_gateways (f->manager);
  gulong handler =
    g_signal_connect (gateways, "items-changed", G_CALLBACK (on_gateways_listen), &listener);
  g_autoptr (PlumMapping) mapping = core_add (f, 8080, 0);

  test_loop_advance (&f->loop, 300 * 1000);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_signal_handler_disconnect (gateways, handler);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/observed/only-while-connected", test_only_while_connected);
  CORE_ADD ("/observed/later", test_later);
  CORE_ADD ("/observed/removed-gateway-is-silent", test_removed_gateway_is_silent);
  for (unsigned int i = 0; i < G_N_ELEMENTS (disturbances); i++)
    {
      g_autofree char *path =
        g_strconcat ("/observed/close-in-handler/", disturbances[i].name, NULL);

      g_test_add (path, CoreFixture, &disturbances[i], set_up, test_close_in_handler,
                  core_fixture_tear_down);
    }

  return g_test_run ();
}
